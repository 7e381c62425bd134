"""A Krylov method for the Newton corrections, with a fieldsplit preconditioner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.checked_ksp import solve_or_nan
from cellfem.model.positions import Positions
from cellfem.model.state import State
from cellfem.solver.multigrid import QuadraticMultigrid
from cellfem.solver.newton import LinearFailure
from dolfinx import fem, la
from petsc4py import PETSc

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
RESTART = 120
MOST = 400  # most iterations: then the correction is used as it is, and Newton judges it


class FieldSplit:
    """GMRES, left-preconditioned field by field, in the norm in which Newton measures corrections.

    Γ (m, ω, H) is factored by itself; velocity by multigrid (`multigrid.py`) on its block minus the
    contribution of the gap, A_vv - A_vm diag(A_mm)⁻¹ A_mv (the contact as a spring of stiffness
    p_c' over the rate of the time scheme); pressure by the lumped mass over viscosity plus
    compaction; porosity by an incomplete LU of its block, likewise minus the contribution of the
    gap; the potential by multigrid. The global unknowns U and Φ, dense rows and columns, are
    bordered: their 2 × 2 Schur complement needs two applications of the rest. Columns are scaled by
    the sizes of the unknowns, so that the preconditioned residual estimates the correction's error
    in Newton's own norm, to which the tolerance applies.
    """

    slow = 0.65  # a correction costs a third of a new matrix with its multigrid hierarchy

    def __init__(self, A: PETSc.Mat, state: State, at: Positions, pressure_mass: fem.Form, tolerance: float) -> None:
        self.comm, self.pressure_mass, self.tolerance = A.comm, pressure_mass, tolerance
        self.iterations = 0
        W = state.bulk.function_space
        offsets, v = at.offsets, at.velocity
        self.local: dict[str, Ints] = {
            "v": v,
            "p": at.pressure,
            "f": at.porosity,
            "g": np.arange(offsets[1], offsets[2]),
            "m": at.gap,
            "k": at.potential,
            "n": np.arange(offsets[3], offsets[4]),
        }  # owned positions of velocity, pressure, porosity, Γ, gap, potential, global unknowns
        begin = A.getOwnershipRange()[0]
        self.sets = {name: PETSc.IS().createGeneral((own + begin).tolist(), comm=A.comm) for name, own in self.local.items()}
        velocity = W.sub(0).collapse()[0]
        assert len(v) == velocity.dofmap.index_map.size_local * velocity.dofmap.index_map_bs
        self.cycles = {
            "v": QuadraticMultigrid(velocity, "velocity"),
            "k": QuadraticMultigrid(state.potential.function_space, "potential"),
        }
        self.right, self.found, self.product = (
            {name: PETSc.Vec().createMPI((len(self.local[name]), PETSc.DETERMINE), comm=A.comm) for name in "vpfgk"}
            for _ in range(3)
        )
        self.blocks: dict[str, PETSc.Mat] = {}
        self.solvers: dict[str, PETSc.KSP] = {}
        self.scale = A.createVecRight()
        self.ksp: PETSc.KSP | None = None

    def setup(self, A: PETSc.Mat, weight: Array, held: NDArray[np.bool_]) -> None:
        """Set the matrix; its columns are scaled in place."""
        self.blocks, self.solvers = {}, {}
        PETSc.garbage_cleanup(self.comm)  # objects of the previous matrix: several ranks keep them until they agree

        def block(name: str) -> PETSc.Mat:
            return A.createSubMatrix(self.sets[name[0]], self.sets[name[1]])

        lumped = _row_sums(block("mm"))
        lumped.reciprocal()
        self.solvers = {
            "v": self.cycles["v"].cycle(_less(block("vv"), block("vm"), lumped, block("mv")), held[self.local["v"]]),
            "f": _incomplete(_less(block("ff"), block("fm"), lumped, block("mf"))),
            "g": _factored(block("gg")),
            "k": self.cycles["k"].cycle(block("kk"), held[self.local["k"]]),
        }
        self.blocks = {name: block(name) for name in COUPLINGS}
        mass = fem.assemble_vector(self.pressure_mass)
        mass.scatter_reverse(la.InsertMode.add)
        self.pressure = _row_sums(block("pp"))
        self.pressure.array[:] -= mass.array[self.local["p"]]
        self._border(A)
        PETSc.garbage_cleanup(self.comm)
        self.scale.array[:] = 1 / np.sqrt(np.where(weight > 0, weight, 1.0))
        A.diagonalScale(R=self.scale)
        if self.ksp is None:
            self.ksp = self._krylov()
        self.ksp.setOperators(A)

    def solve(self, b: PETSc.Vec, x: PETSc.Vec) -> None:
        assert self.ksp is not None
        solve_or_nan(self.ksp, b, x)
        self.iterations += self.ksp.getIterationNumber()
        x.pointwiseMult(x, self.scale)

    def _krylov(self) -> PETSc.KSP:
        ksp = PETSc.KSP().create(self.comm)
        ksp.setType("gmres")
        ksp.setGMRESRestart(RESTART)
        ksp.setPCSide(PETSc.PC.Side.LEFT)  # type: ignore[arg-type]  # the stubs take these for plain numbers
        ksp.setNormType(PETSc.KSP.NormType.PRECONDITIONED)  # type: ignore[arg-type]
        ksp.setTolerances(rtol=self.tolerance, atol=0.0, max_it=MOST)
        ksp.getPC().setType("python")
        ksp.getPC().setPythonContext(self)
        return ksp

    def _border(self, A: PETSc.Mat) -> None:
        """Columns, rows and Schur complement of the global unknowns; every rank holds its part of
        the long vectors."""
        begin, end = A.getOwnershipRange()
        mpi = self.comm.tompi4py()
        places = np.concatenate(mpi.allgather(self.local["n"] + begin))
        self.number_at = [int(place - begin) if begin <= place < end else None for place in places]
        self.rows: list[PETSc.Vec] = []
        self.borders: list[PETSc.Vec] = []
        entries = np.zeros((len(places), len(places)))
        for k, at in enumerate(self.number_at):
            unit, column, row = A.createVecRight(), A.createVecLeft(), A.createVecRight()
            if at is not None:
                unit.array[at] = 1.0
            A.mult(unit, column)
            A.multTranspose(unit, row)
            for j, other in enumerate(self.number_at):
                if other is not None:
                    entries[j, k] = column.array[other]
                    row.array[other] = 0.0
            border = column.duplicate()
            self._rest(column, border)
            self.rows.append(row)
            self.borders.append(border)
        inner = np.array([[row.dot(border) for border in self.borders] for row in self.rows])
        self.schur = np.asarray(mpi.allreduce(entries)) - inner
        if not (np.isfinite(self.schur).all() and np.linalg.det(self.schur)):
            raise LinearFailure("the matrix has no preconditioner: travel and potential of its far ends are not determined")

    def apply(self, pc: PETSc.PC, r: PETSc.Vec, y: PETSc.Vec) -> None:
        """y = C⁻¹ P⁻¹ r; called by PETSc."""
        right = np.array([0.0 if at is None else r.array_r[at] for at in self.number_at])
        right = np.asarray(self.comm.tompi4py().allreduce(right))
        self._rest(r, y)
        numbers = np.linalg.solve(self.schur, right - np.array([row.dot(y) for row in self.rows]))
        for value, border, at in zip(numbers, self.borders, self.number_at, strict=True):
            y.axpy(-float(value), border)
            if at is not None:
                y.array[at] = value
        y.pointwiseDivide(y, self.scale)

    def _rest(self, r: PETSc.Vec, y: PETSc.Vec) -> None:
        """All fields except the global unknowns, in turn; y is zero at these."""
        solve, part, x = self.solvers, self.right, self.found
        for name, vector in part.items():
            vector.array[:] = r.array_r[self.local[name]]

        def subtract(rows: str, columns: str) -> None:
            self.blocks[rows + columns].mult(x[columns], self.product[rows])
            part[rows].axpy(-1.0, self.product[rows])

        solve["g"].solve(part["g"], x["g"])
        subtract("v", "g")
        solve["v"].solve(part["v"], x["v"])
        subtract("p", "v")
        x["p"].pointwiseDivide(part["p"], self.pressure)
        subtract("g", "v")
        solve["g"].solve(part["g"], x["g"])
        for columns in "vpg":
            subtract("f", columns)
        solve["f"].solve(part["f"], x["f"])
        subtract("g", "f")
        solve["g"].solve(part["g"], x["g"])
        for columns in "fg":
            subtract("k", columns)
        solve["k"].solve(part["k"], x["k"])
        y.set(0.0)
        for name, vector in x.items():
            y.array[self.local[name]] = vector.array_r


COUPLINGS = ("vg", "pv", "gv", "gf", "fv", "fp", "fg", "kf", "kg")
"""Off-diagonal blocks used by the preconditioner, rows first."""


def _row_sums(matrix: PETSc.Mat) -> PETSc.Vec:
    ones, sums = matrix.createVecRight(), matrix.createVecLeft()
    ones.set(1.0)
    matrix.mult(ones, sums)
    return sums


def _less(block: PETSc.Mat, by: PETSc.Mat, share: PETSc.Vec, back: PETSc.Mat) -> PETSc.Mat:
    """block - by diag(share) back."""
    scaled = _nonzeros(back)
    scaled.diagonalScale(L=share)
    block.axpy(-1.0, _nonzeros(by).matMult(scaled), structure=PETSc.Mat.Structure.DIFFERENT)  # type: ignore[arg-type]
    return block


def _nonzeros(matrix: PETSc.Mat) -> PETSc.Mat:
    """A copy without the entries that are zero.

    dolfinx allocates couplings of a node of Γ with all nodes of Γ if a cell on one side has no
    counterpart in a submesh: the product of such a column and such a row would be full.
    """
    begin, columns, values = matrix.getValuesCSR()
    kept = values != 0
    before = np.concatenate([[0], np.cumsum(kept)])
    csr = (before[begin].astype(PETSc.IntType), columns[kept], values[kept])
    return PETSc.Mat().createAIJ(matrix.getSizes(), csr=csr, comm=matrix.comm)


def _incomplete(matrix: PETSc.Mat) -> PETSc.KSP:
    """ILU(0) of each rank's part."""
    ksp = _once(matrix)
    ksp.getPC().setType("bjacobi")
    ksp.setUp()
    return ksp


def _factored(matrix: PETSc.Mat) -> PETSc.KSP:
    ksp = _once(matrix)
    ksp.getPC().setType("lu")
    ksp.getPC().setFactorSolverType("mumps")
    ksp.setUp()
    return ksp


def _once(matrix: PETSc.Mat) -> PETSc.KSP:
    ksp = PETSc.KSP().create(matrix.comm)
    ksp.setType("preonly")
    ksp.setOperators(matrix)
    return ksp
