"""Resistance to a small signal: exact constriction, charge transfer and constriction apart, and
what a current sees.

Constriction of an equipotential contact, a strip of half-width c in a channel of half-width b: R A
= (2b/πκ) ln[1/sin(πc/2b)]; a disc of radius c on a half-space: R = 1/(4κc) (extrapolated from two
cylinders as in test_current_constriction).

In 3-D a square spot of side a, one in each cell L x L of a square lattice: R κL = 0.43392 L/a - 0.62075 + 0.159 (a/L)². The first
term is the square on a half-space, of capacity 0.36679·4πε₀a (Read 1997 and others); the second what all other spots and the
uniform current far below add, the constant 3.90026/2π of the square lattice of charges (Wigner's crystal in two dimensions); the
third, 0.9 % at a/L = 1/4, is that of a round spot of the same resistance in a round tube (Yovanovich's 0.344 (c/b)³): taken to be
right to half of itself. Edges: the current grows as 1/√distance, P2 cells of 0.06 half sides at the edge miss about
0.06/(2π) of the spot's resistance, 1 %. Together 1.5 %.
"""

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry import build_stack
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.stack import StackMesh, assemble_with
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Numerics, PatchResistance, Structure
from cellfem.observe.resistance import SmallSignal
from cellfem.solver.engine import Engine
from tests.verification.stacks import LINEAR_CREEP, engine_at_start

KAPPA = LINEAR_CREEP.conductivity
TOUCHING = 1e-5  # resistance of the contact over c/κ
OPEN = 1e6  # resistance of the rest over b/κ
CLEAN = 1e-3  # Ω m²
CURRENT = 5.0  # A/m²


def under_load(
    b: float,
    c: float,
    depth: float,
    near: float,
    clean: float,
    axisymmetric: bool = False,
    far: str = "one",
    current: float = 0.0,
) -> Engine:
    """A stack whose Γ conducts at x < c alone."""
    edges = [MeshPatch(0.0, c)] if c < b else []
    stack = build_stack(b, 0.25 * b, depth, near, b / 8, edges, edge_factor=0.002 * c / near)
    structure = Structure(
        axisymmetric=axisymmetric,
        flat=True,
        bonded=True,
        vacancies=False,
        stress_potential=False,
        equipotential=far == "one",
        linear_kinetics=True,
    )
    patches = (PatchResistance(b, b - c, OPEN * b / KAPPA, edge=0.0),) if c < b else ()
    face = Interface(resistance=clean, surface_tension=0.0, patches=patches)
    return engine_at_start(stack, structure, face, Load(0.4, Current(current)), LINEAR_CREEP, Numerics(newton_tolerance=1e-9))


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_constriction_of_a_strip(share: float) -> None:
    b, depth = 20.0, 60.0
    c = share * b
    found = SmallSignal(under_load(b, c, depth, 0.25, TOUCHING * c / KAPPA).model).read()
    exact = 2 * b / (np.pi * KAPPA) * np.log(1 / np.sin(np.pi * c / (2 * b)))
    assert found.constriction == pytest.approx(exact, rel=5e-3)
    assert found.charge_transfer == pytest.approx(TOUCHING * c / KAPPA / share, rel=1e-3)


def test_constriction_of_a_disc() -> None:
    c, found = 1.0, []
    for b in (20.0, 40.0):
        model = under_load(b, c, 3 * b, 0.5, TOUCHING * c / KAPPA, axisymmetric=True).model
        found.append(SmallSignal(model).read().constriction / (np.pi * b**2) * 4 * KAPPA * c)
    assert 2 * found[1] - found[0] == pytest.approx(1.0, rel=5e-3)


