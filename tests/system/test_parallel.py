"""Prescribed steps give the same numbers on 1, 2 and 3 ranks (adaptive steps may differ where an
iteration count tips)."""

import functools
import json
from pathlib import Path

import pytest

from tests.mpi import run_ranks

PROGRAM = Path(__file__).with_name("strip_steps.py")
AGREEMENT = 1e-8
ZERO = {"travel": 1e-3, "gap_max": 1e-3}
"""Sizes (µm) of what may be next to nothing, a tenth of the roughness: the travel of a bonded
stack, the gap of a closed one."""


@functools.cache
def rows(variant: str, ranks: int) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads(run_ranks(ranks, PROGRAM, variant))
    return found


@pytest.mark.parametrize(
    ("variant", "ranks"),
    [
        ("strip", 2),
        ("strip", 3),
        pytest.param("axisymmetric", 2, marks=pytest.mark.slow),
        ("bonded", 2),
        ("hardening", 2),
        ("gas", 2),
        ("periodic", 2),
        pytest.param("periodic", 3, marks=pytest.mark.slow),
        pytest.param("periodic box", 2, marks=pytest.mark.slow),
        pytest.param("periodic box", 3, marks=pytest.mark.slow),
        pytest.param("random", 2, marks=pytest.mark.slow),
        pytest.param("solid", 2, marks=pytest.mark.slow),
        pytest.param("solid", 3, marks=pytest.mark.slow),
        pytest.param("random", 3, marks=pytest.mark.slow),
        pytest.param("axisymmetric", 3, marks=pytest.mark.slow),
        pytest.param("bonded", 3, marks=pytest.mark.slow),
    ],
)
def test_ranks_agree(variant: str, ranks: int) -> None:
    alone, shared = rows(variant, 1), rows(variant, ranks)
    assert len(shared) == len(alone) > 5
    for one, several in zip(alone, shared):
        for name, value in one.items():
            assert abs(several[name] - value) <= AGREEMENT * max(abs(value), ZERO.get(name, 0.0)), (name, value, several[name])


def test_the_strip_moves() -> None:
    """What is compared changes: else agreement would say nothing."""
    first, last = rows("strip", 1)[0], rows("strip", 1)[-1]
    assert last["current"] == pytest.approx(5.0, rel=1e-6)
    assert last["carrying"] < first["carrying"] - 0.1
    assert last["lithium"] == pytest.approx(first["lithium"] - 5.0 * 25.0 * 33.8 * 13.0e-6 / 96485.33212 * 1e6, abs=1e-7)
