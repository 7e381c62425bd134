"""A flaw that is resolved by its own mesh, for `cellfem flaw`: the [resolved_flaw] table of a
case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Length, Number, Place, Section, Switch, default
from cellfem.units import quantity

Stress = Annotated[float, quantity("MPa", ge=-1e4, le=1e4)]


class ResolvedFlaw(Section):
    """A crack, notch or pore in the face of the electrolyte, full of lithium, for `cellfem flaw`:
    see docs/cracks.md."""

    shape: Literal["crack", "notch", "pore"] = "crack"
    """A slit of even opening; a slit that narrows to its tip; a round pore below the face, joined
    to it by a channel."""
    length: Length = default("5 um")
    """Depth of the lithium in a crack or notch; length of the channel to a pore."""
    half_opening: Length = default("50 nm")
    """Half of the opening at the mouth, and of a crack or channel all along."""
    tip_radius: Length = default("20 nm")
    """notch: radius of its end."""
    pore_radius: Length = default("1 um")
    """pore: its radius."""
    crack: Place = default("0 um")
    """pore: lithium-filled slit that goes on from its bottom, as wide as the channel; 0 for
    none."""
    dry: Place = default("0.5 um")
    """Sharp crack ahead of the lithium that is still empty; 0 where the lithium reaches the end."""
    opens: Switch = True
    """Whether the flaw is as wide as the lithium's pressure has opened it, or keeps the width that
    is given here."""
    compression: Stress = default("0 MPa")
    """Compression of the electrolyte across the crack, residual or applied, besides that by the
    stack; < 0 pulls."""
    compression_from: Place = default("0 um")
    """Depth from which on it is compressed: a layer below one that is not."""
    walls: Literal["stick", "slip"] = "stick"
    """Whether lithium sticks to the walls or slides on them."""
    plating: Literal["walls", "end"] = "walls"
    """Where lithium is plated in the flaw: on all of its walls, or on its round end alone."""
    growth_step: Length = default("1 um")
    """Advance of the lithium in a step of growth."""
    fineness: Annotated[Number, Field(gt=0.0, le=8.0)] = 1.0
    """Refinement of the mesh of the flaw; 2 halves all sizes."""
