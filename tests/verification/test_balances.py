"""Charge, force and lithium at every step of a strip with a lens and a resistive patch, added up by
hand.

Charge ∫_Γ i dA = I; force ∫_Γ p_c dA = P |top| (surface tension adds nothing between mirror
planes); lithium, in the difference quotient of the scheme, d/dt ∫ J(1-f) dV = -IΩ/F - ∫_top (1-f)
v·n dA, in flat kinematics (J = 1) with + ∫_Γ (1-f) ġ dA. The lithium is summed triangle by triangle
from nodal values (f is quadratic) and its loss is taken from the current imposed: nothing is read
off the solver's residual. The scale of lithium is what was moved since the start.
"""

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry import VoidShape, build_stack
from cellfem.model.build import Model
from cellfem.model.control import Current
from cellfem.model.fixture import Platen, UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, PatchResistance, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.physics.kinetics import SPEED
from cellfem.solver.engine import Engine
from tests.verification.stacks import Array, engine_at_start, integral, porosity_field

WIDTH, HEIGHT, PRESSURE, CURRENT = 25.0, 20.0, 0.4, 5.0
STEPS = 12
MASIAS = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)


def _engine(structure: Structure, platen: bool, second_order: bool) -> Engine:
    stack = build_stack(WIDTH, HEIGHT, 20.0, 0.5, 2.0, [VoidShape(0.0, 5.0, 1.0), MeshPatch(17.5, 2.5)])
    face = Interface(1e-3, removal_rate=0.34, patches=(PatchResistance(17.5, 2.5, 0.1),))
    numerics = Numerics(second_order=second_order)
    return engine_at_start(
        stack, structure, face, Load(PRESSURE, Current(CURRENT), Platen() if platen else UniformPressure()), MASIAS, numerics
    )


CORNER, MIDDLE, CENTRE = 1 / 20, 2 / 15, 9 / 20
"""Weights of a rule on a triangle that is exact for cubic functions."""


def _content(model: Model) -> float:
    """∫ J(1-f) dV: in each triangle m is linear and f quadratic, given at corners and at the
    middles of the opposite edges."""
    at, f = porosity_field(model)
    cells = model.state.porosity_old[0].function_space.dofmap.list
    x, y = at[cells[:, :3], 0], at[cells[:, :3], 1]
    corners = model.state.map.function_space.dofmap.list
    m = model.state.map.x.array[corners] * (0.0 if model.structure.flat else 1.0)
    dx, dy, dm = ([q[:, k] - q[:, 0] for k in (1, 2)] for q in (x, y, m))
    twice = dx[0] * dy[1] - dx[1] * dy[0]
    stretch = 1 + (dx[0] * dm[1] - dx[1] * dm[0]) / twice
    dense = 1 - f[cells]
    radius = 2 * np.pi * at[cells, 0] if model.structure.axisymmetric else np.ones_like(dense)
    centre = (4 * dense[:, 3:].sum(axis=1) - dense[:, :3].sum(axis=1)) / 9 * radius[:, :3].mean(axis=1)
    weighed = radius * dense
    mean = CORNER * weighed[:, :3].sum(axis=1) + MIDDLE * weighed[:, 3:].sum(axis=1) + CENTRE * centre
    return float(np.sum(np.abs(twice) / 2 * stretch * mean))


def _over_facets(x: Array, *factors: Array) -> float:
    """∫ of a product of quadratic functions, each given at ends and middles of the facets in turn;
    three Gauss points a facet."""
    points, share = np.polynomial.legendre.leggauss(3)
    shapes = np.stack([points * (points - 1) / 2, 1 - points**2, points * (points + 1) / 2])
    product = 1.0
    for q in factors:
        product = product * (np.stack([q[:-2:2], q[1:-1:2], q[2::2]], axis=1) @ shapes)
    return float(np.sum(product * share * np.diff(x[::2])[:, None] / 2))


def _with_middles(values: Array) -> Array:
    out = np.empty(2 * len(values) - 1)
    out[::2], out[1::2] = values, (values[1:] + values[:-1]) / 2
    return out


