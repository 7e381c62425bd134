"""Stress and strength of a ceramic at a point; the pressure from which on it is likely to crack;
verdict and columns."""

import math

import numpy as np
import pytest

from cellfem.model.parameters import Ceramic
from cellfem.observe.cracks import CrackReading, cracking_pressure
from cellfem.output.cracks import Pressed, crack_columns, crack_verdict, more_likely, window_of_runs, window_text
from cellfem.physics import elasticity

CERAMIC = Ceramic(150e3, 0.26, 1e3, 1.0, 150.0, 10.0, 1e9, "volume", 1e3, "mirror", "roller")


def _row(pressure: float, index: float, likelihood: float) -> dict[str, float]:
    return {"pressure_MPa": pressure, "crack_index": index, "crack_likelihood": likelihood, "crack_tension_MPa": 1.0}


def test_principal_stresses_do_not_depend_on_the_axes() -> None:
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    stress = turn @ np.diag([30.0, -20.0, 5.0]) @ turn.T
    np.testing.assert_allclose(elasticity.principal_stresses(stress), [-20.0, 5.0, 30.0], atol=1e-12)
    assert elasticity.von_mises(stress) == pytest.approx(math.sqrt(0.5 * (50**2 + 25**2 + 25**2)))
    assert elasticity.von_mises(7.0 * np.eye(3)) == pytest.approx(0.0, abs=1e-12)


def test_lame_gives_back_youngs_modulus_and_poissons_ratio() -> None:
    lam, mu = elasticity.lame(150e3, 0.26)
    assert mu * (3 * lam + 2 * mu) / (lam + mu) == pytest.approx(150e3)
    assert lam / (2 * (lam + mu)) == pytest.approx(0.26)


def test_compression_is_no_risk_and_tensions_add_up() -> None:
    principal = np.array([[-500.0, -1.0, 0.0], [-10.0, 75.0, 150.0]])
    np.testing.assert_allclose(elasticity.weibull_risk(principal, 150.0, 10.0), [0.0, 0.5**10 + 1.0])


def test_hertz_balances_the_load() -> None:
    half, peak = elasticity.hertz_cylinder(600.0, 200.0, 1.6e5)
    assert np.pi / 2 * half * peak == pytest.approx(600.0)
    radius, peak = elasticity.hertz_sphere(600.0, 200.0, 1.6e5)
    assert 2 / 3 * np.pi * radius**2 * peak == pytest.approx(600.0)


def test_pressure_of_cracks_is_where_a_measure_passes_its_limit() -> None:
    nan = math.nan
    assert cracking_pressure([1, 2, 3, 4], [0.0, nan, 0.4, 0.8], [0.0, nan, 0.1, 0.2]) == pytest.approx(3.25)
    assert cracking_pressure([1, 2, 3], [0.0, 0.0, 0.0], [0.2, 0.6, 1.4]) == pytest.approx(2.5)
    assert cracking_pressure([1, 2], [0.9, 0.9], [0.1, 0.1]) == 1
    assert cracking_pressure([1, 2], [0.1, 0.2], [0.1, 0.2]) is None


def test_window_in_words() -> None:
    assert window_text(12.0, None, 25.0) == "Window: contact needs 12 MPa; LLZO is not likely to crack up to 25 MPa."
    assert window_text(12.0, 20.0, 25.0) == "Window: contact needs 12 MPa; LLZO is likely to crack from 20 MPa."
    assert window_text(12.0, 8.0, 25.0).startswith("No window")
    assert "no pressure that was tried" in window_text(None, 8.0, 25.0)


def test_window_of_several_runs_takes_the_least_pressure_that_cracks() -> None:
    runs = [{"likely_from_MPa": None, "highest_pressure_MPa": 5.0}, {"likely_from_MPa": 30.0, "highest_pressure_MPa": 50.0}, None]
    assert window_of_runs(runs, 12.0) == window_text(12.0, 30.0, 50.0)
    assert window_of_runs([None], 12.0) is None


def test_verdict_is_that_of_the_largest_tension() -> None:
    mild = Pressed(1.0, 2.0, CrackReading(40.0, (3.0, 0.0, 0.0), 0.08, 1e-6, 0.01))
    worse = Pressed(2.0, 5.0, CrackReading(600.0, (7.0, -0.5, 0.0), 1.2, 0.7, 0.02))
    worst = more_likely(more_likely(None, mild), worse)
    assert more_likely(worst, mild) is worse
    rows = [_row(0.1, 0.0, 0.0), _row(2.0, 0.08, 1e-6), _row(5.0, 1.2, 0.7)]
    verdict = crack_verdict(worst, CERAMIC, rows)
    assert verdict is not None
    assert verdict["likely_from_MPa"] == pytest.approx(2.0 + 3.0 * 0.5 / 0.7, rel=1e-3)
    assert "600 MPa at 7 µm, 0.5 µm deep" in verdict["text"]
    assert "from 4.14 MPa" in verdict["text"]
    for place, text in (((7.0, 5.5, 0.0), "(7, 5.5) µm, 0 µm deep"), ((7.0, 0.0, -2.0), "(7, 0) µm, 2 µm deep")):  # of a solid
        solid = crack_verdict(Pressed(2.0, 5.0, CrackReading(600.0, place, 1.2, 0.7, 0.02)), CERAMIC, rows)
        assert solid is not None
        assert f"600 MPa at {text}" in solid["text"]
    assert crack_verdict(None, None, rows) is None
    assert set(crack_columns(worse)) == set(crack_columns(None))
    assert math.isnan(crack_columns(None)["crack_index"])
