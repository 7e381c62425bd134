"""Where contact is lost, when, and why there: a map of the time to opening along Γ, with the evidence for each place.

A place opens when its gap rises through 3δ, linearly between two steps; only the first time counts. The cause is read off the
state at that moment, linear between the steps too, the first of these that holds:

- start: open from the start on;
- void edge: at the last step an open stretch lay within 2ℓ (ℓ separates porosity from geometry: so far an open place feeds on
  its neighbours);
- pillar: where Γ bears most it strips less than the mean by a fifth at least, and departs more from the mean than the place that
  opens: a part recedes slower and props the rest open;
- vacancy saturation: f has reached 0.85 f_c here, so that lattice planes are removed from the surface: a place that strips more
  than the rest recedes by itself;
- flow: none of these: the lithium flows away from a place that strips no more than others.

Places are (N, k) µm along Γ, k = 1 or 2. Pure functions of gathered arrays; not collective.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellfem.observe.arrays import Array, Profile
from cellfem.observe.voids import OPEN_OVER_DELTA
from cellfem.physics.vacancies import COALESCENCE

Cause = Literal["", "start", "void edge", "pillar", "vacancy saturation", "flow"]
CAUSES: tuple[Cause, ...] = ("start", "void edge", "pillar", "vacancy saturation", "flow")
REACH = 2.0
"""Distance from an open stretch, in ℓ, within which a place lies at its edge."""
PILLAR_CURRENT = 0.8
"""Current of a pillar over the mean, at most."""


@dataclass(frozen=True, eq=False)
class Face:
    """Γ at one time, (N,): gap (µm), current (any unit, > 0 strips), contact pressure (MPa), porosity f; places (N, k) µm."""

    places: Array
    gap: Array
    current: Array
    pressure: Array
    porosity: Array


@dataclass(frozen=True)
class Scales:
    """δ (µm), ℓ (µm) and f_c of the interface."""

    delta: float
    length: float
    f_c: float

    @property
    def open_gap(self) -> float:
        """Gap from which on a place is open, µm."""
        return OPEN_OVER_DELTA * self.delta


@dataclass(frozen=True, eq=False)
class Openings:
    """The map, (N,) each. time_s: nan where Γ has never opened. Evidence of that moment: porosity over f_c, load over the stack
    pressure, current over the mean, distance to an open stretch (µm), load and relative current of the place that bears most.
    """

    places: Array
    time_s: Array
    cause: NDArray[np.str_]
    saturation: Array
    load: Array
    current: Array
    to_void_um: Array
    pillar_load: Array
    pillar_current: Array

    @property
    def first(self) -> int | None:
        """The place that opened first, after the start; None where none did. Of several in one step, the one that gapes first."""
        new = np.where(self.cause == "start", np.nan, self.time_s)
        return None if np.all(np.isnan(new)) else int(np.nanargmin(new))


EVIDENCE = ("saturation", "load", "current", "to_void_um", "pillar_load", "pillar_current")


def face_of(profile: Profile) -> Face:
    """Γ as it was gathered."""
    places = profile.x_um[:, None] if profile.y_um is None else np.column_stack([profile.x_um, profile.y_um])
    return Face(places, profile.gap_um, profile.current_mA_cm2, profile.contact_pressure_MPa, profile.porosity)


def start_openings(face: Face, scales: Scales, time_s: float = 0.0) -> Openings:
    """The map at the start: what is open then."""
    is_open = face.gap > scales.open_gap
    nothing = np.full(len(face.gap), np.nan)
    cause = np.where(is_open, "start", "").astype("<U18")
    return Openings(face.places, np.where(is_open, time_s, np.nan), cause, *(nothing.copy() for _ in EVIDENCE))


def crossing_time(before: Array, after: Array, begin_s: float, end_s: float, limit: float) -> Array:
    """When a quantity that is linear in time rises through `limit`; nan where it does not."""
    rises = (before <= limit) & (after > limit)
    share = (limit - before) / np.where(rises, after - before, 1.0)
    return np.where(rises, begin_s + share * (end_s - begin_s), np.nan)


def advance(
    known: Openings, before: Face, after: Face, begin_s: float, end_s: float, pressure: float, mean_current: float, scales: Scales
) -> Openings:
    """The map after a step from begin_s to end_s. pressure: of the stack, MPa; mean_current: as in `Face`."""
    time = crossing_time(before.gap, after.gap, begin_s, end_s, scales.open_gap)
    new = np.flatnonzero(np.isfinite(time) & np.isnan(known.time_s))
    if not len(new):
        return known
    per_mean = 1.0 / mean_current if mean_current else np.nan
    share = ((time[new] - begin_s) / (end_s - begin_s))[:, None]
    # (new, N): the whole of Γ at the moment at which each new place opens
    load, current, porosity = (
        (1 - share) * getattr(before, name) + share * getattr(after, name) for name in ("pressure", "current", "porosity")
    )
    row, pillar = np.arange(len(new)), np.argmax(load, axis=1)
    columns = {
        "saturation": porosity[row, new] / scales.f_c,
        "load": load[row, new] / pressure,
        "current": current[row, new] * per_mean,
        "to_void_um": _distance(before, new, scales),
        "pillar_load": load[row, pillar] / pressure,
        "pillar_current": current[row, pillar] * per_mean,
    }
    cause = known.cause.copy()
    cause[new] = [_cause(row, scales) for row in _rows(columns)]
    updated = {name: _put(getattr(known, name), new, values) for name, values in columns.items()}
    return replace(known, time_s=_put(known.time_s, new, time[new]), cause=cause, **updated)


def opening_rows(known: Openings) -> list[dict[str, float | str]]:
    """A row per place for a csv, in the order of the places."""
    names = ("x_um", "y_um")[: known.places.shape[1]]
    rows = []
    for k, place in enumerate(known.places):
        row: dict[str, float | str] = dict(zip(names, map(float, place), strict=True))
        row |= {"time_s": float(known.time_s[k]), "cause": str(known.cause[k])}
        rows.append(row | {name: float(getattr(known, name)[k]) for name in EVIDENCE})
    return rows


def first_opening(known: Openings) -> dict[str, Any] | None:
    """Place, time, cause and evidence of the first loss of contact after the start; None where there is none."""
    first = known.first
    return None if first is None else opening_rows(known)[first]


def _cause(row: dict[str, float], scales: Scales) -> Cause:
    if row["to_void_um"] <= REACH * scales.length:
        return "void edge"
    if row["pillar_current"] <= PILLAR_CURRENT and 1 - row["pillar_current"] > row["current"] - 1:
        return "pillar"
    return "vacancy saturation" if row["saturation"] >= COALESCENCE else "flow"


def _distance(face: Face, of: NDArray[np.int64], scales: Scales) -> Array:
    """Distance (µm) of the places `of` from the nearest one that is open."""
    is_open = face.gap > scales.open_gap
    if not is_open.any():
        return np.full(len(of), np.inf)
    distance, _ = cKDTree(face.places[is_open]).query(face.places[of])
    return np.asarray(distance)


def _rows(columns: dict[str, Array]) -> Sequence[dict[str, float]]:
    return [dict(zip(columns, map(float, values), strict=True)) for values in zip(*columns.values(), strict=True)]


def _put(values: Array, at: NDArray[np.int64], new: Array) -> Array:
    changed = values.copy()
    changed[at] = new
    return changed
