"""Ready meshes as meshing programs write them, and their sizes against those of the case."""

from pathlib import Path

import gmsh
import pytest

from cellfem.case import Case, CaseError, load_case, warnings
from cellfem.geometry import MeshError, StackMesh, read_mesh
from cellfem.geometry.files import read_with_notes

WIDTH, LITHIUM, LLZO, MOUTH, DEPTH = 10.0, 6.0, 8.0, 3.0, 0.5
SIZE = 1.0
"""Distance of nodes on the interface, µm."""


def _draw(scale: float) -> None:
    """Lithium over LLZO with a notch at the left; a group of another's making covers all and is
    made first."""
    g = gmsh.model.geo
    places = {"p0": (0, 0), "pa": (MOUTH, 0), "pw": (WIDTH, 0), "pv": (0, DEPTH), "t0": (0, LITHIUM), "tw": (WIDTH, LITHIUM)}
    places |= {"b0": (0, -LLZO), "bw": (WIDTH, -LLZO)}
    p = {name: g.addPoint(scale * x, scale * y, 0, scale * SIZE) for name, (x, y) in places.items()}
    ends = ("p0 pa", "pa pw", "pv pa", "p0 pv", "pv t0", "t0 tw", "tw pw", "b0 p0", "pw bw", "bw b0")
    mouth, contact, roof, wall, left, top, right, below, beyond, bottom = (
        g.addLine(p[a], p[b]) for a, b in (pair.split() for pair in ends)
    )
    void = g.addPlaneSurface([g.addCurveLoop([mouth, -roof, -wall])])
    lithium = g.addPlaneSurface([g.addCurveLoop([roof, contact, -right, -top, -left])])
    llzo = g.addPlaneSurface([g.addCurveLoop([below, mouth, contact, beyond, bottom])])
    for line in (mouth, roof):
        g.mesh.setTransfiniteCurve(line, 4)
    g.synchronize()
    gmsh.model.addPhysicalGroup(2, [void, lithium, llzo], name="everything")
    for surface, name in ((lithium, "lithium"), (void, "void"), (llzo, "LLZO")):
        gmsh.model.addPhysicalGroup(2, [surface], name=name)
    gmsh.model.addPhysicalGroup(1, [mouth, contact], name="interface")
    gmsh.model.mesh.generate(2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same mesh in the files that gmsh writes, and variants that other programs make of
    them."""
    where = tmp_path_factory.mktemp("meshes")
    gmsh.initialize(readConfigFiles=False, interruptible=False)
    gmsh.option.setNumber("General.Terminal", 0)
    for name, scale in (("stack", 1.0), ("metres", 1e-6), ("millimetres", 1e-3), ("nanometres", 1e3)):
        gmsh.model.add(name)
        _draw(scale)
        gmsh.write(str(where / f"{name}.msh"))
        if scale == 1.0:
            for other in ("stack.med", "stack.unv", "gmsh.inp"):
                gmsh.write(str(where / other))
            for version in (2.2, 4.0):
                gmsh.option.setNumber("Mesh.MshFileVersion", version)
                gmsh.write(str(where / f"version{version}.msh"))
            gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
            gmsh.option.setNumber("Mesh.SaveAll", 1)
            gmsh.write(str(where / "save-all.msh"))
            gmsh.option.setNumber("Mesh.SaveAll", 0)
        gmsh.model.remove()
    gmsh.finalize()
    text = (where / "gmsh.inp").read_text()
    (where / "plane-strain.inp").write_text(text.replace("CPS3", "CPE3"))
    (where / "axis.inp").write_text(text.replace("CPS3", "CAX3").replace("=lithium", "=LITHIUM"))
    elements = text[: text.index("*ELSET,ELSET=everything")]
    surfaces = dict(zip(("void", "lithium", "LLZO"), ("Surface1", "Surface2", "Surface3")))
    sets = "".join(f"*ELSET,ELSET={name}\n{surface},\n" for name, surface in surfaces.items())
    (where / "sets-of-sets.inp").write_text(elements + sets)
    (where / "part.inc").write_text(elements)
    (where / "included.inp").write_text("*Heading\n*INCLUDE, INPUT=part.inc\n" + sets)
    return where


@pytest.fixture(scope="module")
def whole(folder: Path) -> StackMesh:
    return read_mesh(folder / "stack.msh")


FILES = (
    *("stack.med", "stack.unv", "version2.2.msh", "version4.0.msh", "save-all.msh"),
    *("gmsh.inp", "plane-strain.inp", "axis.inp", "sets-of-sets.inp", "included.inp"),
)


@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_the_same_stack(name: str, folder: Path, whole: StackMesh) -> None:
    """Groups are found under padded names, made of other sets, in capitals, or made after one that
    covers everything."""
    stack, notes = read_with_notes(folder / name)
    assert (stack.width, stack.lithium_thickness, stack.electrolyte_thickness) == pytest.approx((WIDTH, LITHIUM, LLZO))
    assert stack.gap == pytest.approx(whole.gap, abs=1e-6)
    assert len(stack.cells) == len(whole.cells)
    assert stack.gap.max() == pytest.approx(DEPTH)
    others = "everything" if name not in ("sets-of-sets.inp", "included.inp") else "Surface"
    assert len(notes) == 1
    assert others in notes[0]
    assert "only lithium, LLZO and void" in notes[0]
    assert "left out" not in notes[0]


def test_reasons_and_remedies(folder: Path, tmp_path: Path) -> None:
    """What the reader says is shown, with a remedy for this kind of file."""
    text = (folder / "stack.msh").read_text()
    (tmp_path / "cut.msh").write_text(text[: len(text) // 2])
    (tmp_path / "script.msh").write_text("SystemCall 'touch made';\n")
    quads = (folder / "gmsh.inp").read_text().replace("CPS3", "CPS4")
    (tmp_path / "quads.inp").write_text(quads)
    (tmp_path / "lost.inp").write_text((folder / "gmsh.inp").read_text() + "*ELSET,ELSET=more\nnowhere\n")
    (tmp_path / "names.msh").write_text(text.replace('"LLZO"', '"garnet"'))
    (tmp_path / "over.msh").write_text(text.replace('"LLZO"', '"x"').replace('"lithium"', '"LLZO"').replace('"x"', '"lithium"'))
    (tmp_path / "both.msh").write_text(text.replace('"everything"', '"LITHIUM"'))
    for name, told in {
        "cut.msh": "export it again from gmsh",
        "script.msh": "cannot be read",
        "quads.inp": "elements of type CPS4: save it with triangles of first order only, as CPS3 or CPE3",
        "lost.inp": "the set MORE contains a set NOWHERE that is not in the file",
        "names.msh": r"group named 'LLZO' \(its groups of triangles: everything, .*garnet",
        "over.msh": "the lithium lies below the LLZO: turn the mesh over",
        "both.msh": "triangles are in the group 'lithium' and in 'LLZO' too",
    }.items():
        with pytest.raises(MeshError, match=told) as caught:
            read_mesh(tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not Path("made").exists()


PROTOCOL = '[[protocol]]\nmode = "strip"\ncurrent = "0.5 mA/cm^2"\nduration = "2 s"\npressure = "0.4 MPa"\n'


def _case(tmp_path: Path, folder: Path, mesh: str, text: str = "", *more: str) -> Case:
    path = tmp_path / "case.toml"
    path.write_text(f"{text}\n[mesh]\nfile = '{folder / mesh}'\n{PROTOCOL}")
    return load_case(path, more)


def test_the_mesh_decides_where_the_case_leaves_sizes_open(tmp_path: Path, folder: Path) -> None:
    case = _case(tmp_path, folder, "stack.msh")
    assert (case.stack.width, case.lithium.thickness, case.electrolyte.thickness) == pytest.approx((WIDTH, LITHIUM, LLZO))
    assert case.mesh.near == pytest.approx(SIZE, rel=0.2)
    symmetric = _case(tmp_path, folder, "stack.msh", '[stack]\ncell = "symmetric"')
    assert symmetric.electrolyte.thickness == 2 * LLZO
    rounded = _case(tmp_path, folder, "stack.msh", '[stack]\nwidth = "10.001 um"')
    assert rounded.stack.width == WIDTH


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[stack]\nwidth = "25 um"', 'stack.width: the case says 25 um, but the mesh is 10 um wide; write "10 um"'),
        ('[lithium]\nthickness = "20 um"', "lithium.thickness: the case says 20 um, but the mesh has 6 um of lithium"),
        ('[electrolyte]\nthickness = "20 um"', "electrolyte.thickness: the case says 20 um, but the mesh has 8 um of LLZO"),
        (
            '[stack]\ncell = "symmetric"\n[electrolyte]\nthickness = "20 um"',
            "which is the upper half of a symmetric cell, has 8 um of LLZO, half of 16 um",
        ),
        (
            '[[patch]]\ncenter = "17.5 um"\nhalf_width = "2.5 um"\nasr = "1000 ohm*cm^2"',
            "patch.0: reaches from 15 um to 20 um, outside the stack from 0 um to 10 um; move it, make half_width smaller or",
        ),
        ('[[void]]\ncenter = "5 um"\nhalf_width = "4 um"\ndepth = "3.5 um"', "more than half of lithium.thickness, 6 um"),
        ('[interface]\ncontact = "bonded"', "mesh.file: it has a void, and interface.contact"),
        ('[roughness]\nkind = "self-affine"\nrms = "0.01 um"', "on the interface is more than a quarter of the shortest wave"),
    ],
)
def test_sizes_of_the_case_are_held_against_the_mesh(text: str, told: str, tmp_path: Path, folder: Path) -> None:
    with pytest.raises(CaseError) as caught:
        _case(tmp_path, folder, "stack.msh", text)
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["", '[stack]\nwidth = "10 um"', '[stack]\nwidth = "25 um"'])
def test_a_mesh_in_another_unit_is_told_and_can_be_read(text: str, tmp_path: Path, folder: Path) -> None:
    """Also where the case gives another size: the unit comes first."""
    for name, unit in (("metres", "m"), ("millimetres", "mm"), ("nanometres", "nm")):
        if not text and unit == "nm":  # 10 mm of interface are odd, but a size
            continue
        with pytest.raises(CaseError) as caught:
            _case(tmp_path, folder, f"{name}.msh", text)
        assert f'drawn in {name}? Write mesh.unit = "{unit}"' in str(caught.value)
        assert len(caught.value.errors) == (2 if "25" in text else 1)
        case = _case(tmp_path, folder, f"{name}.msh", "", f"mesh.unit={unit}")
        assert (case.stack.width, case.lithium.thickness, case.electrolyte.thickness) == pytest.approx((WIDTH, LITHIUM, LLZO))


def test_what_is_not_used_is_noted(tmp_path: Path, folder: Path) -> None:
    void = '[[void]]\ncenter = "5 um"\nhalf_width = "4 um"\ndepth = "0.3 um"'
    notes = warnings(_case(tmp_path, folder, "stack.msh", void, "mesh.near=0.4 um"))
    for told in (
        "mesh.file: the group everything is not used",
        "mesh.near: 0.4 um is not used with mesh.file",
        "void: [[void]] replaces the void that is drawn in mesh.file, 0.5 um deep",
        "mesh.file: a distance of up to 1",
    ):
        assert any(note.startswith(told) for note in notes), told


def test_a_void_that_is_too_steep_is_told(tmp_path: Path, folder: Path) -> None:
    """The notch of 0.5 on 3 µm with x pressed together tenfold has a slope of 1.67."""
    gmsh.initialize(readConfigFiles=False, interruptible=False)
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.open(str(folder / "stack.msh"))
    gmsh.model.mesh.affineTransform([0.1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])
    gmsh.write(str(tmp_path / "steep.msh"))
    gmsh.finalize()
    with pytest.raises(CaseError, match=r"mesh\.file: the lithium's surface over its void has a slope of 1\.67"):
        _case(tmp_path, tmp_path, "steep.msh")
