"""Pressure of a fixture whose platen travels against a spring."""

from __future__ import annotations

import numpy as np
import ufl
from ufl.core.expr import Expr

from cellfem.physics.smooth import softplus

SLACK = 0.01
"""MPa: around this pressure and below, a spring becomes slack instead of pulling."""


def spring_pressure(pressure: Expr, spring: Expr, travel: Expr) -> Expr:
    """P = [P₀ + k_s U]₊, smooth over `SLACK`; P₀ where U = 0. MPa, MPa/µm, µm; U > 0 away from the
    electrolyte.

    With k_s = 0 exactly P₀. Stripping of lithium moves the platen down (U < 0), and the pressure
    decreases.
    """
    return ufl.conditional(ufl.gt(spring, 0), softplus(pressure + spring * travel, SLACK), pressure)


def spring_pressure_now(pressure: float, spring: float, travel: float) -> float:
    """The same as a number."""
    return float(SLACK * np.logaddexp(0.0, (pressure + spring * travel) / SLACK)) if spring > 0 else pressure
