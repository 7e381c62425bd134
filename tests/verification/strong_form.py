"""The strong form of all equations in numpy, and smooth fields to put into it.

Written independently from the equations, in true coordinates, with derivatives by differences of sixth
order, so that a term that is missing or wrong in the weak form shows as a lost order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cellfem.model.parameters import Interface, Material
from cellfem.physics.creep import PowerLaw
from tests.verification.stacks import Array

WIDTH, THICKNESS = 8.0, 6.0
WAVE = np.pi / WIDTH
STEP = 0.08  # of the differences, µm
FARADAY, GAS, OMEGA = 96485.33212, 8.31446261815324, 13.0e-6
INTERFACE = Interface(
    1e-4, delta=1.0, stiffness=20.0, half_pressure=0.2, f_c=0.6, length=1.5, surface_tension=0.5, removal_rate=0.5
)
CREEP = PowerLaw(0.1, 3.0)
MATERIAL = Material(CREEP, 0.5, 2e4, 1.0, 298.15)
FLOOR = 1e-3

Time = Array | float
Field = Callable[[Array, Array, Time], Array]


@dataclass(frozen=True)
class Exact:
    """Fields of (x, y, t) in true coordinates, those of Γ of (x, t), even or odd about both mirror
    planes; v_y is 0 on top."""

    slope: float = 0.5  # amplitude of the map, µm
    waviness: float = 0.06  # of f
    tension: float = INTERFACE.surface_tension
    travel: float = 4.5  # U: then g/δ lies between 3 and 6, inside the smoothstep
    far: float = -0.08

    def velocity(self, x: Array, y: Array, t: Time) -> Array:
        s = y / THICKNESS
        return 0.3 * (1 + 0.3 * t) * np.stack([np.sin(WAVE * x) * (1 + 0.5 * s), (1 - s) * (0.7 + np.cos(WAVE * x) * (1 + s))])

    def pressure(self, x: Array, y: Array, t: Time) -> Array:
        return 1.0 + 0.4 * (1 + t) * np.cos(WAVE * x) * np.cos(2 * y / THICKNESS)

    def porosity(self, x: Array, y: Array, t: Time) -> Array:
        """Linear (and so exact in P1) but for the wave; stays on the straight part of the removal
        ramp on Γ."""
        return 0.44 - 0.004 * y + self.waviness * (1 + t) * np.cos(WAVE * x) * np.cos(1.5 * y / THICKNESS)

    def map(self, X: Array, Y: Array, t: Time) -> Array:
        return self.slope * (1 + 0.5 * t) * np.cos(WAVE * X) * (1 - Y / THICKNESS) ** 2

    def openness(self, x: Array, t: Time) -> Array:
        return 0.6 + 0.2 * (1 - 0.5 * t) * np.cos(WAVE * x)

    def potential(self, x: Array, y: Array, t: Time) -> Array:
        """Less Φ, zero at the far side."""
        return -0.06 * (1 + y / THICKNESS) * (1 + 0.5 * np.cos(WAVE * x) * np.exp(y / THICKNESS)) * (1 + 0.2 * t)


SHARES = (3 / 4, -3 / 20, 1 / 60)


def derivative(f: Callable[[Array], Array], z: Array) -> Array:
    """f'(z), sixth order."""
    return np.asarray(sum(c * (f(z + k * STEP) - f(z - k * STEP)) for k, c in enumerate(SHARES, 1)) / STEP)


def gradient(f: Field, x: Array, y: Array, t: Time) -> tuple[Array, Array]:
    return derivative(lambda a: f(a, y, t), x), derivative(lambda b: f(x, b, t), y)


def stress_measure(e2: Array, p: Array, a: Array, b: Array) -> Array:
    """Q of Michel and Suquet's law: 1 = e2/(a A²) Q^-2n + b p² Q^-2, by Newton in ln Q from below
    (concave: no overshoot)."""
    n, A = CREEP.exponent, CREEP.prefactor
    first, second = e2 / (a * A * A), b * p * p
    s = np.maximum(np.log(first) / (2 * n), 0.5 * np.log(np.maximum(second, 1e-300)))
    for _ in range(12):
        one, two = first * np.exp(-2 * n * s), second * np.exp(-2 * s)
        s = s - (1 - one - two) / (2 * n * one + 2 * two)
    return np.exp(s)


