"""Optional laws at points: Leblond's porous law, Anand's resistance, grain boundaries, linear
removal; against their limits."""

from dataclasses import replace

import numpy as np
import pytest
import ufl
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from cellfem.case import Case, CaseError, parse_case
from cellfem.model.from_case import interface
from cellfem.physics import leblond, vacancies
from cellfem.physics.creep import AnandLaw, LeblondLaw, PointLaw, PowerLaw
from cellfem.physics.diffusion import effective_diffusivity
from cellfem.physics.hardening import Hardening, History
from tests.support.symbols import value

A = 7.7e-3  # 1/s/MPa^n
EXPONENTS = (1.0, 3.0, 5.0, 6.56)
POROSITIES = (1e-5, 1e-3, 0.1, 0.4)
ANAND = Hardening(0.01398, 1 / 0.15, 10.0, 2.0, 1.1, 2.0, 0.05)  # 25 °C
ANAND_LAW = AnandLaw(ANAND.prefactor, ANAND.exponent, ANAND)


def leblond_at(e: float, p: float, f: float, n: float) -> PointLaw:
    return LeblondLaw(A, n).points(np.array([e * e]), np.array([p]), np.array([f]))


# --- Leblond, Perrin & Suquet


@pytest.mark.parametrize("f", POROSITIES)
@pytest.mark.parametrize("n", EXPONENTS)
def test_pure_pressure_closes_hollow_spheres_exactly(n, f):
    p = 2.0
    spheres = 1.5 * A * (1.5 * p / n) ** n * f / (1 - f ** (1 / n)) ** n
    law = leblond_at(1e-9 * spheres, p, f, n)
    assert law.c[0] == pytest.approx(spheres, rel=1e-5)  # |p| is rounded off at 1e-3 MPa: (1e-3/2)²(n-1)/2


@pytest.mark.parametrize("f", POROSITIES)
@pytest.mark.parametrize("n", EXPONENTS)
def test_pure_shear_of_leblond(n, f):
    """Λ² (1-f)(1-kf) = (1 + 2f/3) σ_e²."""
    sigma, k = 0.7, (n - 1) / (n + 1)
    eased = (1 + 2 * f / 3) / ((1 - f) * (1 - k * f))
    law = leblond_at(A * eased ** ((n + 1) / 2) * sigma**n, 0.0, f, n)
    rate = A * eased ** ((n + 1) / 2) * sigma**n
    assert 3 * law.mu[0] * rate == pytest.approx(sigma, rel=1e-3)  # p = 0 is 1e-3 MPa
    assert law.c[0] == 0


def test_linear_matrix_has_the_bound_of_hashin_and_shtrikman():
    for f in POROSITIES:
        law = leblond_at(0.02, 1.3, f, 1.0)
        assert law.mu[0] == pytest.approx((1 - f) / (3 * A * (1 + 2 * f / 3)), rel=1e-10)
        assert law.c[0] == pytest.approx(9 / 4 * f * A * 1.3 / (1 - f), rel=1e-10)


def test_rigid_plastic_limit_is_gursons_surface():
    """n → ∞: σ_e² (1 + 2f/3) + 2f cosh(3p/2) = 1 + f², in units of the strength, but for terms of
    order 1/n."""
    n, f, p = 400.0, 0.1, 0.8
    law = LeblondLaw(1.0, n).points(np.array([1.0]), np.array([p]), np.array([f]))
    surface = np.sqrt((1 + f * f - 2 * f * np.cosh(1.5 * p)) / (1 + 2 * f / 3))
    assert 3 * law.mu[0] == pytest.approx(surface, rel=0.02)


def test_dilute_porosity_compacts_in_proportion_to_itself():
    n, f = 5.0, np.array([1e-6, 1e-5])
    e2, p = np.full(2, A**2), np.full(2, 0.5)
    slope = np.log10(np.divide(*LeblondLaw(A, n).points(e2, p, f).c[::-1]))
    ellipse = np.log10(np.divide(*PowerLaw(A, n, porosity_switch=0.0).points(e2, p, f).c[::-1]))
    assert slope == pytest.approx(1.0, abs=1e-3)
    assert ellipse == pytest.approx(2 / (n + 1), abs=0.05)


@pytest.mark.parametrize("n", EXPONENTS)
def test_leblond_is_inverted_at_all_ratios(n):
    rng = np.random.default_rng(1)
    f, p, e = 10 ** rng.uniform(-6, -0.22, 2000), 10 ** rng.uniform(-3, 2, 2000), 10 ** rng.uniform(-9, 2, 2000)
    found = leblond.evaluate(leblond.invert(e, p, f, A, n), p, f, A, n)
    np.testing.assert_allclose(np.exp(found.log_rate), e, rtol=1e-11)


# --- Anand's resistance


def strained(rate: float, end: float, steps: int, second_order: bool) -> float:
    """S after a strain `end` in equal steps of implicit Euler or BDF2."""
    dt = end / rate / steps
    now = before = np.array([ANAND.initial])
    for step in range(steps):
        bdf2 = second_order and step > 0
        history = History(1.5 / dt, (-2 * now + 0.5 * before) / dt) if bdf2 else History(1 / dt, -now / dt)
        _, after = ANAND_LAW.advanced(np.array([rate**2]), np.zeros(1), np.array([1e-6]), history)
        before, now = now, after
    return float(now[0])


def exactly(rate: float, end: float) -> float:
    limit = ANAND.saturation * (rate / ANAND.rate) ** ANAND.sensitivity

    def growth(_: float, S: np.ndarray) -> np.ndarray:
        return ANAND.modulus * np.abs(1 - S / limit) ** ANAND.power * np.sign(1 - S / limit)

    return float(solve_ivp(growth, (0, end), [ANAND.initial], rtol=1e-10, atol=1e-12).y[0, -1])


