"""Where the time of a run goes: each part's own time, without that of the parts it calls.

    python benchmarks/profile_case.py CASE [--set KEY=VALUE ...] [--cold]

--cold takes an empty form cache, so that compilation is seen. One rank. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROCESS = "Python and what is in no other row"


@dataclass
class Clock:
    """Own times of nested parts, s."""

    own: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    inner: list[float] = field(default_factory=list)  # time spent in parts called, for each part that runs now

    def wrap(self, holder: Any, name: str, part: str) -> None:
        """Time the function `holder.name` as `part` from now on."""
        function: Callable[..., Any] = getattr(holder, name)

        def timed(*arguments: Any, **options: Any) -> Any:
            self.inner.append(0.0)
            begin = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                whole = time.perf_counter() - begin
                self.own[part] += whole - self.inner.pop()
                self.calls[part] += 1
                if self.inner:
                    self.inner[-1] += whole

        setattr(holder, name, timed)


def instrument(clock: Clock) -> None:
    """Put the clock around the parts of cellfem."""
    import cellfem.backend  # noqa: F401  before dolfinx
    import dolfinx.jit
    from cellfem.model.creep_points import LawPoints
    from cellfem.model.mesh_motion import MapExtension
    from cellfem.observe.snapshot import SnapshotMaker
    from cellfem.observe.step_record import Observer
    from cellfem.output.paraview import Series
    from cellfem.output.progress import Progress
    from cellfem.output.records import RecordWriter
    from cellfem.runner import execute, finalize
    from cellfem.solver.system import System

    for name in ("source_of", "write_mesh"):
        clock.wrap(execute, name, "mesh: made and written")
    clock.wrap(dolfinx.jit, "ffcx_jit", "forms: compiled, or loaded from the cache")
    clock.wrap(execute, "build_model", "model: submeshes, spaces, symbolic derivatives")
    clock.wrap(LawPoints, "update", "residual: creep law at the points")
    clock.wrap(System, "assemble_residual", "residual: assembly")
    clock.wrap(System, "assemble_jacobian", "Jacobian: assembly")
    clock.wrap(System, "factor", "factorisation (MUMPS)")
    clock.wrap(System, "correction", "solves with the factors")
    for name in ("add", "dot"):
        clock.wrap(System, name, "Newton: vectors")
    clock.wrap(MapExtension, "extend", "map extended into the lithium")
    clock.wrap(Observer, "read", "observation of a step")
    clock.wrap(SnapshotMaker, "take", "fields for viewing: evaluated")
    clock.wrap(Series, "write", "fields for viewing: written")
    for holder, name in ((RecordWriter, "write"), (Progress, "step")):
        clock.wrap(holder, name, "records, log and progress")
    clock.wrap(finalize, "write_drawing", "pictures: what they show")
    clock.wrap(finalize, "draw_in_own_process", "pictures: drawn by their process")


def profile(case: Path, overrides: list[str]) -> str:
    """Run the case in a temporary folder; the table."""
    clock, begin = Clock(), time.perf_counter()
    instrument(clock)
    from cellfem.case import load_case
    from cellfem.runner import run_case

    clock.own["libraries: imported"] = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        result = run_case(load_case(case, overrides), Path(folder), quiet=True)
    whole = time.perf_counter() - begin
    clock.own[PROCESS] = whole - sum(clock.own.values())
    steps, iterations = result.summary["steps"], result.summary["newton_iterations"]
    lines = [
        f"{case.name}: {result.end}, {steps} steps, {iterations} iterations in accepted steps, {whole:.1f} s",
        "",
        "| part | own time s | share % | calls | ms a call |",
        "|---|---|---|---|---|",
    ]
    for part, own in sorted(clock.own.items(), key=lambda item: -item[1]):
        calls = clock.calls[part]
        each = f"{1e3 * own / calls:.2f}" if calls else ""
        lines.append(f"| {part} | {own:.2f} | {100 * own / whole:.1f} | {calls or ''} | {each} |")
    return "\n".join(lines)


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path, help="a case.toml, or the folder that holds one")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--cold", action="store_true", help="with an empty form cache")
    options = parser.parse_args()
    if not options.cold:
        print(profile(options.case, options.overrides))
        return
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache  # read when the first form is compiled
        print(profile(options.case, options.overrides))


if __name__ == "__main__":
    main()
