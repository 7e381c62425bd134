"""A small wave on an open surface of linearly creeping lithium decays by surface tension at the
rate γk/(2μ), μ = 1/(3A)."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import build_stack
from cellfem.model.build import build_model
from cellfem.model.control import Current
from cellfem.model.fixture import UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.model.start import boundary_conditions
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from tests.verification.stepping import gamma_x, set_surface

WIDTH, HEIGHT = 5.0, 10.0  # half a wavelength, and one: the far side is e^-12 away
AWAY, AMPLITUDE = 0.5, 0.01  # µm: a gap of 50 δ, so that nothing touches and no current flows
TENSION, PREFACTOR = 0.5, 1e-3  # MPa µm, 1/s/MPa


def bessel0(z: np.ndarray) -> np.ndarray:
    """J0(z) = (1/π) ∫ cos(z sin t) dt over 0 < t < π."""
    t = (np.arange(400) + 0.5) * np.pi / 400
    return np.cos(np.multiply.outer(z, np.sin(t))).mean(axis=-1)


def open_stack(near: float, *, axisymmetric: bool, flat: bool) -> Engine:
    """Neither contact nor current: the platen stands still and the far side is held, so that
    nothing is undetermined."""
    structure = Structure(axisymmetric=axisymmetric, flat=flat, vacancies=False, equipotential=False, stress_potential=False)
    face = Interface(resistance=1e-3, surface_tension=TENSION)
    stack = build_stack(WIDTH, HEIGHT, 2.0, near, 1.0)
    engine = Engine(build_model(stack, structure, face, Numerics(second_order=True, newton_tolerance=1e-9), MPI.COMM_SELF))
    engine.set(Load(0.0, Current(0.0), UniformPressure()), Material(PowerLaw(PREFACTOR, 1.0), 8e-3, 4e4, 1.0, 298.15))
    held = replace(structure, equipotential=True)
    engine.system.set_conditions(boundary_conditions(engine.model.domain, engine.model.state, held, platen=True))
    return engine


@pytest.mark.parametrize("flat", [False, True], ids=["moving", "flat"])
@pytest.mark.parametrize("axisymmetric", [False, True], ids=["plane", "axisymmetric"])
def test_wave_decays_as_on_a_viscous_half_space(axisymmetric, flat):
    engine = open_stack(0.2, axisymmetric=axisymmetric, flat=flat)
    k = (3.8317059702 if axisymmetric else np.pi) / WIDTH  # no slope at the mirror plane: J1(k WIDTH) = 0
    x = gamma_x(engine.model)
    shape = bessel0(k * x) if axisymmetric else np.cos(k * x)

    def amplitude() -> float:
        return float(np.polyfit(shape, engine.model.state.gap(), 1)[0])

    set_surface(engine, AWAY + AMPLITUDE * shape)
    rate = TENSION * k / (2 / (3 * PREFACTOR))
    steps, dt, before = 40, 1 / (40 * rate), amplitude()
    for _ in range(steps):
        assert np.isfinite(engine.stepper.attempt(dt).error)
        engine.stepper.accept(dt)
    assert np.log(before / amplitude()) / (steps * dt) == pytest.approx(rate, rel=2e-3)
