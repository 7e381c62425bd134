"""Error-oriented Newton with reuse of factors (Deuflhard, Newton Methods for Nonlinear Problems,
2011: NLEQ-ERR and QNERR).

Corrections are measured, not residuals: the natural level function is affine invariant, so the mix
of µm/s, MPa, V and porosity needs no scaling of equations, only of unknowns. While corrections
contract well, the factors of an older Jacobian are kept (even of an earlier time step) and improved
by Broyden's good update; otherwise the Jacobian is assembled again and steps are damped.

If lithium creeps (`creeping`), the new Jacobians are tangents of the law at the stresses given by
the previous correction, and steps need no damping.

PETSc's SNES is not used: it has an error-oriented, affine covariant line search too (nleqerr), but
uses the plain 2-norm of vectors, where units are mixed, instead of a scalar product defined by the
problem. Reuse of factors over time steps with Broyden's update in that product (QNERR), and
termination only if the balances hold, would have to be written in addition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SPAN = 3  # number of corrections in the mean contraction: Broyden's do not shrink monotonically
SMALLEST_DAMPING = 1e-4
OVERFLOWN = 0.1  # share of a step that is tried next if the step overflows
LONGEST_HISTORY = 24  # most quasi-Newton corrections with one set of factors
NEAR = 3e-3
"""Size of a correction below which factors are kept within a stress-driven solve: above it each
correction uses new factors, because old ones are misleading (1e-2 and 1e-3 take more of both)."""
MOST_LED = 14  # most factorisations of a stress-driven solve: 2 to 7 are usual
LOST = 1e3  # a correction of this size counts as divergence
FEW = 2
"""Most factorisations of a solve after which the next solve begins with the last factors."""


class Interrupted(Exception):
    """A solve was ended from outside, on every rank; the state is left as it is."""


class LinearFailure(RuntimeError):
    """A matrix could not be factored, or has no preconditioner; raised on every rank."""


class Problem(Protocol):
    """Interface required by Newton; all methods are collective, arrays are the local owned part."""

    def assemble_residual(self) -> Array: ...
    def assemble_jacobian(self) -> None: ...
    def factor(self) -> None:
        """Raises LinearFailure."""

    def correction(self) -> Array:
        """-J⁻¹ R with the present factors; nan if the linear solver found none."""

    def add(self, delta: Array, scale: float = 1.0) -> None: ...
    def dot(self, a: Array, b: Array) -> float:
        """Inner product of corrections in scaled unknowns: dot(δ, δ) = 1 for a change of typical
        size."""

    def balanced(self) -> bool:
        """Whether the balances of the residual assembled last meet their tolerance."""


class Creeping(Problem, Protocol):
    """A problem whose residual contains the creep law by its tangents."""

    def assemble_by_stress(self) -> Array:
        """The residual with tangents of the law at the stresses given by the present tangents."""

    def get(self) -> Array:
        """Copy of the unknowns."""

    def set(self, x: Array) -> None: ...


@dataclass(frozen=True)
class Outcome:
    converged: bool
    iterations: int  # corrections applied
    jacobians: int  # assembled and factored
    reason: str = ""


@dataclass
class Newton:
    """Solves R(x) = 0 from the present state. On failure the state is left as it is: the caller
    restores it."""

    problem: Problem
    tolerance: float = 1e-6
    most: int = 80
    slow: float = 0.65  # contraction above which factors are not kept; depends on the cost of new ones
    keep: bool = False  # present factors may be tried
    balances: bool = True  # must hold at the end too
    iterations: int = 0
    jacobians: int = 0
    heed: Callable[[], None] | None = None  # called before each correction (collective); may raise, for example Interrupted
    creeping: Creeping | None = None  # the problem, if a solve is stress-driven
    left: Array = field(default_factory=lambda: np.empty(0), init=False, repr=False)  # residual assembled last

    def solve(self) -> Outcome:
        self.iterations = self.jacobians = 0
        self._assemble()
        try:
            if self.keep and self._quasi_newton(self.problem.correction().copy()):
                return Outcome(True, self.iterations, 0)
            if self.creeping is None:
                return self._damped()
            outcome = self._creep(self.creeping)
            self.keep = outcome.converged and self.jacobians <= FEW
            return outcome
        except LinearFailure as failure:
            self.keep = False
            return self._failed(str(failure))

    def _assemble(self) -> None:
        if self.heed is not None:
            self.heed()
        self.left = self.problem.assemble_residual()

    def _ends(self) -> bool:
        return not self.balances or self.problem.balanced()

    def _solved(self) -> bool:
        """Whether the residual is zero. Only then a zero correction is a solution: otherwise the
        linear solver has failed."""
        return self.problem.dot(self.left, self.left) == 0

    def _size(self, delta: Array) -> float:
        square = self.problem.dot(delta, delta)
        return float(np.sqrt(square)) if np.isfinite(square) else float("inf")

    def _renew(self) -> Array:
        self.problem.assemble_jacobian()
        self.problem.factor()
        self.jacobians += 1
        self.keep = True
        return self.problem.correction().copy()

    def _quasi_newton(self, step: Array) -> bool:
        """Broyden steps with the present factors; `step` is the first. True when converged;
        otherwise the state is the best one reached, with its residual assembled."""
        s = self.problem
        steps, squares = [step], [s.dot(step, step)]
        sizes = [self._size(step)]
        while self.iterations < self.most and len(steps) <= LONGEST_HISTORY:
            if not (np.isfinite(squares[-1]) and squares[-1] > 0):
                return False
            s.add(steps[-1])
            self.iterations += 1
            self._assemble()
            v = s.correction().copy()
            for before, square, after in zip(steps, squares, steps[1:], strict=False):
                v += s.dot(v, before) / square * after
            share = s.dot(v, steps[-1]) / squares[-1]
            simple = self._size(v)
            if not simple < np.sqrt(squares[-1]):
                s.add(steps[-1], -1.0)
                self._assemble()
                return False
            if simple == 0:
                return False
            sizes.append(simple)
            span = min(SPAN, len(sizes) - 1)
            if simple > self.slow**span * sizes[-1 - span]:
                return False
            v /= 1 - share
            size = self._size(v)
            if size < self.tolerance:
                s.add(v)
                self.iterations += 1
                self._assemble()
                if self._ends():
                    return True
                v = s.correction().copy()
                steps, squares, sizes = [], [], [self._size(v)]
            steps.append(v)
            squares.append(s.dot(v, v))
        return False

    def _creep(self, s: Creeping) -> Outcome:
        """Stress-driven corrections, and damped ones if these fail."""
        before = s.get()
        if self._led_by_stresses(s):
            return Outcome(True, self.iterations, self.jacobians)
        s.set(before)
        self._assemble()
        return self._damped()

    def _led_by_stresses(self, s: Creeping) -> bool:
        """Undamped corrections, each with its own factors until they are small, of a residual whose
        creep law is linear: its tangents are taken at the stresses given by the previous
        correction.

        Rates depend on a high power of stress, so stresses follow accurately from rates, but rates
        inaccurately from stresses: tangents at the rates of a correction overshoot, and their
        corrections must be damped. Both formulations have the same law and the same solution.
        Returns False if it is not found.
        """
        try:
            while self.jacobians < MOST_LED and self.iterations < self.most:
                step = self._renew()
                size = self._size(step)
                if size > LOST or (size == 0 and not self._solved()):
                    return False
                s.add(step)
                self.iterations += 1
                if size < NEAR:
                    self._assemble()
                    if size < self.tolerance and self._ends():
                        return True
                    simple = s.correction().copy()
                    if self._size(simple) < size and self._quasi_newton(simple):
                        return True
                if self.heed is not None:
                    self.heed()
                self.left = s.assemble_by_stress()
        except LinearFailure:
            pass
        return False

    def _damped(self) -> Outcome:
        s = self.problem
        damping, size_before, simple_before = 1.0, 0.0, np.empty(0)
        while self.iterations < self.most:
            step = self._renew()
            size = self._size(step)
            if not np.isfinite(size):
                self.keep = False
                return self._failed("a correction is not finite")
            if size == 0 and not self._solved():
                self.keep = False
                return self._failed("the linear solver found no correction")
            if size < self.tolerance:
                s.add(step)
                self.iterations += 1
                self._assemble()
                if self._ends():
                    return Outcome(True, self.iterations, self.jacobians)
                continue
            if size_before > 0 and damping < 1:
                change = self._size(simple_before - step)
                damping = min(1.0, size_before * self._size(simple_before) * damping / max(change * size, 1e-300))
                damping = max(damping, SMALLEST_DAMPING)
            while True:
                s.add(step, damping)
                self.iterations += 1
                self._assemble()
                simple = s.correction().copy()
                simple_size = self._size(simple)
                contraction = simple_size / size
                if contraction < 1 - damping / 4:
                    break
                s.add(step, -damping)
                if np.isfinite(simple_size):
                    deviation = self._size(simple - (1 - damping) * step)
                    damping = min(0.5 * size * damping**2 / max(deviation, 1e-300), damping / 2)
                else:  # the step led to a state that cannot be evaluated, which gives no information on the right length
                    damping *= OVERFLOWN
                if damping < SMALLEST_DAMPING or self.iterations >= self.most:
                    return self._failed("damping went below its limit" if damping < SMALLEST_DAMPING else "too many iterations")
            if damping == 1.0 and contraction < self.slow and self._quasi_newton(simple):
                return Outcome(True, self.iterations, self.jacobians)
            size_before, simple_before = size, simple
        return self._failed("too many iterations")

    def _failed(self, reason: str) -> Outcome:
        return Outcome(False, self.iterations, self.jacobians, reason)
