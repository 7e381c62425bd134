"""Balances of a residual, and reactions of the constrained rows. All methods are collective."""

from __future__ import annotations

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem.model.build import Model
from cellfem.model.positions import Positions
from cellfem.model.scales import Scales
from cellfem.physics.kinetics import SPEED

Array = NDArray[np.float64]


class Balances:
    """Charge, lithium and force balance of a model: the sums of the rows whose test functions add
    up to one."""

    def __init__(self, model: Model, at: Positions) -> None:
        self.model, self.at = model, at
        self.area = model.domain.area(model.structure.axisymmetric)
        self.comm = model.domain.parent.comm

    def left(self, R: Array, scales: Scales, motion: float | None) -> tuple[float, float, float]:
        """Imbalance of charge, lithium and force in R, relative to their scales. motion: speed
        (µm/s) of a surface that moves faster than by current.

        With two electrodes the larger of both, and for charge also the difference of the currents
        through the two.
        """
        at, control, fixture = self.at, self.model.control, self.model.fixture
        numbers = R[at.travel[0] :] if len(at.travel) else np.zeros(3)
        through = float(R[at.offsets[2] : at.offsets[3]].sum())
        charge = control.charge_left(float(numbers[1]), through) if self.model.layout.one_potential else through
        charges = [charge, through if len(at.electrodes) > 1 else 0.0]
        conserved = self.model.structure.vacancies
        lithium = [float(R[f].sum()) if conserved else 0.0 for _, f in at.electrodes]
        forces = [
            fixture.force_left(float(numbers[2 * n]), float(R[vertical].sum())) for n, (vertical, _) in enumerate(at.electrodes)
        ]
        total = np.array([*charges, *lithium, *forces])
        self.comm.Allreduce(MPI.IN_PLACE, total)
        total = np.abs(total) / self.area
        end = len(total) - len(forces)
        by_current = SPEED * scales.current
        return (
            float(total[:2].max()) / scales.current,
            float(total[2:end].max()) / (by_current if motion is None else max(motion, by_current)),
            float(total[end:].max()) / scales.force,
        )

    def taken(self, R: Array, held: NDArray[np.bool_]) -> Array:
        """Force and charge taken up by the constrained rows of R, this rank's share; held: which
        rows are constrained."""
        vertical, potential = self.at.vertical, self.at.potential
        return np.array([R[rows[held[rows]]].sum() for rows in (vertical, potential)])

    def reaction(self, taken: Array) -> tuple[float, float]:
        """Pressure on a fixed platen (MPa) and current density through the far face (A/m²)."""
        total = taken.copy()
        self.comm.Allreduce(MPI.IN_PLACE, total)
        vertical, charge = (float(part) for part in total / self.area)
        return float(self.model.residual.constants.pressure.value) - vertical, -charge
