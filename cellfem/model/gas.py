"""Gas sealed in voids: p V = N T for each, acting on its walls; the pressures follow from the
surface and are not unknowns.

A pocket is a connected part of Γ with gap > 3δ. Γ is bounded by mirror planes or periodic, so each
pocket is enclosed by contact and mirror planes. The area between two pockets is assigned to the
nearer one; its volume is negligible. V = ∫ χ [g]_+ dA, where χ is the open share of Γ, and the wall
is under χ p. Pockets of the start contain gas, those that open later are empty. When pockets merge,
their gas merges; when one splits, its gas is divided by volume; one that closes below 3δ keeps its
gas.

The pressure of a pocket couples all of its walls: it adds -B p/V C to the Jacobian of the residual
at given pressures, B = ∂R/∂p, C = ∂V/∂x, one column and one row for each pocket, and corrections
follow from Woodbury's formula. So p is as implicit as every unknown. Amounts N are in MPa µm³/K
(MPa µm²/K in plane strain).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.state import State
from cellfem.physics.definitions import VOID_AT
from dolfinx import fem, la
from dolfinx.fem import petsc as fp
from petsc4py import PETSc

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
EDGES = {2: [[0, 1]], 3: [[0, 1], [1, 2], [2, 0]], 4: [[0, 1], [0, 2], [1, 3], [2, 3]]}
"""Corners of the edges of a facet by how many corners it has, in the order of dolfinx."""


@dataclass(frozen=True)
class GasForms:
    """Compiled forms. `volume`: ∫ χ [g]_+ φ dA by nodes of the skin.

    For the pocket marked by `State.gas_marker`: `column` is ∂R/∂p and `row` ∂V/∂x, in the order of
    the unknowns.
    """

    volume: fem.Form
    column: list[fem.Form]
    row: list[fem.Form]


@dataclass(frozen=True)
class Border:
    """Bordering of the Jacobian by one pocket: column B, row C (owned parts) and dp/dV."""

    column: Array
    row: Array
    slope: float


@dataclass(frozen=True)
class _Face:
    """Γ of all ranks, the same on each: (N,) nodes in an order independent of the ranks, facets by
    indices into it."""

    place: Array  # (N, axes of Γ), µm
    side: Array
    gap: Array
    volume: Array
    label: Labels  # as `State.pocket`
    amount: Array
    number: Labels  # global number of the skin's node
    facets: Labels


class Gas:
    """Pressures of the pockets of a state. All methods are collective."""

    def __init__(self, domain: Domain, state: State, forms: GasForms, delta: float, temperature: fem.Constant) -> None:
        self.domain, self.state, self.forms = domain, state, forms
        self.open_gap, self.temperature, self.comm = VOID_AT * delta, temperature, domain.parent.comm
        self.volumes = fem.create_vector(state.gas.function_space)
        spaces = [u.function_space for u in state.unknowns]
        self.vector = fp.create_vector(spaces)
        index_map = state.gas.function_space.dofmap.index_map
        self.owned = state.gamma_nodes[state.gamma_nodes < index_map.size_local]
        self.of_owned = state.gamma_nodes < index_map.size_local
        self.at = domain.places(state.gas.function_space)[self.owned, :-1]
        self.periods = domain.periods or None
        self.number = index_map.local_to_global(self.owned.astype(np.int32))
        facets = domain.gamma_facets
        self.facets = index_map.local_to_global(facets.ravel().astype(np.int32)).reshape(facets.shape)

    def update(self) -> None:
        """Write the pressures of the present surface to `State.gas`."""
        nodes = self.state.gamma_nodes
        label = self._labels()
        pressure = self.pressures(label)
        self.state.gas.x.array[nodes] = pressure[label[nodes]]

    def pressures(self, label: Labels | None = None) -> Array:
        """Pressure of each pocket by its label, MPa; the first entry is for no pocket."""
        label = self._labels() if label is None else label
        volume, amount = self._pockets(label)
        pressure: Array = amount * float(self.temperature.value) / np.where(volume > 0, volume, 1.0)
        return pressure

    def amounts(self) -> Array:
        """N of each pocket, likewise."""
        return self._pockets(self._labels())[1]

    def border(self) -> list[Border]:
        """Borders of each pocket with gas, at the present surface and pressures."""
        label = self._labels()
        volume, amount = self._pockets(label)
        found = []
        for pocket in np.flatnonzero(amount > 0):
            self.state.gas_marker.x.array[:] = label == pocket
            slope = -float(amount[pocket] * self.temperature.value / volume[pocket] ** 2)
            found.append(Border(self._assembled(self.forms.column), self._assembled(self.forms.row), slope))
        return found

    def seal(self, pressure: float, temperature: float) -> None:
        """Seal gas of this pressure (MPa) and temperature (K) in all voids of the present
        surface."""
        face = self._face()
        label, count = self._connected(face)
        volume = np.bincount(label, weights=face.volume, minlength=count + 1)
        amount = pressure * volume / temperature
        amount[0] = 0.0
        self._put(face, label, amount)

    def follow(self) -> None:
        """Find the pockets of the present surface, and assign them the gas of the known ones."""
        face = self._face()
        label, count = self._connected(face)
        volume = np.bincount(label, weights=face.volume, minlength=count + 1)
        amounts = [0.0] * (count + 1)
        for old in np.unique(face.label[face.label > 0]):
            was = face.label == old
            gas = float(face.amount[was][0])
            if gas <= 0:
                continue
            heirs = np.unique(label[was & (label > 0)])
            if not len(heirs):  # closed below 3δ: it keeps the place where it is deepest
                deepest = np.flatnonzero(was)[np.argmax(face.gap[was])]
                label[deepest] = len(amounts)
                amounts.append(gas)
                continue
            for heir in heirs:
                amounts[heir] += gas * float(volume[heir] / volume[heirs].sum())
        self._put(face, label, np.array(amounts))

    def _labels(self) -> Labels:
        """Pocket of each local node of the skin, 0 if none."""
        return np.abs(np.rint(self.state.pocket.x.array)).astype(np.int64)

    def _nodal_volumes(self) -> Array:
        b = self.volumes
        b.array[:] = 0.0
        fem.assemble_vector(b.array, self.forms.volume)
        b.scatter_reverse(la.InsertMode.add)
        b.scatter_forward()
        return np.asarray(b.array)

    def _pockets(self, label: Labels) -> tuple[Array, Array]:
        """Volume and amount of each pocket by its label, on every rank."""
        count = self.comm.allreduce(int(label.max(initial=0)), op=MPI.MAX)
        own = label[self.owned]
        volume = np.bincount(own, weights=self._nodal_volumes()[self.owned], minlength=count + 1)
        amount = np.zeros(count + 1)
        amount[own] = self.state.gas_amount.x.array[self.owned]
        self.comm.Allreduce(MPI.IN_PLACE, volume)
        self.comm.Allreduce(MPI.IN_PLACE, amount, op=MPI.MAX)
        amount[0] = 0.0
        return volume, amount

    def _assembled(self, forms: list[fem.Form]) -> Array:
        with self.vector.localForm() as local:
            local.set(0.0)
        fp.assemble_vector(self.vector, forms)
        self.vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        return np.array(self.vector.array)

    def _face(self) -> _Face:
        s = self.state
        rows = np.column_stack(
            [
                self.at,
                s.gamma_side[self.of_owned],
                s.gap()[self.of_owned],
                self._nodal_volumes()[self.owned],
                np.rint(s.pocket.x.array[self.owned]),
                s.gas_amount.x.array[self.owned],
            ]
        )
        pieces = self.comm.allgather((rows, self.number, self.facets))
        table, number, facets = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
        axes = self.at.shape[1]
        order = np.lexsort(table[:, : axes + 1].T[::-1])
        table, number = table[order], number[order]
        place_of = np.empty(int(number.max()) + 1, dtype=np.int64)
        place_of[number] = np.arange(len(number))
        side, gap, volume, label, amount = table[:, axes:].T
        return _Face(table[:, :axes], side, gap, volume, label.astype(np.int64), amount, number, place_of[facets])

    def _connected(self, face: _Face) -> tuple[Labels, int]:
        """Labels 1, 2, … of the open areas in the order of their first nodes, 0 in contact; and
        their number."""
        is_open = face.gap > self.open_gap
        pairs = np.concatenate([face.facets[:, edge] for edge in EDGES[face.facets.shape[1]]])
        pairs = pairs[is_open[pairs].all(axis=1)]
        links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(is_open), len(is_open)))
        piece = scipy.sparse.csgraph.connected_components(links, directed=False)[1]
        label = np.zeros(len(is_open), dtype=np.int64)
        _, first, which = np.unique(piece[is_open], return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(1, len(first) + 1)
        label[is_open] = rank[which]
        return label, len(first)

    def _put(self, face: _Face, label: Labels, amount: Array) -> None:
        """Write labels (> 0 in a pocket) and amounts by label to the functions; the rest of Γ is
        assigned to the nearest pocket as -label."""
        signed = label.copy()
        for sign in np.unique(face.side):
            here = face.side == sign
            inside, outside = np.flatnonzero(here & (label > 0)), np.flatnonzero(here & (label == 0))
            if len(inside) and len(outside):
                nearest = scipy.spatial.cKDTree(face.place[inside], boxsize=self.periods).query(face.place[outside])[1]
                signed[outside] = -label[inside[nearest]]
        of_number = np.zeros(int(face.number.max()) + 1, dtype=np.int64)
        of_number[face.number] = np.arange(len(face.number))
        mine = of_number[self.number]
        pocket, held = self.state.pocket, self.state.gas_amount
        pocket.x.array[:], held.x.array[:] = 0.0, 0.0
        pocket.x.array[self.owned] = signed[mine]
        held.x.array[self.owned] = amount[np.abs(signed[mine])]
        pocket.x.scatter_forward()
        held.x.scatter_forward()


def gas_forms(
    rows: list[Any], volume: Any, tests: Any, state: State, domain: Domain, jit: dict[str, Any] | None, nothing: list[Any]
) -> GasForms:
    """Compile the forms (collective). rows: of the residual; volume: χ [g]_+ on Γ with its weight
    and measure as a function of a test function.

    nothing: a zero form for each row, for blocks that do not depend on the gas.
    """
    test = ufl.TestFunction(state.gas.function_space)("+")
    column = [ufl.derivative(row, state.gas, state.gas_marker) + zero for row, zero in zip(rows, nothing, strict=True)]
    marked = volume(state.gas_marker("+"))
    by = [
        nothing[0],
        ufl.derivative(marked, state.map, tests[1][0]) + nothing[1],
        nothing[2],
        ufl.derivative(marked, state.numbers, tests[3]) + nothing[3],
    ]

    def compiled(form: Any) -> Any:
        return fem.form(form, entity_maps=domain.entity_maps, jit_options=jit)

    return GasForms(compiled(volume(test)), [compiled(form) for form in column], [compiled(form) for form in by])
