"""The column of a uniform face against what is known exactly: compaction, Sand's time, the steady
onset of docs/theory.md."""

import numpy as np
import pytest
from scipy.integrate import quad

from cellfem.campaign.column import Column, column, recession, uniaxial_compaction
from cellfem.physics.creep import PowerLaw
from cellfem.physics.ellipse import bulk_softening, shear_softening

MASIAS = PowerLaw(7.7e-3, 6.56, porosity_switch=0.0)


def exact_compaction(f: np.ndarray, pressure: float) -> np.ndarray:
    """C = A b^((n+1)/2) Pⁿ (1 + 4b/9a)^(-(n+1)/2)."""
    n = MASIAS.exponent
    a, b = shear_softening(f, n)[0], bulk_softening(f, n, 0.0)[0]
    return np.asarray(MASIAS.prefactor * b ** ((n + 1) / 2) * pressure**n * (1 + 4 * b / (9 * a)) ** (-(n + 1) / 2))


@pytest.mark.parametrize("pressure", [0.4, 2.0])
def test_compaction_under_uniaxial_strain(pressure: float) -> None:
    f = np.array([0.01, 0.05, 0.1, 0.2])
    np.testing.assert_allclose(uniaxial_compaction(MASIAS, f, pressure), exact_compaction(f, pressure), rtol=1e-12)


def test_without_creep_it_is_sand() -> None:
    """f = 2s √(t/πD); with a critical f the capacity is ∝ 1/i, and the critical current of a fixed
    time ∝ 1/√t."""
    still = Column(PowerLaw(1e-15, 5.0))
    current, s = 0.3, recession(0.3)
    expected = 2 * s * np.sqrt(600.0 / (np.pi * 8e-3))
    assert still.surface_porosity(0.1, current, 600.0)[0] == pytest.approx(expected, rel=0.01)
    times = {i: still.surface_porosity(0.1, i, 1e5, 0.1)[1] for i in (0.2, 0.4, 0.8)}
    for i, time in times.items():
        assert time == pytest.approx(np.pi * 8e-3 * 0.1**2 / (4 * recession(i) ** 2), rel=0.02)
    assert 0.2 * times[0.2] == pytest.approx(2 * 0.4 * times[0.4], rel=0.02)
    short, long = (still.critical_current(0.1, lambda current, t=t: t) for t in (600.0, 2400.0))
    assert short / long == pytest.approx(2.0, rel=0.01)


def test_a_long_test_reaches_the_steady_onset() -> None:
    """Without convection i_c = (F/Ω) √(2D ∫ (1-f) C df), some per cent low; 3.5 % up to f_c =
    0.2."""
    face = Column(MASIAS)
    integral = quad(lambda f: (1 - f) * float(exact_compaction(np.array([f]), 2.0)[0]), 1e-9, 0.1)[0]
    steady = np.sqrt(2 * 8e-3 * integral) / recession(1.0)
    assert face.critical_current(2.0, lambda current: 1e5) == pytest.approx(steady, rel=0.04)
    assert face.critical_current(2.0, lambda current: 1e5) > steady


def test_slope_of_a_steady_onset_and_of_a_short_test() -> None:
    """n/2 where the test outlasts the build-up; the smaller the shorter it is: at low pressure the
    current of Sand is a floor."""
    face = column("anand_narayan_steady")
    currents = {t: [face.critical_current(P, lambda current, t=t: t) for P in (1.0, 2.0)] for t in (1e6, 600.0)}
    slopes = {t: np.log2(high / low) for t, (low, high) in currents.items()}
    assert slopes[1e6] == pytest.approx(2.5, abs=0.05)
    assert 0 < slopes[600.0] < 1.5
    with_linear = column("anand_narayan_steady", diffusional=1.0)
    steady = [with_linear.critical_current(P, lambda current: 1e6) for P in (0.1, 0.2)]
    assert np.log2(steady[1] / steady[0]) == pytest.approx(0.5, abs=0.05)  # linear creep: n = 1
