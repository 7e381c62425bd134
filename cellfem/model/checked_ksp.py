"""Linear solves by PETSc in which a failure cannot be taken for a solution."""

import numpy as np

from cellfem import backend  # noqa: F401  before petsc4py
from petsc4py import PETSc


def solve_or_nan(ksp: PETSc.KSP, b: PETSc.Vec, x: PETSc.Vec) -> None:
    """x = A⁻¹ b, or nan everywhere if there is no solution (collective).

    PETSc returns zero without an error if a right-hand side overflows, and raises if MUMPS has no
    factors. Reaching the iteration limit is not a failure here: that solution is approximate.
    """
    try:
        ksp.solve(b, x)
        reason = ksp.getConvergedReason()
        failed = reason < 0 and reason != PETSc.KSP.ConvergedReason.DIVERGED_MAX_IT  # type: ignore[operator, comparison-overlap]
    except PETSc.Error:
        failed = True
    if failed:
        x.set(np.nan)
