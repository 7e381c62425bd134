"""Boundary conditions, coefficients and the state at the start."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.parameters import Interface, Structure
from cellfem.model.residual import Constants
from cellfem.model.state import NODES_TOLERANCE, State
from dolfinx import fem

Marker = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
BULK, GAMMA, POTENTIAL, NUMBERS = range(4)


def boundary_conditions(domain: Domain, state: State, structure: Structure, platen: bool) -> list[tuple[int, fem.DirichletBC]]:
    """(block, condition): mirror planes at the sides, no normal velocity at the platen, far potential; Γ unknowns pinned off Γ."""
    W, K, S, _ = (u.function_space for u in state.unknowns)
    tiny = 1e-9 * max(domain.width, domain.lithium_thickness, domain.electrolyte_thickness)

    def velocity(component: int, where: Marker) -> tuple[int, fem.DirichletBC]:
        V = W.sub(0).sub(component)
        collapsed, _ = V.collapse()
        dofs = fem.locate_dofs_geometrical((V, collapsed), where)
        return BULK, fem.dirichletbc(fem.Function(collapsed), dofs, V)

    found = [velocity(0, lambda x: (np.abs(x[0]) < tiny) | (np.abs(x[0] - domain.width) < tiny))]
    if platen:
        found.append(velocity(1, lambda x: np.abs(x[1] - domain.lithium_thickness) < tiny))
    nodes = K.dofmap.index_map.size_local + K.dofmap.index_map.num_ghosts
    off_gamma = np.setdiff1d(np.arange(nodes), state.gamma_nodes).astype(np.int32)
    found.append((GAMMA, fem.dirichletbc(np.zeros(2), off_gamma, K)))
    if structure.equipotential:
        dofs = fem.locate_dofs_geometrical(S, lambda x: np.abs(x[1] + domain.electrolyte_thickness) < tiny)
        found.append((POTENTIAL, fem.dirichletbc(0.0, dofs, S)))
    return found


def set_interface(state: State, constants: Constants, interface: Interface) -> None:
    """Numbers of Γ, and the map of its resistance at 25 degC."""
    for name in (
        "delta",
        "stiffness",
        "half_pressure",
        "adhesion",
        "friction",
        "f_c",
        "length",
        "surface_tension",
        "removal_rate",
    ):
        getattr(constants, name).value = getattr(interface, name)
    space = state.log_resistance.function_space
    corners = space.mesh.geometry.x[space.mesh.geometry.dofmaps[0]]  # (cells, 3, 3)
    x = space.tabulate_dof_coordinates()[space.dofmap.list][..., 0]  # (cells, dofs)
    on_gamma = np.abs(corners[..., 1]) < NODES_TOLERANCE
    facet = np.flatnonzero(on_gamma.sum(axis=1) == 2)
    ends = corners[facet][..., 0][on_gamma[facet]].reshape(-1, 2)
    low, high = ends.min(axis=1)[:, None], ends.max(axis=1)[:, None]
    # A cell sees only its own facet of Γ, a little inside its ends, so that a sharp edge between two facets stays sharp.
    inside = 1e-9 * (high - low)
    x[facet] = np.clip(x[facet], low + inside, high - inside)
    state.log_resistance.x.array[space.dofmap.list] = np.log(resistance_along(x, interface))


def resistance_along(x: NDArray[np.float64], interface: Interface) -> NDArray[np.float64]:
    """ASR0 at 25 degC (Ω m²) at x (µm): patches on the clean face, each with tanh edges of its length or sharp where that is 0."""
    value = np.full(x.shape, interface.resistance)
    for patch in interface.patches:
        left, right = x - patch.centre + patch.half_width, x - patch.centre - patch.half_width
        share = (
            0.5 * (np.tanh(left / patch.edge) - np.tanh(right / patch.edge))
            if patch.edge > 0
            else ((left > 0) & (right < 0)).astype(float)
        )
        value += (patch.resistance - interface.resistance) * share
    return value


def start_gap(domain: Domain, interface: Interface, pressure: float) -> NDArray[np.float64]:
    """Gap at `domain.gap_x` in contact equilibrium: the closed part carries the whole load, p_c = P/(closed share)."""
    x, gap = domain.gap_x, domain.gap
    spacing = np.gradient(x)
    closed = float(np.sum(spacing * (gap < 3 * interface.delta)) / np.sum(spacing))
    strength = interface.stiffness * interface.delta
    rest = -interface.delta * np.log(np.expm1(pressure / (closed * strength)))
    return np.asarray(gap + rest)
