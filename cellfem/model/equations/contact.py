"""Contact laws: contact pressure and touching share on Γ as functions of the gap given by m.

A law gives the expressions on Γ, the typical size of the unknown m, and the touching share of a
flat face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import ufl
from ufl.core.expr import Expr

from cellfem.model.equations.setting import Setting
from cellfem.model.parameters import Structure
from cellfem.physics import contact, kinematics


@dataclass(frozen=True, kw_only=True)
class Touch:
    """Expressions on Γ. pressure: without gas; rate: of m, µm/s."""

    gap: Expr
    delta: Expr
    asperity: Expr
    pressure: Expr
    touching: Expr
    rate: Expr


class ContactLaw(Protocol):
    def touch(self, at: Setting) -> Touch: ...

    def slope(self, at: Setting) -> list[Expr]:
        """∇ m along Γ."""

    def size(self, force: float, delta: float) -> float:
        """Typical size of the unknown m: force in MPa, delta in µm."""

    def touching_at(self, pressure: float, half_pressure: float) -> float:
        """Touching share of a flat face under a pressure, MPa."""


@dataclass(frozen=True)
class Asperities:
    """Repulsion of asperities, with adhesion if `adhesive`; the gap is g = m + U."""

    adhesive: bool = False

    def touch(self, at: Setting) -> Touch:
        k, state = at.k, at.state
        delta = state.roughness("+") if at.structure.varying_roughness else k.delta
        gap = state.map("+") + at.travel_of(state.numbers)("+")
        asperity = contact.asperity_pressure(gap, delta, k.stiffness)
        return Touch(
            gap=gap,
            delta=delta,
            asperity=asperity,
            pressure=asperity + contact.adhesive_traction(gap, delta, k.adhesion) if self.adhesive else asperity,
            touching=contact.touching_share(asperity, gap, delta, k.half_pressure),
            rate=k.c0 * state.map("+") + k.c1 * state.map_old[0]("+") + k.c2 * state.map_old[1]("+"),
        )

    def slope(self, at: Setting) -> list[Expr]:
        return [a("+") for a in kinematics.along_gamma(at.state.map, at.domain.dimension)]

    def size(self, force: float, delta: float) -> float:
        return delta

    def touching_at(self, pressure: float, half_pressure: float) -> float:
        return pressure / (pressure + half_pressure)


@dataclass(frozen=True)
class Bonded:
    """θ_g = 1 and g = 0 at all times: the unknown m is then the pressure that bonds the faces,
    tension allowed."""

    def touch(self, at: Setting) -> Touch:
        asperity = at.state.gamma[0]("+")
        return Touch(
            gap=ufl.as_ufl(0.0),
            delta=at.state.roughness("+") if at.structure.varying_roughness else at.k.delta,
            asperity=asperity,
            pressure=asperity,
            touching=ufl.as_ufl(1.0),
            rate=-at.rate_travel("+"),
        )

    def slope(self, at: Setting) -> list[Expr]:
        return [ufl.as_ufl(0.0)] * at.last

    def size(self, force: float, delta: float) -> float:
        return force

    def touching_at(self, pressure: float, half_pressure: float) -> float:
        return 1.0


def contact_law(structure: Structure) -> ContactLaw:
    return Bonded() if structure.bonded else Asperities(adhesive=structure.adhesion)
