"""A measured voltage curve compared with a run: rms difference and picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cellfem.errors import CellfemError
from cellfem.formatting import time_unit
from cellfem.output.comparison import NEEDED, Comparison, Points, compare, modelled, verdict
from cellfem.output.records import read_records, write_atomic
from cellfem.output.style import INK, new_figure, save, style
from cellfem.results import adding
from cellfem.units import OHM_CM2

if TYPE_CHECKING:
    from cellfem.tables.curve import VoltageCurve

OUTPUTS = ("measured.png", "measured.json")
BLUE, ORANGE = "#1f5f99", "#d1661c"


def draw_overlay(
    path: Path, rows: Sequence[Mapping[str, float]], curve: VoltageCurve | Points, found: Comparison, title: str = ""
) -> None:
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
        rest.set_ylabel("measured minus\ncomputed (mV)")
        rest.set_xlabel(f"{'time' if curve.kind == 'time' else 'capacity'} ({unit})")
        for axes in (both, rest):
            axes.grid(color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
        rms = f"rms difference {found.rms_mV:.3g} mV, {found.points} of {found.of} points"
        both.set_title(f"{title}\n{rms}" if title else rms, loc="left")
        figure.align_ylabels([both, rest])
        figure.tight_layout()
        save(figure, path)


class OverlayError(CellfemError, ValueError):
    """A run and a curve that cannot be compared."""


@dataclass(frozen=True)
class Overlay:
    """Difference between curve and run, and the files that show it."""

    comparison: Comparison
    files: tuple[Path, ...]

    @property
    def sentence(self) -> str:
        return str(verdict(self.comparison)["text"])


def overlay_run(run: Path, curve: VoltageCurve, series: float = 0.0, path: Path | None = None) -> Overlay:
    """Compare a measured voltage curve with a run: measured.png and measured.json in its folder.

    series: resistance of the parts of the cell that are not modelled, Ω m². path: of the curve,
    which is not overwritten. Raises FolderError, and OverlayError if run and curve are incompatible
    or a file cannot be read or written.
    """
    inputs = {"records.csv": run / "records.csv"} | ({} if path is None else {"the curve": path})
    try:
        with adding(run, "run", OUTPUTS, inputs, anywhere=True):
            return Overlay(lay_over(run, curve, series), tuple(run / name for name in OUTPUTS))
    except CellfemError:
        raise
    except (OSError, ValueError) as error:
        raise OverlayError(f"{run}: {error}") from error


def lay_over(folder: Path, curve: VoltageCurve, series: float, title: str = "") -> Comparison:
    """Compare a run; measured.png and measured.json go into its folder. series: Ω m². Raises
    OSError and ValueError."""
    rows = read_records(folder / "records.csv", NEEDED)
    if not rows:
        raise ValueError("the run has no rows yet; wait for the first")
    found = compare(rows, curve, OHM_CM2 * series)
    draw_overlay(folder / "measured.png", rows, curve, found, title)
    write_atomic(folder / "measured.json", json.dumps(verdict(found), indent=2, ensure_ascii=False) + "\n")
    return found
