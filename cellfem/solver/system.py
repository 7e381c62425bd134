"""One nonlinear system: residual vector, Jacobian, factors, corrections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.checkpoint.registry import owned, set_owned
from cellfem.model.control import acting_control
from cellfem.model.fixture import acting_fixture
from cellfem.model.gas import Border, Gas
from cellfem.model.parameters import Structure
from cellfem.model.residual import Residual
from cellfem.model.scales import Scales
from cellfem.model.state import GAMMA_FIELDS, State
from cellfem.physics.creep import CreepLaw, PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.solver.fieldsplit import FieldSplit
from cellfem.solver.linear import Direct, Linear, chosen, last_line
from cellfem.solver.newton import LinearFailure
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]


KRYLOV_TOLERANCE = 1e-6
"""Error of a correction by the Krylov solver, over the correction: balances of a step gain as much with each."""
BALANCE = 1e-9
"""Largest charge, lithium rate and force left over in a converged step, over their scales."""


@dataclass(frozen=True, eq=False)
class Origin:
    """What a Jacobian was made of: from it the same factors can be made again, to the last bit on one rank."""

    functions: Array  # owned parts of unknowns, histories and tangents of the creep law, one after the other
    constants: dict[str, float]
    creep: CreepLaw
    floor: float
    motion: float | None = None  # of `set_motion`


class System:
    """Assembles and solves J δ = -R for one `State`. Every method is collective."""

    def __init__(
        self,
        residual: Residual,
        state: State,
        structure: Structure,
        area: float,
        linear: str = "direct",
        tolerance: float = KRYLOV_TOLERANCE,
        gas: Gas | None = None,
    ) -> None:
        self.residual, self.state, self.area, self.gas = residual, state, area, gas
        self.border: list[Border] = []  # what the pressures of gas add to the Jacobian at hand
        self.solved: list[Array] = []  # J⁻¹ of its columns
        self.conserves_lithium = structure.vacancies
        self.creep: CreepLaw = PowerLaw(1.0, 1.0)
        self.floor = 1e-8
        self.origin: Origin | None = None  # of the Jacobian at hand
        self.motion: float | None = None  # µm/s, of `set_motion`
        self.bcs: list[fem.DirichletBC] = []
        self.reactions: list[Array] = [np.empty(0, dtype=np.int64)] * 2
        self.taken = np.zeros(2)
        self.comm = state.bulk.function_space.mesh.comm
        spaces = [u.function_space for u in state.unknowns]
        self.R = fp.create_vector(spaces)
        self.delta = self.R.duplicate()
        self.A = fp.create_matrix(residual.jacobian)
        sizes = [(V.dofmap.index_map.size_local * V.dofmap.index_map_bs) for V in spaces]
        self.offsets = np.concatenate([[0], np.cumsum(sizes)])
        self.linear = self._linear("direct" if structure.bonded else linear, tolerance)
        self.constrained, self.held = np.empty(0, dtype=np.int64), np.zeros(self.offsets[-1], dtype=bool)
        self.porosity_index, self.gap_index = self._history_index()
        numbers = np.arange(self.offsets[3], self.offsets[4])
        self.travel_index = numbers[:1]
        self.second_travel = numbers[2:]  # with two electrodes
        velocity = state.bulk.function_space.sub(0)
        vertical_space, dofs = velocity.sub(velocity.num_sub_spaces - 1).collapse()
        vertical = np.ravel(dofs)
        owned = vertical < self.offsets[1]
        self.vertical_index = vertical[owned]
        last = velocity.mesh.topology.dim - 1
        above = vertical_space.tabulate_dof_coordinates()[owned, last] > state.middle
        f = np.ravel(state.porosity_dofs)
        at = state.porosity_old[0].function_space.tabulate_dof_coordinates()[state.porosity_nodes, last] > state.middle
        at = at[f < self.offsets[1]]
        self.electrodes = [(self.vertical_index[above], self.porosity_index[at])]
        self.one_potential = structure.equipotential or bool(np.isfinite(state.middle))
        if np.isfinite(state.middle):
            self.electrodes.append((self.vertical_index[~above], self.porosity_index[~at]))

    def _linear(self, wanted: str, tolerance: float) -> Linear:
        V = self.state.potential.function_space
        if chosen(wanted, self.R.size, V.mesh.topology.dim) == "direct":
            return Direct(self.A)
        return FieldSplit(self.A, self.state, self.offsets, self.residual.pressure_mass, tolerance)

    def set_conditions(self, conditions: list[tuple[int, fem.DirichletBC]]) -> None:
        """Dirichlet conditions by block; the state must satisfy them already, corrections vanish there."""
        self.bcs = [bc for _, bc in conditions]
        rows = [np.empty(0, dtype=np.int64)]
        for block, bc in conditions:
            dofs, owned = bc._cpp_object.dof_indices()
            rows.append(self.offsets[block] + dofs[:owned])
        self.constrained = np.unique(np.concatenate(rows))
        self.held = held = np.zeros(self.offsets[-1], dtype=bool)
        held[self.constrained] = True
        potential = np.arange(self.offsets[2], self.offsets[3])
        self.reactions = [self.vertical_index[held[self.vertical_index]], potential[held[potential]]]

    def assemble_residual(self) -> Array:
        """R of the present state, zero in constrained rows; the local part as an array (a view)."""
        self.residual.law.update(self.creep, self.floor)
        return self._assembled()

    def assemble_by_stress(self) -> Array:
        """The same with the creep law replaced by its tangents at the stresses of the present
        tangents: R where both are the same, as in a solution."""
        self.residual.law.follow_stresses(self.creep, self.floor)
        return self._assembled()

    def _assembled(self) -> Array:
        if self.gas is not None:
            self.gas.update()
        with self.R.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.R, self.residual.rows)
        self.R.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self.taken = np.array([self.R.array[rows].sum() for rows in self.reactions])
        self.R.array[self.constrained] = 0.0
        return self.R.array

    def assemble_jacobian(self) -> None:
        """Jacobian of the residual assembled last."""
        self.origin = self.now()
        self.A.zeroEntries()
        fp.assemble_matrix(self.A, self.residual.jacobian, bcs=self.bcs)
        self.A.assemble()
        if self.gas is not None:
            self.border = self.gas.border()
            for pocket in self.border:
                pocket.column[self.constrained] = 0.0

    def factor(self) -> None:
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
        self.solved = []
        for pocket in self.border:
            column = self.R.duplicate()
            column.array[:] = pocket.column
            self.linear.solve(column, self.delta)
            self.solved.append(self.delta.array.copy())

    @property
    def makings(self) -> list[fem.Function]:
        """Functions that a Jacobian is made of."""
        return [*self.state.unknowns, *self.state.histories, self.state.law]

    def now(self) -> Origin:
        """What a Jacobian of the present state is made of (copies)."""
        functions = np.concatenate([owned(f) for f in self.makings])
        return Origin(functions, self.residual.constants.values(), self.creep, self.floor, self.motion)

    def put(self, origin: Origin) -> None:
        """Bring state, constants and creep law to those of an origin."""
        set_owned(self.makings, origin.functions)
        self.residual.constants.put(origin.constants)
        self.creep, self.floor = origin.creep, origin.floor
        index, weight = self.velocity
        self.weight[index], self.motion = weight, None
        if origin.motion is not None:
            self.set_motion(origin.motion)

    def correction(self) -> Array:
        """δ = -J⁻¹ R with the factors at hand; the local part."""
        self.linear.solve(self.R, self.delta)
        if self.border:
            self._with_gas(self.delta.array)
        self.delta.scale(-1.0)
        return self.delta.array

    def _with_gas(self, x: Array) -> None:
        """From J⁻¹ b to (J + B D Cᵀ)⁻¹ b, D = dp/dV of the pockets of gas (Woodbury's formula), in place."""
        slopes = np.array([pocket.slope for pocket in self.border])
        rows = np.array([pocket.row for pocket in self.border])
        products = rows @ np.column_stack([x, *self.solved])  # CᵀJ⁻¹b and CᵀJ⁻¹B
        self.comm.Allreduce(MPI.IN_PLACE, products)
        small = np.eye(len(slopes)) + slopes[:, None] * products[:, 1:]
        try:
            x -= np.column_stack(self.solved) @ np.linalg.solve(small, slopes * products[:, 0])
        except np.linalg.LinAlgError:  # alike on every rank
            x[:] = np.nan

    def add(self, delta: Array, scale: float = 1.0) -> None:
        """Move the unknowns by scale·delta (owned entries), ghosts and map too."""
        for i, u in enumerate(self.state.unknowns):
            part = delta[self.offsets[i] : self.offsets[i + 1]]
            u.x.array[: len(part)] += scale * part
            u.x.scatter_forward()
        self.state.update_map()

    def shares(self, depth: float) -> Array:
        """Share of Γ's area that belongs to each m, and of a layer of Γ's area and `depth` (µm) to each f; zero elsewhere."""
        b = fp.create_vector([u.function_space for u in self.state.unknowns[:2]])
        fp.assemble_vector(b, self.residual.measures)
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        share = np.zeros(self.offsets[-1])
        # A quadratic function of a corner has no volume of its own (in 3-D a little less than none): its edges count.
        share[: self.offsets[2]] = np.maximum(b.array, 0.0) / self.area
        share[self.porosity_index] /= depth
        return share

    def set_scales(self, scales: Scales) -> None:
        """Sizes that make corrections comparable (`dot`), and those of the balances."""
        weight = np.zeros(self.offsets[-1])
        W = self.state.bulk.function_space
        parts: list[tuple[float, Array]] = []
        for i, size in enumerate((scales.velocity, scales.pressure, scales.porosity)):
            dofs = np.asarray(W.sub(i).collapse()[1])
            parts.append((size, dofs[dofs < self.offsets[1]]))
        parts += [
            (scales.gap, self.gap_index),
            (scales.openness, self.gap_index + 1),
            (scales.curvature, self.gap_index + 2),
            (scales.velocity, self.gap_index + 3),
            (scales.potential, np.arange(self.offsets[2], self.offsets[3])),
        ]
        parts += [(scales.travel, self.travel_index), (scales.far, self.travel_index + 1), (scales.travel, self.second_travel)]
        parts = [(size, index) for size, index in parts if self.comm.allreduce(len(index))]
        for size, index in parts:
            count = self.comm.allreduce(len(index))
            weight[index] = 1 / (count * size**2)
        self.weight, self.least_velocity = weight, scales.velocity
        self.velocity = (parts[0][1], weight[parts[0][1]].copy())
        self.motion = None
        self.force_scale, self.current_scale, self.lithium_scale = scales.force, scales.current, SPEED * scales.current

    def fastest(self) -> float:
        """Largest component of the lithium's velocity, µm/s."""
        v = self.state.bulk.x.array[self.velocity[0]]
        return float(self.comm.allreduce(float(np.abs(v).max(initial=0.0)), op=MPI.MAX))

    def set_motion(self, speed: float) -> None:
        """Where more than current moves the surface: its speed (µm/s) in the step to come, for corrections and the balance."""
        index, weight = self.velocity
        self.weight[index] = weight * (self.least_velocity / max(speed, self.least_velocity)) ** 2
        self.motion = speed
        self.lithium_scale = max(speed, SPEED * self.current_scale)

    def _history_index(self) -> tuple[Array, Array]:
        """Local positions of f, and of m on Γ, in the vector of unknowns."""
        f = np.asarray(self.state.porosity_dofs)
        m = self.offsets[1] + GAMMA_FIELDS * self.state.gamma_nodes
        return f[f < self.offsets[1]], m[m < self.offsets[2]]

    def get(self) -> Array:
        """Copy of the unknowns (owned part)."""
        return np.concatenate(
            [u.x.array[: b - a] for u, a, b in zip(self.state.unknowns, self.offsets, self.offsets[1:], strict=False)]
        )

    def set(self, x: Array) -> None:
        """Overwrite the unknowns; ghosts and the map on Γ follow."""
        for u, a, b in zip(self.state.unknowns, self.offsets, self.offsets[1:], strict=False):
            u.x.array[: b - a] = x[a:b]
            u.x.scatter_forward()
        self.state.update_map()

    def dot(self, a: Array, b: Array) -> float:
        with np.errstate(invalid="ignore", over="ignore"):
            return float(self.comm.allreduce(float(np.dot(a * self.weight, b))))

    def imbalance(self) -> tuple[float, float, float]:
        """Charge, lithium and force left over in the residual assembled last, over their scales: its test functions are one.

        With two electrodes the larger of both, and for the charge also what passes one and not the other.
        """
        R, k = self.R.array, self.residual.constants
        control, fixture = acting_control(k), acting_fixture(k)
        numbers = R[self.travel_index[0] :] if len(self.travel_index) else np.zeros(3)
        through = float(R[self.offsets[2] : self.offsets[3]].sum())
        left = control.charge_left(float(numbers[1]), through) if self.one_potential else through
        charges = [left, through if len(self.electrodes) > 1 else 0.0]
        lithium = [float(R[f].sum()) if self.conserves_lithium else 0.0 for _, f in self.electrodes]
        forces = [
            fixture.force_left(float(numbers[2 * n]), float(R[vertical].sum())) for n, (vertical, _) in enumerate(self.electrodes)
        ]
        total = np.array([*charges, *lithium, *forces])
        self.comm.Allreduce(MPI.IN_PLACE, total)
        total = np.abs(total) / self.area
        end = len(total) - len(forces)
        return (
            float(total[:2].max()) / self.current_scale,
            float(total[2:end].max()) / self.lithium_scale,
            float(total[end:].max()) / self.force_scale,
        )

    def reaction(self) -> tuple[float, float]:
        """What the constrained rows of the residual assembled last take up, over the area.

        Pressure on a fixed platen (MPa), current density through the far face (A/m²).
        """
        total = self.taken.copy()
        self.comm.Allreduce(MPI.IN_PLACE, total)
        vertical, charge = (float(part) for part in total / self.area)
        return float(self.residual.constants.pressure.value) - vertical, -charge

    def balanced(self) -> bool:
        return all(left < BALANCE for left in self.imbalance())  # none is, of nan
