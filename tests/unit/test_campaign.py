"""Grids, boundaries and slopes of sweeps: no run."""

import csv
import json
import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from cellfem.campaign.boundary import Boundary, Criterion, Crossing, OpenLine, Sample, band, slope, trace
from cellfem.campaign.grid import Grid, Point, grid_points, midpoints, parse_axis
from cellfem.campaign.map_pictures import can_map, draw_critical, draw_maps
from cellfem.campaign.press_picture import can_draw, draw_pressed
from cellfem.campaign.sweep_points import BusyError, Outcome, known_outcome, only_sweep
from cellfem.campaign.sweep_results import (
    bands,
    carries_current,
    published_points,
    published_slopes,
    slices_of,
    write_report,
    write_table,
)
from cellfem.case import CaseError
from tests.support.runs import write_run

CASE = Path(__file__).resolve().parents[2] / "cases" / "map-pressure-current"
CURRENTS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
PRESSURES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)


def law(slope_: float, at_1_MPa: float = 1.0, pressures: tuple[float, ...] = PRESSURES, clear: float = 1.5) -> list[Sample]:
    """A map whose boundary is i = at_1_MPa P^slope: lost above it, kept from `clear` times its
    pressure on."""
    samples = []
    for current in CURRENTS:
        edge = (current / at_1_MPa) ** (1 / slope_)
        for pressure in pressures:
            verdict = "lost" if pressure < edge else "kept" if pressure >= clear * edge else "reduced"
            excess = math.nan if verdict == "lost" else math.log(pressure / (clear * edge))
            samples.append(Sample(pressure, current, verdict, excess))
    return samples


def fine(count: int, low: float = 0.01, high: float = 10.0) -> tuple[float, ...]:
    return tuple(low * (high / low) ** (k / (count - 1)) for k in range(count))


@pytest.mark.parametrize("exponent", [0.86, 1.9, 3.3])
def test_slope_of_a_power_law(exponent: float) -> None:
    """Brackets 3 % wide place the boundary within 1.5 %."""
    found = trace(law(exponent, pressures=fine(234)), Criterion.LOST, "pressure")
    for crossing in found.crossings:
        assert crossing.low < crossing.current ** (1 / exponent) <= crossing.high
        assert crossing.single
    fit = slope(found.crossings)
    assert fit is not None
    assert fit.slope == pytest.approx(exponent, rel=0.02)
    assert fit.resolved
    assert abs(fit.slope - exponent) < 3 * math.hypot(fit.standard_error, fit.resolution)
    assert math.exp(fit.offset) == pytest.approx(1.0, rel=0.05)


def test_not_kept_is_interpolated_between_runs_that_lasted() -> None:
    """Excess linear in ln P: interpolation is exact on the coarse grid, where midpoints would be 40
    % off."""
    found = trace(law(1.9, clear=4.0), Criterion.NOT_KEPT, "pressure")
    assert len(found.crossings) >= 3
    for crossing in found.crossings:
        assert crossing.pressure == pytest.approx(4.0 * crossing.current ** (1 / 1.9), rel=1e-12)
    fit = slope(found.crossings)
    assert fit is not None
    assert fit.slope == pytest.approx(1.9, rel=1e-9)
    assert fit.standard_error < 1e-6 < fit.resolution


def test_a_lost_neighbour_gives_the_geometric_mean() -> None:
    line = [Sample(0.1, 1.0, "lost"), Sample(0.4, 1.0, "kept", 0.1)]
    for criterion in Criterion:
        (crossing,) = trace(line, criterion, "pressure").crossings
        assert crossing == Crossing(pytest.approx(0.2), 1.0, 0.1, 0.4, "pressure")


def test_criteria_differ_on_reduced_contact() -> None:
    line = [Sample(0.1, 1.0, "lost"), Sample(0.2, 1.0, "reduced", -0.2), Sample(0.8, 1.0, "kept", 0.2)]
    lost, not_kept = (trace(line, criterion, "pressure").crossings[0] for criterion in (Criterion.LOST, Criterion.NOT_KEPT))
    assert (lost.low, lost.high) == (0.1, 0.2)
    assert (not_kept.low, not_kept.high) == (0.2, 0.8)
    assert not_kept.pressure == pytest.approx(0.4)


