"""An insulating disc on a bonded face without pressure: creep alone opens no void over it (Roy,
Fleck & Deshpande 2021).

n = 5, linear kinetics, vacancies off, ā = a/κZ. Two ways to ask whether the disc opens:

- bonded like the rest, lithium above the disc must stand still while its surroundings move down: does the face pull it there?
- let go (no traction on the disc), which way does its surface move? Downwards the electrolyte is in its way and it stays closed.

A linear fluid never opens: above a free disc it moves by an average of its surroundings. In a power
law the fast ring around a disc of large ā is soft, and the rim of the free disc lags behind. From
which ā on depends on the exponent: about 75 for n = 5 and 32 for 6.6, lithium's (a disc of 5 µm in
40 µm; edges of 0.02 µm and of 0.005 µm agree within 0.03 of the stripping rate; in a stack 2.5
times as wide the limits are about 67 and 29). The paper's 30 is that of lithium's exponent. Bonded,
the face is compressed throughout.
"""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry import build_stack
from cellfem.model.control import Current
from cellfem.model.creep_points import Rheology
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, PatchResistance, Structure
from cellfem.model.start import GAMMA, boundary_conditions
from cellfem.model.state import GAMMA_FIELDS
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import INSTANT, Engine
from dolfinx import fem
from tests.verification.stacks import engine_at_start
from tests.verification.stepping import gamma_x

Array = NDArray[np.float64]
DISC, WIDTH = 5.0, 40.0  # µm
KAPPA, CURRENT = 4e4, 5.0  # A/m² per V/µm, A/m²
FLOOR = 1e-10  # 1/s


def bonded_disc(abar: float, exponent: float, edge: float) -> Engine:
    stack = build_stack(WIDTH, WIDTH, WIDTH, 0.8, 4.0, [MeshPatch(0.0, DISC)], edge_factor=edge / 0.8)
    structure = Structure(
        axisymmetric=True, flat=True, bonded=True, vacancies=False, linear_kinetics=True, stress_potential=False
    )
    asr = DISC / (KAPPA * abar)
    face = Interface(resistance=asr, patches=(PatchResistance(0.0, DISC, 1e8 * asr, 0.0),))
    lithium = Material(PowerLaw(4.3e-4, exponent), 8e-3, KAPPA, 1.0, 298.15)
    return engine_at_start(stack, structure, face, Load(0.0, Current(CURRENT)), lithium, Numerics(strain_rate_floor=FLOOR))


def pressure_over(engine: Engine, edge: float) -> Array:
    """Contact pressure (MPa) over the disc, without the last nodes before the jump of the velocity,
    which no mesh resolves."""
    x = gamma_x(engine.model)
    order = np.argsort(x)
    p = engine.model.state.gamma.x.array[GAMMA_FIELDS * engine.model.state.gamma_nodes][order]
    smooth = np.convolve(p, [0.25, 0.5, 0.25], mode="same")
    return smooth[1:][x[order][1:] < DISC - 4 * edge]


def retreat_of_a_free_disc(engine: Engine) -> float:
    """Largest velocity away from the electrolyte over the disc, seen from the electrolyte, over the
    mean stripping rate."""
    model, state, system = engine.model, engine.model.state, engine.system
    pressure = state.gamma.function_space.sub(0)
    collapsed, _ = pressure.collapse()
    disc = fem.locate_dofs_geometrical((pressure, collapsed), lambda x: (x[0] < DISC - 1e-9) & (np.abs(x[1]) < 1e-9))
    state.gamma.x.array[disc[0]] = 0.0
    free = (GAMMA, fem.dirichletbc(fem.Function(collapsed), disc, pressure))
    system.set_conditions([*boundary_conditions(model.domain, state, model.structure, platen=True), free])
    engine.stepper.set_scheme(INSTANT)
    law = system.rheology.creep
    for exponent, floor in ((1.0, 1e-6), (2.0, 1e-6), (4.0, 1e-6), *((law.exponent, f) for f in (1e-6, 1e-7, 1e-8, FLOOR))):
        if exponent <= law.exponent:
            system.rheology, engine.newton.keep = Rheology(replace(law, exponent=exponent), floor), False
            outcome = engine.newton.solve()
            assert outcome.converged, outcome.reason
    platen = (state.numbers.x.array[0] - state.travel_old[0].x.array[0]) / INSTANT
    vertical = state.bulk.function_space.sub(0).sub(1)
    own, dofs = vertical.collapse()
    at = own.tabulate_dof_coordinates()
    over = (np.abs(at[:, 1]) < 1e-9) & (at[:, 0] < DISC * 0.999)
    return float((state.bulk.x.array[np.ravel(dofs)[over]] + platen).max()) / (SPEED * CURRENT)


@pytest.mark.parametrize("abar", [pytest.param(0.1, marks=pytest.mark.slow), 1.0, pytest.param(10.0, marks=pytest.mark.slow)])
def test_the_disc_does_not_open(abar):
    engine = bonded_disc(abar, 5.0, 0.02)
    assert pressure_over(engine, 0.02).min() > 1.0  # MPa; the stress of creep at s/a is 0.8 MPa
    assert retreat_of_a_free_disc(engine) < -0.5


@pytest.mark.slow
def test_the_rim_of_a_free_disc_opens_at_very_large_abar():
    assert retreat_of_a_free_disc(bonded_disc(30.0, 5.0, 0.02)) < -0.2
    assert retreat_of_a_free_disc(bonded_disc(100.0, 5.0, 0.02)) > 0.05


@pytest.mark.slow
def test_with_the_exponent_of_lithium_the_rim_opens_from_about_thirty():
    assert pressure_over(bonded_disc(40.0, 6.6, 0.02), 0.02).min() > 1.0
    assert retreat_of_a_free_disc(bonded_disc(20.0, 6.6, 0.02)) < -0.1
    assert retreat_of_a_free_disc(bonded_disc(40.0, 6.6, 0.02)) > 0.05


@pytest.mark.parametrize("abar", [1.0, 100.0])
def test_a_linear_fluid_opens_nowhere(abar):
    assert retreat_of_a_free_disc(bonded_disc(abar, 1.0, 0.2)) < -0.3
