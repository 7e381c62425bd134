"""Porous creep after Leblond, Perrin & Suquet (1994, Int. J. Plasticity 10, 213), evaluated at
points with derivatives.

For a matrix with rate = A sigma^n the gauge stress Λ of a state (sigma_e, p, f) is the root of

    (1 + 2f/3) (sigma_e/Λ)² + f [h + k/h] = 1 + k f²,    k = (n-1)/(n+1),    h = [1 + (3x/2)^((n+1)/n)/n]^n,    x = |p|/Λ

and the strain rate follows from the potential A Λ^(n+1)/(n+1). n = 1 is the bound of Hashin and
Shtrikman, n -> ∞ Gurson's surface, sigma_e = 0 the hollow sphere exactly. In the dilute limit at
given stresses the compaction is proportional to f, where Michel and Suquet's ellipse has
f^(2/(n+1)).

With Λ² = Λ₀² + exp(w), Λ₀ the gauge stress of p alone, the law for a given strain rate is one
equation for w. Derivatives follow from the implicit function theorem, with partial derivatives by
complex steps (exact to round-off).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cellfem.physics.ellipse import Array, Numbers, invert_stress_measure

PRESSURE_FLOOR = 1e-3
"""MPa: |p| is √(p² + this²), because the compaction grows as p^(1/n) from p = 0."""
STEPS, CONVERGED = 30, 1e-12
"""Most iterations of Newton's method in (w, ln rate), in which the equation is nearly linear: 5 to
8 for n 1…7 and f up to 0.6."""
_TINY = 1e-40


class Values(NamedTuple):
    """ln of the equivalent strain rate, sigma_e and the compaction rate; complex during
    differentiation."""

    log_rate: Numbers
    stress: Numbers
    compaction: Numbers


def gauge_of_pressure(p: Array, f: Array, n: float) -> Array:
    """Λ₀, the gauge stress of p alone: p/x with h(x) = 1/f."""
    top = (2 / 3) * (n * (f ** (-1 / n) - 1)) ** (n / (n + 1))
    return np.asarray(np.sqrt(p * p + PRESSURE_FLOOR**2) / top)


def evaluate(w: Numbers, p: Numbers, f: Numbers, prefactor: float, n: float) -> Values:
    """The law as a function of the stresses; all arguments may be complex."""
    k, a = (n - 1) / (n + 1), 1 + 2 * f / 3
    p2 = p * p + PRESSURE_FLOOR**2
    top2 = (4 / 9) * (n * (f ** (-1 / n) - 1)) ** (2 * n / (n + 1))
    gauge2 = p2 / top2 + np.exp(w)
    # u = (3x/2)^((n+1)/n)/n and its difference from u₀ = f^(-1/n) - 1, where h = 1/f, without
    # cancellation for small exp(w).
    u0 = f ** (-1 / n) - 1
    ratio = -_log1p(np.exp(w) * top2 / p2) * (n + 1) / (2 * n)  # ln(u/u₀)
    u = u0 * np.exp(ratio)
    h = (1 + u) ** n
    below = n * _log1p(u0 * _expm1(ratio) / (1 + u0))  # ln(h f) ≤ 0
    hf = np.exp(below)
    # 1 + k f² - f(h + k/h) = (1 - hf)(1 - k f²/(hf))
    share = -_expm1(below) * (1 - k * f * f / hf)
    pressing = f * (n + 1) * (1 + u) ** (n - 1) * u * (1 - k / (h * h))  # x dG/dx
    norm = 2 * share + pressing
    power = prefactor * gauge2 ** (n / 2)
    log_rate = np.log(power * 2 * np.sqrt(a * share) / norm)
    return Values(log_rate, np.sqrt(gauge2 * share / a), power * np.sqrt(gauge2) * pressing * p / (p2 * norm))


def _log1p(z: Numbers) -> Numbers:
    """log(1 + z), accurate for small z, real or with an infinitesimal imaginary part."""
    if np.iscomplexobj(z):
        return np.asarray(np.log1p(z.real) + 1j * z.imag / (1 + z.real))
    return np.asarray(np.log1p(z))


def _expm1(z: Numbers) -> Numbers:
    if np.iscomplexobj(z):
        return np.asarray(np.expm1(z.real) + 1j * z.imag * np.exp(z.real))
    return np.asarray(np.expm1(z))


def invert(rate: Array, p: Array, f: Array, prefactor: float, n: float) -> Array:
    """w at which the equivalent strain rate is `rate` (1/s, > 0)."""
    of_pressure = gauge_of_pressure(p, f, n) ** 2
    shear = (rate / prefactor) ** 2 / (1 + 2 * f / 3)
    # Michel and Suquet's ellipse has the same two limits.
    w = np.log(shear) + (1 - n) * np.log(invert_stress_measure(of_pressure, shear, n))
    for _ in range(STEPS):
        here = evaluate(w + 1j * _TINY, p, f, prefactor, n).log_rate
        step = (np.log(rate) - here.real) / (here.imag / _TINY)
        w = w + np.clip(step, -10.0, 10.0)
        if np.abs(step).max(initial=0.0) < CONVERGED:
            break
    return np.asarray(w)


def derivatives(e2: Array, p: Array, f: Array, prefactor: float, n: float) -> tuple[Array, ...]:
    """mu, mu_e, mu_p, mu_f, c, c_e, c_p, c_f as in `PointLaw`."""
    rate = np.sqrt(e2)
    w = invert(rate, p, f, prefactor, n)
    by_w, by_p, by_f = (
        evaluate(w + 1j * _TINY * i, p + 1j * _TINY * j, f + 1j * _TINY * k, prefactor, n)
        for i, j, k in ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    stress, c = by_w.stress.real, by_w.compaction.real
    slopes = [[np.asarray(part.imag / _TINY) for part in by] for by in (by_w, by_p, by_f)]
    w_e = 1 / (2 * e2) / slopes[0][0]
    w_p, w_f = -slopes[1][0] / slopes[0][0], -slopes[2][0] / slopes[0][0]
    mu = stress / (3 * rate)
    stress_by = [slopes[0][1] * w_e, slopes[1][1] + slopes[0][1] * w_p, slopes[2][1] + slopes[0][1] * w_f]
    c_by = [slopes[0][2] * w_e, slopes[1][2] + slopes[0][2] * w_p, slopes[2][2] + slopes[0][2] * w_f]
    return (
        mu,
        stress_by[0] / (3 * rate) - mu / (2 * e2),
        stress_by[1] / (3 * rate),
        stress_by[2] / (3 * rate),
        c,
        *c_by,
    )
