"""Γ evaluated from a state: integrals, and a profile along it whose node values sum to them
exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import interface_grid
from cellfem.model.build import Model
from cellfem.observe.arrays import Profile
from cellfem.observe.cells import vtk_order
from cellfem.observe.dendrite import Surroundings
from cellfem.physics.creep import CreepLaw
from cellfem.physics.definitions import VOID_AT
from cellfem.units import MA_CM2, OHM_CM2
from dolfinx import fem, la

Array = NDArray[np.float64]

QUANTITIES = ("weight", "contact", "carrying", "current", "overpotential", "pressure", "porosity", "resistance")


@dataclass(frozen=True)
class GammaValues:
    """Lumped node values on one rank: rows are skin nodes (owned and ghost), columns QUANTITIES;
    q_i = ∫ q φ_i dA / ∫ φ_i dA."""

    values: Array
    gap: Array  # at all skin nodes, of both electrodes; zero off Γ
    gas: Array  # pressure of gas in a void, MPa; zero outside
    compression: Array | None = None  # of the electrolyte along its face at skin nodes, MPa; None if its stress is not solved

    def column(self, name: str) -> Array:
        return np.asarray(self.values[:, QUANTITIES.index(name)])


def surroundings(model: Model, creep: CreepLaw, pressure: float) -> Surroundings:
    """Present conditions of a flaw besides the values on Γ; pressure: of the stack, MPa."""
    k = model.residual.constants
    return Surroundings(creep, float(k.conductivity.value), pressure, float(k.temperature.value))


class GammaObserver:
    """Evaluates Γ of one electrode (0, or 1 for the second) of a model. All methods are
    collective."""

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
        self.at = domain.places(space)[:, :-1]
        self.index_map = space.dofmap.index_map
        self.grid = interface_grid(domain)
        self.area = domain.area(model.structure.axisymmetric)

    def evaluate(self) -> GammaValues:
        """Node values of the present state, including ghosts."""
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
        """The profile along Γ, gathered on rank 0 only."""
        compression = np.zeros_like(g.gap) if g.compression is None else g.compression
        rows = np.column_stack([column[self.owned] for column in (self.at, g.gap, g.values, g.gas, compression)])
        number = self.index_map.local_to_global(self.owned.astype(np.int32))
        domain, grid = self.model.domain, self.grid
        axes = domain.dimension - 1
        # A global node number, and the side of joined nodes from which a facet sees it.
        seen = self.index_map.local_to_global(grid.of.astype(np.int32)) << axes | grid.image
        of_facets = seen[grid.cells]
        pieces = domain.parent.comm.gather((rows, number, of_facets), root=0)
        if pieces is None:
            return None
        table, numbers, corners = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        corners = corners[np.isin(corners[:, 0] >> axes, numbers)]  # those of this electrode
        faces = _Seen.of(table, numbers, corners, axes, domain.periods)
        table, facets, one_with = faces.table, faces.facets, faces.one_with if domain.periodic else None
        gap, weight, contact, carrying, current, overpotential, pressure, porosity, resistance, gas, compression = table[
            :, axes:
        ].T
        line = (weight, gap, contact, carrying, MA_CM2 * current, 1e3 * overpotential, pressure, porosity, OHM_CM2 * resistance)
        cells = None
        if axes == 2:
            cells = vtk_order(facets)
            cells = cells[np.lexsort(np.sort(cells, axis=1).T[::-1])]  # the same on any number of ranks
        return Profile(
            table[:, 0],
            *line,
            y_um=None if axes == 1 else table[:, 1],
            gas_MPa=gas if self.model.structure.gas else None,
            compression_MPa=None if g.compression is None else compression,
            facets=cells,
            one_with=one_with,
            periods=domain.periods,
        )


@dataclass(frozen=True)
class _Seen:
    """Nodes of Γ as seen from its facets, sorted by position: a joined node appears at both ends,
    with its share of the weight."""

    table: Array
    facets: NDArray[np.int64]
    one_with: NDArray[np.int64]  # the node on the low side to which each is joined

    @classmethod
    def of(
        cls, table: Array, numbers: NDArray[np.int64], corners: NDArray[np.int64], axes: int, periods: tuple[float, ...]
    ) -> _Seen:
        """table: rows of nodes: position, gap and weight; corners: number << axes | image for each
        facet."""
        row_of = np.empty(int(numbers.max()) + 1, dtype=np.int64)
        row_of[numbers] = np.arange(len(numbers))
        nodes, facets = np.unique(corners, return_inverse=True)
        facets = facets.reshape(corners.shape)
        row = row_of[nodes >> axes]
        found = table[row]
        for axis, period in enumerate(periods):
            found[:, axis] += np.where(nodes >> axis & 1, period, 0.0)
        if periods:
            size = np.zeros(len(nodes))
            np.add.at(size, facets, _sizes(found[facets][..., :axes])[:, None])
            whole = np.bincount(row, weights=size, minlength=len(table))
            found[:, axes + 1] *= size / whole[row]
        order = np.lexsort(found[:, :axes].T[::-1])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        low = np.full(len(table), len(nodes))
        np.minimum.at(low, row, place)
        return cls(found[order], place[facets], low[row[order]])


def _sizes(corners: Array) -> Array:
    """Lengths (K,) of facets (K, 2, 1), or areas of facets (K, n, 2) whose corners are those of
    triangles or tensor products."""
    if corners.shape[1] == 2:
        return np.asarray(np.abs(corners[:, 1, 0] - corners[:, 0, 0]))
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))  # twice the area of triangles, as for the others
