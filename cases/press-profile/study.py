"""What converges and what does not: contact and resistance over the mesh and over the cut-off
wavelength of the face.

    python cases/press-profile/study.py RESULTS [--jobs 2]

The face of the case on half its width, the ramp of the case up to 3 MPa; four, eight and sixteen
nodes on each of three cut-off wavelengths, then a shorter one, and half the thickness δ of the
asperity layer. Each run goes through the command line of cellfem into RESULTS/NAME; finished ones
are not repeated. The table is printed and written to RESULTS/table.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from cellfem.output.records import read_records, write_atomic

CASE = Path(__file__).resolve().parent
COMMON = (
    "stack.width=12.5 um",
    "lithium.thickness=10 um",
    "electrolyte.thickness=12.5 um",
    "mesh.far=3 um",
    "protocol.0.pressure_end=3 MPa",
    "protocol.0.duration=3.494 s",  # the case's 0.83 MPa/s
    "output.pictures=false",
)
PRESSURES = (0.5, 1.0, 2.0, 3.0)
CUT_OFFS, NODES = (4.0, 2.0, 1.0), (4, 8, 16)  # µm; nodes on the cut-off wavelength
RUNS = {
    f"cut-off {cut_off:g} µm, {nodes} nodes on it": (f"roughness.cut_off={cut_off:g} um", f"mesh.near={cut_off / nodes:g} um")
    for cut_off in CUT_OFFS
    for nodes in NODES
} | {
    "cut-off 0.5 µm, 4 nodes on it": ("roughness.cut_off=0.5 um", "mesh.near=0.125 um"),
    "cut-off 1 µm, 4 nodes on it, δ 5 nm": (
        "roughness.cut_off=1 um",
        "mesh.near=0.25 um",
        "interface.roughness=5 nm",
        "interface.stiffness=2000 MPa/um",
    ),
}


def folder_of(results: Path, name: str) -> Path:
    return results / name.replace(" ", "-").replace(",", "").replace("µ", "u").replace("δ", "delta")


def run(results: Path, name: str) -> None:
    """Unless it is done."""
    folder = folder_of(results, name)
    try:
        if json.loads((folder / "summary.json").read_text(encoding="utf-8"))["end_kind"] == "done":
            return
    except (OSError, json.JSONDecodeError):
        pass
    command = [sys.executable, "-m", "cellfem.cli", "run", str(CASE), "--out", str(folder), "--quiet"]
    command += [word for setting in (*COMMON, *RUNS[name]) for word in ("--set", setting)]
    done = subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    print(name, "done" if done.returncode == 0 else f"ended with {done.returncode}: {done.stderr.strip()}", flush=True)


def table(results: Path) -> str:
    lines = ["| contact · charge transfer + constriction (Ω cm²) | " + " | ".join(f"{p:g} MPa" for p in PRESSURES) + " |"]
    lines.append("|---" * (len(PRESSURES) + 1) + "|")
    for name in RUNS:
        if not (folder_of(results, name) / "records.csv").exists():
            continue
        rows = read_records(folder_of(results, name) / "records.csv")
        pressure = [row["pressure_MPa"] for row in rows]
        column = ("contact_fraction", "asr_charge_transfer_ohm_cm2", "asr_constriction_ohm_cm2")
        values = (np.interp(PRESSURES, pressure, [row[c] for row in rows], right=np.nan) for c in column)
        cells = ["–" if np.isnan(c) else f"{c:.3f} · {t:.3g} + {s:.2g}" for c, t, s in zip(*values)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    run(options.results, next(iter(RUNS)))  # the first compiles the forms for all
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(partial(run, options.results), RUNS))
    text = table(options.results)
    write_atomic(options.results / "table.md", text)
    print(text)


if __name__ == "__main__":
    main()
