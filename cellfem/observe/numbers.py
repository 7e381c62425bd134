"""The row of records.csv that belongs to an accepted step, balances included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import BOTTOM, LITHIUM, TOP
from cellfem.model.build import Model
from cellfem.model.parameters import Cell, Flaws
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import DendriteReading, read_dendrite, record
from cellfem.observe.drawn import draw_flaws
from cellfem.observe.gamma import MA_CM2, OHM_CM2, GammaObserver, GammaValues, surroundings
from cellfem.observe.resistance import Resistance, SmallSignal, cell_resistance
from cellfem.observe.voids import find_voids
from cellfem.physics.contact import OPEN_AT
from cellfem.physics.fixture import spring_pressure_now
from cellfem.physics.kinetics import FARADAY, GAS, STRESS_POTENTIAL
from cellfem.solver.stepper import Stepper
from dolfinx import fem

FORCE_SCALE = 0.1  # MPa, stands for the load where there is none
SECONDS_PER_HOUR = 3600.0
CELSIUS = 273.15


@dataclass(frozen=True)
class Reading:
    """Numbers of one accepted step; the same on every rank, but for the profile (rank 0) and the node values (local)."""

    row: dict[str, float]
    profile: Profile | None
    gamma: GammaValues
    overvoltage: float  # V, voltage less its value without current
    current: float  # mean, A/m²
    content: float  # lithium in the electrode, µm² (µm³)
    moved: float  # lithium moved since the start
    charge: float  # C/m²
    platen_speed: float  # µm/s
    dendrite: DendriteReading | None  # None where nothing is plated
    resistance: Resistance

    @property
    def measures(self) -> dict[str, float]:
        """What stop conditions look at; "resistance" is met from below, in S/m²: contact makes conductance grow steadily."""
        return {
            "voltage": abs(self.overvoltage),
            "contact": self.row["contact_fraction"],
            "gap": self.row["gap_max_um"],
            "index": self.row["dendrite_index_max"],
            "current": abs(self.current),
            "charge": self.charge,
            "lithium": self.row["lithium_least_um"],
            "resistance": 1 / self.resistance.total,
        }


class Observer:
    """Reads rows off a model as it is stepped. Keeps what the balances need of earlier steps. All methods collective."""

    def __init__(self, model: Model, flaws: Flaws, cell: Cell) -> None:
        self.model, self.gamma, self.flaws, self.cell = model, GammaObserver(model), flaws, cell
        self.small_signal = SmallSignal(model)
        d, s = model.domain, model.structure
        self.drawn = draw_flaws(flaws, d.extents, s.axisymmetric)
        dx, dG, ds = d.measures(s.degree)
        _, _, f = ufl.split(model.state.bulk)
        x = model.residual.expressions
        r = ufl.SpatialCoordinate(d.parent)[0]
        weight = 2 * ufl.pi * r if s.axisymmetric else 1.0
        jacobian = 1.0 if s.flat else 1 + model.state.map.dx(d.dimension - 1)
        self.lithium = fem.form(jacobian * (1 - f) * weight * dx(LITHIUM), entity_maps=d.entity_maps)
        self.through_top = fem.form(x.leaving_top * weight * ds(TOP), entity_maps=d.entity_maps)
        self.through_gamma = fem.form(x.leaving * x.gamma_weight * dG, entity_maps=d.entity_maps)
        self.far = fem.form(model.state.potential * weight * ds(BOTTOM), entity_maps=d.entity_maps)
        self.surface_nodes = model.state.skin_to_lithium[model.state.gamma_nodes]
        self.contents: list[float] = []
        self.moved = 0.0  # lithium that has left or come in, µm² (µm³)
        self.empty = 0.0  # largest empty space between the faces so far, µm² (µm³)
        self.charges: list[float] = []  # C/m², of the last two steps

    def read(self, stepper: Stepper, dt: float, step: int, iterations: int) -> Reading:
        """The row of the step that `stepper` has just tried (dt = 0: the start); nothing is kept until `commit`."""
        model, k = self.model, self.model.residual.constants
        g = self.gamma.evaluate()
        profile = self.gamma.profile(g)
        owned, area = self.gamma.owned, self.gamma.area
        weight = g.column("weight")[owned]
        contact, carrying, current, pressure = (
            self._allsum(float(weight @ g.column(name)[owned])) / area for name in ("contact", "carrying", "current", "pressure")
        )
        largest = self._allmax(float((g.column("current")[owned] * np.sign(current or 1.0)).max(initial=-np.inf)))
        held = float(k.held.value) > 0.5
        imposed = current if held else float(k.current.value)
        load_taken, current_taken = stepper.system.reaction()
        load = pressure if stepper.system.stays else self._fixture_pressure()
        far = self._number(1) if model.structure.equipotential else self._sum(self.far) / area
        voltage = -far
        overvoltage = voltage + (STRESS_POTENTIAL * load if model.structure.stress_potential else 0.0)
        ohmic = imposed * model.domain.electrolyte_thickness / float(k.conductivity.value)
        charge = self._charge(imposed, dt)
        found = find_voids(profile, model.interface.delta) if profile is not None else ()
        count, size = model.domain.parent.comm.bcast((len(found), sum(v.area for v in found)), root=0)
        content, moved, created = self._lithium(dt, g)
        around, axisymmetric = surroundings(model, stepper.system.creep, load), model.structure.axisymmetric
        worst = read_dendrite(profile, self.flaws, around, axisymmetric, self.drawn) if profile is not None else None
        dendrite = model.domain.parent.comm.bcast(worst, root=0)
        resistance = self.small_signal.read()
        row = {
            "time_s": stepper.time + dt,
            "step": step,
            "pressure_MPa": load,
            "current_mA_cm2": MA_CM2 * imposed,
            "voltage_mV": 1e3 * voltage,
            "capacity_mAh_cm2": MA_CM2 * charge / SECONDS_PER_HOUR,
            "contact_fraction": contact,
            "carrying_fraction": carrying,
            "asr_ohm_cm2": OHM_CM2 * (overvoltage - ohmic) / imposed if imposed else np.nan,
            "closed_fraction": self._closed(g),
            "asr_small_signal_ohm_cm2": OHM_CM2 * resistance.total,
            "asr_charge_transfer_ohm_cm2": OHM_CM2 * resistance.charge_transfer,
            "asr_constriction_ohm_cm2": OHM_CM2 * resistance.constriction,
            "cell_resistance_ohm": self._cell(resistance),
            "focusing_max": largest / abs(current) if imposed and current else np.nan,
            "void_count": count,
            ("void_volume_um3" if model.has_volume else "void_area_um2"): size,
            "gap_max_um": self._allmax(float(g.gap[self.gamma.nodes].max(initial=-np.inf))),
            "porosity_max": self._allmax(float(model.state.bulk.x.array[model.state.porosity_dofs].max(initial=-np.inf))),
            "platen_um": self._number(0),
            "balance_charge": abs(current - current_taken) / max(abs(current), self._exchange())
            if held
            else abs(current - imposed) / (abs(imposed) or self._exchange()),
            "balance_lithium": created,
            "balance_force": abs(pressure - (load_taken if stepper.system.stays else load)) / max(load, FORCE_SCALE),
            "dt_s": dt,
            "newton_iterations": iterations,
            **record(dendrite),
            "temperature_C": float(k.temperature.value) - CELSIUS,
            "lithium_um": content / area,
            "lithium_least_um": self._least_thickness(),
        }
        olds = [self._entry(old.x.array, 0) for old in model.state.travel_old]
        speed = float(k.c0.value) * row["platen_um"] + float(k.c1.value) * olds[0] + float(k.c2.value) * olds[1] if dt else 0.0
        return Reading(row, profile, g, overvoltage, imposed, content, moved, charge, speed, dendrite, resistance)

    def commit(self, reading: Reading) -> None:
        """The step of this reading is accepted."""
        self.contents = [reading.content, *self.contents][:2]
        self.charges = [reading.charge, *self.charges][:2]
        self.moved = reading.moved

    def _least_thickness(self) -> float:
        """Of the lithium between its surface and the platen, at the nodes of Γ, µm."""
        model = self.model
        high = model.domain.lithium_thickness
        if model.structure.flat:
            return high
        return high - self._allmax(float(model.state.map.x.array[self.surface_nodes].max(initial=-np.inf)))

    def _fixture_pressure(self) -> float:
        """Stack pressure of the moment, MPa: that of the load, with the spring's share."""
        k = self.model.residual.constants
        travel = self._number(0) - float(k.rest_travel.value)
        return spring_pressure_now(float(k.pressure.value), float(k.spring.value), travel)

    def _charge(self, current: float, dt: float) -> float:
        """Charge passed since the start, C/m², by the time scheme of the step: so it agrees with the lithium to round-off."""
        k = self.model.residual.constants
        if not self.charges or not dt:
            return self.charges[0] if self.charges else 0.0
        before = [*self.charges, self.charges[-1]][:2]
        return before[0] + (current - float(k.c2.value) * (before[1] - before[0])) / float(k.c0.value)

    def _lithium(self, dt: float, g: GammaValues) -> tuple[float, float, float]:
        """Content, lithium moved since the start, and what the step created over that.

        Where little has moved, over the largest empty space that the voids have had, δ|Γ| (the asperity layer) at least.
        """
        k, now = self.model.residual.constants, self._sum(self.lithium)
        empty = self._allsum(float(g.column("weight")[self.gamma.owned] @ np.maximum(g.gap[self.gamma.owned], 0.0)))
        self.empty = max(self.empty, empty, self.model.interface.delta * self.gamma.area)
        if not self.contents:
            return now, self.moved, 0.0
        before = [*self.contents, self.contents[-1]][:2]
        rate = float(k.c0.value) * now + float(k.c1.value) * before[0] + float(k.c2.value) * before[1]
        out = self._sum(self.through_gamma) + self._sum(self.through_top)
        moved = self.moved + abs(out) * dt
        return now, moved, abs(rate + out) * dt / max(moved, self.empty)

    def _closed(self, g: GammaValues) -> float:
        """Share of Γ where lithium may touch at all, at a gap of 6δ or less: what the resolved valleys leave."""
        owned = self.gamma.owned
        closed = g.gap[owned] <= OPEN_AT * self.model.interface.delta
        return self._allsum(float(g.column("weight")[owned] @ closed)) / self.gamma.area

    def _cell(self, resistance: Resistance) -> float:
        """Ω of the whole cell."""
        conductivity = float(self.model.residual.constants.conductivity.value)
        return cell_resistance(resistance.total, self.cell.interfaces, self.cell.separator, conductivity, self.cell.area)

    def _exchange(self) -> float:
        """Exchange current density i₀ of the clean face, A/m²."""
        return GAS / FARADAY * float(self.model.residual.constants.temperature.value) / self.model.interface.resistance

    def _number(self, which: int) -> float:
        return self._entry(self.model.state.numbers.x.array, which)

    def _entry(self, numbers: NDArray[np.float64], which: int) -> float:
        """One of the global numbers, which not every rank holds."""
        return self._allmax(float(numbers[which]) if len(numbers) else -np.inf)

    def _sum(self, form: fem.Form) -> float:
        return self._allsum(float(fem.assemble_scalar(form)))

    def _allsum(self, value: float) -> float:
        return float(self.model.domain.parent.comm.allreduce(value))

    def _allmax(self, value: float) -> float:
        return float(self.model.domain.parent.comm.allreduce(value, op=MPI.MAX))
