"""The first steps of every shipped case on a coarse mesh, held against recorded numbers.

A redesign must not move the physics. Two builds are compared on one machine like this:

    python -m tests.reference.first_steps --write before.json          (in the old build)
    python -m tests.reference.first_steps --compare before.json        (in the new one)

which prints the largest relative difference of each case: 0 where no operation changed its order,
1e-12 and below where only the order of sums did. The committed `first_steps.json` is compared to
`TOLERANCE`, because libraries of another build (BLAS, MUMPS) order their sums differently and a
step amplifies that by the condition of its matrix.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("first_steps.json")
STEPS = 2  # accepted time steps after the start
TOLERANCE = 1e-6
DIFFERENCES = {"asr_constriction_ohm_cm2": "asr_small_signal_ohm_cm2"}
"""Columns that are small differences of another (1e-8 of 10 Ω cm² in two cases): held against it."""
LEAST = {"porosity_max": 1e-4, "platen_um": 1e-4, "|gamma3|": 1e-6}
"""Sizes below which a number is next to nothing: f beside f_c = 0.2, µm beside δ = 0.01 µm, removal in
µm/s beside 7e-4 at 0.5 mA/cm²."""
CONVERGED = 1e-10  # Newton's tolerance: numbers that do not tell by which corrections they were found
COARSER = 2.0  # cell sizes over those of the case: seconds in place of minutes
NOT_NUMBERS = ("newton",)  # counts of the solver

Numbers = dict[str, float]


def cases() -> list[str]:
    """Names of the shipped cases that run."""
    return sorted(path.parent.name for path in (ROOT / "cases").glob("*/case.toml"))


def coarsened(name: str) -> list[str]:
    """Overrides: cells twice as large where that resolves the case's features, no pictures, no
    checkpoints, steps solved to `CONVERGED`."""
    from cellfem.case import CaseError, load_case

    common = ["output.pictures=false", 'output.checkpoint="off"', f"numerics.newton_tolerance={CONVERGED}"]
    mesh = load_case(ROOT / "cases" / name).mesh
    if getattr(mesh, "file", None):
        return common
    coarse = [f'mesh.near="{COARSER * mesh.near:.6g} um"', f'mesh.far="{COARSER * mesh.far:.6g} um"']
    try:
        load_case(ROOT / "cases" / name, [*common, *coarse])
    except CaseError:  # a rough face needs its own cells
        return common
    return [*common, *coarse]


def first_steps(name: str, steps: int = STEPS) -> Numbers:
    """Numbers of a case after its start and so many accepted steps: norms of the unknowns by block,
    and the last row of records.csv."""
    from cellfem.backend import MPI
    from cellfem.case import load_case
    from cellfem.model import from_case
    from cellfem.model.build import build_model
    from cellfem.runner.prepare import segments_of, source_of
    from cellfem.runner.pressure_ramp import with_pressure_ramps
    from cellfem.runner.recorder import Recorder
    from cellfem.solver.engine import Engine
    from cellfem.solver.march import Watcher, march

    case = load_case(ROOT / "cases" / name, coarsened(name))
    structure, interface = from_case.structure(case), from_case.interface(case)
    model = build_model(
        source_of(case), structure, interface, from_case.numerics(case), MPI.COMM_WORLD
    )
    engine = Engine(model)
    accepted = []
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(case, engine, Path(folder), quiet=True)

        def count(dt: float) -> None:
            recorder.accepted(dt)
            accepted.append(dt)

        rises = [placed.step.rise_time for placed in case.sequence]
        segments, _ = with_pressure_ramps(segments_of(case), rises, model)
        engine.start(segments[0].load(0.0), segments[0].material)
        measures = recorder.start()
        watch = Watcher(
            recorder.examine,
            count,
            recorder.refused,
            lambda *_: len(accepted) >= steps,
            recorder.entered,
            recorder.ended,
        )
        march(engine, segments, watch, measures)
        row = dict(recorder.rows[-1])
        recorder.close()
    found = {f"|{block}|": norm for block, norm in _norms(engine)}
    kept = {key: float(value) for key, value in row.items() if not key.startswith(NOT_NUMBERS)}
    return found | {key: value for key, value in kept.items() if np.isfinite(value)}


def _norms(engine: Any) -> Iterable[tuple[str, float]]:
    """Root of the mean square of each block of unknowns, the interface's fields one by one."""
    x, offsets = engine.system.get(), engine.system.offsets
    for block, a, b in zip(("bulk", "gamma", "potential", "numbers"), offsets, offsets[1:], strict=False):
        parts = x[a:b].reshape(-1, 4).T if block == "gamma" else x[a:b][None, :]
        for i, part in enumerate(parts):
            yield f"{block}{i}", float(np.sqrt(np.mean(part**2)))


def difference(found: Numbers, kept: Numbers) -> tuple[float, str]:
    """Largest relative difference and where it is. Balances are round-off: they are left out."""
    worst, where = 0.0, ""
    if missing := sorted(set(kept) ^ set(found)):
        return float("inf"), f"only in one of both: {', '.join(missing)}"
    for key, value in kept.items():
        if key.startswith("balance"):
            continue
        size = abs(kept[DIFFERENCES.get(key, key)])
        apart = abs(found[key] - value) / max(size, LEAST.get(key, 1e-12))
        if apart > worst:
            worst, where = apart, key
    return worst, where


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", type=Path, nargs="?", const=FILE)
    parser.add_argument("--compare", type=Path, nargs="?", const=FILE)
    parser.add_argument("names", nargs="*", default=cases())
    given = parser.parse_args()
    kept = json.loads(given.compare.read_text(encoding="utf-8")) if given.compare else {}
    found = {}
    for name in given.names:
        found[name] = first_steps(name)
        apart = "{:.2e} ({})".format(*difference(found[name], kept[name])) if name in kept else ""
        print(f"{name:24} {apart}", flush=True)
    if given.write:
        text = json.dumps(found, indent=1, sort_keys=True)
        given.write.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
