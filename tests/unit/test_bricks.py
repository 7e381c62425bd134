"""Stacks of bricks told by their places: numbers, groups, owners, gap, unknowns and file are those
of the whole mesh."""

from pathlib import Path

import numpy as np
import pytest

from cellfem.checkpoint import CheckpointError
from cellfem.cluster.size import unknowns
from cellfem.domain.hexahedra_shares import Bisection
from cellfem.domain.partition import owners
from cellfem.geometry import (
    Box,
    Hexahedra,
    MeshError,
    PatchShape,
    RoughnessError,
    StackMesh,
    VoidShape,
    build_hexahedra,
    build_solid,
)
from cellfem.geometry.groups import LITHIUM
from cellfem.geometry.maps import GrooveMap, MapFace, PoreMap, periodic_map, self_affine_map, with_map
from cellfem.geometry.periodic import joined
from cellfem.geometry.roughness import Grooves, SelfAffine
from cellfem.geometry.stack import interface_nodes
from cellfem.runner.mesh_file import FACES, read_source, source_hash, write_source

BOX = Box(6.0, 5.0, 4.0, 5.0)
FEATURES = [VoidShape(6.0, 2.5, 0.4, center_y=1.5, half_width_y=1.0), PatchShape(1.5, 0.7)]
LAW = SelfAffine(0.03, 0.8, 6.0, 4.5, 3)
FACE = {False: self_affine_map, True: periodic_map}
SHAPES = [(BOX, 1.0, 2.5), (Box(3.0, 30.0, 8.0, 10.0), 0.9, 1.5), (Box(9.0, 9.0, 9.0, 9.0), 1.0, 1.0)]


def both(periodic: bool, face: MapFace | None = None, box: Box = BOX) -> tuple[Hexahedra, StackMesh]:
    bricks = build_hexahedra(box, 1.0, 2.5, FEATURES, face, periodic=periodic)
    stack = build_solid(box, 1.0, 2.5, FEATURES, bricks=True, periodic=periodic)
    stack = stack if face is None else with_map(stack, face)
    return bricks, joined(stack) if periodic else stack


@pytest.mark.parametrize("periodic", [False, True])
def test_cells_nodes_and_facets_are_those_of_the_whole_mesh(periodic: bool) -> None:
    bricks, stack = both(periodic)
    cells = bricks.nodes_of(stack.cells[:, 0], joined=False)
    assert bricks.cell_numbers(cells).tolist() == list(range(len(stack.cells)))
    assert np.array_equal(bricks.corner_numbers(cells, joined=False), stack.cells)
    assert np.array_equal(bricks.groups(cells), stack.cell_group)
    nodes = bricks.nodes_of(np.arange(len(stack.points)), joined=False)
    assert np.array_equal(bricks.places(nodes), stack.points)
    assert bricks.extents == stack.extents
    assert (bricks.lithium_thickness, bricks.electrolyte_thickness) == (stack.lithium_thickness, stack.electrolyte_thickness)
    wanted = {tuple(sorted(facet)): group for facet, group in zip(stack.facets.tolist(), stack.facet_group.tolist())}
    faces = [[0, 1, 2, 3], [0, 1, 4, 5], [0, 2, 4, 6], [1, 3, 5, 7], [2, 3, 6, 7], [4, 5, 6, 7]]
    found = {}
    for corners, groups in zip(stack.cells, bricks.facets(cells)):
        found |= {tuple(sorted(corners[face].tolist())): int(group) for face, group in zip(faces, groups) if group}
    assert found == wanted


def test_joined_nodes_are_numbered_without_holes() -> None:
    bricks, stack = both(True)
    number = np.unique(stack.joined, return_inverse=True)[1]
    cells = bricks.nodes_of(stack.cells[:, 0], joined=False)
    assert np.array_equal(bricks.corner_numbers(cells, joined=True), number[stack.cells])
    nodes = bricks.nodes_of(np.arange(number.max() + 1), joined=True)
    assert np.array_equal(bricks.places(nodes), stack.points[np.unique(stack.joined)])


@pytest.mark.parametrize("periodic", [False, True])
def test_gap_of_voids_and_face(periodic: bool) -> None:
    bricks, stack = both(periodic, FACE[periodic](LAW, BOX.width, BOX.depth))
    gap = bricks.gap(stack.points[interface_nodes(stack)][:, :2])
    assert bricks.settled(gap, gap.min(), gap.max()) == pytest.approx(stack.gap, abs=1e-14)
    assert stack.gap.max() > 0.3


