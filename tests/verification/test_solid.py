"""3-D against 2-D: what is pushed out along y changes nothing, and a round void is the axisymmetric
one."""

import numpy as np
import pytest

from cellfem.geometry import Box, VoidShape, build_solid, build_stack, extruded
from cellfem.model.parameters import Interface
from cellfem.solver.engine import Engine
from tests.support.solids import FACE, plane, stripped
from tests.verification.stacks import integral


def gap_of(engine: Engine) -> dict[float, tuple[float, float]]:
    """Least and largest gap of the nodes of Γ at each x, µm."""
    state = engine.model.state
    x = np.round(state.gamma.function_space.tabulate_dof_coordinates()[state.gamma_nodes, 0], 9)
    gap = state.gap()
    return {float(at): (float(gap[x == at].min()), float(gap[x == at].max())) for at in np.unique(x)}


def numbers(engine: Engine) -> np.ndarray:
    """Contact and carrying share, mean porosity and overpotential of Γ, U, Φ."""
    model, e = engine.model, engine.model.residual.expressions
    area = model.domain.area(model.structure.axisymmetric)
    shares = [integral(model, value) / area for value in (e.touching, e.carrying, e.overpotential, e.contact_pressure)]
    return np.array([*shares, *model.state.numbers.x.array[:2]])


def test_hexahedra_pushed_out_of_quadrilaterals_give_the_same_to_1e_6() -> None:
    face = Interface(1e-3, removal_rate=0.3, friction=50.0, patches=FACE.patches)
    flat, solid = (stripped(stack, face) for stack in (plane(1.0, True), extruded(plane(1.0, True), 1.5, 1)))
    a, b = gap_of(flat), gap_of(solid)
    assert list(a) == pytest.approx(list(b))
    scale = max(abs(value) for pair in a.values() for value in pair)
    for (low, _), (least, largest) in zip(a.values(), b.values(), strict=True):
        assert least == pytest.approx(low, abs=1e-6 * scale)
        assert largest == pytest.approx(low, abs=1e-6 * scale)
    assert numbers(solid) == pytest.approx(numbers(flat), rel=1e-6)
    assert max(solid.system.imbalance()) < 1e-9


@pytest.mark.slow
def test_tetrahedra_approach_the_plane_run_as_the_mesh_is_refined() -> None:
    """Each against the plane run of twice the resolution: the difference falls with h."""
    fine = gap_of(stripped(plane(0.25, False)))
    errors = []
    for near in (1.0, 0.5):
        found = gap_of(stripped(extruded(plane(near, False), 2 * near, 2)))
        wanted = np.interp(list(found), list(fine), [low for low, _ in fine.values()])
        errors.append(float(np.abs(np.array(list(found.values())) - wanted[:, None]).max()))
    assert errors[0] < 0.02
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.slow
def test_a_round_void_is_the_axisymmetric_one() -> None:
    """A quarter of a lens in a wide box against the disc of the same area; volume, depth and
    contact within 2 %.

    The paraboloid between straight edges loses volume with h²: 2.5 % were seen at 0.8 µm.
    """
    face = Interface(1e-3, removal_rate=0.3)
    radius, height = 6.0, 5.0
    side = radius * np.sqrt(np.pi) / 2
    disc = stripped(build_stack(radius, height, height, 0.5, 1.5, [VoidShape(0.0, 2.5, 0.4)]), face, axisymmetric=True)
    box = stripped(build_solid(Box(side, side, height, height), 0.6, 2.0, [VoidShape(0.0, 2.5, 0.4, center_y=0.0)]), face)
    volumes = []
    for engine, quarter in ((disc, 4.0), (box, 1.0)):
        model = engine.model
        volumes.append(integral(model, model.residual.expressions.gap) / quarter)
    assert volumes[1] == pytest.approx(volumes[0], rel=0.02)
    assert box.model.state.gap().max() == pytest.approx(disc.model.state.gap().max(), rel=0.02)
    assert numbers(box)[:2] == pytest.approx(numbers(disc)[:2], rel=0.02)
