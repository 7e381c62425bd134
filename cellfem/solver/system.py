"""The system of a model: what a `BlockProblem` becomes with its laws, gas, sizes and balances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.checkpoint.registry import owned, set_owned
from cellfem.model.balances import Balances
from cellfem.model.build import Model
from cellfem.model.creep_points import Rheology
from cellfem.model.gas import Border
from cellfem.model.positions import positions_of
from cellfem.model.scales import Scales
from cellfem.solver.block_problem import BlockProblem
from cellfem.solver.fieldsplit import FieldSplit
from cellfem.solver.linear import Direct, Linear, chosen
from dolfinx import fem
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
KRYLOV_TOLERANCE = 1e-6
"""Error of a correction by the Krylov solver, over the correction: balances of a step gain as much
with each."""


@dataclass(frozen=True, eq=False)
class Origin:
    """What a Jacobian was made of: from it the same factors can be made again, to the last bit on
    one rank."""

    functions: Array  # owned parts of unknowns, histories and tangents of the creep law, one after the other
    constants: dict[str, float]
    rheology: Rheology
    motion: float | None = None  # of `set_motion`


class System(BlockProblem):
    """Assembles and solves J δ = -R for the state of one model. Every method is collective."""

    rheology: Rheology  # of the moment; given before anything is assembled

    def __init__(self, model: Model, linear: str | None = None, tolerance: float = KRYLOV_TOLERANCE) -> None:
        """linear: in place of the model's choice; tolerance: of the Krylov solver."""
        self.model, self.state, self.residual, self.gas = model, model.state, model.residual, model.gas
        self.border: list[Border] = []  # what the pressures of gas add to the present Jacobian
        self.solved: list[Array] = []  # J⁻¹ of its columns
        self.origin: Origin | None = None  # of the present Jacobian
        self.motion: float | None = None  # µm/s, of `set_motion`
        self.taken = np.zeros(2)
        self.at = positions_of(self.state)
        self.balances = Balances(model, self.at)
        self.wanted, self.tolerance = linear or ("direct" if model.structure.bonded else model.numerics.linear), tolerance
        super().__init__(self.state.unknowns, self.residual.rows, self.residual.jacobian, self._linear)

    def _linear(self, A: PETSc.Mat) -> Linear:
        if chosen(self.wanted, self.R.size, self.model.domain.dimension) == "direct":
            return Direct(A)
        return FieldSplit(A, self.state, self.at, self.residual.pressure_mass, self.tolerance)

    def prepare(self) -> None:
        """Creep law at the points."""
        self.residual.law.update(self.rheology)

    def assemble_by_stress(self) -> Array:
        """R with the creep law replaced by its tangents at the stresses of the present tangents: R
        where both are the same, as in a solution."""
        self.residual.law.follow_stresses(self.rheology)
        return self.assembled()

    def assembled(self) -> Array:
        if self.gas is not None:
            self.gas.update()
        return super().assembled()

    def moved(self) -> None:
        """The map on Γ follows."""
        self.state.update_map()

    def reactions(self, R: Array) -> None:
        self.taken = self.balances.taken(R, self.held)

    def assemble_jacobian(self) -> None:
        """Jacobian of the residual assembled last."""
        self.origin = self.now()
        super().assemble_jacobian()
        if self.gas is not None:
            self.border = self.gas.border()
            for pocket in self.border:
                pocket.column[self.constrained] = 0.0

    def factor(self) -> None:
        super().factor()
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
        return Origin(functions, self.residual.constants.values(), self.rheology, self.motion)

    def put(self, origin: Origin) -> None:
        """Bring state, constants and creep law to those of an origin."""
        set_owned(self.makings, origin.functions)
        self.residual.constants.put(origin.constants)
        self.rheology = origin.rheology
        self.weight[self.at.velocity], self.motion = self.velocity_weight, None
        if origin.motion is not None:
            self.set_motion(origin.motion)

    def correction(self) -> Array:
        """δ = -J⁻¹ R with the present factors; the local part."""
        self.linear.solve(self.R, self.delta)
        if self.border:
            self._with_gas(self.delta.array)
        self.delta.scale(-1.0)
        return self.delta.array

    def _with_gas(self, x: Array) -> None:
        """From J⁻¹ b to (J + B D Cᵀ)⁻¹ b, D = dp/dV of the pockets of gas (Woodbury's formula), in
        place."""
        slopes = np.array([pocket.slope for pocket in self.border])
        rows = np.array([pocket.row for pocket in self.border])
        products = rows @ np.column_stack([x, *self.solved])  # CᵀJ⁻¹b and CᵀJ⁻¹B
        self.comm.Allreduce(MPI.IN_PLACE, products)
        small = np.eye(len(slopes)) + slopes[:, None] * products[:, 1:]
        try:
            x -= np.column_stack(self.solved) @ np.linalg.solve(small, slopes * products[:, 0])
        except np.linalg.LinAlgError:  # alike on every rank
            x[:] = np.nan

    def shares(self, depth: float) -> Array:
        """Share of Γ's area that belongs to each m, and of a layer of Γ's area and `depth` (µm) to
        each f; zero elsewhere."""
        b = fp.create_vector([u.function_space for u in self.unknowns[:2]])
        fp.assemble_vector(b, self.residual.measures)
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        share = np.zeros(self.offsets[-1])
        # A quadratic function of a corner has no volume of its own (in 3-D a little less than
        # none): its edges count.
        share[: self.offsets[2]] = np.maximum(b.array, 0.0) / self.balances.area
        share[self.at.porosity] /= depth
        return share

    def set_scales(self, scales: Scales) -> None:
        """Sizes that make corrections comparable (`dot`), and those of the balances."""
        self.set_sizes(scales.parts(self.at))
        self.scales, self.motion = scales, None
        self.velocity_weight = self.weight[self.at.velocity].copy()

    def fastest(self) -> float:
        """Largest component of the lithium's velocity, µm/s."""
        v = self.state.bulk.x.array[self.at.velocity]
        return float(self.comm.allreduce(float(np.abs(v).max(initial=0.0)), op=MPI.MAX))

    def set_motion(self, speed: float) -> None:
        """Where more than current moves the surface: its speed (µm/s) in the step to come, for
        corrections and the balance."""
        least = self.scales.velocity
        self.weight[self.at.velocity] = self.velocity_weight * (least / max(speed, least)) ** 2
        self.motion = speed

    def imbalance(self) -> tuple[float, float, float]:
        """Charge, lithium and force left over in the residual assembled last, over their scales."""
        return self.balances.left(self.R.array, self.scales, self.motion)

    def reaction(self) -> tuple[float, float]:
        """Pressure on a fixed platen (MPa) and current density through the far face (A/m²), of the
        residual assembled last."""
        return self.balances.reaction(self.taken)
