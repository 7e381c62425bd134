"""Random variations along Γ: factors of resistance, roughness and diffusivity at given positions,
in working units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # otherwise drawing a picture would import the mesher
    from cellfem.geometry.fields import LognormalField, Spots, Tessellation

Floats = NDArray[np.float64]
GRAIN_EDGE = 0.25
"""Width of the transition from grain to grain boundary, relative to the width of the boundary."""


@dataclass(frozen=True)
class GrainBoundaries:
    """Faces of a tessellation, `width` (µm) wide, with their own resistance (Ω m², 25 °C) and
    diffusivity (µm²/s, 25 °C)."""

    cells: Tessellation
    width: float
    resistance: float | None = None
    diffusivity: float | None = None

    def share(self, places: Floats) -> Floats:
        """1 on a boundary, 0 in a grain: ½[1 - tanh((distance - width/2)/(width/4))]."""
        return np.asarray(0.5 * (1 - np.tanh((self.cells.distance(places) - self.width / 2) / (GRAIN_EDGE * self.width))))


@dataclass(frozen=True)
class Impurities:
    """Spots of another resistance (Ω m², 25 °C) with edges of tanh length `edge` (µm)."""

    spots: Spots
    resistance: float
    edge: float

    def share(self, places: Floats) -> Floats:
        """1 in a spot, 0 outside."""
        return np.asarray(0.5 * (1 + np.tanh(self.spots.depth(places) / self.edge)))


@dataclass(frozen=True)
class Heterogeneity:
    """All random variations; None: uniform. Positions are (..., k) µm along Γ, k = 1 or 2."""

    resistance: LognormalField | None = None
    roughness: LognormalField | None = None
    grains: GrainBoundaries | None = None
    impurities: Impurities | None = None

    @property
    def varies_diffusivity(self) -> bool:
        """Whether the lithium has grain boundaries with their own diffusivity."""
        return self.grains is not None and self.grains.diffusivity is not None

    def resistance_at(self, places: Floats, mean: float) -> Floats:
        """ASR₀ at 25 °C (Ω m²): the field of the given mean, overridden by grain boundaries and
        then by impurities."""
        value = np.full(places.shape[:-1], mean)
        if self.resistance is not None:
            value *= self.resistance(places)
        if self.grains is not None and self.grains.resistance is not None:
            value += (self.grains.resistance - value) * self.grains.share(places)
        if self.impurities is not None:
            value += (self.impurities.resistance - value) * self.impurities.share(places)
        return value

    def roughness_at(self, places: Floats, mean: float) -> Floats:
        """δ (µm)."""
        return mean * (np.ones(places.shape[:-1]) if self.roughness is None else self.roughness(places))

    def diffusion_factor(self, places: Floats, diffusivity: float) -> Floats:
        """D(x)/D of the grains. diffusivity: that of the grains at 25 °C, µm²/s; grain boundaries
        are perpendicular to Γ."""
        if self.grains is None or self.grains.diffusivity is None:
            return np.ones(places.shape[:-1])
        return 1 + (self.grains.diffusivity / diffusivity - 1) * self.grains.share(places)