def test_critical_current_on_lines_of_constant_pressure() -> None:
    found = trace(law(1.9, pressures=fine(40, 0.25, 1.3)), Criterion.LOST, "current")
    for crossing in found.crossings:
        assert crossing.low <= crossing.pressure**1.9 < crossing.high
        assert crossing.low < crossing.current < crossing.high
    fit = slope(found.crossings)
    assert fit is not None
    assert abs(fit.slope - 1.9) < 2 * math.hypot(fit.standard_error, fit.resolution)


def test_standard_error_is_that_of_the_scatter() -> None:
    """ln P = ln i / 2 with ±0.1 on four lines: the textbook formula, carried over to the inverse
    slope."""
    x, scatter = [0.0, 1.0, 2.0, 3.0], [0.1, -0.1, -0.1, 0.1]
    crossings = []
    for t, e in zip(x, scatter, strict=True):
        place = math.exp(t / 2 + e)
        crossings.append(Crossing(place, math.exp(t), place / 1.2, place * 1.2, "pressure"))
    fit = slope(crossings)
    assert fit is not None
    assert fit.slope == pytest.approx(2.0)
    assert fit.standard_error == pytest.approx(math.sqrt(0.04 / 2 / 5) / 0.5**2)
    assert fit.resolution == pytest.approx(2 * math.log(1.2) / math.sqrt(12 * 5) / 0.5**2)


def test_one_bracket_for_all_currents_has_no_slope() -> None:
    """All currents fail between the same two pressures: the regression has no error, but the slope
    is unknown."""
    samples = [Sample(p, i, "lost" if p < 0.3 else "kept", 0.1) for p in PRESSURES for i in CURRENTS]
    fit = slope(trace(samples, Criterion.LOST, "pressure").crossings)
    assert fit is not None
    assert not fit.resolved
    assert fit.slope == math.inf
    assert 0 < fit.least < math.inf


def test_two_crossings_have_a_slope_but_no_standard_error() -> None:
    two = [Crossing(1.0, 1.0, 0.9, 1.1, "pressure"), Crossing(2.0, 4.0, 1.8, 2.2, "pressure")]
    fit = slope(two)
    assert fit is not None
    assert fit.slope == pytest.approx(2.0)
    assert math.isnan(fit.standard_error)
    assert slope(two[:1]) is None


def test_lines_without_crossing_are_told() -> None:
    samples = [Sample(p, i, v, 0.1) for i, v in ((0.1, "kept"), (1.0, "lost")) for p in (0.1, 1.0)]
    found = trace(samples, Criterion.LOST, "pressure")
    assert found == Boundary((), (OpenLine(0.1, "pressure", True), OpenLine(1.0, "pressure", False)))


def test_several_crossings_give_the_one_next_to_the_safe_end() -> None:
    line = [Sample(p, 1.0, v, 0.1) for p, v in ((0.1, "kept"), (0.2, "lost"), (0.4, "kept"), (0.8, "kept"))]
    (crossing,) = trace(line, Criterion.LOST, "pressure").crossings
    assert (crossing.low, crossing.high, crossing.single) == (0.2, 0.4, False)


def test_zero_pressure_and_current_are_left_out() -> None:
    line = [Sample(0.0, 1.0, "lost"), Sample(0.1, 1.0, "lost"), Sample(0.4, 1.0, "kept", 0.1), Sample(0.4, 0.0, "kept", 0.1)]
    found = trace(line, Criterion.LOST, "pressure")
    assert [(crossing.low, crossing.high) for crossing in found.crossings] == [(0.1, 0.4)]
    assert found.open_lines == ()


def test_band_spans_the_sets_where_all_cross() -> None:
    def boundary(*pairs: tuple[float, float]) -> Boundary:
        return Boundary(tuple(Crossing(p, i, 0.9 * p, 1.1 * p, "pressure") for p, i in pairs))

    found = band([boundary((0.2, 0.5), (0.4, 1.0)), boundary((0.3, 0.5), (0.35, 1.0)), boundary((0.25, 0.5))])
    assert found == ((0.5, 0.2, 0.3),)
    assert band([]) == ()


def test_measured_slopes_leave_zero_pressure_out() -> None:
    assert min(point.pressure for point in published_points()) == 0.0
    slopes = published_slopes()
    assert slopes["Li|LLZO|Li"] == pytest.approx(math.log(4) / math.log(5))
    assert slopes["Li|Li6PS5Cl|Li"] == pytest.approx(math.log(5) / math.log(7 / 3))


