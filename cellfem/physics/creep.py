"""Porous power-law creep of lithium, evaluated point by point with its derivatives.

Michel & Suquet (1992, J. Mech. Phys. Solids 40, 783), coupled in both invariants, for a matrix with rate = A sigma^n and
porosity f (p compression > 0, D' deviatoric strain rate of the 3-D tensor):

    a(f) = (1 + 2f/3)(1-f)^(-2n/(n+1))        b(f) = (9/4)[n (f^(-1/n) - 1)]^(-2n/(n+1)) f/(f + f_s)
    Q^2  = a sigma_e^2 + b p^2                D' = (3/2) a F sigma_dev,   tr D = -b p F,   F = A Q^(n-1)

The mixed form has the strain rate and p as unknowns, so the law is inverted for q = Q^2:

    h(q) = q^2 - b p^2 q - E q^(2-n) = 0,     E = e2/(a A^2),   e2 = (2/3) D':D' + floor^2

Two options change the matrix. Power-law breakdown: rate = A B^(-n) sinh(B sigma)^n. Diffusional flow in parallel: + A1 sigma.
Then F(Q) = rate(Q)/Q, and Q itself is the root of Q^2 - b p^2 - e2/(a F(Q)^2) = 0.

The finite-element forms use the law only through its value and first derivatives (implicit function theorem), so any other law
that fills a `PointLaw` can take its place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellfem.physics import leblond
from cellfem.physics.ellipse import Array, bulk_softening, invert_stress_measure, shear_softening
from cellfem.physics.hardening import Hardening, History, hardened_law

POROSITY_FLOOR, POROSITY_CEILING = 1e-6, 0.95
"""Bounds inside which the law is evaluated: b(f) has an infinite slope at 0 and a pole at 1."""

LARGEST_LOG = 200.0
"""n σ/breakdown up to which creep grows as sinh^n, e^200 times that at the breakdown; beyond it is linear: no rate overflows."""
NEWTON_STEPS = 8
"""Steps of the inversion for laws that are no power: 1e-14 at all ratios up to 60 MPa against a breakdown at 2.8 MPa."""


@dataclass(frozen=True)
class PorousCreep:
    """Parameters of the law. A in 1/s/MPa^n; porosity_switch f_s (0 for the exact law); coupled as Michel-Suquet.

    breakdown 1/B in MPa (inf: power law at all stresses); diffusional A1 in 1/s/MPa. Both need the coupled law, as have
    `leblond` (the porous law of Leblond, Perrin and Suquet) and `hardening` (Anand's resistance); these four exclude each other.
    """

    prefactor: float
    exponent: float
    porosity_switch: float = 1e-4
    coupled: bool = True
    breakdown: float = float("inf")
    diffusional: float = 0.0
    leblond: bool = False
    hardening: Hardening | None = None

    @property
    def dense(self) -> PorousCreep:
        """The same without pores and without a past: breakdown and diffusional flow stay, the porous law (`coupled`, `leblond`)
        means nothing, and lithium that hardens is fresh, at its initial resistance."""
        return replace(self, porosity_switch=0.0, coupled=True, leblond=False, hardening=None)

    def at_resistance(self, resistance: Array) -> PorousCreep:
        """The power law of a law with hardening at these resistances (MPa), one prefactor for each."""
        assert self.hardening is not None
        eased = (self.hardening.initial / resistance) ** self.exponent
        return replace(self, prefactor=self.prefactor * eased, hardening=None)  # type: ignore[arg-type]  # an array serves too

    def fluidity(self, q: Array) -> tuple[Array, Array]:
        """F = rate(Q)/Q and its derivative by Q, at Q > 0 (MPa)."""
        n, A = self.exponent, self.prefactor
        if np.isfinite(self.breakdown):
            z = np.minimum(q / self.breakdown, LARGEST_LOG / n)
            power = A * (self.breakdown * np.sinh(z)) ** n / (z * self.breakdown)
            slope = np.where(z < LARGEST_LOG / n, power * (n / np.tanh(z) - 1 / z) / self.breakdown, 0.0)
        else:
            power = A * q ** (n - 1)
            slope = (n - 1) * power / q
        return power + self.diffusional, slope

    def flow_stress(self, rate: float) -> float:
        """Uniaxial stress (MPa) at which dense lithium flows at `rate` > 0 (1/s)."""
        if self.diffusional > 0:
            return float(invert_fluidity(np.zeros(1), np.array([rate**2]), self)[0])
        power = float((rate / self.prefactor) ** (1 / self.exponent))
        return float(self.breakdown * np.arcsinh(power / self.breakdown)) if np.isfinite(self.breakdown) else power

    def rate(self, stress: float) -> float:
        """Uniaxial rate (1/s) of dense lithium under `stress` > 0 (MPa)."""
        return float(self.fluidity(np.array(stress))[0] * stress)


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
        """Tangent planes (mu0, mu_e, mu_p, mu_f, c0, c_e, c_p, c_f), mu = mu0 + mu_e e2 + mu_p p + mu_f f; shape (..., 8)."""
        mu0 = self.mu - self.mu_e * e2 - self.mu_p * p - self.mu_f * f
        c0 = self.c - self.c_e * e2 - self.c_p * p - self.c_f * f
        return np.stack([mu0, self.mu_e, self.mu_p, self.mu_f, c0, self.c_e, self.c_p, self.c_f], axis=-1)


def point_law(e2: Array, p: Array, f: Array, law: PorousCreep) -> PointLaw:
    """The law at points: e2 = (2/3) D':D' + floor^2 (1/s^2, > 0), p (MPa), f; all of one shape. Without hardening."""
    n, A = law.exponent, law.prefactor
    inside = (f > POROSITY_FLOOR) & (f < POROSITY_CEILING)
    f = np.clip(f, POROSITY_FLOOR, POROSITY_CEILING)
    if law.leblond:
        return _of_planes(leblond.derivatives(e2, p, f, A, n), inside)
    a, a_f = shear_softening(f, n)
    b, b_f = bulk_softening(f, n, law.porosity_switch)
    a_f, b_f = a_f * inside, b_f * inside
    if not law.coupled:
        return _uncoupled(e2, p, a, a_f, b, b_f, n, A)
    if np.isfinite(law.breakdown) or law.diffusional > 0:
        return _general(e2, p, a, a_f, b, b_f, law)
    y2, e = b * p * p, e2 / (a * A * A)
    q = invert_stress_measure(y2, e, n)
    slope = n * q - (n - 1) * y2  # dh/dq at the root
    power = q ** (2 - n)
    F = A * q ** ((n - 1) / 2)
    grow = F * (n - 1) / (2 * q * slope)  # dF/dq over dh/dq
    F_e = grow * power / (a * A * A)
    F_p = grow * q * 2 * b * p
    F_f = grow * (q * b_f * p * p - power * e * a_f / a)
    return _assembled(p, F, F_e, F_p, F_f, a, a_f, b, b_f)


def hardening_law(e2: Array, p: Array, f: Array, law: PorousCreep, history: History) -> tuple[PointLaw, Array]:
    """`point_law` of a law with hardening, and the resistance S (MPa) at the end of the step that `history` describes."""
    assert law.hardening is not None
    inside = (f > POROSITY_FLOOR) & (f < POROSITY_CEILING)
    f = np.clip(f, POROSITY_FLOOR, POROSITY_CEILING)
    found = hardened_law(e2, p, f, law.prefactor, law.exponent, law.porosity_switch, law.hardening, history)
    return _of_planes(found.planes, inside), found.resistance


def _of_planes(planes: tuple[Array, ...], inside: NDArray[np.bool_]) -> PointLaw:
    """Outside the bounds of f nothing depends on it."""
    mu, mu_e, mu_p, mu_f, c, c_e, c_p, c_f = planes
    return PointLaw(mu, mu_e, mu_p, mu_f * inside, c, c_e, c_p, c_f * inside)


def invert_fluidity(y2: Array, e: Array, law: PorousCreep) -> Array:
    """Q > 0 with Q^2 - y2 - e/F(Q)^2 = 0 for any growing F; y2 >= 0, e > 0 (e = e2/a). Relative error below 1e-12.

    Newton in ln Q for the logarithm of the equation. The start, the sum of the two terms each alone, lies above the root.
    """
    shear = (np.sqrt(e) / law.prefactor) ** (1 / law.exponent)  # Q of pure shear by the power law
    if np.isfinite(law.breakdown):
        shear = law.breakdown * np.arcsinh(shear / law.breakdown)
    if law.diffusional > 0:
        shear = np.minimum(shear, np.sqrt(e) / law.diffusional)  # either mechanism alone needs more than both together
    q = np.sqrt(shear**2 + y2)
    for _ in range(NEWTON_STEPS):
        F, slope = law.fluidity(q)
        right = y2 + e / (F * F)
        change = np.log(right / (q * q)) / (2 + 2 * (e / (F * F)) * (slope * q / F) / right)
        q = q * np.exp(np.clip(change, -2.0, 2.0))
    return np.asarray(q)


def _general(e2: Array, p: Array, a: Array, a_f: Array, b: Array, b_f: Array, law: PorousCreep) -> PointLaw:
    """The coupled law with any fluidity F(Q)."""
    e = e2 / a
    q = invert_fluidity(b * p * p, e, law)
    F, slope = law.fluidity(q)
    grow = slope / (2 * q + 2 * (e / (F * F)) * (slope / F))  # dF by the right-hand side of Q^2 = b p^2 + e/F^2
    F_e = grow / (a * F * F)
    F_p = grow * 2 * b * p
    F_f = grow * (b_f * p * p - e * a_f / (a * F * F))
    return _assembled(p, F, F_e, F_p, F_f, a, a_f, b, b_f)


def _assembled(p: Array, F: Array, F_e: Array, F_p: Array, F_f: Array, a: Array, a_f: Array, b: Array, b_f: Array) -> PointLaw:
    """mu = 1/(3aF), c = b p F and their derivatives from those of F."""
    mu = 1 / (3 * a * F)
    c_p = b * (F + p * F_p)
    return PointLaw(
        mu, -mu * F_e / F, -mu * F_p / F, -mu * (F_f / F + a_f / a), b * p * F, b * p * F_e, c_p, p * (b_f * F + b * F_f)
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
