"""A stack so small that a run takes a second or two, and the ways to run it: in this process, or by
the command line."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.case import load_case
from cellfem.output.records import read_records
from tests.forks import run_forked

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 240.0  # forms may have to be compiled first
TEXT = """
title = "A small stack"
[stack]
width = "10 um"
[lithium]
thickness = "6 um"
[electrolyte]
thickness = "10 um"
[[void]]
center = "0 um"
half_width = "2.5 um"
depth = "0.4 um"
[[patch]]
center = "7 um"
half_width = "1.5 um"
asr = "1000 ohm*cm^2"
[[protocol]]
mode = "strip"
current = "0.5 mA/cm^2"
duration = "20 s"
pressure = "0.8 MPa"
[mesh]
near = "0.7 um"
far = "2.5 um"
[numerics]
dt_initial = "1 s"
dt_max = "10 s"
[output]
pictures = false
"""


@dataclass(frozen=True)
class Ran:
    """What a run has left in its folder."""

    folder: Path
    end: str
    rows: list[dict[str, float]]
    summary: dict[str, Any]

    def worst_balance(self) -> float:
        names = ("balance_charge", "balance_lithium", "balance_force")
        return max(row[name] for row in self.rows for name in names)


def write_case(folder: Path) -> Path:
    path = folder / "small.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run_here(folder: Path, *overrides: str) -> Ran:
    """Run in this process: the finite element libraries are loaded once for all tests."""
    return run_file_here(write_case(folder), folder / "out", *overrides)


def run_file_here(case: Path, out: Path, *overrides: str) -> Ran:
    """The same for any case."""
    from cellfem.runner import run_case

    result = run_case(load_case(case, overrides), out, quiet=True)
    return read_run(out, result.end.kind)


def read_run(folder: Path, end: str = "") -> Ran:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return Ran(folder, end, read_records(folder / "records.csv"), summary)


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "cellfem.cli", *map(str, words)]


def environment() -> dict[str, str]:
    """Of a process of its own: not one of the ranks that this process may have become."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PMI", "HYDRA_"))}
    return clean | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def cellfem(*words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own; AssertionError with what it said if it ends
    with another code.

    The process is a fork of one that has imported what a run needs, but for the finite element
    libraries: a second less for each.
    """
    done = run_forked([str(word) for word in words], environment(), WAIT_S)
    assert done.returncode == code, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def settings(*overrides: str) -> list[str]:
    return [word for override in overrides for word in ("--set", override)]
