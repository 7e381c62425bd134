"""The study around this case: pressure, creep set, mesh, time steps, mechanisms, and the
prototype's boundary conditions.

    python cases/strip-void/study.py RESULTS [--groups pressure creep ...] [--match TEXT] [--jobs 2] [--duration "60 s"] [--list]

Each run goes through the command line of cellfem into RESULTS/NAME. Runs that are finished with the
same settings are not repeated, so the study may be stopped and started again. The tables are
printed and written to RESULTS/tables.md.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cellfem.case import load_case
from cellfem.model import from_case

CASE = Path(__file__).resolve().parent
ROOT = CASE.parents[1]
PRESSURES = (0.1, 0.2, 0.4, 1.0, 3.0)
CREEP = ("anand_narayan_steady", "lepage", "masias")
NEAR_UM = (0.4, 0.2, 0.1)
TOLERANCES = (0.1, 0.05, 0.02, 0.01, 0.005)
FLOORS = ("1e-6", "1e-7", "1e-8")
STUDIED = (0.4, 0.2)  # MPa: where contact is kept or reduced, and where it is lost
ALWAYS = ("output.pictures=false", 'output.interval="1 h"')
PROTOTYPE = ('protocol.0.top="uniform"', 'electrolyte.far_side="flux"', 'numerics.strain_rate_floor="1e-6 1/s"')
COLUMNS = (
    *("end", "time s", "contact", "carrying", "contact is", "voltage mV", "void area µm²", "gap max µm"),
    *("steps", "iterations", "wall s"),
)
FINISHED = ("done", "stop", "gave up")  # kinds of the end of a run that need not be repeated


@dataclass(frozen=True)
class Run:
    """One row of a table. label: what the row says; settings: overrides of the case."""

    label: str
    pressure: float
    settings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The folder: made of the settings, so that groups share runs."""
        return "_".join([f"{self.pressure:g}MPa", *(_word(setting) for setting in self.settings)])


@dataclass(frozen=True)
class Group:
    """One table."""

    title: str
    remark: str
    runs: tuple[Run, ...]


def _word(setting: str) -> str:
    """A setting as part of a folder's name: `lithium.length="0.5 um"` as length=0.5_um, `void=[]`
    as void=none."""
    key, _, value = setting.partition("=")
    plain = re.sub(r'["\[\]]', "", value).replace(" ", "_").replace("/", "-")
    return f"{key.rpartition('.')[2]}={plain or 'none'}"


def groups() -> dict[str, Group]:
    """The whole study."""
    return {
        "pressure": Group("Pressure", "The case as it is.", tuple(Run(f"{p:g} MPa", p) for p in PRESSURES)),
        "creep": Group(
            "Creep set",
            "The three sets differ 18-fold in creep rate at 1 MPa and 100-fold at 3 MPa: they are the band of every prediction.",
            tuple(Run(f"{p:g} MPa, {name}", p, _creep(name)) for p in PRESSURES for name in CREEP),
        ),
        "mesh": Group(
            "Mesh",
            "Size along the interface; 2 µm far from it.",
            tuple(
                Run(f"{p:g} MPa, {h:g} µm", p, () if h == NEAR_UM[0] else (f'mesh.near="{h:g} um"',))
                for p in STUDIED
                for h in NEAR_UM
            ),
        ),
        "limit": Group(
            "At the limit",
            "The two slower creep sets at 0.4 MPa: mesh, degree of the porosity, tolerance of the time error.",
            tuple(
                Run(f"0.4 MPa, {name}, {label}", 0.4, (*_creep(name), *settings))
                for name in CREEP
                if name != "masias"
                for label, settings in (
                    *((f"{h:g} µm", () if h == NEAR_UM[0] else (f'mesh.near="{h:g} um"',)) for h in NEAR_UM),
                    *(
                        (f"linear porosity, {h:g} µm", ("numerics.porosity_degree=1", f'mesh.near="{h:g} um"'))
                        for h in NEAR_UM[:2]
                    ),
                    ("tolerance 0.002", ("numerics.tolerance=0.002",)),
                )
            ),
        ),
        "time": Group(
            "Time steps",
            "Tolerance of the local error of a step; the largest step is 1/30 of the duration.",
            tuple(
                Run(f"{p:g} MPa, {scheme}, {tolerance:g}", p, _stepping(scheme, tolerance))
                for p in STUDIED
                for scheme in ("bdf2", "euler")
                for tolerance in TOLERANCES
            ),
        ),
        "mechanisms": Group(
            "Mechanisms and choices of the model",
            "One thing changed at a time. k_n follows f_c unless it is itself changed.",
            tuple(Run(f"{p:g} MPa, {label}", p, settings) for p in STUDIED for label, settings in mechanisms()),
        ),
        "floor": Group(
            "Floor under the strain rate",
            "Regularisation of power-law creep at low stress.",
            tuple(Run(f"{p:g} MPa, {e} 1/s", p, _floor(e)) for p in STUDIED for e in FLOORS),
        ),
        "prototype": Group(
            "The prototype's boundary conditions",
            "From the case to the problem of the prototype script in steps; then that problem at all pressures.",
            (
                *(
                    Run(f"{p:g} MPa, {label}", p, settings)
                    for p in STUDIED
                    for label, settings in (
                        ("the case", ()),
                        ("uniform pressure on top", PROTOTYPE[:1]),
                        ("uniform flux below", PROTOTYPE[1:2]),
                        ("both", PROTOTYPE[:2]),
                    )
                ),
                *(Run(f"{p:g} MPa, both and floor 1e-6 1/s", p, PROTOTYPE) for p in PRESSURES),
                *(
                    Run(f"0.4 MPa, both and floor 1e-6 1/s, {name}", 0.4, (*_creep(name), *PROTOTYPE))
                    for name in CREEP
                    if name != "masias"
                ),
            ),
        ),
    }


