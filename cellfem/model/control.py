"""Control of the current through a stack: one frozen class for each kind, with its equation for the
far potential, its constants, typical sizes, and the reference size of its balance.

A new kind is a class here, in `CONTROLS`, and its mode and key in `case/protocol.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from ufl.core.expr import Expr

from cellfem.case import Step
from cellfem.physics import kinetics

if TYPE_CHECKING:  # a case uses these classes before dolfinx is loaded
    from cellfem.model.constants import Constants
    from cellfem.model.equations.interface import Interface
    from cellfem.model.equations.setting import Setting


class Control(ABC):
    """One kind of control, with its value. Currents in A/m² > 0 strip, voltages in V."""

    modes: ClassVar[tuple[str, ...]]
    """Protocol modes with this control."""
    numbers: ClassVar[tuple[str, ...]]
    """Names of the constants that its equation adds to the forms."""
    selector: ClassVar[str | None] = None
    """The constant that is 1 while it acts; None for the default, which acts if no other does."""

    @classmethod
    @abstractmethod
    def of(cls, step: Step) -> Self: ...

    @classmethod
    @abstractmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self: ...

    @abstractmethod
    def to_numbers(self) -> dict[str, float]:
        """Its nonzero constants."""

    @classmethod
    @abstractmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        """active (1 while it acts, otherwise 0) times the integrand over Γ of its equation."""

    @property
    def drives(self) -> bool:
        """Whether current passes; false at rest."""
        return True

    @abstractmethod
    def current_through(self, resistance: float) -> float:
        """|i| through a flat, clean stack of this resistance (Ω m²): the typical size of currents;
        0 without a driving force."""

    def balance_size(self, exchange: float) -> float:
        """Current by which Newton's charge balance is scaled; exchange: exchange current density of
        the face.

        If the current is a result of the control it may decay to zero: then as at rest.
        """
        return exchange

    @abstractmethod
    def overpotential(self, resistance: float, temperature: float, layer: float, faces: int) -> float:
        """η of `faces` identical uniform faces, V. resistance: of a face, layer: of the
        electrolyte, Ω m²; temperature: K."""

    @abstractmethod
    def charge_left(self, row: float, through: float) -> float:
        """Charge imbalance in a residual: of its own row, or what passes the electrolyte and is not
        taken up."""

    @abstractmethod
    def mean_current(self, found: float) -> float:
        """Mean current of a step in which `found` passes Γ."""

    @abstractmethod
    def expected(self, through: float) -> float:
        """The current that must pass Γ; through: current through the other end of the
        electrolyte."""

    @abstractmethod
    def record_size(self, found: float, exchange: float) -> float:
        """Current by which the charge balance in a record is scaled."""


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
    """The voltage is held: Φ = -V, or φ_Li2 = -V with two electrodes; the current is a result."""

    voltage: float
    modes: ClassVar[tuple[str, ...]] = ("hold-voltage",)
    numbers: ClassVar[tuple[str, ...]] = ("held", "far")
    selector: ClassVar[str | None] = "held"

    @classmethod
    def of(cls, step: Step) -> Self:
        assert step.voltage is not None  # ensured by the checks of the case
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
"""All controls; the first acts if no other does."""


def control_of(step: Step) -> Control:
    """The control of a protocol step."""
    return next(kind for kind in CONTROLS if step.mode in kind.modes).of(step)


def acting_control(k: Constants) -> Control:
    """The control that acts according to the constants of the forms."""
    numbers = k.mode_values()
    others = (kind for kind in CONTROLS if kind.selector is not None)
    kind = next((kind for kind in others if numbers[str(kind.selector)] > 0.5), CONTROLS[0])
    return kind.from_numbers(numbers)


def charge_row(at: Setting, face: Interface) -> Expr:
    """Integrand over Γ of the equation of the far potential: the sum over all controls, of which
    one is active."""
    by_selector = {kind: at.k.modes[kind.selector] for kind in CONTROLS if kind.selector is not None}
    others = sum(kind.row(active, at, face) for kind, active in by_selector.items())
    return others + CONTROLS[0].row(1 - sum(by_selector.values()), at, face)
