"""Removal of lattice planes from the lithium's surface, per area of the reference, µm/s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import ufl
from ufl.core.expr import Expr

from cellfem.model.constants import Constants
from cellfem.model.parameters import Structure
from cellfem.physics import vacancies


class Removal(Protocol):
    def rate(self, f: Expr, openness: Expr, injected: Expr, stretch: Expr, k: Constants) -> Expr:
        """stretch: area of the surface over that of Γ; injected: i Ω/F, µm/s."""


@dataclass(frozen=True)
class AsInjected:
    """Without vacancies: one plane for each layer stripped by the current, per area of Γ like the
    current."""

    def rate(self, f: Expr, openness: Expr, injected: Expr, stretch: Expr, k: Constants) -> Expr:
        return injected


@dataclass(frozen=True)
class Never:
    """Vacancies disappear by diffusion and compaction only."""

    def rate(self, f: Expr, openness: Expr, injected: Expr, stretch: Expr, k: Constants) -> Expr:
        return ufl.as_ufl(0.0)


@dataclass(frozen=True)
class AtCoalescence:
    """Near and above f_c where Γ touches, at once where it is open."""

    def rate(self, f: Expr, openness: Expr, injected: Expr, stretch: Expr, k: Constants) -> Expr:
        return stretch * vacancies.removal_rate(f, openness, k.f_c, k.removal_rate)


@dataclass(frozen=True)
class FirstOrder:
    """At a rate proportional to f."""

    def rate(self, f: Expr, openness: Expr, injected: Expr, stretch: Expr, k: Constants) -> Expr:
        return stretch * vacancies.linear_removal_rate(f, openness, k.removal_rate, k.sink_rate)


def removal_of(structure: Structure) -> Removal:
    if not structure.vacancies:
        return AsInjected()
    if not structure.removal:
        return Never()
    return FirstOrder() if structure.linear_removal else AtCoalescence()
