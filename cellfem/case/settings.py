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
    """The stack of lithium on electrolyte; its sides are mirror planes or periodic, so that it
    represents a periodic interface."""

    dimension: Literal[2, 3] = 2
    """Number of space dimensions: a cross-section of the stack, or a block."""
    symmetry: Literal["plane", "axisymmetric"] = "plane"
    """Plane strain, or axisymmetric about x = 0."""
    width: Length = default("25 um")
    """Extent in x: half a period of the interface, or a whole one with periodic sides; or the
    radius."""
    cell: Literal["half", "symmetric"] = "half"
    """One lithium electrode, or two with the electrolyte between them, one stripped while the other
    is plated."""
    depth: Length | None = None
    """Extent in y of a stack of dimension 3, as `width`; default: as deep as wide."""
    sides: Literal["mirror", "periodic"] = "mirror"
    """Mirror planes; or periodic sides, for faces, voids and currents without mirror symmetry. In
    both cases lithium is confined and cannot extrude sideways."""

    @property
    def periodic(self) -> bool:
        """Whether opposite sides are periodic."""
        return self.sides == "periodic"

    @property
    def periods(self) -> tuple[float, ...]:
        """Extents along which the interface is periodic, µm; none between mirror planes."""
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
    """Size far from the interface. The size grows by 0.4 of the distance. Default: 3 um, or 8 % of
    the thickness of lithium or electrolyte (in a symmetric cell half of it) if that is more, but at
    most a quarter of the width."""
    cells: Literal["simplices", "bricks"] = "simplices"
    """Triangles and tetrahedra made by gmsh; or quadrilaterals and hexahedra in columns of width
    `near` and in layers."""
    file: str | None = None
    """A ready mesh with cellfem's group names, path relative to the folder of the case; default:
    gmsh makes one. It gives width, thicknesses and near if the case leaves them out; sizes in the
    case must agree with the mesh."""
    unit: MeshUnit = "um"
    """file: the unit of its coordinates."""

    @property
    def coarsest(self) -> float:
        """`far` in µm; nan for a ready mesh, which has its own."""
        return math.nan if self.far is None else self.far


class Numerics(Section):
    """Time steps, Newton's method, and regularisations."""

    kinematics: Literal["ale", "flat"] = "ale"
    """The void moves in true geometry (ALE), or is linearised on the flat reference (for
    comparison)."""
    scheme: Literal["euler", "bdf2"] = "bdf2"
    """Time stepping: implicit Euler or BDF2."""
    tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 0.02
    """Time error allowed per step, of porosity over f_c and gap over (roughness + gap/10), mean
    square over the interface."""
    dt: Annotated[tuple[Time, ...], Field(min_length=1)] | None = None
    """Prescribed time steps in order, in place of error control; the last one is repeated until the
    end."""
    dt_initial: Time = default("0.1 s")
    """First time step of each protocol step."""
    dt_min: Time = default("1e-6 s")
    """Smallest time step: the solver gives up if it would need a smaller one."""
    dt_max: Time | None = None
    """Largest time step; default 1/30 of the protocol step."""
    linear: Literal["auto", "direct", "iterative"] = "auto"
    """Linear solver: sparse LU, or a Krylov method with a fieldsplit preconditioner; auto: the
    latter for large stacks in 3-D."""
    newton_tolerance: Annotated[Number, Field(gt=0.0, lt=1.0)] = 1e-6
    """Largest last correction of Newton's method, each unknown relative to its typical size;
    balances are solved to 1e-9 in addition."""
    newton_max: Annotated[Count, Field(ge=1, le=1000)] = 80
    """Most Newton corrections per time step."""
    strain_rate_floor: Rate = default("1e-8 1/s")
    """Regularisation of power-law creep at low stress; 1e-10 1/s for onset currents."""
    porosity_switch: Annotated[Number, Field(ge=0.0, le=0.1)] = 1e-4
    """Porosity below which compaction is switched off, f/(f + this) in b(f); 0 for exact tests."""
    porosity_degree: Literal[1, 2] | None = None
    """Polynomial degree of the porosity: with 2 a flat face stays flat to 1e-3 of the roughness,
    with 1 to 5e-2. Default 2; 1 in 3-D and on hexahedra."""
    quadrature_degree: Annotated[Count, Field(ge=1, le=20)] = 4
    """Degree of the quadrature."""


class Output(Section):
    """What is written, and when."""

    interval: Time | None = None
    """Time between outputs of fields; default 1/30 of the protocol."""
    exact: Switch | None = None
    """Whether time steps end exactly at the output times, so that runs can be compared there; if
    not, the first step after each output time is written. Default: true if `interval` is given and
    is at least three times the largest step (numerics.dt_max)."""
    format: Literal["pvd", "vtkhdf"] = "pvd"
    """Files for ParaView: .pvd with a file per part and writing rank, or one VTKHDF file per output
    (ParaView 5.13 and later)."""
    writers: Annotated[Count, Field(ge=1, le=100000)] = 16
    """Most ranks that write a file per part; the other ranks send their data to one of them. With
    "vtkhdf" one rank writes all."""
    fields: tuple[FieldName, ...] = tuple(field.name for field in FIELDS)
    """Fields to write for ParaView."""
    pictures: Switch = True
    """Whether to draw pictures and curves at the end."""
    checkpoint: Annotated[float | Literal["off"], quantity("s", gt=0.0, le=1e9, words=("off",))] = default("10 min")
    """Wall time between checkpoints, from which `cellfem resume` continues; "off" keeps none."""