def _creep(name: str) -> tuple[str, ...]:
    return () if name == "masias" else (f'lithium.creep="{name}"',)


def _floor(rate: str) -> tuple[str, ...]:
    default = load_case(CASE).numerics.strain_rate_floor
    return () if float(rate) == default else (f'numerics.strain_rate_floor="{rate} 1/s"',)


def _stepping(scheme: str, tolerance: float) -> tuple[str, ...]:
    default = load_case(CASE).numerics
    chosen = () if scheme == default.scheme else (f'numerics.scheme="{scheme}"',)
    return chosen if tolerance == default.tolerance else (*chosen, f"numerics.tolerance={tolerance:g}")


def mechanisms() -> list[tuple[str, tuple[str, ...]]]:
    """(label, settings): each mechanism switched off, each choice of the model halved and
    doubled."""
    automatic = _removal_rate()
    return [
        ("the case", ()),
        ("flat kinematics", ('numerics.kinematics="flat"',)),
        ("without the patch", ("patch=[]",)),
        ("without the void", ("void=[]",)),
        ("without vacancies", ('interface.vacancies="off"',)),
        ("uncoupled law", ('lithium.law="uncoupled"',)),
        # ℓ must be at least two cells
        ("ℓ 0.5 µm, mesh 0.2 µm", ('lithium.length="0.5 um"', 'mesh.near="0.2 um"')),
        ("ℓ 2 µm", ('lithium.length="2 um"',)),
        ("f_c 0.1", ("lithium.f_c=0.1",)),
        ("f_c 0.4", ("lithium.f_c=0.4",)),
        ("k_n halved", (f'lithium.removal_rate="{automatic / 2:.4g} um/s"',)),
        ("k_n doubled", (f'lithium.removal_rate="{automatic * 2:.4g} um/s"',)),
        ("r 50 MPa/µm", ('interface.stiffness="50 MPa/um"',)),
        ("r 200 MPa/µm", ('interface.stiffness="200 MPa/um"',)),
        ("p_½ 0.01 MPa", ('interface.half_pressure="0.01 MPa"',)),
        ("p_½ 0.04 MPa", ('interface.half_pressure="0.04 MPa"',)),
    ]


def _removal_rate() -> float:
    """k_n of the case, µm/s."""
    return from_case.interface(load_case(CASE)).removal_rate


