"""A model: domain, unknowns and compiled residual, with constants set."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem.checkpoint.registry import owned, set_owned
from cellfem.domain import Domain, build_domain, surface_quadrature
from cellfem.geometry import Source
from cellfem.model import start
from cellfem.model.control import Control, acting_control
from cellfem.model.equations.layout import Layout, layout_of
from cellfem.model.fixture import Fixture, acting_fixture
from cellfem.model.gas import Gas
from cellfem.model.load import Load
from cellfem.model.mesh_motion import MapExtension
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.model.residual import Residual, build_residual
from cellfem.model.state import GAMMA_FIELDS, State, create_state

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """All data for a solver and an observer; the present constants are in `residual.constants`."""

    domain: Domain
    structure: Structure
    interface: Interface
    numerics: Numerics
    state: State
    residual: Residual
    extension: MapExtension
    gas: Gas | None = None  # in voids

    @property
    def has_volume(self) -> bool:
        """Whether Γ has an area in µm² and voids a volume: in axisymmetry and 3-D, not in plane
        strain."""
        return self.structure.axisymmetric or self.domain.dimension == 3

    def moment(self) -> tuple[Array, dict[str, float]]:
        """Copies of the present state (owned parts of its unknowns and histories, concatenated) and
        constants."""
        functions = [owned(f) for f in (*self.state.unknowns, *self.state.histories)]
        return np.concatenate(functions), self.residual.constants.values()

    def put_moment(self, functions: Array, constants: dict[str, float]) -> None:
        """Restore state and constants from `moment` (collective)."""
        set_owned([*self.state.unknowns, *self.state.histories], functions)
        self.residual.constants.put(constants)

    @property
    def layout(self) -> Layout:
        return layout_of(self.domain.electrodes, self.structure.equipotential)

    @property
    def control(self) -> Control:
        """The present control of the current."""
        return acting_control(self.residual.constants)

    @property
    def fixture(self) -> Fixture:
        """The present fixture."""
        return acting_fixture(self.residual.constants)

    def set_load(self, load: Load) -> None:
        k = self.residual.constants
        k.pressure.value = load.pressure
        k.put_modes(load.mode_numbers())
        k.adhesion.value = self.interface.adhesion * load.wetting

    def set_material(self, material: Material) -> None:
        k = self.residual.constants
        k.diffusivity.value, k.conductivity.value = material.diffusivity, material.conductivity
        k.activation_volume.value = material.activation_volume
        k.temperature.value, k.resistance_factor.value = material.temperature, material.resistance_factor

    def place_surface(self, pressure: float, wetting: float = 1.0) -> None:
        """Initial gap in contact equilibrium with `pressure` and a share of the adhesion, no
        vacancies, no platen travel.

        Velocities are found by a start solve.
        """
        s, interface = self.state, replace(self.interface, adhesion=self.interface.adhesion * wetting)
        for u in s.unknowns:
            u.x.array[:] = 0.0
        if not self.structure.bonded:
            start_at = self.domain.gap + self._shift(pressure, interface)
            s.gamma.x.array[GAMMA_FIELDS * s.gamma_nodes] = start_at[s.gamma_nodes]
            s.update_map()
            self.extension.extend()
        if self.gas is not None:
            self.gas.seal(self.interface.gas_pressure, self.interface.gas_temperature)

    def highest_pressure(self, pressure: float) -> float:
        """Contact pressure (MPa) on the highest asperity at the start, without adhesion, before
        creep (collective)."""
        bare, comm = replace(self.interface, adhesion=0.0), self.domain.parent.comm
        at_start = (self.domain.gap + self._shift(pressure, bare))[self.state.gamma_nodes]
        deep = -comm.allreduce(float(at_start.min(initial=np.inf)), op=MPI.MIN) / bare.delta
        return bare.stiffness * bare.delta * float(np.logaddexp(0.0, deep))

    def _shift(self, pressure: float, interface: Interface) -> NDArray[np.float64]:
        """Shift of the gap to contact equilibrium at the nodes of the skin (µm), one value per
        electrode."""
        domain, s = self.domain, self.state
        facets, total = domain.gamma_facets, domain.parent.comm.allreduce
        shape, weight = surface_quadrature(domain, self.structure.degree, self.structure.axisymmetric)
        gap, delta = (nodes[facets] @ shape.T for nodes in (domain.gap, s.roughness.x.array))
        side = np.zeros(len(domain.gap))
        side[s.gamma_nodes] = s.gamma_side
        shift = np.zeros(len(domain.gap))
        for sign in (1.0, -1.0)[: domain.electrodes]:
            of = side[facets[:, 0]] == sign
            shift[side == sign] = start.contact_shift(gap[of], weight[of], delta[of], interface, pressure, total)
        return shift


def build_model(
    source: Source | None, structure: Structure, interface: Interface, numerics: Numerics, comm: MPI.Intracomm
) -> Model:
    """Build and compile (collective; `source` is needed on rank 0 only)."""
    domain = build_domain(source, comm)
    state = create_state(domain, structure)
    residual = build_residual(domain, state, structure)
    start.set_interface(domain, state, residual.constants, interface)
    gas = None
    if residual.gas is not None:
        gas = Gas(domain, state, residual.gas, interface.delta, residual.constants.temperature)
    return Model(domain, structure, interface, numerics, state, residual, MapExtension(domain, state), gas)
