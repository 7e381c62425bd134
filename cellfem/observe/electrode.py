"""One electrode evaluated from a state: shares of its Γ, voids, lithium and its balance, dendrite
drive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import LITHIUM, TOP
from cellfem.model.build import Model
from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import DendriteReading, read_dendrite
from cellfem.observe.interface_profile import GammaObserver, GammaValues, surroundings
from cellfem.observe.sampled_flaws import SampledFlaws
from cellfem.observe.voids import find_voids
from cellfem.physics.contact import OPEN_AT
from cellfem.physics.creep import CreepLaw
from cellfem.quantities import values_of
from dolfinx import fem


@dataclass(frozen=True)
class ElectrodeReading:
    """Numbers of one step; the same on every rank, except the profile (rank 0) and the node values
    (local)."""

    model: Model
    profile: Profile | None
    gamma: GammaValues
    area: float  # of Γ, µm (µm²)
    contact: float  # touching share of Γ
    carrying: float  # share that touches and is not taken up by vacancies
    closed: float  # share with a gap of at most 6δ
    focusing: float  # largest local over mean current density
    void_count: int
    void_size: float  # µm² (µm³)
    largest_gap: float  # µm
    largest_porosity: float
    least_thickness: float  # of the lithium, µm
    travel: float  # of the platen, µm
    current: float  # mean over Γ, A/m², > 0 strips
    pressure: float  # mean contact pressure, MPa
    content: float  # lithium, µm² (µm³)
    moved: float  # lithium moved since the start
    created: float  # lithium that the step created, as a share
    platen_speed: float  # µm/s
    dendrite: DendriteReading | None  # None if nothing is plated

    @cached_property
    def row(self) -> dict[str, float]:
        """Its columns of records.csv."""
        return values_of("electrode", self, self.model.has_volume)


class Electrode:
    """Evaluates one electrode of a model (0, or 1 for the second) step by step. All methods are
    collective."""

    def __init__(self, model: Model, flaws: Flaws, sampled: SampledFlaws | None, number: int = 0) -> None:
        self.model, self.flaws, self.sampled, self.number = model, flaws, sampled, number
        self.gamma = GammaObserver(model, number)
        d, s, state = model.domain, model.structure, model.state
        dx, dG, ds = d.measures(s.degree)
        f = ufl.split(state.bulk)[2]
        x = model.residual.expressions
        r = ufl.SpatialCoordinate(d.parent)[0]
        weight = 2 * ufl.pi * r if s.axisymmetric else 1.0
        sign = 1.0 - 2.0 * number
        side: Any = d.side if d.side is not None else 1.0
        here: Any = (1 + sign * side) / 2 if d.side is not None else 1.0
        here_gamma = here("+") if d.side is not None else 1.0
        jacobian = 1.0 if s.flat else 1 + side * state.map.dx(d.dimension - 1)
        maps = d.entity_maps
        self.lithium = fem.form(here * jacobian * (1 - f) * weight * dx(LITHIUM), entity_maps=maps)
        self.through_top = fem.form(here * x.leaving_top * weight * ds(TOP), entity_maps=maps)
        self.through_gamma = fem.form(here_gamma * x.leaving * x.gamma_weight * dG, entity_maps=maps)
        self.surface_nodes = state.skin_to_lithium[self.gamma.nodes]
        last = state.porosity_old[0].function_space.tabulate_dof_coordinates()[state.porosity_nodes, d.dimension - 1]
        self.porosity_dofs = np.ravel(state.porosity_dofs)[d.sides(last) == sign]
        self.contents: list[float] = []
        self.moved = 0.0  # lithium that has left or entered, µm² (µm³)
        self.empty = 0.0  # largest volume between the faces so far, µm² (µm³)

    def read(
        self, creep: CreepLaw, dt: float, stack_pressure: float | None, compression: np.ndarray | None = None
    ) -> ElectrodeReading:
        """Evaluate the step just tried; nothing is stored until `commit`.

        stack_pressure: MPa; None (fixed platen): that of the contact. compression: of the
        electrolyte along its face at skin nodes, MPa; None: estimated.
        """
        model, area = self.model, self.gamma.area
        g = replace(self.gamma.evaluate(), compression=compression)
        profile = self.gamma.profile(g)
        owned, weight = self.gamma.owned, g.column("weight")[self.gamma.owned]
        contact, carrying, current, pressure = (
            self.allsum(float(weight @ g.column(name)[owned])) / area for name in ("contact", "carrying", "current", "pressure")
        )
        largest = self.allmax(float((g.column("current")[owned] * np.sign(current or 1.0)).max(initial=-np.inf)))
        voids = find_voids(profile, model.interface.delta) if profile is not None else ()
        comm = model.domain.parent.comm
        count, size = comm.bcast((len(voids), sum(v.area for v in voids)), root=0)
        content, moved, created = self._lithium(dt, g)
        around = surroundings(model, creep, pressure if stack_pressure is None else stack_pressure)
        about_axis = model.structure.axisymmetric
        worst = read_dendrite(profile, self.flaws, around, about_axis, self.sampled) if profile is not None else None
        dendrite = comm.bcast(worst, root=0)
        travel = self.entry(model.state.numbers.x.array, 2 * self.number)
        k = model.residual.constants
        olds = [self.entry(old.x.array, 2 * self.number) for old in model.state.travel_old]
        speed = float(k.c0.value) * travel + float(k.c1.value) * olds[0] + float(k.c2.value) * olds[1] if dt else 0.0
        return ElectrodeReading(
            model=model,
            profile=profile,
            gamma=g,
            area=area,
            contact=contact,
            carrying=carrying,
            closed=self._closed(g),
            focusing=largest / abs(current) if current else np.nan,
            void_count=count,
            void_size=size,
            largest_gap=self.allmax(float(g.gap[self.gamma.nodes].max(initial=-np.inf))),
            largest_porosity=self.allmax(float(model.state.bulk.x.array[self.porosity_dofs].max(initial=-np.inf))),
            least_thickness=self._least_thickness(),
            travel=travel,
            current=current,
            pressure=pressure,
            content=content,
            moved=moved,
            created=created,
            platen_speed=speed,
            dendrite=dendrite,
        )

    def commit(self, reading: ElectrodeReading) -> None:
        """Accept the step of this reading."""
        self.contents = [reading.content, *self.contents][:2]
        self.moved = reading.moved

    def _closed(self, g: GammaValues) -> float:
        """Share of Γ where lithium can touch at all, with a gap of at most 6δ: the area outside
        resolved valleys."""
        owned = self.gamma.owned
        closed = g.gap[owned] <= OPEN_AT * self.model.interface.delta
        return self.allsum(float(g.column("weight")[owned] @ closed)) / self.gamma.area

    def _least_thickness(self) -> float:
        """Smallest thickness of the lithium between its surface and the platen, at the nodes of Γ,
        µm."""
        model = self.model
        high = model.domain.lithium_thickness
        if model.structure.flat:
            return high
        return high - self.allmax(float(model.state.map.x.array[self.surface_nodes].max(initial=-np.inf)))

    def _lithium(self, dt: float, g: GammaValues) -> tuple[float, float, float]:
        """Content, lithium moved since the start, and the relative error of the step's balance.

        The error is relative to the moved lithium; if little has moved, to the largest volume of
        the voids so far, or at least to δ|Γ| (the asperity layer).
        """
        k, now = self.model.residual.constants, self.integral(self.lithium)
        empty = self.allsum(float(g.column("weight")[self.gamma.owned] @ np.maximum(g.gap[self.gamma.owned], 0.0)))
        self.empty = max(self.empty, empty, self.model.interface.delta * self.gamma.area)
        if not self.contents:
            return now, self.moved, 0.0
        before = [*self.contents, self.contents[-1]][:2]
        rate = float(k.c0.value) * now + float(k.c1.value) * before[0] + float(k.c2.value) * before[1]
        out = self.integral(self.through_gamma) + self.integral(self.through_top)
        moved = self.moved + abs(out) * dt
        return now, moved, abs(rate + out) * dt / max(moved, self.empty)

    def entry(self, numbers: np.ndarray, which: int) -> float:
        """One of the global unknowns, which not every rank owns."""
        return self.allmax(float(numbers[which]) if len(numbers) else -np.inf)

    def integral(self, form: fem.Form) -> float:
        return self.allsum(float(fem.assemble_scalar(form)))

    def allsum(self, value: float) -> float:
        return float(self.model.domain.parent.comm.allreduce(value))

    def allmax(self, value: float) -> float:
        return float(self.model.domain.parent.comm.allreduce(value, op=MPI.MAX))
