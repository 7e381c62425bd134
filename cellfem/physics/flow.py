"""Weak form of creeping, compacting flow, with the creep law given by its tangent planes at the
quadrature points."""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr

from cellfem.physics.kinematics import Bulk

SLOPES = 9
"""Number of values of a tangent besides the strain rate at which it is taken."""
COMPONENTS = {2: ((0, 0), (1, 1), (0, 1)), 3: ((0, 0), (1, 1), (0, 1), (0, 2), (1, 2))}
"""Components of a deviator by dimension; zz is minus the sum of xx and yy."""


@dataclass(frozen=True)
class Flow:
    """Viscosity mu (MPa s), deviatoric stress (MPa) and compaction rate c (1/s, tr D = -c)."""

    mu: Expr
    stress: Expr
    c: Expr


def shear_rate2(body: Bulk, v: Expr) -> Expr:
    """(2/3) D':D' of the 3-D strain rate, 1/s²: the square of the equivalent strain rate."""
    D = ufl.dev(body.strain_rate(v))
    return 2 / 3 * ufl.inner(D, D)


def components(body: Bulk, v: Expr) -> list[Expr]:
    """`COMPONENTS` of D', 1/s."""
    D = ufl.dev(body.strain_rate(v))
    return [D[place] for place in COMPONENTS[body.dimension]]


def numbers(dimension: int) -> int:
    """Number of values of a tangent at each point."""
    return SLOPES + len(COMPONENTS[dimension])


def flow(tangents: Expr, body: Bulk, v: Expr, p: Expr, f: Expr) -> Flow:
    """sigma_dev and c as affine functions of D', p and f, from the values of `PointLaw.tangents`.

    With T the D' of the point where they are taken:
    sigma_dev = 2 mu D' + (k_e T:D' + k_p p + k_f f + k_0) T,  c = c_e T:D' + c_p p + c_f f + c_0.
    """
    D = ufl.dev(body.strain_rate(v))
    mu, k_e, k_p, k_f, k_0, c_e, c_p, c_f, c_0 = (tangents[i] for i in range(SLOPES))
    t = {place: tangents[SLOPES + i] for i, place in enumerate(COMPONENTS[body.dimension])}
    t[2, 2] = -t[0, 0] - t[1, 1]
    T = ufl.as_matrix([[t.get((min(i, j), max(i, j)), 0) for j in range(3)] for i in range(3)])
    along = ufl.inner(T, D)
    stress = 2 * mu * D + (k_e * along + k_p * p + k_f * f + k_0) * T
    return Flow(mu, stress, c_e * along + c_p * p + c_f * f + c_0)


def virtual_power(body: Bulk, law: Flow, v: Expr, p: Expr, dv: Expr, dp: Expr) -> Expr:
    """Integrand over the reference block: [sigma_dev:D(δv) - p ∇·δv - δp (∇·v + c)] J times the
    weight of the volume element."""
    stress = ufl.inner(law.stress, body.strain_rate(dv)) - p * body.divergence(dv)
    return (stress - dp * (body.divergence(v) + law.c)) * body.J * body.weight