# The grid


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pressure=0.1,0.4, 1.6 MPa", ("0.1 MPa", "0.4 MPa", "1.6 MPa")),
        ("pressure=100 kPa,0.4 MPa", ("0.1 MPa", "0.4 MPa")),
        ("current=1,10 A/m^2", ("0.1 mA/cm^2", "1 mA/cm^2")),
        ("temperature=0,25,60 degC", ("0 degC", "25 degC", "60 degC")),
        ("numerics.strain_rate_floor=1e-8,1e-6 1/s", ("1e-8 1/s", "1e-6 1/s")),
        ("lithium.f_c=1e-1,0.2", ("1e-1", "0.2")),
        ("lithium.creep=masias, lepage", ("masias", "lepage")),
        ("output.fields=[],[\"gap_um\", 'contact']", ("[]", "[\"gap_um\", 'contact']")),
    ],
)
def test_axes(text: str, values: tuple[str, ...]) -> None:
    assert parse_axis(text).values == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pressure", "is not an axis"),
        ("pressure=", "is not an axis"),
        ("pressure=0.1,,0.4 MPa", "is not an axis"),
        ("pressure=0.1,0.4", "has no unit"),
        ("pressure=0.1,0.4 mA", "is a current, not a pressure"),
        ("pressure=0.1 MPa,100 kPa", "more than once"),
    ],
)
def test_bad_axes(text: str, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        parse_axis(text)


def grid(*axes: str, settings: tuple[str, ...] = ()) -> Grid:
    return Grid(CASE, settings, tuple(parse_axis(axis) for axis in axes))


def test_points_carry_their_values_into_the_case() -> None:
    points = grid_points(grid("pressure=0.1,0.4 MPa", "current=0.5,1 mA/cm^2", "lithium.creep=masias,lepage"))
    assert len(points) == 8
    found = {(point.pressure, point.current, point.case.lithium.creep) for point in points}
    assert found == {(p, i, c) for p in (0.1, 0.4) for i in (0.5, 1.0) for c in ("masias", "lepage")}
    assert points[0].name == "pressure=0.1MPa_current=0.5mA-cm2_lithium.creep=masias"
    assert points[0].slice == (("lithium.creep", "masias"),)
    assert not points[0].case.output.pictures
    assert points[0].case.output.interval == points[0].case.total_duration == 3600.0


def test_short_names_reach_every_step(tmp_path: Path) -> None:
    """Pressure and temperature in all steps, current in those that carry one."""
    rest = '\n[[protocol]]\nmode = "rest"\nduration = "10 min"\npressure = "1 MPa"\n'
    (tmp_path / "case.toml").write_text((CASE / "case.toml").read_text(encoding="utf-8") + rest, encoding="utf-8")
    axes = tuple(parse_axis(text) for text in ("pressure=0.2 MPa", "current=0.3 mA/cm^2", "temperature=60 degC"))
    (point,) = grid_points(Grid(tmp_path, (), axes))
    strip, pause = (placed.step for placed in point.case.steps)
    assert (strip.pressure, pause.pressure) == (0.2, 0.2)
    assert (strip.temperature, pause.temperature) == (333.15, 333.15)
    assert strip.current == pytest.approx(3.0)
    assert pause.current is None
    assert (point.pressure, point.current, point.temperature) == (0.2, pytest.approx(0.3), pytest.approx(60.0))


def test_the_whole_grid_is_checked() -> None:
    """Each distinct error once, with the first point that has it."""
    with pytest.raises(CaseError) as caught:
        grid_points(grid("pressure=0,0.4 MPa", "current=0.5,1 mA/cm^2", "stack.widht=25,30 um"))
    unknown, no_contact = sorted(caught.value.errors, key=lambda line: "protocol" in line)
    assert 'did you mean "width"' in unknown
    assert "and 7 more points" in unknown
    assert "leaves no contact" in no_contact
    assert "(at pressure 0 MPa, current 0.5 mA/cm^2" in no_contact
    assert "and 3 more points" in no_contact


def test_two_axes_on_one_key_are_an_error() -> None:
    with pytest.raises(CaseError, match=r"protocol\.0\.pressure is set by pressure already"):
        grid_points(grid("pressure=0.1,0.4 MPa", "protocol.0.pressure=1 MPa"))


def outcome(point: Point, edge: float = 0.35, width: float = 3.0) -> Outcome:
    """Lost below `edge` √i, kept from `width` times that on; the solver gives up at 0.2 MPa and 2
    mA/cm²."""
    ratio = point.pressure / (edge * point.current**0.5)
    perfect = point.pressure / (point.pressure + 0.02)
    if (point.pressure, point.current) == (0.2, 2.0):
        return Outcome(point, "failed", "solver gave up at 3 s")
    numbers = Outcome(
        point, "kept", "done", 0.9 * perfect * (1 + 0.1 * math.log(ratio / width)), perfect, 0.5, 2.0, wall_s=5.0, end_kind="done"
    )
    if ratio < 1:
        return replace(numbers, verdict="lost", end="stop.voltage at 60 s", end_kind="stop", time_to_failure_s=60.0 * ratio)
    return numbers if ratio >= width else replace(numbers, verdict="reduced")


def test_midpoints_lie_between_neighbours_of_different_verdict() -> None:
    plan = grid("pressure=0.1,0.2,0.4,1.6 MPa", "current=0.5,2 mA/cm^2")
    known = [(point, outcome(point).verdict) for point in grid_points(plan)]
    new = midpoints(plan, known)
    # at 0.5: lost | reduced at 0.2 to 0.4, reduced | kept from 0.4 on; at 2, around the failed 0.2:
    # lost | reduced in 0.4 to 1.6
    assert {(point.pressure, point.current) for point in new} == {(0.2828, 0.5), (0.8, 0.5), (0.8, 2.0)}
    again = midpoints(plan, [*known, *((point, outcome(point).verdict) for point in new)])
    pressures = sorted(point.pressure for point, _ in known if point.current == 0.5)
    assert again
    assert not {point.name for point in again} & {point.name for point, _ in known}
    assert all(any(low < point.pressure < high for low, high in pairwise(pressures)) for point in again)


def test_midpoints_of_a_settled_map_are_none() -> None:
    plan = grid("pressure=0.1,0.2 MPa", "current=0.5,1 mA/cm^2")
    assert midpoints(plan, [(point, "lost") for point in grid_points(plan)]) == ()


# What is done, and what is written


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        ("done", "kept"),
        ("stop.voltage at 60 s", "lost"),
        ("solver gave up at 60 s", "failed"),
        ("stopped from outside at 60 s", None),
        ("lithium used up at 60 s", "kept"),
    ],
)
def test_known_outcomes(tmp_path: Path, end: str, verdict: str | None) -> None:
    one, other = grid_points(grid("pressure=0.1,0.4 MPa"))
    assert known_outcome(one, tmp_path) is None
    write_run(tmp_path / one.name, one, end)
    found = known_outcome(one, tmp_path)
    assert (found and found.verdict) == verdict
    if found:
        assert found.focusing_max == 3.0
        assert math.isnan(found.asr_ohm_cm2)
        assert math.isfinite(found.time_to_failure_s) == (verdict == "lost")
        assert found.source == "cellfem 1, commit a"
        assert found.gave_up == (verdict == "failed")
    (tmp_path / one.name).rename(tmp_path / other.name)
    assert known_outcome(other, tmp_path) is None  # another case


