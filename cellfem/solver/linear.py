"""Linear solvers for the Newton corrections: what all can do, which is taken, sparse LU. `fieldsplit.py` iterates."""

from __future__ import annotations

import ctypes
import sys
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from petsc4py import PETSc

Array = NDArray[np.float64]
LEAST_3D = 60_000
"""Unknowns of a 3-D stack from which on "auto" iterates: with three solutions a Jacobian LU takes as long there, and more than
three times the memory (docs/scaling.md). In 2-D sparse LU wins at all sizes that one would run."""
ROOM = 80  # for pivoting beyond MUMPS's estimate, %
SCALED_BY_ROWS_AND_COLUMNS = 4  # each by its largest entry; MUMPS's own choice iterates and took a tenth of the factorisation
SMALL = 100_000  # unknowns up to which freed memory is kept: some 100 MB of factors
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h


class Linear(Protocol):
    """Solves with the matrix handed to `setup`; both collective."""

    iterations: int
    slow: float
    """Contraction of Newton's corrections from which a new matrix is worth its price. Deuflhard's bound is 0.5."""

    def setup(self, A: PETSc.Mat, weight: Array, held: NDArray[np.bool_]) -> None:
        """Take a new matrix. weight: of each owned unknown in Newton's norm; held: those whose rows are the identity's."""

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None: ...


def chosen(wanted: str, unknowns: int, dimension: int) -> str:
    """ "direct" or "iterative" for "auto"."""
    if wanted != "auto":
        return wanted
    return "iterative" if dimension == 3 and unknowns >= LEAST_3D else "direct"


class Direct:
    """Sparse LU by MUMPS."""

    slow = 0.85  # a Jacobian and its factors cost as much as eight corrections

    def __init__(self, A: PETSc.Mat) -> None:
        self.iterations = 0
        self.ksp = PETSc.KSP().create(A.comm)
        self.ksp.setType("preonly")
        pc = self.ksp.getPC()
        pc.setType("lu")
        pc.setFactorSolverType("mumps")
        self.ksp.setOperators(A)
        pc.setFactorSetUpSolverType()
        pc.getFactorMatrix().setMumpsIcntl(14, ROOM)
        pc.getFactorMatrix().setMumpsIcntl(8, SCALED_BY_ROWS_AND_COLUMNS)
        if self.ksp.getOperators()[0].getSize()[0] < SMALL:
            _keep_freed_memory()

    def setup(self, A: PETSc.Mat, weight: Array, held: NDArray[np.bool_]) -> None:
        self.ksp.setOperators(A)
        self.ksp.setUp()

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        self.ksp.solve(b, x)


def _keep_freed_memory() -> None:
    """Let glibc hand freed memory out again and not to the system: MUMPS allocates its factors anew in each factorisation, and
    page faults of fresh memory took a quarter of it. Elsewhere than on Linux nothing happens."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(M_MMAP_MAX, 0)
            library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
