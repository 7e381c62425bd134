"""The critical current of a uniform face in one dimension, in milliseconds: the reference for the
map of an uneven face.

A column of lithium above Γ under uniaxial strain and P, stripped at s = iΩ/F while no lattice
planes are removed (f < 0.85 f_c):

    ∂f/∂t - ∂/∂y[(1-f) v + D ∂f/∂y] = 0,   ∂v/∂y = -C(f),   v(0) = 0,   D ∂f/∂y(0) = -s

C(f), the compaction rate at σ_yy = -P, follows from the porous creep law of `physics.creep`,
without a floor of the strain rate. Solved by finite volumes and the method of lines (scipy). Units:
µm, s, MPa, mA/cm².
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.integrate is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem import materials
from cellfem.physics.creep import MatrixLaw, PowerLaw, SinhLaw, WithDiffusion
from cellfem.physics.creep.law import POROSITY_FLOOR
from cellfem.physics.ellipse import bulk_softening, shear_softening
from cellfem.units import A_M2, FARADAY, T_REFERENCE

Array = NDArray[np.float64]
CELLS, FINEST = 60, 0.02
"""Number of cells of the column, and height of the lowest cell relative to the depth that vacancies
reach."""


@dataclass(frozen=True)
class Column:
    """Material of the column. diffusivity in µm²/s; f_c: porosity at coalescence."""

    law: MatrixLaw
    diffusivity: float = 8e-3
    f_c: float = 0.2

    def surface_porosity(self, pressure: float, current: float, duration: float, stop: float = math.inf) -> tuple[float, float]:
        """(f at Γ, time) after `duration` s of stripping at `current` mA/cm², or as soon as f at Γ
        reaches `stop`."""
        s = recession(current)
        faces = self._faces(s, duration)
        height, middle = np.diff(faces), 0.5 * (faces[1:] + faces[:-1])
        apart = np.diff(middle)

        def at_gamma(f: Array) -> float:
            return float(f[0] + s * middle[0] / self.diffusivity)

        def rate(_: float, f: Array) -> Array:
            v = -np.cumsum(uniaxial_compaction(self.law, f, pressure) * height)  # at the upper face of each cell
            above = np.append(f[1:], 0.0)
            flux = (1 - 0.5 * (f + above)) * v
            flux[:-1] += self.diffusivity * np.diff(f) / apart
            return np.asarray(np.diff(np.concatenate([[-s], flux])) / height)

        def reached(_: float, f: Array) -> float:
            return at_gamma(f) - stop

        reached.terminal = True  # type: ignore[attr-defined]
        # The velocity depends on all cells below; a Jacobian without that is enough for the
        # solver's Newton steps.
        events = reached if math.isfinite(stop) else None
        start, precision = np.zeros(CELLS), {"rtol": 1e-5, "atol": 1e-7}
        found = scipy.integrate.solve_ivp(rate, (0.0, duration), start, "LSODA", events=events, **precision, lband=1, uband=1)
        if not found.success:
            raise RuntimeError(f"column at {pressure:g} MPa and {current:g} mA/cm²: {found.message}")
        return at_gamma(found.y[:, -1]), float(found.t[-1])

    def fails(self, pressure: float, current: float, duration: float, share: float = 0.5) -> bool:
        """Whether f at Γ reaches `share` f_c, so that at most 1 - share of the touching area
        carries current."""
        return self.surface_porosity(pressure, current, duration, share * self.f_c)[0] >= share * self.f_c * (1 - 1e-6)

    def critical_current(self, pressure: float, duration: Callable[[float], float], share: float = 0.5) -> float:
        """The current (mA/cm²) at which f at Γ just reaches `share` f_c. duration: of the test (s),
        as a function of the current."""

        def over(log_current: float) -> float:
            current = math.exp(log_current)
            f, _ = self.surface_porosity(pressure, current, duration(current), 3 * share * self.f_c)
            return f - share * self.f_c

        low = math.log(self.f_c * share * math.sqrt(math.pi * self.diffusivity / 4 / duration(1.0)) / recession(1.0))
        while over(low) > 0:  # initial guess: Sand's current without creep, for a test of fixed duration
            low -= 1.0
        high = low + 0.5
        while over(high) < 0:
            low, high = high, high + 1.0
        return math.exp(scipy.optimize.brentq(over, low, high, xtol=3e-3))

    def _faces(self, s: float, duration: float) -> Array:
        """Faces of the cells, refined towards Γ by the layer f_c D/s; the column is six diffusion
        lengths deep."""
        diffused = math.sqrt(self.diffusivity * duration)
        depth, layer = 6 * diffused, min(diffused, self.f_c * self.diffusivity / s)
        first = FINEST * layer
        ratio = 1.0
        if first * CELLS < depth:
            ratio = scipy.optimize.brentq(lambda q: first * (q**CELLS - 1) / (q - 1) - depth, 1 + 1e-9, 3.0)
        heights = first * ratio ** np.arange(CELLS)
        return np.concatenate([[0.0], np.cumsum(heights)])


def column(creep: str = "masias", diffusional: float = 0.0, breakdown: float = math.inf, diffusivity: float = 8e-3) -> Column:
    """A column with a named creep set at 25 °C. diffusional: linear creep in parallel, 1/s/MPa;
    breakdown: in MPa."""
    law = materials.creep_set(creep)
    matrix: PowerLaw | SinhLaw = PowerLaw(law.A(T_REFERENCE), law.n)
    if math.isfinite(breakdown):
        matrix = SinhLaw(law.A(T_REFERENCE), law.n, breakdown)
    return Column(WithDiffusion(matrix, diffusional) if diffusional > 0 else matrix, diffusivity)


def recession(current: float) -> float:
    """s = iΩ/F in µm/s at a current in mA/cm²."""
    return A_M2 * current * materials.lithium().molar_volume / FARADAY


def uniaxial_compaction(law: MatrixLaw, f: Array, pressure: float) -> Array:
    """C (1/s) of porosities f under σ_yy = -pressure (MPa) without lateral strain, for any fluidity
    F(Q) of the matrix.

    b p F = C = (9/4) a F (P - p): p = P/(1 + 4b/9a), Q² = a (3/2)² (P - p)² + b p², C = b p F(Q).
    """
    inside = np.maximum(f, POROSITY_FLOOR)
    a, _ = shear_softening(inside, law.exponent)
    b, _ = bulk_softening(inside, law.exponent, law.porosity_switch)
    p = pressure / (1 + 4 * b / (9 * a))
    fluidity, _ = law.fluidity(np.sqrt(2.25 * a * (pressure - p) ** 2 + b * p**2))
    return np.asarray(b * p * fluidity)
