"""The column in one dimension that uniform faces are mapped by, against the finite elements:
vacancies under creep."""

import numpy as np
import pytest

from cellfem.campaign.column import column, recession
from cellfem.geometry import WallLayers, build_stack
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.units import T_REFERENCE
from tests.verification.stacks import engine_at_start, surface_porosity

BONDED = Structure(flat=True, bonded=True, removal=False, linear_kinetics=True, stress_potential=False)
D = 8e-3


@pytest.mark.parametrize(("pressure", "creep"), [(1.0, "masias"), (2.0, "anand_narayan_steady")])
def test_porosity_as_it_builds_up(pressure: float, creep: str) -> None:
    """At the critical current of an hour, where test time and creep both count: each solution is
    right to about 1 %."""
    face = column(creep)
    current = face.critical_current(pressure, lambda current: 3600.0)
    depth = 6 * np.sqrt(D * 3600.0)
    wall = WallLayers(first=0.01, count=32, ratio=1.2)
    stack = build_stack(1.0, depth, 1.0, 1.0, 6.0, structured=True, wall=wall)
    material = Material(PowerLaw(face.law.prefactor, face.law.exponent), D, 4e4, 1.0, T_REFERENCE)
    interface = Interface(1e-4, surface_tension=0.0, f_c=0.2)
    engine = engine_at_start(stack, BONDED, interface, Load(pressure, Current(10 * current)), material, Numerics())
    dt = 0.5
    while engine.stepper.time < 3600.0:
        dt = min(1.2 * dt, 60.0, 3600.0 - engine.stepper.time + 1e-9)
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
    without_creep = 2 * recession(current) * np.sqrt(3600.0 / (np.pi * D))
    found = surface_porosity(engine.model)
    assert found < 0.8 * without_creep
    assert found == pytest.approx(0.1, rel=0.02)
