"""Γ read off a state: integrals, and a profile along it whose node values add up to them exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.build import Model
from cellfem.observe.arrays import Profile
from cellfem.observe.cells import vtk_order
from cellfem.observe.dendrite import Surroundings
from cellfem.physics.contact import VOID_AT
from cellfem.physics.creep import PorousCreep
from dolfinx import fem, la

Array = NDArray[np.float64]

QUANTITIES = ("weight", "contact", "carrying", "current", "overpotential", "pressure", "porosity", "resistance")
MA_CM2 = 0.1  # mA/cm² per A/m²
OHM_CM2 = 1e4  # Ω cm² per Ω m²


@dataclass(frozen=True)
class GammaValues:
    """Lumped node values on one rank: rows are skin nodes (owned and ghost), columns QUANTITIES; q_i = ∫ q φ_i dA / ∫ φ_i dA."""

    values: Array
    gap: Array  # at all skin nodes, of both electrodes; zero off Γ
    gas: Array  # pressure of gas in a void, MPa; zero outside
    compression: Array | None = None  # of the electrolyte along its face at skin nodes, MPa; None where its stress is not solved

    def column(self, name: str) -> Array:
        return np.asarray(self.values[:, QUANTITIES.index(name)])


def surroundings(model: Model, creep: PorousCreep, pressure: float) -> Surroundings:
    """What a flaw feels at this moment besides the values on Γ; pressure: of the stack, MPa."""
    k = model.residual.constants
    return Surroundings(creep, float(k.conductivity.value), pressure, float(k.temperature.value))


class GammaObserver:
    """Evaluates Γ of one electrode (0, or 1 the second) of a model. All methods are collective."""

    def __init__(self, model: Model, electrode: int = 0) -> None:
        self.model = model
        domain, state, x = model.domain, model.state, model.residual.expressions
        space = fem.functionspace(domain.skin, ("Lagrange", 1, (len(QUANTITIES),)))
        _, dG, _ = domain.measures(model.structure.degree)
        f = ufl.split(state.bulk)[2]
        terms = ufl.as_vector([1.0, x.touching, x.carrying, x.current, x.overpotential, x.contact_pressure, f("+"), x.resistance])
        self.form = fem.form(ufl.inner(terms, ufl.TestFunction(space)("+")) * x.gamma_weight * dG, entity_maps=domain.entity_maps)
        self.vector = fem.create_vector(space)
        nodes = state.gamma_nodes[state.gamma_side == 1 - 2 * electrode]
        self.nodes = nodes
        self.owned = nodes[nodes < space.dofmap.index_map.size_local]
        at = space.tabulate_dof_coordinates()[:, : domain.dimension - 1]
        self.at = np.where(np.abs(at) < 1e-9 * domain.width, 0.0, at)  # submeshes carry round-off
        self.index_map = space.dofmap.index_map
        self.area = domain.area(model.structure.axisymmetric)

    def evaluate(self) -> GammaValues:
        """Node values of the present state; ghosts included."""
        b = self.vector
        b.array[:] = 0.0
        fem.assemble_vector(b.array, self.form)
        b.scatter_reverse(la.InsertMode.add)
        b.scatter_forward()
        sums = b.array.reshape(-1, len(QUANTITIES))
        values = sums.copy()
        weight = np.where(sums[:, :1] > 0, sums[:, :1], 1.0)
        values[:, 1:] = sums[:, 1:] / weight
        s = self.model.state
        gap = np.zeros(len(values))
        if not self.model.structure.bonded:
            gap[s.gamma_nodes] = s.gap()
        gas = np.where(gap > VOID_AT * self.model.interface.delta, s.gas.x.array, 0.0)
        return GammaValues(values, gap, gas)

    def profile(self, g: GammaValues) -> Profile | None:
        """Gathered along Γ, on rank 0 only."""
        held = np.zeros_like(g.gap) if g.compression is None else g.compression
        columns = (self.at, g.gap, g.values, g.gas, held)
        rows = np.column_stack([column[self.owned] for column in columns])
        number = self.index_map.local_to_global(self.owned.astype(np.int32))
        domain = self.model.domain
        facets = domain.gamma_facets
        of_facets = self.index_map.local_to_global(facets.ravel().astype(np.int32)).reshape(facets.shape)
        pieces = domain.parent.comm.gather((rows, number, of_facets), root=0)
        if pieces is None:
            return None
        table, numbers, corners = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        axes = domain.dimension - 1
        order = np.lexsort(table[:, :axes].T[::-1])
        gap, weight, contact, carrying, current, overpotential, pressure, porosity, resistance, gas, held = table[order, axes:].T
        line = (weight, gap, contact, carrying, MA_CM2 * current, 1e3 * overpotential, pressure, porosity, OHM_CM2 * resistance)
        enclosed = gas if self.model.structure.gas else None
        known = None if g.compression is None else held
        if axes == 1:
            return Profile(table[order, 0], *line, gas_MPa=enclosed, compression_MPa=known)
        place = np.empty(int(numbers.max()) + 1, dtype=np.int64)
        place[numbers[order]] = np.arange(len(order))
        cells = vtk_order(place[corners])
        cells = cells[np.lexsort(np.sort(cells, axis=1).T[::-1])]  # alike on any number of ranks
        return Profile(table[order, 0], *line, y_um=table[order, 1], gas_MPa=enclosed, compression_MPa=known, facets=cells)
