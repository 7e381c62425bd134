"""The cell to which resistances in ohm refer, and its impedance spectrum: the [impedance] table of
a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Count, Length, Number, Section, Switch, default
from cellfem.units import quantity

HALF_CELL_SEPARATOR = 1e3
"""Default thickness of the electrolyte (µm) of the full cell that a half cell represents."""

Area = Annotated[float, quantity("um^2", gt=0.0, le=1e13)]
AreaCapacitance = Annotated[float, quantity("F/m^2", gt=0.0, le=1e4)]
Frequency = Annotated[float, quantity("Hz", gt=0.0, le=1e12)]


class Impedance(Section):
    """Small-signal resistance of a whole cell, and its impedance spectrum: see docs/assembly.md."""

    area: Area = default("1 cm^2")
    """Area of the cell."""
    separator: Length | None = None
    """Thickness of the cell's electrolyte between its two faces, in place of the modelled
    electrolyte.thickness. Default: electrolyte.thickness in a symmetric cell, which is modelled
    completely; 1 mm in a half cell, which models the layer at its face."""
    interfaces: Annotated[Count, Field(ge=1, le=2)] = 2
    """Number of faces like the modelled one in the cell that a half cell represents; a symmetric
    cell has two."""
    spectrum: Switch = False
    """Whether a run ends with an impedance spectrum: spectrum.csv and nyquist.png."""
    lowest: Frequency = default("0.1 Hz")
    """Lowest frequency of the spectrum."""
    highest: Frequency = default("1 GHz")
    """Highest frequency of the spectrum."""
    per_decade: Annotated[Count, Field(ge=1, le=100)] = 6
    """Frequencies per decade."""
    double_layer: AreaCapacitance = default("1 uF/cm^2")
    """Double-layer capacitance where the faces touch (recalled; 0.1 to 10 uF/cm^2 in fits of
    Li|LLZO)."""
    permittivity: Annotated[Number, Field(ge=1.0, le=1e5)] = 50.0
    """Relative permittivity of the electrolyte (LLZO 40 to 60, recalled)."""
    gap_floor: Annotated[float | Literal["roughness"], quantity("um", gt=0.0, le=10.0, words=("roughness",))] = "roughness"
    """Distance g0 added to the gap where the faces do not touch: a capacitor eps0/(g + g0);
    "roughness" takes delta."""
