"""A thick-walled shell of creeping lithium pressed from outside: a small problem of its own built
from cellfem's parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics.creep import PowerLaw
from cellfem.solver.newton import Newton
from dolfinx import fem, mesh
from tests.verification.creeping import DEGREE, CreepingBody

INNER, OUTER = 1, 2
STRAIN_RATE_FLOOR = 1e-12


def quarter_annulus(inner: float, outer: float, layers: int, sectors: int) -> mesh.Mesh:
    """Triangles on inner < r < outer, 0 < angle < π/2, in layers of constant ratio of radii."""
    corners = [np.array([np.log(inner), 0.0]), np.array([np.log(outer), np.pi / 2])]
    annulus = mesh.create_rectangle(MPI.COMM_SELF, corners, [layers, sectors])
    radius, angle = np.exp(annulus.geometry.x[:, 0]), annulus.geometry.x[:, 1].copy()
    annulus.geometry.x[:, 0], annulus.geometry.x[:, 1] = radius * np.cos(angle), radius * np.sin(angle)
    return annulus


@dataclass
class Shell(CreepingBody):
    """Quarter of a cylinder (plane strain) or sphere (axisymmetric, x[0] the radius); solved by
    itself.

    Radii in µm, outer pressure in MPa, porosity zero: with its floor of 1e-6 the law compacts not
    noticeably.
    """

    inner: float
    outer: float
    pressure: float
    sphere: bool
    layers: int = 24
    sectors: int = 24
    porosity_switch: float = 1e-4
    creep_law: type[PowerLaw] = PowerLaw

    def __post_init__(self) -> None:
        body = quarter_annulus(self.inner, self.outer, self.layers, self.sectors)
        super().__init__(body, self.sphere, STRAIN_RATE_FLOOR)
        W, weight = self.state.function_space, self.geometry.weight
        ds = ufl.Measure("ds", domain=body, subdomain_data=self._faces(body), metadata={"quadrature_degree": DEGREE})
        n = ufl.FacetNormal(body)
        residual = self.power * self.dx + self.pressure * ufl.dot(self.tests[0], n) * weight * ds(OUTER)
        self.build(residual, [self._mirror(W, i) for i in (0, 1)])
        self.inward = fem.form(ufl.dot(self.velocity, n) * weight * ds(INNER))  # n points into the hole
        self.hole = fem.form(fem.Constant(body, 1.0) * weight * ds(INNER))

    def _faces(self, body: mesh.Mesh) -> mesh.MeshTags:
        body.topology.create_connectivity(1, 2)
        radius = self.inner, self.outer
        found = [mesh.locate_entities_boundary(body, 1, lambda x, r=r: np.abs(np.hypot(*x[:2]) - r) < 1e-6 * r) for r in radius]
        facets, tags = np.concatenate(found), np.repeat([INNER, OUTER], [len(i) for i in found]).astype(np.int32)
        order = np.argsort(facets)
        return mesh.meshtags(body, 1, facets[order], tags[order])

    def _mirror(self, W: fem.FunctionSpace, axis: int) -> fem.DirichletBC:
        V = W.sub(0).sub(axis)
        collapsed, _ = V.collapse()
        dofs = fem.locate_dofs_geometrical((V, collapsed), lambda x: np.abs(x[axis]) < 1e-9 * self.inner)
        return fem.dirichletbc(fem.Function(collapsed), dofs, V)

    def solve(self, prefactor: float, exponents: tuple[float, ...]) -> float:
        """Closure rate -ȧ/a (1/s) of the hole for the last of the exponents, reached through the
        others."""
        newton = Newton(self, tolerance=1e-9, most=60)
        for n in exponents:
            self.weigh(prefactor * self.pressure**n * self.inner, self.pressure)
            self.solve_for(self.creep_law(prefactor, n, self.porosity_switch), newton)
        return float(fem.assemble_scalar(self.inward) / fem.assemble_scalar(self.hole)) / self.inner
