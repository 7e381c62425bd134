"""Meshes of the stack: what they hold, files there and back, and bad meshes told apart."""

from collections.abc import Callable
from pathlib import Path

import gmsh
import meshio
import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem.geometry import (
    ELECTROLYTE,
    INTERFACE,
    LEFT,
    LITHIUM,
    RIGHT,
    TOP,
    VOID,
    MeshError,
    Patch,
    StackMesh,
    Void,
    WallLayers,
    build_stack,
    edges,
    gap_profile,
    interface_nodes,
    read_mesh,
    with_voids,
    write_msh,
)
from cellfem.geometry.stack import signed_area

FEATURES = (Void(0, 5, 1), Patch(17.5, 2.5))
ARRAYS = ("points", "cells", "cell_group", "facets", "facet_group", "gap_x", "gap")


def stack(**options: object) -> StackMesh:
    return build_stack(25, 20, 15, 0.8, 4, FEATURES, **options)  # type: ignore[arg-type]


def test_void_profiles_have_their_areas_and_depths() -> None:
    x = np.linspace(0, 10, 20001)
    for profile, area in (("parabola", 4 / 3), ("cosine", 1.0), ("ellipse", np.pi / 2)):
        gap = gap_profile(x, [Void(5, 2, 0.7, profile)])  # type: ignore[arg-type]
        assert gap.max() == pytest.approx(0.7)
        assert np.trapezoid(gap, x) == pytest.approx(2 * 0.7 * area, rel=1e-5)
        assert np.all(gap[np.abs(x - 5) >= 2] == 0)
    with pytest.raises(ValueError, match="parabola, cosine or ellipse"):
        gap_profile(x, [Void(5, 2, 0.7, "square")])  # type: ignore[arg-type]


def test_edges_inside_the_stack_are_found_once() -> None:
    assert edges([Void(0, 5, 1), Patch(7, 2), Patch(24, 3)], 25) == [5, 9, 21]


@pytest.mark.parametrize(
    "options", [{}, {"structured": True}, {"wall": WallLayers(0.05, 4)}, {"structured": True, "wall": WallLayers(0.05, 4)}]
)
def test_stack_is_two_full_blocks_sharing_the_interface(options: dict[str, object]) -> None:
    mesh = stack(**options)
    assert (mesh.width, mesh.lithium_thickness, mesh.electrolyte_thickness) == (25, 20, 15)
    area = signed_area(mesh.points, mesh.cells)
    assert area.min() > 0
    assert area[mesh.cell_group == LITHIUM].sum() == pytest.approx(25 * 20)
    assert area[mesh.cell_group == ELECTROLYTE].sum() == pytest.approx(25 * 15)
    for group, length in ((INTERFACE, 25), (TOP, 25), (LEFT, 35), (RIGHT, 35)):
        ends = mesh.points[mesh.facets_of(group)]
        assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum() == pytest.approx(length)
    nodes = interface_nodes(mesh)
    assert np.all(mesh.points[nodes, 1] == 0)
    assert np.array_equal(mesh.points[nodes, 0], mesh.gap_x)
    for x in (5, 15, 20):
        assert np.abs(mesh.gap_x - x).min() < 1e-9
    assert np.allclose(mesh.gap, np.maximum(1 - (mesh.gap_x / 5) ** 2, 0))


def test_same_arguments_give_the_same_mesh() -> None:
    first, second = stack(), stack()
    for name in ARRAYS:
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_cells_are_graded_towards_the_interface_and_the_edges() -> None:
    def lengths(mesh: StackMesh, group: int) -> NDArray[np.float64]:
        ends = mesh.points[mesh.facets_of(group)]
        return np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)

    mesh = stack()
    assert lengths(mesh, INTERFACE).max() < 1.1 * 0.8
    assert lengths(mesh, TOP).max() > 2.5
    spacing = np.diff(stack(edge_factor=0.25).gap_x)
    assert spacing.min() < 0.3
    assert spacing.max() > 0.6


def test_wall_layers_have_the_heights_asked_for() -> None:
    wall = WallLayers(0.05, 4, 1.5)
    mesh = stack(wall=wall)
    left = np.unique(mesh.points[mesh.facets_of(LEFT), 1])
    assert np.allclose(left[left > 0][:4], wall.tops())


def test_gmsh_prints_nothing_and_leaves_the_callers_session(capfd: pytest.CaptureFixture[str]) -> None:
    gmsh.initialize()
    gmsh.option.setNumber("General.Verbosity", 5)
    gmsh.model.add("mine")
    capfd.readouterr()
    stack()
    assert gmsh.model.getCurrent() == "mine"
    assert gmsh.option.getNumber("General.Terminal") == 1
    gmsh.finalize()
    written = capfd.readouterr()
    assert written.out + written.err == ""


