"""How many electrodes there are, and what the numbers of the system stand for.

With two electrodes lithium and Γ are the unions of both. A constant `side` of each cell, 1 or -1,
tells which one is meant: (1 ± side)/2 takes the number of the one and leaves out that of the other.
"""

from __future__ import annotations

from typing import Any, Protocol

from ufl.core.expr import Expr


class Layout(Protocol):
    """The part of the equations in which a half cell and a symmetric cell differ."""

    def travel_of(self, side: Any, numbers: Any) -> Expr:
        """U of the electrode at hand, µm."""

    def travel_together(self, numbers: Any, travel: Expr) -> Expr:
        """What the travels of all platens add up to on Γ, µm; travel: that of the electrode at
        hand."""

    def overpotential(self, side: Any, potential: Expr, far: Expr) -> Expr:
        """η on Γ without what pressure adds, V; far: the number that belongs to the charge."""

    def of_force(self, side: Any, numbers: Any) -> Expr:
        """Test function of the force on the platen of the electrode at hand."""

    def unbalanced(self, share: Expr, side: Any, current: Expr, imposed: Expr) -> Expr:
        """share (1 where a current is imposed) times what passes Γ beside it, A/m²."""


class HalfCell:
    """One electrode; numbers (U, Φ). The potential is φ less Φ."""

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


class SymmetricCell:
    """Two electrodes; numbers (U₁, φ_Li2, U₂). The potential is φ against the first one; what
    strips the one plates the other."""

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


def layout_of(electrodes: int) -> Layout:
    return SymmetricCell() if electrodes == 2 else HalfCell()
