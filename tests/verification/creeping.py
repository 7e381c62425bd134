"""A body of creeping lithium on a mesh of its own, built from cellfem's parts: the `Problem` that
`Newton` solves."""

from __future__ import annotations

import basix.ufl
import numpy as np
import ufl
from numpy.typing import NDArray
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.creep_points import LawPoints, Rheology
from cellfem.physics import flow, kinematics
from cellfem.physics.creep import CreepLaw, PowerLaw
from cellfem.solver.block_problem import BlockProblem
from cellfem.solver.newton import Newton
from dolfinx import fem, mesh

Array = NDArray[np.float64]
DEGREE = 4


class CreepingBody(BlockProblem):
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
        self.law_points = LawPoints(tangents, flow.components(self.geometry, self.velocity), self.pressure_field, f, DEGREE)
        self.dx = ufl.Measure("dx", domain=body, metadata={"quadrature_degree": DEGREE})
        law = flow.flow(tangents, self.geometry, self.velocity, self.pressure_field, f)
        self.power = flow.virtual_power(self.geometry, law, self.velocity, self.pressure_field, *self.tests)
        self.creep: CreepLaw = PowerLaw(1.0, 1.0)

    def build(self, residual: Expr, bcs: list[fem.DirichletBC]) -> None:
        jacobian = [[fem.form(ufl.derivative(residual, self.state))]]
        BlockProblem.__init__(self, [self.state], [fem.form(residual)], jacobian)
        self.set_conditions((0, bc) for bc in bcs)

    def weigh(self, speed: float, pressure: float) -> None:
        """Typical sizes by which corrections are measured."""
        self.set_sizes_each([(speed, self.part(0, 0)), (pressure, self.part(0, 1))])

    def prepare(self) -> None:
        self.law_points.update(Rheology(self.creep, self.floor))

    def solve_for(self, creep: CreepLaw, newton: Newton) -> None:
        """From the present state to the solution with this law; AssertionError where Newton
        fails."""
        self.creep = creep
        newton.keep = False
        outcome = newton.solve()
        assert outcome.converged, f"n = {creep.exponent}: {outcome.reason}"