@pytest.mark.parametrize(
    "features",
    [FEATURES, (), (Void(12, 3, 0.5, "ellipse"), Void(25, 2, 0.4, "cosine")), (Void(12.5, 12.5, 0.3),)],
    ids=["left void", "no void", "inner and right void", "void over all"],
)
def test_file_gives_the_mesh_back(tmp_path: Path, features: tuple[Void | Patch, ...]) -> None:
    mesh = build_stack(25, 20, 15, 0.8, 4, features)
    write_msh(mesh, tmp_path / "mesh.msh")
    again = read_mesh(tmp_path / "mesh.msh")
    for name in ("cells", "cell_group", "facets", "facet_group", "gap_x", "gap"):
        assert np.array_equal(getattr(mesh, name), getattr(again, name)), name
    assert np.abs(mesh.points - again.points).max() < 1e-12


def test_file_shows_the_void_to_gmsh_in_true_geometry(tmp_path: Path) -> None:
    mesh = stack()
    write_msh(mesh, tmp_path / "mesh.msh")
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.open(str(tmp_path / "mesh.msh"))
    names = {gmsh.model.getPhysicalName(*group) for group in gmsh.model.getPhysicalGroups()}
    gmsh.write(str(tmp_path / "version4.msh"))
    gmsh.finalize()
    assert names == {"lithium", "LLZO", "void", "interface", "top", "bottom", "left", "right"}

    raw = meshio.read(tmp_path / "mesh.msh")
    area = signed_area(raw.points[:, :2], raw.cells_dict["triangle"])
    tags = raw.cell_data_dict["gmsh:physical"]["triangle"]
    assert area.min() > 0
    void = area[tags == raw.field_data["void"][0]].sum()
    assert void == pytest.approx(np.trapezoid(mesh.gap, mesh.gap_x))
    assert area[tags == LITHIUM].sum() == pytest.approx(25 * 20 - void)

    again = read_mesh(tmp_path / "version4.msh")
    assert np.allclose(again.gap, mesh.gap)
    assert len(again.cells) == len(mesh.cells)


def test_groups_are_read_as_sets_of_cells_too(tmp_path: Path) -> None:
    mesh = stack()
    points = np.column_stack([mesh.points, np.zeros(len(mesh.points))])
    sets = {"lithium": [np.flatnonzero(mesh.cell_group == LITHIUM)], "LLZO": [np.flatnonzero(mesh.cell_group == ELECTROLYTE)]}
    meshio.Mesh(points, [("triangle", mesh.cells)], cell_sets=sets).write(tmp_path / "mesh.inp")
    again = read_mesh(tmp_path / "mesh.inp")
    assert np.array_equal(again.cells, mesh.cells)
    assert np.all(again.gap == 0)
    assert np.array_equal(with_voids(again, FEATURES[:1]).gap, mesh.gap)  # type: ignore[arg-type]


def _write(path: Path, mesh: StackMesh, change: Callable[[meshio.Mesh], None]) -> Path:
    """The mesh's file with `change` done to it."""
    write_msh(mesh, path)
    raw = meshio.read(path)
    change(raw)
    raw.write(path, file_format="gmsh22", binary=False)
    return path


def _rename(old: str, new: str) -> Callable[[meshio.Mesh], None]:
    def change(raw: meshio.Mesh) -> None:
        raw.field_data[new] = raw.field_data.pop(old)

    return change


def _retag(old: int, new: int) -> Callable[[meshio.Mesh], None]:
    def change(raw: meshio.Mesh) -> None:
        for tags in raw.cell_data["gmsh:physical"]:
            tags[tags == old] = new

    return change


def _shift(dx: float, dy: float) -> Callable[[meshio.Mesh], None]:
    def change(raw: meshio.Mesh) -> None:
        raw.points += np.array([dx, dy, 0])

    return change


def _node(x: float, y: float, dx: float, dy: float) -> Callable[[meshio.Mesh], None]:
    """Move the node nearest to (x, y)."""

    def change(raw: meshio.Mesh) -> None:
        k = int(np.argmin(np.hypot(raw.points[:, 0] - x, raw.points[:, 1] - y)))
        raw.points[k, :2] += (dx, dy)

    return change


