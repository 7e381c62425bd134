"""Meshes of the stack: what they hold, files there and back, and bad meshes told apart."""

from collections.abc import Callable
from dataclasses import replace
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
    PatchShape,
    StackMesh,
    VoidShape,
    WallLayers,
    build_stack,
    edges,
    gap_profile,
    interface_nodes,
    read_mesh,
    with_voids,
    write_msh,
)
from cellfem.geometry.periodic import joined
from cellfem.geometry.stack import signed_area
from cellfem.geometry.symmetric import mirrored
from cellfem.geometry.voids import images

FEATURES = (VoidShape(0, 5, 1), PatchShape(17.5, 2.5))
ARRAYS = ("points", "cells", "cell_group", "facets", "facet_group", "gap_x", "gap")


def stack(**options: object) -> StackMesh:
    return build_stack(25, 20, 15, 0.8, 4, FEATURES, **options)  # type: ignore[arg-type]


def test_void_profiles_have_their_areas_and_depths() -> None:
    x = np.linspace(0, 10, 20001)
    for profile, area in (("parabola", 4 / 3), ("cosine", 1.0), ("ellipse", np.pi / 2)):
        gap = gap_profile(x, [VoidShape(5, 2, 0.7, profile)])  # type: ignore[arg-type]
        assert gap.max() == pytest.approx(0.7)
        assert np.trapezoid(gap, x) == pytest.approx(2 * 0.7 * area, rel=1e-5)
        assert np.all(gap[np.abs(x - 5) >= 2] == 0)
    with pytest.raises(ValueError, match="parabola, cosine or ellipse"):
        gap_profile(x, [VoidShape(5, 2, 0.7, "square")])  # type: ignore[arg-type]


def test_edges_inside_the_stack_are_found_once() -> None:
    assert edges([VoidShape(0, 5, 1), PatchShape(7, 2), PatchShape(24, 3)], 25) == [5, 9, 21]


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
    [FEATURES, (), (VoidShape(12, 3, 0.5, "ellipse"), VoidShape(25, 2, 0.4, "cosine")), (VoidShape(12.5, 12.5, 0.3),)],
    ids=["left void", "no void", "inner and right void", "void over all"],
)
def test_file_gives_the_mesh_back(tmp_path: Path, features: tuple[VoidShape | PatchShape, ...]) -> None:
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
        (_rename("LLZO", "garnet"), r"group named 'LLZO' \(its groups of triangles: .*garnet"),
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
    with pytest.raises(MeshError, match=r"cannot be read \(.+\): export it again from gmsh, as MSH 4\.1"):
        read_mesh(tmp_path / "text.msh")
    (tmp_path / "empty.msh").touch()
    with pytest.raises(MeshError, match="the file is empty"):
        read_mesh(tmp_path / "empty.msh")


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
        ({"features": (VoidShape(5, 3, 21),)}, "between 0 and the lithium's thickness"),
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


# --- opposite sides that are one


def test_what_reaches_over_a_side_comes_in_at_the_other() -> None:
    places = {1.0: [1.0, 11.0], 9.0: [-1.0, 9.0], 5.0: [5.0], 0.0: [0.0, 10.0], 10.0: [0.0, 10.0], 2.0: [2.0], 8.0: [8.0]}
    for center, found in places.items():
        assert [spot.center for spot in images([PatchShape(center, 2.0)], (10.0,))] == found
    corner = images([VoidShape(9.5, 1.0, 0.2, center_y=0.5, half_width_y=2.0)], (10.0, 8.0))
    assert sorted((spot.center, spot.center_y) for spot in corner) == [(-0.5, 0.5), (-0.5, 8.5), (9.5, 0.5), (9.5, 8.5)]
    assert {(spot.depth, spot.half_width_y) for spot in corner} == {(0.2, 2.0)}
    assert [spot.center for spot in images([PatchShape(9.5, 1.0)], (10.0, 8.0))] == [-0.5, 9.5]  # a strip has no y
    assert images(FEATURES, ()) == list(FEATURES)


AROUND = (VoidShape(24, 3, 0.6), PatchShape(0.5, 1.5))
"""Two spots that reach over the sides of 25 µm."""


@pytest.mark.parametrize(
    "options",
    [{}, {"structured": True}, {"structured": True, "quadrilaterals": True}, {"wall": WallLayers(0.05, 4)}, {"edge_factor": 0.3}],
    ids=["free", "columns", "quadrilaterals", "wall", "fine edges"],
)
def test_periodic_sides_are_joined_node_by_node(options: dict[str, object]) -> None:
    mesh = build_stack(25, 20, 15, 0.8, 4, AROUND, periodic=True, **options)  # type: ignore[arg-type]
    one = joined(mesh)
    left, right = (np.unique(mesh.facets_of(side)) for side in (LEFT, RIGHT))
    assert np.array_equal(np.sort(one.joined[right]), left)
    assert np.array_equal(one.points[one.joined[right], 1], one.points[right, 1])
    inside = np.setdiff1d(np.arange(len(mesh.points)), right)
    assert np.array_equal(one.joined[inside], inside)
    assert not np.isin(one.facet_group, (LEFT, RIGHT)).any()
    assert one.periodic
    for edge in (2.0, 21.0, 24.0):  # 24 + 3, 24 - 3 and 0.5 - 1.5 around
        assert np.abs(one.gap_x - edge).min() < 1e-9
    distance = np.abs((one.gap_x - 24.0 + 12.5) % 25.0 - 12.5)
    assert one.gap == pytest.approx(0.6 * np.maximum(1 - (distance / 3) ** 2, 0), abs=1e-12)


def test_symmetric_cells_are_joined_along_both_halves() -> None:
    first = build_stack(25, 20, 7.5, 0.8, 4, AROUND, periodic=True)
    one = joined(mirrored(first, with_voids(first, [])))
    right = np.flatnonzero(one.points[:, 0] == 25.0)
    assert np.all(one.points[one.joined[right], 0] == 0.0)
    assert np.array_equal(one.points[one.joined[right], 1], one.points[right, 1])
    assert np.array_equal(one.points[interface_nodes(one), :1], one.gap_at)
    assert one.gap.max() == pytest.approx(0.6, abs=0.01)


def test_sides_that_cannot_be_joined_are_told() -> None:
    mesh = build_stack(25, 20, 15, 0.8, 4, periodic=True)
    lifted = mesh.points.copy()
    lifted[np.argmax((lifted[:, 0] == 25.0) & (lifted[:, 1] > 2.0) & (lifted[:, 1] < 15.0)), 1] += 0.1
    with pytest.raises(MeshError, match=r"the left side \(\d+\) and of the right side \(\d+\) do not lie at the same heights"):
        joined(replace(mesh, points=lifted))
    with pytest.raises(MeshError, match=r"too few cells lie from side to side.*make mesh\.far \(or mesh\.near\) smaller"):
        joined(build_stack(10, 20, 15, 1, 8, periodic=True))
