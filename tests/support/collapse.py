"""Exact closure rates of hollow cylinders and spheres that creep."""

import numpy as np

A, PRESSURE, RATIO = 7.7e-3, 3.0, 10.0  # 1/s/MPa^n, MPa, outer over inner radius


def sphere_rate(n: float, ratio: float) -> float:
    """-ȧ/a = (A/2)[(3Δp/2n)/(1 - (a/b)^(3/n))]^n (Wilkinson & Ashby 1975)."""
    return A / 2 * (1.5 * PRESSURE / n / (1 - ratio ** (-3 / n))) ** n


def cylinder_rate(n: float, ratio: float) -> float:
    """-ȧ/a = (√3/2) A [(√3 Δp/n)/(1 - (a/b)^(2/n))]^n, plane strain."""
    return np.sqrt(3) / 2 * A * (np.sqrt(3) * PRESSURE / n / (1 - ratio ** (-2 / n))) ** n
