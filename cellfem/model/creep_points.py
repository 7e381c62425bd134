"""Updates the creep law's tangent planes at the quadrature points with the state."""

from __future__ import annotations

from dataclasses import dataclass

import basix
import numpy as np
import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics.creep import CreepLaw, PointLaw
from cellfem.physics.creep.law import contraction
from cellfem.physics.ellipse import Array
from cellfem.physics.flow import SLOPES
from cellfem.physics.hardening import History
from dolfinx import fem

ROUNDS = 2
"""Iterations of the search for the strain rate at a stress: the error left after two (at most 1e-3)
is removed by the next correction."""
LEAST_STRESS = 1e-12  # MPa
LEAST_RATE = 1e-3  # of the floor: below it lithium has constant viscosity
LARGEST_CHANGE = 30.0  # largest change of ln rate per iteration


@dataclass(frozen=True)
class Rheology:
    """The present creep behaviour: the creep law, and the smallest equivalent strain rate (1/s) at
    which it is evaluated."""

    creep: CreepLaw
    floor: float

    def easier(self, exponent: float, stress: float, floor: float) -> Rheology:
        """A copy with a smaller exponent, the same rate at about `stress` (MPa), and another
        floor."""
        return Rheology(self.creep.easier(exponent, stress), floor)


@dataclass(frozen=True)
class Hardness:
    """Resistance S (MPa) at quadrature points: at present, at the last step and the one before; and
    the coefficients of the time scheme."""

    now: fem.Function
    old: tuple[fem.Function, fem.Function]
    scheme: tuple[fem.Constant, fem.Constant, fem.Constant]

    def history(self) -> History:
        c0, c1, c2 = (float(c.value) for c in self.scheme)
        return History(c0, c1 * self.old[0].x.array + c2 * self.old[1].x.array)


class LawPoints:
    """`tangents` (a quadrature function, `PointLaw.tangents`) of the creep law in D', p and f.

    They are taken at the present state (`update`), or at its present stresses (`follow_stresses`).
    A law with hardening also advances `hardness`.
    """

    def __init__(
        self, tangents: fem.Function, rates: list[Expr], p: Expr, f: Expr, degree: int, hardness: Hardness | None = None
    ) -> None:
        self.tangents, self.mesh = tangents, tangents.function_space.mesh
        points, _ = basix.make_quadrature(self.mesh.basix_cell(), degree)
        self.values = fem.Expression(ufl.as_vector([*rates, p, f]), points)
        self.positions = np.asarray(tangents.function_space.dofmap.list)  # (cells, points)
        self.cells = np.arange(self.positions.shape[0], dtype=np.int32)
        self.hardness = hardness

    def update(self, rheology: Rheology) -> None:
        """Take the tangents at the present state."""
        self._touch(*self._state(), rheology)

    def follow_stresses(self, rheology: Rheology) -> None:
        """Take the tangents where the law has the deviatoric stress that the present tangents give
        at the present state, with the present p and f.

        sigma_dev has the direction of the new D', and |D'| follows from |sigma_dev| by Newton's
        method in their logarithms, whose slope is between 1/n and 1.
        """
        law, floor = rheology.creep, rheology.floor
        D, p, f = self._state()
        at = self._table()[self.positions]
        mu, k_e, k_p, k_f, k_0 = (at[..., i] for i in range(5))
        T = at[..., SLOPES:]
        with np.errstate(all="ignore"):
            share = k_e * contraction(T, D) + k_p * p + k_f * f + k_0
            stress = 2 * mu[..., None] * D + share[..., None] * T
            size = np.maximum(np.sqrt(1.5 * contraction(stress, stress)), LEAST_STRESS)
            rate = np.maximum(np.sqrt(2 / 3 * contraction(D, D)), LEAST_RATE * floor)
            for _ in range(ROUNDS):
                here = self._points(rate**2 + floor**2, p, f, law)
                slope = 1 + 2 * rate**2 * here.mu_e / here.mu
                rate = rate * np.exp(np.clip(np.log(size / (3 * here.mu * rate)) / slope, -LARGEST_CHANGE, LARGEST_CHANGE))
            D = (1.5 * rate / size)[..., None] * stress
        self._touch(D, p, f, rheology)

    def _state(self) -> tuple[Array, Array, Array]:
        """D' (cells, points, components), p and f (cells, points) of the present state."""
        values = self.values.eval(self.mesh, self.cells)
        return values[..., :-2], values[..., -2], values[..., -1]

    def _table(self) -> Array:
        return np.asarray(self.tangents.x.array.reshape(-1, self.tangents.function_space.dofmap.bs))

    def _touch(self, D: Array, p: Array, f: Array, rheology: Rheology) -> None:
        with np.errstate(all="ignore"):  # a trial state of Newton's method may overflow: it is then rejected
            found = self._points(2 / 3 * contraction(D, D) + rheology.floor**2, p, f, rheology.creep)
            self._table()[self.positions] = found.tangents(D, p, f)

    def _points(self, e2: Array, p: Array, f: Array, law: CreepLaw) -> PointLaw:
        if law.initial_resistance is None:
            return law.points(e2, p, f)
        assert self.hardness is not None, "a law with hardening needs the resistance at its points"
        c0, past = self.hardness.history()
        at = np.asarray(self.hardness.now.function_space.dofmap.list)
        found, resistance = law.advanced(e2, p, f, History(c0, past[at]))
        self.hardness.now.x.array[at] = resistance
        return found
