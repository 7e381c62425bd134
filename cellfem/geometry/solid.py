"""Meshes in 3-D, z upright: tetrahedra by gmsh, hexahedra in columns and layers, and plane meshes pushed out along y."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellfem.geometry.build import FAR_DISTANCE, NEAR_BAND, gmsh_model, layer_heights, sides_alike, size_field
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.stack import Floats, Ints, MeshError, StackMesh, assemble_with, with_gap
from cellfem.geometry.voids import Spot, Void, gap_at, images

TETRAHEDRA = 4  # gmsh's type of element
ROUND_OFF = 1e-9
GROWTH_DISTANCE = FAR_DISTANCE  # µm, over which cells grow from `near` to `far`


@dataclass(frozen=True)
class Box:
    """Size of a stack in 3-D, µm: extents of Γ in x and y, thickness of lithium and electrolyte."""

    width: float
    depth: float
    lithium: float
    electrolyte: float


def build_solid(
    box: Box, near: float, far: float, features: Sequence[Spot] = (), *, bricks: bool = False, periodic: bool = False
) -> StackMesh:
    """Mesh of the flat stack: tetrahedra of size `near` at Γ and `far` from 15 µm on, with the outlines of the features on Γ as
    edges; or, with `bricks`, hexahedra `near` wide in layers that grow likewise, with their faces at the features' ends.

    The voids give the gap at the start. With `periodic` opposite sides have their nodes at the same places, for
    `periodic.joined`, and features that reach over a side go on at the other. Lengths in µm; the same arguments give the same
    mesh. Raises MeshError. Not collective.
    """
    for name, value in (*vars(box).items(), ("near", near), ("far", far)):
        if not (math.isfinite(value) and value > 0):
            raise MeshError(f"{name} is {value}: it must be a positive length")
    if near > far or near > min(vars(box).values()):
        raise MeshError(f"near = {near:g} µm is larger than far = {far:g} µm or than the stack itself: make it smaller")
    features = images(features, (box.width, box.depth) if periodic else ())
    points, cells, group = _bricks(box, near, far, features) if bricks else _tetrahedra(box, near, far, features, periodic)
    voids = [f for f in features if isinstance(f, Void)]
    return assemble_with(points, cells, group, lambda at: gap_at(at, voids))


def extruded(plane: StackMesh, depth: float, layers: int) -> StackMesh:
    """A plane mesh pushed out along y in equal layers: quadrilaterals become hexahedra, triangles three tetrahedra each.

    The gap of the plane mesh goes with it.
    """
    count, per_cell = len(plane.points), plane.cells.shape[1]
    y = np.linspace(0.0, depth, layers + 1)
    x, z = plane.points.T
    points = np.column_stack([np.tile(x, layers + 1), np.repeat(y, count), np.tile(z, layers + 1)])
    low = np.concatenate([plane.cells + k * count for k in range(layers)])
    if per_cell == 4:  # corners in the order x, y, z of a tensor product
        cells = np.concatenate([low[:, :2], low[:, :2] + count, low[:, 2:], low[:, 2:] + count], axis=1)
        group = np.tile(plane.cell_group, layers)
    else:
        cells, group = _prisms_cut(low, low + count), np.tile(plane.cell_group, 3 * layers)
    solid = assemble_with(points, cells, group, lambda at: np.zeros(len(at)))
    return with_gap(solid, lambda at: np.interp(at[:, 0], plane.gap_x, plane.gap))


def _prisms_cut(low: Ints, high: Ints) -> Ints:
    """Three tetrahedra (3M, 4) for each prism, its triangles low and high (M, 3): neighbours cut their common face alike.

    Every upright face is cut by the diagonal that starts below at its smaller node (Dompierre et al. 1999).
    """
    order = np.argsort(low, axis=1)
    a, b, c = np.take_along_axis(low, order, axis=1).T
    A, B, C = np.take_along_axis(high, order, axis=1).T
    return np.concatenate([np.column_stack(t) for t in ((a, A, B, C), (a, b, B, C), (a, b, c, C))])


def _bricks(box: Box, near: float, far: float, features: Sequence[Spot]) -> tuple[Floats, Ints, Ints]:
    x = _columns(box.width, near, [(f.center, f.half_width) for f in features])
    y = _columns(box.depth, near, [(f.center_y, f.half_width_y or f.half_width) for f in features if f.center_y is not None])
    below, above = layer_heights(box.electrolyte, near, far), layer_heights(box.lithium, near, far)
    z = np.concatenate([-below[:0:-1], above])
    nx, ny, nz = len(x), len(y), len(z)
    points = np.column_stack([np.tile(x, ny * nz), np.tile(np.repeat(y, nx), nz), np.repeat(z, nx * ny)])
    k, j, i = (a.ravel() for a in np.meshgrid(np.arange(nz - 1), np.arange(ny - 1), np.arange(nx - 1), indexing="ij"))
    corner = (k * ny + j) * nx + i
    across = [corner, corner + 1, corner + nx, corner + nx + 1]
    cells = np.column_stack([*across, *(node + nx * ny for node in across)])
    return points, cells, np.where(k >= len(below) - 1, LITHIUM, ELECTROLYTE)


def _columns(extent: float, near: float, spans: Sequence[tuple[float, float]]) -> Floats:
    """Places of the faces of columns, about `near` wide, with faces at the ends of the spans (centre, half width)."""
    ends = sorted({0.0, extent, *(c + s * h for c, h in spans for s in (-1, 1) if near / 4 < c + s * h < extent - near / 4)})
    kept = [ends[0]]
    for end in ends[1:]:
        if end - kept[-1] > near / 4 or end == extent:
            kept.append(end)
    parts = [np.linspace(a, b, max(1, round((b - a) / near)) + 1)[:-1] for a, b in itertools.pairwise(kept)]
    return np.concatenate([*parts, [extent]])


def _tetrahedra(box: Box, near: float, far: float, features: Sequence[Spot], periodic: bool) -> tuple[Floats, Ints, Ints]:
    import gmsh

    with gmsh_model():
        occ, field = gmsh.model.occ, gmsh.model.mesh.field
        bodies = [
            (3, occ.addBox(0, 0, 0, box.width, box.depth, box.lithium)),
            (3, occ.addBox(0, 0, -box.electrolyte, box.width, box.depth, box.electrolyte)),
        ]
        outlines = [piece for feature in features for piece in _outline(box, feature)]
        occ.fragment(bodies, outlines)
        occ.synchronize()
        background = size_field("Abs(z)", near, far, NEAR_BAND, max(GROWTH_DISTANCE, NEAR_BAND + near))
        field.setAsBackgroundMesh(background)
        if periodic:
            sides_alike(2, (box.width, box.depth))
        gmsh.model.mesh.generate(3)
        tags, coordinates, _ = gmsh.model.mesh.getNodes()
        index = np.zeros(int(tags.max()) + 1, dtype=np.int64)
        index[tags] = np.arange(len(tags))
        cells, groups = [], []
        for dim, body in gmsh.model.getEntities(3):
            of_body = gmsh.model.mesh.getElementsByType(TETRAHEDRA, body)[1].reshape(-1, 4)
            cells.append(index[of_body])
            groups.append(np.full(len(of_body), LITHIUM if occ.getCenterOfMass(dim, body)[2] > 0 else ELECTROLYTE))
        points = coordinates.reshape(-1, 3).copy()
        for axis, size in enumerate((box.width, box.depth, box.lithium)):
            points[np.abs(points[:, axis] - size) < ROUND_OFF * size, axis] = size  # cutting outlines leaves some
        return points, np.concatenate(cells), np.concatenate(groups)


def _outline(box: Box, feature: Spot) -> list[tuple[int, int]]:
    """The part of a feature that lies on Γ, as surfaces."""
    import gmsh

    occ, h = gmsh.model.occ, feature.half_width
    if feature.center_y is None:
        left, right = max(feature.center - h, 0.0), min(feature.center + h, box.width)
        return [(2, occ.addRectangle(left, 0, 0, right - left, box.depth))]
    across = feature.half_width_y or h
    axes = [1.0, 0.0, 0.0] if h >= across else [0.0, 1.0, 0.0]
    disc = occ.addDisk(feature.center, feature.center_y, 0, max(h, across), min(h, across), zAxis=[0, 0, 1], xAxis=axes)
    return list(occ.intersect([(2, disc)], [(2, occ.addRectangle(0, 0, 0, box.width, box.depth))])[0])