@dataclass(frozen=True)
class StrongForm:
    """What is left over when the exact fields are put into the equations."""

    exact: Exact
    axisymmetric: bool = False
    switch: float = 1e-4

    def over_radius(self, value: Array, x: Array) -> Array:
        """value/r about an axis, else 0."""
        return value / x if self.axisymmetric else np.zeros_like(value)

    def strain_rate(self, x: Array, y: Array, t: Time) -> tuple[Array, Array, Array, Array]:
        """xx, yy, hoop, xy."""
        vx, vy = gradient(self.exact.velocity, x, y, t)
        return vx[0], vy[1], self.over_radius(self.exact.velocity(x, y, t)[0], x), (vy[0] + vx[1]) / 2

    def law(self, x: Array, y: Array, t: Time) -> tuple[Array, Array]:
        """Stress (xx, yy, hoop, xy) and volume rate plus compaction, ∇·v + c."""
        n, A = CREEP.exponent, CREEP.prefactor
        xx, yy, hoop, xy = self.strain_rate(x, y, t)
        p, f = self.exact.pressure(x, y, t), self.exact.porosity(x, y, t)
        volume = xx + yy + hoop
        dev = np.stack([xx - volume / 3, yy - volume / 3, hoop - volume / 3, xy])
        e2 = 2 / 3 * (dev[0] ** 2 + dev[1] ** 2 + dev[2] ** 2 + 2 * xy**2) + FLOOR**2
        k = 2 * n / (n + 1)
        a = (1 + 2 * f / 3) * (1 - f) ** -k
        b = 2.25 * (n * (f ** (-1 / n) - 1)) ** -k * f / (f + self.switch)
        rate = A * stress_measure(e2, p, a, b) ** (n - 1)
        return 2 / 3 * dev / (a * rate) - p * np.array([1.0, 1.0, 1.0, 0.0])[:, None], volume + b * p * rate

    def stress(self, x: Array, y: Array, t: Time) -> Array:
        return self.law(x, y, t)[0]

    def momentum(self, x: Array, y: Array, t: Time) -> Array:
        """-∇·σ."""
        sx, sy = gradient(self.stress, x, y, t)
        s = self.stress(x, y, t)
        return -np.stack([sx[0] + sy[3] + self.over_radius(s[0] - s[2], x), sx[3] + sy[1] + self.over_radius(s[3], x)])

    def lithium(self, x: Array, y: Array, t: Time) -> Array:
        """-(∂f/∂t + v·∇f - (1-f) ∇·v - ∇·D∇f)."""
        f, v = self.exact.porosity, self.exact.velocity(x, y, t)
        fx, fy = gradient(f, x, y, t)
        f_t = derivative(lambda s: f(x, y, s), np.full_like(x, t))
        fxx = derivative(lambda a: gradient(f, a, y, t)[0], x)
        fyy = derivative(lambda b: gradient(f, x, b, t)[1], y)
        xx, yy, hoop, _ = self.strain_rate(x, y, t)
        laplacian = fxx + fyy + self.over_radius(fx, x)
        return -(f_t + v[0] * fx + v[1] * fy - (1 - f(x, y, t)) * (xx + yy + hoop) - MATERIAL.diffusivity * laplacian)

    def charge(self, x: Array, y: Array, t: Time) -> Array:
        """-∇·κ∇φ."""
        phi = self.exact.potential
        pxx = derivative(lambda a: gradient(phi, a, y, t)[0], x)
        pyy = derivative(lambda b: gradient(phi, x, b, t)[1], y)
        return -MATERIAL.conductivity * (pxx + pyy + self.over_radius(gradient(phi, x, y, t)[0], x))

    def contact(self, gap: Array) -> tuple[Array, Array, Array]:
        """Contact pressure, touching share and openness of a gap."""
        z = gap / INTERFACE.delta
        pressure = INTERFACE.stiffness * INTERFACE.delta * np.log1p(np.exp(-z))
        s = np.clip((z - 3) / 3, 0, 1)
        return pressure, pressure / (pressure + INTERFACE.half_pressure) * (1 - s * s * (3 - 2 * s)), (1 + np.tanh(z - 6)) / 2

    def current(self, x: Array, gap: Array, f: Array, t: Time) -> Array:
        """Butler-Volmer, A/m²."""
        pressure, touching, _ = self.contact(gap)
        free = 1 - 0.01 * np.log1p(np.exp(f / 0.01)) / INTERFACE.f_c
        share = touching * 0.05 * np.log1p(np.exp(free / 0.05))
        eta = -(self.exact.potential(x, 0 * x, t) + self.exact.far) + OMEGA * pressure * 1e6 / FARADAY
        thermal = GAS * MATERIAL.temperature / FARADAY
        return share * thermal / INTERFACE.resistance * (np.exp(eta / (2 * thermal)) - np.exp(-eta / (2 * thermal)))

    def removal(self, x: Array, f: Array, t: Time) -> Array:
        above = f - 0.85 * INTERFACE.f_c * (1 - self.exact.openness(x, t))
        assert above.min() > 0.01 - 1e-12, "the manufactured porosity leaves the straight part of the ramp"
        return INTERFACE.removal_rate * (above - 0.005)

    def curvature(self, x: Array, t: Time) -> Array:
        """H of the surface m(x), > 0 where the lithium bulges out: ∇·(∇m/√(1+|∇m|²))."""

        def slope(a: Array) -> Array:
            return gradient(self.exact.map, a, 0 * a, t)[0]

        stretch = np.sqrt(1 + slope(x) ** 2)
        return derivative(slope, x) / stretch**3 + self.over_radius(slope(x), x) / stretch

    def lost(self, x: Array, t: Time) -> Array:
        """(1-f) d per area of the reference."""
        m, m_x = self.exact.map(x, 0 * x, t), gradient(self.exact.map, x, 0 * x, t)[0]
        f = self.exact.porosity(x, m, t)
        return (1 - f) * self.removal(x, f, t) * np.sqrt(1 + m_x**2)
