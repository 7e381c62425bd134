"""The error norm of a time step: of the porosity and of the gap, over Γ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem.model.positions import Positions
from cellfem.model.state import State

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TimeError:
    """Norm of a difference of unknowns; 1 is a significant difference.

    Root of the mean over Γ of (difference of g/(δ + g/10))², or of (difference of f/f_c)² over a
    layer of depth ℓ, whichever is larger: a single node of Γ that opens or closes is weighted by
    its area.
    """

    state: State
    at: Positions
    weight: Array  # of each unknown: share of the area of Γ for m, of the volume of the layer for f
    delta: float  # δ, µm
    f_c: float

    def norm(self, x: Array, difference: Array) -> float:
        """x: unknowns, difference: of the unknowns, as vectors of the solver (collective)."""
        f, m = self.at.porosity, self.at.gap
        gap = np.abs(x[m] + self.state.travel_at(self.state.gamma_side[: len(m)]))
        of_f, of_gap = difference[f] / self.f_c, difference[m] / (self.delta + 0.1 * gap)
        local = np.array([np.sum(self.weight[f] * of_f**2), np.sum(self.weight[m] * of_gap**2)])
        self.state.bulk.function_space.mesh.comm.Allreduce(MPI.IN_PLACE, local)
        return float(np.sqrt(local.max()))
