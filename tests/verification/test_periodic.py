"""Periodic sides: a face that is its own mirror image behaves as between mirror planes; where the
sides stand does not matter."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem.geometry import Box, StackMesh, VoidShape, build_solid, build_stack
from cellfem.geometry.periodic import joined
from cellfem.geometry.stack import with_gap
from cellfem.geometry.voids import SpotShape, gap_at
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Ceramic, Interface, Material, Numerics, Structure
from cellfem.model.parameters import PatchResistance as Resistance
from cellfem.observe.cracks import CrackObserver
from cellfem.observe.interface_profile import GammaObserver
from cellfem.observe.voids import find_voids
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from dolfinx.fem.petsc import assemble_vector
from tests.verification.stacks import engine_at_start, integral
from tests.verification.stepping import crossed_stack

Array = NDArray[np.float64]
LITHIUM = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
CERAMIC = Ceramic(150e3, 0.26, 1e3, 1.0, 150.0, 2.0, 1e9, "volume", 1e3, "mirror", "roller")
WIDTH, DEPTH, HEIGHT = 16.0, 6.0, 4.0
STEPS = (0.5, 1.0, 2.0, 4.0)
SAME = 1e-7
"""Of the largest value: Newton's corrections end at 1e-9 of their sizes, four steps and their
factors later."""


def images(spot: SpotShape, extents: tuple[float, ...]) -> list[SpotShape]:
    """The spot and what periods away looks like it."""
    found = []
    for x in (-extents[0], 0.0, extents[0]):
        for y in (-extents[1], 0.0, extents[1]) if spot.center_y is not None else (0.0,):
            center_y = None if spot.center_y is None else spot.center_y + y
            found.append(replace(spot, center=spot.center + x, center_y=center_y))
    return found


def stripped(stack: StackMesh, patches: list[Resistance], structure: Structure) -> Engine:
    face = Interface(1e-3, removal_rate=0.3, friction=50.0, patches=tuple(patches))
    engine = engine_at_start(stack, structure, face, Load(0.4, Current(5.0)), LITHIUM, Numerics(newton_tolerance=1e-9))
    for dt in STEPS:
        trial = engine.stepper.attempt(dt)
        assert trial.newton.converged, trial.reason
        engine.stepper.accept(dt)
    assert max(engine.system.imbalance()) < 1e-9
    return engine


def gap_by_place(engine: Engine, shift: tuple[float, ...] = (0.0, 0.0)) -> dict[tuple[float, ...], float]:
    """Gap (µm) by the place of a node, shifted along the periods."""
    model = engine.model
    at = model.domain.places(model.state.gamma.function_space)[model.state.gamma_nodes, :-1]
    for axis, period in enumerate(model.domain.periods):
        at[:, axis] = np.round(at[:, axis] + shift[axis], 6) % period
    return {tuple(float(c) for c in np.round(place, 6)): float(g) for place, g in zip(at, model.state.gap(), strict=True)}


def numbers(engine: Engine) -> Array:
    """Contact and carrying share, overpotential, mean gap, U, Φ."""
    model, e = engine.model, engine.model.residual.expressions
    area = model.domain.area(False)
    shares = [integral(model, value) / area for value in (e.touching, e.carrying, e.overpotential, e.gap)]
    return np.array([*shares, *model.state.numbers.x.array[:2]])


def assert_voids_shifted(first: Engine, second: Engine, shift: tuple[float, ...]) -> None:
    """One void in both, whole though the sides cut it; the weights of Γ add up to its area; LLZO is
    stressed alike."""
    voids = []
    for engine in (first, second):
        model = engine.model
        observer = GammaObserver(model)
        profile = observer.profile(observer.evaluate())
        assert profile is not None
        assert profile.weight.sum() == pytest.approx(model.domain.area(False), rel=1e-12)
        (void,) = find_voids(profile, model.interface.delta)
        voids.append(void)
    one, other = voids
    assert (other.area, other.width_um, other.depth_um) == pytest.approx((one.area, one.width_um, one.depth_um), rel=SAME)
    at = [(one.place_um, other.place_um), (one.place_y_um or 0.0, other.place_y_um or 0.0)]
    for (a, b), move, period in zip(at, shift, first.model.domain.periods):
        assert (a + move) % period == pytest.approx(b, abs=SAME * period)
    observers = [CrackObserver(engine.model, CERAMIC) for engine in (first, second)]
    stress = [observer.read() for observer in observers]
    for observer in observers:  # on a roller nothing may be left for the one corner that is held
        llzo, scale = observer.electrolyte, 0.4 * observer.electrolyte.model.domain.area(False)
        lateral = assemble_vector(llzo.load).array.reshape(-1, llzo.dim)[:, :-1].sum(axis=0)
        assert np.abs(llzo.shear.value).max() > 1e-9, "lithium drags"
        assert np.abs(lateral).max() < 1e-12 * scale
    assert stress[1].tension_MPa == pytest.approx(stress[0].tension_MPa, rel=1e-5)
    assert stress[1].likelihood == pytest.approx(stress[0].likelihood, rel=1e-4)


def assert_same(found: dict[tuple[float, ...], float], wanted: dict[tuple[float, ...], float]) -> None:
    assert found.keys() == wanted.keys()
    scale = max(abs(g) for g in wanted.values())
    assert max(abs(found[at] - wanted[at]) for at in wanted) < SAME * scale


def flat_stack(width: float, gap: Callable[[Array], Array]) -> StackMesh:
    return with_gap(build_stack(width, HEIGHT, HEIGHT, 0.8, 1.6, structured=True, quadrilaterals=True), gap)


@pytest.mark.parametrize("quadratic", [False, True])
def test_a_face_that_is_its_own_mirror_image_behaves_as_between_mirror_planes(quadratic: bool) -> None:
    """Half a period against a whole one on meshes that mirror themselves in every column: the same
    discrete equations.

    Porosity of the first degree on quadrilaterals, of the second on rectangles cut by both
    diagonals.
    """
    structure = Structure(held_platen=True, friction=True, quadratic_porosity=quadratic)
    void, spots = VoidShape(0.0, 3.0, depth=0.5), [(6.4, 1.6, 0.1), (WIDTH - 6.4, 1.6, 0.1)]

    def gap(at: Array) -> Array:
        return gap_at(at, images(void, (WIDTH,)))

    patches = [Resistance(*spot) for spot in spots]
    stacks = (
        with_gap(crossed_stack(width, HEIGHT, 0.8), gap) if quadratic else flat_stack(width, gap) for width in (WIDTH / 2, WIDTH)
    )
    half, whole = (stripped(how(stack), patches, structure) for how, stack in zip((lambda stack: stack, joined), stacks))
    found, wanted = gap_by_place(whole), gap_by_place(half)
    assert_same({at: g for at, g in found.items() if at[0] <= WIDTH / 2}, wanted)
    assert_same(
        {(round(WIDTH - x, 6),): g for (x,), g in found.items() if x >= WIDTH / 2}, {a: g for a, g in wanted.items() if a[0]}
    )
    assert numbers(whole) == pytest.approx(numbers(half), rel=SAME)


@pytest.mark.parametrize("columns", [1, 11])
def test_where_the_sides_of_a_plane_stack_stand_does_not_matter(columns: int) -> None:
    """A void with a patch on one side of it: no mirror image of itself. Shifted by a few columns it
    lies across the sides."""
    structure = Structure(held_platen=True, friction=True, quadratic_porosity=False)
    engines = []
    for shift in (0.0, 0.8 * columns):
        voids = images(VoidShape((6.0 + shift) % WIDTH, 2.4, depth=0.4), (WIDTH,))
        patches = [Resistance((10.0 + shift) % WIDTH + turn, 1.2, 0.05) for turn in (-WIDTH, 0.0, WIDTH)]
        stack = joined(flat_stack(WIDTH, lambda at, voids=voids: gap_at(at, voids)))
        engines.append(stripped(stack, patches, structure))
    assert_same(gap_by_place(engines[1]), gap_by_place(engines[0], (0.8 * columns,)))
    assert_voids_shifted(*engines, (0.8 * columns,))
    assert numbers(engines[1]) == pytest.approx(numbers(engines[0]), rel=SAME)
    left, right = (gap_by_place(engines[0])[(x,)] for x in (2.4, 9.6))
    assert abs(left - right) > 10 * SAME * max(gap_by_place(engines[0]).values()), "the face is no mirror image of itself"


@pytest.mark.slow
def test_where_the_sides_of_a_box_stand_does_not_matter() -> None:
    """A lens beside a patch in the middle of a box, and across one of its upright edges;
    hexahedra."""
    structure = Structure(held_platen=True, friction=True, quadratic_porosity=False)
    box, extents = Box(9.0, DEPTH, 3.0, 3.0), (9.0, DEPTH)
    engines, shift = [], (4.0, 3.0)
    for move in ((0.0, 0.0), shift):
        at_x, at_y = (4.0 + move[0]) % 9.0, (2.0 + move[1]) % DEPTH
        voids = images(VoidShape(at_x, 2.0, depth=0.3, center_y=at_y), extents)
        stack = with_gap(build_solid(box, 1.0, 1.5, bricks=True), lambda at, voids=voids: gap_at(at, voids))
        patch = SpotShape((7.0 + move[0]) % 9.0, 1.5, center_y=(4.0 + move[1]) % DEPTH)
        patches = [Resistance(p.center, p.half_width, 0.05, centre_y=p.center_y) for p in images(patch, extents)]
        engines.append(stripped(joined(stack), patches, structure))
    assert_same(gap_by_place(engines[1]), gap_by_place(engines[0], shift))
    assert_voids_shifted(*engines, shift)
    assert numbers(engines[1]) == pytest.approx(numbers(engines[0]), rel=SAME)
