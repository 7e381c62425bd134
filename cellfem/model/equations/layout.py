"""The number of electrodes, and the meaning of the global unknowns.

With two electrodes, lithium and Γ are the unions of both. A constant `side` of each cell, 1 or -1,
selects one of them: (1 ± side)/2 takes the global unknown of one and drops that of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ufl.core.expr import Expr

from cellfem.model.state import State


class Layout(Protocol):
    """The differences between a half cell and a symmetric cell."""

    @property
    def one_potential(self) -> bool:
        """Whether one of the global unknowns is the potential of the current's source or sink."""

    @property
    def shows_pressure(self) -> bool:
        """Whether the voltage without current is that of the pressure, ΩP/F: between two electrodes
        it cancels."""

    def travel_of(self, side: Any, numbers: Any) -> Expr:
        """U of this electrode, µm."""

    def travel_together(self, numbers: Any, travel: Expr) -> Expr:
        """Sum of the travels of all platens on Γ, µm; travel: of the present electrode."""

    def overpotential(self, side: Any, potential: Expr, far: Expr) -> Expr:
        """η on Γ without the pressure term, V; far: the global unknown of the charge equation."""

    def of_force(self, side: Any, numbers: Any) -> Expr:
        """Test function of the force on the platen of this electrode."""

    def unbalanced(self, share: Expr, side: Any, current: Expr, imposed: Expr) -> Expr:
        """share (1 if a current is imposed) times the difference between the current through Γ and
        the imposed one, A/m²."""

    def move_overpotential(self, state: State, by: float) -> None:
        """Add this value (V) to η everywhere on Γ, with the opposite sign on a second electrode."""

    def other_end(self, currents: Sequence[float], taken: float) -> float:
        """Current through the other end of the electrolyte, A/m². currents: of each electrode;
        taken: through the far face."""

    def returning(self, imposed: float) -> list[float]:
        """Currents that must pass Γ of the second electrode, A/m², if there is one."""


@dataclass(frozen=True)
class HalfCell:
    """One electrode; global unknowns (U, Φ). The potential is φ - Φ; with a uniform flux through
    the far face it is φ, and Φ is 0."""

    one_potential: bool = True
    shows_pressure: bool = True

    def travel_of(self, side: Any, numbers: Any) -> Expr:
        return numbers[0]

    def travel_together(self, numbers: Any, travel: Expr) -> Expr:
        return travel

    def overpotential(self, side: Any, potential: Expr, far: Expr) -> Expr:
        return -(potential + far)

    def of_force(self, side: Any, numbers: Any) -> Expr:
        return numbers[0]("+")

    def unbalanced(self, share: Expr, side: Any, current: Expr, imposed: Expr) -> Expr:
        return share * (current - imposed)

    def move_overpotential(self, state: State, by: float) -> None:
        if self.one_potential:
            state.numbers.x.array[1:2] -= by
        else:
            state.potential.x.array[:] -= by

    def other_end(self, currents: Sequence[float], taken: float) -> float:
        return taken

    def returning(self, imposed: float) -> list[float]:
        return []


@dataclass(frozen=True)
class SymmetricCell:
    """Two electrodes; global unknowns (U₁, φ_Li2, U₂). The potential is φ relative to the first
    one; stripping one electrode plates the other."""

    one_potential: bool = True
    shows_pressure: bool = False

    def travel_of(self, side: Any, numbers: Any) -> Expr:
        return (1 + side) / 2 * numbers[0] + (1 - side) / 2 * numbers[2]

    def travel_together(self, numbers: Any, travel: Expr) -> Expr:
        return (numbers[0] + numbers[2])("+")

    def overpotential(self, side: Any, potential: Expr, far: Expr) -> Expr:
        return (1 - side) / 2 * far - potential

    def of_force(self, side: Any, numbers: Any) -> Expr:
        return (1 + side) / 2 * numbers[0]("+") + (1 - side) / 2 * numbers[2]("+")

    def unbalanced(self, share: Expr, side: Any, current: Expr, imposed: Expr) -> Expr:
        return share * ((1 - side) / 2) * (current + imposed)

    def move_overpotential(self, state: State, by: float) -> None:
        state.potential.x.array[:] -= by
        state.numbers.x.array[1:2] -= 2 * by

    def other_end(self, currents: Sequence[float], taken: float) -> float:
        return -currents[1]

    def returning(self, imposed: float) -> list[float]:
        return [-imposed]


def layout_of(electrodes: int, equipotential: bool) -> Layout:
    """equipotential: whether the far side of a half cell is equipotential."""
    return SymmetricCell() if electrodes == 2 else HalfCell(one_potential=equipotential)
