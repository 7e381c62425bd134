"""Porosity of the electrolyte: densification by pressing, and conductivity, stiffness and toughness
as functions of density.

Densities ρ are relative to the pore-free material, 0 to 1. Pressures in MPa, temperatures in K,
times in s.
"""

from __future__ import annotations

import math

import numpy as np
import scipy  # scipy is imported on first use: it takes a second

from cellfem.units import GAS_CONSTANT

PERCOLATION = 0.16
"""Volume fraction of the solid below which it does not conduct (Scher & Zallen 1970, J. Chem. Phys.
53, 3759)."""
PERCOLATION_EXPONENT = 2.0
"""Exponent of the conductivity above it in three dimensions (Kirkpatrick 1973, Rev. Mod. Phys. 45,
574)."""
BRUGGEMAN = 1.5
"""Exponent of the conductivity of a matrix with spherical pores (Bruggeman 1935)."""
DENSEST = 1.0 - 1e-9


def bruggeman(density: float) -> float:
    """κ(ρ)/κ(1) = ρ^(3/2)."""
    return density**BRUGGEMAN


def percolation(density: float) -> float:
    """κ(ρ)/κ(1) = [(ρ - ρ_c)/(1 - ρ_c)]², zero below ρ_c = 0.16: contacts between grains, not pores
    in a matrix."""
    return max((density - PERCOLATION) / (1 - PERCOLATION), 0.0) ** PERCOLATION_EXPONENT


def spriggs(density: float, sensitivity: float) -> float:
    """E(ρ)/E(1) = exp(-b (1-ρ)) (Spriggs 1961, J. Am. Ceram. Soc. 44, 628)."""
    return math.exp(-sensitivity * (1 - density))


def exponential_between(density: float, low: tuple[float, float], high: tuple[float, float]) -> float:
    """The exponential of ρ through two points (ρ, value); extrapolated beyond them."""
    share = (density - low[0]) / (high[0] - low[0])
    return low[1] * (high[1] / low[1]) ** share


def heckel(pressure: float, start: float, yield_pressure: float) -> float:
    """Density of a powder pressed cold: ln 1/(1-ρ) = ln 1/(1-ρ₀) + P/P_y (Heckel 1961, Trans. AIME
    221, 671).

    start: ρ₀, after rearrangement of the grains; yield_pressure: P_y, the mean yield pressure of
    the grains.
    """
    return 1 - (1 - start) * math.exp(-pressure / yield_pressure)


def creep_densification_rate(density: float, pressure: float, rate: float, exponent: float) -> float:
    """ρ̇ = (3/2) A (3P/2n)ⁿ ρ(1-ρ)/[1 - (1-ρ)^(1/n)]ⁿ of a hollow sphere of power-law material
    (Wilkinson & Ashby 1975), 1/s.

    rate: A, creep rate at 1 MPa, 1/s; exponent: n. At n = 1 the porosity decays as exp(-9/4 A P t).
    """
    n = exponent
    porosity = 1 - density
    shell = density * porosity / (1 - porosity ** (1 / n)) ** n
    return 1.5 * rate * (1.5 * pressure / n) ** n * shell


def hot_pressed(
    density: float, pressure: float, temperature: float, time: float, rate: float, exponent: float, activation: float
) -> float:
    """Density after `time` under pressure at temperature, from `density`. rate: A₀ in A = A₀
    exp(-Q/RT); activation: Q, J/mol."""
    if time <= 0 or pressure <= 0:
        return density
    at = rate * math.exp(-activation / (GAS_CONSTANT * temperature))

    def slope(_: float, y: np.ndarray) -> list[float]:
        rho = 1 - math.exp(y[0])
        return [-creep_densification_rate(rho, pressure, at, exponent) / (1 - rho)]

    end = scipy.integrate.solve_ivp(slope, (0.0, time), [math.log1p(-density)], method="LSODA", rtol=1e-9, atol=1e-12)
    return min(1 - math.exp(float(end.y[0, -1])), DENSEST)
