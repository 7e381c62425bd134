"""The rough face of the electrolyte: the [roughness] table of a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Count, Length, Number, Place, Section, default

LengthUnit = Literal["m", "mm", "um", "nm", "pm"]
Share = Annotated[Number, Field(gt=0.0, lt=1.0)]


class Roughness(Section):
    """The electrolyte's face at the start; its gap is added to that of voids. Finer features belong
    to interface.roughness."""

    kind: Literal["none", "self-affine", "file", "grooves", "pores"] = "none"
    """A flat face; a random one; a measured one; a grooved or ground one; a flat one with pores.
    The keys of each are below."""
    cut_off: Length = default("2 um")
    """self-affine, file: shortest wavelength; a measured face is filtered. The mesh needs four
    nodes on it."""
    rms: Length = default("0.1 um")
    """self-affine: root mean square of the heights over the width, met exactly."""
    hurst: Annotated[Number, Field(gt=0.0, le=1.0)] = 0.8
    """self-affine: Hurst exponent H; the power spectrum of a profile falls as wave number^-(1 +
    2H)."""
    roll_off: Length = default("10 um")
    """self-affine: wavelength above which the power spectrum is constant."""
    seed: Annotated[Count, Field(ge=0)] = 1
    """self-affine, pores: the same seed gives the same face."""
    file: str | None = None
    """file: any format that SurfaceTopography reads (cellfem[surface]), or plain numbers as text or
    .npy; path relative to the case."""
    unit: LengthUnit | None = None
    """file: unit of its numbers, if the file does not give it."""
    spacing: Length | None = None
    """file: point spacing, if the file does not give it."""
    channel: Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)] | None = None
    """file: channel of a file with several, by name or number from 0; default: the library's
    choice."""
    tilt: Literal["mean", "plane", "curvature"] = "plane"
    """file: what is subtracted from the whole measurement: its mean, also its tilt, or also its
    curvature."""
    offset: Place = default("0 um")
    """file: position on the measurement where the stack begins; it is cropped to stack.width from
    there."""
    line: Place | None = None
    """file: position of the profile that a plane stack takes from a map; default: its middle line.
    """
    period: Length = default("10 um")
    """grooves: their spacing; stack.width must be a multiple of half of it, with periodic sides of
    the whole."""
    depth: Length = default("0.5 um")
    """grooves, pores: their depth."""
    shape: Literal["sine", "triangle", "trapezoid"] = "sine"
    """grooves: a sine wave; sharp ridges and valleys; or lands, walls and floors of a quarter
    period each."""
    size: Length = default("4 um")
    """pores: width of their mouth; their profile is a cosine."""
    share: Share = 0.2
    """pores: area fraction of the face, as closely as a whole number of pores allows."""
