"""Porous power-law creep of lithium, evaluated point by point with its derivatives.

Michel & Suquet (1992, J. Mech. Phys. Solids 40, 783), coupled in both invariants, for a matrix with rate = A sigma^n and
porosity f (p compression > 0, D' deviatoric strain rate of the 3-D tensor):

    a(f) = (1 + 2f/3)(1-f)^(-2n/(n+1))        b(f) = (9/4)[n (f^(-1/n) - 1)]^(-2n/(n+1)) f/(f + f_s)
    Q^2  = a sigma_e^2 + b p^2                D' = (3/2) a F sigma_dev,   tr D = -b p F,   F = A Q^(n-1)

The mixed form has the strain rate and p as unknowns, so the law is inverted for q = Q^2:

    h(q) = q^2 - b p^2 q - E q^(2-n) = 0,     E = e2/(a A^2),   e2 = (2/3) D':D' + floor^2

The finite-element forms use the law only through its value and first derivatives (implicit function theorem), so any other law
that fills a `PointLaw` can take its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

POROSITY_FLOOR, POROSITY_CEILING = 1e-6, 0.95
"""Bounds inside which the law is evaluated: b(f) has an infinite slope at 0 and a pole at 1."""


@dataclass(frozen=True)
class PorousCreep:
    """Parameters of the law. A in 1/s/MPa^n, n dimensionless; porosity_switch f_s (0 for the exact law); coupled as Michel-Suquet."""

    prefactor: float
    exponent: float
    porosity_switch: float = 1e-4
    coupled: bool = True


@dataclass(frozen=True)
class PointLaw:
    """Viscosity mu (MPa s; sigma_dev = 2 mu D') and compaction rate c (1/s; tr D = -c), each with derivatives by e2, p and f."""

    mu: Array
    mu_e: Array
    mu_p: Array
    mu_f: Array
    c: Array
    c_e: Array
    c_p: Array
    c_f: Array

    def affine(self, e2: Array, p: Array, f: Array) -> Array:
        """Tangent planes (mu0, mu_e, mu_p, mu_f, c0, c_e, c_p, c_f) with mu = mu0 + mu_e e2 + mu_p p + mu_f f at this point; shape (..., 8)."""
        mu0 = self.mu - self.mu_e * e2 - self.mu_p * p - self.mu_f * f
        c0 = self.c - self.c_e * e2 - self.c_p * p - self.c_f * f
        return np.stack([mu0, self.mu_e, self.mu_p, self.mu_f, c0, self.c_e, self.c_p, self.c_f], axis=-1)


def shear_softening(f: Array, n: float) -> tuple[Array, Array]:
    """a(f) = (1 + 2f/3)(1-f)^(-2n/(n+1)) and its derivative."""
    k = 2 * n / (n + 1)
    a = (1 + 2 * f / 3) * (1 - f) ** (-k)
    return a, a * (2 / (3 + 2 * f) + k / (1 - f))


def bulk_softening(f: Array, n: float, switch: float) -> tuple[Array, Array]:
    """b(f) = (9/4)[n(f^(-1/n) - 1)]^(-2n/(n+1)) f/(f + switch) and its derivative."""
    k = 2 * n / (n + 1)
    root = f ** (-1 / n)
    b = 2.25 * (n * (root - 1)) ** (-k) * f / (f + switch)
    return b, b * (k * root / (n * f * (root - 1)) + switch / (f * (f + switch)))


def invert_stress_measure(y2: Array, e: Array, n: float) -> Array:
    """q > 0 with q^2 - y2 q - e q^(2-n) = 0, by Halley steps from a start that has both limits; y2 >= 0, e > 0.

    Relative error below 1e-13 for n from 1 to 7 at any ratio of y2^n to e.
    """
    m = (3 * n + 1) / 4
    x2 = e ** (1 / n)
    large = np.maximum(x2, y2)
    q = large * ((x2 / large) ** m + (y2 / large) ** m) ** (1 / m)
    for _ in range(3):
        h = q * q - y2 * q - e * q ** (2 - n)
        h1 = n * q - (n - 1) * y2
        h2 = (n - 1) * (n - (n - 2) * y2 / q)
        q = q - 2 * h * h1 / (2 * h1 * h1 - h * h2)
    return q


def point_law(e2: Array, p: Array, f: Array, law: PorousCreep) -> PointLaw:
    """The law at points: e2 = (2/3) D':D' + floor^2 (1/s^2, > 0), p (MPa), f; all of one shape."""
    n, A = law.exponent, law.prefactor
    inside = (f > POROSITY_FLOOR) & (f < POROSITY_CEILING)
    f = np.clip(f, POROSITY_FLOOR, POROSITY_CEILING)
    a, a_f = shear_softening(f, n)
    b, b_f = bulk_softening(f, n, law.porosity_switch)
    a_f, b_f = a_f * inside, b_f * inside
    if not law.coupled:
        return _uncoupled(e2, p, a, a_f, b, b_f, n, A)
    y2, e = b * p * p, e2 / (a * A * A)
    q = invert_stress_measure(y2, e, n)
    slope = n * q - (n - 1) * y2  # dh/dq at the root
    power = q ** (2 - n)
    F = A * q ** ((n - 1) / 2)
    grow = F * (n - 1) / (2 * q * slope)  # dF/dq over dh/dq
    F_e = grow * power / (a * A * A)
    F_p = grow * q * 2 * b * p
    F_f = grow * (q * b_f * p * p - power * e * a_f / a)
    mu = 1 / (3 * a * F)
    return PointLaw(
        mu,
        -mu * F_e / F,
        -mu * F_p / F,
        -mu * (F_f / F + a_f / a),
        b * p * F,
        b * p * F_e,
        b * (F + p * F_p),
        p * (b_f * F + b * F_f),
    )


def _uncoupled(e2: Array, p: Array, a: Array, a_f: Array, b: Array, b_f: Array, n: float, A: float) -> PointLaw:
    """Each invariant alone: sigma_e feels no pressure, compaction no shear."""
    k = (n - 1) / n
    S = A * (e2 / (a * A * A)) ** (k / 2)  # A Q^(n-1) of pure shear
    mu = 1 / (3 * a * S)
    C = A * (b * p * p) ** ((n - 1) / 2)  # A Q^(n-1) of pure pressure
    zero = np.zeros_like(mu)
    return PointLaw(
        mu, -mu * k / (2 * e2), zero, -mu * a_f / a * (1 - k / 2), b * p * C, zero, n * b * C, (n + 1) / 2 * b_f * p * C
    )
