"""Optional laws in the whole system, against limits that are known exactly.

Uniform compaction: a block between mirror planes under a constant pressure P from a porosity f₀ is
a curve of creep at constant stress. Strains are uniaxial, D = diag(0, -c, 0), so that e = 2c/3 and
P = p + 2σ_e/3; df/dt = -(1-f) c, with Anand's law dS/dt too: ordinary differential equations,
written here once more from the papers.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import erfcx

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.case import Case
from cellfem.geometry import VoidShape, WallLayers, build_stack
from cellfem.model.build import build_model
from cellfem.model.control import Current
from cellfem.model.from_case import material as material_of
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import AnandLaw, CreepLaw, LeblondLaw, PowerLaw, SinhLaw, WithDiffusion
from cellfem.physics.hardening import Hardening
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import INSTANT, Engine
from dolfinx import fem
from tests.support.collapse import PRESSURE, RATIO, A, cylinder_rate, sphere_rate
from tests.verification.shell import Shell
from tests.verification.stacks import engine_at_start, porosity_field, surface_porosity
from tests.verification.stepping import crossed_stack, step_to

ANAND = Hardening(0.01398, 1 / 0.15, 10.0, 2.0, 1.1, 2.0, 0.05)
SOFT = Material(PowerLaw(ANAND.prefactor, ANAND.exponent), 8e-3, 4e4, 1.0, 298.15)
FACE = Interface(1e-3, removal_rate=0.34)


def lens(material: Material, numerics: Numerics) -> Engine:
    stack = build_stack(8.0, 6.0, 6.0, 0.8, 2.0, [VoidShape(0.0, 2.0, 0.3)])
    return engine_at_start(stack, Structure(), FACE, Load(1.0, Current(5.0)), material, numerics)


def after(material: Material, steps: int, end: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Gap and resistance S at all points after equal steps of BDF2."""
    engine = lens(material, Numerics(newton_tolerance=1e-9))
    for _ in range(steps):
        trial = engine.stepper.attempt(end / steps)
        assert trial.newton.converged, trial.reason
        engine.stepper.accept(end / steps)
    state = engine.model.state
    return state.gap(), state.hardness.x.array.copy()


def test_no_hardening_is_the_power_law_of_the_resistance_at_the_start():
    gap, resistance = after(replace(SOFT, creep=AnandLaw(ANAND.prefactor, ANAND.exponent, replace(ANAND, modulus=0.0))), 4)
    plain, _ = after(SOFT, 4)
    np.testing.assert_allclose(resistance, ANAND.initial, rtol=1e-12)
    np.testing.assert_allclose(gap, plain, rtol=0, atol=1e-9)


def test_an_engine_takes_every_option_of_the_creep_law() -> None:
    engine = Engine(build_model(crossed_stack(4.0, 1.0, 0.5), Structure(linear_removal=True), FACE, Numerics(), MPI.COMM_WORLD))
    power = ANAND.prefactor, ANAND.exponent
    for law in (WithDiffusion(SinhLaw(*power, 2.8), 1e-3), LeblondLaw(*power), AnandLaw(*power, ANAND)):
        engine.set(Load(0.4, Current(0.5)), replace(SOFT, creep=law))
        assert engine.system.rheology.creep is law


def test_linear_removal_ends_where_it_takes_up_what_is_injected():
    """A thin block in which vacancies spread at once: (1-f) k_s f = s."""
    speed, wanted = SPEED * 0.5, 0.05
    face = replace(FACE, removal_rate=1e-3, sink_rate=speed / (wanted * (1 - wanted)))
    lithium = Material(PowerLaw(1e-12, 1.0), 100.0, 4e4, 1.0, 298.15)  # does not compact
    engine = engine_at_start(
        crossed_stack(4.0, 1.0, 0.5), Structure(linear_removal=True), face, Load(0.4, Current(0.5)), lithium, Numerics()
    )
    step_to(engine, 8000.0)
    _, f = porosity_field(engine.model)
    assert f.mean() == pytest.approx(wanted, rel=1e-3)
    assert np.ptp(f) < 1e-4


def test_linear_removal_is_the_diffusion_problem_with_a_reaction_at_the_surface() -> None:
    """D ∂f/∂N = s - k_s f on a half-space, f small: f(0,t) = (s/k)[1 - exp(z²) erfc(z)], z = k
    √(t/D)."""
    D, k = 8e-3, 0.02
    depth, speed = D / k, 1e-3 * k
    engine = column(
        depth, Structure(flat=True, bonded=True, linear_removal=True), Load(0.1, Current(speed / SPEED)), sink_rate=k, D=D
    )
    dt = 1e-3 * D / k**2
    while engine.stepper.time < 4 * D / k**2:
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
        dt = min(1.15 * dt, 0.1 * D / k**2)
        z = k * np.sqrt(engine.stepper.time / D)
        if z > 0.3:
            assert surface_porosity(engine.model) == pytest.approx(speed / k * (1 - erfcx(z)), rel=0.01)
    assert z > 1.9


