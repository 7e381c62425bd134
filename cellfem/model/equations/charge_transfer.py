"""Charge transfer through Γ: current from overpotential, and the inverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ufl.core.expr import Expr

from cellfem.model.constants import Constants
from cellfem.model.parameters import Structure
from cellfem.physics import kinetics


class ChargeTransfer(Protocol):
    @property
    def steepens(self) -> bool:
        """Whether the current grows faster than linearly far from equilibrium: Newton's method then
        needs a start near the solution."""

    def current(self, share: Expr, overpotential: Expr, resistance: Expr, k: Constants) -> Expr:
        """i, A/m²; share: of the area that carries current; resistance: ASR₀, Ω m²."""


@dataclass(frozen=True)
class ButlerVolmer:
    @property
    def steepens(self) -> bool:
        return True

    def current(self, share: Expr, overpotential: Expr, resistance: Expr, k: Constants) -> Expr:
        return kinetics.butler_volmer(share, overpotential, resistance, k.temperature, k.steepest)


@dataclass(frozen=True)
class LinearTransfer:
    @property
    def steepens(self) -> bool:
        return False

    def current(self, share: Expr, overpotential: Expr, resistance: Expr, k: Constants) -> Expr:
        return kinetics.linear_kinetics(share, overpotential, resistance)


def charge_transfer_of(structure: Structure) -> ChargeTransfer:
    return LinearTransfer() if structure.linear_kinetics else ButlerVolmer()
