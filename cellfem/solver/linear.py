"""Linear solvers for the Newton corrections: their interface, the choice between them, sparse LU.
`fieldsplit.py` is iterative."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.checked_ksp import solve_or_nan
from cellfem.solver.newton import LinearFailure
from petsc4py import PETSc

Array = NDArray[np.float64]
LEAST_3D = 60_000
"""Unknowns of a 3-D stack above which "auto" iterates: with three solutions per Jacobian LU takes
as long there, and more than three times the memory (docs/scaling.md). In 2-D sparse LU is faster at
all practical sizes."""
ROOM = 80  # for pivoting beyond MUMPS's estimate, %
SCALED_BY_ROWS_AND_COLUMNS = 4  # each by its largest entry; MUMPS's own choice iterates and took a tenth of the factorisation
CONTROLS = MappingProxyType({14: ROOM, 8: SCALED_BY_ROWS_AND_COLUMNS})
SMALL = 100_000  # largest number of unknowns for which freed memory is kept: some 100 MB of factors
MUMPS_SAYS = {-9: "not enough memory", -10: "it is singular, or holds what is not a number", -13: "not enough memory"}
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


class Linear(Protocol):
    """Solves with the matrix given to `setup`; both are collective."""

    iterations: int
    slow: float
    """Contraction of Newton's corrections above which a new matrix is worth its cost. Deuflhard's
    bound is 0.5."""

    def setup(self, A: PETSc.Mat, weight: Array, held: NDArray[np.bool_]) -> None:
        """Set a new matrix. weight: of each owned unknown in Newton's norm; held: constrained
        unknowns, whose rows are those of the identity."""

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """x = A⁻¹ b; nan if no solution was found (`solve_or_nan`)."""


def chosen(wanted: str, unknowns: int, dimension: int) -> str:
    """ "direct" or "iterative" for "auto"."""
    if wanted != "auto":
        return wanted
    return "iterative" if dimension == 3 and unknowns >= LEAST_3D else "direct"


class Lu:
    """Sparse LU by MUMPS, set up again after a failure. controls: entries of MUMPS's ICNTL."""

    def __init__(self, A: PETSc.Mat, controls: Mapping[int, int]) -> None:
        self.controls = controls
        self.ksp = self._new(A)

    def _new(self, A: PETSc.Mat) -> PETSc.KSP:
        ksp = PETSc.KSP().create(A.comm)
        ksp.setType("preonly")
        pc = ksp.getPC()
        pc.setType("lu")
        pc.setFactorSolverType("mumps")
        ksp.setOperators(A)
        pc.setFactorSetUpSolverType()
        for number, value in self.controls.items():
            pc.getFactorMatrix().setMumpsIcntl(number, value)
        return ksp

    def factor(self, A: PETSc.Mat) -> None:
        """Raises LinearFailure. After a failure PETSc 3.25 would accept the next matrix silently
        without factoring it: the solver is therefore created again."""
        self.ksp.setOperators(A)
        why = ""
        try:
            self.ksp.setUp()
            pc = self.ksp.getPC()
            if pc.getFailedReason() != PETSc.PC.FailedReason.NOERROR:  # type: ignore[comparison-overlap]
                info = pc.getFactorMatrix().getMumpsInfog(1)
                why = f"MUMPS: {MUMPS_SAYS.get(info, 'it failed')}, INFOG(1) = {info}"
        except PETSc.Error as error:
            why = last_line(error)
        if why:
            self.ksp = self._new(A)
            raise LinearFailure(f"the matrix cannot be factored ({why})")

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        """x = A⁻¹ b; nan if there is none."""
        solve_or_nan(self.ksp, b, x)


class Direct:
    """Sparse LU of the Newton corrections."""

    slow = 0.85  # a Jacobian and its factors cost as much as eight corrections

    def __init__(self, A: PETSc.Mat, controls: Mapping[int, int] = CONTROLS) -> None:
        self.iterations = 0
        self.lu = Lu(A, controls)
        if A.getSize()[0] < SMALL:
            _keep_freed_memory()

    def setup(self, A: PETSc.Mat, weight: Array, held: NDArray[np.bool_]) -> None:
        self.lu.factor(A)

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        self.lu.solve(b, x)


def last_line(error: PETSc.Error) -> str:
    """The essential line of a PETSc error."""
    return str(error).strip().splitlines()[-1]


def _keep_freed_memory() -> None:
    """Let glibc reuse freed memory instead of returning it to the system: MUMPS allocates its
    factors again in each factorisation, and page faults of new memory took a quarter of it. Does
    nothing outside Linux."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(M_MMAP_MAX, 0)
            library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
