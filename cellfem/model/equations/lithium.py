"""Lithium: creep, compaction and content.

Velocities are relative to the platen, and everything is pulled back to the flat reference block of
the lithium; w is the velocity of the mesh.

    momentum       ∫ σ(v,p):D(δv) + ∫_top P δv·n + what acts on Γ = 0
    compaction     ∫ δp (∇·v + c) = 0
    content        ∂t ∫ J(1-f) δf - ∫ J F⁻¹[(1-f)(v-w) + D∇f]·∇δf
                   + ∫_top (1-f)(v-w)·n δf + what passes Γ = 0
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ufl
from ufl.core.expr import Expr

from cellfem.model.equations.setting import Setting
from cellfem.physics import flow


@dataclass(frozen=True, kw_only=True)
class Lithium:
    """Integrands over the lithium and its upper face, both without the face's weight."""

    volume: Expr
    pressed: Expr  # upper face: the load
    leaving_top: Expr  # upper face: lithium through it, µm/s per area of the reference
    creep: flow.Flow


def lithium_equations(at: Setting) -> Lithium:
    """Momentum, compaction and lithium content in the bulk."""
    s, f = at.structure, at.f
    creep = flow.flow(at.state.law, at.body, at.v, at.p, f)
    if not s.vacancies:
        creep = replace(creep, c=ufl.as_ufl(0.0))  # the law's smallest porosity would compact: 1e-5 of the lithium lost
    volume = flow.virtual_power(at.body, creep, at.v, at.p, at.tests.v, at.tests.p)
    if s.vacancies:
        volume += _content(at)
        if s.quadratic_porosity:
            # ∇·v + c vanishes for linear test functions only. Subtracting its other part, the
            # quadratic part of f is compacted by c and not changed by ∇·v between the nodes of p;
            # the balance stays exact, because a constant is linear.
            volume -= (at.body.divergence(at.v) + creep.c) * at.body.J * at.tests.f * at.body.weight
    else:
        volume += f * at.tests.f
    through = ufl.dot(at.v, at.normal)
    return Lithium(
        volume=volume,
        pressed=at.k.pressure * ufl.dot(at.tests.v, at.normal),
        leaving_top=(1 - f) * (through + at.rate_travel if s.flat else through),
        creep=creep,
    )


def _content(at: Setting) -> Expr:
    """Storage and flux of lithium, tested by δf."""
    s, k, state, f, last = at.structure, at.k, at.state, at.f, at.last
    f_n, f_b = state.porosity_old
    m_n, m_b = state.map_old
    # Rate of J(1-f), written for J(1-f) - 1 = ∂m/∂y - Jf (y the last axis): the coefficients of the
    # time scheme sum to zero, and the 1 would leave a round-off of 1e-16/dt, which exceeds the
    # tolerance of the lithium balance in short steps.
    swelling = (0.0, 0.0, 0.0) if s.flat else tuple(at.side * a.dx(last) for a in (state.map, m_n, m_b))
    stored = sum(c * (e - (1 + e) * x) for c, e, x in zip((k.c0, k.c1, k.c2), swelling, (f, f_n, f_b), strict=True))
    rate_m = 0.0 if s.flat else k.c0 * state.map + k.c1 * m_n + k.c2 * m_b
    # Flat kinematics do not move the block: relative to the platen, which moves down with the
    # lithium, it moves up at -U'.
    mesh_v = ufl.as_vector([*(0.0 for _ in range(last)), at.side * (-at.rate_travel if s.flat else rate_m)])
    flux = at.body.J * ufl.dot(at.body.Finv, (1 - f) * (at.v - mesh_v) + _diffusivity(at) * at.body.gradient(f))
    return (stored * at.tests.f - ufl.dot(flux, ufl.grad(at.tests.f))) * at.body.weight


def _diffusivity(at: Setting) -> Expr:
    """D, µm²/s."""
    s, k = at.structure, at.k
    diffusivity = k.diffusivity * at.state.diffusion if s.varying_diffusivity else k.diffusivity
    return diffusivity * ufl.exp(-k.activation_volume * at.p) if s.pressed_diffusion else diffusivity
