"""Small signals through Γ and the electrolyte: admittances per area, and the equivalent circuit of
a uniform face.

Signals exp(j2πνt) of an amplitude far below RT/F. Potentials in V, currents in A/m², lengths in µm:
a conductivity κ is then in A/m² per V/µm (`S*um/m^2`), a permittivity ε in F·µm/m² (so that 2πνε
adds to κ), a capacitance per area in F/m².
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import ufl
from numpy.typing import NDArray
from ufl.core.expr import Expr

VACUUM = 8.8541878128e-12 * 1e6
"""ε₀ in F·µm/m² (CODATA 2018)."""


def transfer_conductance(carrying: Expr, resistance: Expr) -> Expr:
    """θ/ASR, S/m²: charge transfer linearised at zero overpotential; ASR in Ω m²."""
    return carrying / resistance


def interface_capacitance(touching: Expr, gap: Expr, double_layer: float, floor: float) -> Expr:
    """θ_g C_dl + (1 - θ_g) ε₀/([g]₊ + g₀), F/m²: double layer where the faces touch, a gap
    capacitor elsewhere; g, g₀ in µm."""
    return touching * double_layer + (1 - touching) * VACUUM / (ufl.max_value(gap, 0.0) + floor)


def layered_impedance(
    frequency: NDArray[np.float64],
    faces: Sequence[tuple[float, float]],
    conductivity: float,
    permittivity: float,
    thickness: float,
) -> NDArray[np.complex128]:
    """Z·A (Ω m²) of uniform faces on a layer of electrolyte: Σ 1/(G + j2πνC) + L/(κ + j2πνε).

    faces: G (S/m²) and C (F/m²) per area, of each face; κ, ε, L of the layer, in this module's
    units. Exact if Γ is uniform.
    """
    s = 2j * np.pi * np.asarray(frequency)
    of_faces = sum(1 / (conductance + s * capacitance) for conductance, capacitance in faces)
    return np.asarray(of_faces + thickness / (conductivity + s * permittivity))
