"""The row of records.csv for an accepted step, including balances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import ufl

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import BOTTOM
from cellfem.model.build import Model
from cellfem.model.parameters import Cell, Flaws
from cellfem.model.scales import FORCE_SCALE
from cellfem.observe.arrays import Profile
from cellfem.observe.electrode import Electrode, ElectrodeReading
from cellfem.observe.interface_profile import GammaValues
from cellfem.observe.resistance import Resistance, SmallSignal, cell_resistance
from cellfem.observe.sampled_flaws import sample_flaws
from cellfem.physics.kinetics import STRESS_POTENTIAL
from cellfem.quantities import SECOND, values_of
from cellfem.solver.stepper import Stepper
from cellfem.units import FARADAY, GAS_CONSTANT
from dolfinx import fem


@dataclass(frozen=True)
class StepRecord:
    """Numbers of one accepted step; the same on every rank, except profiles (rank 0) and node
    values (local)."""

    model: Model
    time: float  # s
    step: int
    dt: float  # s
    iterations: int
    temperature: float  # K
    pressure: float  # of the stack, MPa
    current: float  # mean, A/m²
    voltage: float  # V
    overvoltage: float  # V, voltage minus its value without current
    ohmic: float  # V, drop in the electrolyte
    charge: float  # C/m², net: stripped minus plated
    throughput: float  # C/m², stripped plus plated
    resistance: Resistance
    cell_resistance: float  # Ω
    charge_error: float  # error of the balance, as a share
    lithium_error: float
    force_error: float
    electrodes: tuple[ElectrodeReading, ...]

    @cached_property
    def row(self) -> dict[str, float]:
        """Its columns of records.csv, including those of the electrodes."""
        first, *others = (electrode.row for electrode in self.electrodes)
        row = values_of("cell", self) | first
        for other in others:
            row |= {f"{name}{SECOND}": value for name, value in other.items()}
        return row

    @property
    def measures(self) -> dict[str, float]:
        """Values compared with stop conditions, of the worse electrode.

        "resistance" is compared from below, in S/m²: conductance increases continuously with
        contact.
        """
        of = self.electrodes
        return {
            "voltage": abs(self.overvoltage),
            "contact": float(np.min([electrode.contact for electrode in of])),
            "gap": float(np.max([electrode.largest_gap for electrode in of])),
            "index": float(np.max([electrode.row["dendrite_index_max"] for electrode in of])),
            "current": abs(self.current),
            "charge": self.charge,
            "lithium": float(np.min([electrode.least_thickness for electrode in of])),
            "resistance": 1 / self.resistance.total,
        }

    @property
    def profile(self) -> Profile | None:
        return self.electrodes[0].profile

    @property
    def gamma(self) -> GammaValues:
        return self.electrodes[0].gamma

    @property
    def platen_speeds(self) -> tuple[float, ...]:
        """Speed of each electrode's platen, away from the electrolyte, µm/s."""
        return tuple(electrode.platen_speed for electrode in self.electrodes)


