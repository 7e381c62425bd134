"""Design of a sensitivity study and what is made of its runs: no run."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from cellfem.campaign.design import elementary_effects, factors_of, one_at_a_time, screening
from cellfem.campaign.grid import Grid
from cellfem.campaign.sensitivity import RESULTS, effects_of, table, write_effects
from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.tornado import draw_tornado
from cellfem.case import CaseError, load_case
from cellfem.model import from_case

CASES = Path(__file__).resolve().parents[2] / "cases"
STRIP = CASES / "strip-void"
PLAN = Grid(STRIP, (), ())
FACTORS = factors_of(load_case(STRIP))
NAMES = [factor.name for factor in FACTORS]


def test_one_at_a_time_changes_one_key() -> None:
    steps = one_at_a_time(PLAN, FACTORS)
    base = steps[0].point.case
    assert len({step.point.name for step in steps}) == len(steps)
    for step in steps[1:]:
        assert step.moved is not None
        factor = FACTORS[step.moved]
        room, _, key = factor.key.partition(".")
        changed, before = step.point.case, base
        assert changed.model_dump(exclude={room}) == before.model_dump(exclude={room})
        if key in ("f_c", "D", "length", "roughness", "half_pressure"):
            ratio = getattr(getattr(changed, room), key) / getattr(getattr(before, room), key)
            low, high = {"f_c": (0.5, 2), "D": (0.5, 10), "length": (0.5, 2), "roughness": (1, 5), "half_pressure": (0.5, 2)}[key]
            assert ratio == pytest.approx(low if step.shares[step.moved] == 0 else high, rel=1e-3)
    ends = [step.point.name for step in steps]
    assert "run=creep-low" in ends
    assert "run=creep-high" not in ends  # masias is the fastest
    assert "run=delta-low" not in ends  # the range of 10 to 50 nm begins at the case's
    assert len(steps) == 1 + 6 * 2 - 1 + 1 + 1


def test_the_removal_rate_is_that_of_the_case() -> None:
    """k_n halved and doubled against the automatic one, which it keeps even where f_c is
    changed."""
    steps = {step.point.name: step for step in one_at_a_time(PLAN, FACTORS)}
    automatic = from_case.interface(load_case(STRIP)).removal_rate
    assert from_case.interface(steps["run=k_n-high"].point.case).removal_rate == pytest.approx(2 * automatic, rel=1e-3)
    assert from_case.interface(steps["run=base"].point.case).removal_rate == automatic


def test_screening_covers_the_ranges_and_moves_one_factor_at_a_time() -> None:
    steps = screening(PLAN, FACTORS, 8)
    assert len(steps) == 8 * (len(FACTORS) + 1)
    by_name = {step.point.name: step for step in steps}
    shares = np.array([step.shares for step in steps])
    assert (shares.min(axis=0) < 0.2).all()
    assert (shares.max(axis=0) > 0.8).all()
    for step in steps:
        if step.moved is None:
            continue
        moved = np.array(step.shares) != np.array(by_name[step.origin].shares)
        assert np.flatnonzero(moved).tolist() == [step.moved]
        assert abs(step.shares[step.moved] - by_name[step.origin].shares[step.moved]) >= 0.25
    assert [step.shares for step in screening(PLAN, FACTORS, 4)] == [step.shares for step in steps[: 4 * (len(FACTORS) + 1)]]


def test_elementary_effects_of_a_known_function() -> None:
    """y = 3 x_0 - 2 x_1 + 4 x_2 x_0: effects 3 + 4 x_2, -2 and 4 x_0."""
    steps = screening(PLAN, FACTORS, 8)
    values = {step.point.name: 3 * step.shares[0] - 2 * step.shares[1] + 4 * step.shares[2] * step.shares[0] for step in steps}
    effects = elementary_effects(steps, values)
    np.testing.assert_allclose(effects[1], -2.0, rtol=1e-12)
    assert effects[1].std() == pytest.approx(0.0, abs=1e-12)
    assert (effects[0] >= 3 - 1e-12).all()
    assert effects[0].std() > 0.3
    np.testing.assert_allclose(effects[3], 0.0, atol=1e-12)


def test_creep_sets_stand_by_their_rate() -> None:
    creep = FACTORS[NAMES.index("creep")]
    assert [creep.value(share) for share in creep.levels] == ['"anand_narayan_steady"', '"lepage"', '"masias"']
    assert creep.base == 1.0
    assert factors_of(load_case(STRIP, ['lithium.creep="lepage"']))[-1].base == 0.5


@pytest.mark.parametrize(
    ("chosen", "ranges", "says"),
    [
        (["f_d"], {}, 'did you mean "f_c"'),
        ([], {"D": (2.0, 10.0)}, "must include 1"),
        ([], {"asr_spread": (0.2, 0.5)}, "must include the case's"),
    ],
)
def test_bad_factors(chosen: list[str], ranges: dict[str, tuple[float, float]], says: str) -> None:
    with pytest.raises(CaseError, match=says):
        factors_of(load_case(STRIP), chosen, ranges)


def test_effects_table_and_picture(tmp_path: Path) -> None:
    chosen = factors_of(load_case(STRIP), ["f_c", "D", "creep"])
    steps = (*one_at_a_time(PLAN, chosen), *screening(PLAN, chosen, 2))
    outcomes = [
        Outcome(
            step.point,
            "failed" if step.point.name == "run=D-high" else "reduced",
            "done",
            contact_fraction=0.5 + 0.2 * step.shares[0] + 0.1 * step.shares[2],
            carrying_fraction=0.2,
            end_time_s=3600.0,
            voltage_mV=20.0,
        )
        for step in steps
    ]
    effects = effects_of(chosen, steps, outcomes)
    assert len(effects) == 3 * len(RESULTS)
    by = {(effect.factor, effect.result): effect for effect in effects}
    porosity = by["f_c", "contact_fraction"]
    assert (porosity.low, porosity.base, porosity.high) == pytest.approx((0.6, 0.7, 0.8))
    assert (porosity.mean_effect, porosity.scatter) == (pytest.approx(0.2), pytest.approx(0.0, abs=1e-12))
    assert by["creep", "contact_fraction"].high == by["creep", "contact_fraction"].base
    assert math.isnan(by["D", "contact_fraction"].high)
    assert by["D", "contact_fraction"].verdicts == ("reduced", "reduced", "failed")
    write_effects(tmp_path, effects)
    rows = list(csv.DictReader((tmp_path / "sensitivity.csv").open(encoding="utf-8")))
    assert [row["factor"] for row in rows[:3]] == ["f_c", "D", "creep"]
    assert json.loads((tmp_path / "sensitivity.json").read_text(encoding="utf-8"))[1]["high"] is None
    headings, first, *_ = table(effects)
    assert first[0] in ("f_c", "D", "creep")
    assert len(first) == len(headings)
    draw_tornado(tmp_path / "tornado.png", effects, "title")
    assert (tmp_path / "tornado.png").stat().st_size > 10_000
