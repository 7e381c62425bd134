"""A thick-walled shell of creeping lithium pressed from outside: a small problem of its own built from cellfem's parts."""

from __future__ import annotations

from dataclasses import dataclass

import basix.ufl
import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.law import LawPoints
from cellfem.physics import flow, kinematics
from cellfem.physics.creep import PorousCreep
from cellfem.solver.newton import Newton
from dolfinx import fem, mesh
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
DEGREE = 4
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
class Shell:
    """Quarter of a cylinder (plane strain) or sphere (axisymmetric, x[0] the radius); fills the `Problem` that `Newton` solves.

    Radii in µm, outer pressure in MPa, porosity zero: with its floor of 1e-6 the law compacts not noticeably.
    """

    inner: float
    outer: float
    pressure: float
    sphere: bool
    layers: int = 24
    sectors: int = 24
    porosity_switch: float = 1e-4

    def __post_init__(self) -> None:
        body = quarter_annulus(self.inner, self.outer, self.layers, self.sectors)
        cell = body.basix_cell()
        W = fem.functionspace(
            body,
            basix.ufl.mixed_element([basix.ufl.element("Lagrange", cell, 2, shape=(2,)), basix.ufl.element("Lagrange", cell, 1)]),
        )
        planes = fem.Function(fem.functionspace(body, basix.ufl.quadrature_element(cell, (8,), degree=DEGREE)))
        self.state = fem.Function(W)
        v, p = ufl.split(self.state)
        f = fem.Constant(body, 0.0)
        tv, tp = ufl.TestFunctions(W)
        geometry = kinematics.bulk(None, ufl.SpatialCoordinate(body)[0] if self.sphere else None)
        rate2 = flow.shear_rate2(geometry, v)
        self.law = LawPoints(planes, rate2, p, f, DEGREE)
        dx = ufl.Measure("dx", domain=body, metadata={"quadrature_degree": DEGREE})
        ds = ufl.Measure("ds", domain=body, subdomain_data=self._faces(body), metadata={"quadrature_degree": DEGREE})
        n = ufl.FacetNormal(body)
        power = flow.virtual_power(geometry, flow.flow(planes, rate2, p, f), v, p, tv, tp)
        residual = power * dx + self.pressure * ufl.dot(tv, n) * geometry.weight * ds(OUTER)
        self.row, self.jacobian = fem.form(residual), fem.form(ufl.derivative(residual, self.state))
        self.bcs = [self._mirror(W, i) for i in (0, 1)]
        self.inward = fem.form(ufl.dot(v, n) * geometry.weight * ds(INNER))  # n points into the hole
        self.hole = fem.form(fem.Constant(body, 1.0) * geometry.weight * ds(INNER))
        self.R = fp.create_vector(W)
        self.A = fp.create_matrix(self.jacobian)
        self.ksp = PETSc.KSP().create(body.comm)
        self.ksp.setType("preonly")
        self.ksp.getPC().setType("lu")
        self.ksp.getPC().setFactorSolverType("mumps")
        self.step = self.R.duplicate()
        self.weight = np.zeros(len(self.R.array))
        self.creep = PorousCreep(1.0, 1.0, self.porosity_switch)

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
        """Closure rate -ȧ/a (1/s) of the hole for the last of the exponents, reached through the others."""
        newton = Newton(self, tolerance=1e-9, most=60)
        for n in exponents:
            self.creep = PorousCreep(prefactor, n, self.porosity_switch)
            speed = prefactor * self.pressure**n * self.inner
            for i, size in enumerate((speed, self.pressure)):
                dofs = np.asarray(self.state.function_space.sub(i).collapse()[1])
                self.weight[dofs] = 1 / (len(dofs) * size**2)
            newton.keep = False
            outcome = newton.solve()
            assert outcome.converged, f"n = {n}: {outcome.reason}"
        return float(fem.assemble_scalar(self.inward) / fem.assemble_scalar(self.hole)) / self.inner

    # --- what Newton asks for

    def assemble_residual(self) -> Array:
        self.law.update(self.creep, STRAIN_RATE_FLOOR)
        with self.R.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.R, self.row)
        for bc in self.bcs:
            self.R.array[bc._cpp_object.dof_indices()[0]] = 0.0
        return self.R.array

    def assemble_jacobian(self) -> None:
        self.A.zeroEntries()
        fp.assemble_matrix(self.A, self.jacobian, bcs=self.bcs)
        self.A.assemble()

    def factor(self) -> None:
        self.ksp.setOperators(self.A)
        self.ksp.setUp()

    def correction(self) -> Array:
        self.ksp.solve(self.R, self.step)
        self.step.scale(-1.0)
        return self.step.array

    def add(self, delta: Array, scale: float = 1.0) -> None:
        self.state.x.array[:] += scale * delta

    def dot(self, a: Array, b: Array) -> float:
        return float(np.dot(a * self.weight, b))

    def balanced(self) -> bool:
        return True
