"""One nonlinear system: residual vector, Jacobian, factors, corrections."""
from __future__ import annotations

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray
from petsc4py import PETSc

from cellfem.model.residual import Residual, quadrature_positions
from cellfem.model.state import State
from cellfem.physics.creep import PorousCreep, point_law
from dolfinx import fem
from dolfinx.fem import petsc as fp

Array = NDArray[np.float64]


class System:
    """Assembles and solves J δ = -R for one `State`. Every method is collective."""

    def __init__(self, residual: Residual, state: State, prefix: str = "cellfem_") -> None:
        self.residual, self.state = residual, state
        self.creep = PorousCreep(1.0, 1.0)
        self.floor = 1e-8
        self.bcs: list[fem.DirichletBC] = []
        self.comm = state.bulk.function_space.mesh.comm
        spaces = [u.function_space for u in state.unknowns]
        self.R = fp.create_vector(spaces)
        self.delta = self.R.duplicate()
        self.A = fp.create_matrix(residual.jacobian)
        self.ksp = PETSc.KSP().create(self.comm)
        self.ksp.setOptionsPrefix(prefix)
        self.ksp.setType("preonly")
        pc = self.ksp.getPC()
        pc.setType("lu")
        pc.setFactorSolverType("mumps")
        options = PETSc.Options()
        options[prefix + "mat_mumps_icntl_14"] = 80    # room for pivoting beyond MUMPS's estimate, %
        self.ksp.setFromOptions()
        self.ksp.setOperators(self.A)
        self._positions = quadrature_positions(state)
        self._cells = np.arange(self._positions.shape[0], dtype=np.int32)
        sizes = [(V.dofmap.index_map.size_local * V.dofmap.index_map_bs) for V in spaces]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])
        self.constrained = np.empty(0, dtype=np.int64)
        self.porosity_index, self.gap_index = self._history_index()

    def set_conditions(self, conditions: list[tuple[int, fem.DirichletBC]]) -> None:
        """Dirichlet conditions by block; the state must satisfy them already, corrections vanish there."""
        self.bcs = [bc for _, bc in conditions]
        rows = [np.empty(0, dtype=np.int64)]
        for block, bc in conditions:
            dofs, owned = bc._cpp_object.dof_indices()
            rows.append(self.offsets[block] + dofs[:owned])
        self.constrained = np.unique(np.concatenate(rows))

    def update_law(self) -> None:
        """Evaluate the creep law and its tangents at the quadrature points of the present state."""
        values = self.residual.point_values.eval(self.state.bulk.function_space.mesh, self._cells)
        e2, p, f = values[..., 0] , values[..., 1], values[..., 2]
        planes = point_law(e2 + self.floor**2, p, f, self.creep).affine(e2, p, f)
        self.state.law.x.array.reshape(-1, 8)[self._positions] = planes

    def assemble_residual(self) -> Array:
        """R of the present state, zero in constrained rows; the local part as an array (a view)."""
        self.update_law()
        with self.R.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.R, self.residual.rows)
        self.R.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self.R.array[self.constrained] = 0.0
        return self.R.array

    def assemble_jacobian(self) -> None:
        """Jacobian of the state that `assemble_residual` saw last, and its factors."""
        self.A.zeroEntries()
        fp.assemble_matrix(self.A, self.residual.jacobian, bcs=self.bcs)
        self.A.assemble()

    def factor(self) -> None:
        self.ksp.setOperators(self.A)
        self.ksp.setUp()

    def correction(self) -> Array:
        """δ = -J⁻¹ R with the factors at hand; the local part."""
        self.ksp.solve(self.R, self.delta)
        self.delta.scale(-1.0)
        return self.delta.array

    def add(self, delta: Array, scale: float = 1.0) -> None:
        """Move the unknowns by scale·delta (owned entries), ghosts and map too."""
        for i, u in enumerate(self.state.unknowns):
            part = delta[self.offsets[i]:self.offsets[i + 1]]
            u.x.array[: len(part)] += scale * part
            u.x.scatter_forward()
        self.state.update_map()

    def set_scales(self, scales: dict[str, float]) -> None:
        """Typical size of each unknown: v, p, f, m, openness, potential, travel, far (working units); sets the inner product of `dot`."""
        weight = np.zeros(self.offsets[-1])
        W = self.state.bulk.function_space
        parts: list[tuple[str, Array]] = []
        for i, name in enumerate(("v", "p", "f")):
            dofs = np.asarray(W.sub(i).collapse()[1])
            parts.append((name, dofs[dofs < self.offsets[1]]))
        gamma = self.state.gamma_nodes
        gamma = gamma[2 * gamma < self.offsets[2] - self.offsets[1]]
        parts += [("m", self.offsets[1] + 2 * gamma), ("openness", self.offsets[1] + 2 * gamma + 1)]
        parts.append(("potential", np.arange(self.offsets[2], self.offsets[3])))
        numbers = np.arange(self.offsets[3], self.offsets[4])
        parts += [("travel", numbers[:1]), ("far", numbers[1:])]
        for name, index in parts:
            count = self.comm.allreduce(len(index))
            weight[index] = 1 / (count * scales[name] ** 2)
        self.weight = weight

    def _history_index(self) -> tuple[Array, Array]:
        """Local positions of f, and of m on Γ, in the vector of unknowns."""
        f = np.asarray(self.state.porosity_dofs)
        m = self.offsets[1] + 2 * self.state.gamma_nodes
        return f[f < self.offsets[1]], m[m < self.offsets[2]]

    def get(self) -> Array:
        """Copy of the unknowns (owned part)."""
        return np.concatenate([u.x.array[: b - a] for u, a, b in zip(self.state.unknowns, self.offsets, self.offsets[1:], strict=False)])

    def set(self, x: Array) -> None:
        """Overwrite the unknowns; ghosts and the map on Γ follow."""
        for u, a, b in zip(self.state.unknowns, self.offsets, self.offsets[1:], strict=False):
            u.x.array[: b - a] = x[a:b]
            u.x.scatter_forward()
        self.state.update_map()

    def dot(self, a: Array, b: Array) -> float:
        return float(self.comm.allreduce(float(np.dot(a * self.weight, b))))

    def balanced(self) -> bool:
        return True
