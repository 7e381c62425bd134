"""A model prepared for time steps: scales, conditions, start by continuation in the creep
exponent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI

from cellfem.model.build import Model
from cellfem.model.creep_points import Rheology
from cellfem.model.equations.charge_transfer import charge_transfer_of
from cellfem.model.equations.contact import contact_law
from cellfem.model.limits import MapLimits
from cellfem.model.load import Load
from cellfem.model.parameters import Material
from cellfem.model.scales import FORCE_SCALE, scales_of
from cellfem.model.start import boundary_conditions
from cellfem.model.time_error import TimeError
from cellfem.solver.newton import Newton, Outcome
from cellfem.solver.stepper import Stepper
from cellfem.solver.system import Array, System

INSTANT = 1e-3  # s: time in which a surface hardly moves (0.7 pm at 0.5 mA/cm²), long enough for the contact to reach equilibrium
START_MOST = 200  # most corrections of a stage of a start, which has no prediction: 10 to 50 are usual
START_FLOOR = 1e-6  # 1/s, strain rate floor of the first stage
ON_THE_WAY, AT_THE_END = (
    1e-2,
    0.1,
)  # tolerance of the stages before the last; of the last, relative to Newton's: its error remains in the surface
FLOW_SHARE, FLOW_MOST = 0.35, 1.0
"""Stress at which exponents are raised, relative to the load, and its maximum in MPa: lithium flows
where the load has a deviator, at the rims of voids and asperities. With a third of the load eight
cases took about 300 corrections together, with 0.2 and 0.6 of it 320 and 380, with all of it 520
(benchmarks/starts.py). At a high load a third exceeds what lithium can carry anywhere."""


@dataclass(frozen=True)
class _Stage:
    """Creep behaviour and limit of charge transfer (`Constants.soften`) of one stage of a
    continuation."""

    rheology: Rheology
    steepest: float | None = None


GROWING_STEEP = (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0)
"""Overpotentials, over 2RT/F, beyond which charge transfer continues along its tangent, in order:
each stage needs three or four corrections from the previous one; a volt of i·ASR is solved below 4,
10 kV at 13."""


class StartError(RuntimeError):
    """No initial equilibrium was found."""


class Engine:
    """Solver of one `Model`. Every method is collective."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.heed: Callable[[], None] | None = None  # called during the solves of `start` and `change`, which may take long
        n = model.numerics
        self.system = System(model)
        self.newton = Newton(self.system, n.newton_tolerance, n.newton_most, self.system.linear.slow, creeping=self.system)
        weight = self.system.shares(model.interface.length)
        self.stepper = Stepper(
            self.system,
            self.newton,
            model.extension,
            tolerance=n.tolerance,
            error=TimeError(
                state=model.state, at=self.system.at, weight=weight, delta=model.interface.delta, f_c=model.interface.f_c
            ),
            second_order=n.second_order,
            limits=None if model.structure.flat else MapLimits(model.domain, model.state),
        )

    def set(self, load: Load, material: Material) -> None:
        """Set the present load and material, with the corresponding boundary conditions and
        scales."""
        model, system = self.model, self.system
        model.set_load(load)
        model.set_material(material)
        system.rheology = Rheology(material.creep, model.numerics.strain_rate_floor)
        system.set_conditions(boundary_conditions(model.domain, model.state, model.structure, load.fixture.rigid))
        system.set_scales(scales_of(model, load, material))
        self.newton.keep = False

    def analyse(self, load: Load, material: Material) -> None:
        """Factor the first matrix of `start`.

        The direct solver keeps the analysis of the first matrix (scaling, order of elimination) for
        all later ones: a resumed run needs the same analysis to get the same factors.
        """
        self.model.place_surface(load.pressure, load.wetting)
        self.set(load, material)
        self.stepper.begin()
        self.stepper.set_scheme(INSTANT)
        self._move_potential(self._overpotential())
        self._take(self._start_stages()[0])
        self.system.assemble_residual()
        self.system.assemble_jacobian()
        self.system.factor()

    def start(self, load: Load, material: Material) -> None:
        """From the reference state to an equilibrium under the load at time 0, by continuation in
        the exponent and the rate floor."""
        self.model.place_surface(load.pressure, load.wetting)
        if material.creep.initial_resistance is not None:
            self.model.state.hardness.x.array[:] = material.creep.initial_resistance
        self.set(load, material)
        self.stepper.begin()
        self._move_potential(self._overpotential())
        try:
            self._settle(self._start_stages())
        except StartError:
            self.stepper.restore()  # a state at rest, which can be written
            raise
        self.stepper.begin()

    def change(self, load: Load, material: Material) -> Outcome:
        """Change to another load, by a step of `INSTANT` that the caller accepts.

        Stresses, velocities and potential jump in it, while the contact reaches equilibrium.
        """
        before = self._overpotential()
        self.set(load, material)
        self.stepper.begin()
        now, stages = self.system.get(), self._start_stages()
        jump = self._overpotential() - before
        with suppress(StartError):
            return self._jump(now, jump, stages[-1:])
        return self._jump(now, jump, stages)

    def _jump(self, now: Array, overpotential: float, stages: list[_Stage]) -> Outcome:
        """From the state `now`, which is restored if no equilibrium is found: the state written
        last is then valid."""
        self._move_potential(overpotential)
        try:
            return self._settle(stages)
        except StartError:
            self.system.set(now)
            raise

    def travel(self) -> float:
        """Travel U of the platen, or of both together with two electrodes, µm."""
        numbers = self.model.state.numbers.x.array
        return float(self.system.comm.allreduce(float(numbers[0::2].sum()) if len(numbers) else -np.inf, op=MPI.MAX))

    def _start_stages(self) -> list[_Stage]:
        """Stages of a start: increasing exponents up to that of the law, each with the law's rate
        at a usual stress, so that velocities keep their size; the floor decreases along the way."""
        wanted, floor = self.system.rheology, self.model.numerics.strain_rate_floor
        exponents = [*(k for k in (1.0, 2.0, 4.0) if k < wanted.creep.exponent), wanted.creep.exponent]
        stress = min(FLOW_SHARE * max(float(self.model.residual.constants.pressure.value), FORCE_SCALE), FLOW_MOST)
        floors = np.geomspace(floor, max(floor, START_FLOOR), len(exponents))[::-1]
        return [_Stage(wanted.easier(k, stress, float(f))) for k, f in zip(exponents, floors, strict=True)]

    def _overpotential(self) -> float:
        """Overpotential of a uniform face, at the present load and temperature, V; 0 if charge
        transfer is linear."""
        model, k = self.model, self.model.residual.constants
        if not charge_transfer_of(model.structure).steepens:
            return 0.0
        touching = contact_law(model.structure).touching_at(float(k.pressure.value), float(k.half_pressure.value))
        resistance = model.interface.resistance * float(k.resistance_factor.value) / touching
        layer = model.domain.electrolyte_thickness / float(k.conductivity.value)
        return model.control.overpotential(resistance, float(k.temperature.value), layer, model.domain.electrodes)

    def _move_potential(self, overpotential: float) -> None:
        """Change the overpotential by this value everywhere on Γ, with the opposite sign on a
        second electrode.
        """
        self.model.layout.move_overpotential(self.model.state, overpotential)

    def _take(self, stage: _Stage) -> None:
        self.system.rheology = stage.rheology
        self.model.residual.constants.soften(stage.steepest)

    def _settle(self, stages: list[_Stage]) -> Outcome:
        """Solve for an instant: velocities, stresses and potential reach equilibrium, surface and
        vacancies hardly move.

        If that fails, charge transfer is made steep in stages under a current. Also, lithium
        pressed into a rough face moves much faster than by current: if corrections do not become
        small relative to the exchange current, they are scaled by the motion of the surface.
        """
        stepper, k = self.stepper, self.model.residual.constants
        stepper.set_scheme(INSTANT)
        before = self.system.get()
        ways = [stages]
        if not stepper.at_rest and charge_transfer_of(self.model.structure).steepens:
            ways.append([*(replace(stages[0], steepest=most) for most in GROWING_STEEP), *stages])
        try:
            for way in ways:
                with suppress(StartError):
                    return self._continue(way)
                self.system.set(before)
            return self._continue(ways[-1], stepper.error.delta / INSTANT)
        finally:
            k.soften(None)

    def _continue(self, stages: list[_Stage], speed: float | None = None) -> Outcome:
        """Solve each stage from the previous solution. speed: of the surface, µm/s; by default that
        of each stage's solution."""
        whole = replace(self.newton, most=max(self.newton.most, START_MOST), keep=False, heed=self.heed, creeping=None)
        for stage in stages:
            self._take(stage)
            if speed is not None:
                self.system.set_motion(speed)
            elif not self.stepper.at_rest:
                self.stepper.scale_motion(INSTANT)
            last = stage is stages[-1]
            tolerance = AT_THE_END * whole.tolerance if last else max(whole.tolerance, ON_THE_WAY)
            outcome = replace(whole, tolerance=tolerance, balances=last).solve()
            if not outcome.converged:
                raise StartError(
                    f"no equilibrium at t = {self.stepper.time:.6g} s with creep exponent {stage.rheology.creep.exponent:g}: "
                    f"{outcome.reason}"
                )
        self.newton.keep = False
        return outcome
