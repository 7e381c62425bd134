"""How many electrodes there are, and what the numbers of the system stand for.

With two electrodes lithium and Γ are the unions of both. A constant `side` of each cell, 1 or -1,
tells which one is meant: (1 ± side)/2 takes the number of the one and leaves out that of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ufl.core.expr import Expr

from cellfem.model.state import State


class Layout(Protocol):
    """That in which a half cell and a symmetric cell differ."""

    @property
    def one_potential(self) -> bool:
        """Whether one of the numbers is the potential that the current comes from or goes to."""

    @property
    def shows_pressure(self) -> bool:
        """Whether the voltage without current is that of the pressure, ΩP/F: between two electrodes
        it cancels."""

    def travel_of(self, side: Any, numbers: Any) -> Expr:
        """U of this electrode, µm."""

    def travel_together(self, numbers: Any, travel: Expr) -> Expr:
        """What the travels of all platens add up to on Γ, µm; travel: that of the electrode at
        hand."""

    def overpotential(self, side: Any, potential: Expr, far: Expr) -> Expr:
        """η on Γ without what pressure adds, V; far: the number that belongs to the charge."""

    def of_force(self, side: Any, numbers: Any) -> Expr:
        """Test function of the force on the platen of this electrode."""

    def unbalanced(self, share: Expr, side: Any, current: Expr, imposed: Expr) -> Expr:
        """share (1 where a current is imposed) times what passes Γ beside it, A/m²."""

    def move_overpotential(self, state: State, by: float) -> None:
        """Add so much (V) to η everywhere on Γ, on a second electrode in the other sense."""

    def other_end(self, currents: Sequence[float], taken: float) -> float:
        """What passes the electrolyte's other end, A/m². currents: of each electrode; taken: by the
        far face."""

    def returning(self, imposed: float) -> list[float]:
        """What must pass Γ of the second electrode, A/m², if there is one."""


@dataclass(frozen=True)
class HalfCell:
    """One electrode; numbers (U, Φ). The potential is φ less Φ; with a uniform flux through the far
    face it is φ, and Φ is 0."""

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
    """Two electrodes; numbers (U₁, φ_Li2, U₂). The potential is φ against the first one; what
    strips the one plates the other."""

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
    """equipotential: whether the far side of a half cell is at one potential."""
    return SymmetricCell() if electrodes == 2 else HalfCell(one_potential=equipotential)
