"""Boundary conditions, coefficients and the initial state."""

from __future__ import annotations

from collections.abc import Callable

import basix
import numpy as np
import scipy  # scipy is imported on first use: it takes a second
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.domain.surface import geometry_nodes
from cellfem.model.constants import Constants
from cellfem.model.parameters import Interface, Structure
from cellfem.model.state import GAMMA_FIELDS, State
from dolfinx import fem

Marker = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
BULK, GAMMA, POTENTIAL, NUMBERS = range(4)
EDGE_TOLERANCE = 2e-9  # of the facet size: distance from its ends at which the resistance is evaluated
SHIFT_TOLERANCE = 1e-12  # tolerance of the shift of the gap to contact equilibrium, over δ


def boundary_conditions(domain: Domain, state: State, structure: Structure, platen: bool) -> list[tuple[int, fem.DirichletBC]]:
    """(block, condition): mirror planes at the sides, no normal velocity at the platen (no velocity
    if it sticks), the far potential; Γ unknowns off Γ."""
    W, K, S, _ = (u.function_space for u in state.unknowns)
    tiny = 1e-9 * max(*domain.extents, domain.lithium_thickness, domain.electrolyte_thickness)

    def velocity(component: int, where: Marker) -> tuple[int, fem.DirichletBC]:
        V = W.sub(0).sub(component)
        collapsed, _ = V.collapse()
        dofs = fem.locate_dofs_geometrical((V, collapsed), where)
        return BULK, fem.dirichletbc(fem.Function(collapsed), dofs, V)

    def plane(axis: int, *places: float) -> Marker:
        return lambda x: np.any([np.abs(x[axis] - place) < tiny for place in places], axis=0)

    last = domain.dimension - 1
    outer = plane(last, *domain.outer_planes)
    found = [] if domain.periodic else [velocity(axis, plane(axis, 0.0, end)) for axis, end in enumerate(domain.extents)]
    if structure.held_platen:
        found += [velocity(axis, outer) for axis in range(last)]
    if platen:
        found.append(velocity(last, outer))
    nodes = K.dofmap.index_map.size_local + K.dofmap.index_map.num_ghosts
    off_gamma = np.setdiff1d(np.arange(nodes), state.gamma_nodes).astype(np.int32)
    found.append((GAMMA, fem.dirichletbc(np.zeros(GAMMA_FIELDS), off_gamma, K)))
    if structure.equipotential and domain.electrodes == 1:
        dofs = fem.locate_dofs_geometrical(S, plane(last, -domain.electrolyte_thickness))
        found.append((POTENTIAL, fem.dirichletbc(0.0, dofs, S)))
    return found


def set_interface(domain: Domain, state: State, constants: Constants, interface: Interface) -> None:
    """Set the constants of Γ, and the map of its resistance at 25 degC."""
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
        "sink_rate",
    ):
        getattr(constants, name).value = getattr(interface, name)
    space = state.log_resistance.function_space
    axes = domain.dimension - 1
    x = space.tabulate_dof_coordinates()[np.asarray(space.dofmap.list)][..., :axes]  # (cells, dofs, axes of Γ)
    # A cell uses only its own facet of Γ, slightly inside its ends, so that a sharp edge between
    # two facets stays sharp.
    inside = domain.skin_map.sub_topology_to_topology(domain.interface[:, 0].copy(), True)
    nodes = domain.skin.geometry.x[geometry_nodes(domain)][..., :axes]
    middle = nodes.mean(axis=1, keepdims=True)
    low, high = nodes.min(axis=1, keepdims=True), nodes.max(axis=1, keepdims=True)
    x[inside] = middle + (1 - EDGE_TOLERANCE) * (np.clip(x[inside], low, high) - middle)
    last = space.mesh.geometry.x[space.mesh.geometry.dofmaps[0]][..., domain.dimension - 1].mean(axis=1)
    first, second = (np.log(resistance_along(x, interface, electrode)) for electrode in (1, 2))
    state.log_resistance.x.array[np.asarray(space.dofmap.list)] = np.where(domain.sides(last)[:, None] > 0, first, second)
    state.roughness.x.array[:] = interface.random.roughness_at(
        domain.places(state.gamma.function_space)[:, :axes], interface.delta
    )
    if interface.random.varies_diffusivity:
        _set_diffusion(state.diffusion, interface)


def _set_diffusion(diffusion: fem.Function, interface: Interface) -> None:
    space = diffusion.function_space
    mesh = space.mesh
    points, _ = basix.make_quadrature(mesh.basix_cell(), space.ufl_element().degree)
    cells = np.arange(len(space.dofmap.list), dtype=np.int32)
    places = fem.Expression(ufl.SpatialCoordinate(mesh), points).eval(mesh, cells)[..., :-1]
    diffusion.x.array[space.dofmap.list] = interface.random.diffusion_factor(places, interface.diffusivity)


def resistance_along(x: NDArray[np.float64], interface: Interface, electrode: int = 1) -> NDArray[np.float64]:
    """ASR0 at 25 degC (Ω m²) at positions x (..., axes of Γ), µm: random variations, overridden by
    patches of the electrode."""
    value = interface.random.resistance_at(x, interface.resistance)
    for patch in (patch for patch in interface.patches if patch.electrode == electrode):
        value += (patch.resistance - value) * patch.share(x)
    return value


def contact_shift(
    gap: NDArray[np.float64],
    weight: NDArray[np.float64],
    delta: NDArray[np.float64],
    interface: Interface,
    pressure: float,
    total: Callable[[float], float] = float,
) -> float:
    """Shift h of a gap (µm) to contact equilibrium, ∫ p_c(gap + h) dA = P |Γ|; p_c as in
    physics.contact, with adhesion.

    gap, delta (δ, µm): at the quadrature points of Γ, weight: of the points, all in the same shape;
    pressure: P > 0, MPa; total: sum of a number over the ranks (collective if it is).
    """
    share = weight / total(float(np.sum(weight)))
    strength = interface.stiffness * delta

    def excess(shift: float) -> float:
        z = -(gap + shift) / delta
        repulsion = strength * np.logaddexp(0.0, z)
        opening = 0.25 * np.logaddexp(0.0, -8 * z)  # [2g/δ]_+ of width 1/4
        return total(float(np.sum(share * (repulsion - interface.adhesion * opening * np.exp(1 - opening))))) - pressure

    # The repulsion is at least -r g, independent of δ; adhesion reduces it by its strength at most.
    most = (pressure + interface.adhesion) / interface.stiffness
    closed = -total(float(np.sum(share * gap))) - most - interface.delta
    open_ = closed + max(interface.delta, 1e-12 * abs(closed))  # a finite bound, however thin the layer
    while excess(open_) > 0:
        open_ += 2 * (open_ - closed)
    return float(scipy.optimize.brentq(excess, closed, open_, xtol=SHIFT_TOLERANCE * interface.delta))
