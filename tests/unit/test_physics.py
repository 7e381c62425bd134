"""Laws of the interface, evaluated at numbers: limits, signs, monotony."""

import numpy as np
import pytest
import ufl

from cellfem.physics import contact, kinetics, smooth, vacancies
from cellfem.units import FARADAY, GAS_CONSTANT
from tests.support.symbols import value

DELTA, STIFFNESS, HALF = 0.01, 100.0, 0.02  # µm, MPa/µm, MPa
F_C = 0.2
ROOM = 298.15  # K


def values(law, arguments) -> np.ndarray:
    return np.array([value(law(ufl.as_ufl(float(z)))) for z in arguments])


def slope(law, z: float) -> float:
    at = ufl.variable(ufl.as_ufl(z))
    return value(ufl.algorithms.expand_derivatives(ufl.diff(law(at), at)))


# --- smooth


def test_softplus_lies_above_the_kink_and_reaches_it():
    z = np.linspace(-3, 3, 61)
    got = values(lambda x: smooth.softplus(x, 0.1), z)
    np.testing.assert_allclose(got, 0.1 * np.logaddexp(0, z / 0.1), rtol=1e-13, atol=1e-16)
    assert value(smooth.softplus(ufl.as_ufl(500.0))) == 500
    assert value(smooth.softplus(ufl.as_ufl(-500.0))) == 0
    assert slope(smooth.softplus, 0.0) == pytest.approx(0.5)


