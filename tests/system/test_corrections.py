"""What a step costs while the rim of a void moves, in corrections of Newton's method: a count,
which does not depend on the machine."""

from pathlib import Path

from cellfem.backend import MPI
from cellfem.case import load_case
from cellfem.model import from_case
from cellfem.model.build import build_model
from cellfem.runner.prepare import segments_of, source_of
from cellfem.solver.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
BEFORE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 15.0)  # s, until contact is lost at the void's edge
MOVING = 6
STEP = 15.0  # s


def test_steps_of_a_moving_rim_take_few_corrections() -> None:
    """Led by stresses 12, 9, 13, 7, 6 and 10 corrections; by tangents at the rates and with damping
    17, 14, 21, 12, 19 and 15. On cells twice those of the case."""
    case = load_case(ROOT / "cases" / "strip-void", ['mesh.near="0.8 um"', 'mesh.far="4 um"'])
    structure, interface, numerics = from_case.structure(case), from_case.interface(case), from_case.numerics(case)
    engine = Engine(build_model(source_of(case), structure, interface, numerics, MPI.COMM_WORLD))
    segment = segments_of(case)[0]
    engine.start(segment.load(0.0), segment.material)
    found = []
    for dt in (*BEFORE, *(STEP for _ in range(MOVING))):
        trial = engine.stepper.attempt(dt)
        assert trial.newton.converged, f"t = {engine.stepper.time:g} s: {trial.reason}"
        engine.stepper.accept(dt)
        found.append(trial.newton.iterations)
    moving = found[-MOVING:]
    assert sum(moving) <= 11 * MOVING
