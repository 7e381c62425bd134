"""Lithium in a resolved flaw: extrusion formulas in the slender limit, both limits of the pressure,
finer meshes, K_I.

A slender flaw of half-opening H and length a: mouth and end, of the size H each, change the
pressure by a share 2H/a, 1 % at 200.
"""

from dataclasses import replace

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.flaw.analysis import FlawModel, FlawProblem, critical_current
from cellfem.flaw.ceramic import FlawCeramic
from cellfem.flaw.growth import grow
from cellfem.flaw.lithium import FlawSystem, Plating, Scale
from cellfem.flaw.shape import Flaw, build_flaw
from cellfem.model.ceramics import Ceramics
from cellfem.model.parameters import Material
from cellfem.physics import fracture
from cellfem.physics.creep import PowerLaw
from cellfem.physics.extrusion import Shape, extrusion_pressure
from cellfem.physics.kinetics import SPEED, STRESS_POTENTIAL

A, N = 7.7e-3, 6.56
MATERIAL = Material(PowerLaw(A, N), 8e-3, 4e4, 1.0, 298.15)
SLENDER = Flaw("crack", 10.0, 0.05, 0.05, 1.0, 0.2, 25.0, 25.0)
SHORT = replace(SLENDER, length=5.0)
LLZO = Ceramics(None, 4e4, 150e3, 0.26, 1e3, 150.0)
SCALE = Scale(0.13, 100.0, 2.0, 0.05)


def _problem(flaw: Flaw, **change: object) -> FlawProblem:
    return replace(FlawProblem(flaw, MATERIAL, LLZO, 1.0, 1e-3, "mirror", True, True, 1.0), **change)


@pytest.mark.parametrize(
    ("axisymmetric", "walls"),
    [(False, True), *(pytest.param(*kind, marks=pytest.mark.slow) for kind in ((True, True), (False, False), (True, False)))],
)
def test_extrusion_in_the_slender_limit(axisymmetric: bool, walls: bool) -> None:
    """Even plating (a conductor without the pressure's own potential): the formulas of
    physics/extrusion.py within 1 %.

    A slit of the lithium sU per face plates on both walls; its round end alone sends s·πH/2 through
    H, a round channel's 2πR²s through πR²; a channel that plates on its walls (s per area) carries
    U = 2 s y/R.
    """
    system = FlawSystem(build_flaw(SLENDER), axisymmetric, stick=True, stress_potential=False, walls_plate=walls)
    system.solve(Plating(-10.0, 1.0, 1e-2), replace(MATERIAL, conductivity=4e6), SCALE)
    w = system.walls()
    plated = np.abs(w.current) > 1e-3
    speed = SPEED * float((np.abs(w.current) @ w.weight) / w.weight[plated].sum()) if walls else SPEED * np.abs(w.current).max()
    H, a = SLENDER.half_opening, SLENDER.length
    shape: Shape = "cylinder" if axisymmetric else "slit"
    if walls:
        exact = extrusion_pressure(shape, "walls", a, H, speed, PowerLaw(A, N))
    else:
        exact = extrusion_pressure(shape, "tip", a, H, speed * (2 if axisymmetric else np.pi / 2), PowerLaw(A, N))
    assert w.pressure.max() - 1.0 == pytest.approx(float(exact), rel=0.01)
    assert max(system.imbalance()) < 1e-9


