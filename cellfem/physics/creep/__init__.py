"""Creep laws of lithium, porous or dense, evaluated at points with their derivatives.

The finite-element forms use a law only through its value and first derivatives, so any other
subclass of `CreepLaw` can be used instead: see docs/laws.md.
"""

from cellfem.physics.creep.anand_law import AnandLaw
from cellfem.physics.creep.law import CreepLaw, PointLaw, own_law, own_laws, register
from cellfem.physics.creep.leblond_law import LeblondLaw
from cellfem.physics.creep.porous import MatrixLaw, PowerLaw, SinhLaw, UncoupledPowerLaw, WithDiffusion

__all__ = [
    "AnandLaw",
    "CreepLaw",
    "LeblondLaw",
    "MatrixLaw",
    "PointLaw",
    "PowerLaw",
    "SinhLaw",
    "UncoupledPowerLaw",
    "WithDiffusion",
    "own_law",
    "own_laws",
    "register",
]
