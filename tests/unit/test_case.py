"""Case files: the example, defaults, overrides, what is written back, the JSON schema."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cellfem.campaign import grid
from cellfem.case import Case, CaseError, json_schema, load_case, parse_case, resolved_toml, warnings
from cellfem.case.overrides import EVERY_STEP
from cellfem.materials import creep_set
from cellfem.model import from_case
from cellfem.physics.creep import SinhLaw
from cellfem.units import FARADAY

EXAMPLE = Path(__file__).parents[2] / "cases" / "strip-void" / "case.toml"
SHORT = {"protocol": [{"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa"}]}


def short(**step: Any) -> dict[str, Any]:
    return {"protocol": [SHORT["protocol"][0] | step]}


def write(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_example_in_working_units() -> None:
    case = load_case(EXAMPLE)
    assert (case.stack.dimension, case.stack.symmetry, case.stack.width, case.stack.sides) == (2, "plane", 25.0, "mirror")
    assert (case.lithium.thickness, case.lithium.creep_set) == (20.0, creep_set("masias"))
    assert (case.lithium.f_c, case.lithium.D, case.lithium.length, case.lithium.surface_tension) == (0.2, 8e-3, 1.0, 0.5)
    assert (case.electrolyte.material, case.electrolyte.conductivity, case.electrolyte.far_side) == ("LLZO", 4e4, "equipotential")
    interface = case.interface
    assert (interface.asr, interface.roughness, interface.stiffness, interface.half_pressure) == (1e-3, 0.01, 100.0, 0.02)
    assert (interface.friction, interface.contact, interface.adhesion) == ("slip", "asperity", 0.0)
    (void,), (patch,), (step,) = case.void, case.patch, [placed.step for placed in case.steps]
    assert (void.center, void.half_width, void.depth, void.profile) == (0.0, 5.0, 1.0, "parabola")
    assert (patch.center, patch.half_width, patch.asr, patch.edge) == (17.5, 2.5, 0.1, 0.5)
    assert (step.mode, step.current, step.duration, step.pressure, step.temperature) == ("strip", 5.0, 3600.0, 0.4, 298.15)
    assert (step.stop.voltage, step.stop.contact, step.stop.gap, step.top) == (0.2, None, None, "platen")
    assert (case.mesh.near, case.mesh.far, case.mesh.file) == (0.4, 3.0, None)


def test_a_folder_stands_for_its_case_file() -> None:
    assert load_case(EXAMPLE.parent) == load_case(EXAMPLE)


def test_short_file_suffices() -> None:
    case = parse_case(SHORT)
    assert (case.stack.width, case.void, case.patch, case.output.pictures) == (25.0, (), (), True)


def test_load_read_off_the_protocol() -> None:
    steps = [
        {"mode": "press", "duration": "1 min", "pressure": "1 MPa", "pressure_end": "3 MPa"},
        {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "3 MPa"},
        {"mode": "rest", "duration": "2 min", "pressure": "1 MPa"},
        {"mode": "plate", "current": "1 mA/cm^2", "duration": "10 min", "pressure": "1 MPa"},
    ]
    case = parse_case({"protocol": steps})
    assert [placed.step.signed_current for placed in case.steps] == [0.0, 5.0, 0.0, -10.0]
    assert case.total_duration == 60 + 3600 + 120 + 600
    assert case.current_max == 10.0
    assert case.s_max == pytest.approx(10.0 * 13.0e-6 / FARADAY * 1e6)
    ramp, constant = (placed.step for placed in case.steps[:2])
    assert [ramp.pressure_at(t) for t in (0.0, 30.0, 60.0, 90.0)] == [1.0, 2.0, 3.0, 3.0]
    assert (constant.pressure_at(10.0), ramp.pressure_range, constant.pressure_range) == (3.0, (1.0, 3.0), (3.0, 3.0))


def test_creep_of_ones_own() -> None:
    own = {"n": 6.6, "Q": "37 kJ/mol"}
    by_298 = parse_case(SHORT | {"lithium": {"creep": own | {"A298": "9.2e-4 1/s"}}}).lithium.creep_set
    assert (by_298.n, by_298.Q, by_298.A298) == (6.6, 37e3, 9.2e-4)
    prefactor = by_298.A298 / by_298.A(1e300)  # A0 is the limit of infinite temperature
    by_0 = parse_case(SHORT | {"lithium": {"creep": own | {"A0": f"{by_298.A298 / prefactor!r} 1/s"}}}).lithium.creep_set
    assert by_0.A(333.15) == pytest.approx(by_298.A(333.15), rel=1e-12)


def test_voids_centred_on_a_mirror_plane_are_cut_there() -> None:
    voids = [{"center": c, "half_width": "5 um", "depth": "1 um"} for c in ("0 um", "12 um", "25 um")]
    case = parse_case(SHORT | {"void": voids})
    assert [void.span(25.0) for void in case.void] == [(0.0, 5.0), (7.0, 17.0), (20.0, 25.0)]


def test_annular_void_is_allowed() -> None:
    void = {"center": "10 um", "half_width": "3 um", "depth": "1 um"}
    assert parse_case(SHORT | {"stack": {"symmetry": "axisymmetric"}, "void": [void]}).void[0].center == 10.0


def test_bonded_contact_needs_no_pressure() -> None:
    case = parse_case(short(pressure="0 MPa") | {"interface": {"contact": "bonded"}})
    assert case.steps[0].step.pressure == 0.0


def test_pressure_current_and_temperature_of_every_step(tmp_path: Path) -> None:
    """As on the axes of a sweep: also inside loops, current where there is one."""
    text = (
        '[[protocol]]\nmode = "press"\npressure = "1 MPa"\nduration = "1 s"\n[[protocol]]\nrepeat = 2\n'
        '[[protocol.step]]\nmode = "strip"\npressure = "1 MPa"\ncurrent = "1 mA/cm2"\nduration = "1 s"\n'
    )
    (tmp_path / "case.toml").write_text(text, encoding="utf-8-sig")  # with a BOM, as some editors write
    case = load_case(tmp_path, ["pressure=2 MPa", "current=0.5 mA cm-2", "temperature=60 degC"])
    assert [placed.step.pressure for placed in case.steps] == [2.0, 2.0]
    assert [placed.step.current for placed in case.steps] == [None, 5.0]
    assert {placed.step.temperature for placed in case.steps} == {333.15}
    with pytest.raises(CaseError, match='--set "current=1 mA/cm\\^2": no step of the protocol carries current'):
        load_case(tmp_path, ["protocol=[]", "current=1 mA/cm^2"])
    assert set(EVERY_STEP) == set(grid.SHORT)


def test_overrides() -> None:
    changes = [
        "protocol.0.pressure=2 MPa",
        'void.0.depth="0.5 um"',
        "numerics.porosity_switch=0",
        "protocol.0.stop.contact = 0.5",
        "numerics.dt=['1 s', '2 s']",
        "lithium.creep=lepage",
        "output.pictures=false",
        "patch=[]",
    ]
    case = load_case(EXAMPLE, changes)
    assert (case.steps[0].step.pressure, case.void[0].depth, case.numerics.porosity_switch) == (2.0, 0.5, 0.0)
    assert (case.steps[0].step.stop.contact, case.steps[0].step.stop.voltage, case.numerics.dt) == (0.5, 0.2, (1.0, 2.0))
    assert (case.lithium.creep, case.output.pictures, case.patch) == ("lepage", False, ())


def rich_case() -> Case:
    return parse_case(
        {
            "title": 'with "quotes", a \\ and a\nsecond line',
            "lithium": {"creep": {"A0": "1.3e3 1/s", "n": 5, "Q": "0.4 eV"}, "removal_rate": "0.123456789 um/s", "f_c": 1 / 3},
            "electrolyte": {"material": "Li6PS5Cl", "conductivity": "1.23456789 mS/cm"},
            "interface": {"friction": "1.1e3 MPa*s/um", "vacancies": "off"},
            "void": [{"center": "1.234 mm", "half_width": "33.3 nm", "depth": "7.7 nm", "profile": "cosine"}],
            "stack": {"width": "3 mm"},
            "protocol": [
                {"mode": "press", "duration": "1 min", "pressure": "1 psi", "pressure_end": "3 bar", "temperature": "77 degF"},
                {"mode": "plate", "current": "1 A/cm^2", "duration": "0.7 ms", "pressure": "1 MPa", "stop": {"contact": 0.1}},
            ],
            "numerics": {"dt": ["1 ms", "0.3 s"]},
            "output": {"fields": ["porosity"], "interval": "7 s"},
        }
    )


@pytest.mark.parametrize("case", [load_case(EXAMPLE), parse_case(SHORT), rich_case()], ids=["example", "short", "rich"])
def test_resolved_file_reads_back_to_an_equal_case(case: Case, tmp_path: Path) -> None:
    assert load_case(write(tmp_path, resolved_toml(case, "cellfem 0.1\ncommit abc"))) == case


def test_resolved_file_has_header_sources_defaults_and_units() -> None:
    text = resolved_toml(load_case(EXAMPLE), "cellfem 0.1\ncommit abc")
    assert text.startswith("# cellfem 0.1\n# commit abc\n")
    assert "# creep masias: n 6.56, Q 37 kJ/mol, A298 0.0077 1/s/MPa^n (read); Masias et al. 2019" in text
    assert "# LLZO conductivity: 0.4 mS/cm (read); Roy" in text
    assert 'stiffness = "100 MPa/um"' in text
    assert 'stop.voltage = "0.2 V"' in text


def test_values_of_the_case_are_not_told_as_the_librarys() -> None:
    changed = {
        "lithium": {"D": "1e-13 m^2/s", "f_c": 0.3},
        "electrolyte": {"conductivity": "0.3 mS/cm"},
        "flaw": {"toughness": "2 MPa*m^0.5"},
        "crack": {"strength": "90 MPa", "modulus": 7.5},
    }
    text = resolved_toml(parse_case(SHORT | changed))
    for line in (
        "lithium D: 1e-13 m^2/s (this case, lithium.D)",
        "lithium f_c: 0.3 (this case, lithium.f_c)",
        "lithium breakdown: off (this case, lithium.breakdown)",
        "LLZO conductivity: 0.3 mS/cm (this case, electrolyte.conductivity)",
        "LLZO fracture_toughness: 2 MPa*m^0.5 (this case, flaw.toughness)",
        "LLZO flexural_strength: 90 MPa (this case, crack.strength)",
        "LLZO weibull_modulus: 7.5 (this case, crack.modulus)",
    ):
        assert f"# {line}\n" in text
        assert text.count(f"# {line.partition(':')[0]}:") == 1
    assert "# lithium length: 1 um (model)" in text, "what the case leaves as it is keeps its source"
    own = resolved_toml(parse_case(SHORT | {"lithium": {"anand": {}}}))
    assert "# creep: the numbers of lithium.anand" in own
    assert "# creep masias" not in own


def test_mesh_file_is_taken_from_the_folder_of_the_case(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("[mesh]", '[mesh]\nfile = "my.msh"')
    path = write(tmp_path, text)
    with pytest.raises(CaseError, match=r'mesh\.file: there is no file ".*my\.msh"; give its path from the folder of the case'):
        load_case(path)
    shutil.copy(EXAMPLE.parents[2] / "meshes" / "strip-void.msh", tmp_path / "my.msh")
    assert load_case(path).mesh.file == str((tmp_path / "my.msh").resolve())


def test_case_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_case(EXAMPLE).stack.width = 3.0


def test_schema_takes_the_example_and_refuses_bad_files() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(example)) == []
    assert list(validator.iter_errors(tomllib.loads(resolved_toml(rich_case())))) == []
    for bad in (
        example | {"stak": {}},
        example | {"mesh": {"near": 0.4}},
        example | {"mesh": {"near": "0.4"}},
        example | {"interface": {"friction": "slipp"}},
        example | {"lithium": {"creep": "masia"}},
        {"title": "no protocol"},
    ):
        assert list(validator.iter_errors(bad))


def test_schema_describes_every_key() -> None:
    sections = json_schema()["$defs"]
    assert {"Stack", "Lithium", "Interface", "Void", "Patch", "Step", "Mesh", "Numerics", "Output"} <= set(sections)
    for section in sections.values():
        assert all(len(key["description"]) > 10 for key in section["properties"].values())


def test_example_warns_of_its_thin_electrolyte_only() -> None:
    assert warnings(load_case(EXAMPLE)) == [
        (
            "electrolyte.thickness: 20 um is less than half a period (stack.width, 25 um): "
            "the equipotential far side evens out the current"
        )
    ]


def test_warnings_name_key_and_remedy() -> None:
    base = SHORT | {"electrolyte": {"thickness": "25 um"}}
    assert warnings(parse_case(base)) == []
    (coarse,) = warnings(parse_case(base | {"mesh": {"near": "0.6 um"}}))
    assert coarse.startswith("mesh.near: 0.6 um is more than half of lithium.length, 1 um")
    (layer,) = warnings(parse_case(base | short(current="2 mA/cm^2", duration="10 min")))
    assert layer.startswith("mesh.near: 0.4 um is more than f_c D/(3 s), 0.2 um")
    (small,) = warnings(parse_case(base | {"void": [{"center": "5 um", "half_width": "1 um", "depth": "0.1 um"}]}))
    assert small.startswith("void.0.half_width: 1 um is less than 4 times mesh.near, 0.4 um")
    (pressed,) = warnings(parse_case(base | short(pressure_end="10 MPa")))
    assert pressed.startswith("protocol.0.pressure: 10 MPa is more than 3 times stiffness times roughness, 1 MPa")
    (used_up,) = warnings(parse_case(base | short(duration="10 h")))
    assert used_up.startswith("lithium.thickness: the protocol strips 24.3 um of 20 um")


def test_small_lithium_scales_the_stresses_of_creep_and_of_its_breakdown() -> None:
    press = {"protocol": [{"mode": "press", "duration": "1 s", "pressure": "1 MPa"}]}
    bulk, small = (parse_case(press | {"lithium": size}) for size in ({}, {"size": "10 um"}))
    creeps = [from_case.material(case, case.steps[0].step).creep for case in (bulk, small)]
    assert all(isinstance(creep, SinhLaw) for creep in creeps)
    assert small.lithium.strength == pytest.approx(105 * 10**-0.68 / (5e-4 / 7.7e-3) ** (1 / 6.56))
    assert creeps[1].rate(small.lithium.strength * 3.0) == pytest.approx(creeps[0].rate(3.0), rel=1e-12)
    assert "small lithium strength: 105 MPa" in resolved_toml(small)


def test_a_layer_that_holds_flat_lithium_off_is_told() -> None:
    """r δ = 10 MPa: 3 δ apart at 10 ln(1 + exp(-3)) = 0.486 MPa."""
    for pressure, stiffness, told in (("0.48 MPa", 1000, True), ("0.49 MPa", 1000, False), ("0.48 MPa", 100, False)):
        data = short(pressure=pressure) | {"interface": {"stiffness": f"{stiffness} MPa/um"}}
        notes = [note for note in warnings(parse_case(data)) if note.startswith("interface.stiffness")]
        assert bool(notes) == told
    wetted = short(pressure="0.1 MPa") | {"interface": {"stiffness": "1000 MPa/um", "adhesion_work": "0.1 J/m^2"}}
    assert not [note for note in warnings(parse_case(wetted)) if note.startswith("interface.stiffness")]


def test_an_electrolyte_thinner_than_half_a_period_is_told() -> None:
    """Half a period is the width between mirror planes, and half of it where the sides are one."""
    for sides, thickness, half in (
        ("mirror", "24 um", "(stack.width, 25 um)"),
        ("periodic", "12 um", "(stack.width/2, 12.5 um)"),
    ):
        data = short() | {"stack": {"sides": sides, "width": "25 um"}, "electrolyte": {"thickness": thickness}}
        (note,) = (note for note in warnings(parse_case(data)) if note.startswith("electrolyte.thickness"))
        assert half in note
    enough = short() | {"stack": {"sides": "periodic", "width": "25 um"}, "electrolyte": {"thickness": "12.5 um"}}
    assert not [note for note in warnings(parse_case(enough)) if note.startswith("electrolyte.thickness")]


CASES = sorted((EXAMPLE.parents[1]).glob("*/case.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_cells_far_from_the_interface_of_shipped_cases(path: Path) -> None:
    """Of the size that the case gives, or of 3 µm, or a quarter of the width."""
    case = load_case(path)
    given = tomllib.loads(path.read_text(encoding="utf-8")).get("mesh", {}).get("far", f"{min(3.0, case.stack.width / 4):g} um")
    assert f"{case.mesh.coarsest:g} um" == given


def test_cells_far_from_the_interface_are_as_large_as_the_stack_allows() -> None:
    thick = SHORT | {"stack": {"width": "100 um", "cell": "symmetric"}, "electrolyte": {"thickness": "500 um"}}
    case = parse_case(thick)
    assert case.mesh.coarsest == 20.0, "8 % of half of 500 µm"
    assert parse_case(tomllib.loads(resolved_toml(case))) == case
    assert parse_case(thick | {"stack": {"width": "100 um"}}).mesh.coarsest == 25.0, "a quarter of the width"
    assert parse_case(thick | {"stack": {"width": "20 um"}}).mesh.coarsest == 5.0
    assert parse_case(thick | {"mesh": {"far": "3 um"}}).mesh.coarsest == 3.0
    assert parse_case(SHORT | {"mesh": {"near": "4 um"}}).mesh.coarsest == 4.0, "no finer than at the interface"


def test_the_default_stack_has_nothing_to_note() -> None:
    assert warnings(parse_case(SHORT)) == []


def test_a_case_changed_in_python_is_checked_as_a_file_is() -> None:
    """A width of -3 was taken, and a void that lies outside the stack."""
    case = parse_case(short() | {"void": [{"center": "0 um", "half_width": "2 um", "depth": "0.2 um"}]})
    assert case.stack.model_copy(update={"width": 30.0}).width == 30.0
    with pytest.raises(CaseError, match="width"):
        case.stack.model_copy(update={"width": -3.0})
    narrow = case.stack.unchecked(width=-3.0)
    with pytest.raises(CaseError, match=r"stack\.width"):
        case.model_copy(update={"stack": narrow})
    far = case.void[0].model_copy(update={"center": 500.0})
    with pytest.raises(CaseError, match=r"void\.0"):
        case.model_copy(update={"void": (far,)})
    same = case.model_copy(update={"title": "another"})
    assert same.title == "another"
    assert same.unchecked(title=case.title) == case
