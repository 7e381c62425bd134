"""Stacks in 3-D that are plane ones, pushed out."""

from cellfem.geometry import PatchShape, StackMesh, VoidShape, build_stack
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.model.parameters import PatchResistance as Spot
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from tests.verification.stacks import engine_at_start

LITHIUM = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
FACE = Interface(1e-3, removal_rate=0.3, patches=(Spot(6.0, 1.5, 0.1),))
STEPS = (0.5, 1.0, 2.0, 4.0)


def stripped(stack: StackMesh, face: Interface = FACE, axisymmetric: bool = False, steps: tuple[float, ...] = STEPS) -> Engine:
    structure, numerics = (
        Structure(axisymmetric=axisymmetric, friction=face.friction > 0, quadratic_porosity=False),
        Numerics(newton_tolerance=1e-9),
    )
    engine = engine_at_start(stack, structure, face, Load(0.4, Current(5.0)), LITHIUM, numerics)
    for dt in steps:
        trial = engine.stepper.attempt(dt)
        assert trial.newton.converged, trial.reason
        engine.stepper.accept(dt)
    return engine


def plane(near: float, quadrilaterals: bool) -> StackMesh:
    features = [VoidShape(0.0, 3.0, 0.5), PatchShape(6.0, 1.5)]
    return build_stack(8.0, 4.0, 4.0, near, 2 * near, features, structured=True, quadrilaterals=quadrilaterals)
