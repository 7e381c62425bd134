"""One time step: predict, solve, estimate the error, then accept or restore."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellfem.model.limits import MapLimits
from cellfem.model.mesh_motion import MapExtension
from cellfem.model.state import State
from cellfem.model.time_error import TimeError
from cellfem.solver.newton import Newton, Outcome
from cellfem.solver.system import System

Array = NDArray[np.float64]


SMALL_FIRST = 0.5
"""Assumed error of a step without a prediction."""


FELT = 1e-3
"""Share of the largest velocity below which velocities are scaled by it: Newton's tolerance is then
1e-9 of the largest, a hundred times the round-off."""


@dataclass(frozen=True)
class TrialStep:
    """Outcome of a step that was tried: `error` is the estimated time error over its tolerance (inf
    if Newton failed)."""

    newton: Outcome
    error: float
    reason: str = ""


@dataclass
class Stepper:
    """Implicit Euler or variable-step BDF2 over a `System`. All methods collective."""

    system: System
    newton: Newton
    extension: MapExtension
    tolerance: float
    error: TimeError
    second_order: bool = False
    limits: MapLimits | None = None  # none in flat kinematics, where the mesh is fixed
    time: float = 0.0
    past: list[tuple[float, Array]] = field(default_factory=list)  # accepted (time, unknowns), newest last, at most three

    @property
    def rate_order(self) -> int:
        """Power of the step size in the local error."""
        return 3 if self.second_order else 2

    @property
    def state(self) -> State:
        return self.system.state

    def begin(self) -> None:
        """Take the present state as the start of a smooth interval (after a start solve or a load
        jump)."""
        self.past = [(self.time, self.system.get())]
        self.state.remember()

    def attempt(self, dt: float) -> TrialStep:
        """Try one step of dt. The state is then the new one; call `accept` or `restore`."""
        order = self.set_scheme(dt)
        guess = self._predict(dt)
        self.system.set(guess)
        self.extension.extend()
        self.scale_motion(dt)
        outcome = self.newton.solve()
        if not outcome.converged:
            return TrialStep(outcome, np.inf, outcome.reason)
        if self.limits and (beyond := self.limits.violation()):
            return TrialStep(outcome, np.inf, beyond)
        return TrialStep(outcome, self._error(guess, dt, order))

    def set_scheme(self, dt: float) -> int:
        """Coefficients of the time derivative for a step of dt; returns the order."""
        k = self.system.residual.constants
        if not (self.second_order and len(self.past) > 1):
            k.c0.value, k.c1.value, k.c2.value = 1 / dt, -1 / dt, 0.0
            return 1
        w = dt / (self.past[-1][0] - self.past[-2][0])
        k.c0.value, k.c1.value, k.c2.value = (1 + 2 * w) / (1 + w) / dt, -(1 + w) / dt, w * w / (1 + w) / dt
        return 2

    @property
    def at_rest(self) -> bool:
        """Whether no current is driven."""
        return not self.system.model.control.drives

    def scale_motion(self, dt: float) -> None:
        """Set the scale of velocities for the next step.

        Without current the surface moves by δ or more in a step: slower flow does not affect the
        gap. With current the scale is the stripping or plating rate; but if lithium is pressed much
        faster, a share of its speed, because less would be round-off.
        """
        self.system.set_motion(self.error.delta / dt if self.at_rest else FELT * self.system.fastest())

    def accept(self, dt: float) -> None:
        self.time += dt
        self.past = [*self.past[-2:], (self.time, self.system.get())]
        self.state.remember()
        if self.system.gas is not None:
            self.system.gas.follow()

    def restore(self) -> None:
        """Restore the last accepted state."""
        self.system.set(self.past[-1][1])
        self.state.recall()
        if self.system.gas is not None:
            self.system.gas.update()

    def _predict(self, dt: float) -> Array:
        """Extrapolation through the accepted states: linear for two, quadratic (BDF2) for three.

        Velocities are not extrapolated if the last step needed new factors: they change abruptly
        while a rim moves.
        """
        t = self.time + dt
        points = self.past[-3:] if self.second_order else self.past[-2:]
        guess = np.zeros_like(points[-1][1])
        for i, (ti, xi) in enumerate(points):
            share = 1.0
            for j, (tj, _) in enumerate(points):
                if j != i:
                    share *= (t - tj) / (ti - tj)
            guess += share * xi
        if not self.newton.keep:
            guess[self.system.at.velocity] = points[-1][1][self.system.at.velocity]
        return guess

    def _error(self, guess: Array, dt: float, order: int) -> float:
        """Local error in the model's norm, estimated from the difference to the prediction, over
        the tolerance."""
        if len(self.past) < 2:
            return SMALL_FIRST
        h1 = self.past[-1][0] - self.past[-2][0]
        x = self.system.get()
        # Euler: local error of half dt² times the second derivative, against a prediction error of
        # half dt(dt + h1) times it with the opposite sign. BDF2 with a quadratic predictor, equal
        # steps: 2/9 against 1 of dt³ times the third derivative.
        factor = dt / (2 * dt + h1) if order == 1 else 2 / 11
        return factor * self.error.norm(x, x - guess) / self.tolerance