@pytest.mark.parametrize(("was", "now"), [('"end": "done"', '"end": 3'), ('"voltage_mV": 0.5, ', ""), ('{"final"', "[")])
def test_an_odd_summary_counts_as_not_run(was: str, now: str, tmp_path: Path) -> None:
    point, said = grid_points(grid("pressure=0.1 MPa"))[0], list[str]()
    write_run(tmp_path / point.name, point, "done")
    path = tmp_path / point.name / "summary.json"
    path.write_text(path.read_text(encoding="utf-8").replace(was, now), encoding="utf-8")
    assert known_outcome(point, tmp_path, said.append) is None
    assert [line.startswith(f"{path}: is no") and line.endswith(": the point counts as not run") for line in said] == [True]


def test_one_sweep_at_a_time(tmp_path: Path) -> None:
    with only_sweep(tmp_path), pytest.raises(BusyError, match="another sweep"), only_sweep(tmp_path):
        pass
    with only_sweep(tmp_path) as lock:
        assert lock > 0


def test_tables_and_pictures(tmp_path: Path) -> None:
    plan = grid("pressure=0.1,0.2,0.4,1.6 MPa", "current=0.5,1,2 mA/cm^2", "lithium.creep=masias,lepage")
    edges = {"masias": 0.35, "lepage": 0.5}
    outcomes = [outcome(point, edges[str(point.case.lithium.creep)]) for point in grid_points(plan)]
    slices = slices_of(outcomes)
    assert [member.label for member in slices] == ["masias", "lepage"]
    write_table(tmp_path / "map.csv", outcomes)
    write_report(tmp_path / "map.json", plan, outcomes, slices)
    with (tmp_path / "map.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert {(row["pressure_MPa"], row["current_mA_cm2"], row["creep"]) for row in rows} == {
        (str(o.point.pressure), str(o.point.current), str(o.point.case.lithium.creep)) for o in outcomes
    }
    report = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert report["points"]["failed"] == len(report["failed"]) == 2
    assert {"lost", "not kept"} < report["slices"][0].keys()
    for row in report["bands_over_creep_sets"]["lost"]:
        assert row["pressure_MPa"][0] <= row["pressure_MPa"][1]
    assert bands(slices, Criterion.LOST)[()]
    assert all(can_map(member) for member in slices)
    draw_critical(tmp_path / "critical_current.png", slices, "title")
    draw_maps(tmp_path / "maps.png", slices[0], "title")
    assert (tmp_path / "critical_current.png").stat().st_size > 10_000
    assert (tmp_path / "maps.png").stat().st_size > 10_000


