"""The porous creep law at points: limits, inversion, derivatives."""

from dataclasses import fields

import numpy as np
import pytest

from cellfem.physics.creep import CreepLaw, PointLaw, PowerLaw, SinhLaw, UncoupledPowerLaw, WithDiffusion
from cellfem.physics.creep.law import contraction
from cellfem.physics.creep.porous import MatrixLaw, invert_fluidity
from cellfem.physics.ellipse import bulk_softening, invert_stress_measure, shear_softening

A = 7.7e-3  # 1/s/MPa^n
EXPONENTS = (1.0, 2.0, 3.0, 5.0, 6.56, 7.0)
POROSITIES = (1e-6, 1e-4, 0.01, 0.1, 0.3, 0.6)
RATIOS = (0.0, 1e-3, 0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e3)  # p over σ_e


def exact(n: float, coupled: bool = True) -> PowerLaw:
    return (PowerLaw if coupled else UncoupledPowerLaw)(A, n, 0.0)


def law_at(e: float, p: float, f: float, law: CreepLaw) -> PointLaw:
    """The law at one point with equivalent strain rate e."""
    return law.points(np.array([e * e]), np.array([p]), np.array([f]))


@pytest.mark.parametrize("n", EXPONENTS)
def test_inversion_gives_back_the_stress_it_was_made_of(n):
    """Strain rates of known stresses (σ_e, p), inverted: q = aσ_e² + bp², σ_e and tr D to 1e-10."""
    sigma, ratio, f = (x.ravel() for x in np.meshgrid((0.01, 1.0, 30.0), RATIOS, POROSITIES))
    p = ratio * sigma
    a, b = shear_softening(f, n)[0], bulk_softening(f, n, 0.0)[0]
    q = a * sigma**2 + b * p**2
    rate = a * A * q ** ((n - 1) / 2) * sigma
    np.testing.assert_allclose(invert_stress_measure(b * p**2, rate**2 / (a * A * A), n), q, rtol=1e-10)
    law = exact(n).points(rate**2, p, f)
    np.testing.assert_allclose(3 * law.mu * rate, sigma, rtol=1e-10)
    np.testing.assert_allclose(law.c, b * p * A * q ** ((n - 1) / 2), rtol=1e-10)


@pytest.mark.parametrize("n", EXPONENTS)
def test_dense_lithium_creeps_by_the_power_law_and_keeps_its_volume(n):
    """f = 0 (that is the floor): ε̇_e = Aσ_eⁿ within the softening of f = 1e-6, and p shifts
    neither the shear nor the volume."""
    sigma = 1.5
    rate = A * sigma**n
    alone, pressed = (law_at(rate, p, 0.0, PowerLaw(A, n)) for p in (0.0, sigma))
    assert 3 * alone.mu[0] * rate == pytest.approx(sigma, rel=1e-5)
    assert pressed.mu[0] == pytest.approx(alone.mu[0], rel=1e-4)
    assert 0 < pressed.c[0] < 1e-4 * rate


@pytest.mark.parametrize("f", POROSITIES)
@pytest.mark.parametrize("n", EXPONENTS)
def test_pure_pressure_is_the_densification_of_hollow_spheres(n, f):
    """ρ̇ = -ρ tr D = (3A/2)(3p/2n)ⁿ ρ(1-ρ)/[1-(1-ρ)^(1/n)]ⁿ."""
    p, density = 2.0, 1 - f
    spheres = 1.5 * A * (1.5 * p / n) ** n * density * f / (1 - f ** (1 / n)) ** n
    law = law_at(1e-12 * spheres, p, f, exact(n))
    assert density * law.c[0] == pytest.approx(spheres, rel=1e-10)


@pytest.mark.parametrize("coupled", [True, False])
@pytest.mark.parametrize("f", POROSITIES)
@pytest.mark.parametrize("n", EXPONENTS)
def test_pure_shear_is_softened_by_the_porosity_alone(n, f, coupled):
    """p = 0: ε̇_e = A a^((n+1)/2) σ_eⁿ and no change of volume."""
    sigma = 0.7
    rate = A * shear_softening(np.array(f), n)[0] ** ((n + 1) / 2) * sigma**n
    law = law_at(rate, 0.0, f, exact(n, coupled))
    assert 3 * law.mu[0] * rate == pytest.approx(sigma, rel=1e-10)
    assert law.c[0] == 0


