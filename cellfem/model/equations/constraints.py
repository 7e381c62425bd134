"""One equation for each global unknown: the force on each platen for its travel U, the charge for
the far potential.

    force     ∫_Γ (p_c - P) = 0, P = P₀ + k_s (U - U₀) with a spring;
              where the platen stays, or there is none, U stays what it was
    charge    ∫_Γ (i - I) = 0, or Φ = -V where the voltage is held;
              with two electrodes ∫_Γ₂ (i + I) = 0 for φ_Li2
"""

from __future__ import annotations

from ufl.core.expr import Expr

from cellfem.model.control import charge_row
from cellfem.model.equations.interface import Interface
from cellfem.model.equations.setting import Setting
from cellfem.model.fixture import force_row


def constraints(at: Setting, face: Interface) -> Expr:
    """Integrand over Γ, without its weight."""
    test = at.tests.numbers
    charge = charge_row(at, face) if at.layout.one_potential else at.state.numbers[1]("+")
    return force_row(at, face) * at.layout.of_force(at.side_gamma, test) + charge * test[1]("+")
