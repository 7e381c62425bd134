"""How the electrolyte was pressed before assembly: the [densification] table of a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Number, Section, default
from cellfem.units import ZERO_CELSIUS, quantity

PressPressure = Annotated[float, quantity("MPa", ge=0.0, le=1e4)]
Furnace = Annotated[float, quantity("K", ge=ZERO_CELSIUS, le=1700.0)]
Duration = Annotated[float, quantity("s", ge=0.0, le=1e7)]


class Densification(Section):
    """Pressing of the electrolyte powder before assembly; its density follows: see
    docs/densification.md."""

    density: Annotated[Number, Field(gt=0.3, lt=1.0)] | None = None
    """Relative density of the electrolyte, where it is known; then nothing is pressed."""
    pressure: PressPressure | None = None
    """Pressure of the press. Without density and pressure the electrolyte is that of the material's
    data, dense as measured."""
    temperature: Furnace = default("25 degC")
    """Temperature under pressure: hot pressing of LLZO needs 900 to 1100 degC."""
    time: Duration = default("0 s")
    """Time under pressure at that temperature."""
    conductivity_law: Literal["bruggeman", "percolation"] = "bruggeman"
    """How porosity lowers the conductivity: pores in a matrix, or contacts of grains (for green
    bodies)."""