def perform(run: Run, results: Path, duration: str | None) -> None:
    """Run into results/name unless that is there, finished, with the same settings."""
    folder = results / run.name
    settings = [f'protocol.0.pressure="{run.pressure:g} MPa"', *ALWAYS, *run.settings]
    settings += [f'protocol.0.duration="{duration}"'] if duration else []
    note = folder / "settings.txt"
    if note.is_file() and note.read_text(encoding="utf-8").splitlines() == settings and _is_finished(folder):
        return
    note.unlink(missing_ok=True)
    options = [word for setting in settings for word in ("--set", setting)]
    command = [sys.executable, "-m", "cellfem.cli", "run", str(CASE), "--out", str(folder), "--quiet", *options]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    begin = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if folder.is_dir():
        note.write_text("\n".join(settings) + "\n", encoding="utf-8")
    how = str(summary["end"]) if (summary := read_summary(folder)) else f"no result: {done.stderr.strip().splitlines()[-1:]}"
    print(f"{run.name}: {how} ({time.monotonic() - begin:.0f} s)", file=sys.stderr, flush=True)


def read_summary(folder: Path) -> dict[str, Any] | None:
    """summary.json of a run, None where there is none."""
    path = folder / "summary.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _is_finished(folder: Path) -> bool:
    summary = read_summary(folder)
    return summary is not None and summary["end_kind"] in FINISHED


def table(group: Group, results: Path) -> list[str]:
    """A group in Markdown; runs that are not there have empty rows."""
    lines = [
        f"## {group.title}",
        "",
        group.remark,
        "",
        f"| run | {' | '.join(COLUMNS)} |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    return [*lines, *(row(run, read_summary(results / run.name)) for run in group.runs), ""]


def row(run: Run, summary: dict[str, Any] | None) -> str:
    """One run in Markdown."""
    if summary is None:
        return f"| {run.label} | no result |" + " |" * (len(COLUMNS) - 1)
    final = summary["final"]
    cells = [
        run.label,
        f"stop.{summary['condition']}" if summary["end_kind"] == "stop" else summary["end_kind"],
        _number(summary["end_time_s"], ".1f"),
        _number(final["contact_fraction"], ".4f"),
        _number(final["carrying_fraction"], ".4f"),
        summary["verdict"]["contact"],
        _number(final["voltage_mV"], ".1f"),
        _number(final["void_area_um2"], ".3f"),
        _number(final["gap_max_um"], ".3f"),
        str(summary["steps"]),
        str(summary["newton_iterations"]),
        _number(summary["wall_s"], ".0f"),
    ]
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None or math.isnan(value) else format(value, form)


def sources(runs: Iterable[Run], results: Path) -> str:
    """Which cellfem made the results, in one line: they should all be of one commit."""
    heads = set()
    for run in runs:
        path = results / run.name / "case.resolved.toml"
        if path.is_file() and read_summary(path.parent):
            heads.add(path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "))
    warning = " Not all results are of one version: remove the old ones and run again." if len(heads) > 1 else ""
    return f"Made by {'; '.join(sorted(heads)) or 'nothing yet'}.{warning}"


def report(chosen: dict[str, Group], results: Path, duration: str | None) -> str:
    """All tables."""
    runs = [run for group in chosen.values() for run in group.runs]
    head = ["# Study of `cases/strip-void`", "", sources(runs, results), ""]
    head += [f"Every run was cut to {duration}: no results to use.", ""] if duration else []
    body = [line for group in chosen.values() for line in table(group, results)]
    return "\n".join([*head, *body])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, then report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = groups()
    parser.add_argument("results", type=Path)
    parser.add_argument("--groups", nargs="+", choices=list(known), default=list(known))
    parser.add_argument("--match", default="", help="only runs whose folder has this text in its name")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--duration", help='in place of 1 h, to try the script: "60 s"')
    parser.add_argument("--list", action="store_true", help="print the folders' names, run nothing")
    options = parser.parse_args(arguments)
    chosen = {
        key: Group(group.title, group.remark, tuple(run for run in group.runs if options.match in run.name))
        for key, group in known.items()
        if key in options.groups
    }
    runs = {run.name: run for group in chosen.values() for run in group.runs}
    if options.list:
        print("\n".join(runs))
        return
    options.results.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(partial(perform, results=options.results, duration=options.duration), runs.values()))
    text = report(chosen, options.results, options.duration)
    (options.results / "tables.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
