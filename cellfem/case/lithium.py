"""The lithium electrode: creep, vacancies, surface."""

import math
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from cellfem import materials
from cellfem.case.fields import (
    ActivationEnergy,
    Diffusivity,
    Length,
    MolarVolume,
    Number,
    PositivePressure,
    Rate,
    Section,
    SurfaceTension,
    Velocity,
    default,
)
from cellfem.case.names import known
from cellfem.units import GAS_CONSTANT, T_REFERENCE, parse_quantity, quantity


def _known_creep(name: str) -> str:
    return known(name, partial(materials.creep_set, name), 'or a table { A0 = "1.3e3 1/s", n = 5.0, Q = "37 kJ/mol" }')


def _kind_of_creep(value: object) -> str:
    return CREEP_TAGS[1] if isinstance(value, dict | CreepTable) else CREEP_TAGS[0]


CREEP_TAGS = ("<name>", "<table>")
"""Pydantic's tags for the two ways to give `creep`; they appear in the paths of errors, and no key
has these names."""

_LITHIUM = materials.lithium()


class CreepTable(Section):
    """User-defined power-law creep: rate = A0 exp(-Q/RT) (sigma/MPa)^n. Give A0, or A298 = A0
    exp(-Q/(R 298.15 K)) instead."""

    n: Annotated[Number, Field(ge=1.0, le=20.0)]
    """Stress exponent."""
    Q: ActivationEnergy
    """Activation energy."""
    A0: Rate | None = None
    """Prefactor: the rate at 1 MPa (the unit 1/s/MPa^n, written as 1/s) extrapolated to infinite
    temperature."""
    A298: Rate | None = None
    """Rate at 1 MPa and 25 degC (the unit 1/s/MPa^n, written as 1/s)."""


CreepName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(materials.creep_names())}), AfterValidator(_known_creep)
]


class GrainBoundaries(Section):
    """Fast diffusion along grain boundaries, spread over the volume: D + x (D_gb - D), x = 3
    width/size (Hart 1957)."""

    size: Length
    """Grain size; 10 um to 1 mm in rolled foil, below 1 um in deposits. At least three times the
    width."""
    D: Diffusivity
    """Diffusivity along the boundaries at 25 degC: 1e3 to 1e6 times that of the bulk (Yoon 2023,
    doi 10.1039/d3ta03814a)."""
    width: Length = default("0.5 nm")
    """Width of a boundary; 0.5 nm is the usual convention (Fisher 1951)."""
    activation: ActivationEnergy = default("27 kJ/mol")
    """Activation energy along the boundaries: half of the bulk's, as a rule of thumb."""


class Anand(Section):
    """Creep with an evolving resistance S, rate = A exp(-Q/RT) (sigma/S)^(1/m), in place of
    `creep`.

    dS/dt = H0 |1 - S/Ss|^a sign(1 - S/Ss) rate, Ss = S_star (rate/(A exp(-Q/RT)))^n_s. Defaults:
    Anand & Narayan 2019, doi 10.1149/2.0861906jes; A, Q, m, S_star and n_s as read there, H0, a and
    S0 recalled.
    """

    A: Rate = default("4.25e4 1/s")
    """Prefactor; 1e4 to 1e5 1/s."""
    Q: ActivationEnergy = default("37 kJ/mol")
    """Activation energy."""
    m: Annotated[Number, Field(gt=0.05, le=1.0)] = 0.15
    """Strain-rate sensitivity m of the stress at constant S."""
    S0: PositivePressure = default("1.1 MPa")
    """S at the start; 0.5 to 2 MPa, depending on the state of the foil."""
    H0: PositivePressure = default("10 MPa")
    """Hardening modulus; 5 to 20 MPa."""
    a: Annotated[Number, Field(ge=1.0, le=4.0)] = 2.0
    """Exponent a of the approach of S to Ss."""
    S_star: PositivePressure = default("2 MPa")
    """Prefactor S_star of the saturation value: its value at the rate A exp(-Q/RT)."""
    n_s: Annotated[Number, Field(ge=0.0, le=0.5)] = 0.05
    """Rate sensitivity n_s of the saturation value."""


class OwnCreepLaw(Section):
    """A user-defined creep law in place of `creep`, registered by `cellfem.physics.creep.register`
    (docs/laws.md)."""

    name: Annotated[str, Field(strict=True, min_length=1)]
    """The name under which it is registered."""
    parameters: dict[str, str | float] = Field(default_factory=dict)
    """Its parameters by name: numbers, or text with a unit."""

    @property
    def numbers(self) -> dict[str, float]:
        """The parameters in working units."""
        from cellfem.physics.creep import own_law  # imported only for cases that name a law: laws need numpy

        units = own_law(self.name).units
        return {key: _in_unit(value, units[key]) for key, value in self.parameters.items()}


