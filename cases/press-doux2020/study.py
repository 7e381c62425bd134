"""The band over the creep sets, and what the two chosen inputs do, laid over the measurement of
Doux et al. (2020).

    python cases/press-doux2020/study.py RESULTS [--jobs 2] [--draw-only]

Each run goes through the command line of cellfem into RESULTS/NAME; runs that are finished are not
repeated, of one that ended early the steps that it finished are shown. The picture is
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
DATA = CASE.parents[1] / "cellfem" / "campaign" / "data" / "doux2020_impedance.csv"
SETS = ("masias", "lepage", "anand_narayan_steady")
HARD = ("interface.stiffness=1e4 MPa/um", "mesh.near=0.5 um")
"""Hard lithium presses harder on less: r delta = 200 MPa; one node of 0.5 µm is 1 % of the face."""
RUNS = {
    **{name: (f"lithium.creep={name}",) for name in SETS},
    "rms halved": ("roughness.rms=0.15 um",),
    "rms doubled": ("roughness.rms=0.6 um",),
    "small as roll-off": ("lithium.size=20 um", *HARD),
    "small as cut-off": ("lithium.size=4 um", *HARD),
}
SCALED = {"ASR halved": 0.5, "ASR doubled": 2.0}
"""Of the first run: contact does not depend on the clean ASR, charge transfer is in proportion to
it."""
SMALL = ("small as roll-off", "small as cut-off")
"""Lithium as strong as pillars of the roughness' longest and shortest wavelength (Xu et al.
2017)."""
COLOURS = ("#1f5f99", "#d1661c", "#2b7a4b", "#7a4b94")
LOADING = 6
"""Steps of the protocol under rising pressure; then back."""


def folder_of(results: Path, name: str) -> Path:
    return results / name.replace(" ", "-")


def finished(folder: Path) -> bool:
    """Whether the run there came to the end of its protocol."""
    try:
        return bool(json.loads((folder / "summary.json").read_text(encoding="utf-8"))["end_kind"] == "done")
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
    """(pressure in MPa, cell resistance in Ω, contact) at the end of each step of the protocol that
    was finished."""
    folder, case, found = folder_of(results, SETS[0] if name in SCALED else name), load_case(CASE), []
    rows = read_records(folder / "records.csv")
    count = len(case.sequence) if finished(folder) else int(rows[-1]["protocol_step"])
    more = (SCALED.get(name, 1.0) - 1.0) * case.impedance.interfaces / (case.impedance.area * 1e-8)  # 1/cm²
    for number, placed in enumerate(case.sequence[:count]):
        last = [row for row in rows if row["protocol_step"] == number][-1]
        resistance = last["cell_resistance_ohm"] + more * last["asr_charge_transfer_ohm_cm2"]
        found.append((placed.step.pressure, resistance, last["contact_fraction"]))
    return found


def measured() -> list[tuple[str, float, float]]:
    with DATA.open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return [(row["branch"], float(row["pressure_MPa"]), float(row["impedance_ohm"])) for row in rows]


def draw(results: Path, names: Sequence[str], path: Path) -> None:
    """Resistance of the cell over pressure: bands over creep sets and sizes of lithium, the chosen
    inputs halved and doubled."""
    with style():
        figure = new_figure(7.2, 3.4)
        left, right = figure.subplots(1, 2, sharey=True)
        bands = {"bulk": [n for n in SETS if n in names], "small": [n for n in SMALL if n in names]}
        for (kind, members), shade in zip(bands.items(), (COLOURS[0], COLOURS[1])):
            if not members:
                continue
            points = [held(results, name) for name in members]
            count = min(map(len, points))
            pressure = [p for p, _, _ in points[0][: min(count, LOADING)]]
            values = np.array([[r for _, r, _ in each[: len(pressure)]] for each in points])
            left.fill_between(pressure, values.min(axis=0), values.max(axis=0), color=shade, alpha=0.15, lw=0)
            for each, name, line in zip(points, members, ("-", "--", ":")):
                up, back = each[:LOADING], each[LOADING:]
                label = name if kind == "bulk" else f"masias, {name}"
                left.plot(
                    [p for p, _, _ in up], [r for _, r, _ in up], color=shade, lw=1.0, ls=line, marker=".", ms=4, label=label
                )
                left.plot([p for p, _, _ in back], [r for _, r, _ in back], "v", ms=5, color=shade)
        other = [name for name in (*RUNS, *SCALED) if name not in (*SETS, *SMALL) and name in names]
        shades = {name: COLOURS[1] if name.startswith("rms") else COLOURS[3] for name in other}
        for name in [SETS[0], *other]:
            up = held(results, name)[:LOADING]
            right.plot(
                [p for p, _, _ in up],
                [r for _, r, _ in up],
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
        left.set_title("bands: creep sets; size of lithium", loc="left")
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
        cells = [f"{r:.3g} ({c:.2f})" for _, r, c in held(results, name)]
        lines.append(f"| {name} | " + " | ".join([*cells, *[""] * (len(pressures) - len(cells))]) + " |")
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
    begun = [name for name in RUNS if (folder_of(options.results, name) / "records.csv").exists()]
    names = [*begun, *(SCALED if SETS[0] in begun else ())]
    text = table(options.results, names)
    write_atomic(options.results / "table.md", text)
    draw(options.results, names, options.results / "doux2020.png")
    print(text)
    print(options.results / "doux2020.png")


if __name__ == "__main__":
    main()
