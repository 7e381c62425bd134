"""The face of the lithium at one time as a small table: gap and porosity at the nodes of Γ, from
which resistances follow."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.errors import CellfemError
from cellfem.model.build import Model
from cellfem.model.state import GAMMA_FIELDS
from dolfinx import fem

Array = NDArray[np.float64]
SAME_PLACE = 1e-6
"""µm: tolerance of positions, because nodes that were gathered and read back differ by round-off
alone."""


class SurfaceError(CellfemError, ValueError):
    """The file contains no face, or that of another mesh."""


@dataclass(frozen=True, eq=False)
class SurfaceState:
    """points: (N, gdim) nodes of Γ, µm; gap (N,) µm; time in s. Sorted by position.

    porosity_points, porosity: the same for the porosity, which has its own nodes if it is
    quadratic.
    """

    points: Array
    gap: Array
    porosity_points: Array
    porosity: Array
    time: float

    def packed(self) -> bytes:
        """As a numpy archive, for `load_surface`."""
        file = io.BytesIO()
        np.savez(file, **{name: getattr(self, name) for name in self.__dataclass_fields__})
        return file.getvalue()


def load_surface(path: Path) -> SurfaceState:
    """Raises SurfaceError if the file is missing or invalid."""
    try:
        with np.load(path) as data:
            names = ("points", "gap", "porosity_points", "porosity")
            points, gap, porosity_points, porosity = (data[name] for name in names)
            return SurfaceState(points, gap, porosity_points, porosity, float(data["time"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise SurfaceError(
            f"{path}: contains no lithium face in the format of this version ({error}); "
            "give the folder of a finished run, or a case"
        ) from error


def gather_surface(model: Model, time: float) -> SurfaceState | None:
    """The face of the present state, on rank 0 only (collective)."""
    state, K = model.state, model.state.gamma.function_space
    nodes = state.gamma_nodes
    owned = nodes < K.dofmap.index_map.size_local
    gap = np.zeros(owned.sum()) if model.structure.bonded else state.gap()[owned]
    porosity = fem.Function(state.porosity_old[0].function_space)
    state.porosity_into(porosity)
    on_gamma = _porosity_nodes(model)
    on_gamma = on_gamma[on_gamma < porosity.function_space.dofmap.index_map.size_local]
    of_gap = (model.domain.places(K)[nodes[owned]], gap)
    of_porosity = (model.domain.places(porosity.function_space)[on_gamma], porosity.x.array[on_gamma])
    pieces = model.domain.parent.comm.gather((*of_gap, *of_porosity), root=0)
    if pieces is None:
        return None
    points, gaps, porosity_points, porosities = (np.concatenate(part) for part in zip(*pieces, strict=True))
    order, other = (np.lexsort(np.round(places.T, 6)) for places in (points, porosity_points))
    return SurfaceState(points[order], gaps[order], porosity_points[other], porosities[other], time)


def put_surface(model: Model, surface: SurfaceState) -> None:
    """Set this gap and porosity on the model's Γ; the rest of the state is unchanged. The surface
    is needed on every rank.

    Raises SurfaceError for another mesh.
    """
    state, comm = model.state, model.domain.parent.comm
    porosity, on_gamma = fem.Function(state.porosity_old[0].function_space), _porosity_nodes(model)
    far, nearest = _nearest(surface.points, model.domain.places(state.gamma.function_space)[state.gamma_nodes])
    far_too, nearest_too = _nearest(surface.porosity_points, model.domain.places(porosity.function_space)[on_gamma])
    if comm.allreduce(far or far_too):
        raise SurfaceError("the saved face belongs to another mesh: run the case again")
    for number in (0, 1):
        state.numbers.x.array[number : number + 1] = 0.0
    if not model.structure.bonded:
        state.gamma.x.array[GAMMA_FIELDS * state.gamma_nodes] = surface.gap[nearest]
        state.update_map()
    porosity.x.array[on_gamma] = surface.porosity[nearest_too]
    state.porosity_from(porosity)


def _porosity_nodes(model: Model) -> NDArray[np.int64]:
    """Local nodes of the porosity on Γ, owned and ghosts."""
    at = model.state.porosity_old[0].function_space.tabulate_dof_coordinates()
    return np.flatnonzero(model.domain.near(at[:, model.domain.dimension - 1], model.domain.gamma_planes))


def _nearest(points: Array, at: Array) -> tuple[bool, NDArray[np.int64]]:
    """Whether any of these places is none of the points, and the point next to each."""
    if not len(at):
        return False, np.zeros(0, dtype=np.int64)
    distance, nearest = scipy.spatial.cKDTree(points).query(at)
    return bool(np.any(distance > SAME_PLACE)), nearest
