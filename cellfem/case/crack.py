"""Stress and strength of the electrolyte: the [crack] table of a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Length, Number, Section, default
from cellfem.units import quantity

Strength = Annotated[float, quantity("MPa", gt=0.0, le=1e5)]
Volume = Annotated[float, quantity("um^3", gt=0.0, le=1e18)]
Area = Annotated[float, quantity("um^2", gt=0.0, le=1e15)]


class Crack(Section):
    """Elastic stress of the electrolyte under contact pressure, and its strength: see
    docs/cracks.md."""

    solve: Literal["outputs", "steps", "off"] = "outputs"
    """When the stress is solved: with each output of fields, after each step (and flaws then feel
    it), or never."""
    sides: Literal["mirror", "free"] = "mirror"
    """Mirror planes that stay where they are (confined), or that move apart until no mean lateral
    force is left."""
    support: Literal["roller", "fixed"] = "roller"
    """Far face of the electrolyte: slides on its support, or is held."""
    strength: Strength | None = None
    """Weibull's strength of a body of the size `volume` or `area`, in place of the material's."""
    modulus: Annotated[Number, Field(ge=1.0, le=100.0)] | None = None
    """Weibull's modulus, in place of the material's."""
    origin: Literal["volume", "surface"] = "volume"
    """Where the flaws are that break the ceramic: in its volume, or in its face towards the
    lithium."""
    volume: Volume = default("1 mm^3")
    """V0 of the strength; effective volume of a bending bar (3 x 4 x 20 mm in three points, modulus
    10), an estimate"""
    area: Area = default("10 mm^2")
    """S0 of the strength, for origin = "surface"; effective area of such a bar, an estimate"""
    flaw: Length | None = None
    """Depth of the surface flaw of the crack index; flaw.length without it."""
