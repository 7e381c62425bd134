"""Weak form of creeping, compacting flow, with the creep law given by its tangent planes at the
quadrature points."""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr

from cellfem.physics.kinematics import Bulk


@dataclass(frozen=True)
class Flow:
    """Viscosity mu (MPa s, sigma_dev = 2 mu D') and compaction rate c (1/s, tr D = -c) as affine
    functions of the state."""

    mu: Expr
    c: Expr


def shear_rate2(body: Bulk, v: Expr) -> Expr:
    """(2/3) D':D' of the 3-D strain rate, 1/s²: the square of the equivalent strain rate."""
    D = ufl.dev(body.strain_rate(v))
    return 2 / 3 * ufl.inner(D, D)


def flow(planes: Expr, rate2: Expr, p: Expr, f: Expr) -> Flow:
    """From the eight numbers of `PointLaw.affine` (value and slopes of mu and of c by e2, p, f)."""
    mu0, mu_e, mu_p, mu_f, c0, c_e, c_p, c_f = (planes[i] for i in range(8))
    return Flow(mu0 + mu_e * rate2 + mu_p * p + mu_f * f, c0 + c_e * rate2 + c_p * p + c_f * f)


def virtual_power(body: Bulk, law: Flow, v: Expr, p: Expr, dv: Expr, dp: Expr) -> Expr:
    """Integrand over the reference block: [2 mu D':D(δv) - p ∇·δv - δp (∇·v + c)] J times the
    weight of the volume element."""
    stress = ufl.inner(2 * law.mu * ufl.dev(body.strain_rate(v)), body.strain_rate(dv)) - p * body.divergence(dv)
    return (stress - dp * (body.divergence(v) + law.c)) * body.J * body.weight
