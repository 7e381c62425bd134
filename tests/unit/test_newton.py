"""What Newton makes of linear solvers that fail, and of steps that overflow: nothing of the kind
may pass for convergence."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before petsc4py
from cellfem.flaw.lithium import FlawSystem
from cellfem.model.checked_ksp import solve_or_nan
from cellfem.solver.linear import Lu
from cellfem.solver.newton import LinearFailure, Newton
from cellfem.solver.system import System
from petsc4py import PETSc
from tests.support.problems import Array, Scalar, square

ROOT = Path(__file__).resolve().parents[2]


def test_it_converges_where_all_is_well() -> None:
    problem = square()
    assert Newton(problem).solve().converged
    assert problem.x == pytest.approx(np.sqrt(2), rel=1e-12)


@pytest.mark.parametrize("found", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_no_correction_is_no_convergence(found: float, after: int) -> None:
    """From the first correction on, or from one of those that follow: in the damped iteration and
    in the quasi-Newton one."""
    problem, calls = square(), iter(range(1000))
    problem.solver = lambda exact: exact if next(calls) < after else found
    outcome = Newton(problem).solve()
    assert not outcome.converged
    assert outcome.reason
    assert np.isfinite(problem.x)


def test_no_correction_from_factors_that_were_kept_is_no_convergence() -> None:
    problem = square()
    problem.assemble_jacobian()
    problem.factor()
    problem.solver = lambda exact: 0.0
    assert not Newton(problem, keep=True).solve().converged


def test_a_correction_of_zero_is_one_where_nothing_is_left() -> None:
    """As in a stack at rest without a load."""
    problem = Scalar(lambda x: x, lambda x: 1.0, 0.0)
    for keep in (False, True):
        problem.assemble_jacobian()
        problem.factor()
        assert Newton(problem, keep=keep).solve().converged


def test_a_matrix_that_cannot_be_factored_fails_the_step() -> None:
    class Singular(Scalar):
        def factor(self) -> None:
            raise LinearFailure("the matrix cannot be factored")

    outcome = Newton(Singular(lambda x: x - 1, lambda x: 1.0, 0.0)).solve()
    assert not outcome.converged
    assert outcome.reason == "the matrix cannot be factored"


def test_a_step_that_overflows_is_shortened() -> None:
    """atanh x = 2 from 0 on: the first step goes to 2, where atanh is not a number."""
    problem = Scalar(lambda x: float(np.arctanh(x)) - 2, lambda x: 1 / (1 - x * x), 0.0)
    assert Newton(problem).solve().converged
    assert problem.x == pytest.approx(np.tanh(2), rel=1e-9)


@pytest.mark.parametrize("system", [System, FlawSystem])
def test_balances_of_nan_do_not_hold(system: Any) -> None:
    for left, holds in (((1e-12, 0.0, 0.0), True), ((1e-12, np.nan, 0.0), False), ((np.nan, 1e-12, 0.0), False)):
        assert system.balanced(cast(Any, SimpleNamespace(imbalance=lambda left=left: left))) == holds


class Creep(Scalar):
    """A dashpot of rate x = stress^n beside a spring: stress + 0.01 x = load. Its tangents touch
    the law at `rate`: that of x, or that which has the stress that they give at x."""

    n = 6.56

    def __init__(self, load: float, x: float) -> None:
        self.load, self.x = load, x
        self.is_balanced, self.leads = True, True
        self.solver = lambda exact: exact

    def assemble_residual(self) -> Array:
        self.rate = abs(self.x)
        return self._assembled()

    def assemble_by_stress(self) -> Array:
        stress = self._stress()
        self.rate = abs(stress) ** self.n if self.leads else np.nan
        return self._assembled()

    def _stress(self) -> float:
        """By the tangent."""
        there = self.rate ** (1 / self.n)
        return there + there / (self.n * self.rate) * (self.x - self.rate)

    def _assembled(self) -> Array:
        self.R = np.array([self._stress() + 0.01 * self.x - self.load])
        return self.R

    def assemble_jacobian(self) -> None:
        self.J = self.rate ** (1 / self.n) / (self.n * self.rate) + 0.01

    def get(self) -> Array:
        return np.array([self.x])

    def set(self, x: Array) -> None:
        self.x = float(x[0])


def test_stresses_lead_where_rates_must_be_damped() -> None:
    """From a tenth of the stress of a creeping body, whose rate is 1e-7 of the right one, and back
    to it: without damping, and in fewer corrections than by the tangents at the rates."""
    for load, x in ((1.0, 1e-7), (0.1, 1.0)):
        led, damped = Creep(load, x), Creep(load, x)
        short = Newton(led, creeping=led).solve()
        long = Newton(damped).solve()
        assert short.converged
        assert led.x ** (1 / led.n) + 0.01 * led.x == pytest.approx(load, rel=1e-9)
        assert short.iterations <= 10
        assert not long.converged or short.iterations < long.iterations


def test_a_solve_that_stresses_do_not_lead_is_damped_from_where_it_began() -> None:
    problem = Creep(1.0, 0.5)
    problem.leads = False
    newton = Newton(problem, creeping=problem)
    outcome = newton.solve()
    assert outcome.converged
    assert problem.x ** (1 / problem.n) + 0.01 * problem.x == pytest.approx(1.0, rel=1e-9)


def matrix(values: Array) -> PETSc.Mat:
    made = PETSc.Mat().createDense(values.shape, array=values, comm=PETSc.COMM_SELF)
    made.assemble()
    return made


def solver(A: PETSc.Mat, kind: str, pc: str) -> PETSc.KSP:
    ksp = PETSc.KSP().create(PETSc.COMM_SELF)
    ksp.setType(kind)
    ksp.getPC().setType(pc)
    ksp.setOperators(A)
    return ksp


@pytest.mark.parametrize(("kind", "pc"), [("gmres", "none"), ("preonly", "lu")])
def test_a_right_hand_side_that_overflows_has_no_solution(kind: str, pc: str) -> None:
    A = matrix(np.array([[2.0, 1.0], [1.0, 3.0]]))
    ksp, b, x = solver(A, kind, pc), A.createVecLeft(), A.createVecRight()
    b.array[:] = [1.0, 2.0]
    solve_or_nan(ksp, b, x)
    np.testing.assert_allclose(x.array, [0.2, 0.6], rtol=1e-5)
    b.array[:] = [1.0, np.inf]
    solve_or_nan(ksp, b, x)
    assert not np.isfinite(x.array).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_lu_fails_with_words_and_works_again_after_it(bad: float) -> None:
    A = PETSc.Mat().createAIJ((2, 2), comm=PETSc.COMM_SELF)
    A.setUp()

    def put(values: Array) -> None:
        A.setValues([0, 1], [0, 1], values)
        A.assemble()

    good = np.array([[2.0, 1.0], [1.0, 3.0]])
    put(good)
    lu, b, x = Lu(A, {14: 80}), A.createVecLeft(), A.createVecRight()
    b.array[:] = [1.0, 2.0]
    for _ in range(3):
        put(good)
        lu.factor(A)
        lu.solve(b, x)
        np.testing.assert_allclose(x.array, [0.2, 0.6], rtol=1e-12)
        put(np.full((2, 2), bad))
        with pytest.raises(LinearFailure, match=r"the matrix cannot be factored .*singular"):
            lu.factor(A)


def test_the_solver_knows_no_lithium() -> None:
    """Of the laws it names that of creep only, by its protocol; all else is done by the model's
    objects."""
    for path in (ROOT / "cellfem" / "solver").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        laws = set(re.findall(r"cellfem\.physics\.?(\w*)", text))
        assert laws <= {"creep"}, path.name
        assert "GAMMA_FIELDS" not in text, path.name
