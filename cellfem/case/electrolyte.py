"""The solid electrolyte."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from cellfem import materials
from cellfem.case.fields import Conductivity, Length, Section, default
from cellfem.case.names import known


def _known_electrolyte(name: str) -> str:
    return known(name, partial(materials.electrolyte, name), "")


def _material_conductivity(data: dict[str, Any]) -> float:
    return materials.electrolyte(data["material"]).conductivity


MaterialName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(materials.electrolyte_names())}), AfterValidator(_known_electrolyte)
]


class Electrolyte(Section):
    """The solid electrolyte. Ranges and sources of the defaults:
    cellfem/materials/electrolytes.toml."""

    material: MaterialName = "LLZO"
    """Name of the parameter set."""
    thickness: Length = default("25 um")
    """Thickness of the modelled part; for an equipotential far side at least half a period,
    `stack.width` (half of it with periodic sides)."""
    conductivity: Conductivity = Field(default_factory=_material_conductivity)
    """Ionic conductivity at 25 degC, in place of the material's."""
    far_side: Literal["equipotential", "flux"] = "equipotential"
    """Far face: one potential with the total current imposed, or a uniform current density."""

    @property
    def properties(self) -> materials.Electrolyte:
        """The material's parameters in working units (its conductivity is overridden by
        `conductivity`)."""
        return materials.electrolyte(self.material)
