"""What brings the slope of the critical current against pressure into the measured range? One
candidate at a time.

    python cases/map-pressure-current/slope.py RESULTS [--faces uneven spring ... | --faces none] [--jobs 2] [--list]

Uniform faces are columns in one dimension (cellfem.campaign.column, a second each): half of the
touching area carries no current. Uneven faces are runs through the command line of cellfem into
RESULTS/CANDIDATE/…: their critical current is bracketed on a logarithmic grid of currents (factor
1.25), so that the criteria share their runs; what is finished is not repeated, the study may be
stopped and taken up. Writes RESULTS/slope.csv, slope.md and slope.png.
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

from matplotlib.ticker import NullFormatter

from cellfem.campaign.column import Column, column
from cellfem.campaign.sweep_results import published_points, published_slopes
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style

CASE = Path(__file__).resolve().parent
ROOT = CASE.parents[1]
CREEP = ("masias", "lepage", "anand_narayan_steady")
HOUR, DIFFUSIVITY = 3600.0, 8e-3
FACTOR, LOWEST, K_LAST, STRIDE, K_GUESS = 1.25, 0.02, 31, 4, 12
"""Currents of runs are LOWEST · FACTOR^k mA/cm², k from 0 to K_LAST; looked for from K_GUESS in
strides of STRIDE."""
COLUMN_PRESSURES, FACE_PRESSURES = (0.4, 0.63, 0.9, 1.3, 2.0), (0.4, 2.0)
"""MPa: from the first to the last of Wang et al. (2019)."""

Duration = Callable[[float], float]
"""Duration of a test, s, as a function of the current in mA/cm²."""


def lasting(hours: float) -> Duration:
    """A test of fixed time."""
    return lambda current: hours * HOUR


def passing(capacity: float) -> Duration:
    """A test that ends at a capacity in mAh/cm²."""
    return lambda current: capacity / current * HOUR


def uniform_faces() -> dict[str, tuple[Column, Duration]]:
    """Every candidate that leaves the face uniform, for the three creep sets."""
    found: dict[str, tuple[Column, Duration]] = {}
    for name in CREEP:
        plain = column(name)
        found |= {f"{name}, test of {hours:g} h": (plain, lasting(hours)) for hours in (0.1, 1.0, 10.0, 100.0)}
        found |= {f"{name}, test of {charge:g} mAh/cm²": (plain, passing(charge)) for charge in (0.05, 0.25, 1.0)}
        for rate, grains in ((6e-8, "100 µm"), (6e-6, "10 µm"), (6e-4, "1 µm")):
            what = f"{name}, 10 h, diffusional creep {rate:g} 1/s/MPa (Nabarro-Herring, grains of {grains})"
            found[what] = (column(name, diffusional=rate), lasting(10.0))
        for times in (10.0, 1e3, 1e6):
            found[f"{name}, 1 h, D × {times:g}"] = (column(name, diffusivity=times * DIFFUSIVITY), lasting(1.0))
        found[f"{name}, 10 h, power law breaks down at 2.8 MPa"] = (column(name, breakdown=2.8), lasting(10.0))
    return found


FACE = (
    "void=[]",
    "patch=[]",
    'mesh.near="0.8 um"',
    'mesh.far="8 um"',
    'lithium.thickness="40 um"',
    "numerics.tolerance=0.05",
    "output.pictures=false",
    'output.interval="100 h"',
    "heterogeneity.seed=4",
    "heterogeneity.asr.spread=0.5",
    'heterogeneity.asr.length="3 um"',
    "heterogeneity.impurities.share=0.2",
    'heterogeneity.impurities.size="4 um"',
    'heterogeneity.impurities.asr="500 ohm*cm^2"',
)
"""Spots as resistive as LLZO under Li2CO3 (500 Ω cm² against 2 to 10, Sharafi et al. 2017); what is
clean, uneven by half."""
STIFFNESS = 0.5
"""MPa/µm of the fixture."""


def _quarter(pressure: float, current: float) -> tuple[str, ...]:
    """The test ends at 0.25 mAh/cm²."""
    return (f'protocol.0.duration="{0.25 / current * HOUR:.6g} s"',)


@dataclass(frozen=True)
class Face:
    """An uneven face: overrides, criteria, and overrides that depend on pressure (MPa) and current
    (mA/cm²)."""

    what: str
    settings: tuple[str, ...]
    criteria: tuple[str, ...] = ("lost", "contact", "carrying")
    more: Callable[[float, float], tuple[str, ...]] = lambda pressure, current: ()


FACES = {
    "uneven": Face("uneven, 1 h", FACE),
    "dendrite": Face(
        "uneven, plated for 10 min until K_I = K_Ic",
        (*FACE, 'protocol.0.mode="plate"', "protocol.0.stop.index=1.0", 'protocol.0.duration="10 min"'),
        ("index",),
    ),
    "fine": Face("uneven, 1 h, mesh 0.2 µm", (*FACE, 'mesh.near="0.2 um"'), ("carrying",)),
    "spring": Face("uneven, 1 h in a fixture of 0.5 MPa/µm", (*FACE, f'protocol.0.spring="{STIFFNESS} MPa/um"')),
    "capacity": Face("uneven, 0.25 mAh/cm²", FACE, ("lost", "contact", "carrying"), _quarter),
    "anand": Face("uneven, 1 h, Anand & Narayan", (*FACE, 'lithium.creep="anand_narayan_steady"')),
}


@dataclass(frozen=True)
class Critical:
    """The last current that holds and the first that fails, mA/cm²; one of them nan where the grid
    of currents ends."""

    pressure: float
    low: float
    high: float

    @property
    def middle(self) -> float:
        return math.sqrt(self.low * self.high)


Row = tuple[str, str, tuple[Critical, ...]]
"""What the face is, the criterion, and the critical currents."""


def judge(summary: Mapping[str, Any], criterion: str) -> bool:
    """Whether a run has failed. One that the solver could not end counts as lost by all criteria of
    stripping."""
    kind, condition, final = summary["end_kind"], summary["condition"], summary["final"]
    perfect = summary["verdict"]["perfect_contact_fraction"]
    of_index = kind == "stop" and condition == "index"
    ended = kind != "done" and not of_index
    match criterion:
        case "lost":
            return ended
        case "contact":
            return ended or final["contact_fraction"] < 0.9 * perfect
        case "carrying":
            return ended or final["carrying_fraction"] < 0.5 * perfect
        case "index":
            return of_index
    raise ValueError(criterion)


def current_of(k: int) -> float:
    """mA/cm² of the grid."""
    return LOWEST * FACTOR**k


def run(folder: Path, face: Face, pressure: float, k: int) -> Mapping[str, Any]:
    """The summary of a run, of an earlier one if it is there. Raises RuntimeError where it left
    none."""
    current = current_of(k)
    place = folder / f"{pressure:g}MPa_{current:.4g}mA-cm2"
    path = place / "summary.json"
    if not path.is_file():
        settings = (
            *face.settings,
            f'protocol.0.pressure="{pressure:g} MPa"',
            f'protocol.0.current="{current:.6g} mA/cm^2"',
            *face.more(pressure, current),
        )
        command = [sys.executable, "-m", "cellfem.cli", "run", str(CASE), "--out", str(place), "--quiet"]
        command += [word for setting in settings for word in ("--set", setting)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if not path.is_file():
            raise RuntimeError(f"{place}: {done.stderr.strip() or done.returncode}")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def bracket(fails: Callable[[int], bool], pressure: float, guess: int) -> Critical:
    """Look from `guess` in strides, then halve."""
    bad, inner, outer = fails(guess), guess, guess
    while fails(outer) == bad:
        inner, outer = outer, min(max(outer + (-STRIDE if bad else STRIDE), 0), K_LAST)
        if inner == outer:
            current = current_of(inner)
            return Critical(pressure, math.nan, current) if bad else Critical(pressure, current, math.nan)
    low, high = sorted((inner, outer))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fails(middle) else (middle, high)
    return Critical(pressure, current_of(low), current_of(high))


def examine(results: Path, name: str) -> list[Row]:
    """The critical currents of an uneven face by all its criteria."""
    face, rows = FACES[name], []
    for criterion in face.criteria:
        points = tuple(
            bracket(lambda k, P=pressure, by=criterion: judge(run(results / name, face, P, k), by), pressure, K_GUESS)
            for pressure in FACE_PRESSURES
        )
        print(
            f"{name}, {criterion}: " + ", ".join(f"{_range(point)} mA/cm² at {point.pressure:g} MPa" for point in points),
            flush=True,
        )
        rows.append((face.what, criterion, points))
    return rows


def columns() -> list[Row]:
    """The critical currents of all uniform faces."""
    rows: list[Row] = []
    for name, (face, duration) in uniform_faces().items():
        critical = [face.critical_current(pressure, duration) for pressure in COLUMN_PRESSURES]
        points = tuple(Critical(pressure, i, i) for pressure, i in zip(COLUMN_PRESSURES, critical, strict=True))
        rows.append((f"uniform, {name}", "carrying", points))
        print(f"{rows[-1][0]}: slope {slope_of(points)[0]:.2f}", flush=True)
    return rows


def slope_of(points: Sequence[Critical]) -> tuple[float, float]:
    """d ln i/d ln P between the first and the last pressure, and what the brackets leave open (one
    standard deviation)."""
    first, last = points[0], points[-1]
    width = math.log(last.pressure / first.pressure)
    error = math.hypot(*(math.log(point.high / point.low) for point in (first, last))) / math.sqrt(12)
    return math.log(last.middle / first.middle) / width, error / width


def write(folder: Path, rows: Sequence[Row]) -> None:
    """slope.csv and slope.md."""
    lines: list[dict[str, str]] = []
    for what, criterion, points in rows:
        slope, error = slope_of(points)
        ends = {f"i at {point.pressure:g} MPa": _range(point) for point in (points[0], points[-1])}
        lines.append({"face and test": what, "by": criterion, **ends, "slope": f"{slope:.2f}", "±": f"{error:.2f}"})
    with (folder / "slope.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    text = ["| " + " | ".join(lines[0]) + " |", "|" + "---|" * len(lines[0])]
    text += ["| " + " | ".join(line.values()) + " |" for line in lines]
    text += ["", *(f"measured, {cell}: slope {slope:.2f}" for cell, slope in published_slopes().items()), ""]
    (folder / "slope.md").write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


COLOURS = {"masias": "#d1661c", "lepage": "#2b7a4b", "anand_narayan_steady": "#1f5f99"}
LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 3)))
TICKS = {"x": (0.5, 1, 2, 5), "y": (0.01, 0.1, 1, 10)}


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Critical current against pressure: tests of uniform faces, other candidates on them, uneven
    faces; measured points."""
    tests = [row for row in rows if row[0].startswith("uniform") and "test" in row[0]]
    others = [row for row in rows if row[0].startswith("uniform, anand") and "test" not in row[0]]
    uneven = [row for row in rows if not row[0].startswith("uniform") and all(math.isfinite(point.middle) for point in row[2])]
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 4.9)
        panels = figure.subplots(1, 3, sharex=True, sharey=True)
        for axes, title, members in zip(
            panels, ("uniform, by test", "uniform, other (Anand & Narayan)", "uneven"), (tests, others, uneven), strict=True
        ):
            for number, (what, criterion, points) in enumerate(members):
                name = next((name for name in CREEP if name in what), "")
                fixed = members is tests
                kind = [row[0] for row in tests if name in row[0]].index(what) if fixed else number
                colour = COLOURS[name] if fixed else f"C{number}"
                label = what.removeprefix("uniform, ") if fixed else what.removeprefix("uniform, anand_narayan_steady, ")
                place = [[point.pressure for point in points], [point.middle for point in points]]
                shown = (
                    f"{label.partition(' (')[0]}{'' if criterion == 'carrying' and members is not uneven else f', {criterion}'}"
                )
                axes.loglog(*place, color=colour, ls=LINES[kind % len(LINES)], lw=1.1, label=shown)
            for cell, mark in zip(published_slopes(), "*P", strict=True):
                own = [point for point in published_points() if point.cell == cell and point.pressure > 0]
                measured = [[point.pressure for point in own], [point.current for point in own]]
                axes.loglog(*measured, color=INK, marker=mark, ls=":", ms=8, mfc="#f2c230", lw=0.8, zorder=5)
            axes.set_title(title, loc="left")
            axes.set_xlabel("stack pressure (MPa)")
            axes.grid(color="#e4e4e4", lw=0.6)
            if members:
                axes.legend(fontsize=5, labelspacing=0.25, loc="upper center", bbox_to_anchor=(0.5, -0.17), handlelength=2.6)
        for axis, name in ((panels[0].xaxis, "x"), (panels[0].yaxis, "y")):
            axis.set_ticks(TICKS[name], labels=[f"{tick:g}" for tick in TICKS[name]])
            axis.set_minor_formatter(NullFormatter())
        panels[0].set_ylabel("critical current (mA/cm²)")
        panels[0].set_ylim(0.008, 20)
        figure.subplots_adjust(left=0.075, right=0.99, top=0.95, bottom=0.5, wspace=0.06)
        save(figure, path)


def _range(point: Critical) -> str:
    if math.isnan(point.low):
        return f"< {point.high:.3g}"
    return f"> {point.low:.3g}" if math.isnan(point.high) else f"{point.middle:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--faces", nargs="+", choices=[*FACES, "none"], default=list(FACES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="name the candidates")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join([*uniform_faces(), *(f"{name}: {face.what}" for name, face in FACES.items())]))
        return
    arguments.results.mkdir(parents=True, exist_ok=True)
    rows = columns()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(lambda name: examine(arguments.results, name), [n for n in arguments.faces if n != "none"]):
            rows += found
            write(arguments.results, rows)
    write(arguments.results, rows)
    draw(arguments.results / "slope.png", rows)


if __name__ == "__main__":
    main()
