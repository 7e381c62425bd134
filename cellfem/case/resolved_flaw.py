"""A flaw resolved by its own mesh, for `cellfem flaw`: the [resolved_flaw] table of a case."""

from typing import Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Length, Number, Place, Section, Switch, default
from cellfem.units import quantity

Stress = Annotated[float, quantity("MPa", ge=-1e4, le=1e4)]


class ResolvedFlaw(Section):
    """A crack, notch or pore in the face of the electrolyte, filled with lithium, for `cellfem
    flaw`: see docs/cracks.md."""

    shape: Literal["crack", "notch", "pore"] = "crack"
    """crack: a slit of constant opening; notch: a slit with a round end; pore: a round pore below
    the face, joined to it by a channel."""
    length: Length = default("5 um")
    """Depth of the lithium in a crack or notch; length of the channel to a pore."""
    half_opening: Length = default("50 nm")
    """Half of the opening at the mouth, and along a whole crack or channel."""
    tip_radius: Length = default("20 nm")
    """notch: radius of its end."""
    pore_radius: Length = default("1 um")
    """pore: its radius."""
    crack: Place = default("0 um")
    """pore: length of a lithium-filled slit below the pore, as wide as the channel; 0 for none."""
    dry: Place = default("0.5 um")
    """Length of the empty sharp crack ahead of the lithium; 0 if the lithium reaches the tip."""
    opens: Switch = True
    """Whether the pressure of the lithium opens the flaw further, or the given width is kept."""
    compression: Stress = default("0 MPa")
    """Compression of the electrolyte normal to the crack, residual or applied, in addition to that
    by the stack; < 0 is tension."""
    compression_from: Place = default("0 um")
    """Depth below which the compression acts: a compressed layer below a stress-free one."""
    walls: Literal["stick", "slip"] = "stick"
    """Whether lithium sticks to the walls or slides on them."""
    plating: Literal["walls", "end"] = "walls"
    """Where lithium is plated in the flaw: on all of its walls, or on its round end alone."""
    growth_step: Length = default("1 um")
    """Advance of the lithium per step of growth."""
    fineness: Annotated[Number, Field(gt=0.0, le=8.0)] = 1.0
    """Refinement of the mesh of the flaw; 2 halves all sizes."""
