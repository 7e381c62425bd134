"""Statistics over realisations of a random interface: runs that differ in the seed alone.

A run that ends without failure only shows that its time to failure exceeds the test: such times are
right-censored, and the share that has failed by a time is estimated as in Kaplan & Meier (1958). A
cell is larger than a run: if it consists of N strips of the width of a run and a stated depth,
which fail independently, the first fails by t with probability 1 - (1 - F(t))^N.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy  # scipy.stats is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.campaign.grid import SEED, Values
from cellfem.campaign.sweep_points import Outcome, Verdict
from cellfem.output.records import write_atomic

Array = NDArray[np.float64]
NUMBERS = (
    *("contact_fraction", "carrying_fraction", "voltage_mV", "asr_ohm_cm2", "focusing_max"),
    *("void_size", "void_count", "gap_max_um", "opening_place_um"),
)
TIMES = ("time_to_failure_s", "opening_time_s")
QUANTILES = (0.1, 0.5, 0.9)
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Number:
    """A number over realisations: how many have a value, mean, standard deviation (nan for one),
    quantiles 0.1, 0.5, 0.9."""

    count: int
    mean: float
    spread: float
    q10: float
    q50: float
    q90: float


@dataclass(frozen=True)
class Times:
    """Time of an event that may not occur within the test. events: how many occurred; quantiles are
    nan beyond the test.

    share: that occurred within the test, with its 95 % interval (Wilson). mean, spread: over events
    that occurred. shape, scale_s: of a Weibull distribution fitted to all times, censored ones
    included; nan for fewer than three events.
    """

    events: int
    share: float
    share_low: float
    share_high: float
    mean: float
    spread: float
    q10: float
    q50: float
    q90: float
    shape: float
    scale_s: float


@dataclass(frozen=True)
class Statistics:
    """All realisations of one point of a grid. places: (µm, s, cause) of each first loss of
    contact."""

    values: Values
    runs: int
    failed: int
    verdicts: dict[str, int]
    numbers: dict[str, Number]
    times: dict[str, Times]
    causes: dict[str, int]
    places: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Areal:
    """Statistics per area; each run represents its width times the stated depth. Areas in µm²,
    densities in 1/cm².

    strips: number of strips in a cell. cell_…: time until the first strip of the cell has opened,
    by the Weibull fit; nan without one.
    """

    area_um2: float
    voids_per_cm2: float
    strips: float
    cell_median_s: float
    cell_share_in_test: float


def groups_of(outcomes: Sequence[Outcome]) -> dict[Values, tuple[Outcome, ...]]:
    """The outcomes by all their values but the seed."""
    groups: dict[Values, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(_without_seed(outcome.point.values), []).append(outcome)
    return {values: tuple(members) for values, members in groups.items()}


def pooled(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """One outcome for each point, seeds combined: medians; lost (or kept) if most realisations are,
    otherwise reduced."""
    return tuple(_pool(values, members) for values, members in groups_of(outcomes).items())


def statistics_of(values: Values, members: Sequence[Outcome]) -> Statistics:
    """Statistics of the realisations of one point; failed runs are counted, and excluded from the
    rest."""
    good = [outcome for outcome in members if outcome.verdict != "failed"]
    opened = [outcome for outcome in good if math.isfinite(outcome.opening_time_s)]
    return Statistics(
        values,
        len(members),
        len(members) - len(good),
        dict(Counter(outcome.verdict for outcome in good)),
        {name: number_of([getattr(outcome, name) for outcome in good]) for name in NUMBERS},
        {
            name: times_of([getattr(outcome, name) for outcome in good], [outcome.end_time_s for outcome in good])
            for name in TIMES
        },
        dict(Counter(outcome.opening_cause for outcome in opened)),
        tuple((outcome.opening_place_um, outcome.opening_time_s, outcome.opening_cause) for outcome in opened),
    )


def number_of(values: Sequence[float]) -> Number:
    """Mean, spread and quantiles of the finite values."""
    known = np.array([value for value in values if math.isfinite(value)])
    if not len(known):
        return Number(0, *(math.nan,) * 5)
    spread = float(known.std(ddof=1)) if len(known) > 1 else math.nan
    return Number(len(known), float(known.mean()), spread, *map(float, np.quantile(known, QUANTILES)))


def times_of(times: Sequence[float], ends: Sequence[float]) -> Times:
    """Statistics of the times of an event; nan marks runs that ended before it."""
    happened = np.array([time for time in times if math.isfinite(time)])
    if not len(times):
        return Times(0, *(math.nan,) * 10)
    interval = scipy.stats.binomtest(len(happened), len(times)).proportion_ci(CONFIDENCE, "wilson")
    plain = number_of(list(happened))
    at, share = failed_by(times, ends)

    def quantile(level: float) -> float:
        reached = share >= level - 1e-12
        return float(at[np.argmax(reached)]) if reached.any() else math.nan

    shape, scale = weibull(times, ends)
    low, high = float(interval.low), float(interval.high)
    q10, q50, q90 = map(quantile, QUANTILES)
    return Times(len(happened), len(happened) / len(times), low, high, plain.mean, plain.spread, q10, q50, q90, shape, scale)


def failed_by(times: Sequence[float], ends: Sequence[float]) -> tuple[Array, Array]:
    """(times, share that has failed by then) by Kaplan & Meier; empty if nothing failed."""
    happened = [time for time in times if math.isfinite(time)]
    if not happened:
        return np.empty(0), np.empty(0)
    share = scipy.stats.ecdf(_censored(times, ends)).cdf
    keep = np.isin(share.quantiles, happened)
    return np.asarray(share.quantiles[keep]), np.asarray(share.probabilities[keep])


def weibull(times: Sequence[float], ends: Sequence[float]) -> tuple[float, float]:
    """(shape, scale in s) of 1 - exp(-(t/scale)^shape) by maximum likelihood, censored times
    included; nan for fewer than three events."""
    happened = [time for time in times if math.isfinite(time)]
    if len(set(happened)) < 3:
        return math.nan, math.nan
    shape, _, scale = scipy.stats.weibull_min.fit(_censored(times, ends), floc=0.0)
    return float(shape), float(scale)


def areal(found: Statistics, width_um: float, depth_um: float, cell_um2: float, test_s: float) -> Areal:
    """Statistics per area of a plane stack. width_um: of the run; depth_um: the stated one;
    cell_um2: of a cell."""
    area = width_um * depth_um
    strips = cell_um2 / area
    opening = found.times["opening_time_s"]
    scale = opening.scale_s * strips ** (-1 / opening.shape)  # the smallest of N Weibull times is Weibull distributed
    return Areal(
        area,
        found.numbers["void_count"].mean / area * 1e8,
        strips,
        scale * math.log(2) ** (1 / opening.shape),
        -math.expm1(-((test_s / scale) ** opening.shape)),
    )


def write_statistics(path: Path, found: Sequence[Statistics], areas: Sequence[Areal | None]) -> None:
    """statistics.json: everything, nan as null."""
    report = [
        asdict(one) | {"values": dict(one.values), "areal": None if area is None else asdict(area)}
        for one, area in zip(found, areas, strict=True)
    ]
    write_atomic(path, json.dumps(_plain(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _pool(values: Values, members: Sequence[Outcome]) -> Outcome:
    good = [outcome for outcome in members if outcome.verdict != "failed"]
    if not good:
        return replace(members[0], point=replace(members[0].point, values=values))
    verdict: Verdict = "reduced"
    for name in ("lost", "kept", "untested"):
        if sum(outcome.verdict == name for outcome in good) > len(good) / 2:
            verdict = name
    middle: dict[str, Any] = {
        name: number_of([getattr(outcome, name) for outcome in good]).q50
        for name in (*NUMBERS, "perfect_contact_fraction", "end_time_s", "capacity_mAh_cm2")
    }
    time = times_of([outcome.time_to_failure_s for outcome in good], [outcome.end_time_s for outcome in good]).q50
    end = {"lost": "lost by most", "untested": "stopped at once in most"}.get(verdict, "done")
    kind = "stop" if verdict in ("lost", "untested") else "done"
    point = replace(good[0].point, values=values)
    return replace(good[0], point=point, verdict=verdict, end=end, end_kind=kind, time_to_failure_s=time, **middle)


def _without_seed(values: Values) -> Values:
    return tuple(pair for pair in values if pair[0] != SEED)


def _censored(times: Sequence[float], ends: Sequence[float]) -> scipy.stats.CensoredData:
    happened = np.array([time for time in times if math.isfinite(time)])
    ongoing = [end for time, end in zip(times, ends, strict=True) if not math.isfinite(time)]
    return scipy.stats.CensoredData(happened, right=ongoing)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else None


def statistic_lines(found: Statistics, area: Areal | None, depth_um: float) -> list[str]:
    """Lines to print for one point."""
    where = ", ".join(f"{name} {value}" for name, value in found.values) or "the case"
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in found.verdicts.items())
    lines = [f"{where}: {found.runs} realisations, {verdicts}" + (f", {found.failed} failed" if found.failed else "")]
    for name, label in (("contact_fraction", "contact"), ("carrying_fraction", "carrying"), ("voltage_mV", "voltage, mV")):
        number = found.numbers[name]
        lines.append(
            f"  {label}: {number.mean:.3g} ± {number.spread:.2g}, quantiles {number.q10:.3g}, {number.q50:.3g}, {number.q90:.3g}"
        )
    for name, label in (("time_to_failure_s", "lost"), ("opening_time_s", "opened somewhere")):
        time = found.times[name]
        low, share, high = (100 * value for value in (time.share_low, time.share, time.share_high))
        text = f"  {label}: {share:.0f} % within the test (95 %: {low:.0f} % to {high:.0f} %)"
        lines.append(text + (f", half of all after {time.q50:.3g} s" if math.isfinite(time.q50) else ""))
    if found.causes:
        causes = ", ".join(f"{cause} {count}" for cause, count in sorted(found.causes.items(), key=lambda pair: -pair[1]))
        lines.append(f"  cause of the first loss of contact: {causes}")
    if area is not None:
        text = f"  per area, each run {area.area_um2:.3g} µm² (depth {depth_um:.3g} µm): {area.voids_per_cm2:.3g} voids per cm²"
        if math.isfinite(area.cell_median_s):
            text += f"; in half of all cells the first of {area.strips:.3g} strips opens within {area.cell_median_s:.3g} s"
        lines.append(text)
    return lines
