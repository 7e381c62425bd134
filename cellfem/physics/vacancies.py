"""Vacancies in lithium: their effect on contact, and the removal of lattice planes from the
surface."""

from __future__ import annotations

from ufl.core.expr import Expr

from cellfem.physics.smooth import ramp, softplus

COALESCENCE = 0.85
"""Share of f_c at which lattice planes are removed where Γ touches (physically: the largest loss of
touching area by vacancies)."""
RAMP_WIDTH = 0.01
CARRY_WIDTH = 0.05


def removal_rate(f: Expr, openness: Expr, f_c: float, rate: Expr) -> Expr:
    """d = k_n([f - f*]_+ - [-f]_+), f* = 0.85 f_c (1 - ω): µm/s, > 0 removes lattice planes, < 0
    adds them (plating)."""
    return rate * (ramp(f - COALESCENCE * f_c * (1 - openness), RAMP_WIDTH) - ramp(-f, RAMP_WIDTH))


def linear_removal_rate(f: Expr, openness: Expr, open_rate: Expr, rate: Expr) -> Expr:
    """d = k f, k = k_s (1 - ω) + k_n ω: surface steps absorb vacancies at a rate proportional to f,
    µm/s.

    Where Γ touches, the porosity rises until (1-f) f = s/k_s, when no vacancies diffuse into the
    bulk any more. An open face is a sink. Planes are added as fast as in `removal_rate`, with k_n
    beyond the smooth start of the ramp: f stays about 0 while lithium is plated.
    """
    taken = rate * (1 - openness) + open_rate * openness
    return taken * f - (open_rate - taken) * ramp(-f, RAMP_WIDTH)


def carrying_share(touching: Expr, f: Expr, f_c: float) -> Expr:
    """θ = θ_g [1 - f/f_c]_+: the share of the area that carries current, [·]_+ smoothed over
    0.05."""
    return touching * softplus(1 - softplus(f, RAMP_WIDTH) / f_c, CARRY_WIDTH)