def _drop_cells_near(x: float, y: float) -> Callable[[meshio.Mesh], None]:
    def change(raw: meshio.Mesh) -> None:
        block = next(k for k, cells in enumerate(raw.cells) if cells.type == "triangle")
        middle = raw.points[raw.cells[block].data].mean(axis=1)
        keep = np.hypot(middle[:, 0] - x, middle[:, 1] - y) > 2
        raw.cells[block].data = raw.cells[block].data[keep]
        for values in raw.cell_data.values():
            values[block] = values[block][keep]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_rename("LLZO", "garnet"), "'garnet' is unknown"),
        (_retag(ELECTROLYTE, VOID), "group named 'LLZO'"),
        (_shift(0, 3), "shift the mesh so that this face lies at y = 0"),
        (_shift(2, 0), "shift the mesh so that its left plane is x = 0"),
        (_node(0, 1, 0, -2), "lithium reaches 1 µm into the LLZO"),
        (_node(2.4, 0.77, 0.2, 0), "no node of the LLZO's face below it"),
        (_node(12, 10, 9, 0), "cover"),
        (_drop_cells_near(12, 10), "one block without holes"),
        (_drop_cells_near(12, -8), "the mesh has holes"),
    ],
    ids=[
        "misspelt group",
        "missing group",
        "not at y = 0",
        "not at x = 0",
        "penetration",
        "unmatched faces",
        "folded cells",
        "hole above",
        "hole below",
    ],
)
def test_bad_file_is_told_with_the_remedy(tmp_path: Path, change: Callable[[meshio.Mesh], None], message: str) -> None:
    with pytest.raises(MeshError, match=message):
        read_mesh(_write(tmp_path / "bad.msh", stack(), change))


def test_hanging_node_on_the_interface_is_told(tmp_path: Path) -> None:
    """Two blocks side by side that do not share their nodes."""
    above, below = build_stack(25, 20, 15, 0.8, 4), build_stack(25, 20, 15, 1.0, 4)
    points = np.concatenate([above.points, below.points])
    cells = np.concatenate(
        [above.cells[above.cell_group == LITHIUM], below.cells[below.cell_group == ELECTROLYTE] + len(above.points)]
    )
    groups = np.repeat([LITHIUM, ELECTROLYTE], [np.sum(above.cell_group == LITHIUM), np.sum(below.cell_group == ELECTROLYTE)])
    meshio.Mesh(
        np.column_stack([points, np.zeros(len(points))]),
        [("triangle", cells)],
        cell_data={"gmsh:physical": [groups], "gmsh:geometrical": [groups]},
        field_data={"lithium": np.array([LITHIUM, 2]), "LLZO": np.array([ELECTROLYTE, 2])},
    ).write(tmp_path / "bad.msh", file_format="gmsh22", binary=False)
    with pytest.raises(MeshError, match="give both faces the same x"):
        read_mesh(tmp_path / "bad.msh")


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(MeshError, match="no such mesh file"):
        read_mesh(tmp_path / "nothing.msh")
    (tmp_path / "text.msh").write_text("not a mesh\n")
    with pytest.raises(MeshError, match="save it as a gmsh"):
        read_mesh(tmp_path / "text.msh")


def test_quadrilaterals_are_refused(tmp_path: Path) -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], dtype=float)
    meshio.Mesh(points, [("quad", np.array([[0, 1, 2, 3]]))]).write(tmp_path / "quads.vtk")
    with pytest.raises(MeshError, match="triangles of first order"):
        read_mesh(tmp_path / "quads.vtk")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"near": -1.0}, "near is -1.0: it must be a positive length"),
        ({"far": 0.1}, "make near at most far"),
        ({"near": 30.0, "far": 40.0}, "larger than the stack"),
        ({"wall": WallLayers(10, 4)}, "fewer or thinner layers"),
        ({"features": (Void(5, 3, 21),)}, "between 0 and the lithium's thickness"),
    ],
)
def test_bad_sizes_are_told(change: dict[str, object], message: str) -> None:
    arguments = {"width": 25, "lithium_thickness": 20, "electrolyte_thickness": 15, "near": 0.8, "far": 4, **change}
    with pytest.raises(MeshError, match=message):
        build_stack(**arguments)  # type: ignore[arg-type]


def test_ready_mesh_is_what_its_input_makes() -> None:
    ready = read_mesh(Path(__file__).parents[2] / "meshes" / "strip-void.msh")
    made = build_stack(25, 20, 20, 1, 4, FEATURES)
    assert (ready.width, ready.lithium_thickness, ready.electrolyte_thickness) == (25, 20, 20)
    assert np.allclose(ready.gap, gap_profile(ready.gap_x, FEATURES[:1]))  # type: ignore[arg-type]
    assert len(ready.gap_x) == len(made.gap_x)
