"""Collapse of a hollow cylinder and a hollow sphere of incompressible power-law creep, against the
exact rates."""

import numpy as np
import pytest

from tests.support.collapse import PRESSURE, RATIO, A, cylinder_rate, sphere_rate


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
