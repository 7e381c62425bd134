"""How far computed numbers lie from measured ones: from the validation report, the one source."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NAME = "validation.json"
PLACES = (Path(__file__).parent / NAME, Path(__file__).parents[1] / "docs" / NAME)
"""Where the report may be: beside the installed package, or in the docs of the repository."""
UNKNOWN = "There is no validation report yet that tells how far such numbers lie from measured ones; see docs/validation.md."
ABOUT = {
    "contact": ("current", "stripping", "contact"),
    "pressing": ("resistance", "impedance", "asr"),
    "dendrite": ("dendrite", "short", "plating"),
}
"""What a verdict is about, and words of the observables that tell of it."""


@dataclass(frozen=True)
class Distance:
    """Of computed from measured numbers. typical, largest: the median and the largest factor
    between them, either way. points: numbers compared; censored: comparisons with a bound alone."""

    typical: float
    largest: float
    points: int
    censored: int
    observables: tuple[str, ...]

    @property
    def text(self) -> str:
        """A sentence."""
        told = ", ".join(self.observables)
        bounds = f", and {self.censored} bounds" if self.censored else ""
        return (
            f"Computed numbers of this kind ({told}) lie within a factor {self.typical:.2g} (median), {self.largest:.2g} (at "
            f"most) of {self.points} measured ones{bounds} ({NAME})."
        )


def distance(kind: str) -> Distance | None:
    """Of what a verdict is about, one of ABOUT; of all that was compared where nothing of that kind
    was; None without a report."""
    return distance_of(_points(), kind)


def distance_text(kind: str) -> str:
    """The same as a sentence, or that it is not known."""
    found = distance(kind)
    return UNKNOWN if found is None else found.text


def distance_of(points: Sequence[dict[str, Any]], kind: str) -> Distance | None:
    """Of points as the report has them: {source, observable, …, factor}, factor null for a
    bound."""
    own = [p for p in points if any(word in str(p.get("observable", "")).lower() for word in ABOUT[kind])]
    for chosen in (own, points):
        factors = [p["factor"] for p in chosen if isinstance(p.get("factor"), int | float) and p["factor"] > 0]
        if factors:
            away = [max(f, 1 / f) for f in factors]
            seen = tuple(sorted({str(p["observable"]) for p in chosen}))
            return Distance(statistics.median(away), max(away), len(away), len(chosen) - len(away), seen)
    return None


@cache
def _points() -> tuple[dict[str, Any], ...]:
    for path in PLACES:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        points = data.get("points") if isinstance(data, dict) else None
        if isinstance(points, list):
            return tuple(p for p in points if isinstance(p, dict) and not math.isnan(float(p.get("factor") or 0.0)))
    return ()
