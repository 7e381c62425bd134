"""Optional laws in the whole system: time order of Anand's resistance, its limit of no hardening, steady linear removal."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Void, build_stack
from cellfem.model.parameters import Interface, Load, Material, Numerics, Structure
from cellfem.physics.hardening import Hardening
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import Engine
from tests.verification.stacks import engine_at_start, porosity_field
from tests.verification.stepping import crossed_stack, step_to

ANAND = Hardening(0.01398, 1 / 0.15, 10.0, 2.0, 1.1, 2.0, 0.05)
SOFT = Material(ANAND.prefactor, ANAND.exponent, 8e-3, 4e4, 1.0, 298.15)
FACE = Interface(1e-3, removal_rate=0.34)


def lens(material: Material, numerics: Numerics) -> Engine:
    stack = build_stack(8.0, 6.0, 6.0, 0.8, 2.0, [Void(0.0, 2.0, 0.3)])
    return engine_at_start(stack, Structure(), FACE, Load(1.0, 5.0), material, numerics)


def after(material: Material, steps: int, end: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Gap and resistance S at all points after equal steps of BDF2."""
    engine = lens(material, Numerics(newton_tolerance=1e-9))
    for _ in range(steps):
        trial = engine.stepper.attempt(end / steps)
        assert trial.newton.converged, trial.reason
        engine.stepper.accept(end / steps)
    state = engine.model.state
    return state.gap(), state.hardness.x.array.copy()


@pytest.mark.slow
def test_resistance_is_of_second_order_in_time():
    hard = replace(SOFT, hardening=ANAND)
    found = [after(hard, steps) for steps in (8, 16, 32, 64)]
    for field in (0, 1):
        change = [float(np.sqrt(np.mean((a[field] - b[field]) ** 2))) for a, b in itertools.pairwise(found)]
        assert np.log2(change[1] / change[2]) == pytest.approx(2.0, abs=0.35)
    assert found[-1][1].max() > 1.2  # MPa: it has hardened


def test_no_hardening_is_the_power_law_of_the_resistance_at_the_start():
    gap, resistance = after(replace(SOFT, hardening=replace(ANAND, modulus=0.0)), 4)
    plain, _ = after(SOFT, 4)
    np.testing.assert_allclose(resistance, ANAND.initial, rtol=1e-12)
    np.testing.assert_allclose(gap, plain, rtol=0, atol=1e-9)


def test_linear_removal_ends_where_it_takes_up_what_is_injected():
    """A thin block in which vacancies spread at once: (1-f) k_s f = s."""
    speed, wanted = SPEED * 0.5, 0.05
    face = replace(FACE, removal_rate=1e-3, sink_rate=speed / (wanted * (1 - wanted)))
    lithium = Material(1e-12, 1.0, 100.0, 4e4, 1.0, 298.15)  # does not compact
    engine = engine_at_start(
        crossed_stack(4.0, 1.0, 0.5), Structure(linear_removal=True), face, Load(0.4, 0.5), lithium, Numerics()
    )
    step_to(engine, 8000.0)
    _, f = porosity_field(engine.model)
    assert f.mean() == pytest.approx(wanted, rel=1e-3)
    assert np.ptp(f) < 1e-4
