"""A measured voltage curve over a run: rms difference and picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cellfem.case.measured import Curve
from cellfem.output.records import read_records, write_atomic
from cellfem.output.style import INK, new_figure, save, style
from cellfem.output.words import time_unit
from cellfem.tables.text import Floats

BLUE, ORANGE = "#1f5f99", "#d1661c"
NEEDED = ("time_s", "capacity_mAh_cm2", "voltage_mV", "current_mA_cm2")
OHM_CM2 = 1e4
"""Ω cm² per Ω m²; 1 Ω cm² makes 1 mV at 1 mA/cm²."""


@dataclass(frozen=True)
class Comparison:
    """Measured less computed, mV: root mean square, mean and largest (with sign) over the points that the run spans."""

    points: int
    of: int
    rms_mV: float
    mean_mV: float
    largest_mV: float
    source: str
    understood: str
    series_ohm_cm2: float


def modelled(rows: Sequence[Mapping[str, float]], curve: Curve, series_ohm_cm2: float) -> tuple[Floats, Floats]:
    """(x, voltage in mV) of a run, x as the curve's; the voltage with the drop in what the model has not."""
    x = np.array([row["time_s" if curve.kind == "time" else "capacity_mAh_cm2"] for row in rows])
    voltage = np.array([row["voltage_mV"] + series_ohm_cm2 * row["current_mA_cm2"] for row in rows])
    return x, voltage


def compare(rows: Sequence[Mapping[str, float]], curve: Curve, series_ohm_cm2: float = 0.0) -> Comparison:
    """Differences at the measured points. Raises ValueError where capacity does not increase, or no point lies within the run.

    rows: those of records.csv. series_ohm_cm2: resistance that the cell has and the model has not.
    """
    x, voltage = modelled(rows, curve, series_ohm_cm2)
    if np.any(np.diff(x) < 0):
        raise ValueError("the capacity of the run goes up and down: give the curve over time")
    inside = (curve.x >= x[0]) & (curve.x <= x[-1])
    if not inside.any():
        raise ValueError(f"no measured point lies within the run, {x[0]:.4g} to {x[-1]:.4g} ({curve.kind}): are the units right?")
    difference = curve.voltage_mV[inside] - np.interp(curve.x[inside], x, voltage)
    largest = float(difference[np.argmax(np.abs(difference))])
    rms = float(np.sqrt(np.mean(difference**2)))
    mean = float(difference.mean())
    return Comparison(int(inside.sum()), curve.of, rms, mean, largest, curve.source, curve.understood, series_ohm_cm2)


def draw_overlay(path: Path, rows: Sequence[Mapping[str, float]], curve: Curve, found: Comparison, title: str = "") -> None:
    """Both curves over time or capacity, and their difference below."""
    x, voltage = modelled(rows, curve, found.series_ohm_cm2)
    longest = max(float(x[-1]), float(curve.x[-1]))
    per_unit, unit = time_unit(longest) if curve.kind == "time" else (1.0, "mAh/cm²")
    with style():
        figure = new_figure(4.6, 4.0)
        both, rest = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1.0))
        both.plot(x / per_unit, voltage, color=BLUE, label="computed")
        both.plot(
            curve.x / per_unit, curve.voltage_mV, "o", ms=3, mfc="none", mew=0.8, color=ORANGE, label=f"measured: {found.source}"
        )
        both.set_ylabel("voltage (mV)")
        both.legend()
        inside = (curve.x >= x[0]) & (curve.x <= x[-1])
        rest.plot(
            curve.x[inside] / per_unit, curve.voltage_mV[inside] - np.interp(curve.x[inside], x, voltage), color=INK, lw=1.0
        )
        rest.axhline(0.0, color=INK, lw=0.6)
        rest.set_ylabel("measured less\ncomputed (mV)")
        rest.set_xlabel(f"{'time' if curve.kind == 'time' else 'capacity'} ({unit})")
        for axes in (both, rest):
            axes.grid(color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
        rms = f"rms difference {found.rms_mV:.3g} mV, {found.points} of {found.of} points"
        both.set_title(f"{title}\n{rms}" if title else rms, loc="left")
        figure.align_ylabels([both, rest])
        figure.tight_layout()
        save(figure, path)


def verdict(found: Comparison) -> dict[str, object]:
    """For summary.json."""
    return asdict(found) | {
        "text": f"The measured voltage ({found.source}) differs from the computed one by {found.rms_mV:.3g} mV (rms), "
        f"{found.mean_mV:+.3g} mV on average, over {found.points} of the {found.of} points in the file."
    }


def lay_over(folder: Path, curve: Curve, series: float, title: str = "") -> Comparison:
    """Compare a run; measured.png and measured.json go into its folder. series: Ω m². Raises OSError and ValueError."""
    rows = read_records(folder / "records.csv", NEEDED)
    if not rows:
        raise ValueError("the run has no rows yet; wait for the first")
    found = compare(rows, curve, OHM_CM2 * series)
    draw_overlay(folder / "measured.png", rows, curve, found, title)
    write_atomic(folder / "measured.json", json.dumps(verdict(found), indent=2, ensure_ascii=False) + "\n")
    return found
