"""Position of each unknown of a state in the solution vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.state import GAMMA_FIELDS, State

Indices = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Positions:
    """Positions of this rank's own unknowns, blocks in the order of State.unknowns."""

    offsets: Indices  # where each block begins, and the end
    velocity: Indices
    vertical: Indices  # of the velocity the component across Γ
    pressure: Indices
    porosity: Indices  # in the order of State.porosity_dofs
    gap: Indices  # m of the nodes of Γ; openness, curvature and removal follow each
    potential: Indices
    travel: Indices  # U; empty on ranks that do not own the global unknowns, like all of them
    far: Indices
    second_travel: Indices
    electrodes: tuple[tuple[Indices, Indices], ...]  # vertical and porosity of each


def positions_of(state: State) -> Positions:
    """Positions of a state (collective)."""
    spaces = [u.function_space for u in state.unknowns]
    sizes = [V.dofmap.index_map.size_local * V.dofmap.index_map_bs for V in spaces]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    W = state.bulk.function_space
    velocity, pressure = (np.ravel(W.sub(i).collapse()[1]) for i in (0, 1))
    across = W.sub(0).sub(W.sub(0).num_sub_spaces - 1)
    vertical_space, dofs = across.collapse()
    last = W.mesh.topology.dim - 1
    vertical, f = np.ravel(dofs), np.ravel(state.porosity_dofs)
    own = vertical < offsets[1]
    above = vertical_space.tabulate_dof_coordinates()[own, last] > state.middle
    at = state.porosity_old[0].function_space.tabulate_dof_coordinates()[state.porosity_nodes, last] > state.middle
    at = at[f < offsets[1]]
    vertical, f = vertical[own], f[f < offsets[1]]
    electrodes = [(vertical[above], f[at])]
    if np.isfinite(state.middle):
        electrodes.append((vertical[~above], f[~at]))
    gap = offsets[1] + GAMMA_FIELDS * state.gamma_nodes
    numbers = np.arange(offsets[3], offsets[4])
    return Positions(
        offsets=offsets,
        velocity=velocity[velocity < offsets[1]],
        vertical=vertical,
        pressure=pressure[pressure < offsets[1]],
        porosity=f,
        gap=gap[gap < offsets[2]],
        potential=np.arange(offsets[2], offsets[3]),
        travel=numbers[:1],
        far=numbers[1:2],
        second_travel=numbers[2:],
        electrodes=tuple(electrodes),
    )
