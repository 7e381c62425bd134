"""Gas shut in voids: the Jacobian with its pressures, and voids that shrink until the gas bears the
load.

At rest lithium is hydrostatic at the pressure P, and so is what presses on the wall of a void: p =
P + γH, H the curvature of its roof, and the void ends with V₀ p₀/p. Volumes are added up here from
the nodes of Γ.
"""

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import VoidShape, build_stack
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.model.state import GAMMA_FIELDS
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from tests.verification.stacks import Array, engine_at_start, integral
from tests.verification.stepping import gamma_x, gap_along, step_to

FILLED = 0.1  # MPa, p₀
SOFT = Material(PowerLaw(5e-3, 1.0), 8e-3, 4e4, 1.0, 298.15)  # viscosity 67 MPa s
TWO = (VoidShape(0.0, 3.0, 0.8), VoidShape(9.0, 2.0, 0.5))
DELTA = 0.005  # µm


def shut(
    pressure: float, voids: tuple[VoidShape, ...] = TWO, axisymmetric: bool = False, gas: bool = True, tension: float = 0.0
) -> Engine:
    """Voids full of gas in lithium that creeps linearly, under a rigid platen."""
    stack = build_stack(12.0, 8.0, 4.0, 0.25, 2.0, list(voids))
    structure = Structure(axisymmetric=axisymmetric, gas=gas, vacancies=False)
    face = Interface(1e-3, delta=DELTA, stiffness=200.0, surface_tension=tension, gas_pressure=FILLED)
    return engine_at_start(stack, structure, face, Load(pressure, Current(0.0)), SOFT, Numerics())


def volumes(engine: Engine, parted: float) -> Array:
    """Of what is open (gap above 6δ) on both sides of the place `parted` (µm), per depth of 1 µm
    (or all around)."""
    x, gap = gap_along(engine.model)
    fine = np.linspace(0.0, x[-1], 200_001)
    depth = np.interp(fine, x, gap) * (2 * np.pi * fine if engine.model.structure.axisymmetric else 1.0)
    depth = np.where(np.interp(fine, x, gap) > 6 * DELTA, depth, 0.0)
    return np.array([np.trapezoid(np.where(here, depth, 0.0), fine) for here in (fine < parted, fine >= parted)])


def pressures(engine: Engine) -> Array:
    assert engine.model.gas is not None
    return engine.model.gas.pressures()[1:]


@pytest.mark.parametrize("axisymmetric", [False, True])
def test_jacobian_with_gas_is_the_derivative_of_the_residual(axisymmetric: bool) -> None:
    """J d + Σ B (dp/dV) C·d against central differences, d moving the open surface: contact is far
    stiffer than gas."""
    engine = shut(0.4, axisymmetric=axisymmetric)
    system, rng = engine.system, np.random.default_rng(1)
    assert engine.stepper.attempt(1.0).newton.converged
    system.assemble_residual()
    system.assemble_jacobian()
    assert len(system.border) == 2
    start, product, x = system.get(), system.R.duplicate(), system.R.duplicate()
    direction = np.zeros(len(start))
    is_open = engine.model.state.gap() > 10 * DELTA
    direction[system.at.gap[is_open]] = DELTA * rng.uniform(0, 1, int(is_open.sum()))
    x.array[:] = direction
    system.A.mult(x, product)
    of_gas = sum(pocket.column * pocket.slope * (pocket.row @ direction) for pocket in system.border)
    step, sides = 1e-4, []
    for sign in (1.0, -1.0):
        system.set(start + sign * step * direction)
        sides.append(system.assemble_residual().copy())
    difference = (sides[0] - sides[1]) / (2 * step)
    for rows in (system.at.vertical, system.at.travel):
        exact = product.array[rows] + of_gas[rows]
        assert np.linalg.norm(of_gas[rows]) > 0.1 * np.linalg.norm(exact)
        assert np.linalg.norm(exact - difference[rows]) <= 1e-6 * np.linalg.norm(exact)


@pytest.mark.parametrize("axisymmetric", [False, True])
def test_voids_shrink_until_their_gas_bears_the_load(axisymmetric: bool) -> None:
    """V ends at V₀ p₀/p, p = P + γH: 1 % for H read off the nodes by a parabola, and for V (the
    open share's edge is 2δ wide).

    The last steps are longer than the time in which lithium and gas come to rest, μ/P = 220 s: a
    pressure that lagged behind the volume would swing from step to step there.
    """
    pressure, tension = 3 * FILLED, 0.5
    engine = shut(
        pressure, TWO[: 1 if axisymmetric else 2], axisymmetric, tension=tension
    )  # a ring would draw itself to the axis
    begin, held = volumes(engine, 6.0)[: len(pressures(engine))], pressures(engine)
    np.testing.assert_allclose(held, FILLED, rtol=0.02)  # shut before the load came: what that does to the closed part
    assert step_to(engine, 2e4, first=1.0) > 500.0
    x, gap = gap_along(engine.model)
    fits = [np.polyfit(x[here], gap[here], 2) for here in (x < 1.2, np.abs(x - 9.0) < 0.8)][: len(held)]
    roofs = np.array([-2 * fit[0] for fit in fits]) * (2 if axisymmetric else 1)
    wanted = pressure + tension * roofs
    assert wanted.min() > pressure + 0.02
    np.testing.assert_allclose(pressures(engine), wanted, rtol=0.01)
    np.testing.assert_allclose(volumes(engine, 6.0)[: len(held)], begin * held / wanted, rtol=0.02)
    force = integral(engine.model, engine.model.residual.expressions.contact_pressure)
    assert force == pytest.approx(pressure * engine.system.balances.area, rel=1e-8)


def test_an_empty_void_closes() -> None:
    engine = shut(3 * FILLED, gas=False)
    step_to(engine, 2e4, first=1.0)
    assert engine.model.state.gap().max() < 6 * DELTA


def test_pockets_merge_part_and_keep_their_gas() -> None:
    """On surfaces that are put there: N adds up, is shared by volume, and stays with a void that
    closes."""
    engine = shut(3 * FILLED)
    gas, state = engine.model.gas, engine.model.state
    assert gas is not None
    x = gamma_x(engine.model)

    def amounts(*voids: tuple[float, float, float]) -> Array:
        """Of the pockets, after the surface has these (middle, half width, depth) open."""
        lens = [depth * np.maximum(1 - ((x - middle) / half) ** 2, 0.0) for middle, half, depth in voids]
        state.gamma.x.array[GAMMA_FIELDS * state.gamma_nodes] = np.sum(lens, axis=0) - state.travel
        state.update_map()
        gas.follow()
        return gas.amounts()[1:]

    first, second = amounts((0.0, 3.0, 0.8), (9.0, 2.0, 0.5))
    assert first > second > 0
    assert amounts((0.0, 11.0, 0.8)) == pytest.approx([first + second], rel=1e-12)
    left, right = amounts((0.0, 3.0, 0.8), (9.0, 2.0, 0.5))
    assert left + right == pytest.approx(first + second, rel=1e-12)
    assert left / right == pytest.approx(first / second, rel=0.02)  # by volume: both were full to the same pressure
    born = amounts((0.0, 3.0, 0.8), (5.0, 1.0, 0.2), (9.0, 2.0, 0.5))
    assert born == pytest.approx([left, 0.0, right], rel=1e-12)  # opened later: empty
    assert amounts((9.0, 2.0, 0.5)) == pytest.approx([right, left], rel=1e-12)  # shut below 3δ
