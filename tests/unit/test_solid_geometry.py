"""Stacks in 3-D: both bodies whole, voids and rough faces on them, and their file."""

from pathlib import Path

import meshio
import numpy as np
import pytest

from cellfem.case import CaseError, parse_case
from cellfem.geometry import (
    BACK,
    FRONT,
    INTERFACE,
    LITHIUM,
    TOP,
    Box,
    PatchShape,
    RoughnessError,
    StackMesh,
    VoidShape,
    build_solid,
    build_stack,
    extruded,
    interface_nodes,
    maps,
    write_msh,
)
from cellfem.geometry.measured_face import MeasuredHeights
from cellfem.geometry.periodic import joined
from cellfem.geometry.roughness import Grooves, SelfAffine
from cellfem.geometry.stack import sizes
from cellfem.runner import stack_of

BOX = Box(8.0, 6.0, 7.0, 5.0)
VOID = VoidShape(0.0, 3.0, 0.8, center_y=0.0)
FEATURES = (VOID, PatchShape(5.5, 1.5, center_y=3.0, half_width_y=2.0), PatchShape(6.0, 1.0))


def area_of(mesh: StackMesh, group: int) -> float:
    corners = mesh.points[mesh.facets_of(group)]
    edges = [corners[:, k] - corners[:, 0] for k in range(1, corners.shape[1])]
    triangles = [(0, 1)] if len(edges) == 2 else [(0, 2), (1, 2)]
    return float(sum(0.5 * np.linalg.norm(np.cross(edges[a], edges[b]), axis=1).sum() for a, b in triangles))


@pytest.mark.parametrize("bricks", [False, True])
def test_stack_is_two_full_blocks_sharing_the_interface(bricks: bool) -> None:
    mesh = build_solid(BOX, 1.0, 3.0, FEATURES, bricks=bricks)
    assert (*mesh.extents, mesh.lithium_thickness, mesh.electrolyte_thickness) == pytest.approx((8.0, 6.0, 7.0, 5.0))
    volume = sizes(mesh.points, mesh.cells)
    assert volume.min() > 0
    assert volume[mesh.cell_group == LITHIUM].sum() == pytest.approx(8 * 6 * 7)
    for group, area in ((INTERFACE, 48.0), (TOP, 48.0), (FRONT, 96.0), (BACK, 96.0)):
        assert area_of(mesh, group) == pytest.approx(area)
    nodes = interface_nodes(mesh)
    assert np.array_equal(mesh.points[nodes, :2], mesh.gap_at)
    assert np.allclose(mesh.gap, np.maximum(0.8 * (1 - np.sum(mesh.gap_at**2, axis=1) / 9), 0))
    for edge in ([3.0, 0.0], [0.0, 3.0], [5.0, 0.0]):
        assert np.linalg.norm(mesh.gap_at - edge, axis=1).min() < 1e-6


@pytest.mark.parametrize("quadrilaterals", [False, True])
def test_plane_meshes_pushed_out(quadrilaterals: bool) -> None:
    plane = build_stack(8, 6, 6, 1, 2, [VoidShape(0, 3, 0.5)], structured=True, quadrilaterals=quadrilaterals)
    solid = extruded(plane, 2.0, 2)
    assert sizes(solid.points, solid.cells).sum() == pytest.approx(8 * 12 * 2)
    assert np.allclose(solid.gap, np.interp(solid.gap_at[:, 0], plane.gap_x, plane.gap))


@pytest.mark.parametrize("bricks", [False, True])
def test_file_holds_all_groups_in_true_geometry(tmp_path: Path, bricks: bool) -> None:
    mesh = build_solid(BOX, 1.0, 3.0, [VOID], bricks=bricks)
    write_msh(mesh, tmp_path / "mesh.msh")
    raw = meshio.read(tmp_path / "mesh.msh")
    assert set(raw.field_data) == {"lithium", "LLZO", "void", "interface", "top", "bottom", "left", "right", "front", "back"}
    kind = "hexahedron" if bricks else "tetra"
    tags, cells = raw.cell_data_dict["gmsh:physical"][kind], raw.cells_dict[kind]
    order = [0, 1, 3, 2, 4, 5, 7, 6] if bricks else [0, 1, 2, 3]
    lithium = sizes(raw.points, cells[tags == LITHIUM][:, order]).sum()
    corners = mesh.gap_at
    assert corners.min() == 0
    assert 8 * 6 * 7 - lithium == pytest.approx(0.8 * np.pi * 9 / 8, rel=0.06)  # a quarter of the lens


