"""Time to opening along Γ and its causes, from made-up states."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellfem.observe.arrays import Profile
from cellfem.observe.contact_loss import Openings, advance, first_opening, start_openings
from cellfem.observe.contact_loss_causes import InterfaceHistory, Scales, Span, cause_of_birth, crossing_time, face_of
from cellfem.output.contact_loss import opening_verdict, write_openings
from cellfem.output.contact_loss_picture import draw_openings

SCALES = Scales(delta=0.01, length=1.0, f_c=0.2)  # open from 30 nm on
X = np.linspace(0.0, 20.0, 21)
EVEN = InterfaceHistory(X[:, None], np.zeros(21), np.full(21, 0.5), np.full(21, 0.4), np.full(21, 0.05))


def put(values: np.ndarray, **at: float) -> np.ndarray:
    """A copy with values at nodes: put(gap, n5=0.04)."""
    changed = values.copy()
    for node, value in at.items():
        changed[int(node[1:])] = value
    return changed


def opened(before: InterfaceHistory, **gaps: float) -> Openings:
    return advance(start_openings(before, SCALES), span(before, replace(before, gap=put(before.gap, **gaps)), 10.0, 20.0), SCALES)


def span(before: InterfaceHistory, after: InterfaceHistory, begin: float, end: float) -> Span:
    return Span(before, after, begin, end, 0.4, 0.5)


def test_time_is_linear_between_steps() -> None:
    before, after = np.array([0.0, 0.0, 0.04, 0.02]), np.array([0.04, 0.03, 0.05, 0.01])
    np.testing.assert_allclose(crossing_time(before, after, 10.0, 20.0, 0.03), [17.5, np.nan, np.nan, np.nan])


def test_what_is_open_at_the_start_opens_never_again() -> None:
    before = replace(EVEN, gap=put(EVEN.gap, n0=1.0))
    known = start_openings(before, SCALES)
    closed = advance(known, span(before, replace(before, gap=EVEN.gap), 0.0, 1.0), SCALES)
    again = advance(closed, span(EVEN, replace(EVEN, gap=put(EVEN.gap, n0=1.0)), 1.0, 2.0), SCALES)
    assert (again.cause[0], again.time_s[0]) == ("start", 0.0)
    assert first_opening(again) is None
    assert np.isnan(again.time_s[1:]).all()


def test_only_the_first_time_counts() -> None:
    known = opened(EVEN, n5=0.06)
    assert known.time_s[5] == pytest.approx(15.0)
    wide = replace(EVEN, gap=put(EVEN.gap, n5=0.06))
    shut = advance(known, span(wide, EVEN, 20.0, 30.0), SCALES)
    again = advance(shut, span(EVEN, wide, 30.0, 40.0), SCALES)
    assert again.time_s[5] == pytest.approx(15.0)


def test_causes() -> None:
    """Each condition is switched alone."""
    assert opened(EVEN, n5=0.06).cause[5] == "flow"
    full = replace(EVEN, porosity=np.full(21, 0.171))
    assert opened(full, n5=0.06).cause[5] == "vacancy saturation"
    assert opened(replace(full, porosity=np.full(21, 0.169)), n5=0.06).cause[5] == "flow"

    loaded = replace(full, pressure=put(np.full(21, 0.3), n15=0.81), current=put(full.current, n15=0.3))
    assert opened(loaded, n5=0.06).cause[5] == "pillar"
    # A place that bears the load but strips almost as much is none, nor one that strips less but
    # does not bear most.
    assert opened(replace(loaded, current=put(full.current, n15=0.41)), n5=0.06).cause[5] == "vacancy saturation"
    assert opened(replace(loaded, pressure=put(loaded.pressure, n14=0.9)), n5=0.06).cause[5] == "vacancy saturation"
    # What departs more from the mean is the cause: here 1.5 times the mean against 0.6 times.
    hot = replace(loaded, current=put(loaded.current, n5=0.75))
    assert opened(hot, n5=0.06).cause[5] == "vacancy saturation"

    beside = replace(loaded, gap=put(loaded.gap, n3=0.5))
    known = opened(beside, n5=0.06, n6=0.06)
    assert (known.cause[3], known.cause[5], known.cause[6]) == ("start", "void edge", "pillar")
    assert (known.to_void_um[5], known.to_void_um[6]) == (2.0, 3.0)


def test_plating_lifts_the_block_off_what_is_not_plated() -> None:
    plated = replace(EVEN, current=-EVEN.current, gap=put(EVEN.gap, n0=0.5))
    after = replace(plated, gap=put(plated.gap, n1=0.06, n9=0.06))
    known = advance(start_openings(plated, SCALES), Span(plated, after, 10.0, 20.0, 0.4, -0.5), SCALES)
    assert (known.cause[1], known.cause[9]) == ("void edge", "plating")


def test_a_void_is_born_by_the_cause_of_its_place_that_opened_first() -> None:
    """Here vacancies where it opened first, while at the edge of an open stretch it opened later;
    alone there it is its edge."""
    before = replace(EVEN, gap=put(EVEN.gap, n3=0.5), porosity=put(EVEN.porosity, n6=0.19))
    after = replace(before, gap=put(before.gap, n5=0.06, n6=0.12))
    over = span(before, after, 10.0, 20.0)
    assert cause_of_birth(over, np.array([5, 6]), SCALES) == "vacancy saturation"
    assert cause_of_birth(over, np.array([5]), SCALES) == "void edge"


def test_evidence_and_first() -> None:
    full = replace(EVEN, porosity=np.full(21, 0.1), current=put(EVEN.current, n5=0.75), pressure=put(EVEN.pressure, n5=0.1))
    first = first_opening(opened(full, n5=0.06, n9=0.04))
    assert first is not None
    assert (first["x_um"], first["time_s"]) == (5.0, pytest.approx(15.0))
    assert (first["saturation"], first["load"], first["current"]) == (0.5, 0.25, 1.5)
    assert math.isinf(first["to_void_um"])


def test_fewer_vacancies_than_none_are_none() -> None:
    dense = replace(EVEN, porosity=np.full(21, -0.004))
    text = opening_verdict(opened(dense, n5=0.06))["text"]
    assert "vacancies at 0 % of coalescence" in text


def test_in_the_plane() -> None:
    places = np.column_stack([X, X[::-1]])
    before = InterfaceHistory(places, put(EVEN.gap, n3=0.5), EVEN.current, EVEN.pressure, EVEN.porosity)
    known = opened(before, n4=0.06)
    assert known.cause[4] == "void edge"
    assert known.to_void_um[4] == pytest.approx(np.sqrt(2))


def test_files(tmp_path: Path) -> None:
    known = opened(replace(EVEN, gap=put(EVEN.gap, n0=1.0)), n5=0.06)
    write_openings(tmp_path / "opening.csv", known)
    rows = list(csv.DictReader((tmp_path / "opening.csv").open(encoding="utf-8")))
    assert [row["cause"] for row in rows[:6]] == ["start", "", "", "", "", "flow"]
    assert float(rows[5]["time_s"]) == pytest.approx(15.0)
    assert "at x = 5 µm after 15 s" in opening_verdict(known)["text"]
    assert opening_verdict(start_openings(EVEN, SCALES)) == {"first": None, "text": "Contact was lost nowhere."}
    profile = Profile(X, np.ones(21), *(np.ones(21) for _ in range(8)))
    solid = replace(profile, y_um=X[::-1].copy(), facets=np.array([[0, 1, 2]]))
    in_plane = start_openings(face_of(solid), SCALES)
    assert in_plane.places.shape == (21, 2)
    for name, state, seen in (
        ("some", known, profile),
        ("none", start_openings(EVEN, SCALES), profile),
        ("map", in_plane, solid),
    ):
        draw_openings(tmp_path / f"{name}.png", state, seen)
        assert (tmp_path / f"{name}.png").stat().st_size > 10_000
