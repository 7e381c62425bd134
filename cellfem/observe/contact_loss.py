"""Place, time and cause of contact loss: a map of the opening time along Γ, with the evidence for
each place.

A place opens when its gap rises through 3δ, linearly between two steps; only the first time counts.
Causes: see `contact_loss_causes`.

Positions are (N, k) µm along Γ, k = 1 or 2. Pure functions of gathered arrays; not collective.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem.observe.arrays import Array
from cellfem.observe.contact_loss_causes import InterfaceHistory, Scales, Span, causes, crossing_time, evidence


@dataclass(frozen=True, eq=False)
class Openings:
    """The map, (N,) each. time_s: nan where Γ has never opened. Evidence at that time: porosity
    over f_c, load over the stack pressure, current over the mean, distance to an open area (µm),
    load and relative current at the node of largest load.
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
        """The place that opened first, after the start; None if none did. Of several in one step,
        the one with the largest gap."""
        new = np.where(self.cause == "start", np.nan, self.time_s)
        return None if np.all(np.isnan(new)) else int(np.nanargmin(new))


EVIDENCE = ("saturation", "load", "current", "to_void_um", "pillar_load", "pillar_current")


def start_openings(face: InterfaceHistory, scales: Scales, time_s: float = 0.0) -> Openings:
    """The map at the start: what is open then."""
    is_open = face.gap > scales.open_gap
    nothing = np.full(len(face.gap), np.nan)
    cause = np.where(is_open, "start", "").astype("<U18")
    return Openings(face.places, np.where(is_open, time_s, np.nan), cause, *(nothing.copy() for _ in EVIDENCE))


def advance(known: Openings, span: Span, scales: Scales) -> Openings:
    """The map after a step."""
    time = crossing_time(span.before.gap, span.after.gap, span.begin_s, span.end_s, scales.open_gap)
    new = np.flatnonzero(np.isfinite(time) & np.isnan(known.time_s))
    if not len(new):
        return known
    columns = evidence(span, new, time[new], scales)
    cause = known.cause.copy()
    cause[new] = causes(columns, span.mean_current, scales)
    updated = {name: _put(getattr(known, name), new, values) for name, values in columns.items()}
    return replace(known, time_s=_put(known.time_s, new, time[new]), cause=cause, **updated)


def opening_rows(known: Openings) -> list[dict[str, float | str]]:
    """A csv row per place, in the order of the places."""
    names = ("x_um", "y_um")[: known.places.shape[1]]
    rows = []
    for k, place in enumerate(known.places):
        row: dict[str, float | str] = dict(zip(names, map(float, place), strict=True))
        row |= {"time_s": float(known.time_s[k]), "cause": str(known.cause[k])}
        rows.append(row | {name: float(getattr(known, name)[k]) for name in EVIDENCE})
    return rows


def first_opening(known: Openings) -> dict[str, Any] | None:
    """Place, time, cause and evidence of the first loss of contact after the start; None if there
    is none."""
    first = known.first
    return None if first is None else opening_rows(known)[first]


def _put(values: Array, at: NDArray[np.int64], new: Array) -> Array:
    changed = values.copy()
    changed[at] = new
    return changed
