"""Lithium driven into flaws of the electrolyte by pressure alone: the length of flaws that open,
and the time to creep through them.

Lengths in µm, pressures in MPa, times in s. Two cases, both without current:

- static: a flaw filled with lithium under the pressure P grows where K_I = 1.12 (P - σ_cl) √(πa)
  reaches K_Ic, where σ_cl is the compression by the same stack pressure, which closes it (0 between
  free sides, νP/(1-ν) if confined);
- creep: lithium that enters an empty flaw from its mouth has filled the length L when U(P/L) dL
  sums up to it, where U is the mean velocity for a pressure gradient (`extrusion`). With
  ε̇ = A σⁿ in a slit

      t = (n+2)/(n+1) (ℓ/H)ⁿ⁺¹ / (B Pⁿ),      B = 3^((n+1)/2) A

  which is a steep function of the slenderness ℓ/H alone. Capillary pressure (up to γ/H, of either
  sign) is neglected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellfem.physics.creep import CreepLaw
from cellfem.physics.extrusion import Shape, extrusion_speed
from cellfem.physics.fracture import EDGE
from cellfem.physics.kinetics import STRESS_POTENTIAL
from cellfem.units import FARADAY, GAS_CONSTANT

Array = NDArray[np.float64]
DECAYS, PANELS, GAUSS = 20.0, 40, 8
"""Range of ln(ℓ/L) in the integration: the time decreases by e^-2 or more per unit."""


def nabarro_herring(diffusivity: float, grain: float, temperature: float) -> float:
    """Linear creep by diffusion through grains, 14 D Ω/(R T d²) in 1/(s MPa); D in µm²/s, d in µm
    (Herring 1950)."""
    return 14 * diffusivity / grain**2 * STRESS_POTENTIAL * FARADAY / (GAS_CONSTANT * temperature)


def opened_length(pressure: ArrayLike, toughness: float, poisson_ratio: float = 0.0, confined: bool = False) -> Array:
    """Length (µm) above which a filled flaw grows at P > 0: (K_Ic/(1.12 (P - σ_cl)))²/π; toughness
    in MPa·µm^½."""
    held = poisson_ratio / (1 - poisson_ratio) if confined else 0.0
    return np.asarray((toughness / (EDGE * (1 - held) * np.asarray(pressure, dtype=float))) ** 2 / np.pi)


def penetration_time(shape: Shape, slenderness: ArrayLike, pressure: ArrayLike, law: CreepLaw) -> Array:
    """Seconds until lithium at P > 0 has crept the length ℓ into an empty channel; slenderness ℓ/H
    (R of a cylinder) > 0."""
    ratio, p = np.broadcast_arrays(np.asarray(slenderness, dtype=float), np.asarray(pressure, dtype=float))
    points, weights = np.polynomial.legendre.leggauss(GAUSS)
    edges = np.linspace(0.0, DECAYS, PANELS + 1)
    y = (edges[:-1, None] + 0.5 * (edges[1] - edges[0]) * (1 + points)).ravel()
    w = np.tile(0.5 * (edges[1] - edges[0]) * weights, PANELS)
    filled = ratio[..., None] * np.exp(-y)
    return np.asarray((filled / extrusion_speed(shape, filled, 1.0, p[..., None], law)) @ w)


def implied_slenderness(shape: Shape, time: ArrayLike, pressure: ArrayLike, law: CreepLaw) -> Array:
    """ℓ/H of the channel through which lithium at P creeps in exactly this time (s); between 1 and
    1e6."""
    from scipy.optimize.elementwise import find_root

    def late(log_ratio: Array, t: Array, p: Array) -> Array:
        return np.asarray(np.log(penetration_time(shape, np.exp(log_ratio), p, law) / t))

    t, p = np.broadcast_arrays(np.asarray(time, dtype=float), np.asarray(pressure, dtype=float))
    return np.asarray(np.exp(find_root(late, (np.zeros(t.shape), np.full(t.shape, np.log(1e6))), args=(t, p)).x))
