"""The load protocol, step by step."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import CurrentDensity, Length, Number, Pressure, Section, Temperature, Time, Voltage, default

Mode = Literal["strip", "plate", "rest", "press"]


class Stop(Section):
    """Conditions that end the run before the duration is over."""

    voltage: Voltage | None = None
    """Largest |voltage| less its value without current."""
    contact: Annotated[Number, Field(gt=0.0, lt=1.0)] | None = None
    """Smallest contact fraction."""
    gap: Length | None = None
    """Largest gap."""
    index: Annotated[Number, Field(gt=0.0, le=1e6)] | None = None
    """Largest dendrite index K_I/K_Ic while plating; 1 is where a flaw grows."""


class Step(Section):
    """A step of the load protocol."""

    mode: Mode
    """Strip or plate lithium at constant current, rest, or press (both without current)."""
    current: CurrentDensity | None = None
    """Magnitude of the mean current density; the mode gives its sign. For strip and plate only."""
    duration: Time
    """How long the step lasts."""
    pressure: Pressure
    """Stack pressure, at the start of the step."""
    pressure_end: Pressure | None = None
    """Stack pressure at the end of the step, for a linear ramp."""
    temperature: Temperature = default("25 degC")
    """Uniform temperature."""
    stop: Stop = Field(default_factory=Stop)
    """Conditions that end the run early."""
    top: Literal["platen", "uniform"] = "platen"
    """Rigid platen (one unknown velocity) or uniform pressure on the top of the lithium."""

    @property
    def signed_current(self) -> float:
        """Mean current density in A/m²: > 0 strips, < 0 plates, 0 at rest and while pressing."""
        return (self.current or 0.0) * {"strip": 1.0, "plate": -1.0, "rest": 0.0, "press": 0.0}[self.mode]

    def pressure_at(self, elapsed: float) -> float:
        """Stack pressure in MPa, `elapsed` seconds after the start of the step."""
        if self.pressure_end is None:
            return self.pressure
        return self.pressure + (self.pressure_end - self.pressure) * min(max(elapsed / self.duration, 0.0), 1.0)

    @property
    def pressure_range(self) -> tuple[float, float]:
        """Smallest and largest stack pressure of the step in MPa."""
        end = self.pressure if self.pressure_end is None else self.pressure_end
        return min(self.pressure, end), max(self.pressure, end)
