"""The tables of a case file. Quantities are text with a unit in the file, floats in working units
here."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from cellfem import materials
from cellfem.case.crack import Crack
from cellfem.case.densification import Densification
from cellfem.case.electrolyte import Electrolyte
from cellfem.case.fields import Section
from cellfem.case.flaw import Flaw
from cellfem.case.heterogeneity import Heterogeneity
from cellfem.case.impedance import HALF_CELL_SEPARATOR, Impedance
from cellfem.case.interface import Interface, Patch, Void
from cellfem.case.lithium import Lithium
from cellfem.case.measured_curve import MeasuredCurve
from cellfem.case.protocol import Entry, Placed, counted, unrolled, written
from cellfem.case.resolved_flaw import ResolvedFlaw
from cellfem.case.roughness import Roughness
from cellfem.case.settings import Mesh, Numerics, Output, Stack
from cellfem.units import FARADAY

FAR_LEAST, FAR_SHARE, FAR_ACROSS = 3.0, 0.08, 4.0
"""Default size of cells far from the interface: µm, share of the thickness, and smallest number of
cells from side to side."""
LISTS = ("void", "patch", "protocol")
"""The keys of a case that are lists of tables."""


class Case(Section):
    """A complete case, checked, in working units (µm, s, MPa, V, A/m², K, J/mol)."""

    title: Annotated[str, Field(strict=True)] = ""
    """What the case demonstrates."""
    stack: Stack = Field(default_factory=Stack)
    lithium: Lithium = Field(default_factory=Lithium)
    electrolyte: Electrolyte = Field(default_factory=Electrolyte)
    interface: Interface = Field(default_factory=Interface)
    void: tuple[Void, ...] = ()
    """Voids at the start, [[void]]."""
    patch: tuple[Patch, ...] = ()
    """Spots of another interface resistance, [[patch]]."""
    roughness: Roughness = Field(default_factory=Roughness)
    heterogeneity: Heterogeneity = Field(default_factory=Heterogeneity)
    flaw: Flaw = Field(default_factory=Flaw)
    resolved_flaw: ResolvedFlaw = Field(default_factory=ResolvedFlaw)
    densification: Densification = Field(default_factory=Densification)
    crack: Crack = Field(default_factory=Crack)
    impedance: Impedance = Field(default_factory=Impedance)
    protocol: Annotated[tuple[Entry, ...], Field(min_length=1)]
    """The load, step by step, [[protocol]]; with `repeat` an entry is a loop of steps."""
    measured: MeasuredCurve = Field(default_factory=MeasuredCurve)
    mesh: Mesh = Field(default_factory=Mesh)
    numerics: Numerics = Field(default_factory=Numerics)
    output: Output = Field(default_factory=Output)

    @model_validator(mode="after")
    def _breakdown_of_a_press(self) -> Self:
        """Replaces "auto" by its value, so that the resolved case gives it: pressing exceeds the
        range of power-law creep."""
        if self.lithium.breakdown != "auto":
            return self
        presses = any(placed.step.mode == "press" for placed in self.steps) and self.lithium.law == "coupled"
        plain = self.lithium.anand is None and self.lithium.own_law is None and self.lithium.law != "leblond"
        value = materials.lithium().breakdown if presses and plain else "off"
        return self.unchecked(lithium=self.lithium.unchecked(breakdown=value))

    @model_validator(mode="after")
    def _separator_of_the_cell(self) -> Self:
        """The electrolyte thickness of the cell to which resistances in Ω refer; resolved here only
        (see `Impedance.separator`)."""
        if self.impedance.separator is not None:
            return self
        thickness = self.electrolyte.thickness if self.stack.cell == "symmetric" else HALF_CELL_SEPARATOR
        return self.unchecked(impedance=self.impedance.unchecked(separator=thickness))

    @model_validator(mode="after")
    def _size_far_from_the_interface(self) -> Self:
        """`mesh.far` from the size of the stack: 500 µm in cells of 2 µm would give 100 000
        unknowns far from the interface."""
        if self.mesh.far is not None or self.mesh.file is not None:
            return self
        below = self.electrolyte.thickness / (2 if self.stack.cell == "symmetric" else 1)
        share = max(FAR_LEAST, FAR_SHARE * max(self.lithium.thickness, below))
        far = float(f"{max(self.mesh.near, min(share, min(self.stack.extents) / FAR_ACROSS)):.3g}")
        return self.unchecked(mesh=self.mesh.unchecked(far=far))

    @property
    def steps(self) -> tuple[Placed, ...]:
        """The steps as in the file, each once, with their keys."""
        return tuple(written(self.protocol))

    @property
    def sequence(self) -> tuple[Placed, ...]:
        """The steps in the order of the run, loops repeated."""
        return tuple(unrolled(self.protocol))

    @property
    def counted_steps(self) -> tuple[tuple[Placed, int], ...]:
        """The steps as in the file, with the number of times each is run."""
        return tuple(counted(self.protocol))

    @property
    def total_duration(self) -> float:
        """Longest duration of the whole protocol in s: conditions may end steps early."""
        return sum(times * placed.step.seconds for placed, times in self.counted_steps)

    @property
    def current_max(self) -> float:
        """Largest absolute mean current density in the protocol, A/m²; an estimate for steps of
        held voltage."""
        faces = 2 if self.stack.cell == "symmetric" else 1
        resistance = faces * self.interface.asr + self.electrolyte.thickness / self.electrolyte.conductivity
        return max(placed.step.largest_current(resistance) for placed in self.steps)

    @property
    def s_max(self) -> float:
        """Largest rate s = iΩ/F of the protocol at which the interface recedes or advances,
        µm/s."""
        return self.current_max * materials.lithium().molar_volume / FARADAY