def _outflow_on_top(model: Model, platen_speed: float) -> float:
    """∫_top (1-f) v·n dx, plane strain; v relative to the fixed block in flat kinematics."""
    vertical, dofs = model.state.bulk.function_space.sub(0).sub(1).collapse()
    place = vertical.tabulate_dof_coordinates()
    on = np.flatnonzero(np.abs(place[:, 1] - HEIGHT) < 1e-9)
    on = on[np.argsort(place[on, 0])]
    v = model.state.bulk.x.array[np.ravel(dofs)[on]] + (platen_speed if model.structure.flat else 0.0)
    return _over_facets(place[on, 0], 1 - _porosity_at(model, HEIGHT), v)


def _porosity_at(model: Model, height: float) -> Array:
    """f along x at ends and middles of facets in turn."""
    at, f = porosity_field(model)
    on = np.flatnonzero(np.abs(at[:, 1] - height) < 1e-9)
    return f[on[np.argsort(at[on, 0])]]


def _surface(model: Model) -> tuple[Array, Array]:
    """(x, g) at the nodes of Γ."""
    state = model.state
    x = state.gamma.function_space.tabulate_dof_coordinates()[state.gamma_nodes, 0]
    order = np.argsort(x)
    return x[order], state.gap()[order]


DEFAULT = Structure()
TRIAL = Structure(equipotential=False)


@pytest.mark.parametrize(
    ("structure", "platen", "second_order"),
    [
        (DEFAULT, True, False),
        (DEFAULT, True, True),
        (TRIAL, False, False),
        (TRIAL, False, True),
        (Structure(flat=True), True, True),
        (Structure(flat=True), False, False),
        (Structure(axisymmetric=True), True, True),
    ],
    ids=[
        "platen-Euler",
        "platen-BDF2",
        "uniform-Euler",
        "uniform-BDF2",
        "flat-platen",
        "flat-uniform",
        "axisymmetric",
    ],
)
def test_balances_at_every_step(structure: Structure, platen: bool, second_order: bool) -> None:
    engine = _engine(structure, platen, second_order)
    model, k = engine.model, engine.model.residual.constants
    x = model.residual.expressions
    area = np.pi * WIDTH**2 if structure.axisymmetric else WIDTH
    content, surface, travel = [_content(model)], [_surface(model)[1]], [model.state.travel]
    moved, dt = 0.0, 0.05
    for _ in range(STEPS):
        assert engine.stepper.attempt(dt).newton.converged
        scheme = [float(c.value) for c in (k.c0, k.c1, k.c2)]  # of this step
        engine.stepper.accept(dt)
        content, surface = [_content(model), *content][:3], [_surface(model)[1], *surface][:3]
        travel = [model.state.travel, *travel][:3]

        assert abs(integral(model, x.current) - CURRENT * area) <= 1e-8 * CURRENT * area
        assert abs(integral(model, x.contact_pressure) - PRESSURE * area) <= 1e-8 * PRESSURE * area

        gained = sum(c * q for c, q in zip(scheme, content, strict=False)) + SPEED * CURRENT * area
        if structure.flat:
            place = _surface(model)[0]
            opening = sum(c * q for c, q in zip(scheme, surface, strict=False))
            gained -= _over_facets(_with_middles(place), 1 - _porosity_at(model, 0.0), _with_middles(opening))
        if structure.flat or not platen:
            gained += _outflow_on_top(model, sum(c * q for c, q in zip(scheme, travel, strict=False)))
        moved += SPEED * CURRENT * area * dt
        assert abs(gained) * dt <= 1e-8 * moved
        dt *= 1.5


def test_top_set_free_moves_nothing() -> None:
    """From the platen to uniform pressure: the platen's travel is history, neither the surface nor
    the lithium jumps with it."""
    engine = _engine(DEFAULT, True, True)
    dt = 0.5
    while engine.stepper.time < 200.0:
        assert engine.stepper.attempt(dt).newton.converged
        engine.stepper.accept(dt)
        dt = min(1.3 * dt, 10.0)
    model = engine.model
    content, gap, travel = _content(model), model.state.gap().copy(), model.state.travel
    assert engine.change(Load(PRESSURE, Current(CURRENT), UniformPressure()), MASIAS).converged
    assert travel < -0.01
    assert model.state.travel == pytest.approx(travel, abs=1e-12)
    assert _content(model) == pytest.approx(content, abs=1e-3)  # the change takes 1 ms: 1e-4 µm² are stripped in it
    np.testing.assert_allclose(model.state.gap(), gap, atol=1e-4)
