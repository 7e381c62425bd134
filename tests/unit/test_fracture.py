"""Drives, stress intensities and odds of flaws against values worked out by hand."""

import math

import numpy as np
import pytest

from cellfem.physics import fracture
from cellfem.units import FARADAY

K_IC = 1e3  # MPa·µm^½, 1 MPa·m^½
MASIAS = (7.7e-3, 6.56)  # A (1/s/MPaⁿ), n
KAPPA = 4e4  # A/m² per V/µm, 0.4 mS/cm


def test_critical_overpotentials_of_porz() -> None:
    lengths = np.array([0.1, 1.0, 10.0])
    assert 1e3 * fracture.critical_overpotential(lengths, K_IC) == pytest.approx([214, 68, 21], abs=0.9)  # mV
    assert fracture.critical_pressure(1.0, K_IC) == pytest.approx(503.7, rel=1e-4)


def test_drive_of_an_overpotential() -> None:
    # 1 mV is F/Ω · 1e-3 = 96485/13e-6 · 1e-3 Pa = 7.422 MPa; 5 A/m² through 4 µm of 0.04 S/m are 0.5 mV more
    drive = fracture.overpotential_pressure([-1e-3, -1e-3, 1e-3, 0.0], [-5.0, -5.0, 5.0, 0.0], [0.0, 4.0, 4.0, 4.0], KAPPA)
    assert drive == pytest.approx([7.42195, 1.5 * 7.42195, 0.0, 0.0], rel=1e-5)
    assert drive[0] == pytest.approx(1e-3 * FARADAY / 13.0, rel=1e-12)


def test_no_current_no_drive() -> None:
    zero = np.zeros(3)
    assert not np.any(fracture.overpotential_pressure(zero, zero, 1.0, KAPPA))
    for shape in ("slit", "cylinder"):
        assert not np.any(fracture.extrusion_pressure(shape, 1.0, 0.05, zero, *MASIAS))  # type: ignore[arg-type]
        assert not np.any(fracture.extrusion_pressure(shape, 1.0, 0.05, zero + 5.0, *MASIAS))  # type: ignore[arg-type]


def test_newtonian_extrusion_is_that_of_a_viscous_fluid() -> None:
    # n = 1: viscosity μ = 1/(3A); Poiseuille between plates Δp = 3μUa/H², in a tube 8μUa/R²
    A, U, a, H = 2e-4, 1e-3, 3.0, 0.05
    mu = 1 / (3 * A)
    assert fracture.slit_extrusion(a, H, U, A, 1.0) == pytest.approx(3 * mu * U * a / H**2)
    assert fracture.cylinder_extrusion(a, H, U, A, 1.0) == pytest.approx(8 * mu * U * a / H**2)
    # plated at U on both walls the mean velocity at x from the tip is Ux/H: Δp = 3μU/H³ a²/2
    assert fracture.wall_plating_extrusion(a, H, U, A, 1.0) == pytest.approx(3 * mu * U / H**3 * a**2 / 2)


@pytest.mark.parametrize("n", [3.0, 6.56])
def test_power_law_extrusion_from_the_profile_of_shear(n: float) -> None:
    """Velocity from shear rate B τⁿ with τ linear over the section, its mean by quadrature."""
    A, U, a, H = 7.7e-3, 6.7e-4, 1.0, 0.05
    B = 3 ** ((n + 1) / 2) * A
    y = (np.arange(20000) + 0.5) / 20000 * H
    for law, gradient_to_shear, area in (
        (fracture.slit_extrusion, 1.0, np.ones_like(y)),
        (fracture.cylinder_extrusion, 0.5, 2 * y / H),
    ):
        gradient = float(law(a, H, U, A, n)) / a
        velocity = B * (gradient_to_shear * gradient) ** n * (H ** (n + 1) - y ** (n + 1)) / (n + 1)
        assert np.mean(velocity * area) == pytest.approx(U, rel=1e-6)


def test_extrusion_in_numbers() -> None:
    # 0.5 mA/cm² = 6.7367e-4 µm/s, B = 3^3.78 · 7.7e-3 = 0.4899, 8.56 U/(B · 0.05^7.56) = 8.03e7, to the power 1/6.56
    assert fracture.extrusion_pressure("slit", 1.0, 0.05, -5.0, *MASIAS) == pytest.approx(16.04, rel=2e-3)
    assert fracture.extrusion_pressure("slit", 3.0, 0.05, -5.0, *MASIAS) == pytest.approx(3 * 16.04, rel=2e-3)


def test_wall_plating_sums_up_the_gradients_of_a_tip() -> None:
    A, n = MASIAS
    x = (np.arange(100000) + 0.5) / 100000 * 2.0
    gradients = fracture.slit_extrusion(1.0, 0.05, 1e-4 * x / 0.05, A, n)
    assert np.mean(gradients) * 2.0 == pytest.approx(float(fracture.wall_plating_extrusion(2.0, 0.05, 1e-4, A, n)), rel=1e-6)


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
def test_critical_current_brings_the_index_to_one(half_opening: float) -> None:
    A, n = MASIAS
    resistance = 1e-3  # Ω m²
    i = fracture.critical_current("slit", 1.0, half_opening, K_IC, A, n, lambda i: i * resistance, KAPPA)
    drive = fracture.overpotential_pressure(-i * resistance, -i, 1.0, KAPPA)
    extrusion = fracture.extrusion_pressure("slit", 1.0, half_opening, -i, A, n)
    intensity = fracture.flaw_intensity(fracture.driving_pressure(0.0, drive, extrusion), 0.0, 1.0)
    assert intensity == pytest.approx(K_IC, rel=1e-9)
    by_creep = fracture.critical_extrusion_current("slit", 1.0, half_opening, K_IC, A, n)
    if half_opening < 0.01:  # creep resists: the overpotential limits, i (ASR + a/κ) = 67.87 mV
        assert i == pytest.approx(0.06787 / (1e-3 + 1 / KAPPA), rel=1e-3)
        assert by_creep < i
    else:
        assert i == pytest.approx(by_creep)


def test_critical_current_beyond_reach() -> None:
    assert fracture.critical_current("slit", 1.0, 0.05, K_IC, *MASIAS, lambda i: 1e-9 * i, 1e15) == math.inf


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
