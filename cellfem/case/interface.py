"""The interface, its voids at the start, and spots of another resistance."""

import math
from typing import Annotated, Literal

from cellfem.case.fields import (
    ActivationEnergy,
    AreaResistance,
    Length,
    Place,
    PositivePressure,
    Pressure,
    Roughness,
    Section,
    Stiffness,
    SurfaceTension,
    Temperature,
    default,
)
from cellfem.units import quantity

FOOT = 1.07483
"""Integral of the cohesive law of physics.contact over e σ_adh δ/2: its smooth start adds 7.5 %."""
OnOff = Literal["on", "off"]


class Interface(Section):
    """The interface between lithium and electrolyte: contact, kinetics, and switches for comparison
    and exact tests."""

    asr: AreaResistance = default("10 ohm*cm^2")
    """Interface resistance at 25 degC in full contact. Clean LLZO 2 ohm*cm^2 (Sharafi 2017, doi
    10.1021/acs.chemmater.7b03002)"""
    asr_activation: ActivationEnergy = default("0.35 eV")
    """Activation energy of the interface resistance (recalled, typical of LLZO)."""
    roughness: Roughness = default("10 nm")
    """Thickness delta of the asperity layer; 10 to 50 nm."""
    stiffness: Stiffness = default("100 MPa/um")
    """r of the contact pressure r delta ln(1 + exp(-g/delta)); a choice of the model, r delta at
    least a third of the pressure"""
    half_pressure: PositivePressure = default("0.02 MPa")
    """Contact pressure at which half of the area touches; a choice of the model."""
    adhesion: Pressure = default("0 MPa")
    """Tensile strength of the contact; 0 for a surface that lithium does not wet."""
    adhesion_work: SurfaceTension = default("0 J/m^2")
    """Work of adhesion, in place of `adhesion`: 0.67 J/m^2 on clean LLZO, 0.10 under Li2CO3; the
    strength is 0.685 W/delta."""
    friction: Annotated[float | Literal["slip", "stick"], quantity("MPa*s/um", gt=0.0, le=1e9, words=("slip", "stick"))] = "slip"
    """Free slip, stick, or a Navier coefficient: shear traction per sliding velocity."""
    contact: Literal["asperity", "bonded"] = "asperity"
    """Contact through the asperity layer, or bonded: no gap, full contact, tension allowed."""
    vacancies: OnOff = "on"
    """Vacancies injected by stripping; off: lattice planes are removed as fast as lithium is
    stripped, without porosity."""
    removal: Literal["on", "off", "linear"] = "on"
    """Removal of lattice planes: where vacancies coalesce; linear, at the rate k_s f everywhere;
    off, for tests of vacancy build-up."""
    kinetics: Literal["butler-volmer", "linear"] = "butler-volmer"
    """Current-overpotential relation."""
    void_gas: Literal["vacuum", "gas"] = "vacuum"
    """Content of the voids at the start: vacuum, or an ideal gas that stays in them and is
    compressed as they shrink. Voids that form later are empty. With gas the stack pressure is
    absolute, like that of the gas."""
    gas_pressure: PositivePressure = default("0.1 MPa")
    """Pressure of the gas when the voids were sealed: 1 bar of argon in a glovebox."""
    gas_temperature: Temperature = default("25 degC")
    """Temperature of the gas when the voids were sealed."""
    stress_potential: OnOff = "on"
    """Shift of the equilibrium potential by contact pressure, Omega p/F (0.135 mV/MPa)."""

    @property
    def adhesion_strength(self) -> float:
        """σ_adh (MPa), from the work of adhesion W = FOOT e σ_adh δ/2 if that is given."""
        return self.adhesion or 2 * self.adhesion_work / (FOOT * math.e * self.roughness)


class Spot(Section):
    """A spot on the interface. If it is centred on a side of the stack, the mirror plane there cuts
    it in half; with periodic sides it is complete everywhere, and the part beyond one side enters
    at the other."""

    center: Place
    """Position of its centre in x, 0 to the width of the stack."""
    half_width: Length
    """Half of its extent in x."""
    electrode: Literal[1, 2] = 1
    """Electrode of a symmetric cell; 2 is the lower one, which is plated while the other is
    stripped."""
    center_y: Place | None = None
    """dimension = 3: position of its centre in y; without it a strip along the whole depth of the
    stack."""
    half_width_y: Length | None = None
    """dimension = 3: half of its extent in y; without it as in x, a disc."""

    def span(self, width: float, *, periodic: bool = False) -> tuple[float, float]:
        """Its ends in x (µm), cut at a mirror plane through its centre; with periodic sides uncut,
        and possibly beyond them."""
        left = 0.0 if self.center == 0.0 and not periodic else self.center - self.half_width
        right = width if self.center == width and not periodic else self.center + self.half_width
        return left, right


class Void(Spot):
    """A void in the lithium at the start, open towards the electrolyte."""

    depth: Length
    """Depth at its centre."""
    profile: Literal["parabola", "cosine", "ellipse"] = "parabola"
    """Shape, with u = (x - center)/half_width: 1 - u^2, (1 + cos(pi u))/2, or (1 - u^2)^(1/2),
    times the depth."""


class Patch(Spot):
    """A spot of another interface resistance: contamination, a grain boundary."""

    asr: AreaResistance
    """Interface resistance at its centre at 25 degC."""
    edge: Length = default("0.5 um")
    """Width of the transition to the surroundings: tanh((x - end)/edge)."""