def test_random_map_has_its_rms_and_keeps_its_waves() -> None:
    law = SelfAffine(0.1, 0.8, 8.0, 2.0, 3)
    face = maps.self_affine_map(law, 16.0, 12.0)
    x, y = np.meshgrid(np.linspace(0, 16, 401), np.linspace(0, 12, 301), indexing="ij")
    h = face.heights(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape)
    mean_square = np.trapezoid(np.trapezoid(h**2, y[0], axis=1), x[:, 0]) / (16 * 12)
    assert np.sqrt(mean_square) == pytest.approx(0.1, rel=1e-4)
    finer = maps.self_affine_map(SelfAffine(0.1, 0.8, 8.0, 1.0, 3), 16.0, 12.0).amplitudes
    part = finer[: face.amplitudes.shape[0], : face.amplitudes.shape[1]]
    there = face.amplitudes != 0
    ratio = part[there] / face.amplitudes[there]
    assert np.ptp(ratio) < 1e-12


def test_profiles_through_the_map_have_the_law_of_a_profile() -> None:
    """Power of a line through the map, mean over seeds: κ^-(1+2H) between roll-off and cut-off,
    less what the cut-off takes."""
    slopes = []
    for seed in range(12):
        face = maps.self_affine_map(SelfAffine(0.1, 0.5, 64.0, 0.5, seed), 64.0, 64.0)
        across = np.arange(face.amplitudes.shape[1]) > 0
        power = (face.amplitudes**2 * np.where(across, 0.5, 1.0)).sum(axis=1)
        k = np.arange(4, 60)
        slopes.append(np.log(power[k]))
    slope = np.polyfit(np.log(k), np.mean(slopes, axis=0), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.2)


def test_measured_map_is_met_at_its_points() -> None:
    x, y = np.linspace(0, 8, 65), np.linspace(0, 6, 49)
    h = 0.1 * np.cos(np.pi * x / 8)[:, None] * np.cos(2 * np.pi * y / 6)[None] + 0.05 * np.cos(3 * np.pi * x / 8)[:, None]
    face = maps.measured_map(MeasuredHeights(x, y, h + 2.0), 8.0, 6.0, 2.0)
    at = np.column_stack([np.repeat(x, len(y)), np.tile(y, len(x))])
    assert face.heights(at) == pytest.approx(h.ravel(), abs=1e-3)
    with pytest.raises(RoughnessError, match="needs a map"):
        maps.measured_map(MeasuredHeights(x, np.empty(0), h[:, 0]), 8.0, 6.0, 2.0)
    with pytest.raises(RoughnessError, match=r"stack\.depth"):
        maps.measured_map(MeasuredHeights(x, y, h), 8.0, 9.0, 2.0)


def test_pores_are_whole_and_apart() -> None:
    face = maps.pore_map(2.0, 0.4, 0.2, 12.0, 10.0, 5)
    assert len(face.centres) == round(0.2 * 120 / np.pi)
    assert np.all((face.centres >= 1.0) & (face.centres <= [11.0, 9.0]))
    apart = np.linalg.norm(face.centres[:, None] - face.centres[None], axis=2) + 10 * np.eye(len(face.centres))
    assert apart.min() > 2.0
    with pytest.raises(RoughnessError, match="do not fit"):
        maps.pore_map(5.0, 0.4, 0.9, 12.0, 10.0, 5)


