"""Smooth switches in UFL: every kink of the laws is smoothed over a width, because Newton's method
fails at kinks."""

from __future__ import annotations

import ufl
from ufl.core.expr import Expr


def softplus(z: Expr, width: float = 1.0) -> Expr:
    """width ln(1 + exp(z/width)), written so that neither branch overflows."""
    z = z / width
    return width * ufl.conditional(ufl.gt(z, 0), z + ufl.ln(1 + ufl.exp(-z)), ufl.ln(1 + ufl.exp(z)))


def ramp(z: Expr, width: float) -> Expr:
    """[z]_+ with a parabolic start: 0 | z^2/2w | z - w/2 for z < 0 | < w | above."""
    return ufl.conditional(ufl.gt(z, width), z - width / 2, ufl.conditional(ufl.gt(z, 0), z * z / (2 * width), 0.0))


def smoothstep(z: Expr) -> Expr:
    """0 below 0, 1 above 1, z^2 (3 - 2z) between."""
    return ufl.conditional(ufl.gt(z, 1), 1.0, ufl.conditional(ufl.gt(z, 0), z * z * (3 - 2 * z), 0.0))


def logistic(z: Expr) -> Expr:
    """1/(1 + exp(-z)), written so that neither the value nor its slope overflows on either side."""
    return ufl.conditional(ufl.gt(z, 0), 1 / (1 + ufl.exp(-z)), ufl.exp(z) / (1 + ufl.exp(z)))


def bounded_sinh(z: Expr, most: Expr | float) -> Expr:
    """sinh(z) up to |z| = most, continued along its tangent: no value overflows, and the slope
    stays constant."""
    inside = ufl.max_value(ufl.min_value(z, most), -most)
    return ufl.sinh(inside) + ufl.cosh(most) * (z - inside)
