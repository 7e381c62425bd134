"""Charge transfer through Γ, and the constants that convert current to lithium."""

from __future__ import annotations

import math

import scipy  # scipy is imported on first use: it takes a second
from ufl.core.expr import Expr

from cellfem import materials
from cellfem.physics.smooth import bounded_sinh
from cellfem.units import FARADAY, GAS_CONSTANT

SPEED = materials.lithium().molar_volume / FARADAY
"""Ω/F: µm/s of lithium per A/m²."""
STRESS_POTENTIAL = SPEED
"""Ω/F: V per MPa of contact pressure."""
STEEPEST = 200.0
"""Overpotential over 2RT/F (51 mV) up to which the law is exact. A nonzero current stays far below
it: it would have to pass through 1e-80 of the area."""


def butler_volmer(
    share: Expr, overpotential: Expr, resistance: Expr, temperature: Expr, steepest: Expr | float = STEEPEST
) -> Expr:
    """i = θ i₀ [exp(Fη/2RT) - exp(-Fη/2RT)], i₀ = RT/(F ASR₀); A/m² with ASR₀ in Ω m², η in V, T in
    K.

    Beyond |η| = `steepest` times 2RT/F it continues along its tangent.
    """
    thermal = GAS_CONSTANT / FARADAY * temperature
    return share * thermal / resistance * 2 * bounded_sinh(overpotential / (2 * thermal), steepest)


def overpotential_of(
    current: float, resistance: float, temperature: float, held: float | None = None, layer: float = 0.0, faces: int = 1
) -> float:
    """η = (2RT/F) asinh(i ASR F/2RT), V, of a uniform face: the inverse of `butler_volmer`.

    current: i, A/m²; resistance: ASR over the carrying share, Ω m². If the voltage `held` (V) is
    given, on `faces` faces and an electrolyte of the resistance `layer` (Ω m²), i is a result:
    faces η + i layer = held.
    """
    thermal = 2 * GAS_CONSTANT / FARADAY * temperature
    if held is None:
        return thermal * math.asinh(current * resistance / thermal)
    if held == 0:
        return 0.0
    most = min(abs(held) / faces, STEEPEST * thermal)

    def over(eta: float) -> float:
        return faces * eta + thermal / resistance * math.sinh(eta / thermal) * layer - abs(held)

    return math.copysign(scipy.optimize.brentq(over, 0.0, most) if over(most) > 0 else most, held)


def linear_kinetics(share: Expr, overpotential: Expr, resistance: Expr) -> Expr:
    """i = θ η/ASR₀."""
    return share * overpotential / resistance
