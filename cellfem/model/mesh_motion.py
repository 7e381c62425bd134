"""The map in the bulk of the lithium: harmonic between Γ and the upper face."""

from __future__ import annotations

import ufl

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.checked_ksp import solve_or_nan
from cellfem.model.state import State
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

MOST_FACTORED = 5000
"""Largest number of nodes in 3-D for which the matrix is factored; beyond it multigrid takes less
time and memory."""
TOLERANCE = 1e-12


class MapExtension:
    """Solves ∇²m = 0 with m given on Γ and zero on top; the matrix is factored, or its multigrid is
    set up, once."""

    def __init__(self, domain: Domain, state: State) -> None:
        M = state.map.function_space
        u, w = ufl.TrialFunction(M), ufl.TestFunction(M)
        last = domain.dimension - 1
        top = fem.locate_dofs_geometrical(M, lambda x: domain.near(x[last], domain.outer_planes))
        gamma = fem.locate_dofs_geometrical(M, lambda x: domain.near(x[last], domain.gamma_planes))
        self.state, self.map = state, state.map
        self.bcs = [fem.dirichletbc(0.0, top, M), fem.dirichletbc(self.map, gamma)]
        self.form = fem.form(ufl.inner(ufl.grad(u), ufl.grad(w)) * ufl.dx)
        A = fp.assemble_matrix(self.form, bcs=self.bcs)
        A.assemble()
        self.b, self.x = A.createVecs()
        self.ksp = PETSc.KSP().create(M.mesh.comm)
        self.ksp.setOperators(A)
        if domain.dimension == 3 and self.b.getSize() > MOST_FACTORED:
            self.ksp.setType("cg")
            self.ksp.setTolerances(rtol=TOLERANCE)
            self.ksp.getPC().setType("gamg")
        else:
            self.ksp.setType("preonly")
            self.ksp.getPC().setType("lu")
            self.ksp.getPC().setFactorSolverType("mumps")
        self.b = fp.create_vector(M)

    def extend(self) -> None:
        """Overwrite the inner values of the map by the harmonic extension of its values on Γ
        (collective)."""
        with self.b.localForm() as local:
            local.set(0.0)
        fp.apply_lifting(self.b, [self.form], [self.bcs])
        self.b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        fp.set_bc(self.b, self.bcs)
        solve_or_nan(self.ksp, self.b, self.x)  # a step from a map of nan fails
        owned = self.x.array
        self.map.x.array[: len(owned)] = owned
        self.map.x.scatter_forward()
        self.state.update_map()  # an iterative solve leaves its tolerance on Γ too
