"""Current that crowds at the edge of an insulating patch of half-width a on an electrolyte that is
large beside it.

Linear kinetics: data/patch_edge_focusing.csv (boundary-integral solution for the half-space) by ā =
a/κZ. No interface resistance: strip i/i∞ = x/√(x²-a²), disc (2/π)[a/√(r²-a²) + arccos(a/r)].
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry import build_stack
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Numerics, PatchResistance, Structure
from tests.verification.stacks import LINEAR_CREEP, Array, engine_at_start, potential_along

KAPPA = LINEAR_CREEP.conductivity
CURRENT = 50.0  # A/m², mean over Γ


def _reference() -> dict[tuple[float, str], float]:
    text = (Path(__file__).parent / "data" / "patch_edge_focusing.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {(float(row["abar"]), shape): float(row[shape]) for row in rows for shape in ("disc", "strip")}


REFERENCE = {case: value for case, value in _reference().items() if 0.1 <= case[0] <= 10}


def _potential(resistance: float, size: float, edge: float, axisymmetric: bool) -> tuple[Array, Array]:
    """(x, φ) along Γ with a patch of a = 1 µm on a square of side `size` µm, cells `edge` µm at its
    edge."""
    stack = build_stack(size, 5.0, size, 1.0, size / 10, [MeshPatch(0.0, 1.0)], edge_factor=edge)
    structure = Structure(
        axisymmetric=axisymmetric, flat=True, bonded=True, vacancies=False, linear_kinetics=True, stress_potential=False
    )
    patch = PatchResistance(0.0, 1.0, 1e6 * max(resistance, 1 / KAPPA), edge=0.0)
    face = Interface(resistance=resistance, surface_tension=0.0, patches=(patch,))
    load = Load(0.4, Current(CURRENT))
    model = engine_at_start(stack, structure, face, load, LINEAR_CREEP, Numerics(newton_tolerance=1e-9)).model
    return potential_along(model)


@pytest.mark.parametrize(("abar", "shape"), REFERENCE)
def test_current_at_the_edge(abar: float, shape: str) -> None:
    """The half-period is 50 a and 20 κZ or more. With the current at its end for the far one, a
    strip's error is of order (a/size)² and aκZ/size²: at most 0.1 %. The cells at the edge are a
    hundredth of the shorter of a and κZ: 0.05 %."""
    far = 1 / abar
    resistance = far / KAPPA
    x, phi = _potential(resistance, max(50.0, 20 * far), 0.01 * min(1.0, far), shape == "disc")
    current = -phi / resistance
    edge = int(np.argmin(np.abs(x - 1.0)))
    assert x[edge] == pytest.approx(1.0, abs=1e-12)
    assert current[edge] / current[-1] == pytest.approx(REFERENCE[abar, shape], rel=0.02)


@pytest.mark.parametrize("shape", ["strip", "disc"])
def test_current_beside_the_edge_without_interface_resistance(shape: str) -> None:
    """κZ = 1e-3 a, which takes a share κZ/(r - a) of the crowding: facet means from 1.2 a to half
    the stack's size."""
    resistance = 1e-3 / KAPPA
    x, phi = _potential(resistance, 50.0, 0.005, shape == "disc")
    ends = x[::2]
    current = -(phi[:-2:2] + 4 * phi[1:-1:2] + phi[2::2]) / 6 / resistance
    chosen = (ends[:-1] > 1.2) & (ends[1:] < 25.0)
    assert chosen.sum() > 20
    r = ends[1:][chosen], ends[:-1][chosen]
    passed = [np.sqrt(x**2 - 1) if shape == "strip" else 2 / np.pi * x * np.arccos(1 / x) for x in r]
    np.testing.assert_allclose(current[chosen] / CURRENT, (passed[0] - passed[1]) / (r[0] - r[1]), rtol=0.01)
