"""What an interface needs: searches side by side, criteria, the sentence; how far from measured numbers."""

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cellfem.campaign import need as needs
from cellfem.campaign.bisection import Bracket, searching
from cellfem.campaign.criterion import criterion_of, varied_of
from cellfem.campaign.curve import CONTACT, FAILURE, INDEX, RESISTANCE, about, curve_lines, quantity_of
from cellfem.campaign.grid import Point
from cellfem.campaign.run_need import run_need
from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.sweep_results import slices_of
from cellfem.case import Case, CaseError, parse_case
from cellfem.materials import creep_set
from cellfem.measured import UNKNOWN, distance_of, distance_text

STRIP = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa", "stop": {"voltage": "0.2 V"}}
PRESS = {"mode": "press", "duration": "10 s", "pressure": "5 MPa"}


def case_of(*steps: dict[str, Any]) -> Case:
    return parse_case({"protocol": [*steps] or [STRIP]})


def searched(start: float, low: float, high: float, holds: Callable[[float], bool | None]) -> tuple[Bracket, list[float]]:
    search, tried = searching(start, low, high, 0.1), []
    value = next(search)
    while True:
        tried.append(value)
        try:
            value = search.send(holds(value))
        except StopIteration as ended:
            return ended.value, tried


@pytest.mark.parametrize("start", [0.01, 0.3, 1.7, 100.0])
def test_a_search_brackets_the_least_value(start: float) -> None:
    found, tried = searched(start, 0.01, 100.0, lambda value: value >= 1.7)
    assert found.missed is not None
    assert found.kept is not None
    assert found.missed < 1.7 <= found.kept <= 1.1 * found.missed
    assert len(tried) == len(set(tried)) <= 18


def test_a_search_ends_at_its_range_and_without_an_answer() -> None:
    assert searched(1.0, 0.5, 4.0, lambda _: False)[0] == Bracket(4.0, None)
    assert searched(1.0, 0.5, 4.0, lambda _: True)[0] == Bracket(None, 0.5)
    assert searched(1.0, 0.5, 4.0, lambda value: None if value > 1 else False)[0] == Bracket(1.0, None, 2.0)


def outcome(case: Case, pressure: float, verdict: Any, **numbers: Any) -> Outcome:
    changed = case.model_copy(
        update={"protocol": tuple(step.model_copy(update={"pressure": pressure}) for step in case.protocol)}  # type: ignore[union-attr]
    )
    return Outcome(Point((("pressure", f"{pressure} MPa"),), (), changed), verdict, "done", **numbers)


def test_criteria() -> None:
    case = case_of()
    lost, kept, failed = (outcome(case, 1.0, v, contact_fraction=0.7) for v in ("lost", "reduced", "failed"))
    plain = criterion_of(case, None, None, None)
    assert plain.text == "contact is not lost in 1 h"
    assert [plain.holds(o) for o in (lost, kept, failed)] == [False, True, None]
    share = criterion_of(case, None, 0.8, None)
    assert share.holds(kept) is False
    life = criterion_of(case, None, None, "10 h")
    assert life.text == "contact is not lost in 10 h"
    assert life.settings == ("protocol.0.duration=36000 s",)
    resistance = criterion_of(case_of(PRESS), "50 ohm*cm^2", None, None)
    small = outcome(case_of(PRESS), 1.0, "kept", asr_small_signal_ohm_cm2=49.0)
    assert resistance.holds(small) is True


@pytest.mark.parametrize(
    ("steps", "asked", "said"),
    [
        ([STRIP], {"asr": "1 ohm*cm^2", "contact": 0.5}, "--asr: --contact is given too"),
        ([STRIP], {"contact": 1.5}, "is not a share"),
        ([STRIP], {"life": "3 um"}, "--life: "),
        ([PRESS], {"life": "3 h"}, "--life: is the duration of the last step with a current"),
        ([STRIP | {"stop": {}}], {}, "no step has a stop condition"),
        ([STRIP], {"asr": "5 um"}, "--target"),
    ],
)
def test_what_cannot_be_asked_is_progress_text(steps: list[dict[str, Any]], asked: dict[str, Any], said: str) -> None:
    with pytest.raises(CaseError, match=said):
        criterion_of(case_of(*steps), *(asked.get(name) for name in ("asr", "contact", "life")))


def test_varieds() -> None:
    case = case_of(PRESS, STRIP)
    pressure = varied_of(case, "pressure", None, "50 MPa")
    assert (pressure.keys, pressure.high, pressure.start) == (("protocol.0.pressure",), 50.0, 5.0)
    assert pressure.settings(1.25) == ("protocol.0.pressure=1.25 MPa",)
    warm = varied_of(case, "temperature", None, None)
    assert warm.outward(2 * warm.inward(298.15)) == pytest.approx(308.15)
    assert warm.short(warm.inward(333.15)) == "60 degC"
    hold = varied_of(case, "time", None, None)
    assert hold.keys == ("protocol.0.duration",)
    for name, low in (("colour", None), ("pressure", "200 MPa"), ("pressure", "3 s")):
        with pytest.raises(CaseError, match=r"--vary|--from"):
            varied_of(case, name, low, None)


def test_variants() -> None:
    case = case_of()
    sets = needs.variants_of(case, None, choices=False)
    assert [v.label for v in sets] == ["masias", "anand_narayan_steady", "lepage"]
    assert all(v.band for v in sets)
    with_choices = needs.variants_of(case, ["masias"], choices=True)
    assert [v.label for v in with_choices if v.band] == ["masias"]
    assert {"f_c x 0.5", "f_c x 2", "delta x 5", "p_half x 2"} <= {v.label for v in with_choices}
    own = parse_case({"lithium": {"creep": {"n": 5.0, "Q": "37 kJ/mol", "A298": "4e-4 1/s"}}, "protocol": [STRIP]})
    assert [v.label for v in needs.variants_of(own, None, choices=False)] == ["case"]


def needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str = "", **asked: Any) -> needs.Need:
    """The answer where an interface keeps contact from a pressure on that goes with its creep set's
    rate."""
    file = tmp_path / "case.toml"
    file.write_text(
        'protocol = [{mode = "strip", current = "0.1 mA/cm^2", duration = "1 h", pressure = "0.4 MPa", stop.voltage = "0.2 V"}]'
    )

    def ran(grid: Any, points: Any, *_: Any) -> Any:
        for point in points:
            creep = point.case.lithium.creep_set
            kept = point.pressure >= (1e-2 / creep.A298) ** (1 / creep.n)
            yield Outcome(point, "failed" if creep.name == fails else "kept" if kept else "lost", "done", end_time_s=3600.0)

    monkeypatch.setattr(needs, "run_points", lambda *given: (o for o in ran(*given)))
    return run_need(file, tmp_path / "out", **asked)[0]


def test_the_answer_is_a_sentence_with_its_band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = needed(tmp_path, monkeypatch)
    sets = [creep_set(name) for name in ("masias", "lepage", "anand_narayan_steady")]
    exact = {creep.name: (1e-2 / creep.A298) ** (1 / creep.n) for creep in sets}
    for answer in found.answers:
        assert answer.bracket.missed is not None
        assert answer.bracket.kept is not None
        assert answer.bracket.missed < exact[answer.variant.label] <= answer.bracket.kept
    assert found.complete
    low, high = min(exact.values()), max(exact.values())
    told = found.sentence
    assert "over 3 creep sets), each within 10 %: the lowest stack pressure at which contact is not lost in 1 h." in told
    ends = [float(word) for word in told.replace("(", " ").split() if word.replace(".", "").isdigit()][:3]
    assert ends[1] == pytest.approx(low, rel=0.1)
    assert ends[2] == pytest.approx(high, rel=0.1)
    assert "Measured cells need 0.4 MPa (Li|LLZO|Li) and 2.1 MPa (Li|Li6PS5Cl|Li, extrapolated) at this current." in told
    for name in ("need.csv", "need.json", "need.png"):
        assert (tmp_path / "out" / name).stat().st_size > 200


def test_what_is_beyond_the_range_and_what_failed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = needed(tmp_path, monkeypatch, fails="lepage", limits=("0.1 MPa", "0.5 MPa"))
    assert found.sentence.startswith("more than 0.5 MPa for masias")
    assert "Without an answer, since a run failed: lepage at 0.4 MPa." in found.sentence
    assert not found.complete


POINTS = [
    {"observable": "critical current", "factor": 2.0},
    {"observable": "critical current", "factor": 0.25},
    {"observable": "critical current", "factor": None},
    {"observable": "interface resistance", "factor": 1.1},
]


def test_distance_from_measured_numbers() -> None:
    found = distance_of(POINTS, "contact")
    assert found is not None
    assert (found.typical, found.largest, found.points, found.censored) == (3.0, 4.0, 2, 1)
    assert "within a factor 3 (median), 4 (at most) of 2 measured ones, and 1 bounds" in found.text
    pressing = distance_of(POINTS, "pressing")
    assert pressing is not None
    assert pressing.observables == ("interface resistance",)
    whole = distance_of(POINTS[:1], "dendrite")  # nothing of that kind: all that was compared
    assert whole is not None
    assert whole.points == 1
    assert distance_of([], "contact") is None


def test_without_a_report_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellfem.measured._points", lambda: ())
    assert distance_text("contact") == UNKNOWN


def test_the_curve_is_what_the_protocol_is_about() -> None:
    strip, plate = case_of(), case_of(STRIP | {"mode": "plate", "stop": {}})
    lost, kept = outcome(strip, 0.4, "lost", end_time_s=47.0), outcome(strip, 0.8, "kept", end_time_s=3600.0)
    assert quantity_of([lost, kept]) is FAILURE
    assert quantity_of([kept]) is CONTACT
    assert quantity_of([outcome(plate, 0.4, "kept")]) is INDEX
    assert quantity_of([outcome(case_of(PRESS), 0.4, "kept")]) is RESISTANCE
    for case, told in ((strip, "contact"), (plate, "dendrite"), (case_of(PRESS), "pressing")):
        assert about([outcome(case, 0.4, "kept")]) == told
    assert curve_lines(slices_of([kept, lost])) == ("time to failure (s): 0.4 MPa 47 s, 0.8 MPa over 1 h",)
    assert curve_lines(slices_of([lost])) == ()
    assert math.isnan(INDEX.value(kept))


@pytest.mark.parametrize("threshold", [0.35, 1.3, 7.7])
def test_how_many_more_values_a_search_tries_is_known_once_there_is_a_bracket(threshold: float) -> None:
    from cellfem.campaign.bisection import searching, values_left

    steps = searching(1.0, 0.2, 100.0, 0.05)
    value, missed, kept, told = next(steps), None, None, []
    with suppress(StopIteration):
        while True:
            missed, kept = (missed, value) if value >= threshold else (value, kept)
            told.append(values_left(missed, kept, 0.05))
            value = steps.send(value >= threshold)
    counted = [left for left in told if left is not None]
    assert told[0] is None
    assert counted == list(range(len(counted) - 1, -1, -1))
