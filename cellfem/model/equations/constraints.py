"""One equation for each number: the force on each platen for its travel U, the charge for the far
potential.

    force     ∫_Γ (p_c - P) = 0, P = P₀ + k_s (U - U₀) with a spring;
              where the platen stays, or there is none, U stays what it was
    charge    ∫_Γ (i - I) = 0, or Φ = -V where the voltage is held;
              with two electrodes ∫_Γ₂ (i + I) = 0 for φ_Li2
"""

from __future__ import annotations

from ufl.core.expr import Expr

from cellfem.model.equations.interface import Interface
from cellfem.model.equations.setting import Setting
from cellfem.physics import fixture


def constraints(at: Setting, face: Interface) -> Expr:
    """Integrand over Γ, without its weight."""
    test = at.tests.numbers
    return _force(at, face) * at.layout.of_force(at.side_gamma, test) + _charge(at, face) * test[1]("+")


def _force(at: Setting, face: Interface) -> Expr:
    k, state = at.k, at.state
    travel = at.travel_of(state.numbers)("+")
    # A free upper face has no travel of its own, a fixed platen none: U stays what it was.
    together = at.layout.travel_together(state.numbers, travel)
    load = fixture.spring_pressure(k.pressure, k.spring, together - k.rest_travel)
    return k.platen * (face.pressure - load) + (1 - k.platen) * (travel - at.travel_of(state.travel_old[0])("+"))


def _charge(at: Setting, face: Interface) -> Expr:
    k, far = at.k, at.state.numbers[1]("+")
    if not at.structure.equipotential and at.domain.electrodes == 1:
        return far
    return k.held * (far - k.far) + at.layout.unbalanced(1 - k.held, at.side_gamma, face.current, k.current)
