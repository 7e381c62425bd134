"""The face of lithium at one moment as a small table: gap and porosity at the nodes of Γ, from which resistances follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.build import Model
from cellfem.model.state import GAMMA_FIELDS

Array = NDArray[np.float64]
SAME_PLACE = 1e-6
"""µm: nodes of the same mesh that were gathered and read back differ by round-off alone."""


class SurfaceError(ValueError):
    """The file holds no face, or that of another mesh."""


@dataclass(frozen=True, eq=False)
class SurfaceState:
    """points: (N, gdim) nodes of Γ, µm; gap (N,) µm; porosity (N,); time in s. Sorted by place."""

    points: Array
    gap: Array
    porosity: Array
    time: float

    def save(self, path: Path) -> None:
        """As a numpy archive."""
        with path.open("wb") as file:
            np.savez(file, points=self.points, gap=self.gap, porosity=self.porosity, time=self.time)


def load_surface(path: Path) -> SurfaceState:
    """Raises SurfaceError where the file is missing or is none."""
    try:
        with np.load(path) as data:
            return SurfaceState(data["points"], data["gap"], data["porosity"], float(data["time"]))
    except (OSError, ValueError, KeyError) as error:
        raise SurfaceError(f"{path}: holds no face of lithium ({error}); give the folder of a finished run, or a case") from error


def gather_surface(model: Model, time: float) -> SurfaceState | None:
    """Of the present state, on rank 0 only (collective)."""
    state, K = model.state, model.state.gamma.function_space
    nodes = state.gamma_nodes
    owned = nodes[nodes < K.dofmap.index_map.size_local]
    porosity = state.porosity_at_corners()
    gap = np.zeros(len(owned)) if model.structure.bonded else state.gap()[nodes < K.dofmap.index_map.size_local]
    at = model.domain.places(K)[owned]
    pieces = model.domain.parent.comm.gather((at, gap, porosity[state.skin_to_lithium[owned]]), root=0)
    if pieces is None:
        return None
    points, gaps, porosities = (np.concatenate(part) for part in zip(*pieces, strict=True))
    order = np.lexsort(np.round(points.T, 6))
    return SurfaceState(points[order], gaps[order], porosities[order], time)


def put_surface(model: Model, surface: SurfaceState) -> None:
    """Give the model's Γ this gap and porosity; nothing else of the state is set. The surface is needed on every rank.

    Raises SurfaceError where the mesh is another.
    """
    state, comm = model.state, model.domain.parent.comm
    at = model.domain.places(state.gamma.function_space)[state.gamma_nodes]
    distance, nearest = cKDTree(surface.points).query(at) if len(at) else (np.zeros(0), np.zeros(0, dtype=np.int64))
    if comm.allreduce(bool(np.any(distance > SAME_PLACE))):
        raise SurfaceError("the saved face belongs to another mesh: run the case again")
    for number in (0, 1):
        state.numbers.x.array[number : number + 1] = 0.0
    if not model.structure.bonded:
        state.gamma.x.array[GAMMA_FIELDS * state.gamma_nodes] = surface.gap[nearest]
        state.update_map()
    porosity = np.zeros(len(state.map.x.array))
    porosity[state.skin_to_lithium[state.gamma_nodes]] = surface.porosity[nearest]
    state.set_porosity(porosity)