@pytest.mark.parametrize("second_order", [False, True])
def test_resistance_at_a_constant_rate_follows_its_equation_in_the_order_of_the_scheme(second_order):
    rate, end = 1e-3, 0.2
    errors = [abs(strained(rate, end, steps, second_order) - exactly(rate, end)) for steps in (40, 80)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0 if second_order else 1.0, abs=0.15)
    assert errors[1] < 2e-2


def test_steady_creep_is_the_power_law_of_anand_and_narayan():
    """S = S_s: rate = A₁ (σ/S*)^(1/(m + n_s)): 4.37e-4 1/s at 1 MPa, exponent 5. In one long step S
    gets there."""
    for sigma in (0.5, 1.0, 2.0):
        rate = ANAND.rate * (sigma / ANAND.saturation) ** 5
        start = np.array([ANAND.initial])
        law, _ = ANAND_LAW.advanced(np.array([rate**2]), np.zeros(1), np.array([1e-6]), History(1e-9, -1e-9 * start))
        assert 3 * law.mu[0] * rate == pytest.approx(sigma, rel=1e-2)  # (S_s - S)/S_s is √(c0 S_s/(H₀ rate))
    assert ANAND.rate / ANAND.saturation**5 == pytest.approx(4.37e-4, rel=1e-3)


def test_without_hardening_it_is_the_power_law_of_its_resistance():
    soft = replace(ANAND_LAW, hardening=replace(ANAND, modulus=0.0))
    rng = np.random.default_rng(2)
    e2, p, f = 10 ** rng.uniform(-14, 0, 200), 10 ** rng.uniform(-2, 1, 200), 10 ** rng.uniform(-5, -0.5, 200)
    resistance = rng.uniform(0.5, 2, 200)
    law, after = soft.advanced(e2, p, f, History(2.0, -2.0 * resistance))
    plain = soft.at_resistance(resistance).points(e2, p, f)
    np.testing.assert_allclose(after, resistance, rtol=1e-12)
    for name in ("mu", "mu_e", "mu_p", "mu_f", "c", "c_e", "c_p", "c_f"):
        np.testing.assert_allclose(getattr(law, name), getattr(plain, name), rtol=1e-8, atol=0)


# --- derivatives


@pytest.mark.parametrize("kind", ["leblond", "anand"])
def test_derivatives_are_those_of_the_law(kind):
    """Central differences of (e², p, f), relative to what the quantity changes by over its own
    size."""
    rng = np.random.default_rng(3)
    at = [10 ** rng.uniform(-10, 0, 300), 10 ** rng.uniform(-1, 1, 300), 10 ** rng.uniform(-4, -0.3, 300)]
    history = History(0.02, -0.02 * rng.uniform(0.5, 2, 300))

    def law(e2, p, f):
        if kind == "leblond":
            return LeblondLaw(A, 6.56).points(e2, p, f)
        return ANAND_LAW.advanced(e2, p, f, history)[0]

    here = law(*at)
    for k, name in enumerate("epf"):
        sides = [law(*(x * (1 + s * 1e-5 * (i == k)) for i, x in enumerate(at))) for s in (1, -1)]
        for quantity in ("mu", "c"):
            size = np.abs(getattr(here, quantity)) / at[k]
            difference = (getattr(sides[0], quantity) - getattr(sides[1], quantity)) / (2e-5 * at[k])
            assert np.abs(getattr(here, f"{quantity}_{name}") - difference).max() / size.max() < 1e-7
            assert (np.abs(getattr(here, f"{quantity}_{name}") - difference) / size).max() < 1e-5


# --- diffusion and removal


def test_grain_boundaries_add_paths_beside_the_bulk():
    assert effective_diffusivity(8e-3, 8e-3, 5e-4, 1.0) == 8e-3
    assert effective_diffusivity(8e-3, 8.0, 5e-4, 1.5) == pytest.approx(8e-3 + 1e-3 * (8.0 - 8e-3))
    assert effective_diffusivity(8e-3, 8.0, 5e-4, 1.5e-3) == 8.0  # nothing but boundaries


def test_linear_removal_is_of_first_order_and_a_sink_where_open():
    def removed(f: float, openness: float) -> float:
        return value(vacancies.linear_removal_rate(ufl.as_ufl(f), ufl.as_ufl(openness), ufl.as_ufl(0.3), ufl.as_ufl(0.01)))

    assert removed(0.1, 0.0) == pytest.approx(0.001)
    assert removed(-0.1, 0.0) == pytest.approx(
        -0.3 * 0.095 - 0.01 * 0.005
    )  # plating adds planes: k_n beyond the foot of the ramp
    assert removed(0.1, 1.0) == pytest.approx(0.03)


def test_default_sink_rate_stays_below_coalescence():
    """f (1-f) = s/k_s at the steady state without diffusion: f = 0.85 f_c at the fastest
    injection."""
    step = {"mode": "strip", "current": "0.5 mA/cm^2", "pressure": "1 MPa", "duration": "1 h"}
    case = Case.model_validate({"interface": {"removal": "linear"}, "protocol": [step]})
    speed = case.s_max
    f = brentq(lambda f: f * (1 - f) - speed / interface(case).sink_rate, 0.0, 0.5)
    assert f == pytest.approx(0.85 * case.lithium.f_c, rel=1e-9)


def test_gas_needs_a_gap():
    step = {"mode": "strip", "current": "0.5 mA/cm^2", "pressure": "1 MPa", "duration": "1 h"}
    with pytest.raises(CaseError, match=r'interface.void_gas: .* write void_gas = "vacuum"'):
        parse_case({"interface": {"contact": "bonded", "void_gas": "gas"}, "protocol": [step]})
