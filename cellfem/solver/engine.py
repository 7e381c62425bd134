"""A model made ready to be stepped: scales, conditions, start by continuation in the creep exponent."""
from __future__ import annotations

from dataclasses import replace

from cellfem.model.build import Model
from cellfem.model.parameters import Load, Material
from cellfem.model.start import boundary_conditions
from cellfem.physics.creep import PorousCreep
from cellfem.physics.kinetics import GAS, FARADAY, SPEED
from cellfem.solver.newton import Newton
from cellfem.solver.stepper import Stepper
from cellfem.solver.system import Scales, System

START_STEP = 1e-3     # s: the start solve is an instant, the surfaces do not move
FORCE_SCALE = 0.1     # MPa, stands for the load where there is none


class StartError(RuntimeError):
    """No equilibrium was found at the start."""


class Engine:
    """Solver of one `Model`. Every method is collective."""

    def __init__(self, model: Model) -> None:
        self.model = model
        n = model.numerics
        self.system = System(model.residual, model.state, model.structure, model.domain.area(model.structure.axisymmetric))
        self.newton = Newton(self.system, n.newton_tolerance, n.newton_most)
        self.stepper = Stepper(self.system, self.newton, model.extension, model.interface.delta, model.interface.f_c, n.tolerance, n.second_order)

    def set(self, load: Load, material: Material) -> None:
        """Load and material of the moment, with the boundary conditions and scales that go with them."""
        model, system = self.model, self.system
        model.set_load(load)
        model.set_material(material)
        system.creep = PorousCreep(material.creep_prefactor, material.creep_exponent, model.numerics.porosity_switch, model.structure.coupled)
        system.floor = model.numerics.strain_rate_floor
        system.set_conditions(boundary_conditions(model.domain, model.state, model.structure, load.platen))
        thermal = GAS * material.temperature / FARADAY
        force = max(load.pressure, FORCE_SCALE)
        speed = SPEED * max(abs(load.current), thermal / (model.interface.resistance * material.resistance_factor))
        flow = SPEED * abs(load.current) if load.current else 1e-2 * speed
        system.set_scales(Scales(flow, force, model.interface.f_c, force if model.structure.bonded else model.interface.delta, 1.0, thermal,
                                 model.interface.delta, thermal), force, abs(load.current) or thermal / model.interface.resistance)
        self.newton.keep = False

    def start(self, load: Load, material: Material) -> None:
        """From nothing to an equilibrium under the load at time 0, by continuation in the exponent 1, 2, 4, n and in the strain-rate floor."""
        model = self.model
        model.place_surface(load.pressure)
        self.set(load, material)
        self.stepper.begin()
        surface = self.system.get()
        self.stepper.set_scheme(START_STEP)
        floor = model.numerics.strain_rate_floor
        stages = [(n, max(floor, 1e-6)) for n in (1.0, 2.0, 4.0) if n < material.creep_exponent]
        stages += [(material.creep_exponent, f) for f in (1e-6, 1e-7) if f > floor] + [(material.creep_exponent, floor)]
        for exponent, stage_floor in stages:
            self.system.creep = replace(self.system.creep, exponent=exponent)
            self.system.floor = stage_floor
            self.newton.keep = False
            outcome = self.newton.solve()
            if not outcome.converged:
                raise StartError(f"no equilibrium at the start with creep exponent {exponent:g}: {outcome.reason}")
        # Velocities, stresses and potential are now consistent; surface and vacancies go back to the instant before.
        state = self.system.get()
        for index in (self.system.porosity_index, self.system.gap_index):
            state[index] = surface[index]
        travel = self.system.travel_index
        state[travel] = surface[travel]
        self.system.set(state)
        self.newton.keep = False
        self.stepper.begin()
