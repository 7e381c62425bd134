"""Collapse of a hollow cylinder and a hollow sphere of incompressible power-law creep, against the
exact rates."""

import numpy as np
import pytest

A, PRESSURE, RATIO = 7.7e-3, 3.0, 10.0  # 1/s/MPa^n, MPa, outer over inner radius


def sphere_rate(n: float, ratio: float) -> float:
    """-ȧ/a = (A/2)[(3Δp/2n)/(1 - (a/b)^(3/n))]^n (Wilkinson & Ashby 1975)."""
    return A / 2 * (1.5 * PRESSURE / n / (1 - ratio ** (-3 / n))) ** n


def cylinder_rate(n: float, ratio: float) -> float:
    """-ȧ/a = (√3/2) A [(√3 Δp/n)/(1 - (a/b)^(2/n))]^n, plane strain."""
    return np.sqrt(3) / 2 * A * (np.sqrt(3) * PRESSURE / n / (1 - ratio ** (-2 / n))) ** n


def test_exact_rates_have_the_tabulated_values():
    assert sphere_rate(6.56, RATIO) == pytest.approx(5.421e-3, rel=2e-4)
    assert sphere_rate(6.56, np.inf) == pytest.approx(3.25e-4, rel=2e-3)
    assert cylinder_rate(6.56, RATIO) == pytest.approx(0.12875, rel=1e-4)


@pytest.mark.parametrize("exponents", [(1.0,), (1.0, 3.0), (1.0, 3.0, 5.0), (1.0, 3.0, 5.0, 6.56)], ids=lambda e: f"n={e[-1]:g}")
@pytest.mark.parametrize("sphere", [False, True], ids=["cylinder", "sphere"])
def test_hole_closes_at_the_exact_rate(sphere, exponents):
    from tests.verification.shell import Shell

    exact = (sphere_rate if sphere else cylinder_rate)(exponents[-1], RATIO)
    assert Shell(1.0, RATIO, PRESSURE, sphere).solve(A, exponents) == pytest.approx(exact, rel=0.01)
