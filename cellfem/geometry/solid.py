"""Meshes in 3-D, z up: tetrahedra by gmsh, hexahedra in columns and layers, and plane meshes
extruded along y."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellfem.geometry.box import Box, check_sizes
from cellfem.geometry.build import NEAR_BAND, gmsh_model, reach, sides_alike, size_field
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.hexahedra import Hexahedra, build_hexahedra
from cellfem.geometry.stack import Floats, Ints, StackMesh, assemble_with, with_gap
from cellfem.geometry.voids import SpotShape, VoidShape, gap_at, images

TETRAHEDRA = 4  # gmsh's element type
ROUND_OFF = 1e-9


def build_solid(
    box: Box, near: float, far: float, features: Sequence[SpotShape] = (), *, bricks: bool = False, periodic: bool = False
) -> StackMesh:
    """Mesh of the flat stack: tetrahedra of size `near` at Γ and `far` from `build.reach` on, with
    the outlines of the features on Γ as edges; or, with `bricks`, hexahedra of width `near` in
    layers that grow likewise, with faces at the features' ends.

    The voids give the gap at the start. With `periodic` opposite sides have matching nodes, for
    `periodic.joined`, and features that extend beyond a side continue at the other. Lengths in µm;
    the same arguments give the same mesh. Raises MeshError. Not collective.
    """
    check_sizes(box, near, far)
    features = images(features, (box.width, box.depth) if periodic else ())
    made = _whole(build_hexahedra(box, near, far, features)) if bricks else _tetrahedra(box, near, far, features, periodic)
    voids = [f for f in features if isinstance(f, VoidShape)]
    return assemble_with(*made, lambda at: gap_at(at, voids))


def extruded(plane: StackMesh, depth: float, layers: int) -> StackMesh:
    """A plane mesh extruded along y in equal layers: quadrilaterals become hexahedra, triangles
    three tetrahedra each.

    The gap of the plane mesh is kept.
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
    """Three tetrahedra (3M, 4) for each prism, given by its triangles low and high (M, 3):
    neighbours cut their common face in the same way.

    Every vertical face is cut by the diagonal that starts below at its smaller node (Dompierre et
    al. 1999).
    """
    order = np.argsort(low, axis=1)
    a, b, c = np.take_along_axis(low, order, axis=1).T
    A, B, C = np.take_along_axis(high, order, axis=1).T
    return np.concatenate([np.column_stack(t) for t in ((a, A, B, C), (a, b, B, C), (a, b, c, C))])


def _whole(bricks: Hexahedra) -> tuple[Floats, Ints, Ints]:
    """All nodes and cells, in the order of their numbers."""
    nodes = bricks.nodes_of(np.arange(math.prod(bricks.nodes)), joined=False)
    cells = np.stack([at.ravel() for at in np.indices(bricks.cells[::-1])][::-1], axis=-1)
    return bricks.places(nodes), bricks.corner_numbers(cells, joined=False), bricks.groups(cells)


def _tetrahedra(box: Box, near: float, far: float, features: Sequence[SpotShape], periodic: bool) -> tuple[Floats, Ints, Ints]:
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
        background = size_field("Abs(z)", near, far, NEAR_BAND, reach(near, far))
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
            points[np.abs(points[:, axis] - size) < ROUND_OFF * size, axis] = size  # cutting outlines leaves unused ones
        return points, np.concatenate(cells), np.concatenate(groups)


def _outline(box: Box, feature: SpotShape) -> list[tuple[int, int]]:
    """The part of a feature that is on Γ, as surfaces."""
    import gmsh

    occ, h = gmsh.model.occ, feature.half_width
    if feature.center_y is None:
        left, right = max(feature.center - h, 0.0), min(feature.center + h, box.width)
        return [(2, occ.addRectangle(left, 0, 0, right - left, box.depth))]
    across = feature.half_width_y or h
    axes = [1.0, 0.0, 0.0] if h >= across else [0.0, 1.0, 0.0]
    disc = occ.addDisk(feature.center, feature.center_y, 0, max(h, across), min(h, across), zAxis=[0, 0, 1], xAxis=axes)
    return list(occ.intersect([(2, disc)], [(2, occ.addRectangle(0, 0, 0, box.width, box.depth))])[0])
