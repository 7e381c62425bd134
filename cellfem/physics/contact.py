"""Contact of lithium and electrolyte through an asperity layer. Gap g in µm, pressure in MPa."""

from __future__ import annotations

import ufl
from ufl.core.expr import Expr

from cellfem.physics.smooth import logistic, smoothstep, softplus

OPEN_AT, OPEN_WIDTH = 6.0, 1.0
"""Γ counts as open around g = 6 δ, over a width of δ: at this gap the touching share reaches zero.
"""


def asperity_pressure(g: Expr, delta: Expr, stiffness: float) -> Expr:
    """Pressure of compressed asperities p = r δ ln(1 + exp(-g/δ)); stiffness r in MPa/µm, δ in
    µm."""
    return stiffness * delta * softplus(-g / delta)


def adhesive_traction(g: Expr, delta: Expr, strength: float) -> Expr:
    """Adhesive traction between the faces, with minimum -σ_adh (Xu & Needleman 1994):
    T = -e σ_adh z exp(-z), z = [g]_+/(δ/2).

    Its work of adhesion is e σ_adh δ/2: about 14 nm times the strength at δ = 10 nm.
    """
    z = softplus(2 * g / delta, 0.25)
    return -strength * z * ufl.exp(1 - z)


def touching_share(p_asperity: Expr, g: Expr, delta: Expr, half_pressure: float) -> Expr:
    """θ_g = p/(p + p_½) [1 - smoothstep((g/δ - 3)/3)]: the share of the area that touches; zero
    beyond 6 δ."""
    return p_asperity / (p_asperity + half_pressure) * (1 - smoothstep((g / delta - 3) / 3))


def open_share(g: Expr, delta: Expr) -> Expr:
    """½[1 + tanh((g - 6δ)/δ)]: 0 where Γ is in contact, 1 where it is open.

    Written as a logistic function: UFL's derivative of tanh is inf/inf for gaps above 700 δ.
    """
    return logistic(2 * (g - OPEN_AT * delta) / (OPEN_WIDTH * delta))


def open_depth(g: Expr, delta: Expr) -> Expr:
    """χ [g]_+, χ = `open_share`: contribution of a place to the volume of a void, µm; > 0
    everywhere, and g where Γ is open."""
    return open_share(g, delta) * softplus(g, delta / 4)