def test_bad_sizes_and_faces_are_refused_in_words() -> None:
    with pytest.raises(MeshError, match="smaller"):
        build_hexahedra(BOX, 3.0, 2.0)
    with pytest.raises(MeshError, match="2 along x, 2 along y"):
        build_hexahedra(BOX, 2.5, 2.5, periodic=True)
    with pytest.raises(MeshError, match="is flat"):
        build_hexahedra(Box(1e3, 1e3, 4e3, 4e3), 1.0, 1e3)
    with pytest.raises(RoughnessError, match=r"make mesh\.near at most"):
        build_hexahedra(BOX, 1.0, 2.5, face=GrooveMap(Grooves(2.0, 0.1, "sine")))
    bricks = build_hexahedra(BOX, 1.0, 2.5, face=GrooveMap(Grooves(5.0, 9.0, "sine")))
    gap = bricks.gap(np.array([[0.0, 0.0], [2.5, 0.0]]))
    with pytest.raises(MeshError, match="between 0 and the lithium"):
        bricks.settled(gap, gap.min(), gap.max())
    slopes = bricks.slopes(np.array([[0, 0, 0]]), np.array([[0.0, 1.5, 0.0, 1.5]]))
    assert slopes[0].tolist() == [1.5, 1.5, 0.0, 0.0]
    with pytest.raises(RoughnessError, match=r"slope of 1\.5"):
        bricks.check_slopes(slopes.max())


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 16, 100])
@pytest.mark.parametrize("shape", SHAPES)
def test_halving_without_the_cells_is_halving_with_them(shape: tuple[Box, float, float], parts: int) -> None:
    bricks, stack = build_hexahedra(*shape), build_solid(*shape, bricks=True)
    wanted = owners(stack.points[stack.cells].mean(axis=1), stack.cell_group, parts)
    halving = Bisection(bricks, parts)
    assert np.array_equal(halving.owners(bricks.nodes_of(stack.cells[:, 0], joined=False)), wanted)
    for rank in range(parts):
        assert np.array_equal(bricks.cell_numbers(halving.own(rank)), np.flatnonzero(wanted == rank))


def test_a_rank_of_thousands_knows_its_part_without_the_others() -> None:
    """3.2·10⁷ cells on 4096 ranks: equal parts, each compact."""
    bricks = build_hexahedra(Box(400.0, 400.0, 100.0, 100.0), 1.0, 1.0)
    own = Bisection(bricks, 4096).own(1234)
    lithium = own[bricks.groups(own) == LITHIUM]
    assert abs(len(lithium) - 400 * 400 * 100 / 4096) <= 12 / 2
    assert np.ptp(lithium, axis=0).max() <= 2 * len(lithium) ** (1 / 3)


@pytest.mark.parametrize("quadratic", [True, False])
@pytest.mark.parametrize("periodic", [False, True])
def test_unknowns_are_counted_from_the_places(periodic: bool, quadratic: bool) -> None:
    bricks, stack = both(periodic)
    assert unknowns(bricks, quadratic) == unknowns(stack, quadratic)


FACES_TO_KEEP: list[MapFace | None] = [
    None,
    self_affine_map(LAW, BOX.width, BOX.depth),
    periodic_map(LAW, BOX.width, BOX.depth),
    GrooveMap(Grooves(5.0, 0.1, "sine")),
    PoreMap(np.array([[2.0, 1.5], [4.0, 3.0]]), 5.0, 0.2),
]


def test_every_face_of_a_stack_in_3d_can_be_kept() -> None:
    assert {type(face).__name__ for face in FACES_TO_KEEP if face is not None} == set(FACES)


@pytest.mark.parametrize("face", FACES_TO_KEEP, ids=lambda face: type(face).__name__)
def test_the_file_of_a_run_holds_the_description(face: MapFace | None, tmp_path: Path) -> None:
    bricks = build_hexahedra(BOX, 1.0, 2.5, FEATURES, face)
    write_source(tmp_path / "mesh.npz", bricks)
    again = read_source(tmp_path / "mesh.npz", source_hash(bricks))
    assert isinstance(again, Hexahedra)
    at = np.random.default_rng(1).uniform(0.0, 5.0, (20, 2))
    assert np.array_equal(again.gap(at), bricks.gap(at))
    assert all(np.array_equal(getattr(again, axis), getattr(bricks, axis)) for axis in "xyz")
    other = build_hexahedra(BOX, 1.0, 2.5, FEATURES[1:], face)
    with pytest.raises(CheckpointError, match="not the mesh of this checkpoint"):
        read_source(tmp_path / "mesh.npz", source_hash(other))
    (tmp_path / "mesh.npz").write_bytes((tmp_path / "mesh.npz").read_bytes()[:200])
    with pytest.raises(CheckpointError, match="damaged or missing"):
        read_source(tmp_path / "mesh.npz", source_hash(bricks))
