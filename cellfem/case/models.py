"""What a user may write: the tables of a case file. Quantities are text with a unit in the file, floats in working units here."""

import math
from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from cellfem import materials
from cellfem.case.fields import (
    ActivationEnergy,
    AreaResistance,
    Conductivity,
    Count,
    CurrentDensity,
    Diffusivity,
    Length,
    Number,
    Place,
    PositivePressure,
    Pressure,
    Rate,
    Section,
    Stiffness,
    SurfaceTension,
    Switch,
    Temperature,
    Time,
    Velocity,
    Voltage,
    default,
)
from cellfem.case.flaw import Flaw
from cellfem.case.roughness import Roughness
from cellfem.units import FARADAY, GAS_CONSTANT, T_REFERENCE, quantity


def _foreseen(value: object) -> object:
    if value == 3 and not isinstance(value, bool):
        raise PydanticCustomError("dimension", "3 is foreseen but not built yet; write dimension = 2")
    return value


def _known_creep(name: str) -> str:
    return _known(name, partial(materials.creep_set, name), 'or a table { A0 = "1.3e3 1/s", n = 5.0, Q = "37 kJ/mol" }')


def _known_electrolyte(name: str) -> str:
    return _known(name, partial(materials.electrolyte, name), "")


def _known(name: str, look_up: Any, alternative: str) -> str:
    try:
        look_up()
    except materials.UnknownMaterialError as error:
        raise PydanticCustomError("unknown_name", "{text}", {"text": f"{error} {alternative}".strip()}) from error
    return name


def _material_conductivity(data: dict[str, Any]) -> float:
    return materials.electrolyte(data["material"]).conductivity


def _kind_of_creep(value: object) -> str:
    return CREEP_TAGS[1] if isinstance(value, dict | CreepTable) else CREEP_TAGS[0]


CREEP_TAGS = ("<name>", "<table>")
"""Pydantic's names for the two ways to give `creep`; they turn up in the places of errors, and no key is called so."""

LISTS = ("void", "patch", "protocol")
"""The keys of a case that are lists of tables."""

_LITHIUM = materials.lithium()

OnOff = Literal["on", "off"]
Mode = Literal["strip", "plate", "rest", "press"]
FieldName = Literal[
    "velocity_um_s", "pressure_MPa", "von_mises_MPa", "creep_rate_1_s", "porosity", "potential_mV", "current_density_mA_cm2",
    "gap_um", "contact", "carrying", "current_mA_cm2", "overpotential_mV", "contact_pressure_MPa",
    "dendrite_index", "drive_overpotential_MPa", "drive_extrusion_MPa", "flaw_compression_MPa", "stress_intensity_MPa_m0_5",
    "likelihood_density_1_um2",
]  # fmt: skip


class Stack(Section):
    """The stack of lithium over electrolyte; its sides are mirror planes, so that it stands for a periodic interface."""

    dimension: Annotated[Literal[2], BeforeValidator(_foreseen)] = 2
    """Number of space dimensions; 3 is foreseen."""
    symmetry: Literal["plane", "axisymmetric"] = "plane"
    """Plane strain, or axisymmetric about x = 0."""
    width: Length = default("25 um")
    """Half a period of the interface: extent in x, or the radius."""
    sides: Literal["mirror"] = "mirror"
    """Mirror planes: lithium is confined and cannot extrude sideways."""


class CreepTable(Section):
    """Power-law creep of one's own: rate = A0 exp(-Q/RT) (sigma/MPa)^n. Give A0, or A298 = A0 exp(-Q/(R 298.15 K)) instead."""

    n: Annotated[Number, Field(ge=1.0, le=20.0)]
    """Stress exponent."""
    Q: ActivationEnergy
    """Activation energy."""
    A0: Rate | None = None
    """Prefactor: the rate at 1 MPa (the unit 1/s/MPa^n, written as 1/s) extrapolated to infinite temperature."""
    A298: Rate | None = None
    """Rate at 1 MPa and 25 degC (the unit 1/s/MPa^n, written as 1/s)."""


CreepName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(materials.creep_names())}), AfterValidator(_known_creep)
]
MaterialName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(materials.electrolyte_names())}), AfterValidator(_known_electrolyte)
]


