"""The verdict on cracking of the electrolyte under pressure: whether, where, and above which
pressure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellfem.formatting import time_text
from cellfem.model.parameters import Ceramic
from cellfem.observe.cracks import CrackReading, cracking_pressure

LIKELY = 0.5
"""Likelihood above which the verdict says that LLZO is likely to crack."""


@dataclass(frozen=True)
class Pressed:
    """A crack reading at one time, and the stack pressure."""

    time_s: float
    pressure_MPa: float
    reading: CrackReading


def crack_columns(pressed: Pressed | None) -> dict[str, float]:
    """Its columns in records.csv; nan if LLZO was not solved."""
    if pressed is None:
        return {"crack_tension_MPa": math.nan, "crack_index": math.nan, "crack_likelihood": math.nan}
    reading = pressed.reading
    return {
        "crack_tension_MPa": reading.tension_MPa,
        "crack_index": reading.index,
        "crack_likelihood": reading.likelihood,
    }


def more_likely(before: Pressed | None, now: Pressed) -> Pressed:
    """The one with the larger tension, the earlier of equals."""
    return before if before is not None and before.reading.tension_MPa >= now.reading.tension_MPa else now


def crack_verdict(worst: Pressed | None, ceramic: Ceramic | None, rows: Sequence[Mapping[str, float]]) -> dict[str, Any] | None:
    """`verdict.crack` of summary.json: the time of the largest tension, and the pressure above
    which cracks are likely.
    """
    if worst is None or ceramic is None:
        return None
    reading = worst.reading
    from_pressure = pressure_of_cracks(rows)
    return {
        "tension_MPa": reading.tension_MPa,
        "place_um": list(reading.place_um),
        "time_s": worst.time_s,
        "pressure_MPa": worst.pressure_MPa,
        "index": reading.index,
        "likelihood": reading.likelihood,
        "displacement_um": reading.displacement_um,
        "flaw_length_um": ceramic.flaw,
        "likely_from_MPa": from_pressure,
        "highest_pressure_MPa": max(row["pressure_MPa"] for row in rows),
        "sides": ceramic.sides,
        "text": f"{_tension_sentence(worst, ceramic)} {_pressure_sentence(from_pressure, rows)}",
    }


def pressure_of_cracks(rows: Sequence[Mapping[str, float]]) -> float | None:
    """Stack pressure (MPa) above which LLZO is likely to crack (likelihood ½ or index 1); None if
    never."""
    highest = max(range(len(rows)), key=lambda k: rows[k]["pressure_MPa"])
    rising = rows[: highest + 1]
    first = cracking_pressure(
        [row["pressure_MPa"] for row in rising],
        [row["crack_likelihood"] for row in rising],
        [row["crack_index"] for row in rising],
    )
    if first is not None:
        return first
    # at a constant pressure the largest tension may come later
    later = [row["pressure_MPa"] for row in rows if row["crack_likelihood"] >= LIKELY or row["crack_index"] >= 1.0]
    return min(later, default=None)


def window_text(needed_MPa: float | None, likely_MPa: float | None, highest_MPa: float) -> str:
    """The window between the pressure that contact needs and the one above which LLZO is likely to
    crack, as a sentence."""
    need = "no pressure that was tried reaches the target" if needed_MPa is None else f"contact needs {needed_MPa:.3g} MPa"
    if likely_MPa is None:
        return f"Window: {need}; LLZO is not likely to crack up to {highest_MPa:.3g} MPa."
    if needed_MPa is not None and likely_MPa <= needed_MPa:
        return f"No window: {need}, but LLZO is likely to crack from {likely_MPa:.3g} MPa."
    return f"Window: {need}; LLZO is likely to crack from {likely_MPa:.3g} MPa."


def window_of_runs(verdicts: Sequence[Mapping[str, Any] | None], needed_MPa: float) -> str | None:
    """`window_text` for runs at several pressures, from their `verdict.crack`; None if no run
    solved the stress."""
    known = [verdict for verdict in verdicts if verdict is not None]
    if not known:
        return None
    likely = min((v["likely_from_MPa"] for v in known if v["likely_from_MPa"] is not None), default=None)
    return window_text(needed_MPa, likely, max(v["highest_pressure_MPa"] for v in known))


def _tension_sentence(worst: Pressed, ceramic: Ceramic) -> str:
    reading = worst.reading
    if reading.tension_MPa <= 0:
        return "LLZO is under compression everywhere."
    x, y, z = reading.place_um
    solid = y > 0 or z < 0  # in a plane the electrolyte is at y ≤ 0, z = 0
    place = f"{x:.3g} µm, {0.0 - y:.3g} µm deep" if not solid else f"({x:.3g}, {y:.3g}) µm, {0.0 - z:.3g} µm deep"
    odds = "" if math.isnan(reading.likelihood) else f"; the likelihood that it breaks is {reading.likelihood:.2g}"
    return (
        f"The largest tension in LLZO is {reading.tension_MPa:.3g} MPa at {place}, after {time_text(worst.time_s)}: "
        f"{100 * reading.index:.2g} % of the strength at a flaw of {ceramic.flaw:.3g} µm{odds}."
    )


def _pressure_sentence(likely: float | None, rows: Sequence[Mapping[str, float]]) -> str:
    highest = max(row["pressure_MPa"] for row in rows)
    if likely is None:
        return f"Up to {highest:.3g} MPa it is not likely to crack."
    return f"It is likely to crack from {likely:.3g} MPa."
