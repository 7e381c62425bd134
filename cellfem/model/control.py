"""What drives current through a stack: one frozen class for each way, which owns its equation for
the far potential, the numbers in it, the sizes that go with it, and what a balance is held against.

A new way is a class here, in `CONTROLS`, and its mode and key in `case/protocol.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ufl.core.expr import Expr

from cellfem.case import Step
from cellfem.physics import kinetics

if TYPE_CHECKING:  # a case knows these classes before dolfinx is loaded
    from cellfem.model.constants import Constants
    from cellfem.model.equations.interface import Interface
    from cellfem.model.equations.setting import Setting


class Control(ABC):
    """One way to drive a stack, with its value. Currents in A/m² > 0 strip, voltages in V."""

    modes: ClassVar[tuple[str, ...]]
    """Modes of a protocol step that it stands for."""
    numbers: ClassVar[tuple[str, ...]]
    """Names of the numbers that its equation brings into the forms."""
    selector: ClassVar[str | None] = None
    """Which of them is 1 while it acts; None for the one that acts where no other does."""

    @classmethod
    @abstractmethod
    def of(cls, step: Step) -> Self: ...

    @classmethod
    @abstractmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self: ...

    @abstractmethod
    def to_numbers(self) -> dict[str, float]:
        """Those of its numbers that are not 0."""

    @classmethod
    @abstractmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        """active (1 where it acts, else 0) times the integrand over Γ of its equation."""

    @property
    def drives(self) -> bool:
        """Whether current passes; not so at rest."""
        return True

    @abstractmethod
    def current_through(self, resistance: float) -> float:
        """|i| through a flat, clean stack of this resistance (Ω m²): the typical size of currents;
        0 where none is driven."""

    def balance_size(self, exchange: float) -> float:
        """Current that Newton's balance of charge is measured against; exchange: that of the face.

        Where the current is what comes of the control it may die away: as at rest.
        """
        return exchange

    @abstractmethod
    def overpotential(self, resistance: float, temperature: float, layer: float, faces: int) -> float:
        """η of `faces` alike everywhere, V. resistance: of a face, layer: of the electrolyte, Ω m²;
        temperature: K."""

    @abstractmethod
    def charge_left(self, row: float, through: float) -> float:
        """What of a residual is charge left over: that of its own row, or what passes the
        electrolyte and is not taken up."""

    @abstractmethod
    def mean_current(self, found: float) -> float:
        """Mean current of a step in which `found` passes Γ."""

    @abstractmethod
    def expected(self, through: float) -> float:
        """What must pass Γ; through: what passes the other end of the electrolyte."""

    @abstractmethod
    def record_size(self, found: float, exchange: float) -> float:
        """Current that the balance of charge in a record is measured against."""


@dataclass(frozen=True)
class Current(Control):
    """The mean current density is given; 0 at rest."""

    current: float
    modes: ClassVar[tuple[str, ...]] = ("strip", "plate", "rest", "press")
    numbers: ClassVar[tuple[str, ...]] = ("current",)

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(step.signed_current)

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self:
        return cls(numbers["current"])

    def to_numbers(self) -> dict[str, float]:
        return {"current": self.current}

    @classmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        return at.layout.unbalanced(active, at.side_gamma, face.current, at.k.modes["current"])

    @property
    def drives(self) -> bool:
        return self.current != 0

    def current_through(self, resistance: float) -> float:
        return abs(self.current)

    def balance_size(self, exchange: float) -> float:
        return abs(self.current) or exchange

    def overpotential(self, resistance: float, temperature: float, layer: float, faces: int) -> float:
        return kinetics.overpotential_of(self.current, resistance, temperature)

    def charge_left(self, row: float, through: float) -> float:
        return row

    def mean_current(self, found: float) -> float:
        return self.current

    def expected(self, through: float) -> float:
        return self.current

    def record_size(self, found: float, exchange: float) -> float:
        return abs(self.current) or exchange


@dataclass(frozen=True)
class Voltage(Control):
    """The voltage is held: Φ = -V, or φ_Li2 = -V with two electrodes; the current is what comes of
    it."""

    voltage: float
    modes: ClassVar[tuple[str, ...]] = ("hold-voltage",)
    numbers: ClassVar[tuple[str, ...]] = ("held", "far")
    selector: ClassVar[str | None] = "held"

    @classmethod
    def of(cls, step: Step) -> Self:
        assert step.voltage is not None  # a checked case says it
        return cls(step.voltage)

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self:
        return cls(-numbers["far"])

    def to_numbers(self) -> dict[str, float]:
        return {"held": 1.0, "far": -self.voltage}

    @classmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        return active * (at.state.numbers[1]("+") - at.k.modes["far"])

    def current_through(self, resistance: float) -> float:
        return abs(self.voltage) / resistance

    def overpotential(self, resistance: float, temperature: float, layer: float, faces: int) -> float:
        return kinetics.overpotential_of(0.0, resistance, temperature, self.voltage, layer, faces)

    def charge_left(self, row: float, through: float) -> float:
        return through

    def mean_current(self, found: float) -> float:
        return found

    def expected(self, through: float) -> float:
        return through

    def record_size(self, found: float, exchange: float) -> float:
        return max(abs(found), exchange)


CONTROLS: tuple[type[Control], ...] = (Current, Voltage)
"""All ways; the first acts where no other does."""


def control_of(step: Step) -> Control:
    """That of a protocol step."""
    return next(kind for kind in CONTROLS if step.mode in kind.modes).of(step)


def acting_control(k: Constants) -> Control:
    """The one that the numbers of the forms tell of."""
    numbers = k.mode_values()
    others = (kind for kind in CONTROLS if kind.selector is not None)
    kind = next((kind for kind in others if numbers[str(kind.selector)] > 0.5), CONTROLS[0])
    return kind.from_numbers(numbers)


def charge_row(at: Setting, face: Interface) -> Expr:
    """Integrand over Γ of the equation of the far potential: that of each control where it acts."""
    by_selector = {kind: at.k.modes[kind.selector] for kind in CONTROLS if kind.selector is not None}
    others = sum(kind.row(active, at, face) for kind, active in by_selector.items())
    return others + CONTROLS[0].row(1 - sum(by_selector.values()), at, face)