@pytest.mark.parametrize("verdict", ["lost", "kept", "untested", "failed"])
def test_pictures_of_a_map_without_boundary(tmp_path: Path, verdict: str) -> None:
    """All alike, so no boundary, no time to failure, or no number at all."""
    points = grid_points(grid("pressure=0.1,0.4 MPa", "current=0.5,1 mA/cm^2"))
    ends = {"lost": "stop.voltage at 6 s", "kept": "done", "untested": "stop.voltage at once", "failed": "exit code 1"}
    numbers = {} if verdict == "failed" else {"contact_fraction": 0.9, "perfect_contact_fraction": 0.95, "focusing_max": 2.0}
    (member,) = slices_of([Outcome(point, verdict, ends[verdict], **numbers) for point in points])
    draw_critical(tmp_path / "critical_current.png", [member])
    draw_maps(tmp_path / "maps.png", member)
    assert (tmp_path / "maps.png").stat().st_size > 10_000


def test_points_that_exceed_a_limit_at_once_are_no_part_of_a_boundary(tmp_path: Path) -> None:
    """Nor of its refinement; times to failure of 0 would have no place on logarithmic colours."""
    plan = grid("pressure=0.1,0.2,0.4,1.6 MPa", "current=0.5,2 mA/cm^2")
    found = [
        replace(outcome(point), verdict="untested") if point.current == 2.0 else outcome(point) for point in grid_points(plan)
    ]
    (member,) = slices_of(found)
    for criterion in Criterion:
        boundary = member.boundaries[criterion, "pressure"]
        assert {crossing.current for crossing in boundary.crossings} == {0.5}
        assert not boundary.open_lines
    assert all(point.current == 0.5 for point in midpoints(plan, [(one.point, one.verdict) for one in found]))
    write_report(tmp_path / "map.json", plan, found, [member])
    assert len(json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["untested"]) == 4
    at_zero = [replace(one, verdict="lost", time_to_failure_s=0.0) for one in found]
    draw_maps(tmp_path / "maps.png", slices_of(at_zero)[0])


PRESS = """
[[protocol]]
mode = "press"
duration = "3 s"
pressure = "1 MPa"
"""


def test_a_sweep_without_current_has_no_columns_of_one(tmp_path: Path) -> None:
    path = tmp_path / "press.toml"
    path.write_text(PRESS, encoding="utf-8")
    plan = Grid(path, (), (parse_axis("pressure=0.5,1,2 MPa"),))
    found = [
        Outcome(point, "reduced", "done", 0.5, 0.9, asr_small_signal_ohm_cm2=20 / point.pressure, asr_charge_transfer_ohm_cm2=9.0)
        for point in grid_points(plan)
    ]
    assert not carries_current(found)
    slices = slices_of(found)
    write_table(tmp_path / "map.csv", found)
    write_report(tmp_path / "map.json", plan, found, slices)
    with (tmp_path / "map.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["asr_small_signal_ohm_cm2"]) for row in rows] == [40.0, 20.0, 10.0]
    assert not {"asr_ohm_cm2", "current_mA_cm2", "focusing_max", "time_to_failure_s", "voltage_mV"} & rows[0].keys()
    assert "slices" not in json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert can_draw(slices)
    draw_pressed(tmp_path / "pressed.png", slices, "title")
    assert (tmp_path / "pressed.png").stat().st_size > 10_000
