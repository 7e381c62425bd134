"""Creep with an evolving resistance S (see `physics.hardening`), softened by pores with Michel and
Suquet's ellipse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from cellfem.physics.creep.law import CreepLaw, PointLaw, of_planes, within_bounds
from cellfem.physics.creep.porous import POROSITY_SWITCH, PowerLaw
from cellfem.physics.ellipse import Array
from cellfem.physics.hardening import Hardening, History, hardened_law


@dataclass(frozen=True)
class AnandLaw(CreepLaw):
    """rate = A₁ (σ/S)^(1/m), S by its own rate equation. Methods without history, such as
    `fluidity`, are those of fresh lithium.

    prefactor and exponent: of the power law at the initial resistance; a start changes them.
    """

    prefactor: float
    exponent: float
    hardening: Hardening
    porosity_switch: float = POROSITY_SWITCH

    @cached_property
    def fresh(self) -> PowerLaw:
        """The power law at the initial resistance."""
        return PowerLaw(self.prefactor, self.exponent, self.porosity_switch)

    def points(self, e2: Array, p: Array, f: Array) -> PointLaw:
        """The law of fresh lithium; a run uses `advanced`."""
        return self.fresh.points(e2, p, f)

    def advanced(self, e2: Array, p: Array, f: Array, history: History) -> tuple[PointLaw, Array]:
        """The law at points, and the resistance S (MPa) at the end of the step that `history`
        describes."""
        f, inside = within_bounds(f)
        found = hardened_law(e2, p, f, self.prefactor, self.exponent, self.porosity_switch, self.hardening, history)
        return of_planes(found.planes, inside), found.resistance

    def at_resistance(self, resistance: Array) -> PowerLaw:
        """The power law at these resistances (MPa), with one prefactor for each."""
        eased = (self.hardening.initial / resistance) ** self.exponent
        return replace(self.fresh, prefactor=self.prefactor * eased)  # type: ignore[arg-type]  # an array serves too

    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        return self.fresh.fluidity(stress)

    def flow_stress(self, rate: float) -> float:
        return self.fresh.flow_stress(rate)

    @property
    def dense(self) -> PowerLaw:
        return self.fresh.dense

    def faster(self, by: float) -> AnandLaw:
        hardening = replace(self.hardening, rate=by * self.hardening.rate)
        return replace(self, prefactor=by * self.prefactor, hardening=hardening)

    def stronger(self, by: float) -> AnandLaw:
        h = self.hardening
        harder = replace(h, modulus=by * h.modulus, saturation=by * h.saturation, initial=by * h.initial)
        return replace(self, prefactor=harder.prefactor * (self.prefactor / h.prefactor), hardening=harder)

    def easier(self, exponent: float, stress: float) -> AnandLaw:
        prefactor = float(self.prefactor * stress ** (self.exponent - exponent))
        return replace(self, exponent=exponent, prefactor=prefactor)

    @property
    def initial_resistance(self) -> float:
        return self.hardening.initial
