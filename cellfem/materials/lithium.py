"""Lithium metal: bulk parameters and sets of power-law creep."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cellfem.materials.parameters import Parameter, in_unit, parameter, read_data, unknown
from cellfem.units import GAS_CONSTANT, T_REFERENCE

_UNITS = {
    "molar_volume": "cm^3/mol",
    "D": "um^2/s",
    "D_activation": "J/mol",
    "f_c": None,
    "length": "um",
    "breakdown": "MPa",
    "surface_tension": "MPa*um",
}


@dataclass(frozen=True)
class Lithium:
    """Lithium at 25 degC in working units; `parameters[name]` has text, range and source of
    each."""

    molar_volume: float  # Ω, cm³/mol = µm·m²/mol = J/mol/MPa
    D: float  # µm²/s
    D_activation: float  # J/mol
    f_c: float  # coalescence porosity
    length: float  # ℓ, µm
    breakdown: float  # 1/B of sinh creep, MPa
    surface_tension: float  # γ, MPa·µm
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True)
class CreepSet:
    """Power-law creep, rate = A(T) (σ/MPa)ⁿ in 1/s."""

    name: str
    n: float
    Q: float  # J/mol
    A298: float  # 1/s/MPaⁿ, at 298.15 K
    quality: str
    source: str

    def A(self, temperature: float) -> float:
        """A(T) = A298 exp(-Q/R (1/T - 1/298.15 K)) in 1/s/MPaⁿ, T in K."""
        return self.A298 * math.exp(-self.Q / GAS_CONSTANT * (1 / temperature - 1 / T_REFERENCE))


@dataclass(frozen=True)
class Pillars:
    """Strength of lithium pillars of the diameter D at 25 degC and at `rate`: strength
    (D/µm)^-exponent."""

    strength: float  # MPa, at D = 1 µm
    exponent: float
    rate: float  # 1/s
    parameters: Mapping[str, Parameter]

    def factor(self, size: float, creep: CreepSet) -> float:
        """Strength relative to bulk lithium, at least 1, at the size D = size (µm)."""
        bulk = (self.rate / creep.A298) ** (1 / creep.n)
        return max(1.0, self.strength * size**-self.exponent / bulk)


@cache
def pillars() -> Pillars:
    """The size effect of lithium.toml."""
    data, units = read_data("lithium.toml")["pillar"], {"strength": "MPa", "exponent": None, "rate": "1/s"}
    table = {name: parameter(data[name], unit) for name, unit in units.items()}
    return Pillars(parameters=MappingProxyType(table), **{name: item.value for name, item in table.items()})


@cache
def lithium() -> Lithium:
    """The parameters of lithium.toml."""
    data = read_data("lithium.toml")
    table = {name: parameter(data[name], unit) for name, unit in _UNITS.items()}
    return Lithium(parameters=MappingProxyType(table), **{name: item.value for name, item in table.items()})


def creep_names() -> tuple[str, ...]:
    """Names of the creep sets of lithium.toml."""
    return tuple(read_data("lithium.toml")["creep"]["set"])


@cache
def creep_set(name: str) -> CreepSet:
    """The creep set `name` of lithium.toml. Raises UnknownMaterialError."""
    sets = read_data("lithium.toml")["creep"]["set"]
    if name not in sets:
        raise unknown("creep set", name, sets)
    entry = sets[name]
    return CreepSet(
        name=name,
        n=in_unit(entry["n"], None),
        Q=in_unit(entry["Q"], "J/mol"),
        A298=in_unit(entry["A298"], "1/s"),
        quality=entry["quality"],
        source=entry["source"],
    )