class Lithium(Section):
    """The lithium electrode. Ranges and sources of the defaults: cellfem/materials/lithium.toml."""

    thickness: Length = default("20 um")
    """Thickness away from voids."""
    creep: Annotated[
        Annotated[CreepName, Tag(CREEP_TAGS[0])] | Annotated[CreepTable, Tag(CREEP_TAGS[1])], Discriminator(_kind_of_creep)
    ] = "masias"
    """Power-law creep: the name of a set, or a table with A0 (or A298), n and Q of one's own."""
    breakdown: PositivePressure | None = None
    """Stress 1/B of power-law breakdown, rate = A B^-n sinh(B sigma)^n; 2.8 MPa in lithium (sigma/G 1e-3). None: a power law."""
    diffusional: Rate | None = None
    """Linear creep in parallel at 25 degC: its rate at 1 MPa (Herbert et al. 2018), with the Q of `creep`. Without it none."""
    law: Literal["coupled", "uncoupled"] = "coupled"
    """Michel-Suquet porous creep coupled in both stress invariants, or deviator and pressure each on its own (for comparison)."""
    f_c: Annotated[Number, Field(gt=0.0, lt=1.0)] = _LITHIUM.f_c
    """Porosity at which vacancies coalesce and contact carries no current; a choice of the model."""
    D: Diffusivity = default(_LITHIUM.parameters["D"].text)
    """Diffusivity of vacancies at 25 degC: bulk self-diffusion, grain boundaries may be 1e3 to 1e6 times faster."""
    D_activation: ActivationEnergy = default(_LITHIUM.parameters["D_activation"].text)
    """Activation energy of the diffusivity."""
    length: Length = default(_LITHIUM.parameters["length"].text)
    """Length below which a void is porosity and above which it is geometry; a choice of the model."""
    surface_tension: SurfaceTension = default(_LITHIUM.parameters["surface_tension"].text)
    """Surface tension of lithium."""
    removal_rate: Velocity | None = None
    """k_n, the penalty rate at which coalesced lattice planes are removed; without it max(10 s_max, 1e-3 um/s)/(0.1 f_c)."""

    @property
    def creep_set(self) -> materials.CreepSet:
        """The creep law in working units, whether named or one's own."""
        if isinstance(self.creep, str):
            return materials.creep_set(self.creep)
        table = self.creep
        at_298 = table.A298 if table.A298 is not None else (table.A0 or 0.0) * math.exp(-table.Q / (GAS_CONSTANT * T_REFERENCE))
        return materials.CreepSet("own", table.n, table.Q, at_298, quality="own", source="the case file")


class Electrolyte(Section):
    """The solid electrolyte. Ranges and sources of the defaults: cellfem/materials/electrolytes.toml."""

    material: MaterialName = "LLZO"
    """Name of the parameter set."""
    thickness: Length = default("20 um")
    """Thickness of the modelled part; at least `stack.width` for an equipotential far side."""
    conductivity: Conductivity = Field(default_factory=_material_conductivity)
    """Ionic conductivity at 25 degC, in place of the material's."""
    far_side: Literal["equipotential", "flux"] = "equipotential"
    """Far face: one potential with the total current imposed, or a uniform current density."""

    @property
    def properties(self) -> materials.Electrolyte:
        """The material's parameters in working units (its conductivity is overridden by `conductivity`)."""
        return materials.electrolyte(self.material)


