"""Steps to given times, and the gap along Γ; one rank."""

import numpy as np
from numpy.typing import NDArray

from cellfem.geometry import StackMesh
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.stack import assemble
from cellfem.model.build import Model
from cellfem.model.state import GAMMA_FIELDS
from cellfem.solver.engine import Engine

Array = NDArray[np.float64]


def gamma_x(model: Model) -> Array:
    """x of the nodes of Γ in the order of `State.gap`, µm."""
    state = model.state
    return state.gamma.function_space.tabulate_dof_coordinates()[state.gamma_nodes, 0]


def gap_along(model: Model) -> tuple[Array, Array]:
    """(x, gap) at the nodes of Γ, ascending in x, µm."""
    x = gamma_x(model)
    order = np.argsort(x)
    return x[order], model.state.gap()[order]


def set_surface(engine: Engine, m: Array) -> None:
    """Put the lithium's surface at m (µm) in the order of `State.gap` and begin there."""
    state = engine.model.state
    state.gamma.x.array[GAMMA_FIELDS * state.gamma_nodes] = m
    state.update_map()
    engine.model.extension.extend()
    engine.stepper.begin()


def step_to(engine: Engine, end: float, first: float = 0.1, largest: float = np.inf) -> float:
    """Accepted steps under the error control up to the time `end` (s); returns the step size to go
    on with."""
    stepper, dt = engine.stepper, first
    while stepper.time < end - 1e-9:
        cut = min(dt, end - stepper.time)
        trial = stepper.attempt(cut)
        if not trial.error <= 1:
            stepper.restore()
            engine.newton.keep = False
            dt = 0.4 * cut
            assert dt > 1e-4, trial
            continue
        stepper.accept(cut)
        dt = min(largest, cut * float(np.clip(0.85 * max(trial.error, 1e-9) ** (-1 / stepper.rate_order), 0.3, 2.0)))
    return dt


def velocity(model: Model, component: int) -> Array:
    """All values of one component of the lithium's velocity seen from the platen, µm/s."""
    space = model.state.bulk.function_space.sub(0).sub(component)
    return np.asarray(model.state.bulk.x.array[np.ravel(space.collapse()[1])])


def crossed_stack(width: float, height: float, near: float, growth: float = 1.1) -> StackMesh:
    """Columns and layers of rectangles, each cut by both diagonals: every node of Γ sees the same
    mesh; layers grow from Γ."""
    x = np.linspace(0.0, width, round(width / near) + 1)
    count = round(np.log(1 + height / near * (growth - 1)) / np.log(growth))
    above = np.concatenate([[0.0], np.cumsum(growth ** np.arange(count))])
    above *= height / above[-1]
    y = np.concatenate([-above[:0:-1], above])
    nx, ny = len(x), len(y)
    middles_x, middles_y = (x[1:] + x[:-1]) / 2, (y[1:] + y[:-1]) / 2
    corners = np.column_stack([np.tile(x, ny), np.repeat(y, nx)])
    middles = np.column_stack([np.tile(middles_x, ny - 1), np.repeat(middles_y, nx - 1)])
    i, j = (a.ravel() for a in np.meshgrid(np.arange(nx - 1), np.arange(ny - 1)))
    a, middle = j * nx + i, nx * ny + j * (nx - 1) + i
    b, c, d = a + 1, a + nx + 1, a + nx
    cells = np.concatenate([np.column_stack([p, q, middle]) for p, q in ((a, b), (b, c), (c, d), (d, a))])
    groups = np.tile(np.where(middles_y[j] > 0, LITHIUM, ELECTROLYTE), 4)
    return assemble(np.concatenate([corners, middles]), cells, groups, np.zeros(1), np.zeros(1))
