"""Constriction: current that squeezes through the part of Γ that touches.

Exact for equipotential contacts: a strip contact of half-width c in a channel of half-width b adds
R A = (2b/πκ) ln[1/sin(πc/2b)] with ∫_0^x i dx = (2 b i_avg/π) arcsin[sin(πx/2b)/sin(πc/2b)]; a disc
on a half-space 1/(4κc). Contact is made by patches of resistance: next to none where Γ touches,
next to infinite where it does not.
"""

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import PatchShape as MeshPatch
from cellfem.geometry import build_stack
from cellfem.model.build import Model
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Numerics, PatchResistance, Structure
from tests.verification.stacks import LINEAR_CREEP, engine_at_start, integral, potential_along

KAPPA = LINEAR_CREEP.conductivity
CURRENT = 50.0  # A/m²
TOUCHING = 1e-5  # resistance of the contact over c/κ
OPEN = 1e6  # resistance of the rest over b/κ
SERIES = (1.0, -1.40925, 0.29591, 0.05254, 0.02105)
"""Disc of radius c on the end of an insulated cylinder of radius b, R = (1 - 1.40925 e + …)/(4κc),
e = c/b, powers 0, 1, 3, 5, 7 (Negus & Yovanovich 1984, equipotential disc)."""


def _channel(b: float, c: float, depth: float, near: float, axisymmetric: bool = False) -> Model:
    stack = build_stack(b, 0.25 * b, depth, near, b / 8, [MeshPatch(0.0, c)], edge_factor=0.002 * c / near)
    structure = Structure(
        axisymmetric=axisymmetric, flat=True, bonded=True, vacancies=False, linear_kinetics=True, stress_potential=False
    )
    # The patch has its far edge on the mirror plane and the near one at c.
    face = Interface(
        resistance=TOUCHING * c / KAPPA, surface_tension=0.0, patches=(PatchResistance(b, b - c, OPEN * b / KAPPA, edge=0.0),)
    )
    return engine_at_start(
        stack, structure, face, Load(0.4, Current(CURRENT)), LINEAR_CREEP, Numerics(newton_tolerance=1e-9)
    ).model


def _resistance(model: Model) -> float:
    """R A of the electrolyte and Γ together, Ω m²."""
    return float(-model.state.numbers.x.array[1]) / CURRENT


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_strip_contact_in_a_channel(share: float) -> None:
    b, depth = 20.0, 60.0
    c = share * b
    model = _channel(b, c, depth, near=0.25)
    exact = 2 * b / (np.pi * KAPPA) * np.log(1 / np.sin(np.pi * c / (2 * b)))
    assert _resistance(model) - depth / KAPPA == pytest.approx(exact, rel=5e-3)

    # Current through each facet by the P2 trace of φ, i = -φ/ASR, and Simpson's rule; summed from
    # the axis outwards and facet by facet, there without the 5 % next to the singular edge.
    x, phi = potential_along(model)
    ends = x[::2]
    ends = ends[ends <= c * (1 + 1e-9)]
    facets = len(ends) - 1
    through = -(phi[:-2:2] + 4 * phi[1:-1:2] + phi[2::2])[:facets] / 6 * np.diff(ends) / (TOUCHING * c / KAPPA)
    angle = np.minimum(np.sin(np.pi * ends / (2 * b)) / np.sin(np.pi * c / (2 * b)), 1.0)
    expected = 2 / np.pi * np.arcsin(angle) * b * CURRENT
    np.testing.assert_allclose(np.cumsum(through), expected[1:], rtol=5e-3)
    inner = ends[1:] < 0.95 * c
    np.testing.assert_allclose(through[inner], np.diff(expected)[inner], rtol=5e-3)


def test_disc_contact_on_a_half_space() -> None:
    """The walls at b lower the resistance by the share 1.409 c/b: compared with the series for the
    cylinder at each size, and extrapolated from two sizes to the half-space, 2 R(2b) - R(b), which
    leaves 0.2 (c/b)³ = 2e-5."""
    c, depth_over_b = 1.0, 3.0
    found = []
    for b in (20.0, 40.0):
        model = _channel(b, c, depth_over_b * b, near=0.5, axisymmetric=True)
        spread = _resistance(model) / (np.pi * b**2) - depth_over_b * b / (KAPPA * np.pi * b**2)
        e = c / b
        series = SERIES[0] + sum(a * e**k for a, k in zip(SERIES[1:], (1, 3, 5, 7), strict=True))
        assert spread * 4 * KAPPA * c == pytest.approx(series, rel=5e-3)
        assert integral(model, model.residual.expressions.current) == pytest.approx(CURRENT * np.pi * b**2, rel=1e-9)
        found.append(spread * 4 * KAPPA * c)
    assert 2 * found[1] - found[0] == pytest.approx(1.0, rel=5e-3)
