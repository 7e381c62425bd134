"""Multigrid for a block on quadratic functions: Gauss-Seidel on them, linear functions on the
coarse level, smoothed aggregation below.

Linear functions have an eighth of the nodes, and their matrix is made by two sparse products;
aggregation of the quadratic functions themselves, with 80 entries per row, takes longer to set up
and more iterations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]

OPTIONS = {
    "pc_mg_levels": "2",
    "mg_levels_ksp_type": "richardson",  # no eigenvalue estimates: reproducible, and no set-up cost
    "mg_levels_ksp_max_it": "1",
    "mg_levels_pc_type": "sor",
    "mg_coarse_ksp_type": "preonly",
    "mg_coarse_pc_type": "gamg",
    "mg_coarse_pc_gamg_threshold": "-1",
    "mg_coarse_mg_levels_ksp_type": "chebyshev",
    "mg_coarse_mg_levels_ksp_max_it": "2",
    "mg_coarse_mg_levels_pc_type": "sor",
    "mg_coarse_mg_coarse_pc_type": "redundant",
}
"""A symmetric Gauss-Seidel sweep before and after the coarse correction, which is one cycle of
smoothed aggregation."""


class QuadraticMultigrid:
    """Cycles for matrices on the owned unknowns of `fine`, a Lagrange space of degree 2
    (collective)."""

    def __init__(self, fine: fem.FunctionSpace, prefix: str) -> None:
        mesh, self.size = fine.mesh, fine.dofmap.index_map_bs
        shape = (self.size,) if self.size > 1 else ()
        coarse = fem.functionspace(mesh, ("Lagrange", 1, shape))
        self.prefix = f"cellfem_{prefix}_"
        self.held_fine, self.held_coarse = fem.Function(fine), fem.Function(coarse)
        self.interpolation = fp.interpolation_matrix(coarse, fine)
        self.interpolation.assemble()
        self.modes = _modes(coarse)
        options = PETSc.Options()
        for key, value in OPTIONS.items():
            options.setValue(self.prefix + key, value)

    def cycle(self, matrix: PETSc.Mat, held: NDArray[np.bool_]) -> PETSc.KSP:
        """Solver of one cycle for a matrix whose rows and columns `held` (owned) are those of the
        identity.

        Constrained unknowns are excluded from the interpolation, and from the coarse matrix except
        for a diagonal of usual size.
        """
        free = self._free(held)
        between = self.interpolation.copy()
        between.diagonalScale(L=_vector(between.createVecLeft(), free[0]), R=_vector(between.createVecRight(), free[1]))
        coarse = matrix.ptap(between)
        diagonal = coarse.getDiagonal()
        usual = float(diagonal.sum()) / max(float(coarse.comm.tompi4py().allreduce(int(free[1].sum()))), 1.0)
        coarse.setDiagonal(_vector(diagonal, usual * (1 - free[1])), addv=PETSc.InsertMode.ADD)
        coarse.setBlockSize(self.size)
        coarse.setNearNullSpace(_null_space(self.modes, free[1], coarse))
        ksp = PETSc.KSP().create(matrix.comm)
        ksp.setType("preonly")
        ksp.setOperators(matrix)
        ksp.setOptionsPrefix(self.prefix)
        pc = ksp.getPC()
        pc.setType("mg")
        pc.setMGLevels(2)
        pc.setMGInterpolation(1, between)
        ksp.setFromOptions()
        pc.getMGCoarseSolve().setOperators(coarse)
        ksp.setUp()
        return ksp

    def _free(self, held: NDArray[np.bool_]) -> tuple[Array, Array]:
        """1 for a free owned unknown, otherwise 0; on the fine and the coarse space."""
        fine, coarse = self.held_fine, self.held_coarse
        fine.x.array[: len(held)] = held
        fine.x.scatter_forward()
        coarse.interpolate(fine)
        owned = coarse.function_space.dofmap.index_map.size_local * self.size
        return 1.0 - held.astype(np.float64), 1.0 - np.asarray(coarse.x.array[:owned], dtype=np.float64)


def _vector(like: PETSc.Vec, values: Array) -> PETSc.Vec:
    like.array[:] = values
    return like


def _modes(V: fem.FunctionSpace) -> list[Array]:
    """Rigid-body modes of a vector space, or the constant of a scalar one, at the owned
    unknowns."""
    d, count = V.dofmap.index_map_bs, V.dofmap.index_map.size_local
    modes = []
    for axis in range(d):
        mode = np.zeros((count, d))
        mode[:, axis] = 1.0
        modes.append(mode)
    x = V.tabulate_dof_coordinates()[:count]
    for a, b in [(i, j) for i in range(d) for j in range(i + 1, d)]:
        mode = np.zeros((count, d))
        mode[:, a], mode[:, b] = x[:, b], -x[:, a]
        modes.append(mode)
    return [mode.ravel() for mode in modes]


def _null_space(modes: list[Array], free: Array, matrix: PETSc.Mat) -> PETSc.NullSpace:
    """The modes at free unknowns, orthonormalised; modes that vanish are dropped."""
    vectors: list[PETSc.Vec] = []
    for mode in modes:
        vector = _vector(matrix.createVecRight(), mode * free)
        whole = vector.dot(vector)
        for _ in range(2):
            for other in vectors:
                vector.axpy(-vector.dot(other), other)
        if vector.dot(vector) > 1e-16 * whole:
            vector.normalize()
            vectors.append(vector)
    return PETSc.NullSpace().create(vectors=vectors, comm=matrix.comm)
