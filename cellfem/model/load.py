"""The load of a stack at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cellfem.model.control import CONTROLS, Control
from cellfem.model.fixture import FIXTURES, Fixture, Platen

MODE_NUMBERS = (
    *CONTROLS[0].numbers,
    *(name for kind in FIXTURES for name in kind.numbers),
    *(name for kind in CONTROLS[1:] for name in kind.numbers),
)
"""Names of the constants of all controls and fixtures. FFCx identifies compiled forms by their
order: in this one those of earlier versions remain in use."""


@dataclass(frozen=True)
class Load:
    """Pressure (MPa), control, fixture, and the share of the adhesion that acts already."""

    pressure: float
    control: Control
    fixture: Fixture = field(default_factory=Platen)
    wetting: float = 1.0

    def taken_up(self, travel: float) -> Load:
        """A copy with its fixture engaged at this travel of all platens (µm)."""
        return replace(self, fixture=self.fixture.taken_up(travel))

    def mode_numbers(self) -> dict[str, float]:
        """The nonzero constants of `MODE_NUMBERS`."""
        return self.control.to_numbers() | self.fixture.to_numbers()
