"""The window of stack pressure: limits worked out by hand, and readings of made-up runs."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from typer.testing import CliRunner

from cellfem.campaign.grid import Grid, Point, grid_points, parse_axis
from cellfem.campaign.penetration import measured_times
from cellfem.campaign.sweep_points import Outcome, known_outcome
from cellfem.campaign.sweep_results import published_points, slices_of, write_report
from cellfem.campaign.window import (
    CRITERIA,
    Window,
    WindowPoint,
    after_stripping,
    flat_index,
    flat_limit,
    safe_areas,
    safe_spans,
    window_lines,
    windows_of,
)
from cellfem.campaign.window_picture import draw_window
from cellfem.case import load_case
from cellfem.cli import app
from tests.support.runs import write_run

CASE = Path(__file__).parents[2] / "cases" / "dendrite-window"
AXES = ("pressure=0.2,0.4,0.8,1.6 MPa", "current=0.1,0.5,2 mA/cm^2")
OPENS = 1e3 * 0.74 / (0.48 * 1.12 * math.sqrt(10 * math.pi))  # MPa: K_Ic (1-ν)/((1-2ν) Y √(πa)), ν 0.26, a 10 µm


def test_flat_limit_falls_to_zero_where_pressure_alone_opens_the_flaw() -> None:
    case = load_case(CASE)
    assert pytest.approx(245.6, abs=0.1) == OPENS
    assert flat_limit(case, 0.98 * OPENS) > 0
    assert flat_limit(case, 1.02 * OPENS) == 0
    limits = [flat_limit(case, pressure) for pressure in (3.0, 10.0, 30.0, 100.0, 200.0)]
    assert limits == sorted(limits, reverse=True)


def test_flat_index_by_hand() -> None:
    """0.5 mA/cm² through 10 Ω cm² and 10 µm of LLZO (0.4 mS/cm): 5 and 1.25 mV, which govern; 0.65 P on top."""
    share = 1.0 / 1.02
    thermal = 25.693e-3
    overpotential = 2 * thermal * math.asinh(5.0 / (2 * share * thermal / 1e-3))
    drive = (overpotential + 5.0 * 10 / 4e4) / (13.0 / 96485.332)
    expected = 1.12 * (drive + 0.48 / 0.74) * math.sqrt(10 * math.pi) / 1e3
    assert flat_index(load_case(CASE), 1.0, np.array([0.5]))[0] == pytest.approx(expected, rel=1e-3)


def made_up(out: Path) -> None:
    """Contact is lost where current over pressure is above 2 (mA/cm² per MPa); the index is the
    current over 1 mA/cm²."""
    for point in grid_points(Grid(CASE, (), tuple(parse_axis(text) for text in AXES))):
        lost = point.current > 2 * point.pressure
        write_run(out / point.name, point, "stop.voltage at 60 s" if lost else "done")
        rows = [f"0.0,{point.current},0.9,0.0"]
        rows += [] if lost else [f"9.0,{-point.current},0.5,{point.current}"]
        text = "\n".join(["time_s,current_mA_cm2,contact_fraction,dendrite_index_max", *rows, ""])
        (out / point.name / "records.csv").write_text(text, encoding="utf-8")


def judged(out: Path) -> list[Outcome]:
    points = grid_points(Grid(CASE, (), tuple(parse_axis(text) for text in AXES)))
    return [after_stripping(outcome, out) for point in points if (outcome := known_outcome(point, out)) is not None]


def window_of(out: Path) -> Window:
    (found,) = windows_of(judged(out), out)
    return found


def test_windows_from_runs(tmp_path: Path) -> None:
    made_up(tmp_path)
    found = window_of(tmp_path)
    verdicts = {(point.pressure, point.current): point.verdict for point in found.points}
    assert verdicts[0.2, 0.1] == "safe"
    assert verdicts[0.2, 0.5] == "lost"
    assert verdicts[1.6, 2.0] == "dendrite"
    lost = {crossing.current: crossing.pressure for crossing in found.contact["lost"].crossings}
    assert lost == {0.5: pytest.approx(math.sqrt(0.2 * 0.4)), 2.0: pytest.approx(math.sqrt(0.8 * 1.6))}
    assert dict(found.dendrite) == {1.6: pytest.approx(1.0)}  # elsewhere no point grows, or all are lost
    assert any("from about" in line and "pressure alone" in line for line in window_lines(found))
    draw_window(tmp_path / "window.png", [found], published_points(), measured_times())
    picture = imread(tmp_path / "window.png")
    assert picture[..., :3].std() > 0.05


def test_what_ends_the_window_at_a_point() -> None:
    def verdict(contact: str, index: float) -> str:
        return WindowPoint(1.0, 1.0, 0.5, contact, index).verdict  # type: ignore[arg-type]

    assert [verdict("kept", 0.5), verdict("reduced", 0.5), verdict("reduced", 1.0)] == ["safe", "reduced", "dendrite"]
    assert [verdict("lost", math.nan), verdict("failed", math.nan)] == ["lost", "failed"]


def test_a_point_that_did_not_run_is_failed(tmp_path: Path) -> None:
    made_up(tmp_path)
    point: Point = grid_points(Grid(CASE, (), tuple(parse_axis(text) for text in AXES)))[0]
    summary = tmp_path / point.name / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text(encoding="utf-8")) | {"end_kind": "gave up"}), encoding="utf-8")
    found = window_of(tmp_path)
    assert sum(p.verdict == "failed" for p in found.points) == 1


@pytest.mark.parametrize(
    ("modes", "told"),
    [
        (["strip"], 'no step with mode = "plate" after stripping, needed for the dendrite limit'),
        (["plate", "strip"], 'no step with mode = "plate" after stripping'),
        (["plate"], 'no step with mode = "strip", needed for the limit of lost contact'),
    ],
)
def test_a_protocol_without_both_limits_is_refused_before_anything_runs(modes: list[str], told: str, tmp_path: Path) -> None:
    step = '[[protocol]]\nmode = "{}"\ncurrent = "0.2 mA/cm^2"\nduration = "60 s"\npressure = "2 MPa"\n'
    (tmp_path / "case.toml").write_text("".join(step.format(mode) for mode in modes), encoding="utf-8")
    done = CliRunner().invoke(app, ["window", str(tmp_path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert done.stderr.startswith("protocol: has ")
    assert told in done.stderr
    assert not (tmp_path / "out").exists()


def test_map_and_window_have_one_boundary(tmp_path: Path) -> None:
    """Contact of 0.9 after stripping, of 0.5 after plating: kept, and the crossings that map.json
    has are the window's."""
    made_up(tmp_path)
    outcomes, found = judged(tmp_path), window_of(tmp_path)
    plan = Grid(CASE, (), tuple(parse_axis(text) for text in AXES))
    write_report(tmp_path / "map.json", plan, outcomes, slices_of(outcomes), CRITERIA)
    (member,) = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["slices"]
    for criterion, boundary in found.contact.items():
        told = {(c["current"], c["pressure"]) for c in member[criterion]["along_pressure"]["crossings"]}
        assert told == {(c.current, c.pressure) for c in boundary.crossings}
        for current, pressure in told:
            assert f"contact {criterion} below {pressure:.2g} MPa at {current:g} mA/cm²" in window_lines(found)
    assert {outcome.verdict for outcome in outcomes} == {"kept", "lost"}


