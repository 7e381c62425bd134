"""A body of creeping lithium on a mesh of its own, built from cellfem's parts: the `Problem` that
`Newton` solves."""

from __future__ import annotations

import basix.ufl
import numpy as np
import ufl
from numpy.typing import NDArray
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.creep_points import LawPoints
from cellfem.physics import flow, kinematics
from cellfem.physics.creep import CreepLaw, PowerLaw
from cellfem.solver.newton import Newton
from dolfinx import fem, mesh
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
DEGREE = 4


class CreepingBody:
    """Velocity (P2) and pressure (P1) of dense lithium: with its floor of 1e-6 the porosity
    compacts not noticeably.

    A subclass makes `residual` from `power` and what acts on the body, calls `build` with it and
    the boundary conditions, and puts the law into `creep`. axisymmetric: x[0] is the radius.
    """

    def __init__(self, body: mesh.Mesh, axisymmetric: bool, floor: float) -> None:
        cell = body.basix_cell()
        self.floor = floor
        velocity = basix.ufl.element("Lagrange", cell, 2, shape=(2,))
        W = fem.functionspace(body, basix.ufl.mixed_element([velocity, basix.ufl.element("Lagrange", cell, 1)]))
        tangents = fem.Function(fem.functionspace(body, basix.ufl.quadrature_element(cell, (flow.numbers(2),), degree=DEGREE)))
        self.state = fem.Function(W)
        self.velocity, self.pressure_field = ufl.split(self.state)
        self.tests = ufl.TestFunctions(W)
        f = fem.Constant(body, 0.0)
        self.geometry = kinematics.bulk(None, ufl.SpatialCoordinate(body)[0] if axisymmetric else None)
        self.law = LawPoints(tangents, flow.components(self.geometry, self.velocity), self.pressure_field, f, DEGREE)
        self.dx = ufl.Measure("dx", domain=body, metadata={"quadrature_degree": DEGREE})
        law = flow.flow(tangents, self.geometry, self.velocity, self.pressure_field, f)
        self.power = flow.virtual_power(self.geometry, law, self.velocity, self.pressure_field, *self.tests)
        self.creep: CreepLaw = PowerLaw(1.0, 1.0)

    def build(self, residual: Expr, bcs: list[fem.DirichletBC]) -> None:
        W = self.state.function_space
        self.row, self.jacobian = fem.form(residual), fem.form(ufl.derivative(residual, self.state))
        self.bcs = bcs
        self.R = fp.create_vector(W)
        self.A = fp.create_matrix(self.jacobian)
        self.ksp = PETSc.KSP().create(W.mesh.comm)
        self.ksp.setType("preonly")
        self.ksp.getPC().setType("lu")
        self.ksp.getPC().setFactorSolverType("mumps")
        self.step = self.R.duplicate()
        self.weight = np.zeros(len(self.R.array))

    def weigh(self, speed: float, pressure: float) -> None:
        """Typical sizes by which corrections are measured."""
        for i, size in enumerate((speed, pressure)):
            dofs = np.asarray(self.state.function_space.sub(i).collapse()[1])
            self.weight[dofs] = 1 / (len(dofs) * size**2)

    def solve_for(self, creep: CreepLaw, newton: Newton) -> None:
        """From the present state to the solution with this law; AssertionError where Newton
        fails."""
        self.creep = creep
        newton.keep = False
        outcome = newton.solve()
        assert outcome.converged, f"n = {creep.exponent}: {outcome.reason}"

    # --- what Newton asks for

    def assemble_residual(self) -> Array:
        self.law.update(self.creep, self.floor)
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
