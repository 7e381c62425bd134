"""Parameter sets as data files, each value with unit, range and source; returned as frozen
dataclasses in working units."""

from cellfem.materials.electrolytes import Electrolyte, electrolyte, electrolyte_names
from cellfem.materials.lithium import CreepSet, Lithium, Pillars, creep_names, creep_set, lithium, pillars
from cellfem.materials.parameters import Parameter, UnknownMaterialError

__all__ = [
    "CreepSet",
    "Electrolyte",
    "Lithium",
    "Parameter",
    "Pillars",
    "UnknownMaterialError",
    "creep_names",
    "creep_set",
    "electrolyte",
    "electrolyte_names",
    "lithium",
    "pillars",
]
