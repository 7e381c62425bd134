"""The band over the creep sets, and what the two chosen inputs do, laid over the measurement of Doux et al. (2020).

    python cases/press-doux2020/study.py RESULTS [--jobs 2] [--draw-only]

Each run goes through the command line of cellfem into RESULTS/NAME; runs that are finished are not repeated. The picture is
RESULTS/doux2020.png, the table RESULTS/table.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from cellfem.case import load_case
from cellfem.output.records import read_records, write_atomic
from cellfem.output.style import GREY, INK, new_figure, save, style

CASE = Path(__file__).resolve().parent
DATA = CASE.parents[1] / "tests" / "validation" / "data" / "doux2020_impedance.csv"
SETS = ("masias", "lepage", "anand_narayan_steady")
RUNS = {
    **{name: (f"lithium.creep={name}",) for name in SETS},
    "rms halved": ("roughness.rms=0.2 um",),
    "rms doubled": ("roughness.rms=0.8 um",),
    "ASR halved": ("interface.asr=2.5 ohm*cm^2",),
    "ASR doubled": ("interface.asr=10 ohm*cm^2",),
    "20 times stronger": (  # what lithium gains in micrometre pillars; A = 7.7e-3/20^6.56
        'lithium.creep={ n = 6.56, Q = "37 kJ/mol", A298 = "2.25e-11 1/s" }',
        "lithium.breakdown=56 MPa",
        "interface.stiffness=1e4 MPa/um",
    ),
}
STRONGER = "20 times stronger"
COLOURS = ("#1f5f99", "#d1661c", "#2b7a4b")


def folder_of(results: Path, name: str) -> Path:
    return results / name.replace(" ", "-")


def finished(folder: Path) -> bool:
    """Whether the run there came to the end of its protocol."""
    try:
        return bool(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["end"] == "done")
    except (OSError, json.JSONDecodeError):
        return False


def run(results: Path, name: str) -> None:
    """Unless it is done."""
    folder = folder_of(results, name)
    if finished(folder):
        return
    command = [sys.executable, "-m", "cellfem.cli", "run", str(CASE), "--out", str(folder), "--quiet"]
    command += [word for setting in (*RUNS[name], "output.pictures=false") for word in ("--set", setting)]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    print(name, "done" if done.returncode == 0 else f"ended with {done.returncode}: {done.stderr.strip()}", flush=True)


def held(results: Path, name: str) -> list[tuple[float, float, float]]:
    """(pressure in MPa, cell resistance in Ω, contact) at the end of each step of the protocol that was reached."""
    rows, found = read_records(folder_of(results, name) / "records.csv"), []
    for number, placed in enumerate(load_case(CASE).sequence):
        of_step = [row for row in rows if row["protocol_step"] == number]
        if of_step:
            found.append((placed.step.pressure, of_step[-1]["cell_resistance_ohm"], of_step[-1]["contact_fraction"]))
    return found


def measured() -> list[tuple[str, float, float]]:
    with DATA.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [(row["branch"], float(row["pressure_MPa"]), float(row["impedance_ohm"])) for row in rows]


def draw(results: Path, names: Sequence[str], path: Path) -> None:
    """Resistance of the cell over pressure: measured, the band over the creep sets, and the chosen inputs halved and doubled."""
    with style():
        figure = new_figure(7.2, 3.4)
        left, right = figure.subplots(1, 2, sharey=True)
        sets = [name for name in SETS if name in names]
        loading = {name: held(results, name)[:-1] for name in sets}
        if loading:
            pressure = np.array([p for p, _, _ in loading[sets[0]]])
            values = np.array([[r for _, r, _ in loading[name]] for name in sets])
            left.fill_between(pressure, values.min(axis=0), values.max(axis=0), color=COLOURS[0], alpha=0.15, lw=0)
        for colour, name in zip(COLOURS, sets):
            points = held(results, name)
            left.plot([p for p, _, _ in points], [r for _, r, _ in points], color=colour, lw=1.0, marker=".", ms=4, label=name)
            left.plot(points[-1][0], points[-1][1], "v", ms=5, color=colour)
        if STRONGER in names:
            points = held(results, STRONGER)
            left.plot(
                [p for p, _, _ in points], [r for _, r, _ in points], color=INK, lw=1.0, ls="--", label=f"masias, {STRONGER}"
            )
            left.plot(points[-1][0], points[-1][1], "v", ms=5, color=INK)
        other = [name for name in RUNS if name not in (*SETS, STRONGER) and name in names]
        shades = dict(zip(other, ("#d1661c", "#d1661c", "#7a4b94", "#7a4b94")))
        for name in [SETS[0], *other]:
            points = held(results, name)[:-1]
            right.plot(
                [p for p, _, _ in points],
                [r for _, r, _ in points],
                color=shades.get(name, COLOURS[0]),
                ls="--" if "halved" in name else ":" if "doubled" in name else "-",
                lw=1.2,
                label=name if name in other else f"as chosen ({name})",
            )
        for axes in (left, right):
            for branch, marker in (("loading", "o"), ("unloading", "v")):
                points = [(p, r) for b, p, r in measured() if b == branch]
                x, y = zip(*points)
                axes.plot(x, y, marker, ms=6, mfc="white", mec=INK, ls="", label=f"measured, {branch}")
            axes.set_yscale("log")
            axes.set_xlabel("stack pressure (MPa)")
            axes.grid(axis="y", color="#e4e4e4", lw=0.6)
            axes.axhline(bulk(), color=GREY, lw=0.8, ls=":")
            axes.legend(loc="upper right", fontsize=6.5)
        left.annotate("electrolyte alone", (14.0, bulk()), textcoords="offset points", xytext=(0, -8), fontsize=6.5, color=GREY)
        left.set_ylabel("resistance of the cell (Ω)")
        left.set_ylim(15, 1200)
        left.set_title("band over the creep sets", loc="left")
        right.set_title("chosen inputs halved and doubled", loc="left")
        figure.tight_layout()
        save(figure, path)


def bulk() -> float:
    """Ω of the electrolyte alone."""
    case = load_case(CASE)
    return case.impedance.separator / case.electrolyte.conductivity / (case.impedance.area * 1e-12)


def table(results: Path, names: Sequence[str]) -> str:
    pressures = [p for p, _, _ in held(results, names[0])]
    lines = ["| Ω (contact) | " + " | ".join(f"{p:g} MPa" for p in pressures[:-1]) + f" | back to {pressures[-1]:g} MPa |"]
    lines.append("|---" * (len(pressures) + 1) + "|")
    rows = {branch: {p: r for b, p, r in measured() if b == branch} for branch in ("loading", "unloading")}
    known = [f"{rows['loading'][p]:g}" for p in pressures[:-1]] + [f"{rows['unloading'][pressures[-1]]:g}"]
    lines.append("| measured | " + " | ".join(known) + " |")
    for name in names:
        lines.append(f"| {name} | " + " | ".join(f"{r:.3g} ({c:.2f})" for _, r, c in held(results, name)) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--draw-only", action="store_true", help="take the runs that are there")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    if not options.draw_only:
        run(options.results, SETS[0])  # the first compiles the forms for all
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(partial(run, options.results), RUNS))
    names = [name for name in RUNS if finished(folder_of(options.results, name))]
    text = table(options.results, names)
    write_atomic(options.results / "table.md", text)
    draw(options.results, names, options.results / "doux2020.png")
    print(text)
    print(options.results / "doux2020.png")


if __name__ == "__main__":
    main()
