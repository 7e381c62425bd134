"""When fields are written: steps that end on output times, by default and when asked, and the mark
in the records."""

from pathlib import Path

import pytest

from cellfem.case import CaseError, parse_case
from cellfem.output.records import RecordWriter, read_records
from cellfem.quantities import WRITTEN, record_columns
from cellfem.runner.prepare import segments_of
from cellfem.solver.march import _to_output, whole_steps

STRIP = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "60 s", "pressure": "1 MPa"}


def spacing(output: dict[str, object], **tables: object) -> list[float | None]:
    """Of the outputs that the steps of each protocol step end on."""
    case = parse_case({"protocol": [STRIP, STRIP | {"duration": "600 s"}], "output": output, **tables})
    return [segment.outputs for segment in segments_of(case)]


def test_steps_end_on_outputs_where_asked_or_where_it_costs_little() -> None:
    """The largest steps are 2 and 20 s: an interval of 10 s is five of the first and half of one of
    the second."""
    assert spacing({}) == [None, None]
    assert spacing({"interval": "10 s"}) == [10.0, None]
    assert spacing({"interval": "60 s"}) == [60.0, 60.0]
    assert spacing({"interval": "10 s", "exact": True}) == [10.0, 10.0]
    assert spacing({"interval": "60 s", "exact": False}) == [None, None]
    assert spacing({"exact": True}) == [22.0, 22.0]
    assert spacing({"interval": "60 s"}, numerics={"dt": ["1 s"]}) == [None, None]
    with pytest.raises(CaseError, match="prescribes where steps end"):
        spacing({"exact": True}, numerics={"dt": ["1 s"]})


@pytest.mark.parametrize("wanted", [0.3, 0.667, 0.9, 1.4, 2.0, 5.0])
def test_an_output_is_met_without_a_small_step(wanted: float) -> None:
    """Nothing shorter than half of what is wanted, and the time to round-off."""
    left, steps = 3.0, []
    while left > 1e-12:
        steps.append(whole_steps(wanted, left))
        left -= steps[-1]
    assert sum(steps) == pytest.approx(3.0, rel=1e-12)
    assert min(steps) >= min(wanted / 2, 3.0) * (1 - 1e-9)
    assert max(steps) <= max(wanted, 0.0) * (1 + 1e-9)


def test_outputs_at_hand_and_at_the_end_of_a_step_make_no_step_of_round_off() -> None:
    assert _to_output(0.0, 3.0, 20.0) == 3.0
    assert _to_output(3.0 - 1e-13, 3.0, 17.0) == pytest.approx(3.0)
    assert _to_output(18.0, 3.0, 2.0) == 2.0
    assert _to_output(16.0, 3.0, 2.0 + 1e-9) == 2.0 + 1e-9
    assert _to_output(1.0, None, 7.0) == 7.0


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_mark_of_a_row_may_change_in_place(symmetric: bool, tmp_path: Path) -> None:
    columns = record_columns(symmetric=symmetric)
    rows = [dict.fromkeys(columns, 0.5) | {"step": step, WRITTEN: 0} for step in range(3)]
    with RecordWriter(tmp_path / "records.csv", columns) as writer:
        for row in rows[:2]:
            writer.write(row)
        writer.replace_last(WRITTEN, "1")
        writer.write(rows[2])
    assert [row[WRITTEN] for row in read_records(tmp_path / "records.csv")] == [0, 1, 0]
    assert [row["step"] for row in read_records(tmp_path / "records.csv")] == [0, 1, 2]
