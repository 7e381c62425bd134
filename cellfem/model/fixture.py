"""The fixture that presses a stack: one frozen class for each kind, with its equation for the
platen travel, its constants, whether its face is rigid, and the pressure that it measures.

A new kind is a class here, in `FIXTURES`, and its key in `case/protocol.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from ufl.core.expr import Expr

from cellfem.case import Step
from cellfem.physics.fixture import spring_pressure, spring_pressure_now

if TYPE_CHECKING:  # a case uses these classes before dolfinx is loaded
    from cellfem.model.constants import Constants
    from cellfem.model.equations.interface import Interface
    from cellfem.model.equations.setting import Setting


class Fixture(ABC):
    """One kind of fixture. Pressures in MPa, travels in µm, > 0 away from the electrolyte."""

    top: ClassVar[str]
    """`top` of a protocol step with this fixture."""
    numbers: ClassVar[tuple[str, ...]] = ()
    """Names of the constants that it adds to the forms."""
    selector: ClassVar[str | None] = None
    """The constant that selects its equation for the travel; None: U is constant."""
    rigid: ClassVar[bool] = True
    """Whether the upper face moves as a rigid plane."""

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls()

    @classmethod
    @abstractmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self | None:
        """None if another fixture acts."""

    def to_numbers(self) -> dict[str, float]:
        """Its nonzero constants."""
        return {}

    @classmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        """active (1 while it acts, otherwise 0) times the integrand over Γ of its own equation."""
        travel = at.travel_of(at.state.numbers)("+")
        return active * (travel - at.travel_of(at.state.travel_old[0])("+"))

    @property
    def ramps(self) -> bool:
        """Whether a jump of the load may be applied as a ramp."""
        return True

    def goes_on(self, before: Fixture) -> bool:
        """Whether it is the fixture of the previous step, which then continues without being
        engaged again."""
        return False

    def taken_up(self, travel: float) -> Fixture:
        """A copy engaged at this travel of all platens."""
        return self

    def force_left(self, row: float, vertical: float) -> float:
        """Force imbalance in a residual: of its own row, or on the whole lithium."""
        return vertical

    def pressure_now(self, pressure: float, travel: float) -> float | None:
        """Pressure on the lithium, from the load's pressure and the travel of all platens; None if
        only the contact pressure gives it."""
        return pressure

    def expected(self, load: float, taken: float) -> float:
        """Mean contact pressure in equilibrium; taken: reaction that fixes the upper face."""
        return load


@dataclass(frozen=True)
class Platen(Fixture):
    """A rigid platen under the load's pressure P₀; with a spring under P₀ + k_s (U - U₀)."""

    spring: float = 0.0  # k_s, MPa/µm
    rest_travel: float = 0.0  # U₀
    top: ClassVar[str] = "platen"
    numbers: ClassVar[tuple[str, ...]] = ("platen", "spring", "rest_travel")
    selector: ClassVar[str | None] = "platen"

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(step.spring or 0.0)

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self | None:
        return cls(numbers["spring"], numbers["rest_travel"]) if numbers["platen"] > 0.5 else None

    def to_numbers(self) -> dict[str, float]:
        return {"platen": 1.0, "spring": self.spring, "rest_travel": self.rest_travel}

    @classmethod
    def row(cls, active: Expr, at: Setting, face: Interface) -> Expr:
        k, numbers = at.k, at.state.numbers
        together = at.layout.travel_together(numbers, at.travel_of(numbers)("+"))
        load = spring_pressure(k.pressure, k.modes["spring"], together - k.modes["rest_travel"])
        return active * (face.pressure - load)

    @property
    def ramps(self) -> bool:
        return not self.spring > 0

    def goes_on(self, before: Fixture) -> bool:
        """A spring of the same stiffness is the same spring."""
        return isinstance(before, Platen) and self.spring > 0 and self.spring == before.spring

    def taken_up(self, travel: float) -> Fixture:
        return replace(self, rest_travel=travel)

    def force_left(self, row: float, vertical: float) -> float:
        return row

    def pressure_now(self, pressure: float, travel: float) -> float | None:
        return spring_pressure_now(pressure, self.spring, travel - self.rest_travel)


@dataclass(frozen=True)
class FixedPlaten(Fixture):
    """A platen at a fixed position."""

    top: ClassVar[str] = "fixed"
    numbers: ClassVar[tuple[str, ...]] = ("fixed",)

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self | None:
        return cls() if numbers["fixed"] > 0.5 else None

    def to_numbers(self) -> dict[str, float]:
        return {"fixed": 1.0}

    @property
    def ramps(self) -> bool:
        return False

    def pressure_now(self, pressure: float, travel: float) -> float | None:
        return None

    def expected(self, load: float, taken: float) -> float:
        return taken


@dataclass(frozen=True)
class UniformPressure(Fixture):
    """The load's pressure on the free upper face, which has no common travel."""

    top: ClassVar[str] = "uniform"
    rigid: ClassVar[bool] = False

    @classmethod
    def from_numbers(cls, numbers: Mapping[str, float]) -> Self | None:
        return cls()


FIXTURES: tuple[type[Fixture], ...] = (Platen, FixedPlaten, UniformPressure)
"""All fixtures; the last acts if no other does."""


def fixture_of(step: Step) -> Fixture:
    """The fixture of a protocol step."""
    return next(kind for kind in FIXTURES if step.top == kind.top).of(step)


def acting_fixture(k: Constants) -> Fixture:
    """The fixture that acts according to the constants of the forms."""
    numbers = k.mode_values()
    return next(found for kind in FIXTURES if (found := kind.from_numbers(numbers)) is not None)


def force_row(at: Setting, face: Interface) -> Expr:
    """Integrand over Γ of the equation of the travel: the sum over all fixtures, of which one is
    active."""
    by_selector = {kind: at.k.modes[kind.selector] for kind in FIXTURES if kind.selector is not None}
    own = sum(kind.row(active, at, face) for kind, active in by_selector.items())
    return own + Fixture.row(1 - sum(by_selector.values()), at, face)