class Interface(Section):
    """The interface between lithium and electrolyte: contact, kinetics, and switches for comparison and exact tests."""

    asr: AreaResistance = default("10 ohm*cm^2")
    """Interface resistance at 25 degC in full contact. Clean LLZO 2 ohm*cm^2 (Sharafi 2017, doi 10.1021/acs.chemmater.7b03002)"""
    asr_activation: ActivationEnergy = default("0.35 eV")
    """Activation energy of the interface resistance (recalled, typical of LLZO)."""
    roughness: Length = default("10 nm")
    """Thickness delta of the asperity layer; 10 to 50 nm."""
    stiffness: Stiffness = default("100 MPa/um")
    """r of the contact pressure r delta ln(1 + exp(-g/delta)); a choice of the model, r delta at least a third of the pressure"""
    half_pressure: PositivePressure = default("0.02 MPa")
    """Contact pressure at which half of the area touches; a choice of the model."""
    adhesion: Pressure = default("0 MPa")
    """Tension that the contact bears before it lets go; 0 is a surface that lithium does not wet."""
    friction: Annotated[float | Literal["slip", "stick"], quantity("MPa*s/um", gt=0.0, le=1e9, words=("slip", "stick"))] = "slip"
    """Free slip, stick, or a Navier coefficient: shear traction per sliding velocity."""
    contact: Literal["asperity", "bonded"] = "asperity"
    """Contact through the asperity layer, or bonded: no gap, full contact, tension allowed."""
    vacancies: OnOff = "on"
    """Vacancies injected by stripping; off: lattice planes are removed as fast as lithium is stripped, no porosity."""
    removal: OnOff = "on"
    """Removal of lattice planes where vacancies coalesce; off in tests of vacancy build-up."""
    kinetics: Literal["butler-volmer", "linear"] = "butler-volmer"
    """Law of current against overpotential."""
    stress_potential: OnOff = "on"
    """Shift of the equilibrium potential by contact pressure, Omega p/F (0.135 mV/MPa)."""


class Spot(Section):
    """A stretch of the interface. Centred on a side of the stack it is cut there in half by the mirror plane."""

    center: Place
    """Position of its middle in x, 0 to the width of the stack."""
    half_width: Length
    """Half of its extent in x."""

    def span(self, width: float) -> tuple[float, float]:
        """Its ends in x (µm), cut at a mirror plane that it is centred on."""
        left = 0.0 if self.center == 0.0 else self.center - self.half_width
        right = width if self.center == width else self.center + self.half_width
        return left, right


class Void(Spot):
    """A void in the lithium at the start, open towards the electrolyte."""

    depth: Length
    """Depth at its middle."""
    profile: Literal["parabola", "cosine", "ellipse"] = "parabola"
    """Shape, with u = (x - center)/half_width: 1 - u^2, (1 + cos(pi u))/2, or (1 - u^2)^(1/2), times the depth."""


class Patch(Spot):
    """A spot of another interface resistance: contamination, a grain boundary."""

    asr: AreaResistance
    """Interface resistance in its middle at 25 degC."""
    edge: Length = default("0.5 um")
    """Width of the transition to the surroundings: tanh((x - end)/edge)."""


class Stop(Section):
    """Conditions that end the run before the duration is over."""

    voltage: Voltage | None = None
    """Largest |voltage| less its value without current."""
    contact: Annotated[Number, Field(gt=0.0, lt=1.0)] | None = None
    """Smallest contact fraction."""
    gap: Length | None = None
    """Largest gap."""
    index: Annotated[Number, Field(gt=0.0, le=1e6)] | None = None
    """Largest dendrite index K_I/K_Ic while plating; 1 is where a flaw grows."""


class Step(Section):
    """A step of the load protocol."""

    mode: Mode
    """Strip or plate lithium at constant current, rest, or press (both without current)."""
    current: CurrentDensity | None = None
    """Magnitude of the mean current density; the mode gives its sign. For strip and plate only."""
    duration: Time
    """How long the step lasts."""
    pressure: Pressure
    """Stack pressure, at the start of the step."""
    pressure_end: Pressure | None = None
    """Stack pressure at the end of the step, for a linear ramp."""
    temperature: Temperature = default("25 degC")
    """Uniform temperature."""
    stop: Stop = Field(default_factory=Stop)
    """Conditions that end the run early."""
    top: Literal["platen", "uniform"] = "platen"
    """Rigid platen (one unknown velocity) or uniform pressure on the top of the lithium."""

    @property
    def signed_current(self) -> float:
        """Mean current density in A/m²: > 0 strips, < 0 plates, 0 at rest and while pressing."""
        return (self.current or 0.0) * {"strip": 1.0, "plate": -1.0, "rest": 0.0, "press": 0.0}[self.mode]

    def pressure_at(self, elapsed: float) -> float:
        """Stack pressure in MPa, `elapsed` seconds after the start of the step."""
        if self.pressure_end is None:
            return self.pressure
        return self.pressure + (self.pressure_end - self.pressure) * min(max(elapsed / self.duration, 0.0), 1.0)

    @property
    def pressure_range(self) -> tuple[float, float]:
        """Smallest and largest stack pressure of the step in MPa."""
        end = self.pressure if self.pressure_end is None else self.pressure_end
        return min(self.pressure, end), max(self.pressure, end)


