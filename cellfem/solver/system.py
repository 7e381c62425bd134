"""The system of a model: a `BlockProblem` with its laws, gas, sizes and balances."""

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
"""Error of a correction by the Krylov solver, relative to the correction: the balances of a step
improve by this factor with each correction."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The state from which a Jacobian was made: from it the same factors can be computed again, to
    the last bit on one rank."""

    functions: Array  # owned parts of unknowns, histories and tangents of the creep law, concatenated
    constants: dict[str, float]
    rheology: Rheology
    motion: float | None = None  # of `set_motion`


class System(BlockProblem):
    """Assembles and solves J δ = -R for the state of one model. Every method is collective."""

    rheology: Rheology  # present one; set before any assembly

    def __init__(self, model: Model, linear: str | None = None, tolerance: float = KRYLOV_TOLERANCE) -> None:
        """linear: in place of the model's choice; tolerance: of the Krylov solver."""
        self.model, self.state, self.residual, self.gas = model, model.state, model.residual, model.gas
        self.border: list[Border] = []  # terms of the present Jacobian from the pressures of gas
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
        """Update the creep law at the points."""
        self.residual.law.update(self.rheology)

    def assemble_by_stress(self) -> Array:
        """R with the creep law replaced by its tangents at the stresses of the present tangents:
        equal to R if both are the same, as in a solution."""
        self.residual.law.follow_stresses(self.rheology)
        return self.assembled()

    def assembled(self) -> Array:
        if self.gas is not None:
            self.gas.update()
        return super().assembled()

    def moved(self) -> None:
        """Update the map on Γ."""
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
        """Functions from which a Jacobian is made."""
        return [*self.state.unknowns, *self.state.histories, self.state.law]

    def now(self) -> Origin:
        """The origin of a Jacobian of the present state (copies)."""
        functions = np.concatenate([owned(f) for f in self.makings])
        return Origin(functions, self.residual.constants.values(), self.rheology, self.motion)

    def put(self, origin: Origin) -> None:
        """Restore state, constants and creep law from an origin."""
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
        except np.linalg.LinAlgError:  # the same on every rank
            x[:] = np.nan

    def shares(self, depth: float) -> Array:
        """Share of Γ's area for each m, and of the volume of a layer of Γ's area and `depth` (µm)
        for each f; zero for other unknowns."""
        b = fp.create_vector([u.function_space for u in self.unknowns[:2]])
        fp.assemble_vector(b, self.residual.measures)
        b.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        share = np.zeros(self.offsets[-1])
        # A quadratic function of a corner has zero volume (in 3-D slightly negative): its edges
        # count.
        share[: self.offsets[2]] = np.maximum(b.array, 0.0) / self.balances.area
        share[self.at.porosity] /= depth
        return share

    def set_scales(self, scales: Scales) -> None:
        """Set the sizes by which corrections (`dot`) and balances are scaled."""
        self.set_sizes(scales.parts(self.at))
        self.scales, self.motion = scales, None
        self.velocity_weight = self.weight[self.at.velocity].copy()

    def fastest(self) -> float:
        """Largest component of the lithium's velocity, µm/s."""
        v = self.state.bulk.x.array[self.at.velocity]
        return float(self.comm.allreduce(float(np.abs(v).max(initial=0.0)), op=MPI.MAX))

    def set_motion(self, speed: float) -> None:
        """Set the speed (µm/s) of a surface that moves faster than by current in the next step, as
        a scale of corrections and the balance."""
        least = self.scales.velocity
        self.weight[self.at.velocity] = self.velocity_weight * (least / max(speed, least)) ** 2
        self.motion = speed

    def imbalance(self) -> tuple[float, float, float]:
        """Imbalance of charge, lithium and force in the residual assembled last, relative to their
        scales."""
        return self.balances.left(self.R.array, self.scales, self.motion)

    def reaction(self) -> tuple[float, float]:
        """Pressure on a fixed platen (MPa) and current density through the far face (A/m²), from
        the residual assembled last."""
        return self.balances.reaction(self.taken)
