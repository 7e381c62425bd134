"""Where on Γ a dendrite is likely to start while plating: the driving pressure in a flaw filled
with lithium, its strength, and the likelihood.

Lithium plated in a flaw of the electrolyte must flow out again or break the ceramic. At each plated
place of Γ

    p_Li = p_c + min{ (F/Ω)(-η + |i| a/κ), Δp_ext }        p_c contact pressure, at the flaw's mouth; η < 0 the overpotential
    σ_cl = ν P/(1-ν) + (p_c - P)                           compression along the face (first term: between mirror planes alone),
                                                           or that of LLZO's stress where it is
                                                           solved at each step K_I = Y (p_Li -
                                                           σ_cl)₊ √(πa), Y = 1.12
                                                           index K_I/K_Ic likelihood = 1 - exp(-∫
                                                           N(a_c) dA),  K_I(a_c) = K_Ic   N(a):
                                                           flaws per area longer than a

If flaws are sampled individually (`sampled_flaws`), the index is the largest of them, each with its
own length at its own place, and the likelihood is that of this sample: 1 if any of them grows,
otherwise 0. The fields along Γ remain those of the flaw of the case.

The first term is F(φ_tip - φ_Li)/Ω, at which plating at the tip would stop; both terms are reported
without p_c, as "drive". Δp_ext is the pressure needed to extrude by creep, with the law of the run,
the lithium of a slit or cylinder whose tip (or walls) are plated at |i|Ω/F. The whole flaw is
assumed to be filled. Formulas: `cellfem.physics.fracture` and `extrusion`. All values are zero
where nothing is plated, and everywhere while the electrode as a whole is stripped or at rest: the
currents that then circulate between places of different pressure fill no flaw. For lithium pressed
into flaws by pressure alone (Doux et al. 2020) see `physics.penetration`.

**Not included in the index**: electrons that pass through LLZO or along its grain boundaries, and
so dendrites that form in the bulk; flaws that are not filled or do not reach Γ; current focusing at
the tip beyond |i| a/κ; growth after the start; the higher strength of lithium below a micrometre.
docs/dendrites.md explains how to interpret it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Array, Block, Profile
from cellfem.observe.sampled_flaws import SampledFlaws
from cellfem.physics import extrusion, fracture
from cellfem.physics.creep import CreepLaw
from cellfem.physics.kinetics import SPEED
from cellfem.units import A_M2, GAS_CONSTANT

Mechanism = Literal["overpotential", "creep", "pressure"]
Lever = Literal["current", "pressure", "temperature", "flaw length", "flaw opening", "creep rate", "toughness"]
OPERATING: tuple[Lever, ...] = ("current", "pressure", "temperature")
"""The parameters that can be changed while a cell runs; the others are properties of its materials.
"""

LINE = 3  # vtk
ROOT_UM = 1e3  # MPa·µm^½ per MPa·m^½
PLATED = 1e-4  # mA/cm² (0.5 nm/h): above this an electrode, and a place of it, counts as plated
UNIFORM = 1e-3  # relative variation of the index along Γ above which its maximum has a place
STEP = 1.01  # factor on a parameter for its sensitivity
MOVE, WARMER = 2.0, 30.0  # factor, and K, on a parameter to find improvements


@dataclass(frozen=True)
class Surroundings:
    """Conditions of a flaw besides the values on Γ: the creep law, κ (A/m² per V/µm), stack
    pressure (MPa), temperature (K)."""

    law: CreepLaw
    conductivity: float
    pressure: float
    temperature: float


@dataclass(frozen=True, eq=False)
class DendriteFields:
    """Values at nodes of Γ, all (N,) and zero where nothing is plated.

    drive_overpotential_MPa, drive_extrusion_MPa: both terms of the driving pressure without the
    contact pressure; the smaller one governs. driving_pressure_MPa: p_Li, including the contact
    pressure.
    """

    dendrite_index: Array
    drive_overpotential_MPa: Array
    drive_extrusion_MPa: Array
    driving_pressure_MPa: Array
    flaw_compression_MPa: Array
    stress_intensity_MPa_m0_5: Array
    likelihood_density_1_um2: Array

    @property
    def governing_MPa(self) -> Array:
        """The smaller of the two drives."""
        return np.minimum(self.drive_overpotential_MPa, self.drive_extrusion_MPa)


@dataclass(frozen=True)
class Move:
    """A change of a parameter by `factor`, the better of two that were tried, multiplies the index
    by `ratio`."""

    factor: float
    ratio: float


@dataclass(frozen=True)
class DendriteReading:
    """Evaluation of Γ at one time; all values except likelihood, area and counts are at the place
    of the largest index.

    mechanism: what limits, or causes, the driving pressure. levers: d ln(index)/d ln(parameter);
    moves: effect of a factor of two (30 K of temperature) on the index; both at a fixed state of Γ
    (overpotential proportional to the current and, for temperature, to the interface resistance).
    length_um: of the flaw. uniform: the index is the same all along Γ (to `UNIFORM`), so its place
    has no meaning. sampled, critical: number of sampled flaws, and of those that grow; None if
    flaws are counted by their density.
    """

    index: float
    place_um: float
    place_y_um: float | None  # in 3-D
    length_um: float
    likelihood: float
    area_um2: float
    mechanism: Mechanism
    overpotential_mV: float
    drive_overpotential_MPa: float
    drive_extrusion_MPa: float
    pressure_MPa: float
    flaw_compression_MPa: float
    intensity_MPa_m0_5: float
    levers: dict[Lever, float]
    moves: dict[Lever, Move]
    around: Surroundings
    uniform: bool = False
    sampled: int | None = None
    critical: int | None = None


def dendrite_fields(
    current_mA_cm2: Array,
    overpotential_mV: Array,
    contact_pressure_MPa: Array,
    flaws: Flaws,
    around: Surroundings,
    compression_MPa: Array | None = None,
    plating: NDArray[np.bool_] | bool = True,
) -> DendriteFields:
    """The fields at nodes of Γ from those of the state, (N,) each: current (> 0 strips),
    overpotential, contact pressure, and the electrolyte's compression along its face, which is
    estimated if it is not given.

    plating: whether the electrode of a node is plated as a whole (`is_plating`).
    """
    point = _Point(A_M2 * current_mA_cm2, 1e-3 * overpotential_mV, contact_pressure_MPa, compression_MPa, flaws, around)
    plated = (current_mA_cm2 < -PLATED) & plating
    drive, pushed_out = point.drives(flaws.length)
    intensity = np.where(plated, point.intensity(flaws.length), 0.0)
    critical = fracture.critical_length(point.intensity, flaws.toughness, current_mA_cm2)
    density = fracture.flaws_longer_than(critical, flaws.density, flaws.length, flaws.distribution, flaws.exponent)
    return DendriteFields(
        intensity / flaws.toughness,
        np.where(plated, drive, 0.0),
        np.where(plated, pushed_out, 0.0),
        np.where(plated, point.pressure(flaws.length), 0.0),
        np.where(plated, point.compression, 0.0),
        intensity / ROOT_UM,
        np.where(plated, density, 0.0),
    )


def is_plating(mean_mA_cm2: Any) -> Any:
    """Whether an electrode is plated, by its mean current density (mA/cm², > 0 strips); a number or
    an array."""
    return mean_mA_cm2 < -PLATED


def plates(profile: Profile) -> bool:
    """Whether the electrode of a profile is plated as a whole."""
    return bool(is_plating(float(profile.weight @ profile.current_mA_cm2 / profile.weight.sum())))


def profile_fields(profile: Profile, flaws: Flaws, around: Surroundings) -> DendriteFields:
    """The fields at the nodes of a profile."""
    p = profile
    values = p.current_mA_cm2, p.overpotential_mV, p.contact_pressure_MPa
    return dendrite_fields(*values, flaws, around, compression_MPa=p.compression_MPa, plating=plates(p))


def sampled_index(profile: Profile, sampled: SampledFlaws, flaws: Flaws, around: Surroundings) -> Array:
    """K_I/K_Ic of each sampled flaw (N,), from the values of Γ at its place; zero where nothing is
    plated."""
    point = _at(profile, sampled, flaws, around)
    return np.where(np.logical_and(point.plated, plates(profile)), point.intensity(sampled.length) / flaws.toughness, 0.0)


def flaw_block(profile: Profile | None, sampled: SampledFlaws, flaws: Flaws, around: Surroundings) -> Block:
    """The sampled flaws as lines from Γ to their tips, with `flaw_length_um` and `dendrite_index`,
    for viewing.

    Empty, with the same fields, without a profile: on every rank except the first.
    """
    if profile is None:
        sampled = SampledFlaws(np.zeros(0), np.zeros(0), np.zeros(0))
    index = np.zeros(0) if profile is None else sampled_index(profile, sampled, flaws, around)
    count = len(sampled)
    points = np.zeros((2 * count, 3))
    points[:, 0] = np.tile(sampled.x, 2)
    if profile is not None and profile.is_map:
        points[:, 1] = np.tile(sampled.across, 2)
    points[count:, 2 if profile is not None and profile.is_map else 1] = -sampled.length
    cells = np.column_stack([np.arange(count), np.arange(count, 2 * count)]).astype(np.int64)
    return Block(points, cells, LINE, {"flaw_length_um": np.tile(sampled.length, 2), "dendrite_index": np.tile(index, 2)})


def read_dendrite(
    profile: Profile, flaws: Flaws, around: Surroundings, axisymmetric: bool = False, sampled: SampledFlaws | None = None
) -> DendriteReading | None:
    """Largest index with its place and mechanism, and the likelihood over the modelled part of Γ;
    None if nothing is plated.

    The area is |Γ| of the half period times flaws.depth in plane strain, that of the whole disc
    when axisymmetric, |Γ| in 3-D.
    """
    if not plates(profile) or not np.any(profile.current_mA_cm2 < -PLATED):
        return None
    area = profile.weight * (1.0 if axisymmetric or profile.is_map else flaws.depth)
    likelihood, length, indices, uniform = 0.0, flaws.length, np.zeros(0), False
    if sampled is None:
        fields = profile_fields(profile, flaws, around)
        uniform = bool(np.ptp(fields.dendrite_index) <= UNIFORM * fields.dendrite_index.max())
        here = _node(profile, int(np.argmax(fields.dendrite_index)), flaws, around)
        likelihood = float(fracture.weakest_link(area @ fields.likelihood_density_1_um2))
    elif len(sampled):
        indices = sampled_index(profile, sampled, flaws, around)
        worst = int(np.argmax(indices))
        length, likelihood = float(sampled.length[worst]), float(np.any(indices >= 1))
        here = _at(profile, sampled.one(worst), replace(flaws, length=length), around)
    else:
        here = _node(profile, int(np.argmin(profile.current_mA_cm2)), flaws, around)
    (drive,), (pushed_out,) = (term.tolist() for term in here.drives(length))
    compression = float(here.compression[0])
    index = 0.0 if sampled is not None and not len(sampled) else float((here.index * here.plated)[0])
    static = float(here.mouth[0]) - compression
    return DendriteReading(
        index=index,
        place_um=float(here.x[0]),
        place_y_um=float(here.y[0]) if profile.is_map else None,
        length_um=length,
        likelihood=likelihood,
        area_um2=float(area.sum()),
        mechanism="pressure" if static > min(drive, pushed_out) else "overpotential" if drive < pushed_out else "creep",
        overpotential_mV=1e3 * float(here.overpotential[0]),
        drive_overpotential_MPa=drive,
        drive_extrusion_MPa=pushed_out,
        pressure_MPa=float(here.pressure(length)[0]),
        flaw_compression_MPa=compression,
        intensity_MPa_m0_5=index * flaws.toughness / ROOT_UM,
        levers={lever: _slope(here, lever) for lever in _MOVED},
        moves={lever: _move(here, lever) for lever in _MOVED},
        around=around,
        uniform=uniform,
        sampled=None if sampled is None else len(sampled),
        critical=None if sampled is None else int(np.sum(indices >= 1)),
    )


@dataclass(frozen=True)
class _Point:
    """Nodes of Γ in working units (A/m², V, MPa), with their surroundings."""

    current: Array
    overpotential: Array
    mouth: Array
    held: Array | None  # compression along the face, if known
    flaws: Flaws
    around: Surroundings
    x: Array = field(default_factory=lambda: np.zeros(0))
    y: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def plated(self) -> Array:
        return np.asarray(self.current < -A_M2 * PLATED)

    @property
    def compression(self) -> Array:
        if self.held is not None:
            return self.held
        return fracture.closing_compression(self.mouth, self.around.pressure, self.flaws.poisson_ratio, self.flaws.confined)

    @property
    def index(self) -> Array:
        return self.intensity(self.flaws.length) / self.flaws.toughness

    def drives(self, length: Array | float) -> tuple[Array, Array]:
        flaws, around = self.flaws, self.around
        drive = fracture.overpotential_pressure(self.overpotential, self.current, length, around.conductivity)
        speed = SPEED * np.maximum(-self.current, 0.0)
        return drive, extrusion.extrusion_pressure(flaws.shape, flaws.plated, length, flaws.half_opening, speed, around.law)

    def pressure(self, length: Array | float) -> Array:
        return fracture.driving_pressure(self.mouth, *self.drives(length))

    def intensity(self, length: Array | float) -> Array:
        return fracture.flaw_intensity(self.pressure(length), self.compression, length)


def _node(profile: Profile, node: int, flaws: Flaws, around: Surroundings) -> _Point:
    at = slice(node, node + 1)
    y = np.zeros(1) if profile.y_um is None else profile.y_um[at]
    return _point([values[at] for values in _values(profile)], flaws, around, profile.x_um[at], y)


def _at(profile: Profile, sampled: SampledFlaws, flaws: Flaws, around: Surroundings) -> _Point:
    """Values of Γ at the positions of flaws, linear between its nodes."""
    if profile.y_um is None:
        columns = [np.interp(sampled.x, profile.x_um, values) for values in _values(profile)]
    else:
        nodes, places = np.column_stack([profile.x_um, profile.y_um]), np.column_stack([sampled.x, sampled.across])
        table = np.column_stack(_values(profile))
        found = scipy.interpolate.LinearNDInterpolator(nodes, table)(places)
        outside = np.isnan(found[:, 0])  # on the edge within round-off
        found[outside] = scipy.interpolate.NearestNDInterpolator(nodes, table)(places[outside])
        columns = list(found.T)
    return _point(columns, flaws, around, sampled.x, sampled.across)


def _values(profile: Profile) -> tuple[Array, ...]:
    """Current, overpotential, contact pressure, and compression if it is known."""
    values = profile.current_mA_cm2, profile.overpotential_mV, profile.contact_pressure_MPa
    return values if profile.compression_MPa is None else (*values, profile.compression_MPa)


def _point(values: list[Array], flaws: Flaws, around: Surroundings, x: Array, y: Array) -> _Point:
    """A point from these values."""
    current, overpotential, mouth, *known = values
    return _Point(A_M2 * current, 1e-3 * overpotential, mouth, known[0] if known else None, flaws, around, x, y)


def _pressed(at: _Point, by: float) -> _Point:
    held = None if at.held is None else by * at.held
    return replace(at, mouth=by * at.mouth, held=held, around=replace(at.around, pressure=by * at.around.pressure))


def _warmed(at: _Point, by: float) -> _Point:
    """At the same current: creep rate and conductivity increase with temperature, the interface
    resistance decreases."""
    old = at.around.temperature

    def rises(activation: float) -> float:
        return float(np.exp(-activation / GAS_CONSTANT / old * (1 / by - 1)))

    around = Surroundings(
        at.around.law.faster(rises(at.flaws.creep_activation)),
        at.around.conductivity * rises(at.flaws.conductivity_activation),
        at.around.pressure,
        by * old,
    )
    return replace(at, overpotential=at.overpotential / rises(at.flaws.resistance_activation), around=around)


_MOVED: dict[Lever, Callable[[_Point, float], _Point]] = {
    "current": lambda at, by: replace(at, current=by * at.current, overpotential=by * at.overpotential),
    "pressure": _pressed,
    "temperature": _warmed,
    "flaw length": lambda at, by: replace(at, flaws=replace(at.flaws, length=by * at.flaws.length)),
    "flaw opening": lambda at, by: replace(at, flaws=replace(at.flaws, half_opening=by * at.flaws.half_opening)),
    "creep rate": lambda at, by: replace(at, around=replace(at.around, law=at.around.law.faster(by))),
    "toughness": lambda at, by: replace(at, flaws=replace(at.flaws, toughness=by * at.flaws.toughness)),
}


def _slope(here: _Point, lever: Lever) -> float:
    """d ln(index)/d ln(parameter), by central differences; 0 if the flaw is closed."""
    below, above = (float(_MOVED[lever](here, by).index[0]) for by in (1 / STEP, STEP))
    return float(np.log(above / below) / (2 * np.log(STEP))) if below > 0 and above > 0 else 0.0


def _move(here: _Point, lever: Lever) -> Move:
    share = WARMER / here.around.temperature
    factors = (1 - share, 1 + share) if lever == "temperature" else (1 / MOVE, MOVE)
    index = float(here.index[0])
    if index == 0:
        return Move(1.0, 1.0)
    return min((Move(by, float(_MOVED[lever](here, by).index[0]) / index) for by in factors), key=lambda move: move.ratio)
