"""The unknowns and their function spaces."""

from __future__ import annotations

from dataclasses import dataclass

import basix.ufl
import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.parameters import Structure
from cellfem.physics.flow import numbers
from dolfinx import fem

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
GAMMA_FIELDS = 4
"""Unknowns at a node of Γ: recession, openness, curvature, removal."""

UNKNOWNS = ("bulk", "gamma", "potential", "numbers")
GIVEN = ("law", "log_resistance", "roughness", "diffusion", "gas_marker")
"""Functions of a `State` that follow from the case or from the other functions."""


@dataclass(frozen=True, kw_only=True)
class State:
    """Functions at the present time and at the two previous ones.

    bulk: (v, p, f) on the lithium, P2-P1-P2 (f: P1 without `quadratic_porosity`). gamma: on the
    skin, P1: [0] the recession m = g - U of the lithium surface towards the platen (µm; in a bonded
    stack the contact pressure, MPa), [1] the openness ω, [2] the curvature H (1/µm, > 0 where
    lithium bulges towards the electrolyte), [3] the lithium of the removed planes r (µm/s).
    potential: φ - Φ, P2 on the electrolyte. numbers: (U, Φ), platen travel (µm) and potential of
    the electrolyte's far side (V); with two electrodes (U₁, φ_Li2, U₂), and potential is φ itself,
    relative to the first one. All velocities are relative to the platen of their electrode. map: m
    extended into the lithium (P1), zero on top; prescribed in the bulk, on Γ equal to gamma[0].
    """

    bulk: fem.Function
    gamma: fem.Function
    potential: fem.Function
    numbers: fem.Function
    map: fem.Function
    porosity_old: tuple[fem.Function, fem.Function]  # f at the last step and the one before
    map_old: tuple[fem.Function, fem.Function]
    travel_old: tuple[fem.Function, fem.Function]  # numbers, of which U is used
    law: fem.Function  # tangent planes of the creep law at quadrature points
    hardness: fem.Function  # resistance S of a law with hardening (MPa), at quadrature points
    hardness_old: tuple[fem.Function, fem.Function]
    pocket: fem.Function  # P1 on the skin: label of the void with gas to which a place belongs, < 0 in contact
    gas_amount: fem.Function  # N of that void, MPa µm³/K
    gas: fem.Function  # its pressure, MPa
    gas_marker: fem.Function  # 1 on one of the voids
    log_resistance: fem.Function  # ln ASR0 at 25 degC on Γ (DG2 on the skin: edges of patches may be sharp)
    roughness: fem.Function  # δ (µm), P1 on the skin; read where structure.varying_roughness
    diffusion: fem.Function  # D(x)/D at quadrature points of the lithium; read where structure.varying_diffusivity
    # index arrays
    skin_to_lithium: Indices  # lithium P1 dof of each skin P1 dof
    gamma_nodes: Indices  # local skin P1 dofs on Γ (owned and ghost)
    porosity_dofs: Indices  # dofs of f in bulk, in the order of the dofs `porosity_nodes` of `porosity_old`
    porosity_nodes: Indices
    gamma_side: Array  # of each of `gamma_nodes`: 1 first electrode, -1 second
    middle: float  # last coordinate that separates the electrodes, µm; -inf for one electrode

    @property
    def unknowns(self) -> list[fem.Function]:
        return [getattr(self, name) for name in UNKNOWNS]

    @property
    def histories(self) -> list[fem.Function]:
        """All functions that change in time besides the unknowns, except those computed from the
        others (GIVEN)."""
        found: list[fem.Function] = []
        for name in self.__dataclass_fields__:
            held = getattr(self, name)
            functions = held if isinstance(held, tuple) else (held,)
            found += [f for f in functions if isinstance(f, fem.Function) and name not in (*UNKNOWNS, *GIVEN)]
        return found

    @property
    def travel(self) -> float:
        """Travel U of the (first) platen (µm); zero on a rank without lithium."""
        return float(self.numbers.x.array[0]) if len(self.numbers.x.array) else 0.0

    def travel_at(self, side: Array) -> Array | float:
        """Travel U of the platen on the side (1 or -1) of each point, µm."""
        numbers = self.numbers.x.array
        return np.where(side > 0, numbers[0], numbers[2]) if len(numbers) > 2 else self.travel

    def gap(self) -> Array:
        """Gap g = m + U at `gamma_nodes` (µm)."""
        return np.asarray(self.gamma.x.array[GAMMA_FIELDS * self.gamma_nodes] + self.travel_at(self.gamma_side))

    def porosity_into(self, target: fem.Function) -> None:
        """Copy f to a function on the space of `porosity_old`."""
        target.x.array[self.porosity_nodes] = self.bulk.x.array[self.porosity_dofs]

    def porosity_from(self, source: fem.Function) -> None:
        """Set f from a function on the space of `porosity_old`."""
        self.bulk.x.array[self.porosity_dofs] = source.x.array[self.porosity_nodes]

    def remember(self) -> None:
        """Shift the histories: the present state becomes the last step, the last step becomes the
        one before."""
        for old, older in (self.porosity_old, self.map_old, self.travel_old):
            older.x.array[:] = old.x.array
        self.hardness_old[1].x.array[:] = self.hardness_old[0].x.array
        self.hardness_old[0].x.array[:] = self.hardness.x.array
        self.porosity_into(self.porosity_old[0])
        self.map_old[0].x.array[:] = self.map.x.array
        self.travel_old[0].x.array[:] = self.numbers.x.array

    def recall(self) -> None:
        """Restore map and resistance of the last step, which follow from the unknowns and their
        histories."""
        self.map.x.array[:] = self.map_old[0].x.array
        self.hardness.x.array[:] = self.hardness_old[0].x.array

    def update_map(self) -> None:
        """Extend m on Γ to the map of the lithium."""
        on_gamma = self.gamma_nodes
        self.map.x.array[self.skin_to_lithium[on_gamma]] = self.gamma.x.array[GAMMA_FIELDS * on_gamma]


