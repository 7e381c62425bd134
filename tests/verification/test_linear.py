"""The solver by fields against sparse LU: the same corrections, within its tolerance in Newton's
norm, at a steady effort."""

import functools

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Box, VoidShape, build_solid
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from cellfem.solver.fieldsplit import FieldSplit
from cellfem.solver.linear import LEAST_3D, Direct, chosen
from cellfem.solver.system import KRYLOV_TOLERANCE
from tests.verification.stacks import LINEAR_CREEP, Array, engine_at_start

LITHIUM = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)


@functools.cache
def correction(near: float) -> tuple[Engine, Array, int]:
    """The first correction of a step of 5 s from a state stripped for a second, with the Krylov
    iterations it took."""
    stack = build_solid(Box(6.0, 6.0, 4.0, 4.0), near, 2 * near, [VoidShape(0.0, 2.5, 0.4, center_y=0.0)])
    numerics = Numerics(linear="iterative")
    structure, face = Structure(quadratic_porosity=False), Interface(1e-3, removal_rate=0.3)
    engine = engine_at_start(stack, structure, face, Load(0.4, Current(5.0)), LITHIUM, numerics)
    assert engine.stepper.attempt(1.0).newton.converged
    engine.stepper.accept(1.0)
    engine.stepper.set_scheme(5.0)
    system = engine.system
    system.assemble_residual()
    system.assemble_jacobian()
    system.factor()
    before = system.linear.iterations
    return engine, system.correction().copy(), system.linear.iterations - before


def test_corrections_are_those_of_the_factors() -> None:
    """One matrix, solved both ways; GMRES bounds the preconditioned residual, which the quality of
    the preconditioner sets apart from the error."""
    engine, found, _ = correction(2.0)
    system = engine.system
    system.assemble_residual()
    system.assemble_jacobian()  # the solver by fields has scaled its columns
    factors, exact = Direct(system.A), system.R.duplicate()
    factors.setup(system.A, system.weight, system.held)
    factors.solve(system.R, exact)
    error = found + exact.array  # corrections are -J⁻¹ R
    assert system.dot(error, error) ** 0.5 < 100 * KRYLOV_TOLERANCE * system.dot(found, found) ** 0.5


@pytest.mark.slow
def test_iterations_hardly_grow_with_the_mesh() -> None:
    coarse, fine = (correction(near) for near in (2.0, 0.85))
    sizes = [len(delta) for _, delta, _ in (coarse, fine)]
    assert sizes[1] > 4 * sizes[0]
    assert fine[2] <= 1.5 * coarse[2]


def test_large_stacks_in_3_d_are_iterated() -> None:
    assert chosen("auto", LEAST_3D, 3) == "iterative"
    assert chosen("auto", LEAST_3D - 1, 3) == "direct"
    assert chosen("auto", 10 * LEAST_3D, 2) == "direct"
    assert chosen("iterative", 100, 2) == "iterative"


def test_bonded_stacks_are_factored() -> None:
    stack = build_solid(Box(3.0, 3.0, 3.0, 3.0), 1.5, 3.0)
    bonded = Structure(flat=True, bonded=True, quadratic_porosity=False)
    engine = engine_at_start(stack, bonded, Interface(1e-3), Load(0.4, Current(5.0)), LINEAR_CREEP, Numerics(linear="iterative"))
    assert not isinstance(engine.system.linear, FieldSplit)
    assert np.isfinite(engine.model.state.numbers.x.array).all()
