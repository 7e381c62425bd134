"""A flat uniform stack by hand: voltage, its parts and signs, and the speed at which the platen
follows the current.

V = i (ASR/θ + L/κ) - ΩP/F        linear kinetics, θ = P/(P + p_1/2)
V = (2RT/F) asinh(i ASR F/(2θRT)) + iL/κ - ΩP/F        Butler-Volmer
"""

from dataclasses import replace

import numpy as np
import pytest

from cellfem import (
    backend,  # noqa: F401  before dolfinx
    materials,
)
from cellfem.geometry import build_stack
from cellfem.model.control import Current, Voltage
from cellfem.model.fixture import Platen, UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, PatchResistance, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import STEEPEST
from cellfem.solver.engine import Engine
from cellfem.units import FARADAY, GAS_CONSTANT
from tests.verification.stacks import engine_at_start, integral, surface_porosity

MASIAS = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
PRESSURE, ASR, DEPTH = 0.4, 1e-3, 20.0  # MPa, Ω m², µm
SHARE = PRESSURE / (PRESSURE + 0.02)
OMEGA = materials.lithium().molar_volume  # cm³/mol
STRESS = OMEGA / FARADAY * PRESSURE  # ΩP/F, V
SPEED = OMEGA / FARADAY  # µm/s per A/m²


def _uniform(current: float, structure: Structure, platen: bool = True, **numbers: float) -> Engine:
    stack = build_stack(2.0, 5.0, DEPTH, 0.5, 2.0, structured=True)
    load = Load(PRESSURE, Current(current), Platen() if platen else UniformPressure())
    return engine_at_start(stack, structure, Interface(ASR, **numbers), load, MASIAS, Numerics(newton_tolerance=1e-10))


def _voltage(engine: Engine) -> float:
    return -float(engine.model.state.numbers.x.array[1])


@pytest.mark.parametrize("current", [5.0, -5.0, 0.0])
def test_voltage_with_linear_kinetics(current: float) -> None:
    engine = _uniform(current, Structure(vacancies=False, linear_kinetics=True))
    assert _voltage(engine) == pytest.approx(current * (ASR / SHARE + DEPTH / 4e4) - STRESS, rel=1e-6)
    assert pytest.approx(0.135e-3, rel=5e-3) == STRESS / PRESSURE


@pytest.mark.parametrize("current", [50.0, -50.0])
def test_voltage_with_butler_volmer(current: float) -> None:
    """2 mA/cm² and more take the law out of its linear range: 48 mV against 52 mV."""
    thermal = GAS_CONSTANT * 298.15 / FARADAY
    engine = _uniform(current, Structure(vacancies=False))
    expected = 2 * thermal * np.arcsinh(current * ASR / (2 * SHARE * thermal)) + current * DEPTH / 4e4 - STRESS
    assert _voltage(engine) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("drop", [1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0, -1.0, -100.0])
def test_any_current_starts_and_steps_through_any_resistance(drop: float) -> None:
    """i·ASR (V) over eight decades at 1 mA/cm²: from 10 V on sinh is e^200 where a straight line
    through zero would lead."""
    thermal, current = GAS_CONSTANT * 298.15 / FARADAY, 10.0 * float(np.sign(drop))
    stack = build_stack(2.0, 5.0, DEPTH, 0.5, 2.0, structured=True)
    face, load = Interface(drop / current), Load(PRESSURE, Current(current))
    engine = engine_at_start(stack, Structure(vacancies=False), face, load, MASIAS, Numerics(newton_tolerance=1e-10))
    expected = 2 * thermal * np.arcsinh(drop / (2 * SHARE * thermal)) + current * DEPTH / 4e4 - STRESS
    assert _voltage(engine) == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert engine.stepper.attempt(1.0).newton.converged
    engine.stepper.accept(1.0)
    engine.change(Load(PRESSURE, Current(-0.1 * current)), MASIAS)
    expected = -2 * thermal * np.arcsinh(0.1 * drop / (2 * SHARE * thermal)) - 0.1 * current * DEPTH / 4e4 - STRESS
    assert _voltage(engine) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("held", [0.5, -5.0, 50.0])
def test_a_voltage_far_beyond_the_linear_range_is_held(held: float) -> None:
    """V = (2RT/F) asinh(i ASR F/(2θRT)) + iL/κ - ΩP/F for the current that comes of it."""
    thermal, asr = GAS_CONSTANT * 298.15 / FARADAY, 0.1
    stack = build_stack(2.0, 5.0, DEPTH, 0.5, 2.0, structured=True)
    load, material = Load(PRESSURE, Voltage(held)), replace(MASIAS, conductivity=1.0)  # κ L of 20 Ω m²
    engine = engine_at_start(stack, Structure(vacancies=False), Interface(asr), load, material, Numerics())
    current = integral(engine.model, engine.model.residual.expressions.current) / 2.0
    eta = 2 * thermal * np.arcsinh(current * asr / (2 * SHARE * thermal))
    assert eta + current * DEPTH / 1.0 - STRESS == pytest.approx(held, rel=1e-5)


def test_a_patch_of_another_resistance_by_six_decades_starts() -> None:
    """Where the electrolyte evens the current out the patch takes 14 times 2RT/F more than the
    face: from no straight line."""
    stack = build_stack(8.0, 5.0, DEPTH, 1.0, 3.0, structured=True)
    face = Interface(1e-4, patches=(PatchResistance(8.0, 4.0, 1e2, edge=0.0),))
    material = replace(MASIAS, conductivity=1e2)
    engine = engine_at_start(stack, Structure(vacancies=False), face, Load(PRESSURE, Current(100.0)), material, Numerics())
    current = engine.model.residual.expressions.current
    assert integral(engine.model, current) == pytest.approx(8.0 * 100.0, rel=1e-8)
    assert engine.model.residual.constants.steepest.value == STEEPEST


@pytest.mark.parametrize("current", [5.0, -5.0])
def test_platen_follows_the_current(current: float) -> None:
    """Stripping lets the platen down at iΩ/F, plating lifts it; the gap and the pressure stay."""
    engine = _uniform(current, Structure(vacancies=False))
    state, gap, travel = engine.model.state, engine.model.state.gap().copy(), float(engine.model.state.numbers.x.array[0])
    for dt in (1.0, 10.0, 100.0):
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
    assert state.numbers.x.array[0] - travel == pytest.approx(-SPEED * current * engine.stepper.time, rel=1e-6)
    np.testing.assert_allclose(state.gap(), gap, atol=1e-5)  # a thousandth of the asperities' height
    assert integral(engine.model, engine.model.residual.expressions.contact_pressure) == pytest.approx(2.0 * PRESSURE, rel=1e-8)


def test_plating_builds_no_vacancies() -> None:
    """The penalty adds lattice planes at d = k_n f²/2w for f < 0: f stays above -w = -0.01 (k_n =
    500 |s|) and the platen rises at |d|, which is |s| less the 2 % that fill vacancies below 0 in
    the layer √(Dt) above Γ."""
    current = -5.0
    speed = SPEED * abs(current)
    engine = _uniform(current, Structure(), removal_rate=500 * speed)
    dt = 0.1
    while engine.stepper.time < 600.0:
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
        dt *= 1.5
    before = float(engine.model.state.numbers.x.array[0])
    engine.stepper.attempt(1.0)
    rise = float(engine.model.state.numbers.x.array[0]) - before  # in 1 s
    f = surface_porosity(engine.model)
    assert -0.01 < f < 0
    assert rise == pytest.approx(500 * speed * f**2 / 0.02, rel=1e-3)
    assert 0.97 * speed < rise < speed
