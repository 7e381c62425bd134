"""Pressures that press lithium out of narrow flaws: power-law formulas, the law of shear by
quadrature, limits."""

import numpy as np
import pytest
from scipy.integrate import quad

from cellfem.physics.creep import PowerLaw, SinhLaw, WithDiffusion
from cellfem.physics.extrusion import Plated, Shape, critical_speed, extrusion_pressure, extrusion_speed, shear_rate

H, U, LENGTH = 0.05, 6.7367e-4, 3.0  # µm, µm/s (0.5 mA/cm²), µm
GENERAL = WithDiffusion(SinhLaw(7.7e-3, 6.56, 2.8), 1e-5)


def power_law(shape: Shape, plated: Plated, a: float, s: float, A: float, n: float) -> float:
    B = 3 ** ((n + 1) / 2) * A
    if plated == "walls":
        return float(((n + 2) * s / (B * H ** (n + 2))) ** (1 / n) * a ** (1 + 1 / n) / (1 + 1 / n))
    if shape == "slit":
        return float(a * ((n + 2) * s / (B * H ** (n + 1))) ** (1 / n))
    return float(2 * a * ((n + 3) * s / (B * H ** (n + 1))) ** (1 / n))


@pytest.mark.parametrize(("A", "n"), [(7.7e-3, 6.56), (4.3e-4, 5.0), (2e-4, 1.0)])
@pytest.mark.parametrize(("shape", "plated"), [("slit", "tip"), ("cylinder", "tip"), ("slit", "walls")])
def test_power_law_formulas(shape: Shape, plated: Plated, A: float, n: float) -> None:
    speeds = np.array([0.0, 1e-9, U, 10.0])
    found = extrusion_pressure(shape, plated, LENGTH, H, speeds, PowerLaw(A, n))
    assert found == pytest.approx([0.0, *(power_law(shape, plated, LENGTH, s, A, n) for s in speeds[1:])], rel=1e-9)


def test_viscous_fluid() -> None:
    # n = 1: viscosity μ = 1/(3A); Poiseuille between plates Δp = 3μUa/H², in a tube 8μUa/R²
    law, mu = PowerLaw(2e-4, 1.0), 1 / 6e-4
    assert extrusion_pressure("slit", "tip", LENGTH, H, U, law) == pytest.approx(3 * mu * U * LENGTH / H**2)
    assert extrusion_pressure("cylinder", "tip", LENGTH, H, U, law) == pytest.approx(8 * mu * U * LENGTH / H**2)
    # plated at U on the walls the mean velocity at x from the tip is Ux/H, 2Ux/R
    assert extrusion_pressure("slit", "walls", LENGTH, H, U, law) == pytest.approx(3 * mu * U / H**3 * LENGTH**2 / 2)
    assert extrusion_pressure("cylinder", "walls", LENGTH, H, U, law) == pytest.approx(8 * mu * U / H**3 * LENGTH**2)


def test_in_numbers() -> None:
    # 0.5 mA/cm², B = 3^3.78 · 7.7e-3 = 0.4899, 8.56 U/(B · 0.05^7.56) = 8.03e7, to the power 1/6.56
    assert extrusion_pressure("slit", "tip", 1.0, H, U, PowerLaw(7.7e-3, 6.56)) == pytest.approx(16.04, rel=2e-3)


@pytest.mark.parametrize("speed", [1e-12, 1e-6, 1e-3, 10.0])
@pytest.mark.parametrize(("shape", "power"), [("slit", 2), ("cylinder", 3)])
def test_any_law_from_the_profile_of_shear(shape: Shape, power: int, speed: float) -> None:
    """The wall stress gives back the speed, by quadrature of the shear rate; walls sum up what a
    tip would take at each place."""
    gradient = float(extrusion_pressure(shape, "tip", 1.0, H, speed, GENERAL))
    wall = gradient * H / (power - 1)
    moment = quad(
        lambda t: t ** (power - 1) * float(shear_rate(t, GENERAL)), 0, wall, epsabs=0, epsrel=1e-11, points=[0.9 * wall]
    )
    assert H * moment[0] / wall**power == pytest.approx(speed, rel=1e-5)
    assert extrusion_speed(shape, 1.0, H, gradient, GENERAL) == pytest.approx(speed, rel=1e-5)
    at = (np.arange(2000) + 0.5) / 2000
    gradients = extrusion_pressure(shape, "tip", 1.0, H, (power - 1) * speed * at / H, GENERAL)
    assert extrusion_pressure(shape, "walls", 1.0, H, speed, GENERAL) == pytest.approx(np.mean(gradients), rel=1e-4)


def test_options_of_the_law_count() -> None:
    """At high stress breakdown lets lithium out at less pressure, at low stress diffusional flow
    does."""
    power, sinh = PowerLaw(4.3e-4, 5.0), SinhLaw(4.3e-4, 5.0, 2.8)
    diffusional = WithDiffusion(PowerLaw(4.3e-4, 5.0), 1e-5)
    fast, slow = (
        [float(extrusion_pressure("slit", "tip", 1.0, H, s, law)) for law in (power, sinh, diffusional)] for s in (1.0, 1e-9)
    )
    wall = np.sqrt(3) * fast[0] * H  # equivalent stress at the wall by the power law, 11 MPa
    assert fast[1] == pytest.approx(fast[0] * 2.8 * np.arcsinh(wall / 2.8) / wall, rel=0.1)
    assert fast[2] == pytest.approx(fast[0], rel=1e-3)
    assert slow[2] < 0.1 * slow[0]
    assert slow[1] == pytest.approx(slow[0], rel=0.01)


@pytest.mark.parametrize("plated", ["tip", "walls"])
def test_critical_speed_takes_the_pressure(plated: Plated) -> None:
    speed = critical_speed("cylinder", plated, LENGTH, H, 40.0, GENERAL)
    assert extrusion_pressure("cylinder", plated, LENGTH, H, speed, GENERAL) == pytest.approx(40.0, rel=1e-6)
