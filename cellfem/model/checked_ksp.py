"""Solving with PETSc so that no failure passes for a solution."""

import numpy as np

from cellfem import backend  # noqa: F401  before petsc4py
from petsc4py import PETSc


def solve_or_nan(ksp: PETSc.KSP, b: PETSc.Vec, x: PETSc.Vec) -> None:
    """x = A⁻¹ b, and nan throughout where there is no solution (collective).

    PETSc leaves zero and raises nothing where a right-hand side overflows, and raises where MUMPS
    has no factors. Too many iterations are no failure here: that solution is a rough one.
    """
    try:
        ksp.solve(b, x)
        reason = ksp.getConvergedReason()
        failed = reason < 0 and reason != PETSc.KSP.ConvergedReason.DIVERGED_MAX_IT  # type: ignore[operator, comparison-overlap]
    except PETSc.Error:
        failed = True
    if failed:
        x.set(np.nan)
