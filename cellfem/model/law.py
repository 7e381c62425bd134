"""Keeps the creep law's tangent planes at the quadrature points in step with the state."""

from __future__ import annotations

import basix
import numpy as np
import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics.creep import PorousCreep, point_law
from dolfinx import fem


class LawPoints:
    """`planes` (eight numbers of `PointLaw.affine`, a quadrature function) evaluated from e2 = (2/3) D':D', p and f."""

    def __init__(self, planes: fem.Function, rate2: Expr, p: Expr, f: Expr, degree: int) -> None:
        self.planes, self.mesh = planes, planes.function_space.mesh
        points, _ = basix.make_quadrature(self.mesh.basix_cell(), degree)
        self.values = fem.Expression(ufl.as_vector([rate2, p, f]), points)
        self.positions = np.asarray(planes.function_space.dofmap.list)  # (cells, points)
        self.cells = np.arange(self.positions.shape[0], dtype=np.int32)

    def update(self, law: PorousCreep, floor: float) -> None:
        """Evaluate the law at the present state; floor: smallest equivalent strain rate (1/s)."""
        values = self.values.eval(self.mesh, self.cells)
        e2, p, f = values[..., 0], values[..., 1], values[..., 2]
        self.planes.x.array.reshape(-1, 8)[self.positions] = point_law(e2 + floor**2, p, f, law).affine(e2, p, f)