@pytest.mark.parametrize("far", ["one", "flux"])
def test_a_current_sees_the_same(far: str) -> None:
    """With linear kinetics the resistance of a current is that of the small signal, with one far
    potential or a uniform flux."""
    engine = under_load(10.0, 3.0, 10.0, 0.5, CLEAN, far=far, current=CURRENT)
    small = SmallSignal(engine.model).read()
    if far == "one":
        seen = -float(engine.model.state.numbers.x.array[1]) / CURRENT - 10.0 / KAPPA
        assert seen == pytest.approx(small.total, rel=1e-8)
        assert small.constriction > 0.01 * small.total
    else:
        one = SmallSignal(under_load(10.0, 3.0, 10.0, 0.5, CLEAN).model).read()
        assert one.total < small.total < 1.1 * one.total  # the potential of the far face is free: a little more constriction


class Square(PatchResistance):
    """|x|, |y| < half_width about the corner of the stack."""

    def share(self, x: np.ndarray) -> np.ndarray:
        return (np.abs(x).max(axis=-1) < self.half_width).astype(np.float64)


def quarter_of_a_square(half_side: float, half_cell: float, depth: float, edge: float) -> StackMesh:
    """Bricks from 0 to half_cell in x and y, of the size `edge` where the spot ends and twice as
    large from one to the next."""

    def doubling(end: float) -> np.ndarray:
        places = [0.0]
        while places[-1] < end:
            places.append(places[-1] + edge * 2 ** (len(places) - 1))
        return np.array(places) * end / places[-1]

    along = np.concatenate([half_side - doubling(half_side)[:0:-1], half_side + doubling(half_cell - half_side)])
    z = np.concatenate([-doubling(depth)[:0:-1], [0.0, half_side]])
    n, nz = len(along), len(z)
    y, x = (a.ravel() for a in np.meshgrid(along, along, indexing="ij"))
    points = np.column_stack([np.tile(x, nz), np.tile(y, nz), np.repeat(z, n * n)])
    k, j, i = (a.ravel() for a in np.meshgrid(np.arange(nz - 1), np.arange(n - 1), np.arange(n - 1), indexing="ij"))
    below = (k * n + j) * n + i
    across = [below, below + 1, below + n, below + n + 1]
    cells = np.column_stack([*across, *(corner + n * n for corner in across)])
    return assemble_with(points, cells, np.where(k == nz - 2, LITHIUM, ELECTROLYTE), lambda at: np.zeros(len(at)))


def test_constriction_of_square_spots_in_three_dimensions() -> None:
    half, cell = 1.0, 4.0
    structure = Structure(
        flat=True, bonded=True, vacancies=False, stress_potential=False, linear_kinetics=True, quadratic_porosity=False
    )
    spot = TOUCHING * half / KAPPA
    face = Interface(OPEN * cell / KAPPA, surface_tension=0.0, patches=(Square(0.0, half, spot, edge=0.0),))
    stack = quarter_of_a_square(half, cell, 3 * cell, 0.06 * half)
    found = SmallSignal(engine_at_start(stack, structure, face, Load(0.4, Current(0.0)), LINEAR_CREEP).model).read()
    share = half / cell
    of_lattice = 0.43392 / share - 0.62075 + 0.159 * share**2  # R κL
    assert found.constriction * KAPPA / (2 * cell) == pytest.approx(of_lattice, rel=0.015)
    assert found.charge_transfer == pytest.approx(spot / share**2, rel=1e-3)


def test_a_uniform_face_has_no_constriction() -> None:
    found = SmallSignal(under_load(10.0, 10.0, 10.0, 0.5, CLEAN).model).read()
    assert found.charge_transfer == pytest.approx(CLEAN, rel=1e-6)
    assert abs(found.constriction) < 1e-6 * CLEAN


def test_kept_factors_change_nothing() -> None:
    """Another contact through the factors of an earlier one, against a reading of its own."""
    engine = under_load(10.0, 3.0, 10.0, 0.5, CLEAN)
    kept = SmallSignal(engine.model)
    kept.read()
    for factor in (1.1, 0.3, 30.0, 1e4):
        engine.model.residual.constants.resistance_factor.value = factor
        assert kept.read().total == pytest.approx(SmallSignal(engine.model).read().total, rel=1e-9)
