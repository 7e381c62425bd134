"""Orders of convergence in L2 of all equations at once, on a surface that moves, in steps of BDF2
in proportion to h.

P1 in f, m, ω and the curvature limits what they touch: order 2 is asked of every unknown.
"""

import numpy as np
import pytest

from tests.verification.manufactured import ROOT, orders, solve
from tests.verification.strong_form import Exact

SHORT = 0.15  # how far a slope may fall short of its order
ASKED = dict.fromkeys(ROOT, 2.0) | {"r": 1.0}
"""r is evened out the more the less the face rises over a facet, so that on this steep one the
error sets in as h falls; its order is told on a gentle face (test_orders_single)."""
CURVATURE = {0.0: -np.inf, 0.5: 1.0}
"""Order of H by the surface tension. H is a second difference of m: nodal errors of order 2 that
alternate from node to node leave it none. Tension levels them (1.36 seen); without tension nothing
uses H. Of the exact m it has order 2 (test_orders_single)."""


@pytest.mark.parametrize("tension", [pytest.param(0.0, id="no tension"), pytest.param(0.5, id="tension")])
@pytest.mark.parametrize(
    ("axisymmetric", "sizes"), [(False, (1.0, 0.5, 0.25)), pytest.param(True, (0.5, 0.25, 0.125), marks=pytest.mark.slow)]
)
def test_all_at_once(axisymmetric: bool, sizes: tuple[float, ...], tension: float) -> None:
    exact = Exact(tension=tension)
    found = orders([solve(h, "".join(ROOT), exact, axisymmetric=axisymmetric, steps=round(2 / h)) for h in sizes])
    asked = ASKED | {"H": CURVATURE[tension]}
    assert {name: order for name, order in found.items() if order < asked[name] - SHORT} == {}