def points(*verdicts: str) -> tuple[WindowPoint, ...]:
    """Rows of rising current, along each the verdicts at 0.5, 1, 2, 4 MPa: s safe, d dendrite, l
    lost, ? failed."""
    names = {"s": ("kept", 0.5), "d": ("kept", 2.0), "l": ("lost", math.nan), "?": ("failed", math.nan)}
    return tuple(
        WindowPoint(0.5 * 2**k, float(number), 0.9, *names[letter])  # type: ignore[arg-type]
        for number, row in enumerate(verdicts, start=1)
        for k, letter in enumerate(row)
    )


def test_safe_is_only_what_safe_points_bracket() -> None:
    assert safe_spans(points("lsss", "lssd")) == [(1.0, 1.0, 4.0), (2.0, 1.0, 2.0)]
    assert safe_areas(points("lsss", "lssd")) == [(1.0, 2.0, 1.0, 2.0)]
    assert safe_areas(points("lsss", "dddd", "lsss")) == []
    assert safe_spans(points("ss?s")) == [(1.0, 0.5, 1.0), (1.0, 4.0, 4.0)]
    assert safe_areas(points("sdss", "ssss")) == [(2.0, 4.0, 1.0, 2.0)]


def test_the_picture_shades_no_point_at_which_a_flaw_grows(tmp_path: Path) -> None:
    """One safe point among others: nothing is shaded, neither below it, where nothing was run, nor
    beside it."""
    from cellfem.campaign.window_picture import _shade

    for rows, patches in ((("ddsd", "dddd"), 0), (("lsss", "lssd"), 1)):
        axes = Figure().subplots()
        _shade(axes, Window("", points(*rows), {}, (), ()))
        assert len(axes.collections) == patches
        for patch in axes.collections:
            low, high = patch.get_paths()[0].get_extents().get_points()
            assert (*low, *high) == (1.0, 1.0, 2.0, 2.0)