class Observer:
    """Evaluates rows from a model step by step, and stores the history that the balances need. All
    methods are collective."""

    def __init__(self, model: Model, flaws: Flaws, cell: Cell) -> None:
        self.model, self.cell = model, cell
        self.sampled = sample_flaws(flaws, model.domain.extents, model.structure.axisymmetric, periodic=model.domain.periodic)
        self.electrodes = [Electrode(model, flaws, self.sampled, number) for number in range(model.domain.electrodes)]
        self.small_signal = SmallSignal(model)
        d, s = model.domain, model.structure
        _, _, ds = d.measures(s.degree)
        weight = 2 * ufl.pi * ufl.SpatialCoordinate(d.parent)[0] if s.axisymmetric else 1.0
        self.far = fem.form(model.state.potential * weight * ds(BOTTOM), entity_maps=d.entity_maps)
        self.charges: list[float] = []  # C/m², of the last two steps
        self.throughput = 0.0  # C/m²

    def read(self, stepper: Stepper, dt: float, step: int, iterations: int, compression: np.ndarray | None = None) -> StepRecord:
        """The row of the step that `stepper` has just tried (dt = 0: the start); nothing is stored
        until `commit`.
        """
        model, k, creep = self.model, self.model.residual.constants, stepper.system.rheology.creep
        control, fixture, layout = model.control, model.fixture, model.layout
        given = fixture.pressure_now(float(k.pressure.value), self._travel())
        readings = tuple(electrode.read(creep, dt, given, compression) for electrode in self.electrodes)
        first, area = readings[0], self.electrodes[0].gamma.area
        load = first.pressure if given is None else given
        imposed = control.mean_current(first.current)
        load_taken, current_taken = stepper.system.reaction()
        far = self._number(1) if layout.one_potential else self.electrodes[0].integral(self.far) / area
        voltage = -far
        # The voltage of a half cell without current, ΩP/F, cancels between two electrodes.
        of_stress = STRESS_POTENTIAL * load if model.structure.stress_potential and layout.shows_pressure else 0.0
        overvoltage = voltage + of_stress
        ohmic = imposed * model.domain.electrolyte_thickness / float(k.conductivity.value)
        charge = self._charge(imposed, dt)
        throughput = self.throughput + abs(charge - (self.charges[0] if self.charges else 0.0))
        through = layout.other_end([one.current for one in readings], current_taken)
        expected = [control.expected(through), *layout.returning(imposed)]
        currents = [abs(one.current - other) for one, other in zip(readings, expected, strict=True)]
        scale = control.record_size(first.current, self._exchange())
        forces = [abs(one.pressure - fixture.expected(load, load_taken)) for one in readings]
        resistance = self.small_signal.read()
        if not imposed:
            first = replace(first, focusing=np.nan)
        return StepRecord(
            model=model,
            time=stepper.time + dt,
            step=step,
            dt=dt,
            iterations=iterations,
            temperature=float(k.temperature.value),
            pressure=load,
            current=imposed,
            voltage=voltage,
            overvoltage=overvoltage,
            ohmic=ohmic,
            charge=charge,
            throughput=throughput,
            resistance=resistance,
            cell_resistance=self._cell(resistance),
            charge_error=float(np.max(currents)) / scale,  # numpy's, which keeps nan
            lithium_error=float(np.max([one.created for one in readings])),
            force_error=float(np.max(forces)) / max(load, FORCE_SCALE),
            electrodes=(first, *readings[1:]),
        )

    def commit(self, reading: StepRecord) -> None:
        """Accept the step of this reading."""
        for electrode, read in zip(self.electrodes, reading.electrodes, strict=True):
            electrode.commit(read)
        self.charges = [reading.charge, *self.charges][:2]
        self.throughput = reading.throughput

    def _travel(self) -> float:
        """Travel of all platens together, µm."""
        return sum(self._number(2 * number) for number in range(len(self.electrodes)))

    def _charge(self, current: float, dt: float) -> float:
        """Charge passed since the start, C/m², by the time scheme of the step: so it agrees with
        the lithium to round-off."""
        k = self.model.residual.constants
        if not self.charges or not dt:
            return self.charges[0] if self.charges else 0.0
        before = [*self.charges, self.charges[-1]][:2]
        return before[0] + (current - float(k.c2.value) * (before[1] - before[0])) / float(k.c0.value)

    def _cell(self, resistance: Resistance) -> float:
        """Resistance of the whole cell, Ω."""
        conductivity = float(self.model.residual.constants.conductivity.value)
        return cell_resistance(resistance.total, self.cell.times, self.cell.separator, conductivity, self.cell.area)

    def _exchange(self) -> float:
        """Exchange current density i₀ of the clean face, A/m²."""
        return GAS_CONSTANT / FARADAY * float(self.model.residual.constants.temperature.value) / self.model.interface.resistance

    def _number(self, which: int) -> float:
        return self.electrodes[0].entry(self.model.state.numbers.x.array, which)