def test_highest_asperity_touches_and_coarse_or_steep_maps_are_refused() -> None:
    mesh = build_solid(BOX, 1.0, 3.0)
    rough = maps.with_map(mesh, maps.self_affine_map(SelfAffine(0.1, 0.8, 8.0, 4.0, 1), 8.0, 6.0))
    assert rough.gap.min() == 0
    assert np.all(maps.with_map(mesh, maps.GrooveMap(Grooves(8.0, 0.5))).gap >= 0)
    with pytest.raises(RoughnessError, match=r"mesh\.near at most 0\.25"):
        maps.with_map(mesh, maps.self_affine_map(SelfAffine(0.1, 0.8, 8.0, 1.0, 1), 8.0, 6.0))
    with pytest.raises(RoughnessError, match="slope"):
        maps.with_map(mesh, maps.self_affine_map(SelfAffine(2.0, 0.8, 8.0, 4.0, 1), 8.0, 6.0))


LENS = {"center": "5 um", "center_y": "5 um", "half_width": "2 um"}
CASE = {"stack": {"dimension": 3, "width": "8 um"}, "protocol": [{"mode": "press", "duration": "1 s", "pressure": "1 MPa"}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stack": {"dimension": 3, "symmetry": "axisymmetric"}}, "has no axis"),
        ({"stack": {"dimension": 2, "depth": "5 um"}}, "has no depth"),
        ({"stack": {"dimension": 2}, "patch": [LENS | {"asr": "1 ohm*m^2"}]}, "no y"),
        ({"void": [{"center": "5 um", "half_width": "2 um", "half_width_y": "1 um", "depth": "0.1 um"}]}, "needs center_y"),
        ({"void": [{"center": "4 um", "center_y": "1 um", "half_width": "2 um", "depth": "0.1 um"}]}, "from y = -1 um"),
        ({"mesh": {"file": "x.msh"}}, "dimension 2 only"),
    ],
)  # fmt: skip
def test_keys_that_do_not_go_with_the_dimension(change: dict[str, object], message: str) -> None:
    with pytest.raises(CaseError, match=message):
        parse_case(CASE | change)


def test_case_makes_its_stack() -> None:
    void = {"center": "8 um", "center_y": "4 um", "half_width": "2 um", "half_width_y": "3 um", "depth": "0.3 um"}
    mesh = stack_of(parse_case(CASE | {"void": [void], "mesh": {"near": "1 um", "far": "3 um"}}))
    assert mesh.dimension == 3
    assert mesh.extents == (8.0, 8.0)
    assert mesh.gap.max() > 0.25


# --- opposite sides that are one


@pytest.mark.parametrize("bricks", [False, True])
def test_periodic_sides_are_joined_node_by_node(bricks: bool) -> None:
    """A lens over a corner of the box, an ellipse over an edge, a strip over another; area and
    depths as of whole ones."""
    lens, ellipse = VoidShape(7.5, 1.8, 0.4, center_y=5.8), PatchShape(4.0, 1.2, center_y=0.2, half_width_y=0.9)
    mesh = build_solid(BOX, 0.5, 2.0, [lens, ellipse, PatchShape(0.2, 1.0)], bricks=bricks, periodic=True)
    one = joined(mesh)
    ends = np.array(BOX.width), np.array(BOX.depth)
    high = [np.flatnonzero(one.points[:, axis] == end) for axis, end in enumerate(ends)]
    at = one.points.copy()
    for axis, nodes in enumerate(high):
        at[nodes, axis] = 0.0
    assert np.array_equal(one.points[one.joined], at)
    assert not np.isin(one.facet_group, (FRONT, BACK)).any()
    assert len(np.unique(one.joined)) == len(mesh.points) - len(np.union1d(*high))
    away = [
        np.abs((one.gap_at[:, axis] - center + end / 2) % end - end / 2)
        for axis, (center, end) in enumerate(((7.5, 8), (5.8, 6)))
    ]
    assert one.gap == pytest.approx(0.4 * np.maximum(1 - (away[0] ** 2 + away[1] ** 2) / 1.8**2, 0), abs=1e-9)
    for edge in ([1.2, 3.0], [7.2, 3.0]) if bricks else ([1.3, 5.8], [7.5, 1.6], [4.0, 1.1], [4.0, 5.3]):
        place = one.gap_at[:, :1] - edge[0] if bricks else one.gap_at - edge
        assert np.linalg.norm(place, axis=1).min() < (1e-6 if bricks else 0.3)


