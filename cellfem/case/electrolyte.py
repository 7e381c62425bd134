"""The solid electrolyte."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from cellfem import materials
from cellfem.case.fields import ActivationEnergy, Conductivity, Length, Number, Section, default
from cellfem.case.names import known
from cellfem.units import quantity


def _known_electrolyte(name: str) -> str:
    return known(name, partial(materials.electrolyte, name), "")


def _material_conductivity(data: dict[str, Any]) -> float:
    return materials.electrolyte(data["material"]).conductivity


MaterialName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(materials.electrolyte_names())}), AfterValidator(_known_electrolyte)
]

Modulus = Annotated[float, quantity("MPa", gt=0.0, le=1e6)]
Strength = Annotated[float, quantity("MPa", gt=0.0, le=1e5)]
Toughness = Annotated[float, quantity("MPa*um^0.5", gt=0.0, le=1e6)]
OWN = {
    "conductivity_activation": "conductivity_activation",
    "young_modulus": "young_modulus",
    "poisson_ratio": "poisson_ratio",
    "toughness": "fracture_toughness",
    "strength": "flexural_strength",
    "weibull_modulus": "weibull_modulus",
}
"""Keys that take the place of a parameter of the material, by its name."""
SAME = {"toughness": ("flaw.toughness",), "strength": ("crack.strength",), "weibull_modulus": ("crack.modulus",)}
"""Keys of other tables that say the same, and rule where the case gives them."""


class Electrolyte(Section):
    """The solid electrolyte. Ranges and sources of the defaults:
    cellfem/materials/electrolytes.toml. What was measured on an electrolyte of one's own goes here,
    as it is: with a [densification] the conductivity alone is scaled by density."""

    material: MaterialName = "LLZO"
    """Name of the parameter set."""
    thickness: Length = default("25 um")
    """Thickness of the modelled part; for an equipotential far side at least half a period,
    `stack.width` (half of it with periodic sides)."""
    conductivity: Conductivity = Field(default_factory=_material_conductivity)
    """Ionic conductivity at 25 degC, in place of the material's."""
    conductivity_activation: ActivationEnergy | None = None
    """Activation energy of the conductivity (0.35 eV is one too), in place of the material's."""
    young_modulus: Modulus | None = None
    """Young's modulus, in place of the material's."""
    poisson_ratio: Annotated[Number, Field(ge=0.0, lt=0.5)] | None = None
    """Poisson's ratio, in place of the material's."""
    toughness: Toughness | None = None
    """Fracture toughness K_Ic, in place of the material's; flaw.toughness is the same."""
    strength: Strength | None = None
    """Weibull's strength of a body of the size crack.volume or crack.area, in place of the
    material's; crack.strength is the same."""
    weibull_modulus: Annotated[Number, Field(ge=1.0, le=100.0)] | None = None
    """Weibull's modulus, in place of the material's; crack.modulus is the same."""
    far_side: Literal["equipotential", "flux"] = "equipotential"
    """Far face: one potential with the total current imposed, or a uniform current density."""

    @property
    def properties(self) -> materials.Electrolyte:
        """The material's parameters in working units, with those of one's own in their places (its
        conductivity is overridden by `conductivity`)."""
        own = {name: value for key, name in OWN.items() if (value := getattr(self, key)) is not None}
        return replace(materials.electrolyte(self.material), **own)