STEP = {"mode": "strip", "current": "0.5 mA/cm^2", "pressure": "1 MPa", "duration": "1 h"}
FASTER = {
    "grain boundaries": ({"grain_boundaries": {"size": "1.5 um", "D": "8e-10 m^2/s"}}, 0.0, 1 + 1e-3 * (1e5 - 1)),
    "pressure": ({"activation_volume": "50 cm^3/mol"}, 10.0, np.exp(-10e6 * 50e-6 / (8.314462618 * 298.15))),
}


@pytest.mark.parametrize("name", FASTER)
def test_sand_time_goes_with_the_diffusivity(name: str) -> None:
    """t* = π D f_c²/4s² with D of the law: 101 times that of the bulk, and 0.817 times under 10 MPa
    without creep."""
    lithium, pressure, factor = FASTER[name]
    case = Case.model_validate({"lithium": lithium, "protocol": [STEP]})
    found = material_of(case, case.steps[0].step)
    bulk, f_c, speed = 8e-3, 0.2, SPEED * 5.0
    sand = np.pi * factor * bulk * f_c**2 / (4 * speed**2)
    structure = Structure(flat=True, bonded=True, removal=False, pressed_diffusion=pressure > 0)
    pressed = {"D": found.diffusivity, "activation_volume": found.activation_volume}
    engine = column(np.sqrt(factor * bulk * sand), structure, Load(pressure, Current(5.0)), **pressed)
    dt, times, values = 1e-4 * sand, [0.0], [0.0]
    while values[-1] < f_c:
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
        times.append(engine.stepper.time)
        values.append(surface_porosity(engine.model))
        dt = min(1.15 * dt, sand / 50)
    assert np.interp(f_c, values, times) == pytest.approx(sand, rel=0.02)


def column(layer: float, structure: Structure, load: Load, sink_rate: float = 1.0, **material: float) -> Engine:
    """Stiff bonded lithium 1 µm wide and 16 `layer` (µm) high, cells 1/50 of it at Γ; D and
    activation volume of the material."""
    wall = WallLayers(first=0.02 * layer, count=26, ratio=1.2)
    stack = build_stack(1.0, 16 * layer, 1.0, 1.0, max(1.0, layer), structured=True, wall=wall)
    volume = material.get("activation_volume", 0.0)
    stiff = Material(PowerLaw(1e-9, 1.0), material["D"], 4e4, 1.0, 298.15, activation_volume=volume)
    face = Interface(1e-4, surface_tension=0.0, removal_rate=1.0, sink_rate=sink_rate)
    kinetics = replace(structure, linear_kinetics=True, stress_potential=False)
    return engine_at_start(stack, kinetics, face, load, stiff, Numerics(strain_rate_floor=1e-12))


# --- uniform compaction

Rates = Callable[[float, float, float], tuple[float, float]]
"""(f, P, S) to the compaction rate and that of the matrix, 1/s."""


def of_suquet(f: float, P: float, prefactor: float, n: float) -> tuple[float, float]:
    """b p = (3/2) a σ_e from e = 2c/3; Q² = a σ_e² + b p²."""
    k = 2 * n / (n + 1)
    a = (1 + 2 * f / 3) * (1 - f) ** -k
    b = 2.25 * (n * (f ** (-1 / n) - 1)) ** -k
    p = P / (1 + 4 * b / (9 * a))
    Q = np.sqrt(a * (2 * b * p / (3 * a)) ** 2 + b * p * p)
    return prefactor * b * p * Q ** (n - 1), prefactor * Q**n


def of_leblond(f: float, P: float, prefactor: float, n: float) -> tuple[float, float]:
    """The state (σ_e, p) of unit gauge stress whose rates, along the gauge function's gradient,
    have e = 2c/3; then scaled."""
    k, ease = (n - 1) / (n + 1), 1 + 2 * f / 3

    def state(p: float) -> tuple[float, float, float]:
        X = 1.5 * p
        core = 1 + X ** (1 + 1 / n) / n
        h, slope = core**n, 1.5 * (n + 1) / n * core ** (n - 1) * X ** (1 / n)
        left = 1 + k * f * f - f * (h + k / h)
        stress = np.sqrt(max(left, 0.0) / ease)
        return stress, 2 * ease * stress, f * (1 - k / h**2) * slope

    top = 2 / 3 * (n * (f ** (-1 / n) - 1)) ** (n / (n + 1))
    p = brentq(lambda p: state(p)[1] - 2 / 3 * state(p)[2], 1e-12 * top, top, xtol=1e-15)
    stress, by_stress, by_p = state(p)
    gauge = P / (p + 2 / 3 * stress)
    return prefactor * gauge**n * by_p / (stress * by_stress + p * by_p), prefactor * gauge**n


