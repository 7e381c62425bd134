"""The slope study of cases/map-pressure-current: bracketing, judging and tables, without a run."""

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cellfem.case import load_case

CASE = Path(__file__).resolve().parents[2] / "cases" / "map-pressure-current"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slope_study", CASE / "slope.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["slope_study"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("edge", [3, 11, 12, 13, 29])
def test_bracket_finds_the_edge_from_either_side(study: ModuleType, edge: int) -> None:
    tried: list[int] = []

    def fails(k: int) -> bool:
        tried.append(k)
        return k >= edge

    found = study.bracket(fails, 0.4, 12)
    assert (found.low, found.high) == (study.current_of(edge - 1), study.current_of(edge))
    assert len(set(tried)) <= 9


def test_bracket_at_the_ends_of_the_grid(study: ModuleType) -> None:
    assert math.isnan(study.bracket(lambda k: True, 0.4, 12).low)
    assert math.isnan(study.bracket(lambda k: False, 0.4, 12).high)


def test_slope_and_what_the_brackets_leave_open(study: ModuleType) -> None:
    points = [study.Critical(P, 0.9 * P**1.9, 1.1 * P**1.9) for P in (0.4, 2.0)]
    slope, error = study.slope_of(points)
    assert slope == pytest.approx(1.9)
    assert error == pytest.approx(math.log(1.1 / 0.9) * math.sqrt(2 / 12) / math.log(5))


@pytest.mark.parametrize(
    ("end", "contact", "carrying", "failed"),
    [
        ("done", 0.9, 0.6, set()),
        ("done", 0.8, 0.6, {"contact"}),
        ("done", 0.9, 0.4, {"carrying"}),
        ("stop.voltage at 60 s", 0.9, 0.6, {"lost", "contact", "carrying"}),
        ("stop.index at 60 s", 0.9, 0.6, {"index"}),
    ],
)
def test_criteria(study: ModuleType, end: str, contact: float, carrying: float, failed: set[str]) -> None:
    summary: dict[str, Any] = {
        "end_kind": "stop" if end.startswith("stop.") else end,
        "condition": end.removeprefix("stop.").partition(" at ")[0] if end.startswith("stop.") else None,
        "final": {"contact_fraction": contact, "carrying_fraction": carrying},
        "verdict": {"perfect_contact_fraction": 0.95},
    }
    assert {name for name in ("lost", "contact", "carrying", "index") if study.judge(summary, name)} == failed


def test_every_face_is_a_valid_case(study: ModuleType) -> None:
    for face in study.FACES.values():
        load = ('protocol.0.pressure="0.4 MPa"', 'protocol.0.current="0.3 mA/cm^2"')
        case = load_case(CASE, [*face.settings, *load, *face.more(0.4, 0.3)])
        assert case.heterogeneity.impurities.share == 0.2
    assert load_case(CASE, study.FACES["spring"].settings).protocol[0].spring == study.STIFFNESS


def test_table_and_picture(study: ModuleType, tmp_path: Path) -> None:
    rows = [
        ("uniform, masias, test of 1 h", "carrying", tuple(study.Critical(P, P, P) for P in (0.4, 2.0))),
        ("uneven, 1 h", "lost", (study.Critical(0.4, 0.1, 0.125), study.Critical(2.0, math.nan, 3.0))),
    ]
    study.write(tmp_path, rows)
    text = (tmp_path / "slope.md").read_text(encoding="utf-8")
    assert "| uniform, masias, test of 1 h | carrying | 0.4 | 2 | 1.00 | 0.00 |" in text
    assert "< 3" in text
    study.draw(tmp_path / "slope.png", rows)
    assert (tmp_path / "slope.png").stat().st_size > 10_000
