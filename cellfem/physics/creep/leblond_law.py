"""A power law with pores after Leblond, Perrin & Suquet (see `physics.leblond`)."""

from __future__ import annotations

from dataclasses import dataclass

from cellfem.physics import leblond
from cellfem.physics.creep.law import PointLaw, of_planes, within_bounds
from cellfem.physics.creep.porous import PowerLaw
from cellfem.physics.ellipse import Array


@dataclass(frozen=True)
class LeblondLaw(PowerLaw):
    """rate = A σ^n of the matrix; in the dilute limit compaction is proportional to f. Needs no
    porosity switch."""

    def points(self, e2: Array, p: Array, f: Array) -> PointLaw:
        f, inside = within_bounds(f)
        return of_planes(leblond.derivatives(e2, p, f, self.prefactor, self.exponent), inside)