def test_overpotential_is_the_most_that_a_blocked_flaw_can_push() -> None:
    """In a slit of 10 nm creep would need several times as much: plating at the end stops at F(φ -
    φ_Li)/Ω, nearly."""
    state = FlawModel(_problem(replace(SHORT, length=1.0, half_opening=0.005, dry=0.1))).solve(10.0)
    assert state.thin > 2 * state.drive
    assert state.pressure == pytest.approx(state.drive, rel=0.01)
    assert abs(state.tip_current) < 0.01 * abs(state.mouth_current)
    # a mean of 1 mA/cm² over 10 Ω cm² is 10 mV at the face; deeper the electrolyte's own drop adds
    # to it, below 1 µm · i/κ
    assert 10e-3 / STRESS_POTENTIAL < state.drive < (10e-3 + 1.0 * 2 * 10.0 / 4e4) / STRESS_POTENTIAL


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["crack", "notch", "pore"])
def test_currents_at_mouth_and_end_on_a_finer_mesh(shape: str) -> None:
    """Secondary distribution: the interface resistance makes it smooth, all sizes halved change it
    by less than 1 %. So K_I."""
    flaw = Flaw(shape, 3.0, 0.1, 0.04, 0.5, 0.3, 15.0, 15.0)  # type: ignore[arg-type]
    coarse, fine = (FlawModel(_problem(flaw, fineness=f)).solve(20.0) for f in (1.0, 2.0))
    scale = abs(fine.mouth_current)
    assert coarse.mouth_current == pytest.approx(fine.mouth_current, abs=0.01 * scale)
    assert coarse.tip_current == pytest.approx(fine.tip_current, abs=0.01 * scale)
    assert coarse.pressure == pytest.approx(fine.pressure, rel=0.01)
    assert coarse.cracking.intensity == pytest.approx(fine.cracking.intensity, rel=0.01)
    assert coarse.cracking.spread < 0.005
    assert coarse.imbalance < 1e-9


def test_a_vanishing_current_drives_nothing() -> None:
    """1 µA/cm² has 10 µV of overpotential, 0.074 MPa: the pressure in the flaw is the stack's but
    for that, and K_I at most that of the whole crack under what the stack leaves: P less the
    lateral compression νP/(1-ν)."""
    state = FlawModel(_problem(SHORT, pressure=5.0)).solve(1e-2)
    assert 5.0 <= state.pressure < 5.1
    held = 0.26 / 0.74 * 5.0
    assert 0 < state.cracking.intensity < float(fracture.edge_crack(5.1 - held, SHORT.tip))


def test_even_pressure_in_the_cut_flaw_is_that_of_a_crack() -> None:
    """LLZO with the slit cut out (H/a = 0.01), loaded evenly to the end: K of the edge crack to
    √(H/a)/2, 5 %; with an empty crack ahead, to the weight function of the edge crack (Bueckner
    1970), itself good to 1 %: 2 %."""
    pressure = 100.0
    for dry in (0.0, 0.4):
        flaw = Flaw("crack", 2.0, 0.02, 0.02, 1.0, dry, 60.0, 60.0)
        system = FlawSystem(build_flaw(flaw))
        places, tractions = system.tractions()
        even = np.column_stack([np.full(len(tractions), pressure), np.zeros(len(tractions))])
        found = FlawCeramic(system.ceramic, flaw, 150e3, 0.26, "free").solve(places, even, 0.0)
        exact = float(fracture.edge_crack(pressure, flaw.tip)) * _bueckner(dry / flaw.tip)
        assert found.intensity == pytest.approx(exact, rel=0.05 if dry == 0 else 0.02)
        assert found.spread < 0.005


def _bueckner(empty: float) -> float:
    """Share of K that pressure on all but the last `empty` share of an edge crack gives."""
    whole, ahead = (2 * u**0.5 + 0.6147 * 2 / 3 * u**1.5 + 0.2502 * 2 / 5 * u**2.5 for u in (1.0, empty))
    return (whole - ahead) / whole


@pytest.mark.slow
def test_critical_current_is_where_the_index_is_one() -> None:
    model = FlawModel(_problem(Flaw("crack", 12.0, 0.04, 0.04, 1.0, 1.0, 25.0, 25.0)))
    limit, asked = critical_current(model, 10.0)
    assert model.solve(limit).index == pytest.approx(1.0, abs=0.01)
    assert all(np.diff([s.index for s in sorted(asked, key=lambda s: s.current)]) > 0)


@pytest.mark.slow
def test_growth_ends_in_a_short_circuit_or_not_at_all() -> None:
    """A crack of 8 µm needs some 3 mA/cm² (a full one 24 mV, 2.4 mA/cm²): a sixth of that does not
    move it, thrice as much takes it through 12 µm of electrolyte."""
    problem = _problem(Flaw("crack", 8.0, 0.02, 0.02, 1.0, 1.0, 100.0, 12.0))
    below, above = (grow(problem, current, 2.0) for current in (5.0, 100.0))
    assert (below.end, len(below.steps)) == ("no growth", 1)
    assert (above.end, above.depth, len(above.steps)) == ("short circuit", 12.0, 2)
