"""Creep with an evolving resistance S of the matrix (Anand & Narayan 2019, J. Electrochem. Soc.
166, A1092).

    rate = A₁ (sigma/S)^(1/m),     dS/dt = H₀ |1 - S/S_s|^a sign(1 - S/S_s) rate,     S_s = S* (rate/A₁)^(n_s)

In porous lithium sigma is Michel and Suquet's Q and `rate` that of the matrix, A₁ (Q/S)^(1/m). At a
constant rate S approaches S_s, and the steady law is a power law of exponent 1/(m + n_s) = 5. The
resistance at a point is advanced implicitly with the time scheme of the other unknowns, c0 S + past
= dS/dt, together with the inversion of the law: two equations for (ln Q², S). S is not advected: it
stays at the point of the reference block, which is an error if lithium moves through the block by
more than the length over which S varies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cellfem.physics.ellipse import Array, Numbers, bulk_softening, invert_stress_measure, shear_softening

STEPS = 80
"""Most iterations for S: 3 to 6 are usual; bisection takes over if the strain of a step is large.
"""
CONVERGED = 1e-13
_BOUNDS = (1e-4, 1e4)  # tolerance of S relative to its initial value
_TINY = 1e-40


@dataclass(frozen=True)
class Hardening:
    """Parameters at the present temperature: rate A₁ (1/s), 1/m, H₀, S*, initial S (MPa), exponents
    a and n_s."""

    rate: float
    exponent: float
    modulus: float
    saturation: float
    initial: float
    power: float
    sensitivity: float

    @property
    def prefactor(self) -> float:
        """A of the power law at the initial resistance, 1/s/MPa^(1/m)."""
        return float(self.rate * self.initial**-self.exponent)

    def limit(self, log_rate: Numbers) -> Numbers:
        """S_s, MPa."""
        return np.asarray(self.saturation * np.exp(self.sensitivity * (log_rate - np.log(self.rate))))

    def growth(self, resistance: Numbers, log_rate: Numbers) -> Numbers:
        """dS/dt, MPa/s, at ln(rate)."""
        off = 1 - resistance / self.limit(log_rate)
        sign = np.where(off.real > 0, 1.0, -1.0)
        return self.modulus * sign * (sign * off + 1e-30) ** self.power * np.exp(log_rate)


class History(NamedTuple):
    """dS/dt = c0 S + past at each point."""

    c0: float
    past: Array


class _Values(NamedTuple):
    first: Numbers  # Q² relative to the stress measure from strain rate and p, logarithmic
    second: Numbers  # rate of S minus its growth, over c0 S₀
    log_mu: Numbers
    compaction: Numbers


class Hardened(NamedTuple):
    """mu, c and their derivatives with respect to e2, p, f (as `PointLaw`), and the new
    resistance."""

    planes: tuple[Array, ...]
    resistance: Array


@dataclass(frozen=True)
class _Points:
    """One set of points: all values that are constant during the solution for Q and S."""

    prefactor: float
    n: float
    switch: float
    hardening: Hardening
    history: History

    def values(self, log_q: Numbers, resistance: Numbers, e2: Numbers, p: Numbers, f: Numbers) -> _Values:
        n, h = self.n, self.hardening
        a, b = shear_softening(f, n)[0], bulk_softening(f, n, self.switch)[0]
        log_A = np.log(self.prefactor) - n * np.log(resistance / h.initial)
        first = log_q - np.log(b * p * p + e2 / a * np.exp((1 - n) * log_q - 2 * log_A))
        growth = h.growth(resistance, log_A + n * log_q / 2)
        second = (self.history.c0 * resistance + self.history.past - growth) / (self.history.c0 * h.initial)
        log_f = log_A + (n - 1) * log_q / 2
        return _Values(first, second, -np.log(3 * a) - log_f, b * p * np.exp(log_f))


def hardened_law(
    e2: Array, p: Array, f: Array, prefactor: float, n: float, switch: float, hardening: Hardening, history: History
) -> Hardened:
    """The law and the new resistance at points; e2 > 0 (1/s²), f inside its bounds."""
    points = _Points(prefactor, n, switch, hardening, history)
    log_q, resistance = _resistance(points, e2, p, f)
    by = [
        points.values(*(value + 1j * _TINY * share for value, share in zip((log_q, resistance, e2, p, f), shares, strict=True)))
        for shares in np.eye(5)
    ]
    mu, c = np.exp(by[0].log_mu.real), by[0].compaction.real
    mu_by, c_by = [], []
    for own_step in by[2:]:
        q_by, s_by = _solve(by[0], by[1], -_slope(own_step.first), -_slope(own_step.second))
        mu_by.append(mu * (_slope(own_step.log_mu) + _slope(by[0].log_mu) * q_by + _slope(by[1].log_mu) * s_by))
        c_by.append(_slope(own_step.compaction) + _slope(by[0].compaction) * q_by + _slope(by[1].compaction) * s_by)
    return Hardened((mu, *mu_by, c, *c_by), resistance)


def _resistance(points: _Points, e2: Array, p: Array, f: Array) -> tuple[Array, Array]:
    """(ln Q², S): Newton's method in ln S, kept between bounds that enclose the root, with Q by its
    own inversion."""
    n, h, (c0, past) = points.n, points.hardening, points.history
    a, b = shear_softening(f, n)[0], bulk_softening(f, n, points.switch)[0]
    y2, e = b * p * p, e2 / (a * points.prefactor**2)
    log_s = np.log(np.maximum(-past / c0, _BOUNDS[0] * h.initial))
    low, high = (np.full_like(log_s, np.log(bound * h.initial)) for bound in _BOUNDS)
    for _ in range(STEPS):
        eased = np.exp(2 * n * (log_s - np.log(h.initial)))
        q = invert_stress_measure(y2, e * eased, n)
        shear = 1 - y2 / q  # share of the strain rate in Q²
        log_rate = np.log(points.prefactor) - n * (log_s - np.log(h.initial)) + n / 2 * np.log(q)
        rate_by = -n * (1 - shear) / (1 + (n - 1) * shear)
        s = np.exp(log_s)
        growth = h.growth(s, log_rate)
        ratio = s / h.limit(log_rate)
        growth_by = h.modulus * h.power * np.abs(1 - ratio) ** (h.power - 1) * -ratio * (1 - h.sensitivity * rate_by)
        left = c0 * s + past - growth
        slope = c0 * s - growth_by * np.exp(log_rate) - growth * rate_by
        low, high = np.where(left < 0, log_s, low), np.where(left > 0, log_s, high)
        wanted = log_s - left / np.where(slope > 0, slope, np.inf)
        inside = (wanted > low) & (wanted < high) & (slope > 0)
        after = np.where(left == 0, log_s, np.where(inside, wanted, (low + high) / 2))
        change, log_s = np.abs(after - log_s).max(initial=0.0), after
        if change < CONVERGED:
            break
    eased = np.exp(2 * n * (log_s - np.log(h.initial)))
    return np.log(invert_stress_measure(y2, e * eased, n)), np.exp(log_s)


def _slope(value: Numbers) -> Array:
    return np.asarray(value.imag / _TINY)


def _solve(by_q: _Values, by_s: _Values, right_1: Array, right_2: Array) -> tuple[Array, Array]:
    """The two equations, linearised in (ln Q², S), by Cramer's rule."""
    a, b, c, d = _slope(by_q.first), _slope(by_s.first), _slope(by_q.second), _slope(by_s.second)
    det = a * d - b * c
    return (d * right_1 - b * right_2) / det, (a * right_2 - c * right_1) / det
