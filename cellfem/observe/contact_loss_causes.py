"""Why a place of Γ opens: one rule for the map of openings and for new voids.

The cause is read from the state at the time when the gap rises through 3δ, linear between the
steps; it is the first of these that applies:

- start: open from the start on;
- void edge: at the last step an open area was within 2ℓ (ℓ separates porosity from geometry; an
  open area affects its neighbourhood over this distance);
- plating: the electrode is plated: lithium that grows elsewhere lifts the block off the places that
  are not plated;
- pillar: the place of largest load strips at least a fifth less than the mean, and deviates from
  the mean more than the place that opens: it recedes more slowly and supports the block, so that
  the rest opens;
- vacancy saturation: f has reached 0.85 f_c here, so that lattice planes are removed from the
  surface: a place that strips more than the rest recedes;
- flow: none of these: the lithium flows away from a place that strips no more than others.

A void may also be "split": a part of one that was open. Positions are (N, k) µm along Γ, k = 1 or
2. Pure functions of gathered arrays; not collective.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.observe.arrays import Array, Profile
from cellfem.physics.definitions import VOID_AT
from cellfem.physics.vacancies import COALESCENCE

Cause = Literal["", "start", "void edge", "plating", "pillar", "vacancy saturation", "flow", "split"]
CAUSES: tuple[Cause, ...] = ("start", "void edge", "plating", "pillar", "vacancy saturation", "flow")
"""Causes of a place; "split" applies to voids alone."""
REACH = 2.0
"""Distance from an open area, in ℓ, within which a place is at its edge."""
PILLAR_CURRENT = 0.8
"""Largest current of a pillar over the mean."""
Columns = dict[str, Array]
"""Evidence by name, a value for each place: porosity over f_c, load over the stack pressure,
current over the mean, distance to an open area (µm), load and relative current at the node of
largest load."""


@dataclass(frozen=True, eq=False)
class InterfaceHistory:
    """Γ at one time, (N,): gap (µm), current (any unit, > 0 strips), contact pressure (MPa),
    porosity f; positions (N, k) µm."""

    places: Array
    gap: Array
    current: Array
    pressure: Array
    porosity: Array
    periods: tuple[float, ...] = ()  # period of Γ along each axis, µm; () between mirror planes


@dataclass(frozen=True)
class Scales:
    """δ (µm), ℓ (µm) and f_c of the interface."""

    delta: float
    length: float
    f_c: float

    @property
    def open_gap(self) -> float:
        """Gap above which a place is open, µm."""
        return VOID_AT * self.delta


@dataclass(frozen=True, eq=False)
class Span:
    """Γ before and after a step (s), with the stack pressure (MPa) and the mean current before it
    (as in `InterfaceHistory`)."""

    before: InterfaceHistory
    after: InterfaceHistory
    begin_s: float
    end_s: float
    pressure: float
    mean_current: float


def face_of(profile: Profile) -> InterfaceHistory:
    """Γ from a gathered profile."""
    places = profile.x_um[:, None] if profile.y_um is None else np.column_stack([profile.x_um, profile.y_um])
    values = profile.gap_um, profile.current_mA_cm2, profile.contact_pressure_MPa, profile.porosity
    return InterfaceHistory(places, *values, profile.periods)


def crossing_time(before: Array, after: Array, begin_s: float, end_s: float, limit: float) -> Array:
    """When a quantity that is linear in time rises through `limit`; nan if it does not."""
    rises = (before <= limit) & (after > limit)
    share = (limit - before) / np.where(rises, after - before, 1.0)
    return np.where(rises, begin_s + share * (end_s - begin_s), np.nan)


def evidence(span: Span, nodes: NDArray[np.int64], time_s: Array, scales: Scales) -> Columns:
    """Evidence for the places `nodes`, each at its time within the step."""
    per_mean = 1.0 / span.mean_current if span.mean_current else np.nan
    share = ((time_s - span.begin_s) / (span.end_s - span.begin_s))[:, None]
    # (nodes, N): the whole of Γ at the time of each
    load, current, porosity = (
        (1 - share) * getattr(span.before, name) + share * getattr(span.after, name)
        for name in ("pressure", "current", "porosity")
    )
    row, pillar = np.arange(len(nodes)), np.argmax(load, axis=1)
    return {
        "saturation": porosity[row, nodes] / scales.f_c,
        "load": load[row, nodes] / span.pressure,
        "current": current[row, nodes] * per_mean,
        "to_void_um": _distance(span.before, nodes, scales),
        "pillar_load": load[row, pillar] / span.pressure,
        "pillar_current": current[row, pillar] * per_mean,
    }


def causes(columns: Columns, mean_current: float, scales: Scales) -> list[Cause]:
    """Causes of places that opened in a step, by the rule above."""
    return [_cause(row, mean_current < 0, scales) for row in _rows(columns)]


def cause_of_birth(span: Span, inside: NDArray[np.int64], scales: Scales) -> Cause:
    """Cause of a new void with these places: that of the place that opened first, or of the deepest
    of several."""
    time = crossing_time(span.before.gap[inside], span.after.gap[inside], span.begin_s, span.end_s, scales.open_gap)
    when = np.where(np.isnan(time), span.end_s, time)
    first = np.lexsort([-span.after.gap[inside], when])[:1]
    return causes(evidence(span, inside[first], when[first], scales), span.mean_current, scales)[0]


def _cause(row: dict[str, float], plated: bool, scales: Scales) -> Cause:
    if row["to_void_um"] <= REACH * scales.length:
        return "void edge"
    if plated:
        return "plating"
    if row["pillar_current"] <= PILLAR_CURRENT and 1 - row["pillar_current"] > row["current"] - 1:
        return "pillar"
    return "vacancy saturation" if row["saturation"] >= COALESCENCE else "flow"


def _distance(face: InterfaceHistory, of: NDArray[np.int64], scales: Scales) -> Array:
    """Distance (µm) of the places `of` from the nearest open place."""
    is_open = face.gap > scales.open_gap
    if not is_open.any():
        return np.full(len(of), np.inf)
    places = face.places % np.array(face.periods) if face.periods else face.places
    distance, _ = scipy.spatial.cKDTree(places[is_open], boxsize=face.periods or None).query(places[of])
    return np.asarray(distance)


def _rows(columns: Columns) -> Sequence[dict[str, float]]:
    return [dict(zip(columns, map(float, values), strict=True)) for values in zip(*columns.values(), strict=True)]
