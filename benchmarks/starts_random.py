"""Do random admissible cases start, and take ten steps?

    python benchmarks/starts_random.py TABLE.csv [--count 200] [--first 0] [--seconds 120]

The cases are drawn with a fixed seed: current, interface resistance, pressure, roughness and
conductivity log-uniform over what cells of the field span, temperature and creep exponent uniform,
strip or plate, with a void, a patch, or both, on a mesh of some hundred cells. A line for each goes
to TABLE; lines that are there already are not run again, so that the work may be stopped and taken
up. What came of it is counted at the end:

    steps     ten steps were taken
    ended     a stop condition (voltage of 20 V, contact of 1 %, lithium used up) was met before
    start     no equilibrium was found at the start
    march     the time step fell below its limit
    slow      neither within the seconds of the processor that a case gets
    error     anything else: a fault of the program

"start", "march" and "error" count as given up, and so does "slow".
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

from cellfem.backend import MPI
from cellfem.case import Case, CaseError, load_case
from cellfem.model import from_case
from cellfem.model.build import build_model
from cellfem.observe.step_record import Observer
from cellfem.runner.prepare import segments_of, source_of
from cellfem.runner.pressure_ramp import with_pressure_ramps
from cellfem.solver.engine import Engine, StartError
from cellfem.solver.march import GaveUp, Measures, Place, Watcher, march
from cellfem.solver.newton import Outcome

SEED, STEPS = 20251, 10
MOVED = 0.5  # µm of lithium that the protocol step strips or plates
LITHIUM_PER_CHARGE = 4.85  # µm per mAh/cm²
GAVE_UP = ("start", "march", "slow", "error")
CASE = """
[stack]
width = "10 um"
[lithium]
thickness = "5 um"
length = "1.6 um"
creep = {{ A298 = "{rate:.4g} 1/s", n = {exponent:.3f}, Q = "37 kJ/mol" }}
[electrolyte]
thickness = "10 um"
conductivity = "{conductivity:.4g} mS/cm"
[interface]
asr = "{asr:.4g} ohm*cm^2"
roughness = "{roughness:.4g} nm"
[[protocol]]
mode = "{mode}"
current = "{current:.4g} mA/cm^2"
duration = "{duration:.4g} s"
pressure = "{pressure:.4g} MPa"
temperature = "{temperature:.1f} degC"
stop.voltage = "20 V"
stop.contact = 0.01
[mesh]
near = "0.8 um"
far = "2.5 um"
"""
VOID = '[[void]]\ncenter = "0 um"\nhalf_width = "2.4 um"\ndepth = "{depth:.3g} um"\n'
PATCH = '[[patch]]\ncenter = "7 um"\nhalf_width = "1.6 um"\nasr = "{patch:.4g} ohm*cm^2"\n'


def draw(random: np.random.Generator) -> dict[str, float | str]:
    """Numbers of a case."""

    def log(low: float, high: float) -> float:
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    current, asr = log(1e-3, 10.0), log(1.0, 1e4)
    return {
        "current": current,
        "asr": asr,
        "pressure": log(0.01, 100.0),
        "temperature": float(random.uniform(-30.0, 150.0)),
        "roughness": log(5.0, 100.0),
        "conductivity": log(0.01, 10.0),
        "exponent": float(random.uniform(1.0, 8.0)),
        "rate": log(3e-4, 1e-2),
        "mode": str(random.choice(["strip", "plate"])),
        "faults": str(random.choice(["void", "patch", "both"])),
        "depth": log(0.1, 1.0),
        "patch": asr * log(0.1, 100.0),
        "duration": min(MOVED / (current / 3600 * LITHIUM_PER_CHARGE), 1e7),
    }


def text(numbers: dict[str, float | str]) -> str:
    """The case file."""
    spots = {"void": VOID, "patch": PATCH, "both": VOID + PATCH}[str(numbers["faults"])]
    return (CASE + spots).format(**numbers)


def admissible(seed: int, count: int, scratch: Path) -> list[tuple[dict[str, float | str], Path]]:
    """The first `count` draws that the checks let pass, each with its file."""
    random = np.random.default_rng(seed)
    found: list[tuple[dict[str, float | str], Path]] = []
    while len(found) < count:
        numbers = draw(random)
        path = scratch / f"case-{len(found):03d}.toml"
        path.write_text(text(numbers), encoding="utf-8")
        try:
            load_case(path)
        except CaseError:
            continue
        found.append((numbers, path))
    return found


def run(case: Case, seconds: float) -> dict[str, float | str]:
    """What comes of a case."""
    begin = time.process_time()
    spent = {"start": 0, "march": 0, "steps": 0, "refused": 0, "start_s": 0.0}
    try:
        source = source_of(case)
        model = build_model(source, from_case.structure(case), from_case.interface(case), from_case.numerics(case), MPI.COMM_SELF)
        engine = Engine(model)
        segments, _ = with_pressure_ramps(segments_of(case), [placed.step.rise_time for placed in case.sequence], model)
        observer = Observer(model, from_case.flaws(case), from_case.cell(case))

        def counted(stage: str) -> None:
            solve = engine.newton.solve

            def solving() -> Outcome:
                outcome = solve()
                spent[stage] += outcome.iterations
                return outcome

            engine.newton.solve = solving  # type: ignore[method-assign]

        def examine(dt: float, outcome: Outcome) -> Measures:
            reading = observer.read(engine.stepper, dt, int(spent["steps"]), outcome.iterations)
            observer.commit(reading)
            return reading.measures

        def accepted(_: float) -> None:
            spent["steps"] += 1

        def refused(_: float, __: str) -> None:
            spent["refused"] += 1

        def interrupted(_: Place, __: Measures) -> bool:
            return spent["steps"] >= STEPS or time.process_time() - begin > seconds

        engine.start(segments[0].load(0.0), segments[0].material)
        spent["start_s"] = time.process_time() - begin
        counted("march")
        measures = examine(0.0, Outcome(True, 0, 0))
        finish = march(engine, segments, Watcher(examine, accepted, refused, interrupted), measures)
        end, why = "steps" if spent["steps"] >= STEPS or finish.kind == "done" else "slow", ""
        if finish.kind == "stop":
            end, why = "ended", finish.condition
    except (StartError, GaveUp) as error:
        end, why = "start" if isinstance(error, StartError) else "march", str(error)
    except Exception as error:  # what a user would see as a traceback
        end, why = "error", f"{type(error).__name__}: {error}"
    return {"end": end, **spent, "seconds": round(time.process_time() - begin, 2), "why": why.replace("\n", " ")[:300]}


def main() -> None:
    parser = argparse.ArgumentParser(description="random admissible cases: do they start and step?")
    parser.add_argument("table", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the cases to run")
    parser.add_argument("--seconds", type=float, default=120.0)
    words = parser.parse_args()
    scratch = words.table.with_suffix(".cases")
    scratch.mkdir(exist_ok=True, parents=True)
    done = set()
    if words.table.exists():
        with words.table.open(encoding="utf-8") as lines:
            done = {int(row["case"]) for row in csv.DictReader(lines)}
    for number, (numbers, path) in enumerate(admissible(SEED, words.count, scratch)):
        if number in done or (words.only is not None and number not in words.only):
            continue
        row = {"case": number, **numbers, **run(load_case(path), words.seconds)}
        fresh = not words.table.exists()
        with words.table.open("a", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(row))
            if fresh:
                writer.writeheader()
            writer.writerow(row)
        print(f"{number}: {row['end']} {row['steps']} steps, {row['seconds']} s {row['why']}", file=sys.stderr, flush=True)
    report(words.table)


def report(table: Path) -> None:
    with table.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    ends = [row["end"] for row in rows]
    counts = {end: ends.count(end) for end in ("steps", "ended", *GAVE_UP)}
    lost = sum(counts[end] for end in GAVE_UP)
    print(f"{len(rows)} cases: " + ", ".join(f"{end} {number}" for end, number in counts.items()))
    print(f"gave up: {lost} of {len(rows)}, {lost / len(rows):.1%}")


if __name__ == "__main__":
    main()