@pytest.mark.parametrize(("z", "expected"), [(-1.0, 0.0), (0.0, 0.0), (0.05, 0.0125), (0.1, 0.05), (0.6, 0.55)])
def test_ramp(z, expected):
    assert value(smooth.ramp(ufl.as_ufl(z), 0.1)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("z", [0.0, 0.1])
def test_ramp_has_no_kink(z):
    left, right = (slope(lambda x: smooth.ramp(x, 0.1), z + side) for side in (-1e-9, 1e-9))
    assert left == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize(("z", "expected"), [(-2.0, 0.0), (0.0, 0.0), (0.25, 0.15625), (0.5, 0.5), (1.0, 1.0), (3.0, 1.0)])
def test_smoothstep(z, expected):
    assert value(smooth.smoothstep(ufl.as_ufl(z))) == pytest.approx(expected, abs=1e-15)


# --- contact


def test_asperities_push_as_a_spring_when_squeezed_and_not_at_all_when_open():
    def pressure(g):
        return contact.asperity_pressure(g, DELTA, STIFFNESS)

    g = np.linspace(-0.2, 0.2, 81)
    p = values(pressure, g)
    assert np.all(p > 0)
    assert np.all(np.diff(p) < 0)
    assert value(pressure(ufl.as_ufl(-0.2))) == pytest.approx(STIFFNESS * 0.2, rel=1e-8)
    assert value(pressure(ufl.as_ufl(0.0))) == pytest.approx(STIFFNESS * DELTA * np.log(2))
    assert value(pressure(ufl.as_ufl(5.0))) == 0
    assert slope(pressure, -0.2) == pytest.approx(-STIFFNESS, rel=1e-8)


@pytest.mark.parametrize(("pressure", "share"), [(0.1, 0.83), (0.4, 0.95), (1.0, 0.98)])
def test_a_flat_face_touches_as_the_pressure_over_pressure_plus_half_pressure(pressure, share):
    gap = -DELTA * np.log(np.expm1(pressure / (STIFFNESS * DELTA)))
    p = contact.asperity_pressure(ufl.as_ufl(gap), DELTA, STIFFNESS)
    assert value(p) == pytest.approx(pressure, rel=1e-12)
    touching = value(contact.touching_share(p, ufl.as_ufl(gap), DELTA, HALF))
    assert touching == pytest.approx(pressure / (pressure + HALF), rel=1e-12)
    assert touching == pytest.approx(share, abs=0.005)


def test_touching_falls_with_the_gap_and_ends_at_six_delta():
    touching = values(
        lambda g: contact.touching_share(contact.asperity_pressure(g, DELTA, STIFFNESS), g, DELTA, HALF),
        np.linspace(-10, 8, 181) * DELTA,
    )
    assert touching[0] == pytest.approx(1.0, abs=0.003)
    assert np.all(np.diff(touching) <= 0)
    assert np.all(touching[:158] > 0)
    assert np.all(touching[161:] == 0)  # from 6.1 δ


def test_open_share_is_a_switch_at_six_delta():
    openness = values(lambda g: contact.open_share(g, DELTA), np.array([-100, 0.0, 3.0, 6.0, 9.0, 100.0]) * DELTA)
    np.testing.assert_allclose(openness, [0, 6.14e-6, 2.47e-3, 0.5, 1 - 2.47e-3, 1], rtol=2e-3, atol=1e-12)
    assert slope(lambda g: contact.open_share(g, DELTA), 1e4 * DELTA) == 0.0  # a number, however deep the void


def test_deep_voids_have_a_derivative():
    assert slope(lambda g: contact.open_share(g, DELTA), 1000 * DELTA) == 0
    assert slope(lambda g: contact.open_depth(g, DELTA), 1000 * DELTA) == pytest.approx(1.0)


def test_adhesion_pulls_up_to_its_strength_and_lets_go():
    strength = 50.0
    g = np.linspace(-0.05, 0.3, 7001)
    pull = values(lambda x: contact.adhesive_traction(x, DELTA, strength), g)
    assert np.all(pull <= 0)
    assert pull.min() == pytest.approx(-strength, rel=1e-4)
    assert abs(g[pull.argmin()] - DELTA / 2) < 0.05 * DELTA
    assert abs(pull[0]) < 1e-9 * strength
    assert abs(pull[-1]) < 1e-9 * strength
    # The foot of the softplus adds some 7 % to e σ δ/2.
    assert -np.trapezoid(pull, g) == pytest.approx(np.e * strength * DELTA / 2, rel=0.1)
    assert value(contact.adhesive_traction(ufl.as_ufl(0.005), DELTA, 0.0)) == 0


# --- vacancies

K_N = 0.03


def removal(f: float, openness: float) -> float:
    return value(vacancies.removal_rate(ufl.as_ufl(f), ufl.as_ufl(openness), F_C, ufl.as_ufl(K_N)))


def test_planes_are_removed_from_where_vacancies_coalesce():
    onset = 0.85 * F_C
    assert [removal(f, 0.0) for f in (0.0, 0.05, 0.16999)] == [0, 0, 0]
    assert removal(onset + 0.05, 0.0) == pytest.approx(K_N * (0.05 - vacancies.RAMP_WIDTH / 2))
    rising = [removal(f, 0.0) for f in np.linspace(-0.05, 0.4, 46)]
    assert np.all(np.diff(rising) >= 0)


def test_an_open_surface_is_a_sink_from_zero_on():
    assert removal(0.05, 1.0) == pytest.approx(K_N * (0.05 - vacancies.RAMP_WIDTH / 2))
    at = [removal(0.12, w) for w in np.linspace(0, 1, 11)]
    assert at[0] == 0
    assert np.all(np.diff(at) >= 0)
    assert at[-1] > 0


@pytest.mark.parametrize("openness", [0.0, 1.0])
def test_plating_adds_planes(openness):
    assert removal(-0.03, openness) == pytest.approx(-K_N * (0.03 - vacancies.RAMP_WIDTH / 2))


def test_carrying_share_has_the_documented_ends():
    def share(f):
        return vacancies.carrying_share(ufl.as_ufl(1.0), f, F_C)

    f = np.linspace(-0.02, 0.4, 43)
    carried = values(share, f)
    assert value(share(ufl.as_ufl(0.0))) == pytest.approx(0.965, abs=1e-3)
    assert value(share(ufl.as_ufl(F_C))) == pytest.approx(0.035, abs=1e-3)
    assert value(share(ufl.as_ufl(F_C / 2))) == pytest.approx(0.5, abs=1e-3)
    assert np.all(np.diff(carried) < 0)
    assert np.all((carried > 0) & (carried < 1))
    assert value(vacancies.carrying_share(ufl.as_ufl(0.0), ufl.as_ufl(0.1), F_C)) == 0


# --- kinetics


def butler_volmer(eta: float, share: float = 1.0, asr: float = 1e-3, temperature: float = ROOM) -> float:
    return value(kinetics.butler_volmer(ufl.as_ufl(share), ufl.as_ufl(eta), ufl.as_ufl(asr), ufl.as_ufl(temperature)))


def test_faraday_in_working_units():
    """0.485 µm/h of lithium per 0.1 mA/cm² = 1 A/m², and 0.135 mV/MPa."""
    assert pytest.approx(0.485, abs=5e-4) == kinetics.SPEED * 3600
    assert pytest.approx(0.135, abs=5e-4) == kinetics.STRESS_POTENTIAL * 1e3


def test_butler_volmer_is_the_area_specific_resistance_at_small_overpotential():
    for share, asr in ((1.0, 1e-3), (0.25, 0.1)):
        assert butler_volmer(1e-6, share, asr) == pytest.approx(share * 1e-6 / asr, rel=1e-8)
    linear = value(kinetics.linear_kinetics(ufl.as_ufl(0.25), ufl.as_ufl(0.3), ufl.as_ufl(0.1)))
    assert linear == pytest.approx(0.25 * 0.3 / 0.1)


def test_butler_volmer_is_odd_rising_and_tafel_far_out():
    eta = np.linspace(-0.3, 0.3, 61)
    i = np.array([butler_volmer(e) for e in eta])
    np.testing.assert_allclose(i, -i[::-1], rtol=1e-12, atol=1e-12)
    assert np.all(np.diff(i) > 0)
    decade = 2 * np.log(10) * GAS_CONSTANT * ROOM / FARADAY  # 118 mV with α = ½
    assert butler_volmer(0.3 + decade) / butler_volmer(0.3) == pytest.approx(10, rel=1e-4)
    assert butler_volmer(0.1, share=0.0) == 0


def test_warmth_bends_butler_volmer_less():
    assert butler_volmer(0.2, temperature=350.0) < butler_volmer(0.2, temperature=300.0)
