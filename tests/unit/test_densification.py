"""Density after pressing, and what it makes of the electrolyte: published points, limits, keys of a
case."""

import math

import numpy as np
import pytest

from cellfem.case import Case, CaseError, parse_case, resolved_toml
from cellfem.case.checks import warnings
from cellfem.model import from_case
from cellfem.model.ceramics import ceramics_of, densification_text, density_of
from cellfem.physics import densification


def _case(**tables: object) -> Case:
    return parse_case({"protocol": [{"mode": "press", "pressure": "1 MPa", "duration": "1 s"}], **tables})


def test_heckel_is_a_straight_line_in_its_own_plot() -> None:
    pressures = np.array([0.0, 100.0, 375.0])
    densities = np.array([densification.heckel(p, 0.5, 1700.0) for p in pressures])
    np.testing.assert_allclose(np.log(1 / (1 - densities)), np.log(2) + pressures / 1700.0)


def test_hot_pressing_at_exponent_one_halves_the_porosity_in_even_times() -> None:
    rate, pressure = 1e-5, 62.0
    half = math.log(2) / (2.25 * rate * pressure)
    end = densification.hot_pressed(0.6, pressure, 298.15, half, rate, 1.0, 0.0)
    assert end == pytest.approx(0.8, rel=1e-6)


def test_densification_rate_is_that_of_the_hollow_sphere() -> None:
    """ρ̇ = (3A/2)(3P/2n)ⁿ ρ(1-ρ)/[1-(1-ρ)^(1/n)]ⁿ; the porous creep law under pure pressure gives
    the same: tr D = -c."""
    from cellfem.physics.creep import PowerLaw

    n, A, p, f = 3.0, 2e-3, 5.0, 0.2
    c = PowerLaw(A, n, 0.0).points(np.array(1e-30), np.array(p), np.array(f)).c
    rate = densification.creep_densification_rate(1 - f, p, A, n)
    assert float(c) * (1 - f) == pytest.approx(rate, rel=1e-6)


def test_cold_pressing_llzo_gives_a_green_body() -> None:
    case = _case(densification={"pressure": "375 MPa"})
    assert density_of(case) == pytest.approx(0.60, abs=0.02)
    text = densification_text(case)
    assert text is not None
    assert "green body" in text


@pytest.mark.parametrize(("celsius", "density"), [(900, 0.86), (1000, 0.97), (1100, 0.99)])
def test_hot_pressing_llzo_gives_the_published_densities(celsius: int, density: float) -> None:
    """The law is a fit through these three points with two numbers: within its misfit, 1.5 % of
    density."""
    case = _case(densification={"pressure": "62 MPa", "temperature": f"{celsius} degC", "time": "1 h"})
    assert density_of(case) == pytest.approx(density, abs=0.015)


def test_cold_pressed_argyrodite() -> None:
    case = _case(electrolyte={"material": "Li6PS5Cl"}, densification={"pressure": "370 MPa"})
    assert density_of(case) == pytest.approx(0.82, abs=0.005)
    assert ceramics_of(case).toughness == 230.0


def test_toughness_follows_the_published_trend_and_the_strength_goes_with_it() -> None:
    loose, dense = (ceramics_of(_case(densification={"density": d})) for d in (0.83, 0.98))
    assert (loose.toughness, dense.toughness) == (pytest.approx(440.0), pytest.approx(1510.0))
    assert loose.strength is not None
    assert dense.strength is not None
    assert dense.strength / loose.strength == pytest.approx(1510 / 440)


def test_stiffness_meets_both_measurements() -> None:
    found = [ceramics_of(_case(densification={"density": d})).young for d in (0.97, 0.94)]
    assert found == [pytest.approx(150e3), pytest.approx(150e3 * 132.6 / 149.8, rel=1e-3)]


def test_porosity_lowers_the_conductivity_of_the_model() -> None:
    for law, expected in (("bruggeman", (0.7 / 0.97) ** 1.5), ("percolation", ((0.7 - 0.16) / (0.97 - 0.16)) ** 2)):
        case = _case(densification={"density": 0.7, "conductivity_law": law})
        step = case.sequence[0].step
        assert from_case.material(case, step).conductivity == pytest.approx(4e4 * expected)
    assert densification.percolation(0.1) == 0.0


def test_without_the_table_the_material_is_taken_as_measured() -> None:
    state = ceramics_of(_case())
    assert (state.density, state.conductivity, state.young, state.toughness, state.strength) == (None, 4e4, 150e3, 1e3, 150.0)
    assert densification_text(_case()) is None


def test_contradictions_are_told() -> None:
    with pytest.raises(CaseError, match=r"densification\.density: is given beside"):
        _case(densification={"density": 0.9, "pressure": "100 MPa"})
    with pytest.raises(CaseError, match=r"how Li6PS5Cl densifies when hot is not known"):
        _case(
            electrolyte={"material": "Li6PS5Cl"},
            densification={"pressure": "100 MPa", "temperature": "200 degC", "time": "1 h"},
        )
    with pytest.raises(CaseError, match=r'crack\.sides: "free" sides'):
        _case(crack={"sides": "free", "support": "fixed"})
    told = warnings(_case(densification={"pressure": "60 MPa", "temperature": "500 degC", "time": "1 h"}))
    assert any("extrapolation" in line for line in told)


def test_an_electrolyte_of_ones_own_stands_in_one_table() -> None:
    """Its numbers are taken as they are, whatever the density; the conductivity alone is scaled."""
    own = {
        "conductivity": "0.6 mS/cm",
        "conductivity_activation": "0.3 eV",
        "young_modulus": "120 GPa",
        "poisson_ratio": 0.25,
        "toughness": "0.8 MPa*m^0.5",
        "strength": "90 MPa",
        "weibull_modulus": 7.0,
    }
    for density in ({}, {"density": 0.9}):
        case = _case(electrolyte=own, densification=density)
        found, ceramic = ceramics_of(case), from_case.ceramic(case)
        assert ceramic is not None
        assert (found.young, found.poisson, found.strength) == (120e3, 0.25, 90.0)
        assert found.toughness == pytest.approx(800.0)
        assert (ceramic.strength, ceramic.modulus) == (90.0, 7.0)
        assert from_case.flaws(case).toughness == pytest.approx(800.0)
    warm, cold = (_case(electrolyte=own).electrolyte.properties, _case().electrolyte.properties)
    assert warm.conductivity_activation == pytest.approx(0.3 * 96485.33, rel=1e-5)
    assert cold.conductivity_activation > warm.conductivity_activation


def test_a_number_given_twice_is_told() -> None:
    with pytest.raises(CaseError, match=r"electrolyte\.strength: crack\.strength says the same, and is given too"):
        _case(electrolyte={"strength": "90 MPa"}, crack={"strength": "80 MPa"})


def test_the_resolved_case_tells_whose_numbers_they_are() -> None:
    text = resolved_toml(_case(electrolyte={"young_modulus": "120 GPa"}, flaw={"toughness": "0.8 MPa*m^0.5"}))
    assert "LLZO young_modulus: 120000 MPa (this case, electrolyte.young_modulus)" in text
    assert "LLZO fracture_toughness: 0.8 MPa*m^0.5 (this case, flaw.toughness)" in text
