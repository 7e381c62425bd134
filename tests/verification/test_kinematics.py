"""The surface is carried by the flow: a sinusoidal gap against the exact profile; what linearised
motion does to a void."""

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import VoidShape, build_stack
from cellfem.model.build import build_model
from cellfem.model.control import Current
from cellfem.model.fixture import UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.model.start import BULK, GAMMA, POTENTIAL, boundary_conditions
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import Engine
from dolfinx import fem
from tests.verification.stacks import engine_at_start
from tests.verification.stepping import gamma_x, gap_along, set_surface, step_to

Array = NDArray[np.float64]
WIDTH, MEAN, AMPLITUDE, WAVE = 10.0, 0.5, 0.3, 10.0  # µm
DURATION = 50.0  # s; the sheared profile would break at 106 s
FLOWS = {"uniform": (0.1, 0.005, 0.0), "sheared": (0.05, 0.0, 0.05)}  # v = (u + shear y, w): µm/s, µm/s, 1/s


def exact_gap(x: Array, t: float, u: float, w: float, shear: float) -> Array:
    """g_t + (u + shear g) g_x = w: constant along x' = u + shear g, but for the rise w t."""
    gap = np.full_like(x, MEAN)
    for _ in range(200):
        origin = x - u * t - shear * (gap * t - w * t * t / 2)
        gap = MEAN + AMPLITUDE * np.sin(2 * np.pi * origin / WAVE) + w * t
    return gap


def carried_error(near: float, u: float, w: float, shear: float) -> float:
    """Root mean square error (µm) after DURATION of a gap whose flow is prescribed, its value given
    where the flow enters."""
    stack = build_stack(WIDTH, 2.0, 1.0, near, 1.0)
    structure = Structure(vacancies=False, equipotential=False, stress_potential=False)
    numerics = Numerics(second_order=True, newton_tolerance=1e-9)
    engine = Engine(build_model(stack, structure, Interface(resistance=1e-3), numerics, MPI.COMM_SELF))
    engine.set(Load(0.0, Current(0.0), UniformPressure()), Material(PowerLaw(1e-3, 1.0), 8e-3, 4e4, 1.0, 298.15))
    model, state = engine.model, engine.model.state
    conditions = [bc for bc in boundary_conditions(model.domain, state, structure, platen=False) if bc[0] == GAMMA]
    for block, given in ((BULK, state.bulk), (POTENTIAL, state.potential)):
        space = given.function_space
        count = (space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts) * space.dofmap.index_map_bs
        conditions.append((block, fem.dirichletbc(fem.Function(space), np.arange(count // space.dofmap.bs, dtype=np.int32))))
    recession = state.gamma.function_space.sub(0)
    collapsed, _ = recession.collapse()
    inlet = fem.locate_dofs_geometrical((recession, collapsed), lambda p: np.maximum(np.abs(p[0]), np.abs(p[1])) < 1e-9)
    conditions.append((GAMMA, fem.dirichletbc(fem.Function(collapsed), inlet, recession)))
    engine.system.set_conditions(conditions)

    set_surface(engine, exact_gap(gamma_x(model), 0.0, u, w, shear))
    steps = round(16 / near)
    dt = DURATION / steps
    for step in range(1, steps + 1):
        engine.stepper.set_scheme(dt)
        state.gamma.x.array[inlet[0]] = exact_gap(np.zeros(1), step * dt, u, w, shear)
        state.update_map()
        before = np.full(len(state.gamma_nodes), np.inf)
        while np.abs(state.gap() - before).max() > 1e-10:  # the flow is that at the new height
            before = state.gap().copy()
            height = gap_along(model)
            state.bulk.sub(0).interpolate(lambda p, y=height: np.array([u + shear * np.interp(p[0], *y), np.full_like(p[0], w)]))
            assert engine.newton.solve().converged
        engine.stepper.accept(dt)
    x, gap = gap_along(model)
    return float(np.sqrt(np.trapezoid((gap - exact_gap(x, DURATION, u, w, shear)) ** 2, x) / WIDTH))


@pytest.mark.parametrize("flow", [pytest.param("uniform", marks=pytest.mark.slow), "sheared"])
def test_a_sinusoidal_gap_is_carried_exactly_to_second_order(flow):
    errors = [carried_error(near, *FLOWS[flow]) for near in (0.8, 0.4, 0.2)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[0] > 1.85, (errors, orders)
    assert orders[1] > 1.95, (errors, orders)
    assert errors[-1] < 1e-3


def lost_area(depth: float, *, flat: bool) -> float:
    """Share of its area that a void 10 µm wide loses in 10 min at 1 MPa, 0.05 mA/cm²."""
    current = 0.5
    stack = build_stack(25.0, 20.0, 20.0, 0.4, 2.0, [VoidShape(0.0, 5.0, depth)])
    face = Interface(resistance=1e-3, removal_rate=max(10 * SPEED * current, 1e-3) / 0.02)
    lithium = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
    engine = engine_at_start(stack, Structure(flat=flat), face, Load(1.0, Current(current)), lithium, Numerics(second_order=True))

    def area() -> float:
        x, gap = gap_along(engine.model)
        return float(np.trapezoid(np.where(gap > 3 * face.delta, gap, 0.0), x))

    before = area()
    step_to(engine, 600.0, largest=20.0)
    return 1 - area() / before


@pytest.mark.slow
def test_linearised_motion_closes_a_void_slower_by_the_square_of_its_slope():
    """0.4 µm deep: no difference worth the name. 1 µm (slope 0.4 at its edge): 5 %. 2 µm: 17 %."""
    slower = {depth: 1 - lost_area(depth, flat=True) / lost_area(depth, flat=False) for depth in (0.4, 1.0, 2.0)}
    assert abs(slower[0.4]) < 0.02
    assert 0.03 < slower[1.0] < 0.08
    assert 2.5 < slower[2.0] / slower[1.0] < 5.0