def create_state(domain: Domain, structure: Structure) -> State:
    """All functions zero (collective)."""
    cell = domain.parent.basix_cell()
    v = basix.ufl.element("Lagrange", cell, 2, shape=(domain.dimension,))
    p = basix.ufl.element("Lagrange", cell, 1)
    f = basix.ufl.element("Lagrange", cell, 2 if structure.quadratic_porosity else 1)
    W = fem.functionspace(domain.lithium, basix.ufl.mixed_element([v, p, f]))
    F = fem.functionspace(domain.lithium, f)
    K = fem.functionspace(domain.skin, ("Lagrange", 1, (GAMMA_FIELDS,)))
    S = fem.functionspace(domain.electrolyte, ("Lagrange", 2))
    N = fem.functionspace(domain.lithium, basix.ufl.real_element(cell, (domain.electrodes + 1,)))
    M = fem.functionspace(domain.lithium, ("Lagrange", 1))
    tangent = (numbers(domain.dimension),)
    Q = fem.functionspace(domain.lithium, basix.ufl.quadrature_element(cell, tangent, degree=structure.degree))
    R = fem.functionspace(domain.skin, ("DG", 2))
    P = fem.functionspace(domain.skin, ("Lagrange", 1))
    Q1 = fem.functionspace(domain.lithium, basix.ufl.quadrature_element(cell, degree=structure.degree))
    porosity_space, porosity_dofs = W.sub(2).collapse()
    nodes = _match_cells(porosity_space, F)
    last = K.tabulate_dof_coordinates()[:, domain.dimension - 1]
    gamma_nodes = np.flatnonzero(domain.near(last, domain.gamma_planes))
    return State(
        bulk=fem.Function(W, name="bulk"),
        gamma=fem.Function(K, name="gamma"),
        potential=fem.Function(S, name="potential"),
        numbers=fem.Function(N, name="numbers"),
        map=fem.Function(M, name="map"),
        porosity_old=(fem.Function(F), fem.Function(F)),
        map_old=(fem.Function(M), fem.Function(M)),
        travel_old=(fem.Function(N), fem.Function(N)),
        law=fem.Function(Q, name="law"),
        hardness=fem.Function(Q1, name="hardness"),
        hardness_old=(fem.Function(Q1), fem.Function(Q1)),
        pocket=fem.Function(P, name="pocket"),
        gas_amount=fem.Function(P, name="gas_amount"),
        gas=fem.Function(P, name="gas"),
        gas_marker=fem.Function(P, name="gas_marker"),
        log_resistance=fem.Function(R, name="log_resistance"),
        roughness=fem.Function(P, name="roughness"),
        diffusion=fem.Function(Q1, name="diffusion"),
        skin_to_lithium=_skin_to_lithium(domain, K, M),
        gamma_nodes=gamma_nodes,
        porosity_dofs=np.asarray(porosity_dofs),
        porosity_nodes=nodes,
        gamma_side=domain.sides(last[gamma_nodes]),
        middle=domain.middle,
    )


def _match_cells(source: fem.FunctionSpace, target: fem.FunctionSpace) -> Indices:
    """Target dof of each source dof, for two spaces of one element on one mesh."""
    table = np.empty(source.dofmap.index_map.size_local + source.dofmap.index_map.num_ghosts, dtype=np.int64)
    table[source.dofmap.list.ravel()] = target.dofmap.list.ravel()
    return table


def _skin_to_lithium(domain: Domain, K: fem.FunctionSpace, M: fem.FunctionSpace) -> Indices:
    skin_cells = np.arange(K.dofmap.list.shape[0], dtype=np.int32)
    parent = domain.skin_map.sub_topology_to_topology(skin_cells, False)
    inside = domain.lithium_map.sub_topology_to_topology(parent, True)
    table = np.empty(K.dofmap.index_map.size_local + K.dofmap.index_map.num_ghosts, dtype=np.int64)
    table[np.asarray(K.dofmap.list)] = np.asarray(M.dofmap.list)[inside]  # submeshes keep the order of a cell's corners
    return table
