"""LLZO: ∫ κ∇φ·∇δφ - ∫_Γ i δφ (+ ∫_bottom I δφ with a uniform flux) = 0."""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr

from cellfem.model.equations.interface import Interface
from cellfem.model.equations.setting import Setting


@dataclass(frozen=True, kw_only=True)
class Electrolyte:
    """Integrands, without the weights of faces; bottom: None if the far side is equipotential."""

    volume: Expr
    on_gamma: Expr
    bottom: Expr | None


def electrolyte_equations(at: Setting, face: Interface) -> Electrolyte:
    """Charge conservation in the electrolyte."""
    test = at.tests.potential
    flux = at.k.conductivity * ufl.inner(ufl.grad(at.state.potential), ufl.grad(test))
    return Electrolyte(
        volume=flux * at.weight,
        on_gamma=face.current * test("-"),
        bottom=None if at.layout.one_potential else at.k.modes["current"] * test * at.weight,
    )
