"""Boundary conditions, coefficients and the state at the start."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.parameters import Interface, Load, Material, Structure
from cellfem.model.residual import Constants
from cellfem.model.state import State
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
    k = constants
    for name in ("delta", "stiffness", "half_pressure", "adhesion", "friction", "f_c", "length", "surface_tension", "removal_rate"):
        getattr(k, name).value = getattr(interface, name)

    def log_resistance(x: NDArray[np.float64]) -> NDArray[np.float64]:
        value = np.full(x.shape[1], interface.resistance)
        for patch in interface.patches:
            share = 0.5 * (np.tanh((x[0] - patch.centre + patch.half_width) / patch.edge) - np.tanh((x[0] - patch.centre - patch.half_width) / patch.edge))
            value += (patch.resistance - interface.resistance) * share
        return np.asarray(np.log(value))

    state.log_resistance.interpolate(log_resistance)


def set_material(constants: Constants, material: Material) -> None:
    k = constants
    k.diffusivity.value, k.conductivity.value = material.diffusivity, material.conductivity
    k.temperature.value, k.resistance_factor.value = material.temperature, material.resistance_factor


def set_load(constants: Constants, load: Load) -> None:
    constants.pressure.value, constants.current.value, constants.platen.value = load.pressure, load.current, float(load.platen)


def start_gap(domain: Domain, interface: Interface, pressure: float) -> NDArray[np.float64]:
    """Gap at `domain.gap_x` in contact equilibrium: the closed part carries the whole load, p_c = P/(closed share)."""
    x, gap = domain.gap_x, domain.gap
    spacing = np.gradient(x)
    closed = float(np.sum(spacing * (gap < 3 * interface.delta)) / np.sum(spacing))
    strength = interface.stiffness * interface.delta
    rest = -interface.delta * np.log(np.expm1(pressure / (closed * strength)))
    return np.asarray(gap + rest)
