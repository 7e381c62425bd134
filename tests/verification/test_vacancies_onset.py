"""Onset current: the current at which vacancies, injected steadily and only compacted by creep,
reach f_c at Γ.

1-D column, uniaxial, coupled law, nothing removed at Γ. With y into the lithium and G = -D f'(y):

    G dG/df = D (1-f) C + G (s-G)/(1-f),  G(0) = 0,  G(f_c) = s,   C = A b^((n+1)/2) P^n (1 + 4b/9a)^(-(n+1)/2)

The column is brought to its steady state at the onset current; its surface porosity must be f_c.
The difference is expressed in current by the same equation.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import WallLayers, build_stack
from cellfem.model.control import Current
from cellfem.model.fixture import Platen, UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from tests.verification.stacks import engine_at_start, surface_porosity

D, F_C = 8e-3, 0.2
SETS = {"anand": (4.3e-4, 5.0), "lepage": (9.2e-4, 6.6), "masias": (7.7e-3, 6.56)}
PRESSURES = (0.2, 0.4, 0.8, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0)
TABLE = {  # mA/cm², as printed in the model's description
    "anand": (0.0038, 0.022, 0.12, 0.21, 1.2, 3.3, 12, 28, 68),
    "lepage": (0.0012, 0.012, 0.12, 0.25, 2.4, 9.3, 50, 152, 492),
    "masias": (0.0037, 0.036, 0.35, 0.72, 7.0, 26, 141, 424, 1370),
}


def _compaction(f: float, pressure: float, prefactor: float, n: float) -> float:
    """C(f) under uniaxial compression, 1/s."""
    k = 2 * n / (n + 1)
    a = (1 + 2 * f / 3) * (1 - f) ** -k
    b = 2.25 * (n * (f ** (-1 / n) - 1)) ** -k
    return float(prefactor * b ** ((n + 1) / 2) * pressure**n * (1 + 4 * b / (9 * a)) ** (-(n + 1) / 2))


def _surface_value(s: float, pressure: float, creep: tuple[float, float]) -> float:
    """f at Γ for a stripping speed s (µm/s): where G has grown to s. 0.5 where it does not below f
    = 0.5."""
    first = 1e-10  # there C is linear in f, and so is G
    rate = _compaction(first, pressure, *creep) / first

    def growth(log_f: float, G: np.ndarray) -> list[float]:
        f = np.exp(log_f)
        return [f * (D * (1 - f) * _compaction(f, pressure, *creep) / G[0] + (s - G[0]) / (1 - f))]

    def reached(_: float, G: np.ndarray) -> float:
        return float(G[0] / s - 1)

    reached.terminal = True  # type: ignore[attr-defined]
    start = first * (s + np.sqrt(s**2 + 4 * D * rate)) / 2
    way = solve_ivp(growth, np.log([first, 0.5]), [start], events=reached, rtol=1e-9, atol=0, method="LSODA")
    return float(np.exp(way.t_events[0][0])) if len(way.t_events[0]) else 0.5


def _onset(pressure: float, creep: tuple[float, float], f_c: float = F_C) -> float:
    """Stripping speed at the onset, µm/s; without convection √(2D ∫(1-f) C df), a few per cent
    lower."""
    f = np.linspace(1e-9, f_c, 2000)
    without = np.sqrt(2 * D * np.trapezoid([(1 - x) * _compaction(x, pressure, *creep) for x in f], f))
    return float(brentq(lambda s: np.log(_surface_value(s, pressure, creep) / f_c), 0.7 * without, 1.5 * without, rtol=1e-8))


def _onset_of_column(pressure: float, creep: tuple[float, float], structure: Structure, platen: bool = True) -> float:
    """Onset by finite elements, µm/s: steady surface porosity at the onset current of the equation,
    turned into a current."""
    s = _onset(pressure, creep)
    layer, first, ratio = D / s, 0.002, 1.15  # the lowest cell is 1/100 of f_c D/s
    moving = not structure.flat
    height = 40.0 if moving else 12.0  # a moving surface eats 6 layers on the way to the steady state
    wall = WallLayers(first * layer, int(np.log(11 / first * (ratio - 1) + 1) / np.log(ratio)), ratio)
    stack = build_stack(layer, height * layer, layer, layer, 4 * layer, structured=True, wall=wall)
    material = Material(PowerLaw(*creep, 0.0), D, 4e4, 1.0, 298.15)
    numerics = Numerics(strain_rate_floor=1e-10)
    load = Load(pressure, Current(s / SPEED), Platen() if platen else UniformPressure())
    engine = engine_at_start(stack, structure, Interface(1e-4, surface_tension=0.0, f_c=F_C), load, material, numerics)
    time = D / s**2
    dt, end, largest = 1e-4 * time, (6.0 if moving else 60.0) * time, 0.1 * time if moving else np.inf
    while engine.stepper.time < end:
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
        dt = min(1.3 * dt, largest)
    return s * s / _onset(pressure, creep, surface_porosity(engine.model))


BONDED = Structure(flat=True, bonded=True, removal=False, linear_kinetics=True, stress_potential=False)


@pytest.mark.parametrize("name", SETS)
def test_equation_against_the_printed_table(name: str) -> None:
    found = [_onset(p, SETS[name]) / SPEED / 10 for p in PRESSURES]
    np.testing.assert_allclose(found, TABLE[name], rtol=0.05)  # two digits are printed
    slopes = np.diff(np.log(found)) / np.diff(np.log(PRESSURES))
    np.testing.assert_allclose(slopes, SETS[name][1] / 2, rtol=1e-5)


@pytest.mark.parametrize(("name", "pressure"), [("anand", 0.4), ("anand", 3.0), ("lepage", 1.0), ("masias", 1.0)])
def test_onset_of_a_bonded_column(name: str, pressure: float) -> None:
    assert _onset_of_column(pressure, SETS[name], BONDED) == pytest.approx(_onset(pressure, SETS[name]), rel=0.01)


def test_slope_of_a_bonded_column() -> None:
    currents = [_onset_of_column(p, SETS["masias"], BONDED) for p in (0.4, 3.0)]
    np.testing.assert_allclose(currents, [_onset(p, SETS["masias"]) for p in (0.4, 3.0)], rtol=0.01)
    assert np.log(currents[1] / currents[0]) / np.log(3.0 / 0.4) == pytest.approx(6.56 / 2, rel=0.01)


def test_onset_under_uniform_pressure() -> None:
    """Lithium flows in through a fixed upper face instead of coming down with the platen."""
    assert _onset_of_column(1.0, SETS["masias"], BONDED, platen=False) == pytest.approx(_onset(1.0, SETS["masias"]), rel=0.01)


@pytest.mark.parametrize("platen", [True, False])
def test_onset_with_a_moving_surface(platen: bool) -> None:
    """The same through contact and on the moving block."""
    structure = Structure(removal=False, linear_kinetics=True, stress_potential=False)
    found = _onset_of_column(1.0, SETS["masias"], structure, platen)
    assert found == pytest.approx(_onset(1.0, SETS["masias"]), rel=0.01)
