"""What the verification tests share: a stack under load in one call, and values read off Γ."""

from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem.geometry import StackMesh
from cellfem.model.build import Model, build_model
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from dolfinx import fem

Array = NDArray[np.float64]
LINEAR_CREEP = Material(PowerLaw(1e3, 1.0), 8e-3, 4e4, 1.0, 298.15)
"""Lithium of a constant, low viscosity: for tests in which it only has to follow; κ = 0.04 S/m."""


def engine_at_start(
    stack: StackMesh, structure: Structure, interface: Interface, load: Load, material: Material, numerics: Numerics | None = None
) -> Engine:
    """Build, compile and bring to equilibrium at t = 0."""
    engine = Engine(build_model(stack, structure, interface, numerics or Numerics(), MPI.COMM_WORLD))
    engine.start(load, material)
    return engine


def integral(model: Model, integrand: Any) -> float:
    """∫ integrand dA over Γ (per depth of 1 µm in plane strain; all around the axis when
    axisymmetric)."""
    _, gamma, _ = model.domain.measures(model.structure.degree)
    form = fem.form(integrand * model.residual.expressions.gamma_weight * gamma, entity_maps=model.domain.entity_maps)
    return float(model.domain.parent.comm.allreduce(fem.assemble_scalar(form)))


def potential_along(model: Model) -> tuple[Array, Array]:
    """(x, φ) at the nodes of Γ, ends and middles of the facets in turn (P2), φ including the far
    side's; one rank."""
    potential = model.state.potential
    at = potential.function_space.tabulate_dof_coordinates()
    on = np.flatnonzero(np.abs(at[:, 1]) < 1e-9)
    on = on[np.argsort(at[on, 0])]
    return at[on, 0], potential.x.array[on] + model.state.numbers.x.array[1]


def porosity_field(model: Model) -> tuple[Array, Array]:
    """((N, 2) nodes, f) of the lithium; one rank."""
    state = model.state
    at = state.porosity_old[0].function_space.tabulate_dof_coordinates()[:, :2]
    values = np.empty(len(at))
    values[state.porosity_nodes] = state.bulk.x.array[state.porosity_dofs]
    return at, values


def surface_porosity(model: Model) -> float:
    """Mean of f over the nodes of Γ."""
    at, f = porosity_field(model)
    return float(f[np.abs(at[:, 1]) < 1e-9].mean())
