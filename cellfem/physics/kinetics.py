"""Charge transfer through Γ and the constants that turn current into lithium."""

from __future__ import annotations

import ufl
from ufl.core.expr import Expr

FARADAY = 96485.33212  # C/mol (CODATA 2018, exact)
GAS = 8.31446261815324  # J/(mol K) (CODATA 2018, exact)
MOLAR_VOLUME = 13.0e-6  # m³/mol of lithium
SPEED = MOLAR_VOLUME / FARADAY * 1e6
"""Ω/F: µm/s of lithium per A/m²."""
STRESS_POTENTIAL = MOLAR_VOLUME / FARADAY * 1e6
"""Ω/F: V per MPa of contact pressure."""


def butler_volmer(share: Expr, overpotential: Expr, resistance: Expr, temperature: Expr) -> Expr:
    """i = θ i₀ [exp(Fη/2RT) - exp(-Fη/2RT)], i₀ = RT/(F ASR₀); A/m² with ASR₀ in Ω m², η in V, T in K."""
    thermal = GAS / FARADAY * temperature
    return share * thermal / resistance * 2 * ufl.sinh(overpotential / (2 * thermal))


def linear_kinetics(share: Expr, overpotential: Expr, resistance: Expr) -> Expr:
    """i = θ η/ASR₀."""
    return share * overpotential / resistance