def _in_unit(value: str | float, unit: str) -> float:
    return float(value) if unit == "" else parse_quantity(str(value), unit)


class Lithium(Section):
    """The lithium electrode. Ranges and sources of the defaults: cellfem/materials/lithium.toml."""

    thickness: Length = default("20 um")
    """Thickness outside voids."""
    platen: Literal["slip", "stick"] | None = None
    """Whether lithium slips along the platen (the current collector) or sticks to it. Default: slip
    between mirror planes, and stick with periodic sides, where otherwise nothing may prevent
    sliding along the interface."""
    used_up: Annotated[Number, Field(ge=0.01, le=0.5)] = 0.02
    """Share of the thickness: if less is left anywhere, the lithium counts as used up, and the run
    stops."""
    creep: Annotated[
        Annotated[CreepName, Tag(CREEP_TAGS[0])] | Annotated[CreepTable, Tag(CREEP_TAGS[1])], Discriminator(_kind_of_creep)
    ] = "masias"
    """Power-law creep: the name of a set, or a table with A0 (or A298), n and Q."""
    breakdown: Annotated[float | Literal["auto", "off"], quantity("MPa", gt=0.0, le=1e3, words=("auto", "off"))] = "auto"
    """Stress 1/B of power-law breakdown, rate = A B^-n sinh(B sigma)^n; off: a power law; auto: 2.8
    MPa if a step presses, otherwise off."""
    diffusional: Rate | None = None
    """Linear (diffusional) creep in parallel at 25 degC: its rate at 1 MPa (Herbert et al. 2018),
    with the Q of `creep`. Default: none."""
    size: Length | None = None
    """Size of the deforming volume: as strong as pillars of this diameter (Xu et al. 2017; an upper
    bound). Default: bulk strength."""
    anand: Anand | None = None
    """Creep with an evolving resistance in place of `creep`. Default: a power law, that is,
    constant S."""
    own_law: OwnCreepLaw | None = None
    """A user-defined creep law in place of `creep`. Default: none."""
    law: Literal["coupled", "uncoupled", "leblond"] = "coupled"
    """Porous creep: Michel-Suquet, coupled in both stress invariants; each invariant on its own
    (for comparison); or Leblond, Perrin and Suquet (1994), whose compaction is proportional to f in
    the dilute limit."""
    f_c: Annotated[Number, Field(gt=0.0, lt=1.0)] = _LITHIUM.f_c
    """Porosity at which vacancies coalesce and contact carries no current; a choice of the
    model."""
    D: Diffusivity = default(_LITHIUM.parameters["D"].text)
    """Diffusivity of vacancies at 25 degC: bulk self-diffusion, grain boundaries may be 1e3 to 1e6
    times faster."""
    D_activation: ActivationEnergy = default(_LITHIUM.parameters["D_activation"].text)
    """Activation energy of the diffusivity."""
    grain_boundaries: GrainBoundaries | None = None
    """Fast diffusion along grain boundaries, averaged over the volume. Default: bulk diffusion
    alone."""
    activation_volume: MolarVolume = default("0 cm^3/mol")
    """V of D exp(-pV/RT); 3.6 cm^3/mol for self-diffusion (0.28 Omega, Hultsch & Barnes 1962,
    recalled): 0.15 % per MPa."""
    length: Length = default(_LITHIUM.parameters["length"].text)
    """Length below which a void is porosity and above which it is geometry; a choice of the
    model."""
    surface_tension: SurfaceTension = default(_LITHIUM.parameters["surface_tension"].text)
    """Surface tension of lithium."""
    sink_rate: Velocity | None = None
    """k_s of removal = "linear", d = k_s f; default s_max/(0.85 f_c (1 - 0.85 f_c)), so that f
    stays below 0.85 f_c."""
    removal_rate: Velocity | None = None
    """k_n, the penalty rate at which coalesced lattice planes are removed; default max(10 s_max,
    1e-3 um/s)/(0.1 f_c)."""

    @property
    def creep_set(self) -> materials.CreepSet:
        """The creep law in working units, of a named set or the case's own table."""
        if isinstance(self.creep, str):
            return materials.creep_set(self.creep)
        table = self.creep
        at_298 = table.A298 if table.A298 is not None else (table.A0 or 0.0) * math.exp(-table.Q / (GAS_CONSTANT * T_REFERENCE))
        return materials.CreepSet("own", table.n, table.Q, at_298, quality="own", source="the case file")

    @property
    def strength(self) -> float:
        """Factor on the stresses of creep, and of its breakdown, relative to bulk lithium, from the
        size effect."""
        return 1.0 if self.size is None else materials.pillars().factor(self.size, self.creep_set)