def test_softening_has_the_limits_of_michel_and_suquet():
    for n in EXPONENTS:
        assert shear_softening(np.array(0.0), n)[0] == 1
        small, large = (bulk_softening(np.array(f), n, 0.0)[0] for f in (1e-12, 0.9))
        # b → (9/4) n^(-2n/(n+1)) f^(2/(n+1)) where f is small.
        assert small == pytest.approx(2.25 * n ** (-2 * n / (n + 1)) * 1e-12 ** (2 / (n + 1)), rel=3e-2 * n)
        assert large > 1


@pytest.mark.parametrize("coupled", [True, False])
@pytest.mark.parametrize("n", EXPONENTS)
def test_derivatives_agree_with_finite_differences(n, coupled):
    law = (PowerLaw if coupled else UncoupledPowerLaw)(A, n)
    rate, p, f = (x.ravel() for x in np.meshgrid((1e-6, 1e-3, 1.0), (-3.0, -0.1, 0.05, 1.0, 10.0), (1e-5, 1e-3, 0.05, 0.4)))
    at = [rate**2, p, f]
    here = law.points(*at)
    for k, letter in enumerate("epf"):
        h = 1e-5 * np.abs(at[k])
        up, down = (law.points(*[x + s * h * (i == k) for i, x in enumerate(at)]) for s in (1, -1))
        for name in ("mu", "c"):
            by_difference = (getattr(up, name) - getattr(down, name)) / (2 * h)
            # What round-off leaves of a difference: eps |value| / h.
            scale = np.abs(getattr(here, name)) / np.abs(at[k])
            error = np.abs(getattr(here, f"{name}_{letter}") - by_difference) / (np.abs(by_difference) + 1e-3 * scale)
            assert error.max() < 1e-6, f"d{name}/d{letter}"


