"""Typical sizes of the unknowns, by which corrections and balances are scaled."""

from __future__ import annotations

from dataclasses import dataclass

from cellfem.model.build import Model
from cellfem.model.equations.contact import contact_law
from cellfem.model.load import Load
from cellfem.model.parameters import Material
from cellfem.model.positions import Indices, Positions
from cellfem.physics.kinetics import SPEED
from cellfem.units import FARADAY, GAS_CONSTANT

FORCE_SCALE = 0.1  # MPa, used if there is no load
SLOW_FLOW = 1e-2  # of the velocity due to the exchange current: for lithium at rest


@dataclass(frozen=True, kw_only=True)
class Scales:
    """Typical sizes of each unknown, and of the balances of force and charge; working units."""

    velocity: float
    pressure: float
    porosity: float
    gap: float
    openness: float
    curvature: float
    potential: float
    travel: float
    far: float
    force: float  # MPa
    current: float  # A/m²

    def parts(self, at: Positions) -> list[tuple[float, Indices]]:
        """Size and positions of each unknown."""
        return [
            (self.velocity, at.velocity),
            (self.pressure, at.pressure),
            (self.porosity, at.porosity),
            (self.gap, at.gap),
            (self.openness, at.gap + 1),
            (self.curvature, at.gap + 2),
            (self.velocity, at.gap + 3),
            (self.potential, at.potential),
            (self.travel, at.travel),
            (self.far, at.far),
            (self.travel, at.second_travel),
        ]


def scales_of(model: Model, load: Load, material: Material) -> Scales:
    """Scales of a model under a load, from its currents and pressures."""
    face = model.interface
    thermal = GAS_CONSTANT * material.temperature / FARADAY
    force = max(load.pressure, FORCE_SCALE)
    clean = face.resistance * material.resistance_factor
    ohmic = model.domain.electrolyte_thickness / material.conductivity
    current = load.control.current_through(model.domain.electrodes * clean + ohmic)
    speed = SPEED * max(current, thermal / clean)
    return Scales(
        velocity=SPEED * current if current else SLOW_FLOW * speed,
        pressure=force,
        porosity=face.f_c,
        gap=contact_law(model.structure).size(force, face.delta),
        openness=1.0,
        curvature=1.0,
        potential=thermal,
        travel=face.delta,
        far=thermal,
        force=force,
        current=load.control.balance_size(thermal / face.resistance),
    )
