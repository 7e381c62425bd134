"""K_I by the domain integral against handbook values: an edge crack under even pressure, centre
cracks filled in part.

Cells of a/500 at the tip; the block is 60 crack lengths wide: ends change K by some (a/60)², 1e-3
with their factors. Asked: 1 % of the exact value, and 0.5 % between domains.
"""

import math

import numpy as np
import pytest
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.flaw.integral import CrackIntegral, Release, Tip
from cellfem.geometry.build import gmsh_model
from cellfem.model.elastic import ElasticBody, FixedPoints
from cellfem.physics import fracture
from dolfinx import fem
from dolfinx.io import gmsh as gmsh_io

YOUNG, POISSON, PRESSURE = 150e3, 0.26, 100.0
SIZE, CRACK = 60.0, 1.0
RINGS = ((0.1, 0.3), (0.3, 0.7), (0.5, 0.95))
LOADED = 5


def _intensities(filled: float, centre: bool, uniform: float = 0.0) -> list[Release]:
    """On three domains; the crack reaches from y = 0 to -1, the pressure to -filled. centre: y = 0
    is a mirror plane.

    uniform: a compression of the block along x instead, by pressing its right side.
    """
    import gmsh

    with gmsh_model("crack"):
        geo = gmsh.model.geo
        places = [(0, 0), (SIZE, 0), (SIZE, -SIZE), (0, -SIZE), (0, -CRACK)]
        if filled < CRACK:
            places.append((0, -filled))
        points = [geo.addPoint(x, y, 0) for x, y in places]
        lines = [geo.addLine(a, b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
        body = geo.addPlaneSurface([geo.addCurveLoop(lines)])
        geo.synchronize()
        gmsh.model.addPhysicalGroup(2, [body], 1)
        gmsh.model.addPhysicalGroup(1, [lines[-1]], LOADED)
        gmsh.model.addPhysicalGroup(1, [lines[1]], LOADED + 1)

        def size(dim: int, tag: int, x: float, y: float, z: float, lc: float) -> float:
            at_tip, at_end = math.hypot(x, y + CRACK), math.hypot(x, y + filled)
            return min(SIZE / 8, CRACK / 500 + 0.15 * at_tip, CRACK / 50 + 0.15 * at_end)

        gmsh.model.mesh.setSizeCallback(size)
        gmsh.model.mesh.generate(2)
        data = gmsh_io.model_to_mesh(gmsh.model, MPI.COMM_SELF, 0, gdim=2)
    held = [
        FixedPoints(1, lambda x: np.abs(x[1] + (0.0 if centre else SIZE)) < 1e-9 * SIZE),
        FixedPoints(0, lambda x: (np.abs(x[0]) < 1e-9) & (x[1] < -CRACK + 1e-9)),
    ]
    elastic = ElasticBody(data.mesh, YOUNG, POISSON, held)
    ds = ufl.Measure("ds", domain=data.mesh, subdomain_data=data.facet_tags, metadata={"quadrature_degree": 8})
    n = ufl.FacetNormal(data.mesh)
    where = LOADED + 1 if uniform else LOADED
    elastic.solve(fem.form(-(uniform or PRESSURE) * ufl.dot(n, elastic.test()) * ds(where)))
    faces = (None, None) if uniform else (ds(LOADED), -PRESSURE * n)
    return [CrackIntegral(elastic, Tip(-CRACK), a, b, *faces).evaluate() for a, b in RINGS]


def _check(found: list[Release], exact: float) -> None:
    for release in found:
        assert release.intensity == pytest.approx(exact, rel=0.01)
        assert release.by_energy == pytest.approx(exact, rel=0.01)
        assert release.intensity == pytest.approx(found[0].intensity, rel=0.005)
        assert release.energy == pytest.approx(found[0].energy, rel=0.01)


def test_edge_crack_under_even_pressure() -> None:
    _check(_intensities(CRACK, centre=False), float(fracture.edge_crack(PRESSURE, CRACK)))


@pytest.mark.parametrize("filled", [0.3, 0.6, 0.9])
def test_centre_crack_filled_in_part(filled: float) -> None:
    _check(_intensities(filled, centre=True), float(fracture.centre_crack(PRESSURE, CRACK, filled)))


def test_compression_holds_the_crack_shut() -> None:
    """A block pressed from the side: K_I of the edge crack with its sign, -1.1215 p √(πa); the
    energy has none."""
    exact = float(fracture.edge_crack(PRESSURE, CRACK))
    for release in _intensities(0.5, centre=False, uniform=PRESSURE):
        assert release.intensity == pytest.approx(-exact, rel=0.01)
        assert release.by_energy == pytest.approx(exact, rel=0.01)
