"""A nonlinear system R(x) = 0 whose unknowns are functions, one block each: the `Problem` of
Newton.

It is independent of the meaning of the blocks. A subclass updates the data of its forms (`prepare`,
`moved`), sets sizes, and defines the balances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.solver.linear import Direct, Linear, last_line
from cellfem.solver.newton import LinearFailure
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
BALANCE = 1e-9
"""Largest imbalance in a converged step, relative to its scale."""


class BlockProblem:
    """Assembles and solves J δ = -R. Every method is collective; arrays are the owned parts of all
    blocks, concatenated."""

    def __init__(
        self,
        unknowns: Sequence[fem.Function],
        rows: list[fem.Form],
        jacobian: list[list[fem.Form | None]],
        linear: Callable[[PETSc.Mat], Linear] = Direct,
    ) -> None:
        """rows, jacobian: forms in the order of the unknowns; linear: makes the solver for a
        matrix."""
        self.unknowns = list(unknowns)
        # dolfinx has no lists of one block: use a single form then.
        alone = len(self.unknowns) == 1
        self.rows: fem.Form | list[fem.Form] = rows[0] if alone else rows
        self.jacobian = jacobian[0][0] if alone else jacobian
        spaces = [u.function_space for u in unknowns]
        self.comm = spaces[0].mesh.comm
        self.R = fp.create_vector(spaces)
        self.delta = self.R.duplicate()
        self.A = fp.create_matrix(self.jacobian)
        sizes = [(V.dofmap.index_map.size_local * V.dofmap.index_map_bs) for V in spaces]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])
        self.weight = np.zeros(self.offsets[-1])  # of each unknown in `dot`
        self.bcs: list[fem.DirichletBC] = []
        self.constrained: Indices = np.empty(0, dtype=np.int64)
        self.held = np.zeros(self.offsets[-1], dtype=bool)
        self.linear = linear(self.A)

    # --- overridden by a subclass

    def prepare(self) -> None:
        """Called before each assembly, to update the data of the forms to the present unknowns."""

    def moved(self) -> None:
        """Called after each change of the unknowns."""

    def reactions(self, R: Array) -> None:
        """Called with R before its constrained rows are set to zero."""

    def imbalance(self) -> tuple[float, ...]:
        """Imbalances in the residual assembled last, relative to their scales."""
        return ()

    # --- unknowns

    def part(self, block: int, *path: int) -> Indices:
        """Positions of a component of a block."""
        V = self.unknowns[block].function_space
        for component in path:
            V = V.sub(component)
        end = self.offsets[block + 1] - self.offsets[block]
        dofs = np.ravel(V.collapse()[1]) if path else np.arange(end)
        return np.asarray(self.offsets[block] + dofs[dofs < end])

    def set_conditions(self, conditions: Iterable[tuple[int, fem.DirichletBC]]) -> None:
        """Dirichlet conditions by block; the state must satisfy them already, corrections are zero
        there."""
        found = list(conditions)
        self.bcs = [bc for _, bc in found]
        rows = [np.empty(0, dtype=np.int64)]
        for block, bc in found:
            dofs, owned = bc._cpp_object.dof_indices()
            rows.append(self.offsets[block] + dofs[:owned])
        self.constrained = np.unique(np.concatenate(rows))
        self.held = np.zeros(self.offsets[-1], dtype=bool)
        self.held[self.constrained] = True

    def set_sizes(self, parts: Iterable[tuple[float, Indices]]) -> None:
        """Typical sizes of the unknowns at these positions, by which corrections are scaled: the
        mean square of each part has the same weight in `dot`."""
        weight = np.zeros(self.offsets[-1])
        for size, index in parts:
            count = self.comm.allreduce(len(index))
            if count:
                weight[index] = 1 / (count * size**2)
        self.weight = weight

    def set_sizes_each(self, parts: Iterable[tuple[float, Indices]]) -> None:
        """As `set_sizes`, but with the sum of squares of a part instead of the mean: a norm that is
        √N times larger for N unknowns, and so at a given tolerance stricter."""
        for size, index in parts:
            self.weight[index] = 1 / size**2

    def get(self) -> Array:
        """Copy of the unknowns."""
        return np.concatenate([u.x.array[: b - a] for u, a, b in zip(self.unknowns, self.offsets, self.offsets[1:])])

    def set(self, x: Array) -> None:
        """Overwrite the unknowns, and update ghosts."""
        for u, a, b in zip(self.unknowns, self.offsets, self.offsets[1:]):
            u.x.array[: b - a] = x[a:b]
            u.x.scatter_forward()
        self.moved()

    def add(self, delta: Array, scale: float = 1.0) -> None:
        """Add scale·delta to the unknowns, and update ghosts."""
        for u, a, b in zip(self.unknowns, self.offsets, self.offsets[1:]):
            u.x.array[: b - a] += scale * delta[a:b]
            u.x.scatter_forward()
        self.moved()

    # --- linear algebra

    def assemble_residual(self) -> Array:
        """R of the present state, zero in constrained rows (a view)."""
        self.prepare()
        return self.assembled()

    def assembled(self) -> Array:
        """R from the present values of all data of the forms."""
        with self.R.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.R, self.rows)
        self.R.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self.reactions(self.R.array)
        self.R.array[self.constrained] = 0.0
        return self.R.array

    def assemble_jacobian(self) -> None:
        """Jacobian of the residual assembled last."""
        self.A.zeroEntries()
        fp.assemble_matrix(self.A, self.jacobian, bcs=self.bcs)
        self.A.assemble()
        # From now on zeros are skipped: the matrices of facets have entries for every unknown of the
        # cells beside them, most of them zero. Not before, or the pattern would lose them.
        self.A.setOption(PETSc.Mat.Option.IGNORE_ZERO_ENTRIES, True)

    def factor(self) -> None:
        """Raises LinearFailure, on every rank."""
        failure = ""
        try:
            self.linear.setup(self.A, self.weight, self.held)
        except LinearFailure as error:
            failure = str(error)
        except PETSc.Error as error:
            failure = f"the matrix has no preconditioner ({last_line(error)})"
        said = next((text for text in self.comm.allgather(failure) if text), "")
        if said:
            raise LinearFailure(said)

    def correction(self) -> Array:
        """δ = -J⁻¹ R with the present factors (a view)."""
        self.linear.solve(self.R, self.delta)
        self.delta.scale(-1.0)
        return self.delta.array

    def dot(self, a: Array, b: Array) -> float:
        with np.errstate(invalid="ignore", over="ignore"):
            return float(self.comm.allreduce(float(np.dot(a * self.weight, b))))

    def balanced(self) -> bool:
        return all(left < BALANCE for left in self.imbalance())  # false for nan
