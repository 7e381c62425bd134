"""A linear elastic body: stiffness factored once, solved as often as the load changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import basix
import numpy as np
import ufl
from numpy.typing import NDArray
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics import elasticity
from dolfinx import fem, mesh
from dolfinx.cpp.la import InsertMode
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
SIMPLICES = (basix.CellType.triangle, basix.CellType.tetrahedron)
DIRECT_MOST = 30_000
"""Largest number of unknowns in three dimensions for which the matrix is factored."""
RESIDUAL, MOST_ITERATIONS = 1e-9, 1000
Where = Callable[[Array], NDArray[np.bool_]]


@dataclass(frozen=True)
class FixedPoints:
    """A component of the displacement that is zero at the points selected by `where` (coordinates
    (3, N) in, bool out)."""

    component: int
    where: Where


class ElasticBody:
    """∫ σ(u):ε(δu) dV = load, u quadratic, on its own mesh. All methods are collective.

    young, poisson: MPa and –. Two dimensions: plane strain, or axisymmetric about x = 0; or three
    dimensions. `held` must prevent rigid motions.
    """

    def __init__(
        self, body: mesh.Mesh, young: float, poisson: float, held: Sequence[FixedPoints], axisymmetric: bool = False
    ) -> None:
        self.mesh, self.young, self.poisson = body, young, poisson
        dim = body.geometry.dim
        self.space = fem.functionspace(body, ("Lagrange", 2, (dim,)))
        self.displacement = fem.Function(self.space, name="displacement")
        lam, mu = elasticity.lame(young, poisson)
        self.radius = ufl.SpatialCoordinate(body)[0] if axisymmetric else None
        weight = 1.0 if self.radius is None else 2 * ufl.pi * self.radius
        u, v = ufl.TrialFunction(self.space), ufl.TestFunction(self.space)
        self.strain = elasticity.strain(self.displacement, self.radius, at_axis=True)
        self.stress = elasticity.stress(self.strain, lam, mu)
        energy = ufl.inner(elasticity.stress(elasticity.strain(u, self.radius), lam, mu), elasticity.strain(v, self.radius))
        # Exact on simplices, except for u_r/r, which points off the axis evaluate accurately; on
        # hexahedra each direction has degree 4.
        degree = 2 if body.basix_cell() in SIMPLICES and self.radius is None else 4
        form = fem.form(energy * weight * ufl.dx(domain=body, metadata={"quadrature_degree": degree}))
        self.bcs = [self._condition(h) for h in held]
        self.matrix = fp.assemble_matrix(form, bcs=self.bcs)
        self.matrix.assemble()
        self.ksp = PETSc.KSP().create(body.comm)
        self.ksp.setType("preonly")
        self.ksp.setOperators(self.matrix)
        if self.space.dofmap.index_map.size_global * dim > DIRECT_MOST and dim == 3:
            self._iterate()
        else:
            pc = self.ksp.getPC()
            pc.setType("cholesky")
            pc.setFactorSolverType("mumps")
        self.vector = fp.create_vector(self.space)
        self.answer = self.vector.duplicate()

    def _iterate(self) -> None:
        """Conjugate gradients with algebraic multigrid that uses the rigid-body modes: in 3-D
        factors grow too fast."""
        x = self.space.tabulate_dof_coordinates()[: self.space.dofmap.index_map.size_local]
        modes = []
        for k in range(6):
            mode = self.matrix.createVecLeft()
            field = np.zeros((len(x), 3))
            if k < 3:
                field[:, k] = 1.0
            else:
                a, b = [(0, 1), (1, 2), (2, 0)][k - 3]
                field[:, a], field[:, b] = -x[:, b], x[:, a]
            mode.array[:] = field.ravel()
            modes.append(mode)
        _orthonormal(modes)
        self.matrix.setNearNullSpace(PETSc.NullSpace().create(vectors=modes, comm=self.mesh.comm))
        self.ksp.setType("cg")
        self.ksp.setTolerances(rtol=RESIDUAL, max_it=MOST_ITERATIONS)
        self.ksp.setErrorIfNotConverged(True)
        self.ksp.getPC().setType("gamg")

    def _condition(self, held: FixedPoints) -> fem.DirichletBC:
        part = self.space.sub(held.component)
        collapsed, _ = part.collapse()
        dofs = fem.locate_dofs_geometrical((part, collapsed), held.where)
        return fem.dirichletbc(fem.Function(collapsed), dofs, part)

    def solve(self, load: fem.Form) -> None:
        """Solve for the displacement under a linear form of this body's test functions (compiled,
        real: external virtual work)."""
        with self.vector.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.vector, load)
        self.vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        for bc in self.bcs:
            dofs, owned = bc._cpp_object.dof_indices()
            self.vector.array[dofs[:owned]] = 0.0
        self.ksp.solve(self.vector, self.answer)
        owned_count = len(self.answer.array)
        self.displacement.x.array[:owned_count] = self.answer.array
        self.displacement.x.scatter_forward()

    def test(self) -> Any:
        """Test function of the displacement, for load forms."""
        return ufl.TestFunction(self.space)


def _orthonormal(vectors: list[PETSc.Vec]) -> None:
    """Gram-Schmidt in place."""
    for k, v in enumerate(vectors):
        for w in vectors[:k]:
            v.axpy(-v.dot(w), w)
        v.normalize()


class NodeMean:
    """An expression at the nodes of the quadratic space on its mesh, averaged over the cells that
    share a node.

    The stress of quadratic displacements is linear in a cell and jumps between cells; its mean is
    of second order. The same on any number of ranks.
    """

    def __init__(self, body: mesh.Mesh, expression: Expr, size: int) -> None:
        self.size = size
        self.sum = fem.Function(fem.functionspace(body, ("Lagrange", 2, (size,))))
        space = self.sum.function_space
        self.expression = fem.Expression(expression, space.element.interpolation_points)
        owned = body.topology.index_map(body.topology.dim).size_local
        self.cells = np.arange(owned, dtype=np.int32)
        self.dofs = np.asarray(space.dofmap.list)[:owned]
        ones = np.ones((*self.dofs.shape, size))
        self.count = self._added(ones)

    def __call__(self) -> Array:
        """(N, size) at all nodes of this rank, ghosts included."""
        values = self.expression.eval(self.sum.function_space.mesh, self.cells).reshape(*self.dofs.shape, self.size)
        return np.asarray(self._added(values) / self.count)

    def _added(self, values: Array) -> Array:
        table = np.zeros((len(self.sum.x.array) // self.size, self.size))
        np.add.at(table, self.dofs, values)
        self.sum.x.array[:] = table.ravel()
        self.sum.x.scatter_reverse(InsertMode.add)
        self.sum.x.scatter_forward()
        return np.array(self.sum.x.array.reshape(-1, self.size))
