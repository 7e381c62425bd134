"""Keeps the creep law's tangent planes at the quadrature points in step with the state."""

from __future__ import annotations

from dataclasses import dataclass

import basix
import numpy as np
import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics.creep import CreepLaw, PointLaw
from cellfem.physics.ellipse import Array
from cellfem.physics.hardening import History
from dolfinx import fem


@dataclass(frozen=True)
class Hardness:
    """Resistance S (MPa) at quadrature points: now, at the last step and the one before; and the numbers of the time scheme."""

    now: fem.Function
    old: tuple[fem.Function, fem.Function]
    scheme: tuple[fem.Constant, fem.Constant, fem.Constant]

    def history(self) -> History:
        c0, c1, c2 = (float(c.value) for c in self.scheme)
        return History(c0, c1 * self.old[0].x.array + c2 * self.old[1].x.array)


class LawPoints:
    """`planes` (eight numbers of `PointLaw.affine`, a quadrature function) evaluated from e2 = (2/3) D':D', p and f.

    A law with hardening also advances `hardness`.
    """

    def __init__(
        self, planes: fem.Function, rate2: Expr, p: Expr, f: Expr, degree: int, hardness: Hardness | None = None
    ) -> None:
        self.planes, self.mesh = planes, planes.function_space.mesh
        points, _ = basix.make_quadrature(self.mesh.basix_cell(), degree)
        self.values = fem.Expression(ufl.as_vector([rate2, p, f]), points)
        self.positions = np.asarray(planes.function_space.dofmap.list)  # (cells, points)
        self.cells = np.arange(self.positions.shape[0], dtype=np.int32)
        self.hardness = hardness

    def update(self, law: CreepLaw, floor: float) -> None:
        """Evaluate the law at the present state; floor: smallest equivalent strain rate (1/s)."""
        values = self.values.eval(self.mesh, self.cells)
        e2, p, f = values[..., 0], values[..., 1], values[..., 2]
        with np.errstate(all="ignore"):  # a state that Newton only tries may lie beyond all numbers: it is not taken then
            found = self._points(e2 + floor**2, p, f, law)
        self.planes.x.array.reshape(-1, 8)[self.positions] = found.affine(e2, p, f)

    def _points(self, e2: Array, p: Array, f: Array, law: CreepLaw) -> PointLaw:
        if law.initial_resistance is None:
            return law.points(e2, p, f)
        assert self.hardness is not None, "a law with hardening needs the resistance at its points"
        c0, past = self.hardness.history()
        at = np.asarray(self.hardness.now.function_space.dofmap.list)
        found, resistance = law.advanced(e2, p, f, History(c0, past[at]))
        self.hardness.now.x.array[at] = resistance
        return found
