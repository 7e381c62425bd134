"""A model: domain, unknowns and compiled residual, with the numbers set."""

from __future__ import annotations

from dataclasses import dataclass

from mpi4py import MPI

from cellfem.domain import Domain, build_domain, surface_quadrature
from cellfem.geometry import StackMesh
from cellfem.model import start
from cellfem.model.extension import MapExtension
from cellfem.model.parameters import Interface, Load, Material, Numerics, Structure
from cellfem.model.residual import Residual, build_residual
from cellfem.model.state import GAMMA_FIELDS, State, create_state


@dataclass(frozen=True)
class Model:
    """Everything that a solver and an observer need; the numbers of the moment are in `residual.constants`."""

    domain: Domain
    structure: Structure
    interface: Interface
    numerics: Numerics
    state: State
    residual: Residual
    extension: MapExtension

    def set_load(self, load: Load) -> None:
        k = self.residual.constants
        k.pressure.value, k.current.value = load.pressure, load.current if load.voltage is None else 0.0
        k.platen.value = float(load.platen and not load.fixed)
        k.spring.value, k.rest_travel.value = load.spring, load.rest_travel
        k.held.value, k.far.value = float(load.voltage is not None), -(load.voltage or 0.0)

    def set_material(self, material: Material) -> None:
        k = self.residual.constants
        k.diffusivity.value, k.conductivity.value = material.diffusivity, material.conductivity
        k.temperature.value, k.resistance_factor.value = material.temperature, material.resistance_factor

    def place_surface(self, pressure: float) -> None:
        """Initial gap in contact equilibrium with `pressure`, no vacancies, no travel; velocities are left to a start solve."""
        s = self.state
        for u in s.unknowns:
            u.x.array[:] = 0.0
        if not self.structure.bonded:
            shape, weight = surface_quadrature(self.domain, self.structure.degree, self.structure.axisymmetric)
            gap, delta = (nodes[self.domain.gamma_facets] @ shape.T for nodes in (self.domain.gap, s.roughness.x.array))
            shift = start.contact_shift(gap, weight, delta, self.interface, pressure, self.domain.parent.comm.allreduce)
            s.gamma.x.array[GAMMA_FIELDS * s.gamma_nodes] = self.domain.gap[s.gamma_nodes] + shift
            s.update_map()
            self.extension.extend()


def build_model(
    stack: StackMesh | None, structure: Structure, interface: Interface, numerics: Numerics, comm: MPI.Intracomm
) -> Model:
    """Build and compile (collective; `stack` is needed on rank 0 only)."""
    domain = build_domain(stack, comm)
    state = create_state(domain, structure)
    residual = build_residual(domain, state, structure)
    start.set_interface(domain, state, residual.constants, interface)
    return Model(domain, structure, interface, numerics, state, residual, MapExtension(domain, state))
