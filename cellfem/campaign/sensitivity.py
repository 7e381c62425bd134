"""Results of a sensitivity study: numbers of the verdict at the ends of each range, and elementary
effects of the screening."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.campaign.design import Factor, Step, elementary_effects
from cellfem.campaign.sweep_points import Outcome
from cellfem.output.records import write_atomic

RESULTS = {
    "contact_fraction": "contact",
    "carrying_fraction": "carrying fraction",
    "end_time_s": "time to failure, or end of test (s)",
    "voltage_mV": "voltage (mV)",
}
"""Numbers of the verdict and their labels. If contact is kept, the time to failure exceeds the
test."""


@dataclass(frozen=True)
class Effect:
    """Effect of one factor on one number. base, low, high: with the case's value, and at both ends
    of the range; nan if unknown.

    verdicts: at low, base, high. mean_effect: μ*, mean size of the change over the whole range for
    all values of the other factors; scatter: σ, how much it depends on their values; nan without a
    screening.
    """

    factor: str
    result: str
    low_value: str
    base_value: str
    high_value: str
    low: float
    base: float
    high: float
    verdicts: tuple[str, str, str]
    mean_effect: float
    scatter: float

    @property
    def width(self) -> float:
        """Change of the result over the range: one at a time, or from the screening if that is
        unknown."""
        known = [value for value in (self.low, self.base, self.high) if math.isfinite(value)]
        return max(known) - min(known) if len(known) > 1 else 0.0


def effects_of(factors: Sequence[Factor], steps: Sequence[Step], outcomes: Sequence[Outcome]) -> tuple[Effect, ...]:
    """Every factor on every number, from the finished runs; runs in which the solver gave up are
    excluded."""
    good = {outcome.point.name: outcome for outcome in outcomes if outcome.verdict != "failed"}
    found = []
    for result in RESULTS:
        numbers = {name: getattr(outcome, result) for name, outcome in good.items()}
        screened = elementary_effects([step for step in steps if "screen" in step.point.name], numbers)
        for k, factor in enumerate(factors):
            ends = [_end(steps, k, share, factor) for share in (0.0, factor.base, 1.0)]
            values = [numbers.get(name, math.nan) for name in ends]
            verdicts = [good[name].verdict if name in good else "failed" for name in ends]
            effects = screened.get(k, np.empty(0))
            low, base, high = values
            texts = [factor.value(share).strip('"') for share in (0.0, factor.base, 1.0)]
            found.append(
                Effect(
                    factor.name,
                    result,
                    low_value=texts[0],
                    base_value=texts[1],
                    high_value=texts[2],
                    low=low,
                    base=base,
                    high=high,
                    verdicts=(verdicts[0], verdicts[1], verdicts[2]),
                    mean_effect=float(np.abs(effects).mean()) if len(effects) else math.nan,
                    scatter=float(effects.std(ddof=1)) if len(effects) > 1 else math.nan,
                )
            )
    return tuple(found)


def write_effects(folder: Path, effects: Sequence[Effect]) -> None:
    """sensitivity.csv and sensitivity.json, atomically replaced."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [name for name in asdict(effects[0]) if name != "verdicts"]
    writer.writerow([*names, "verdict_low", "verdict_base", "verdict_high"])
    writer.writerows([*(getattr(effect, name) for name in names), *effect.verdicts] for effect in effects)
    write_atomic(folder / "sensitivity.csv", text.getvalue())
    report = [{name: _plain(value) for name, value in asdict(effect).items()} for effect in effects]
    write_atomic(folder / "sensitivity.json", json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def table(effects: Sequence[Effect]) -> list[tuple[str, ...]]:
    """Cells to print: headings, then a row per factor, the most important for the carrying fraction
    first."""
    by_factor: dict[str, dict[str, Effect]] = {}
    for effect in effects:
        by_factor.setdefault(effect.factor, {})[effect.result] = effect
    order = sorted(by_factor.values(), key=lambda row: -row["carrying_fraction"].width)
    rows: list[tuple[str, ...]] = [("factor", "range", *(RESULTS[name].split(",")[0] for name in RESULTS), "verdicts")]
    for row in order:
        one = next(iter(row.values()))
        spans = (f"{row[name].low:.3g} … {row[name].high:.3g}" for name in RESULTS)
        rows.append((one.factor, f"{one.low_value} … {one.high_value}", *spans, ", ".join(one.verdicts)))
    return rows


def _end(steps: Sequence[Step], k: int, share: float, factor: Factor) -> str:
    """Name of the run in which factor k has this share and all others are as in the case."""
    if abs(share - factor.base) < 1e-9:
        return steps[0].point.name
    return next((s.point.name for s in steps if s.origin == steps[0].point.name and s.moved == k and s.shares[k] == share), "")


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
