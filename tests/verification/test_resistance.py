"""Resistance to a small signal: exact constriction, charge transfer and constriction apart, and what a current sees.

Constriction of an equipotential contact, a strip of half-width c in a channel of half-width b: R A = (2b/πκ) ln[1/sin(πc/2b)]; a
disc of radius c on a half-space: R = 1/(4κc) (extrapolated from two cylinders as in test_current_constriction).
"""

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Patch as MeshPatch
from cellfem.geometry import build_stack
from cellfem.model.parameters import Interface, Load, Numerics, Patch, Structure
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
    patches = (Patch(b, b - c, OPEN * b / KAPPA, edge=0.0),) if c < b else ()
    face = Interface(resistance=clean, surface_tension=0.0, patches=patches)
    return engine_at_start(stack, structure, face, Load(0.4, current), LINEAR_CREEP, Numerics(newton_tolerance=1e-9))


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
    """With linear kinetics the resistance of a current is that of the small signal, with one far potential or a uniform flux."""
    engine = under_load(10.0, 3.0, 10.0, 0.5, CLEAN, far=far, current=CURRENT)
    small = SmallSignal(engine.model).read()
    if far == "one":
        seen = -float(engine.model.state.numbers.x.array[1]) / CURRENT - 10.0 / KAPPA
        assert seen == pytest.approx(small.total, rel=1e-8)
        assert small.constriction > 0.01 * small.total
    else:
        one = SmallSignal(under_load(10.0, 3.0, 10.0, 0.5, CLEAN).model).read()
        assert one.total < small.total < 1.1 * one.total  # the potential of the far face is free: a little more constriction


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
