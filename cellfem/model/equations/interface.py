"""Γ: pressure on the lithium, current, motion of the surface, and the fields smoothed along it.

    motion         ∫ [∂t m - r/(1-f) + v·N] δm = 0
    openness       ∫ (ω - open(g)) δω + ℓ² ∇ω·∇δω = 0
    curvature      ∫ H δH + ∇m/√(1+|∇m|²)·∇δH = 0, ∇ along Γ
    planes         ∫ (r - (1-f) d|N|) δr + ε² ∇r·∇δr = 0
    on lithium     ∫ (p_c + γH) δv·N + [s + r - (1-f) d|N|] δf

The curvature is an unknown in the space of m: it is thereby distributed over the facets, where a
polygon would exert forces at its corners, and the work of the surface tension is the change of the
surface. The lithium of removed planes is smoothed over one facet of size h on a flat face, ε² =
½h², but not on a steep one: otherwise the error that a node makes because of the cells around it
would remain in the surface permanently. r - (1-f) d|N| is transported along Γ; its integral is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl
from ufl.core.expr import Expr

from cellfem.model.equations.charge_transfer import charge_transfer_of
from cellfem.model.equations.contact import Touch, contact_law
from cellfem.model.equations.removal import removal_of
from cellfem.model.equations.setting import Setting
from cellfem.physics import contact, kinematics, kinetics, vacancies

EVENED = 0.5
"""Square of the smoothing length of removal on a flat Γ, over the squared facet size: it scales
with the mesh."""
UNEVEN = 0.05
"""Height change over a facet, in δ, at which the smoothing is halved: unevenness left by the mesh
is far below it, the edges of pillars and voids are far above it and must stay sharp."""


@dataclass(frozen=True, kw_only=True)
class Interface:
    """Integrands over Γ, without its weight, and the expressions that observers read."""

    on_lithium: Expr  # in the rows of v and f
    surface: Expr  # in the rows of Γ's fields
    touch: Touch
    pressure: Expr  # with gas
    carrying: Expr
    overpotential: Expr
    resistance: Expr
    current: Expr
    leaving: Expr  # lithium through Γ, µm/s per area of the reference
    weight: Any  # 1 or 2πr


@dataclass(frozen=True, kw_only=True)
class _Transfer:
    """Charge through Γ."""

    carrying: Expr
    overpotential: Expr
    resistance: Expr
    current: Expr


@dataclass(frozen=True, kw_only=True)
class _Planes:
    """Lattice planes removed from the surface: recession in µm/s, and the rate of their lithium as
    removed (lost) and smoothed (evened)."""

    recession: Expr
    lost: Expr
    evened: Expr


def interface_equations(at: Setting) -> Interface:
    """All equations on Γ."""
    s, k = at.structure, at.k
    law = contact_law(s)
    radius = None if at.radius is None else at.radius("+")
    face = kinematics.surface(at.map, law.slope(at), radius, at.side_gamma)
    touch = law.touch(at)
    transfer = _transfer(at, touch)
    pressure = touch.pressure
    if s.gas:  # after the potential: no current passes where it acts
        pressure = pressure + at.state.gas("+") * contact.open_share(touch.gap, touch.delta)
    injected = kinetics.SPEED * transfer.current
    planes = _planes(at, injected, face)
    leaving = injected + planes.evened - planes.lost
    if s.flat:
        leaving -= (1 - at.f("+")) * (touch.rate + at.rate_travel("+"))
    tv, tf, v = at.tests.v("+"), at.tests.f("+"), at.v("+")
    on_lithium = pressure * ufl.dot(tv, face.cof)
    if not s.bonded:
        on_lithium += k.surface_tension * at.state.gamma[2]("+") * ufl.dot(tv, face.cof)
    if s.friction:
        on_lithium += k.friction * touch.touching * sum(v[i] * tv[i] for i in range(at.last))
    motion = touch.rate - planes.recession + ufl.dot(v, face.cof)
    if s.vacancies:
        # The equation of motion, like ∇·v + c in the bulk, vanishes for linear test functions only.
        on_lithium += (leaving + motion if s.quadratic_porosity else leaving) * tf
    return Interface(
        on_lithium=on_lithium,
        surface=motion * at.tests.gamma[0]("+") + _evened_out(at, touch, planes.lost, face),
        touch=touch,
        pressure=pressure,
        carrying=transfer.carrying,
        overpotential=transfer.overpotential,
        resistance=transfer.resistance,
        current=transfer.current,
        leaving=leaving,
        weight=face.weight,
    )


def _transfer(at: Setting, touch: Touch) -> _Transfer:
    s, k, state = at.structure, at.k, at.state
    carrying = vacancies.carrying_share(touch.touching, at.f("+"), k.f_c) if s.vacancies else touch.touching
    eta = at.layout.overpotential(at.side_gamma, state.potential("-"), state.numbers[1]("+"))
    if s.stress_potential:
        eta = eta + kinetics.STRESS_POTENTIAL * touch.pressure
    resistance = ufl.exp(state.log_resistance("+")) * k.resistance_factor
    current = charge_transfer_of(s).current(carrying, eta, resistance, k)
    return _Transfer(carrying=carrying, overpotential=eta, resistance=resistance, current=current)


def _planes(at: Setting, injected: Expr, face: kinematics.Surface) -> _Planes:
    """Removal is per area of the lithium's own surface, `stretch` times Γ's; without vacancies per
    area of Γ, like the current."""
    s, f, nothing = at.structure, at.f("+"), ufl.as_ufl(0.0)
    removed = removal_of(s).rate(f, at.state.gamma[1]("+"), injected, face.stretch, at.k)
    if not (s.vacancies and s.removal and s.quadratic_porosity):
        return _Planes(recession=removed, lost=nothing, evened=nothing)
    evened = at.state.gamma[3]("+")
    return _Planes(recession=evened / (1 - f), lost=(1 - f) * removed, evened=evened)


def _evened_out(at: Setting, touch: Touch, lost: Expr, face: kinematics.Surface) -> Expr:
    """Openness, curvature and the smoothed lithium of the removed planes."""
    s, k, gamma, test = at.structure, at.k, at.state.gamma, at.tests.gamma
    found = (gamma[1]("+") - contact.open_share(touch.gap, touch.delta)) * test[1]("+")
    found += gamma[2]("+") * test[2]("+") + (gamma[3]("+") - lost) * test[3]("+")
    reach2 = ufl.as_ufl(0.0)
    if s.quadratic_porosity:
        # From the face of the last step: constant within this one, so that its steep decrease does
        # not affect Newton's method.
        size2 = ufl.FacetArea(at.domain.parent)("+") ** (2 / at.last)
        rise2 = size2 * sum(at.state.map_old[0].dx(i)("+") ** 2 for i in range(at.last)) / touch.delta**2
        reach2 = EVENED * size2 / (1 + rise2 / UNEVEN**2)
    for i in range(at.last):
        found += k.length**2 * gamma[1].dx(i)("+") * test[1].dx(i)("+") + face.sine[i] * test[2].dx(i)("+")
        found += reach2 * gamma[3].dx(i)("+") * test[3].dx(i)("+")
    return found
