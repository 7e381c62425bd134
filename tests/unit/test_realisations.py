"""Statistics over realisations: known distributions, censored times, pooling."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from cellfem.campaign.grid import SEED, grid_points
from cellfem.campaign.realisation_picture import draw_statistics
from cellfem.campaign.realisations import (
    areal,
    failed_by,
    groups_of,
    number_of,
    pooled,
    statistic_lines,
    statistics_of,
    times_of,
    weibull,
    write_statistics,
)
from cellfem.campaign.sweep import plan_of
from cellfem.campaign.sweep_points import Outcome
from cellfem.case import CaseError, load_case

CASES = Path(__file__).resolve().parents[2] / "cases"
UNEVEN = CASES / "strip-heterogeneous"
NAN = math.nan


def outcomes(count: int, lost: int = 0) -> list[Outcome]:
    """Realisations of which the first `lost` fail after 100, 200, … s, having opened after half of
    that."""
    points = grid_points(plan_of(UNEVEN, ["pressure=0.4 MPa"], None, (), count))
    return [
        Outcome(
            point,
            "lost" if k < lost else "kept",
            "stop.voltage at 1 s" if k < lost else "done",
            contact_fraction=0.5 + 0.01 * k,
            perfect_contact_fraction=0.95,
            time_to_failure_s=100.0 * (k + 1) if k < lost else NAN,
            end_time_s=100.0 * (k + 1) if k < lost else 3600.0,
            opening_time_s=50.0 * (k + 1) if k < lost else NAN,
            opening_place_um=float(k) if k < lost else NAN,
            opening_cause="pillar" if k < lost else "",
            void_count=2.0,
        )
        for k, point in enumerate(points)
    ]


def test_points_differ_in_the_seed_alone() -> None:
    points = grid_points(plan_of(UNEVEN, [], None, (), 3))
    assert [point.case.heterogeneity.seed for point in points] == [
        first := load_case(UNEVEN).heterogeneity.seed,
        first + 1,
        first + 2,
    ]
    assert len({point.case.unchecked(heterogeneity=None) for point in points}) == 1
    assert [point.values for point in points] == [((SEED, str(first + k)),) for k in range(3)]


def test_nothing_random_and_nothing_to_vary() -> None:
    with pytest.raises(CaseError, match="nothing in this case is random"):
        plan_of(CASES / "strip-void", [], None, (), 3)
    with pytest.raises(CaseError, match="nothing to vary"):
        plan_of(UNEVEN, [], None, ())


def test_numbers() -> None:
    number = number_of([1.0, 2.0, 3.0, NAN])
    assert (number.count, number.mean, number.spread, number.q50) == (3, 2.0, 1.0, 2.0)
    assert number_of([]).count == 0
    assert math.isnan(number_of([1.0]).spread)


def test_failed_by_counts_what_is_still_at_risk() -> None:
    """Four runs: one fails at 1, one ends unfailed at 2, one fails at 3: 1/4, then 1 - 3/4·1/2."""
    times, share = failed_by([1.0, NAN, 3.0, NAN], [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(times, [1.0, 3.0])
    np.testing.assert_allclose(share, [0.25, 1 - 0.75 * 0.5])


def test_censored_weibull_times() -> None:
    """500 times of shape 2 and scale 1000 s, cut at 1000 s (63 % have failed): both within four
    standard errors of some 5 %."""
    random = np.random.default_rng(3)
    drawn = 1000.0 * random.weibull(2.0, 500)
    times = [float(t) if t < 1000.0 else NAN for t in drawn]
    shape, scale = weibull(times, [min(float(t), 1000.0) for t in drawn])
    assert shape == pytest.approx(2.0, rel=0.2)
    assert scale == pytest.approx(1000.0, rel=0.2)
    found = times_of(times, [min(float(t), 1000.0) for t in drawn])
    assert found.share_low < 1 - math.exp(-1) < found.share_high
    assert found.q50 == pytest.approx(1000.0 * math.sqrt(math.log(2)), rel=0.1)
    assert math.isnan(found.q90)  # beyond the test


def test_pooling_follows_the_majority() -> None:
    few, most = outcomes(5, lost=2), outcomes(5, lost=3)
    assert [outcome.verdict for outcome in pooled(few)] == ["kept"]
    (one,) = pooled(most)
    assert (one.verdict, one.point.values, one.contact_fraction) == ("lost", (("pressure", "0.4 MPa"),), 0.52)
    assert one.time_to_failure_s == 300.0
    assert list(groups_of(most)) == [(("pressure", "0.4 MPa"),)]


def test_areal_statistics_scale_with_the_area() -> None:
    members = outcomes(6, lost=5)
    found = statistics_of((), members)
    one, many = (areal(found, 25.0, 4.0, cell, 3600.0) for cell in (100.0, 1e4))
    assert (one.strips, many.strips) == (1.0, 100.0)
    assert one.voids_per_cm2 == pytest.approx(2e6)  # two on 100 µm²
    assert one.cell_median_s == pytest.approx(
        found.times["opening_time_s"].scale_s * math.log(2) ** (1 / found.times["opening_time_s"].shape)
    )
    assert many.cell_median_s == pytest.approx(one.cell_median_s * 100 ** (-1 / found.times["opening_time_s"].shape))
    assert many.cell_share_in_test > one.cell_share_in_test > 0.5


def test_files(tmp_path: Path) -> None:
    members = outcomes(6, lost=4)
    found = statistics_of((("pressure", "0.4 MPa"),), members)
    area = areal(found, 25.0, 4.0, 1e8, 3600.0)
    write_statistics(tmp_path / "statistics.json", [found, found], [area, None])
    (first, second) = json.loads((tmp_path / "statistics.json").read_text(encoding="utf-8"))
    assert first["causes"] == {"pillar": 4}
    assert first["times"]["time_to_failure_s"]["events"] == 4
    assert second["areal"] is None
    text = "\n".join(statistic_lines(found, area, 4.0))
    assert "6 realisations, 4 lost, 2 kept" in text
    assert "cause of the first loss of contact: pillar 4" in text
    draw_statistics(tmp_path / "realisations.png", [(found, members)], "title")
    assert (tmp_path / "realisations.png").stat().st_size > 10_000
