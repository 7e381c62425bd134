"""Boundary conditions, coefficients and the state at the start."""

from __future__ import annotations

from collections.abc import Callable

import basix
import numpy as np
import ufl
from numpy.typing import NDArray
from scipy.optimize import brentq

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.parameters import Interface, Structure
from cellfem.model.residual import Constants
from cellfem.model.state import GAMMA_FIELDS, NODES_TOLERANCE, State
from dolfinx import fem

Marker = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
BULK, GAMMA, POTENTIAL, NUMBERS = range(4)
SHIFT_TOLERANCE = 1e-12  # of the shift that brings the gap into contact, over δ


def boundary_conditions(domain: Domain, state: State, structure: Structure, platen: bool) -> list[tuple[int, fem.DirichletBC]]:
    """(block, condition): mirror planes at the sides, no normal velocity at the platen, far potential; Γ unknowns off Γ."""
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
    found.append((GAMMA, fem.dirichletbc(np.zeros(GAMMA_FIELDS), off_gamma, K)))
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
    nodes = state.roughness.function_space.tabulate_dof_coordinates()[:, :1]
    state.roughness.x.array[:] = interface.random.roughness_at(nodes, interface.delta)
    if interface.random.varies_diffusivity:
        _set_diffusion(state.diffusion, interface)


def _set_diffusion(diffusion: fem.Function, interface: Interface) -> None:
    space = diffusion.function_space
    mesh = space.mesh
    points, _ = basix.make_quadrature(mesh.basix_cell(), space.ufl_element().degree)
    cells = np.arange(len(space.dofmap.list), dtype=np.int32)
    places = fem.Expression(ufl.SpatialCoordinate(mesh), points).eval(mesh, cells)[..., :-1]
    diffusion.x.array[space.dofmap.list] = interface.random.diffusion_factor(places, interface.diffusivity)


def resistance_along(x: NDArray[np.float64], interface: Interface) -> NDArray[np.float64]:
    """ASR0 at 25 degC (Ω m²) at x (µm): what varies at random and patches on it, their edges tanh, or sharp where `edge` is 0."""
    value = interface.random.resistance_at(x[..., None], interface.resistance)
    for patch in interface.patches:
        left, right = x - patch.centre + patch.half_width, x - patch.centre - patch.half_width
        share = (
            0.5 * (np.tanh(left / patch.edge) - np.tanh(right / patch.edge))
            if patch.edge > 0
            else ((left > 0) & (right < 0)).astype(float)
        )
        value += (patch.resistance - value) * share
    return value


def start_gap(
    x: NDArray[np.float64], gap: NDArray[np.float64], interface: Interface, pressure: float, axisymmetric: bool = False
) -> NDArray[np.float64]:
    """Gap (N,) in contact equilibrium at the start: `gap` (µm, linear between the nodes x) shifted so that ∫ p_c dA = P |Γ|.

    p_c as in physics.contact, with adhesion; the integral is that of the residual (three Gauss points between neighbours).
    pressure: P > 0, MPa.
    """
    points, share = np.polynomial.legendre.leggauss(3)
    at = x[:-1, None] + np.diff(x)[:, None] * (1 + points) / 2
    weight = np.diff(x)[:, None] * share * (at if axisymmetric else 1.0)
    weight /= weight.sum()
    between = np.interp(at, x, gap)
    delta = np.interp(at, x, interface.random.roughness_at(x[:, None], interface.delta))
    strength = interface.stiffness * delta

    def excess(shift: float) -> float:
        z = -(between + shift) / delta
        repulsion = strength * np.logaddexp(0.0, z)
        opening = 0.25 * np.logaddexp(0.0, -8 * z)  # [2g/δ]_+ of width 1/4
        return float(np.sum(weight * (repulsion - interface.adhesion * opening * np.exp(1 - opening)))) - pressure

    # The repulsion is at least -r g, wherever δ is what it is; adhesion takes its strength from it at most.
    most = (pressure + interface.adhesion) / interface.stiffness
    closed = -float(np.sum(weight * between)) - most - interface.delta
    open_ = closed + interface.delta
    while excess(open_) > 0:
        open_ += 2 * (open_ - closed)
    return np.asarray(gap + brentq(excess, closed, open_, xtol=SHIFT_TOLERANCE * interface.delta))