@pytest.mark.parametrize("shears", [1, 3])
def test_tangents_touch_the_law(shears):
    """The numbers of a point give back its stress and compaction rate, and their change with D', p
    and f; D' with the shears of the plane or of space."""
    generator = np.random.default_rng(5)
    D, p, f = generator.normal(size=(2, 2 + shears)) * 1e-3, np.array([0.5, -2.0]), np.array([0.01, 0.2])
    law = PowerLaw(A, 5.0)

    def exact_at(D, p, f):
        here = law.points(2 / 3 * contraction(D, D), p, f)
        return 2 * here.mu[:, None] * D, here.c

    def by_tangents(D, p, f):
        numbers, T = planes[:, :9].T, planes[:, 9:]
        mu, k_e, k_p, k_f, k_0, c_e, c_p, c_f, c_0 = numbers
        along = contraction(T, D)
        stress = 2 * mu[:, None] * D + (k_e * along + k_p * p + k_f * f + k_0)[:, None] * T
        return stress, c_e * along + c_p * p + c_f * f + c_0

    square = 2 / 3 * contraction(D, D)
    planes = law.points(square, p, f).tangents(D, p, f)
    assert planes.shape == (2, 11 + shears)
    for one, other in zip(by_tangents(D, p, f), exact_at(D, p, f), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    h = 1e-6
    moved = (D * (1 + h * generator.normal(size=D.shape)), p * (1 + h), f * (1 - h))
    for one, other, at in zip(by_tangents(*moved), exact_at(*moved), exact_at(D, p, f), strict=True):
        np.testing.assert_allclose(one - at, other - at, rtol=1e-3, atol=1e-9 * np.abs(at).max())


@pytest.mark.parametrize("n", EXPONENTS)
def test_uncoupled_law_is_the_coupled_one_at_either_end(n):
    """Pure pressure and pure shear as before; in between, pressure softens the coupled law's shear
    only."""
    f, p, rate = 0.1, 1.0, 1e-2
    free, tied = exact(n, coupled=False), exact(n)
    slow = 1e-10 * rate
    assert law_at(slow, p, f, free).c[0] == pytest.approx(law_at(slow, p, f, tied).c[0], rel=1e-6)
    assert law_at(rate, 0.0, f, free).mu[0] == pytest.approx(law_at(rate, 0.0, f, tied).mu[0], rel=1e-12)
    assert law_at(rate, 5.0, f, free).mu[0] == law_at(rate, 0.0, f, free).mu[0]
    assert law_at(rate, p, f, free).c[0] == law_at(slow, p, f, free).c[0]
    if n > 1:
        assert law_at(rate, 5.0, f, tied).mu[0] < 0.99 * law_at(rate, 5.0, f, free).mu[0]
        assert law_at(rate, p, f, tied).c[0] > law_at(slow, p, f, tied).c[0]


def test_linear_creep_knows_no_coupling():
    for name in (field.name for field in fields(PointLaw)):
        values = [getattr(law_at(0.02, 1.3, 0.15, exact(1.0, coupled)), name)[0] for coupled in (True, False)]
        assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_compaction_follows_the_sign_of_the_pressure():
    law = PowerLaw(A, 5.0)
    pushed, pulled = law_at(1e-3, 1.0, 0.1, law), law_at(1e-3, -1.0, 0.1, law)
    assert pushed.c[0] > 0
    assert pulled.c[0] == -pushed.c[0]
    assert pulled.mu[0] == pushed.mu[0]


def test_outside_its_bounds_porosity_is_felt_no_more():
    law = PowerLaw(A, 5.0)
    for low, high in ((-0.1, 0.0), (0.96, 0.99)):
        a, b = law_at(1e-3, 1.0, low, law), law_at(1e-3, 1.0, high, law)
        assert a.c[0] == b.c[0] > 0
        assert a.mu_f[0] == a.c_f[0] == 0


@pytest.mark.parametrize("n", [1.0, 5.0, 6.56])
@pytest.mark.parametrize("kind", ["breakdown", "diffusional", "both"])
def test_other_fluidities_are_inverted_exactly_and_differentiated(n, kind):
    matrix = PowerLaw(7.7e-3, n) if kind == "diffusional" else SinhLaw(7.7e-3, n, 2.8)
    law: MatrixLaw = matrix if kind == "breakdown" else WithDiffusion(matrix, 1e-4)
    draw = np.random.default_rng(1)
    e2, p, f = 10 ** draw.uniform(-16, 4, 3000), 10 ** draw.uniform(-3, 1.5, 3000), 10 ** draw.uniform(-5.9, -0.3, 3000)
    a, _ = shear_softening(f, n)
    b, _ = bulk_softening(f, n, 1e-4)
    q = invert_fluidity(b * p * p, e2 / a, law)
    rate, _ = law.fluidity(q)
    assert np.abs((b * p * p + e2 / a / rate**2) / q**2 - 1).max() < 1e-12
    here, step = law.points(e2, p, f), 1e-6
    for name, up, down in (
        ("e", (e2 * (1 + step), p, f), (e2 * (1 - step), p, f)),
        ("p", (e2, p * (1 + step), f), (e2, p * (1 - step), f)),
        ("f", (e2, p, f * (1 + step)), (e2, p, f * (1 - step))),
    ):
        size = {"e": e2, "p": p, "f": f}[name]
        for value in ("mu", "c"):
            difference = getattr(law.points(*up), value) - getattr(law.points(*down), value)
            exact = 2 * step * size * getattr(here, f"{value}_{name}")
            assert np.abs((difference - exact) / getattr(here, value)).max() < 1e-9


def test_sinh_law_is_the_power_law_at_low_stress_and_slower_in_stress_at_high():
    power, breakdown = PowerLaw(7.7e-3, 6.56), SinhLaw(7.7e-3, 6.56, 2.8)
    one, few, many = np.array([1e-3]), np.array([0.05]), np.array([30.0])
    zero = np.array([1e-6])
    assert breakdown.points((7.7e-3 * few**6.56) ** 2, zero, zero).mu == pytest.approx(
        power.points((7.7e-3 * few**6.56) ** 2, zero, zero).mu, rel=1e-3
    )
    # At the rate of the power law at 30 MPa the sinh law carries B⁻¹ asinh(30 B) = 2.8 * 3.07 MPa
    # only.
    rate2 = (7.7e-3 * many**6.56) ** 2
    stress = 3 * breakdown.points(rate2, one, zero).mu * np.sqrt(rate2)
    assert stress == pytest.approx(2.8 * np.arcsinh(30 / 2.8), rel=1e-4)
