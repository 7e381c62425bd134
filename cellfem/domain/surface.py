"""Quadrature of Γ in numpy, at the points of the residual."""

from __future__ import annotations

import basix
import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import Domain

Array = NDArray[np.float64]


def surface_quadrature(domain: Domain, degree: int, axisymmetric: bool) -> tuple[Array, Array]:
    """(shape (q, n), weight (K, q)) for the K facets of Γ that this rank owns, n nodes each: values
    at the nodes `gamma_facets` times shape are values at the points; sum(weight) over all ranks is
    |Γ|. Not collective.
    """
    cell = domain.parent.basix_cell()
    facet = basix.cell.subentity_types(cell)[domain.dimension - 1][0]
    points, at = basix.make_quadrature(facet, degree)
    element = basix.create_element(basix.ElementFamily.P, facet, 1)
    table = element.tabulate(1, points)[..., 0]  # (1 + axes, q, n)
    corners = domain.skin.geometry.x[geometry_nodes(domain)]  # (K, n, 3)
    tangents = np.einsum("aqn,kni->kqai", table[1:], corners)
    measure = np.sqrt(np.linalg.det(np.einsum("kqai,kqbi->kqab", tangents, tangents)))
    radius = np.einsum("qn,kn->kq", table[0], corners[..., 0])
    return table[0], measure * at * (2 * np.pi * radius if axisymmetric else 1.0)


def geometry_nodes(domain: Domain) -> NDArray[np.int32]:
    """Nodes of the skin's geometry that are the corners of the facets of Γ, in the order of
    `gamma_facets`."""
    corners = np.array(basix.topology(domain.skin.basix_cell())[domain.dimension - 1])
    inside = domain.skin_map.sub_topology_to_topology(domain.interface[:, 0].copy(), True)
    return np.asarray(np.take_along_axis(domain.skin.geometry.dofmaps[0][inside], corners[domain.interface[:, 1]], axis=1))
