"""Porous creep after Michel & Suquet (1992, J. Mech. Phys. Solids 40, 783), coupled in both
invariants, for a matrix with rate = A sigma^n and porosity f (p compression > 0, D' deviatoric
strain rate of the 3-D tensor):

    a(f) = (1 + 2f/3)(1-f)^(-2n/(n+1))        b(f) = (9/4)[n (f^(-1/n) - 1)]^(-2n/(n+1)) f/(f + f_s)
    Q^2  = a sigma_e^2 + b p^2                D' = (3/2) a F sigma_dev,   tr D = -b p F,   F = A Q^(n-1)

The mixed form has the strain rate and p as unknowns, so the law is inverted for q = Q^2:

    h(q) = q^2 - b p^2 q - E q^(2-n) = 0,     E = e2/(a A^2),   e2 = (2/3) D':D' + floor^2

Other matrices: power-law breakdown, rate = A B^(-n) sinh(B sigma)^n; diffusional flow in parallel,
+ A1 sigma. Then F(Q) = rate(Q)/Q, and Q itself is the root of Q^2 - b p^2 - e2/(a F(Q)^2) = 0.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from cellfem.physics.creep.law import LARGEST_STRESS, CreepLaw, PointLaw, within_bounds
from cellfem.physics.ellipse import Array, bulk_softening, invert_stress_measure, shear_softening

POROSITY_SWITCH = 1e-4
"""f_s unless a case says otherwise."""
LARGEST_LOG = 200.0
"""n σ/breakdown up to which creep grows as sinh^n, e^200 times the rate at the breakdown; beyond it
the law is linear, so that no rate overflows."""
LARGEST_TABLE_LOG = 300.0
"""The same for tables of a law, which end there."""
NEWTON_STEPS = 8
"""Iterations of the inversion for laws other than power laws: 1e-14 at all ratios up to 60 MPa with
a breakdown at 2.8 MPa."""


class MatrixLaw(CreepLaw):
    """A law softened by pores with the ellipse, for any fluidity of the matrix that increases with
    stress."""

    porosity_switch: float

    @abstractmethod
    def shear_stress(self, rate: Array) -> Array:
        """Q of pure shear, or an upper bound, at equivalent rates > 0: the start of the
        inversion."""

    def flow_stress(self, rate: float) -> float:
        return float(invert_fluidity(np.zeros(1), np.array([rate**2]), self)[0])

    def points(self, e2: Array, p: Array, f: Array) -> PointLaw:
        n = self.exponent
        f, inside = within_bounds(f)
        a, a_f = shear_softening(f, n)
        b, b_f = bulk_softening(f, n, self.porosity_switch)
        return self._at(e2, p, a, a_f * inside, b, b_f * inside)

    def _at(self, e2: Array, p: Array, a: Array, a_f: Array, b: Array, b_f: Array) -> PointLaw:
        """Evaluate with the softening functions and their derivatives."""
        e = e2 / a
        q = invert_fluidity(b * p * p, e, self)
        F, slope = self.fluidity(q)
        grow = slope / (2 * q + 2 * (e / (F * F)) * (slope / F))  # dF by the right-hand side of Q^2 = b p^2 + e/F^2
        F_e = grow / (a * F * F)
        F_p = grow * 2 * b * p
        F_f = grow * (b_f * p * p - e * a_f / (a * F * F))
        return _assembled(p, F, F_e, F_p, F_f, a, a_f, b, b_f)


@dataclass(frozen=True)
class PowerLaw(MatrixLaw):
    """rate = A σ^n. prefactor A in 1/s/MPa^n (in an array one of each point); porosity_switch f_s,
    0 for the exact law."""

    prefactor: float
    exponent: float
    porosity_switch: float = POROSITY_SWITCH

    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        power = self.prefactor * stress ** (self.exponent - 1)
        return power, (self.exponent - 1) * power / stress

    def shear_stress(self, rate: Array) -> Array:
        return np.asarray((rate / self.prefactor) ** (1 / self.exponent))

    def flow_stress(self, rate: float) -> float:
        return float((rate / self.prefactor) ** (1 / self.exponent))

    @property
    def dense(self) -> PowerLaw:
        return PowerLaw(self.prefactor, self.exponent, 0.0)

    def faster(self, by: float) -> PowerLaw:
        return replace(self, prefactor=by * self.prefactor)

    def stronger(self, by: float) -> PowerLaw:
        return replace(self, prefactor=self.prefactor * by**-self.exponent)

    def easier(self, exponent: float, stress: float) -> PowerLaw:
        prefactor = float(self.prefactor * stress ** (self.exponent - exponent))
        return replace(self, exponent=exponent, prefactor=prefactor)

    def _at(self, e2: Array, p: Array, a: Array, a_f: Array, b: Array, b_f: Array) -> PointLaw:
        n, A = self.exponent, self.prefactor
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


@dataclass(frozen=True)
class UncoupledPowerLaw(PowerLaw):
    """A power law with uncoupled invariants: sigma_e does not depend on pressure, compaction not on
    shear."""

    def _at(self, e2: Array, p: Array, a: Array, a_f: Array, b: Array, b_f: Array) -> PointLaw:
        n, A = self.exponent, self.prefactor
        k = (n - 1) / n
        S = A * (e2 / (a * A * A)) ** (k / 2)  # A Q^(n-1) of pure shear
        mu = 1 / (3 * a * S)
        C = A * (b * p * p) ** ((n - 1) / 2)  # A Q^(n-1) of pure pressure
        zero = np.zeros_like(mu)
        by_f = -mu * a_f / a * (1 - k / 2)
        return PointLaw(mu, -mu * k / (2 * e2), zero, by_f, b * p * C, zero, n * b * C, (n + 1) / 2 * b_f * p * C)


@dataclass(frozen=True)
class SinhLaw(MatrixLaw):
    """Power-law breakdown: rate = A B^-n sinh(B σ)^n; breakdown 1/B in MPa."""

    prefactor: float
    exponent: float
    breakdown: float
    porosity_switch: float = POROSITY_SWITCH

    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        n = self.exponent
        z = np.minimum(stress / self.breakdown, LARGEST_LOG / n)
        power = self.prefactor * (self.breakdown * np.sinh(z)) ** n / (z * self.breakdown)
        slope = np.where(z < LARGEST_LOG / n, power * (n / np.tanh(z) - 1 / z) / self.breakdown, 0.0)
        return power, slope

    def shear_stress(self, rate: Array) -> Array:
        shear = (rate / self.prefactor) ** (1 / self.exponent)
        return np.asarray(self.breakdown * np.arcsinh(shear / self.breakdown))

    def flow_stress(self, rate: float) -> float:
        power = float((rate / self.prefactor) ** (1 / self.exponent))
        return float(self.breakdown * np.arcsinh(power / self.breakdown))

    @property
    def dense(self) -> SinhLaw:
        return replace(self, porosity_switch=0.0)

    def faster(self, by: float) -> SinhLaw:
        return replace(self, prefactor=by * self.prefactor)

    def stronger(self, by: float) -> SinhLaw:
        return replace(self, prefactor=self.prefactor * by**-self.exponent, breakdown=by * self.breakdown)

    def easier(self, exponent: float, stress: float) -> SinhLaw:
        power = self.breakdown * np.sinh(min(stress / self.breakdown, LARGEST_LOG / self.exponent))
        prefactor = float(self.prefactor * power ** (self.exponent - exponent))
        return replace(self, exponent=exponent, prefactor=prefactor)

    @property
    def largest_stress(self) -> float:
        return float(min(LARGEST_STRESS, self.breakdown * LARGEST_TABLE_LOG / self.exponent))


@dataclass(frozen=True)
class WithDiffusion(MatrixLaw):
    """Diffusional flow in parallel to another law: rate + A1 σ; diffusional A1 in 1/s/MPa."""

    law: PowerLaw | SinhLaw
    diffusional: float

    @property
    def exponent(self) -> float:  # type: ignore[override]
        return self.law.exponent

    @property
    def porosity_switch(self) -> float:  # type: ignore[override]
        return self.law.porosity_switch

    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        power, slope = self.law.fluidity(stress)
        return power + self.diffusional, slope

    def shear_stress(self, rate: Array) -> Array:
        # Either mechanism alone needs a higher stress than both together.
        return np.minimum(self.law.shear_stress(rate), rate / self.diffusional)

    @property
    def dense(self) -> WithDiffusion:
        return replace(self, law=self.law.dense)

    def faster(self, by: float) -> WithDiffusion:
        return WithDiffusion(self.law.faster(by), by * self.diffusional)

    def stronger(self, by: float) -> WithDiffusion:
        """Small sizes reduce the number of dislocations; diffusional flow does not depend on
        them."""
        return replace(self, law=self.law.stronger(by))

    def easier(self, exponent: float, stress: float) -> WithDiffusion:
        return replace(self, law=self.law.easier(exponent, stress))

    @property
    def least_exponent(self) -> float:
        return 1.0

    @property
    def largest_stress(self) -> float:
        return self.law.largest_stress


def invert_fluidity(y2: Array, e: Array, law: MatrixLaw) -> Array:
    """Q > 0 with Q^2 - y2 - e/F(Q)^2 = 0 for any increasing F; y2 >= 0, e > 0 (e = e2/a). Relative
    error below 1e-12.

    Newton in ln Q for the logarithm of the equation. The start, the sum of the solutions for each
    term alone, is above the root.
    """
    q = np.sqrt(law.shear_stress(np.sqrt(e)) ** 2 + y2)
    for _ in range(NEWTON_STEPS):
        F, slope = law.fluidity(q)
        right = y2 + e / (F * F)
        change = np.log(right / (q * q)) / (2 + 2 * (e / (F * F)) * (slope * q / F) / right)
        q = q * np.exp(np.clip(change, -2.0, 2.0))
    return np.asarray(q)


def _assembled(p: Array, F: Array, F_e: Array, F_p: Array, F_f: Array, a: Array, a_f: Array, b: Array, b_f: Array) -> PointLaw:
    """mu = 1/(3aF), c = b p F and their derivatives from those of F."""
    mu = 1 / (3 * a * F)
    c_p = b * (F + p * F_p)
    return PointLaw(
        mu, -mu * F_e / F, -mu * F_p / F, -mu * (F_f / F + a_f / a), b * p * F, b * p * F_e, c_p, p * (b_f * F + b * F_f)
    )