class Mesh(Section):
    """Mesh sizes, or a ready mesh."""

    near: Length = default("0.4 um")
    """Size along the interface, at most half of lithium.length."""
    far: Length = default("2 um")
    """Size far from the interface."""
    file: str | None = None
    """A ready mesh with cellfem's group names, its path from the folder of the case; without it gmsh makes one."""


class Numerics(Section):
    """Time steps, Newton's method, and regularisations."""

    kinematics: Literal["ale", "flat"] = "ale"
    """The void moves in true geometry (ALE), or linearised on the flat reference (for comparison)."""
    scheme: Literal["euler", "bdf2"] = "bdf2"
    """Time stepping: implicit Euler or BDF2."""
    tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.01
    """Time error allowed per step, of porosity over f_c and gap over (roughness + gap/10), mean square over the interface."""
    dt: Annotated[tuple[Time, ...], Field(min_length=1)] | None = None
    """Prescribed time steps in their order, in place of error control; the last one is repeated until the end."""
    dt_initial: Time = default("0.1 s")
    """First time step of each protocol step."""
    dt_min: Time = default("1e-6 s")
    """Smallest time step: below it the solver gives up."""
    dt_max: Time | None = None
    """Largest time step; without it 1/30 of the protocol step."""
    newton_tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 1e-6
    """Largest last correction of Newton's method, each unknown in its typical size; balances are held to 1e-9 besides."""
    newton_max: Annotated[Count, Field(ge=1, le=1000)] = 40
    """Most corrections of a time step."""
    strain_rate_floor: Rate = default("1e-8 1/s")
    """Regularisation of power-law creep at low stress; 1e-10 1/s for onset currents."""
    porosity_switch: Annotated[Number, Field(ge=0.0, le=0.1)] = 1e-4
    """Porosity below which compaction is switched off, f/(f + this) in b(f); 0 for exact tests."""
    quadrature_degree: Annotated[Count, Field(ge=1, le=20)] = 4
    """Degree of the quadrature."""


class Output(Section):
    """What is written, and when."""

    interval: Time | None = None
    """Time between outputs of fields; without it 1/30 of the protocol."""
    fields: tuple[FieldName, ...] = get_args(FieldName)
    """Fields to write for ParaView."""
    pictures: Switch = True
    """Whether to draw pictures and curves at the end."""


class Case(Section):
    """A complete case, checked, in working units (µm, s, MPa, V, A/m², K, J/mol)."""

    title: Annotated[str, Field(strict=True)] = ""
    """What the case shows."""
    stack: Stack = Field(default_factory=Stack)
    lithium: Lithium = Field(default_factory=Lithium)
    electrolyte: Electrolyte = Field(default_factory=Electrolyte)
    interface: Interface = Field(default_factory=Interface)
    void: tuple[Void, ...] = ()
    """Voids at the start, [[void]]."""
    patch: tuple[Patch, ...] = ()
    """Spots of another interface resistance, [[patch]]."""
    roughness: Roughness = Field(default_factory=Roughness)
    flaw: Flaw = Field(default_factory=Flaw)
    protocol: Annotated[tuple[Step, ...], Field(min_length=1)]
    """The load, step by step, [[protocol]]."""
    mesh: Mesh = Field(default_factory=Mesh)
    numerics: Numerics = Field(default_factory=Numerics)
    output: Output = Field(default_factory=Output)

    @property
    def total_duration(self) -> float:
        """Duration of the whole protocol in s."""
        return sum(step.duration for step in self.protocol)

    @property
    def current_max(self) -> float:
        """Largest magnitude of the mean current density in the protocol, A/m²."""
        return max(abs(step.signed_current) for step in self.protocol)

    @property
    def toughness(self) -> float:
        """Fracture toughness K_Ic of the electrolyte, MPa·µm^½."""
        return self.electrolyte.properties.fracture_toughness if self.flaw.toughness is None else self.flaw.toughness

    @property
    def s_max(self) -> float:
        """Largest rate s = iΩ/F of the protocol at which the interface recedes or advances, µm/s."""
        return self.current_max * materials.lithium().molar_volume / FARADAY
