"""Drives, stress intensities and odds of flaws against values worked out by hand."""

import math

import numpy as np
import pytest

from cellfem.physics import extrusion, fracture
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.units import FARADAY

K_IC = 1e3  # MPa·µm^½, 1 MPa·m^½
MASIAS = PowerLaw(7.7e-3, 6.56)
KAPPA = 4e4  # A/m² per V/µm, 0.4 mS/cm


def test_critical_overpotentials_of_porz() -> None:
    lengths = np.array([0.1, 1.0, 10.0])
    assert 1e3 * fracture.critical_overpotential(lengths, K_IC) == pytest.approx([214, 68, 21], abs=0.9)  # mV
    assert fracture.critical_pressure(1.0, K_IC) == pytest.approx(503.7, rel=1e-4)


def test_drive_of_an_overpotential() -> None:
    # 1 mV is F/Ω · 1e-3 = 96485/13e-6 · 1e-3 Pa = 7.422 MPa; 5 A/m² through 4 µm of 0.04 S/m are
    # 0.5 mV more
    drive = fracture.overpotential_pressure([-1e-3, -1e-3, 1e-3, 0.0], [-5.0, -5.0, 5.0, 0.0], [0.0, 4.0, 4.0, 4.0], KAPPA)
    assert drive == pytest.approx([7.42195, 1.5 * 7.42195, 0.0, 0.0], rel=1e-5)
    assert drive[0] == pytest.approx(1e-3 * FARADAY / 13.0, rel=1e-12)


def test_no_current_no_drive() -> None:
    zero = np.zeros(3)
    assert not np.any(fracture.overpotential_pressure(zero, zero, 1.0, KAPPA))


def test_stress_intensities() -> None:
    # 100 MPa: √(π µm) = 1.7725 µm^½
    assert fracture.edge_crack(100.0, 1.0) == pytest.approx(198.78, rel=1e-4)
    assert fracture.penny_crack(100.0, 1.0) == pytest.approx(112.84, rel=1e-4)
    assert fracture.centre_crack(100.0, 1.0) == pytest.approx(177.25, rel=1e-4)
    assert fracture.centre_crack(100.0, 1.0, 1.0) == pytest.approx(177.25, rel=1e-4)
    assert fracture.centre_crack(100.0, 1.0, 0.5) == pytest.approx(177.25 / 3, rel=1e-4)  # arcsin(1/2) = π/6
    d = 1e-3  # a pair of point forces: 2pd/√(πa)
    assert fracture.centre_crack(100.0, 1.0, d) == pytest.approx(2 * 100 * d / math.sqrt(math.pi), rel=1e-6)


def test_compression_shuts_a_flaw() -> None:
    assert fracture.closing_compression(2.0, 2.0, 0.26) == pytest.approx(0.26 / 0.74 * 2.0)
    assert fracture.closing_compression(2.0, 2.0, 0.26, confined=False) == 0.0
    assert fracture.closing_compression([0.0, 5.0], 2.0, 0.26, confined=False) == pytest.approx([-2.0, 3.0])
    assert fracture.flaw_intensity(10.0, 4.0, 1.0) == pytest.approx(1.12 * 6 * math.sqrt(math.pi))
    assert fracture.flaw_intensity(3.0, 4.0, 1.0) == 0.0


def test_smaller_drive_governs() -> None:
    assert fracture.driving_pressure(0.5, [10.0, 30.0], [20.0, 20.0]) == pytest.approx([10.5, 20.5])


@pytest.mark.parametrize("half_opening", [0.002, 0.2])
def test_critical_current_reaches_the_toughness(half_opening: float) -> None:
    resistance = 1e-3  # Ω m²
    by_creep = (
        extrusion.critical_speed("slit", "tip", 1.0, half_opening, float(fracture.critical_pressure(1.0, K_IC)), MASIAS) / SPEED
    )
    i = fracture.critical_current(1.0, K_IC, lambda i: i * resistance, KAPPA, by_creep)
    drive = fracture.overpotential_pressure(-i * resistance, -i, 1.0, KAPPA)
    pushed_out = extrusion.extrusion_pressure("slit", "tip", 1.0, half_opening, SPEED * i, MASIAS)
    intensity = fracture.flaw_intensity(fracture.driving_pressure(0.0, drive, pushed_out), 0.0, 1.0)
    assert intensity == pytest.approx(K_IC, rel=1e-6)
    if half_opening < 0.01:  # creep resists: the overpotential limits, i (ASR + a/κ) = 67.87 mV
        assert i == pytest.approx(0.06787 / (1e-3 + 1 / KAPPA), rel=1e-3)
        assert by_creep < i
    else:
        assert i == pytest.approx(by_creep)


def test_critical_current_beyond_reach() -> None:
    assert fracture.critical_current(1.0, K_IC, lambda i: 1e-9 * i, 1e15, 1.0) == math.inf


def test_critical_length() -> None:
    pressures = np.array([50.0, 500.0, 0.0])
    lengths = fracture.critical_length(lambda a: fracture.flaw_intensity(pressures, 0.0, a), K_IC, pressures)
    assert lengths[:2] == pytest.approx((K_IC / (1.12 * pressures[:2])) ** 2 / math.pi, rel=1e-12)
    assert lengths[2] == math.inf


@pytest.mark.parametrize(
    ("distribution", "counts"),
    [
        ("single", [1e-4, 1e-4, 0.0, 0.0]),
        ("power", [32e-4, 1e-4, 1e-4 / 32, 0.0]),
        ("exponential", [1e-4 * math.exp(-0.5), 1e-4 * math.exp(-1), 1e-4 * math.exp(-2), 0.0]),
    ],
)
def test_flaws_longer_than(distribution: fracture.Distribution, counts: list[float]) -> None:
    lengths = [1.0, 2.0, 4.0, math.inf]
    assert fracture.flaws_longer_than(lengths, 1e-4, 2.0, distribution, 5.0) == pytest.approx(counts)


def test_weakest_link() -> None:
    assert fracture.weakest_link([0.0, math.log(2), 1e-20, 1e9]) == pytest.approx([0.0, 0.5, 1e-20, 1.0], rel=1e-12)
