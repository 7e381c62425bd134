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
    Number,
    Rate,
    Section,
    SurfaceTension,
    Velocity,
    default,
)
from cellfem.case.names import known
from cellfem.units import GAS_CONSTANT, T_REFERENCE, quantity


def _known_creep(name: str) -> str:
    return known(name, partial(materials.creep_set, name), 'or a table { A0 = "1.3e3 1/s", n = 5.0, Q = "37 kJ/mol" }')


def _kind_of_creep(value: object) -> str:
    return CREEP_TAGS[1] if isinstance(value, dict | CreepTable) else CREEP_TAGS[0]


CREEP_TAGS = ("<name>", "<table>")
"""Pydantic's names for the two ways to give `creep`; they turn up in the places of errors, and no key is called so."""

_LITHIUM = materials.lithium()


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


class Lithium(Section):
    """The lithium electrode. Ranges and sources of the defaults: cellfem/materials/lithium.toml."""

    thickness: Length = default("20 um")
    """Thickness away from voids."""
    used_up: Annotated[Number, Field(ge=0.01, le=0.5)] = 0.02
    """Share of the thickness: where less is left at any place the lithium counts as stripped through, and the run stops."""
    creep: Annotated[
        Annotated[CreepName, Tag(CREEP_TAGS[0])] | Annotated[CreepTable, Tag(CREEP_TAGS[1])], Discriminator(_kind_of_creep)
    ] = "masias"
    """Power-law creep: the name of a set, or a table with A0 (or A298), n and Q of one's own."""
    breakdown: Annotated[float | Literal["auto", "off"], quantity("MPa", gt=0.0, le=1e3, words=("auto", "off"))] = "auto"
    """Stress 1/B of power-law breakdown, rate = A B^-n sinh(B sigma)^n; off: a power law; auto: 2.8 MPa where a step presses."""
    diffusional: Rate | None = None
    """Linear creep in parallel at 25 degC: its rate at 1 MPa (Herbert et al. 2018), with the Q of `creep`. Without it none."""
    size: Length | None = None
    """Size of what deforms: as strong as pillars of this diameter (Xu et al. 2017; an upper bound). Without it, bulk strength."""
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

    @property
    def strength(self) -> float:
        """Factor of the stresses of creep, and of its breakdown, against bulk lithium: what its size makes of them."""
        return 1.0 if self.size is None else materials.pillars().factor(self.size, self.creep_set)
