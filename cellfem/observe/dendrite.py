"""Where on Γ a dendrite is likely to start while plating: what drives a flaw filled with lithium, what it bears, its odds.

Lithium plated in a flaw of the electrolyte must flow back out or break the ceramic. At each place of Γ that is plated

    p_Li = p_c + min{ (F/Ω)(-η + |i| a/κ), Δp_ext }        p_c contact pressure, at the flaw's mouth; η < 0 the overpotential
    σ_cl = ν P/(1-ν) + (p_c - P)                           compression along the face (sides are mirror planes: confined)
    K_I = Y (p_Li - σ_cl)₊ √(πa), Y = 1.12                 index K_I/K_Ic
    likelihood = 1 - exp(-∫ N(a_c) dA),  K_I(a_c) = K_Ic   N(a): flaws per area longer than a

The first term is F(φ_tip - φ_Li)/Ω, at which plating at the tip would stop; both are shown less p_c, as "drive". Δp_ext is what
creep takes to extrude the lithium of a slit or cylinder whose tip is plated at |i|Ω/F. The whole flaw is taken as filled. The
formulas are those of `cellfem.physics.fracture`. All is zero where nothing is plated, so without current there is no drive: that
pressure alone presses lithium into flaws (Doux et al. 2020) is another question.

**What the index leaves out**: electrons that pass through LLZO or along its grain boundaries, and so dendrites that are born in
the bulk; flaws that are not filled or do not reach Γ; crowding of current at the tip beyond |i| a/κ; growth after the start; the
breakdown of power-law creep where √3 Δp_ext H/a exceeds some 3 MPa, and the strength that lithium gains in places smaller than a
micrometre: there Δp_ext is an extrapolation. docs/dendrites.md says how to read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Array, Profile
from cellfem.physics import fracture

Mechanism = Literal["overpotential", "creep", "pressure"]
Lever = Literal["current", "flaw length", "flaw opening", "creep rate", "toughness"]

A_M2 = 10.0  # A/m² per mA/cm²
ROOT_UM = 1e3  # MPa·µm^½ per MPa·m^½
PLATED = 1e-4  # mA/cm² (0.5 nm/h): from here on a place counts as plated, and no flaw is filled by what round-off leaves at rest
STEP = 1.01  # factor by which a parameter is moved for a sensitivity


@dataclass(frozen=True)
class Surroundings:
    """What a flaw feels besides the values on Γ: A (1/s/MPaⁿ) and n of creep, κ (A/m² per V/µm), stack pressure (MPa)."""

    creep_prefactor: float
    creep_exponent: float
    conductivity: float
    pressure: float


@dataclass(frozen=True, eq=False)
class DendriteFields:
    """Values at nodes of Γ, all (N,) and zero where nothing is plated.

    drive_overpotential_MPa, drive_extrusion_MPa: both terms of the driving pressure less the contact pressure; the smaller one
    governs.
    """

    dendrite_index: Array
    drive_overpotential_MPa: Array
    drive_extrusion_MPa: Array
    flaw_compression_MPa: Array
    stress_intensity_MPa_m0_5: Array
    likelihood_density_1_um2: Array

    @property
    def governing_MPa(self) -> Array:
        """The smaller of the two drives."""
        return np.minimum(self.drive_overpotential_MPa, self.drive_extrusion_MPa)


@dataclass(frozen=True)
class DendriteReading:
    """What is read off Γ at one time. mechanism: what limits, or makes, the driving pressure at the place of the largest index.

    levers: d ln(index)/d ln(parameter) there, with the state of Γ held (overpotential taken as proportional to the current).
    """

    index: float
    place_um: float
    place_y_um: float | None  # in 3-D
    likelihood: float
    area_um2: float
    mechanism: Mechanism
    drive_overpotential_MPa: float
    drive_extrusion_MPa: float
    flaw_compression_MPa: float
    levers: dict[Lever, float]
    around: Surroundings


def dendrite_fields(
    current_mA_cm2: Array, overpotential_mV: Array, contact_pressure_MPa: Array, flaws: Flaws, around: Surroundings
) -> DendriteFields:
    """The fields at nodes of Γ from those of the state, (N,) each: current (> 0 strips), overpotential, contact pressure."""
    point = _Point(A_M2 * current_mA_cm2, 1e-3 * overpotential_mV, contact_pressure_MPa, flaws, around)
    plated = current_mA_cm2 < -PLATED
    drive, extrusion = point.drives(flaws.length)
    intensity = np.where(plated, point.intensity(flaws.length), 0.0)
    critical = fracture.critical_length(point.intensity, flaws.toughness, current_mA_cm2)
    density = fracture.flaws_longer_than(critical, flaws.density, flaws.length, flaws.distribution, flaws.exponent)
    return DendriteFields(
        intensity / flaws.toughness,
        np.where(plated, drive, 0.0),
        np.where(plated, extrusion, 0.0),
        np.where(plated, point.compression, 0.0),
        intensity / ROOT_UM,
        np.where(plated, density, 0.0),
    )


def profile_fields(profile: Profile, flaws: Flaws, around: Surroundings) -> DendriteFields:
    """The fields at the nodes of a profile."""
    return dendrite_fields(profile.current_mA_cm2, profile.overpotential_mV, profile.contact_pressure_MPa, flaws, around)


def read_dendrite(profile: Profile, flaws: Flaws, around: Surroundings, axisymmetric: bool = False) -> DendriteReading | None:
    """Largest index with its place and mechanism, and the likelihood over the modelled part of Γ; None where nothing is plated.

    The area is |Γ| of the half period times flaws.depth in plane strain, that of the whole disc when axisymmetric, |Γ| in 3-D.
    """
    if not np.any(profile.current_mA_cm2 < -PLATED):
        return None
    fields = profile_fields(profile, flaws, around)
    worst = int(np.argmax(fields.dendrite_index))
    area = profile.weight * (1.0 if axisymmetric or profile.is_map else flaws.depth)
    drive, extrusion, compression = (
        float(values[worst])
        for values in (fields.drive_overpotential_MPa, fields.drive_extrusion_MPa, fields.flaw_compression_MPa)
    )
    static = float(profile.contact_pressure_MPa[worst]) - compression
    return DendriteReading(
        index=float(fields.dendrite_index[worst]),
        place_um=float(profile.x_um[worst]),
        place_y_um=None if profile.y_um is None else float(profile.y_um[worst]),
        likelihood=float(fracture.weakest_link(area @ fields.likelihood_density_1_um2)),
        area_um2=float(area.sum()),
        mechanism="pressure" if static > min(drive, extrusion) else "overpotential" if drive < extrusion else "creep",
        drive_overpotential_MPa=drive,
        drive_extrusion_MPa=extrusion,
        flaw_compression_MPa=compression,
        levers=_levers(profile, worst, flaws, around),
        around=around,
    )


@dataclass(frozen=True)
class _Point:
    """Nodes of Γ in working units (A/m², V, MPa), with what surrounds them."""

    current: Array
    overpotential: Array
    mouth: Array
    flaws: Flaws
    around: Surroundings

    @property
    def compression(self) -> Array:
        return fracture.closing_compression(self.mouth, self.around.pressure, self.flaws.poisson_ratio)

    def drives(self, length: Array | float) -> tuple[Array, Array]:
        flaws, around = self.flaws, self.around
        drive = fracture.overpotential_pressure(self.overpotential, self.current, length, around.conductivity)
        extrusion = fracture.extrusion_pressure(
            flaws.shape, length, flaws.half_opening, self.current, around.creep_prefactor, around.creep_exponent
        )
        return drive, extrusion

    def intensity(self, length: Array | float) -> Array:
        pressure = fracture.driving_pressure(self.mouth, *self.drives(length))
        return fracture.flaw_intensity(pressure, self.compression, length)


def _levers(profile: Profile, node: int, flaws: Flaws, around: Surroundings) -> dict[Lever, float]:
    at = slice(node, node + 1)
    here = _Point(
        A_M2 * profile.current_mA_cm2[at], 1e-3 * profile.overpotential_mV[at], profile.contact_pressure_MPa[at], flaws, around
    )
    moves: dict[Lever, Callable[[float], _Point]] = {
        "current": lambda by: replace(here, current=by * here.current, overpotential=by * here.overpotential),
        "flaw length": lambda by: replace(here, flaws=replace(flaws, length=by * flaws.length)),
        "flaw opening": lambda by: replace(here, flaws=replace(flaws, half_opening=by * flaws.half_opening)),
        "creep rate": lambda by: replace(here, around=replace(around, creep_prefactor=by * around.creep_prefactor)),
        "toughness": lambda by: replace(here, flaws=replace(flaws, toughness=by * flaws.toughness)),
    }
    return {name: _slope(moved) for name, moved in moves.items()}


def _slope(moved: Callable[[float], _Point]) -> float:
    """d ln(index)/d ln(factor) at factor 1, by central differences; 0 where the flaw is shut."""
    below, above = (
        float(point.intensity(point.flaws.length)[0]) / point.flaws.toughness for point in (moved(1 / STEP), moved(STEP))
    )
    return float(np.log(above / below) / (2 * np.log(STEP))) if below > 0 and above > 0 else 0.0