def test_periodic_map_is_alike_everywhere_and_keeps_its_waves() -> None:
    law = SelfAffine(0.1, 0.8, 8.0, 2.0, 3)
    face = maps.periodic_map(law, 16.0, 12.0)
    x, y = (a.ravel() for a in np.meshgrid(np.arange(0, 16, 0.25), np.arange(0, 12, 0.25), indexing="ij"))
    places = np.column_stack([x, y])
    h = face.heights(places)
    assert np.sqrt(np.mean(h**2)) == pytest.approx(0.1, rel=1e-12)  # exact: 64 × 48 points for waves up to order 8 and 6
    assert h.mean() == pytest.approx(0.0, abs=1e-12)
    for shift in ([16.0, 0.0], [0.0, 12.0], [-16.0, 24.0]):
        assert face.heights(places + shift) == pytest.approx(h, abs=1e-12)
    assert np.abs(face.heights(-places) - h).max() > 0.05
    assert np.abs(face.heights(places * [-1, 1]) - h).max() > 0.05
    finer = maps.periodic_map(SelfAffine(0.1, 0.8, 8.0, 1.0, 3), 16.0, 12.0).amplitudes
    beyond = finer.shape[1] // 2 - face.amplitudes.shape[1] // 2
    part = finer[: face.amplitudes.shape[0], beyond:-beyond]
    there = face.amplitudes != 0
    ratio = part[there] / face.amplitudes[there]
    assert np.ptp(ratio.real) < 1e-12
    assert np.abs(ratio.imag).max() < 1e-12
    assert 0.9 < ratio[0].real < 1.0


def test_heights_of_periodic_maps_scatter_alike_at_all_places() -> None:
    """Over 400 seeds, within four standard errors of a variance; between mirror planes it is four
    times as large in a corner."""
    places = np.array([[0.0, 0.0], [8.0, 0.0], [3.0, 5.0], [15.0, 11.0]])
    h = np.array([maps.periodic_map(SelfAffine(0.1, 0.8, 8.0, 2.0, seed), 16.0, 12.0).heights(places) for seed in range(400)])
    assert h.var(axis=0) == pytest.approx(0.01, rel=4 * np.sqrt(2 / 400))


def test_profiles_through_a_periodic_map_have_the_law_of_a_profile() -> None:
    slopes = []
    for seed in range(12):
        face = maps.periodic_map(SelfAffine(0.1, 0.5, 64.0, 0.5, seed), 64.0, 64.0)
        slopes.append(np.log((np.abs(face.amplitudes) ** 2).sum(axis=1)[4:60]))
    slope = np.polyfit(np.log(np.arange(4, 60)), np.mean(slopes, axis=0), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.2)


def test_periodic_case_makes_its_joined_stack() -> None:
    void = {"center": "8 um", "center_y": "4 um", "half_width": "2 um", "half_width_y": "3 um", "depth": "0.3 um"}
    stack = {"dimension": 3, "width": "8 um", "sides": "periodic"}
    rough = {"kind": "self-affine", "rms": "50 nm", "cut_off": "4 um", "roll_off": "8 um"}
    case = parse_case(CASE | {"stack": stack, "void": [void], "mesh": {"near": "1 um", "far": "2 um"}, "roughness": rough})
    mesh = stack_of(case)
    assert mesh.periodic
    gap = np.zeros(len(mesh.points))
    gap[interface_nodes(mesh)] = mesh.gap
    assert gap[mesh.joined][interface_nodes(mesh)] == pytest.approx(mesh.gap, abs=1e-9)
    assert mesh.gap.max() > 0.3
