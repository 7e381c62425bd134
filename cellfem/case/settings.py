"""Size of the stack, mesh, numerics and output."""

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from cellfem.case.fields import Count, Length, Number, Rate, Section, Switch, Time, default
from cellfem.quantities import FIELDS
from cellfem.units import quantity

if TYPE_CHECKING:
    FieldName = str
else:
    FieldName = Literal[tuple(field.name for field in FIELDS)]


MeshUnit = Literal["m", "mm", "um", "nm"]


class Stack(Section):
    """The stack of lithium over electrolyte; its sides are mirror planes, or one: it stands for a
    periodic interface."""

    dimension: Literal[2, 3] = 2
    """Number of space dimensions: a cut through the stack, or a block of it."""
    symmetry: Literal["plane", "axisymmetric"] = "plane"
    """Plane strain, or axisymmetric about x = 0."""
    width: Length = default("25 um")
    """Extent in x: half a period of the interface, a whole one with periodic sides; or the
    radius."""
    cell: Literal["half", "symmetric"] = "half"
    """One lithium electrode, or two with the electrolyte between them, one stripped while the other
    is plated."""
    depth: Length | None = None
    """Extent in y of a stack of dimension 3, likewise; without it as wide as deep."""
    sides: Literal["mirror", "periodic"] = "mirror"
    """Mirror planes; or opposite sides are one, for faces, voids and currents that are no mirror
    images of themselves. Either way lithium is confined and cannot extrude sideways."""

    @property
    def periodic(self) -> bool:
        """Whether opposite sides are one."""
        return self.sides == "periodic"

    @property
    def periods(self) -> tuple[float, ...]:
        """Extents along which the interface repeats itself, µm; none between mirror planes."""
        return self.extents if self.periodic else ()

    @property
    def extents(self) -> tuple[float, ...]:
        """Extent of the interface along each of its axes, µm."""
        return (self.width,) if self.dimension == 2 else (self.width, self.depth or self.width)


class Mesh(Section):
    """Mesh sizes, or a ready mesh."""

    near: Length = default("0.4 um")
    """Size along the interface, at most half of lithium.length."""
    far: Length | None = None
    """Size far from the interface, reached at 15 um, or farther off: it grows by 0.4 of the
    distance at most. Without it 2 um, or 8 % of the thickness of lithium or electrolyte (in a
    symmetric cell half of it) where that is more, but no more than a quarter of the width."""
    cells: Literal["simplices", "bricks"] = "simplices"
    """Triangles and tetrahedra made by gmsh; or quadrilaterals and hexahedra in columns `near` wide
    and in layers."""
    file: str | None = None
    """A ready mesh with cellfem's group names, its path from the folder of the case; without it
    gmsh makes one. It decides on width, thicknesses and near where the case leaves them out; sizes
    that the case gives must be the mesh's."""
    unit: MeshUnit = "um"
    """file: the unit that the mesh is drawn in."""

    @property
    def coarsest(self) -> float:
        """`far` in µm; nan where a ready mesh has its own."""
        return math.nan if self.far is None else self.far


class Numerics(Section):
    """Time steps, Newton's method, and regularisations."""

    kinematics: Literal["ale", "flat"] = "ale"
    """The void moves in true geometry (ALE), or linearised on the flat reference (for
    comparison)."""
    scheme: Literal["euler", "bdf2"] = "bdf2"
    """Time stepping: implicit Euler or BDF2."""
    tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.02
    """Time error allowed per step, of porosity over f_c and gap over (roughness + gap/10), mean
    square over the interface."""
    dt: Annotated[tuple[Time, ...], Field(min_length=1)] | None = None
    """Prescribed time steps in their order, in place of error control; the last one is repeated
    until the end."""
    dt_initial: Time = default("0.1 s")
    """First time step of each protocol step."""
    dt_min: Time = default("1e-6 s")
    """Smallest time step: below it the solver gives up."""
    dt_max: Time | None = None
    """Largest time step; without it 1/30 of the protocol step."""
    linear: Literal["auto", "direct", "iterative"] = "auto"
    """Linear solver: sparse LU, or a Krylov method preconditioned field by field; auto: that for
    large stacks in 3-D."""
    newton_tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 1e-6
    """Largest last correction of Newton's method, each unknown in its typical size; balances are
    held to 1e-9 besides."""
    newton_max: Annotated[Count, Field(ge=1, le=1000)] = 80
    """Most corrections of a time step."""
    strain_rate_floor: Rate = default("1e-8 1/s")
    """Regularisation of power-law creep at low stress; 1e-10 1/s for onset currents."""
    porosity_switch: Annotated[Number, Field(ge=0.0, le=0.1)] = 1e-4
    """Porosity below which compaction is switched off, f/(f + this) in b(f); 0 for exact tests."""
    porosity_degree: Literal[1, 2] | None = None
    """Degree of the porosity: 2 keeps a flat face flat to 1e-3 of the roughness, 1 to 5e-2. Without
    it 2; 1 in 3-D, and on bricks."""
    quadrature_degree: Annotated[Count, Field(ge=1, le=20)] = 4
    """Degree of the quadrature."""


class Output(Section):
    """What is written, and when."""

    interval: Time | None = None
    """Time between outputs of fields; without it 1/30 of the protocol."""
    exact: Switch | None = None
    """Whether time steps end on the output times, so that runs can be compared there; if not, the
    first step that has passed one is written. Without it true where `interval` is given and takes
    three of the largest steps (numerics.dt_max) or more."""
    format: Literal["pvd", "vtkhdf"] = "pvd"
    """Files for ParaView: .pvd with a file per part and writing rank, or one VTKHDF file per output
    (ParaView 5.13 and later)."""
    writers: Annotated[Count, Field(ge=1, le=100000)] = 16
    """Most ranks that write a file per part; the others hand theirs to one of them. With "vtkhdf"
    one writes all."""
    fields: tuple[FieldName, ...] = tuple(field.name for field in FIELDS)
    """Fields to write for ParaView."""
    pictures: Switch = True
    """Whether to draw pictures and curves at the end."""
    checkpoint: Annotated[float | Literal["off"], quantity("s", gt=0.0, le=1e9, words=("off",))] = default("10 min")
    """Wall time between checkpoints, from which `cellfem resume` goes on; "off" keeps none."""
