"""Pressure that extrudes creeping lithium through a narrow flaw with no-slip walls, for any creep
law: numpy, arrays of one shape.

Lengths in µm, pressures in MPa, speeds in µm/s. The flaw is slender, so that at each position the
flow is that between parallel plates (slit, half-opening H) or in a pipe (cylinder, radius H),
driven by the local pressure gradient G. The shear stress increases linearly from the middle to the
wall, where it is T = GH (slit) or GH/2 (cylinder), and with the shear rate γ̇(τ) = √3 ε̇(√3 τ) of
the equivalent creep rate ε̇(σ) the mean velocity U is

    slit      U/H = T⁻² ∫₀ᵀ τ γ̇(τ) dτ            cylinder   U/H = T⁻³ ∫₀ᵀ τ² γ̇(τ) dτ            (Rabinowitsch)

    plated at its tip at the speed s     U = s everywhere                Δp = a G(s)
    plated on its walls at s             U(x) = s x/H, 2 s x/H           Δp = ∫₀ᵃ G(U(x)) dx         x from the tip

With ε̇ = A σⁿ these are the three power-law formulas Δp = a [(n+2)s/(B Hⁿ⁺¹)]^(1/n), 2a [(n+3)s/(B
Hⁿ⁺¹)]^(1/n) and [(n+2)s/(B Hⁿ⁺²)]^(1/n) a^(1+1/n)/(1+1/n), B = 3^((n+1)/2) A. Power-law breakdown
and diffusional flow need no separate formulas: U/H is tabulated once for each law over the wall
stress and interpolated in logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import ArrayLike, NDArray

from cellfem.physics.creep import CreepLaw

Array = NDArray[np.float64]
Shape = Literal["slit", "cylinder"]
Plated = Literal["tip", "walls"]

LEAST_STRESS, MOST_STRESS = 1e-8, 1e5
"""Range of wall stresses (MPa) in the tables; beyond it the law is extrapolated as a power law."""
PER_DECADE, GAUSS = 48, 6
LOG_SPEEDS = (np.log(1e-30), np.log(1e30))
"""Range of speeds (µm/s, logarithms) for the search."""


@dataclass(frozen=True)
class ExtrusionCurve:
    """U/H (1/s) against the wall stress T (MPa) for one law and shape, as curves of the
    logarithms."""

    rate: scipy.interpolate.CubicHermiteSpline  # ln U/H of ln T
    stress: scipy.interpolate.CubicHermiteSpline  # ln T of ln U/H
    work: scipy.interpolate.CubicHermiteSpline  # ln ∫ T d(U/H) of ln U/H


def shear_rate(stress: ArrayLike, law: CreepLaw) -> Array:
    """γ̇(τ) = √3 ε̇(√3 τ), 1/s, of dense lithium in pure shear at τ > 0 (MPa)."""
    equivalent = np.sqrt(3.0) * np.asarray(stress, dtype=float)
    return np.asarray(np.sqrt(3.0) * law.fluidity(equivalent)[0] * equivalent)


def extrusion_pressure(
    shape: Shape, plated: Plated, length: ArrayLike, opening: float, speed: ArrayLike, law: CreepLaw
) -> Array:
    """Δp (MPa) of the tip relative to the mouth of a flaw of the given length that is plated at
    `speed` ≥ 0 (µm/s).

    opening: half-opening of a slit, radius of a cylinder (µm).
    """
    a, s = np.broadcast_arrays(np.asarray(length, dtype=float), np.asarray(speed, dtype=float))
    curve, gradient = _curve(shape, law), _gradient(shape, opening)
    if plated == "tip":
        return np.asarray(a * gradient * _exp(curve.stress, s / opening))
    at_mouth = _per_wall(shape) * s * a / opening**2
    work = _exp(curve.work, at_mouth)
    return np.asarray(a * gradient * np.divide(work, at_mouth, out=np.zeros_like(work), where=at_mouth > 0))


def extrusion_speed(shape: Shape, length: ArrayLike, opening: float, pressure: ArrayLike, law: CreepLaw) -> Array:
    """Mean velocity (µm/s) of lithium driven by `pressure` ≥ 0 (MPa) through a filled length (µm).
    """
    stress = np.asarray(pressure, dtype=float) / np.asarray(length, dtype=float) / _gradient(shape, opening)
    return np.asarray(opening * _exp(_curve(shape, law).rate, stress))


def critical_speed(shape: Shape, plated: Plated, length: float, opening: float, pressure: float, law: CreepLaw) -> float:
    """Plating speed (µm/s) at which extrusion by creep needs `pressure` (MPa): below it the lithium
    is extruded at a lower pressure."""
    if plated == "tip":
        return float(extrusion_speed(shape, length, opening, pressure, law))
    from scipy.optimize import brentq

    def excess(log_speed: float) -> float:
        taken = extrusion_pressure(shape, plated, length, opening, float(np.exp(log_speed)), law)
        return float(np.log(taken / pressure))

    return float(np.exp(brentq(excess, *LOG_SPEEDS, xtol=1e-13)))


def _gradient(shape: Shape, opening: float) -> float:
    """Pressure gradient over wall stress, 1/µm."""
    return {"slit": 1.0, "cylinder": 2.0}[shape] / opening


def _per_wall(shape: Shape) -> float:
    """Plated wall over cross-section, times H: 2/2H in a slit, 2πH/πH² in a cylinder."""
    return {"slit": 1.0, "cylinder": 2.0}[shape]


@lru_cache(maxsize=64)
def _curve(shape: Shape, law: CreepLaw) -> ExtrusionCurve:
    m = {"slit": 2, "cylinder": 3}[shape]
    most = min(MOST_STRESS, law.largest_stress / np.sqrt(3.0))
    count = round(PER_DECADE * np.log10(most / LEAST_STRESS)) + 1
    log_stress = np.linspace(np.log(LEAST_STRESS), np.log(most), count)
    stress = np.exp(log_stress)
    points, weights = np.polynomial.legendre.leggauss(GAUSS)
    half = 0.5 * np.diff(log_stress)
    inner = np.exp(log_stress[:-1, None] + half[:, None] * (1 + points))
    first = law.least_exponent  # ε̇ is a power law below the first stress
    panels = half * (inner**m * shear_rate(inner, law) @ weights)
    moment = stress[0] ** m * float(shear_rate(stress[0], law)) / (m + first) + np.concatenate([[0.0], np.cumsum(panels)])
    rate = moment / stress**m
    log_rate, slope = np.log(rate), stress**m * shear_rate(stress, law) / moment - m
    # ∫ T dF by parts in ln T: F dlnF/dlnT of the integrand T is γ̇ - mF
    inner_moment = np.exp(scipy.interpolate.CubicHermiteSpline(log_stress, np.log(moment), slope + m)(np.log(inner)))
    panels = half * ((inner * (shear_rate(inner, law) - m * inner_moment / inner**m)) @ weights)
    work = stress[0] * rate[0] / (1 + 1 / first) + np.concatenate([[0.0], np.cumsum(panels)])
    return ExtrusionCurve(
        scipy.interpolate.CubicHermiteSpline(log_stress, log_rate, slope),
        scipy.interpolate.CubicHermiteSpline(log_rate, log_stress, 1 / slope),
        scipy.interpolate.CubicHermiteSpline(log_rate, np.log(work), stress * rate / work),
    )


def _exp(curve: scipy.interpolate.CubicHermiteSpline, values: Array) -> Array:
    """exp(curve(ln values)), continued as power laws beyond the table; zero at zero."""
    ends = curve.x[[0, -1]]
    x = np.log(np.where(values > 0, values, 1.0))
    inside = np.clip(x, *ends)
    with np.errstate(over="ignore"):
        found = np.exp(curve(inside) + (x - inside) * curve(inside, 1))
    return np.asarray(np.where(values > 0, found, 0.0))
