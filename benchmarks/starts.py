"""What the start of a run costs: corrections and factorisations of Newton's method, by the stages
of its continuation.

    python benchmarks/starts.py [CASE ...]          (without: all folders of cases/)

A line for each case: pressure, corrections, factorisations, seconds, and
exponent[corrections/factorisations] of each stage.
"""

import sys
import time
from pathlib import Path

from cellfem.backend import MPI
from cellfem.case import load_case
from cellfem.model import from_case
from cellfem.model.build import build_model
from cellfem.runner.prepare import segments_of, source_of
from cellfem.solver.engine import Engine
from cellfem.solver.newton import Newton, Outcome

CASES = Path(__file__).parents[1] / "cases"


def main(paths: list[Path]) -> None:
    solve, stages = Newton.solve, []

    def counted(self: Newton) -> Outcome:
        outcome = solve(self)
        stages.append((self.problem.creep.exponent, outcome.iterations, outcome.jacobians))  # type: ignore[attr-defined]
        return outcome

    Newton.solve = counted  # type: ignore[method-assign]
    for path in paths:
        case = load_case(path)
        structure, interface, numerics = from_case.structure(case), from_case.interface(case), from_case.numerics(case)
        engine, segment = (
            Engine(build_model(source_of(case), structure, interface, numerics, MPI.COMM_WORLD)),
            segments_of(case)[0],
        )
        load = segment.load(0.0)
        stages.clear()
        begin = time.perf_counter()
        engine.start(load, segment.material)
        seconds = time.perf_counter() - begin
        corrections, factors = (sum(stage[k] for stage in stages) for k in (1, 2))
        parts = " ".join(f"{n:g}[{some}/{few}]" for n, some, few in stages)
        print(
            f"{path.name}: {load.pressure:g} MPa, {corrections} corrections, {factors} factors, {seconds:.2f} s: {parts}",
            flush=True,
        )


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]] or sorted(path for path in CASES.iterdir() if (path / "case.toml").exists()))
