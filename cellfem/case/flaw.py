"""The flaws of the electrolyte's face from which dendrites start: the [flaw] table of a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Count, Length, Number, Section, default
from cellfem.units import quantity

Depth = Annotated[float, quantity("um", gt=0.0, le=1e9)]
PerArea = Annotated[float, quantity("1/um^2", ge=0.0, le=1e6)]
Toughness = Annotated[float, quantity("MPa*um^0.5", gt=0.0, le=1e6)]


class Flaw(Section):
    """Flaws of the electrolyte's face, filled with lithium, from which dendrites start: see
    docs/dendrites.md."""

    length: Length = default("1 um")
    """Depth a into the electrolyte, for the dendrite index; a choice of the model (flaws of dense
    ceramics: 0.1 to 10 um)."""
    half_opening: Length = default("50 nm")
    """Half of the opening H of a slit, or the radius of a cylinder; a choice of the model, and the
    one that counts most."""
    shape: Literal["slit", "cylinder"] = "slit"
    """What lithium is pressed out of: a crack or grain boundary, or a channel."""
    plated: Literal["tip", "walls"] = "tip"
    """Where lithium plates in a flaw: at its tip, or on all of its walls, which is a/H times as
    much."""
    distribution: Literal["single", "power", "exponential"] = "power"
    """Flaws per area longer than a: density for a up to length; density (a/length)^-exponent; or
    density exp(-a/length)."""
    exponent: Annotated[Number, Field(gt=0.0, le=100.0)] = 5.0
    """Exponent of the power law, half of the Weibull modulus of the strength (ceramics: 10); for
    distribution = "power" only."""
    density: PerArea = default("1e4 1/cm^2")
    """Flaws per area of the interface; a choice of the model: one in 100 um x 100 um."""
    seed: Annotated[Count, Field(ge=0, lt=2**32)] | None = None
    """Draws the flaws of the face one by one, with places and lengths, instead of counting them by
    their density."""
    sites: Literal["pores", "grain boundaries"] = "pores"
    """Positions of sampled flaws: anywhere, independent of each other, or on the boundaries between
    grains; needs a seed."""
    grain_size: Length = default("5 um")
    """Mean size of the grains (square root of their mean area) along whose boundaries flaws are
    sampled."""
    depth: Depth = default("1 mm")
    """Depth of a plane stack out of the picture, for the area over which the likelihood is taken;
    not used when axisymmetric."""
    toughness: Toughness | None = None
    """Fracture toughness K_Ic, in place of the material's."""
