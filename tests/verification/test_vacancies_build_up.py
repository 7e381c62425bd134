"""Vacancies that a constant current injects into flat bonded lithium, none removed.

Without pressure they only diffuse: f(y, t) = 2s √(t/D) ierfc(y/2√(Dt)), at Γ 2s √(t/πD); f_c is
reached at t* = πD f_c²/4s², a Sand time. Nothing moves then (d = 0, ∇·v = 0), so this holds at any
f, not only where it is small.

With linear creep a small f is compacted at the rate kf, k = (9/4) A P: steady f = s/√(Dk) exp(-y
√(k/D)).
"""

import numpy as np
import pytest
import ufl
from scipy.special import erfc

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import WallLayers, build_stack
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import Engine
from dolfinx import fem
from tests.verification.stacks import Array, engine_at_start, porosity_field, surface_porosity

D, F_C = 8e-3, 0.2
STRUCTURE = Structure(flat=True, bonded=True, removal=False, linear_kinetics=True, stress_potential=False)


def _column(layer: float, load: Load, creep: tuple[float, float], numerics: Numerics) -> Engine:
    """A column 1 µm wide and 16 `layer` (µm) high; cells 1/50 of it at Γ."""
    wall = WallLayers(first=0.02 * layer, count=26, ratio=1.2)
    stack = build_stack(1.0, 16 * layer, 1.0, 1.0, max(1.0, layer), structured=True, wall=wall)
    material = Material(PowerLaw(*creep, 0.0), D, 4e4, 1.0, 298.15)
    return engine_at_start(stack, STRUCTURE, Interface(1e-4, surface_tension=0.0, f_c=F_C), load, material, numerics)


def _step(engine: Engine, dt: float) -> None:
    assert engine.stepper.attempt(dt).newton.converged
    engine.stepper.accept(dt)


def _content(engine: Engine) -> float:
    """∫ f dV of the column, 1 µm wide, µm."""
    return float(fem.assemble_scalar(fem.form(ufl.split(engine.model.state.bulk)[2] * ufl.dx)))


def _profile(y: Array, t: float, s: float) -> Array:
    z = y / (2 * np.sqrt(D * t))
    return 2 * s * np.sqrt(t / D) * (np.exp(-(z**2)) / np.sqrt(np.pi) - z * erfc(z))


@pytest.mark.parametrize(("current", "second_order"), [(1.0, True), (5.0, True), (5.0, False)])
def test_square_root_of_time_and_sand_time(current: float, second_order: bool) -> None:
    s = SPEED * current
    sand = np.pi * D * F_C**2 / (4 * s**2)
    engine = _column(np.sqrt(D * sand), Load(0.0, Current(current)), (1e-6, 6.56), Numerics(second_order=second_order))
    begun = engine.stepper.time, _content(engine)
    times, values, dt = [], [], 1e-4 * sand
    while engine.stepper.time < 1.1 * sand:
        _step(engine, dt)
        times.append(engine.stepper.time)
        values.append(surface_porosity(engine.model))
        dt = min(1.15 * dt, sand / 50)
    t, f = np.array(times), np.array(values)
    late = t > 0.05 * sand
    np.testing.assert_allclose(f[late], 2 * s * np.sqrt(t[late] / (np.pi * D)), rtol=0.02)
    lost = float(np.interp(F_C, f, t))
    assert lost == pytest.approx(sand, rel=0.02)
    assert current * lost == pytest.approx(np.pi * D * F_C**2 / (4 * s * SPEED), rel=0.02)  # C/m²: ∝ 1/current

    at, field = porosity_field(engine.model)
    np.testing.assert_allclose(field, _profile(at[:, 1], t[-1], s), atol=0.02 * F_C)
    assert _content(engine) - begun[1] == pytest.approx(s * (t[-1] - begun[0]), rel=1e-8)


def test_linear_sink() -> None:
    """Creep with n = 1 is a linear sink while f ≪ 1; here f = 1e-3 at Γ, 0.1 % off in theory."""
    pressure, prefactor = 1.0, 1e-4
    k = 2.25 * prefactor * pressure
    s = 1e-3 * np.sqrt(D * k)
    layer = np.sqrt(D / k)
    numerics = Numerics(strain_rate_floor=1e-12)
    engine = _column(layer, Load(pressure, Current(s / SPEED)), (prefactor, 1.0), numerics)
    dt = 0.01 / k
    while engine.stepper.time < 100 / k:
        _step(engine, dt)
        dt *= 1.2
    assert surface_porosity(engine.model) == pytest.approx(s / np.sqrt(D * k), rel=0.02)
    at, field = porosity_field(engine.model)
    near = at[:, 1] < 2 * layer
    np.testing.assert_allclose(field[near], 1e-3 * np.exp(-at[near, 1] / layer), rtol=0.02)
