"""The first steps of every shipped case are those that were recorded (tests/reference)."""

import json

import pytest

from tests.reference.first_steps import FILE, TOLERANCE, cases, difference, first_steps

RECORDED = json.loads(FILE.read_text(encoding="utf-8"))


def test_every_case_is_recorded() -> None:
    assert sorted(RECORDED) == cases(), "python -m tests.reference.first_steps --write"


@pytest.mark.parametrize("name", cases())
def test_first_steps(name: str) -> None:
    apart, where = difference(first_steps(name), RECORDED[name])
    assert apart < TOLERANCE, f"{where}: python -m tests.reference.first_steps --compare {FILE.name}"


def test_a_change_is_seen() -> None:
    """By the comparison itself: a value that moved by 1e-5, and one that is gone."""
    kept = RECORDED["strip-void"]
    moved = kept | {"voltage_mV": kept["voltage_mV"] * (1 + 1e-5)}
    assert difference(moved, kept) == (pytest.approx(1e-5, rel=1e-3), "voltage_mV")
    gone = {key: value for key, value in kept.items() if key != "voltage_mV"}
    assert difference(gone, kept)[0] > TOLERANCE
