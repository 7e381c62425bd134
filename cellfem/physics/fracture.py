"""Driving pressure of lithium in a flaw of the electrolyte, and the flaw's strength: plain numpy,
arrays of any common shape.

Lengths in µm, pressures in MPa, K in MPa·µm^½ (1 MPa·m^½ = 1000 MPa·µm^½). For the extrusion of
lithium from a flaw see `extrusion`.

Sources: the critical overpotential is that of Porz et al. 2017 (doi 10.1002/aenm.201701003), the
balance of pressure and outflow of lithium that of Klinsmann et al. 2019 and Ning et al. 2023 (doi
10.1038/s41586-023-05970-4); stress intensities are those of handbooks (Tada, Paris & Irwin).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellfem.physics.kinetics import STRESS_POTENTIAL

Array = NDArray[np.float64]
Distribution = Literal["single", "power", "exponential"]

EDGE_EXACT = 1.1215
"""Y of a straight edge crack in a half-plane under uniform pressure on its faces."""
EDGE = 1.12
"""The same, rounded as in the dendrite index."""
SHORTEST, LONGEST = 1e-4, 1e6
"""Range of lengths (µm) in the search for a critical flaw."""


def overpotential_pressure(overpotential: ArrayLike, current: ArrayLike, length: ArrayLike, conductivity: float) -> Array:
    """F(φ_tip - φ_Li)/Ω minus the pressure at the flaw's mouth: (F/Ω)(-η + |i| a/κ) while plating
    (i < 0), zero otherwise.

    η = φ_Li - φ + Ωp_c/F is the overpotential (V, negative while plating), p_c the contact
    pressure, which is that of the mouth; the tip is deeper in the electrolyte by a, so its
    potential is higher by |i| a/κ, with i in A/m² and κ in A/m² per V/µm. At this excess pressure
    plating at the tip would stop.
    """
    i = np.asarray(current, dtype=float)
    rise = -np.asarray(overpotential, dtype=float) - i * np.asarray(length, dtype=float) / conductivity
    return np.where(i < 0, np.maximum(rise, 0.0), 0.0) / STRESS_POTENTIAL


def driving_pressure(mouth: ArrayLike, overpotential: ArrayLike, extrusion: ArrayLike) -> Array:
    """p_Li = p_mouth + min{excess of the overpotential, Δp_ext}: the smaller of the pressures that
    the overpotential can sustain and that extrusion needs."""
    return np.asarray(np.asarray(mouth, dtype=float) + np.minimum(overpotential, extrusion))


def closing_compression(contact_pressure: ArrayLike, pressure: float, poisson_ratio: float, confined: bool = True) -> Array:
    """Compression σ_cl along the face of the electrolyte, which closes a flaw normal to the face: ν
    P/(1-ν) + (p_c - P).

    P is the mean (stack) pressure: between mirror planes it causes νP/(1-ν), between free sides
    nothing. Variations along the face compress the surface of a half-plane equally in both
    directions, σ_xx = σ_yy = -(p_c - P) (frictionless; Timoshenko & Goodier); where the contact
    pressure is below the mean, the face is in tension. Valid for flaws much shorter than the
    variation.
    """
    mean = poisson_ratio / (1 - poisson_ratio) * pressure if confined else 0.0
    return np.asarray(np.asarray(contact_pressure, dtype=float) - pressure + mean)


def edge_crack(pressure: ArrayLike, length: ArrayLike, factor: float = EDGE_EXACT) -> Array:
    """K_I = Y p √(πa) of a straight edge crack of length a with pressure p on its faces."""
    return np.asarray(factor * np.asarray(pressure, dtype=float) * np.sqrt(np.pi * np.asarray(length, dtype=float)))


def penny_crack(pressure: ArrayLike, radius: ArrayLike) -> Array:
    """K_I = 2 p √(a/π) of a round crack of radius a inside a body."""
    return np.asarray(2 * np.asarray(pressure, dtype=float) * np.sqrt(np.asarray(radius, dtype=float) / np.pi))


def centre_crack(pressure: ArrayLike, half_length: ArrayLike, loaded: ArrayLike | None = None) -> Array:
    """K_I = 2 p √(a/π) arcsin(d/a) of a crack |x| < a loaded on |x| < d, the filled part; p √(πa)
    without `loaded`."""
    a = np.asarray(half_length, dtype=float)
    share = 1.0 if loaded is None else np.asarray(loaded, dtype=float) / a
    return np.asarray(2 * np.asarray(pressure, dtype=float) * np.sqrt(a / np.pi) * np.arcsin(share))


def flaw_intensity(pressure: ArrayLike, compression: ArrayLike, length: ArrayLike) -> Array:
    """K_I = Y (p_Li - σ_cl)₊ √(πa), Y = 1.12; over K_Ic it is the dendrite index."""
    return edge_crack(np.maximum(np.asarray(pressure, dtype=float) - compression, 0.0), length, EDGE)


def critical_pressure(length: ArrayLike, toughness: float) -> Array:
    """K_Ic/(Y √(πa)), MPa: the pressure minus compression at which a flaw of length a grows."""
    return np.asarray(toughness / edge_crack(1.0, length, EDGE))


def critical_overpotential(length: ArrayLike, toughness: float) -> Array:
    """Ω K_Ic/(F Y √(πa)), V: the smallest overpotential at the tip that makes a flaw of length a
    grow (Porz et al. 2017)."""
    return critical_pressure(length, toughness) * STRESS_POTENTIAL


def critical_current(
    length: float,
    toughness: float,
    overpotential_at: Callable[[float], float],
    conductivity: float,
    by_creep: float,
    most: float = 1e7,
) -> float:
    """Plating current density (A/m², > 0) at which a flaw grows, without external pressure: both
    driving pressures reach its critical pressure.

    overpotential_at(i): absolute overpotential at the plating current density i, increasing, V.
    by_creep: current density below which the lithium is extruded in time
    (`extrusion.critical_speed` over SPEED). inf beyond `most`.
    """

    def excess(i: float) -> float:
        drive = overpotential_pressure(-overpotential_at(i), -i, length, conductivity)
        return float(drive - critical_pressure(length, toughness))

    if excess(most) < 0:
        return float("inf")
    from scipy.optimize import brentq

    ends = np.log(most) - 60.0, np.log(most)
    if excess(float(np.exp(ends[0]))) >= 0:
        return max(by_creep, float(np.exp(ends[0])))
    return max(by_creep, float(np.exp(brentq(lambda log_current: excess(float(np.exp(log_current))), *ends, xtol=1e-13))))


def critical_length(intensity: Callable[[Array], Array], toughness: float, like: ArrayLike) -> Array:
    """a_c with K_I(a_c) = K_Ic for an intensity that increases with length; in the shape of `like`;
    inf if no length reaches it.

    intensity(a): K_I of flaws of length a (µm), one for each entry. Searched between SHORTEST,
    which is returned if it grows already, and LONGEST.
    """
    from scipy.optimize.elementwise import find_root

    shape = np.shape(like)
    tried = np.zeros(shape)

    def excess(log_length: Array, entry: NDArray[np.intp]) -> Array:
        """Evaluate some entries: the solver asks only for those not yet converged."""
        tried.ravel()[entry] = log_length
        return np.ravel(intensity(np.exp(tried)))[entry] - toughness

    ends = np.full(shape, np.log(SHORTEST)), np.full(shape, np.log(LONGEST))
    at_ends = [intensity(np.exp(end)) >= toughness for end in ends]
    found = find_root(excess, ends, args=(np.arange(tried.size).reshape(shape),))
    return np.where(at_ends[0], SHORTEST, np.where(at_ends[1], np.exp(found.x), np.inf))


def flaws_longer_than(
    length: ArrayLike, density: float, reference: float, distribution: Distribution, exponent: float = 5.0
) -> Array:
    """N(a), flaws per area (1/µm²) longer than a; N(∞) = 0.

    density ρ and reference length a₀: "single": ρ for a ≤ a₀, else 0; "power": ρ (a/a₀)^-m, m the
    exponent (Weibull modulus 2m); "exponential": ρ exp(-a/a₀).
    """
    ratio = np.asarray(length, dtype=float) / reference
    if distribution == "single":
        return np.asarray(density * (ratio <= 1.0), dtype=np.float64)
    if distribution == "power":
        return np.asarray(density * ratio**-exponent)
    return np.asarray(density * np.exp(-ratio))


def weakest_link(count: ArrayLike) -> Array:
    """1 - exp(-∫N(a_c) dA): the likelihood that at least one flaw is critical, if `count` ≥ 0 are
    expected."""
    return np.asarray(-np.expm1(-np.asarray(count, dtype=float)))
