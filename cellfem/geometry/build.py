"""Meshes of the reference stack: unstructured by gmsh, or in columns and layers; optionally with
thin layers above Γ."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.stack import Floats, Ints, MeshError, StackMesh, assemble, interface_nodes, with_gap
from cellfem.geometry.voids import PatchShape, VoidShape, edges, gap_at, images
from cellfem.signals import reinstall_handlers

NEAR_BAND, GROWTH = 0.2, 0.4
"""The size is `near` up to 0.2 µm from Γ and grows at the rate GROWTH to `far`. Twice as many
unknowns change the contact of strip-void by 1e-4: benchmarks/gradings.py."""
EDGE_GROWTH = 0.2
"""Growth rate of the size with distance from a finer edge."""
ROUND_OFF = 1e-6
"""Relative to the extent: tolerance within which a facet lies on a side."""


@dataclass(frozen=True)
class WallLayers:
    """Thin lithium layers above Γ: `count` layers, the lowest `first` µm high, each `ratio` times
    the one below."""

    first: float
    count: int
    ratio: float = 1.3

    def tops(self) -> Floats:
        """Height (count,) of the top of each layer above Γ, µm."""
        return np.cumsum(self.first * self.ratio ** np.arange(self.count))


def build_stack(
    width: float,
    lithium_thickness: float,
    electrolyte_thickness: float,
    near: float,
    far: float,
    features: Sequence[VoidShape | PatchShape] = (),
    *,
    edge_factor: float = 1.0,
    structured: bool = False,
    quadrilaterals: bool = False,
    wall: WallLayers | None = None,
    periodic: bool = False,
) -> StackMesh:
    """Mesh of the flat stack, all lengths in µm; the same arguments give the same mesh.

    The edges of the features become nodes of Γ. The cell size is `near` at Γ, near·`edge_factor` at
    those edges and `far` from `reach` on. With `structured` the cells form columns of width `near`
    and layers that grow from `near` to `far`, as triangles or `quadrilaterals`. The voids give the
    gap at the start. With `periodic` both sides have nodes at the same heights, for
    `periodic.joined`, and features that extend beyond a side continue at the other. Raises
    MeshError for sizes that allow no mesh. Not collective: call it on one rank.
    """
    _check_sizes(width, lithium_thickness, electrolyte_thickness, near, far, edge_factor)
    if wall is not None and not 0 < wall.tops()[-1] < lithium_thickness:
        raise MeshError(
            f"the wall layers reach {wall.tops()[-1]:.4g} µm into {lithium_thickness:g} µm of lithium: "
            "take fewer or thinner layers"
        )
    body = lithium_thickness - (wall.tops()[-1] if wall else 0.0)
    features = images(features, (width,) if periodic else ())
    corners = edges(features, width)
    if structured:
        points, cells, cell_group = _columns(width, body, electrolyte_thickness, near, far, corners, quadrilaterals)
    else:
        points, cells, cell_group = _triangulate_free(
            width, body, electrolyte_thickness, near, far, corners, edge_factor, periodic
        )
    stack = assemble(points, cells, cell_group, np.zeros(1), np.zeros(1))
    if wall is not None:
        stack = _with_wall_layers(stack, wall)
    voids = [f for f in features if isinstance(f, VoidShape)]
    return with_voids(stack, voids)


def _check_sizes(width: float, lithium: float, electrolyte: float, near: float, far: float, edge_factor: float) -> None:
    sizes = {
        "width": width,
        "lithium thickness": lithium,
        "electrolyte thickness": electrolyte,
        "near": near,
        "far": far,
        "edge factor": edge_factor,
    }
    for name, value in sizes.items():
        if not (math.isfinite(value) and value > 0):
            raise MeshError(f"{name} is {value}: it must be a positive length")
    if near > far:
        raise MeshError(
            f"the mesh is coarser at the interface (near = {near:g} µm) than away from it (far = {far:g} µm): "
            "make near at most far"
        )
    if near > min(width, lithium, electrolyte):
        raise MeshError(f"near = {near:g} µm is larger than the stack itself: make it a small part of its width and thickness")


# --- by gmsh


@contextmanager
def gmsh_model(name: str = "cellfem stack") -> Iterator[None]:
    """A `gmsh_session` to mesh a stack in. Raises MeshError."""
    try:
        with gmsh_session(name):
            yield
    except Exception as error:
        if type(error) is not Exception:  # gmsh raises plain Exception
            raise
        raise MeshError(f"gmsh could not mesh the stack: {error}; change near and far or the features' edges") from error


@contextmanager
def gmsh_session(name: str) -> Iterator[None]:
    """A silent gmsh model of its own; a session that the caller has open is restored."""
    import gmsh

    mine = not gmsh.isInitialized()
    if mine:
        gmsh.initialize(readConfigFiles=False, interruptible=False)
        reinstall_handlers()
    before = "" if mine else gmsh.model.getCurrent()
    wanted = {"General.Terminal": 0, "General.NumThreads": 1, "Mesh.MeshSizeExtendFromBoundary": 0, "Mesh.MeshSizeFromPoints": 0}
    saved = {key: gmsh.option.getNumber(key) for key in wanted}
    for key, value in wanted.items():
        gmsh.option.setNumber(key, value)
    gmsh.model.add(name)
    try:
        yield
    finally:
        gmsh.model.remove()
        for key, value in saved.items():
            gmsh.option.setNumber(key, value)
        if mine:
            gmsh.finalize()
            reinstall_handlers()
        else:
            gmsh.model.setCurrent(before)


def reach(near: float, far: float) -> float:
    """Distance from Γ (µm) at which cells have grown from `near` to `far`."""
    return NEAR_BAND + max(near, (far - near) / GROWTH)


def _triangulate_free(
    width: float,
    lithium: float,
    electrolyte: float,
    near: float,
    far: float,
    corners: list[float],
    edge_factor: float,
    periodic: bool,
) -> tuple[Floats, Ints, Ints]:
    import gmsh

    with gmsh_model():
        occ, field = gmsh.model.occ, gmsh.model.mesh.field
        blocks = [(2, occ.addRectangle(0, 0, 0, width, lithium)), (2, occ.addRectangle(0, -electrolyte, 0, width, electrolyte))]
        occ.fragment(blocks, [(0, occ.addPoint(x, 0, 0)) for x in corners])
        occ.synchronize()
        sizes = [size_field("Abs(y)", near, far, NEAR_BAND, reach(near, far))]
        if edge_factor < 1:
            fine = near * edge_factor
            for x in corners if not periodic else [x + shift for x in corners for shift in (-width, 0.0, width)]:
                sizes.append(size_field(f"Sqrt((x-({x!r}))^2+y^2)", fine, far, 2 * fine, 2 * fine + (far - fine) / EDGE_GROWTH))
        smallest = field.add("Min")
        field.setNumbers(smallest, "FieldsList", sizes)
        field.setAsBackgroundMesh(smallest)
        if periodic:
            sides_alike(1, (width,))
        gmsh.model.mesh.generate(2)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        points = coordinates.reshape(-1, 3)[:, :2]
        index = np.zeros(int(tags.max()) + 1, dtype=np.int64)
        index[tags] = np.arange(len(tags))
        cells, groups = [], []
        for dim, surface in gmsh.model.getEntities(2):
            of_surface = gmsh.model.mesh.getElementsByType(2, surface)[1].reshape(-1, 3)
            cells.append(index[of_surface])
            groups.append(np.full(len(of_surface), LITHIUM if occ.getCenterOfMass(dim, surface)[1] > 0 else ELECTROLYTE))
        return points.copy(), np.concatenate(cells), np.concatenate(groups)


def sides_alike(facet: int, extents: Sequence[float]) -> None:
    """Make gmsh mesh the high side of each axis of Γ like the low one. facet: dimension of the
    sides; extents: of Γ, µm."""
    import gmsh

    middles = {tag: gmsh.model.occ.getCenterOfMass(facet, tag) for _, tag in gmsh.model.getEntities(facet)}
    for axis, extent in enumerate(extents):
        low, high = (
            sorted(
                (tag for tag, at in middles.items() if abs(at[axis] - side) < ROUND_OFF * extent), key=lambda t: middles[t][facet]
            )
            for side in (0.0, extent)
        )
        shift = np.eye(4)
        shift[axis, 3] = extent
        gmsh.model.mesh.setPeriodic(facet, high, low, shift.ravel().tolist())


def size_field(distance: str, near: float, far: float, inner: float, outer: float) -> int:
    import gmsh

    field = gmsh.model.mesh.field
    measure, size = field.add("MathEval"), field.add("Threshold")
    field.setString(measure, "F", distance)
    for key, value in {"InField": measure, "SizeMin": near, "SizeMax": far, "DistMin": inner, "DistMax": outer}.items():
        field.setNumber(size, key, value)
    return int(size)


# --- in columns and layers


def _columns(
    width: float, lithium: float, electrolyte: float, near: float, far: float, corners: list[float], quadrilaterals: bool
) -> tuple[Floats, Ints, Ints]:
    stops = [0.0, *corners, width]
    x = np.concatenate(
        [np.linspace(a, b, max(1, round((b - a) / near)) + 1)[:-1] for a, b in itertools.pairwise(stops)] + [[width]]
    )
    above, below = layer_heights(lithium, near, far), layer_heights(electrolyte, near, far)
    y = np.concatenate([-below[:0:-1], above])
    nx = len(x)
    points = np.column_stack([np.tile(x, len(y)), np.repeat(y, nx)])
    i, j = (a.reshape(-1) for a in np.meshgrid(np.arange(nx - 1), np.arange(len(y) - 1)))
    corner = j * nx + i
    group = np.where(j >= len(below) - 1, LITHIUM, ELECTROLYTE)
    if quadrilaterals:
        return points, np.column_stack([corner, corner + 1, corner + nx, corner + nx + 1]), group
    cells = _split_quads(corner, corner + 1, corner + nx + 1, corner + nx, leaning=(i + j) % 2 == 0)
    return points, cells, np.tile(group, 2)


def layer_heights(height: float, near: float, far: float) -> Floats:
    """Heights of the layers' faces from 0 to `height`: sizes as in the free mesh, then stretched to
    fit."""
    faces, outer = [0.0], reach(near, far)
    while faces[-1] < height:
        share = min(1.0, max(0.0, (faces[-1] - NEAR_BAND) / (outer - NEAR_BAND)))
        faces.append(faces[-1] + near + (far - near) * share)
    if len(faces) > 2 and faces[-1] - height > height - faces[-2]:
        faces.pop()
    return np.asarray(faces) * (height / faces[-1])


def _split_quads(a: Ints, b: Ints, c: Ints, d: Ints, leaning: np.ndarray) -> Ints:
    """Triangles (2M, 3) of M quadrilaterals a b c d (counter-clockwise), cut along a-c if
    `leaning`, otherwise along b-d."""
    first = np.where(leaning[:, None], np.column_stack([a, b, c]), np.column_stack([a, b, d]))
    second = np.where(leaning[:, None], np.column_stack([a, c, d]), np.column_stack([b, c, d]))
    return np.concatenate([first, second])


def _with_wall_layers(stack: StackMesh, wall: WallLayers) -> StackMesh:
    """The stack with its lithium shifted up and the layers inserted between it and Γ, in columns
    over the nodes of Γ."""
    floor, tops = interface_nodes(stack), wall.tops()
    count, columns = len(stack.points), len(floor)
    lifted = np.arange(count)
    lifted[floor] = count + np.arange(columns) + (wall.count - 1) * columns
    in_lithium = stack.cell_group == LITHIUM
    points = stack.points.copy()
    inner = np.setdiff1d(stack.cells[in_lithium], floor)
    points[inner, 1] += tops[-1]
    added = np.column_stack([np.tile(stack.points[floor, 0], wall.count), np.repeat(tops, columns)])
    cells = stack.cells.copy()
    cells[in_lithium] = lifted[cells[in_lithium]]
    rows = [floor, *(count + k * columns + np.arange(columns) for k in range(wall.count))]
    thin: list[Ints] = []
    for k, (low, high) in enumerate(itertools.pairwise(rows)):
        thin.append(_split_quads(low[:-1], low[1:], high[1:], high[:-1], leaning=(np.arange(columns - 1) + k) % 2 == 0))
    layers = np.concatenate(thin)
    groups = np.concatenate([stack.cell_group, np.full(len(layers), LITHIUM)])
    return assemble(np.concatenate([points, added]), np.concatenate([cells, layers]), groups, stack.gap_x, stack.gap)


def with_voids(stack: StackMesh, voids: Iterable[VoidShape], *, periodic: bool = False) -> StackMesh:
    """The same mesh with the initial gap of these voids in place of its own; with `periodic` they
    continue over the sides."""
    found = tuple(images(voids, stack.extents if periodic else ()))
    return with_gap(stack, lambda at: gap_at(at, found))