def curve(law: str, porosity: float, P: float, end: float) -> tuple[float, float]:
    """f and S at the end."""
    h = ANAND

    def rates(_: float, y: np.ndarray) -> list[float]:
        f, S = y
        if law == "leblond":
            compaction, matrix = of_leblond(f, P, PLAIN[0], PLAIN[1])
        else:
            constants = PLAIN if law == "coupled" else (h.rate / S**h.exponent, h.exponent)
            compaction, matrix = of_suquet(f, P, *constants)
        off = 1 - S / (h.saturation * (matrix / h.rate) ** h.sensitivity)
        return [-(1 - f) * compaction, h.modulus * abs(off) ** h.power * np.sign(off) * matrix]

    f, S = solve_ivp(rates, (0, end), [porosity, h.initial], rtol=1e-9, atol=1e-12).y[:, -1]
    return float(f), float(S)


PLAIN = (7.7e-3, 6.56)  # Masias
LOOSE, PRESSED = 0.1, 2.0  # f at the start; MPa


def compacted(law: str, end: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """f of all nodes and S of all points after equal steps of BDF2 under `PRESSED` from the
    porosity `LOOSE` on."""
    laws: dict[str, CreepLaw] = {
        "coupled": PowerLaw(*PLAIN, 0.0),
        "leblond": LeblondLaw(*PLAIN),
        "anand": AnandLaw(ANAND.prefactor, ANAND.exponent, ANAND, 0.0),
    }
    material = replace(SOFT, creep=laws[law])
    numerics, load = Numerics(strain_rate_floor=1e-12), Load(PRESSED, Current(0.0))
    engine = engine_at_start(crossed_stack(4.0, 4.0, 1.0), Structure(removal=False), FACE, load, material, numerics)
    state, stepper = engine.model.state, engine.stepper
    loose = fem.Function(state.porosity_old[0].function_space)
    loose.x.array[:] = LOOSE
    state.porosity_from(loose)
    engine.change(load, material)
    stepper.accept(INSTANT)
    stepper.begin()
    for _ in range(steps):
        assert stepper.attempt(end / steps).newton.converged
        stepper.accept(end / steps)
    return porosity_field(engine.model)[1], state.hardness.x.array


@pytest.mark.parametrize(("law", "end"), [("coupled", 20.0), ("leblond", 20.0), ("anand", 60.0)])
def test_porosity_under_constant_pressure_follows_the_curve_of_creep(law: str, end: float) -> None:
    """80 steps of BDF2, error of the order of (1/80)²: all of the block within 1e-3 of what was
    compacted."""
    f, hardness = compacted(law, end, 80)
    wanted, resistance = curve(law, LOOSE, PRESSED, end + INSTANT)
    assert wanted < 0.07
    np.testing.assert_allclose(f, wanted, rtol=0, atol=1e-3 * (LOOSE - wanted))
    if law == "anand":
        assert resistance > 1.2  # MPa, from 1.1: it has hardened
        np.testing.assert_allclose(hardness, resistance, rtol=1e-3)


def test_hardening_is_of_second_order_in_time() -> None:
    """In the first seconds, in steps well below the 5 s or so in which S answers."""
    end = 6.0
    exact = curve("anand", LOOSE, PRESSED, end + INSTANT)
    errors = [[abs(q.mean() - wanted) for q, wanted in zip(compacted("anand", end, n), exact, strict=True)] for n in (30, 60)]
    np.testing.assert_allclose(np.log2(np.divide(*errors)), 2.0, atol=0.35)


@pytest.mark.parametrize("exponents", [(1.0,), (1.0, 3.0), (1.0, 3.0, 5.0)], ids=lambda e: f"n={e[-1]:g}")
@pytest.mark.parametrize("sphere", [False, True], ids=["cylinder", "sphere"])
def test_dense_lithium_of_leblond_is_the_power_law(sphere: bool, exponents: tuple[float, ...]) -> None:
    exact = (sphere_rate if sphere else cylinder_rate)(exponents[-1], RATIO)
    assert Shell(1.0, RATIO, PRESSURE, sphere, creep_law=LeblondLaw).solve(A, exponents) == pytest.approx(exact, rel=0.01)
