"""What brings the slope of the critical current against pressure into the measured range? One candidate at a time.

    python cases/map-pressure-current/slope.py RESULTS [--candidates uniform uneven ...] [--jobs 2] [--list]

For each candidate, pressure and criterion the critical current is bracketed on a fixed logarithmic grid of currents (factor
1.25), so that the criteria share their runs. Every run goes through the command line of cellfem into RESULTS/CANDIDATE/…; runs
that are finished are not repeated: the study may be stopped and taken up. Writes RESULTS/slope.csv, slope.md and slope.png.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.campaign.results import published_points, published_slopes
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style
from cellfem.units import FARADAY

CASE = Path(__file__).resolve().parent
ROOT = CASE.parents[1]
FACTOR, LOWEST = 1.25, 0.02
"""Currents are LOWEST · FACTOR^k mA/cm²; a bracket of one step leaves ±0.1 in the slope over 0.4 to 2 MPa."""
K_FIRST, K_LAST, STRIDE = 0, 31, 4
"""First and last k (0.02 to 20 mA/cm²), and the stride by which a crossing is looked for."""
PRESSURES = (0.4, 0.9, 2.0)
MICRONS_PER_S = 13.0e-6 / FARADAY * 10.0 * 1e6
"""µm/s by which a face recedes at 1 mA/cm²: iΩ/F."""

BOTH = (
    'electrolyte.thickness="25 um"',
    "output.pictures=false",
    'output.interval="100 h"',
    "numerics.tolerance=0.05",
    "void=[]",
)
COLUMN = (
    *BOTH,
    "patch=[]",
    'stack.width="1 um"',
    'electrolyte.thickness="2 um"',
    'mesh.near="0.2 um"',
    'mesh.far="8 um"',
    'lithium.thickness="150 um"',
    'protocol.0.stop.voltage="10 V"',
)
"""A uniform face: a column as narrow as the mesh allows. It only sinks, so that contact is kept and no limit ends the run."""
FACE = (*BOTH, 'mesh.near="0.6 um"', 'mesh.far="6 um"', 'lithium.thickness="60 um"')
UNEVEN = (
    *FACE,
    "patch=[]",
    "heterogeneity.seed=4",
    "heterogeneity.asr.spread=0.5",
    'heterogeneity.asr.length="3 um"',
    "heterogeneity.impurities.share=0.2",
    'heterogeneity.impurities.size="4 um"',
    'heterogeneity.impurities.asr="500 ohm*cm^2"',
)
"""Spots as resistive as LLZO under Li2CO3 (500 Ω cm² against 2 to 10, Sharafi et al. 2017); what is clean, uneven by half."""


@dataclass(frozen=True)
class Candidate:
    """What is changed. settings: overrides; more: those that depend on pressure (MPa) and current (mA/cm²)."""

    what: str
    settings: tuple[str, ...]
    criteria: tuple[str, ...]
    more: Callable[[float, float], tuple[str, ...]] = lambda pressure, current: ()


def _minutes(text: str) -> str:
    return f'protocol.0.duration="{text}"'


def _capacity(mah_cm2: float) -> Callable[[float, float], tuple[str, ...]]:
    """The test ends at a capacity, not at a time."""
    return lambda pressure, current: (f'protocol.0.duration="{mah_cm2 / current * 3600:.6g} s"',)


def _spring(stiffness: float) -> Callable[[float, float], tuple[str, ...]]:
    """A fixture of given stiffness (MPa/µm): pressure falls as the face recedes, to a twentieth at the least."""

    def ramp(pressure: float, current: float) -> tuple[str, ...]:
        end = max(pressure - stiffness * MICRONS_PER_S * current * 3600.0, 0.05 * pressure)
        return (f'protocol.0.pressure_end="{end:.6g} MPa"',)

    return ramp


STRIPPING = ("lost", "contact", "carrying")
CANDIDATES: dict[str, Candidate] = {
    "uniform": Candidate("uniform face, Masias", COLUMN, ("carrying",)),
    "uniform-anand": Candidate("uniform face, Anand & Narayan", (*COLUMN, 'lithium.creep="anand_narayan_steady"'), ("carrying",)),
    "time-6min": Candidate("uniform, test of 6 min", (*COLUMN, _minutes("6 min")), ("carrying",)),
    "time-10h": Candidate("uniform, test of 10 h", (*COLUMN, _minutes("10 h")), ("carrying",)),
    "capacity": Candidate("uniform, test of 0.25 mAh/cm²", COLUMN, ("carrying",), _capacity(0.25)),
    "capacity-anand": Candidate(
        "uniform, Anand & Narayan, test of 0.25 mAh/cm²",
        (*COLUMN, 'lithium.creep="anand_narayan_steady"'),
        ("carrying",),
        _capacity(0.25),
    ),
    "diffusional-low": Candidate(
        "uniform, diffusional creep 6e-6 1/s/MPa (Nabarro-Herring, 10 µm grains)",
        (*COLUMN, 'lithium.diffusional="6e-6 1/s"'),
        ("carrying",),
    ),
    "diffusional-mid": Candidate(
        "uniform, diffusional creep 6e-4 1/s/MPa (Nabarro-Herring, 1 µm grains)",
        (*COLUMN, 'lithium.diffusional="6e-4 1/s"'),
        ("carrying",),
    ),
    "diffusional-high": Candidate(
        "uniform, Anand & Narayan, diffusional creep 6e-3 1/s/MPa",
        (*COLUMN, 'lithium.creep="anand_narayan_steady"', 'lithium.diffusional="6e-3 1/s"'),
        ("carrying",),
    ),
    "grains-1e3": Candidate(
        "uniform, D × 10 (grain boundaries 1e3 times faster, 1 nm in 100 nm)", (*COLUMN, 'lithium.D="8e-14 m^2/s"'), ("carrying",)
    ),
    "grains-1e6": Candidate(
        "uniform, D × 1000 (grain boundaries 1e6 times faster, 1 nm in 1 µm)", (*COLUMN, 'lithium.D="8e-12 m^2/s"'), ("carrying",)
    ),
    "patch": Candidate("one patch of 1000 Ω cm² on a fifth of the face", FACE, STRIPPING),
    "uneven": Candidate("random face, spots of 500 Ω cm²", UNEVEN, STRIPPING),
    "uneven-anand": Candidate("random face, Anand & Narayan", (*UNEVEN, 'lithium.creep="anand_narayan_steady"'), STRIPPING),
    "uneven-capacity": Candidate("random face, test of 0.25 mAh/cm²", UNEVEN, STRIPPING, _capacity(0.25)),
    "spring": Candidate("random face, fixture of 0.5 MPa/µm", UNEVEN, STRIPPING, _spring(0.5)),
    "dendrite": Candidate(
        "random face, plated until K_I = K_Ic",
        (*UNEVEN, 'protocol.0.mode="plate"', "protocol.0.stop.index=1.0", 'protocol.0.duration="10 min"'),
        ("index",),
    ),
}


@dataclass(frozen=True)
class Study:
    """Where results go, and how many runs at a time."""

    folder: Path

    def fails(self, name: str, pressure: float, k: int, criterion: str) -> bool:
        """Whether the criterion is met in the run at current k. Raises RuntimeError where the run failed."""
        return judge(self.summary(name, pressure, k), criterion)

    def summary(self, name: str, pressure: float, k: int) -> dict[str, Any]:
        current = current_of(k)
        folder = self.folder / name / f"{pressure:g}MPa_{current:.4g}mA-cm2"
        path = folder / "summary.json"
        if not path.is_file():
            candidate = CANDIDATES[name]
            settings = (
                *candidate.settings,
                f'protocol.0.pressure="{pressure:g} MPa"',
                f'protocol.0.current="{current:.6g} mA/cm^2"',
                *candidate.more(pressure, current),
            )
            command = [sys.executable, "-m", "cellfem.cli", "run", str(CASE), "--out", str(folder), "--quiet"]
            command += [word for setting in settings for word in ("--set", setting)]
            done = subprocess.run(
                command, env=os.environ | {"OMP_NUM_THREADS": "1"}, cwd=ROOT, capture_output=True, text=True, check=False
            )
            if not path.is_file():
                raise RuntimeError(f"{folder}: {done.stderr.strip() or done.returncode}")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def current_of(k: int) -> float:
    """mA/cm² of the grid."""
    return LOWEST * FACTOR**k


def judge(summary: Mapping[str, Any], criterion: str) -> bool:
    """Whether a run has failed: a run that the solver could not end counts as lost, and says so in the table."""
    end, final, verdict = summary["end"], summary["final"], summary["verdict"]
    ended = not end.startswith(("done", "stop.index"))
    match criterion:
        case "lost":
            return ended
        case "contact":
            return ended or final["contact_fraction"] < 0.9 * verdict["perfect_contact_fraction"]
        case "carrying":
            return ended or final["carrying_fraction"] < 0.5 * verdict["perfect_contact_fraction"]
        case "index":
            return end.startswith("stop.index")
    raise ValueError(criterion)


@dataclass(frozen=True)
class Critical:
    """The last current that holds and the first that fails, mA/cm²; one of them nan where the grid ends."""

    pressure: float
    low: float
    high: float

    @property
    def middle(self) -> float:
        return math.sqrt(self.low * self.high)


def bracket(study: Study, name: str, pressure: float, criterion: str, guess: int) -> tuple[Critical, int]:
    """Look from `guess` in strides, then halve."""
    fails = study.fails(name, pressure, guess, criterion)
    inner, outer = guess, guess
    while study.fails(name, pressure, outer, criterion) == fails:
        inner = outer
        outer += -STRIDE if fails else STRIDE
        if not K_FIRST <= outer <= K_LAST:
            current = current_of(inner)
            return (Critical(pressure, math.nan, current) if fails else Critical(pressure, current, math.nan)), inner
    low, high = sorted((inner, outer))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if study.fails(name, pressure, middle, criterion) else (middle, high)
    return Critical(pressure, current_of(low), current_of(high)), low


def slope_between(points: Sequence[Critical]) -> tuple[float, float]:
    """d ln i/d ln P between the first and last pressure, and its uncertainty by the brackets (one standard deviation)."""
    whole = [point for point in points if math.isfinite(point.middle)]
    if len(whole) < 2:
        return math.nan, math.nan
    first, last = whole[0], whole[-1]
    width = math.log(last.pressure / first.pressure)
    error = math.hypot(*(math.log(point.high / point.low) for point in (first, last))) / math.sqrt(12)
    return math.log(last.middle / first.middle) / width, error / width


def examine(study: Study, name: str) -> dict[str, list[Critical]]:
    """The critical currents of a candidate by all its criteria."""
    found: dict[str, list[Critical]] = {}
    for criterion in CANDIDATES[name].criteria:
        guess, points = 12, []
        for pressure in PRESSURES:
            point, guess = bracket(study, name, pressure, criterion, guess)
            points.append(point)
            print(f"{name}, {criterion}, {pressure:g} MPa: {point.low:.3g} to {point.high:.3g} mA/cm²", flush=True)
        found[criterion] = points
    return found


def table(results: Mapping[str, Mapping[str, Sequence[Critical]]]) -> list[dict[str, Any]]:
    rows = []
    for name, by_criterion in results.items():
        for criterion, points in by_criterion.items():
            slope, error = slope_between(points)
            row: dict[str, Any] = {"candidate": name, "what": CANDIDATES[name].what, "criterion": criterion}
            row |= {f"{point.pressure:g} MPa": _range(point) for point in points}
            rows.append(row | {"slope": f"{slope:.2f}", "by brackets": f"{error:.2f}"})
    return rows


def _range(point: Critical) -> str:
    if math.isnan(point.low):
        return f"< {point.high:.3g}"
    return f"> {point.low:.3g}" if math.isnan(point.high) else f"{point.middle:.3g}"


def write(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with (folder / "slope.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])]
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    text = "\n".join([*lines, "", *(f"measured, {cell}: slope {slope:.2f}" for cell, slope in published_slopes().items()), ""])
    (folder / "slope.md").write_text(text, encoding="utf-8")
    print(text)


def draw(path: Path, results: Mapping[str, Mapping[str, Sequence[Critical]]]) -> None:
    """Critical current against pressure, a panel for each criterion, measured points on top."""
    criteria = [name for name in (*STRIPPING, "index") if any(name in found for found in results.values())]
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 3.6 * math.ceil(len(criteria) / 2))
        panels = figure.subplots(math.ceil(len(criteria) / 2), 2, sharex=True, sharey=True, squeeze=False)
        for axes, criterion in zip(panels.flat, criteria):
            for number, (name, found) in enumerate(results.items()):
                points = [point for point in found.get(criterion, ()) if math.isfinite(point.middle)]
                place = [[point.pressure for point in points], [point.middle for point in points]]
                if points:
                    axes.loglog(*place, "o-", ms=3, lw=1.0, color=f"C{number % 10}", ls=("-", "--")[number // 10], label=name)
            for cell, mark in zip(published_slopes(), "*P"):
                own = [point for point in published_points() if point.cell == cell and point.pressure > 0]
                places = [[point.pressure for point in own], [point.current for point in own]]
                axes.loglog(*places, color=INK, marker=mark, ls=":", ms=8, mfc="#f2c230", lw=0.8, label=f"measured, {cell}")
            axes.set_title(f"by {criterion}", loc="left")
            axes.grid(color="#e4e4e4", lw=0.6)
            axes.legend(fontsize=5.5, labelspacing=0.2)
            axes.set_xlabel("stack pressure (MPa)")
            axes.set_ylabel("critical current (mA/cm²)")
        figure.tight_layout()
        save(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--candidates", nargs="+", choices=list(CANDIDATES), default=list(CANDIDATES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        print(
            "\n".join(
                f"{name:<18}{candidate.what} (by {', '.join(candidate.criteria)})" for name, candidate in CANDIDATES.items()
            )
        )
        return
    arguments.results.mkdir(parents=True, exist_ok=True)
    study = Study(arguments.results)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        found = pool.map(lambda name: examine(study, name), arguments.candidates)
        results = dict(zip(arguments.candidates, found, strict=True))
    write(arguments.results, table(results))
    draw(arguments.results / "slope.png", results)


if __name__ == "__main__":
    main()
