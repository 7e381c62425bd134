"""Solid electrolytes: charge transport, elasticity, strength, and parameters of their clean
interface with lithium."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cellfem.materials.parameters import Parameter, parameter, read_data, unknown

_UNITS = {
    "conductivity": "S*um/m^2",
    "conductivity_activation": "J/mol",
    "young_modulus": "MPa",
    "poisson_ratio": None,
    "fracture_toughness": "MPa*um^0.5",
    "flexural_strength": "MPa",
    "weibull_modulus": None,
    "reference_density": None,
    "young_porosity": None,
    "toughness_at_83": "MPa*um^0.5",
    "toughness_at_98": "MPa*um^0.5",
    "heckel_start": None,
    "heckel_pressure": "MPa",
    "hot_rate": "1/s",
    "hot_exponent": None,
    "hot_activation": "J/mol",
    "asr_clean": "ohm*m^2",
    "adhesion_energy_clean": "MPa*um",
}


@dataclass(frozen=True)
class Pressing:
    """Densification of a powder, and properties as functions of its density; None if unknown.
    Densities are relative."""

    reference_density: float  # density to which the other parameters belong
    young_porosity: float | None  # b of E ∝ exp(-b (1-ρ))
    toughness_trend: tuple[tuple[float, float], tuple[float, float]] | None  # two points (ρ, K_Ic)
    heckel_start: float
    heckel_pressure: float  # MPa
    hot_rate: float | None  # A₀ at 1 MPa, 1/s
    hot_exponent: float | None
    hot_activation: float | None  # J/mol


@dataclass(frozen=True)
class Electrolyte:
    """A solid electrolyte at 25 degC in working units, None if unknown; `parameters` has text,
    range and source of each."""

    name: str
    conductivity: float  # κ, A/m² per V/µm
    conductivity_activation: float  # J/mol
    young_modulus: float  # MPa
    poisson_ratio: float
    fracture_toughness: float  # K_Ic, MPa·µm^½
    flexural_strength: float | None  # MPa
    weibull_modulus: float | None  # m of the strength
    asr_clean: float | None  # Ω m²
    adhesion_energy_clean: float | None  # MPa·µm
    pressing: Pressing
    parameters: Mapping[str, Parameter]


def electrolyte_names() -> tuple[str, ...]:
    """Names of the materials of electrolytes.toml."""
    return tuple(read_data("electrolytes.toml"))


@cache
def electrolyte(name: str) -> Electrolyte:
    """The material `name` of electrolytes.toml. Raises UnknownMaterialError."""
    data = read_data("electrolytes.toml")
    if name not in data:
        raise unknown("electrolyte", name, data)
    table = {key: parameter(entry, _UNITS[key]) for key, entry in data[name].items()}
    value = {key: item.value for key, item in table.items()}
    return Electrolyte(
        name=name,
        conductivity=value["conductivity"],
        conductivity_activation=value["conductivity_activation"],
        young_modulus=value["young_modulus"],
        poisson_ratio=value["poisson_ratio"],
        fracture_toughness=value["fracture_toughness"],
        flexural_strength=value.get("flexural_strength"),
        weibull_modulus=value.get("weibull_modulus"),
        asr_clean=value.get("asr_clean"),
        adhesion_energy_clean=value.get("adhesion_energy_clean"),
        pressing=_pressing(value),
        parameters=MappingProxyType(table),
    )


def _pressing(value: Mapping[str, float]) -> Pressing:
    low, high = value.get("toughness_at_83"), value.get("toughness_at_98")
    return Pressing(
        value["reference_density"],
        value.get("young_porosity"),
        ((0.83, low), (0.98, high)) if low is not None and high is not None else None,
        value["heckel_start"],
        value["heckel_pressure"],
        value.get("hot_rate"),
        value.get("hot_exponent"),
        value.get("hot_activation"),
    )
