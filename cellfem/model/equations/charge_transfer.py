"""Charge transfer through Γ: current from overpotential, and back."""

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
        """Whether it is steeper than linear far from equilibrium: Newton's method needs a start
        near the solution then."""

    def current(self, share: Expr, overpotential: Expr, resistance: Expr, k: Constants) -> Expr:
        """i, A/m²; share: of the area that carries it; resistance: ASR₀, Ω m²."""


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
