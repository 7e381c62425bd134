"""A tiny sensitivity study through the command line: run, taken up, drawn."""

import csv
from pathlib import Path

from tests.system.small import cellfem, settings, write_case

FAST = settings('mesh.near="1.5 um"', 'mesh.far="3 um"', 'protocol.0.duration="5 s"', 'numerics.dt_max="5 s"')


def test_study_and_taking_up(tmp_path: Path) -> None:
    case, out = write_case(tmp_path), tmp_path / "study"
    command = ("sensitivity", case, "--out", out, "--factors", "p_half", "--screening", "0", *FAST)
    said = cellfem(*command)
    rows = {row["result"]: row for row in csv.DictReader((out / "sensitivity.csv").open(encoding="utf-8"))}
    contact = rows["contact_fraction"]
    # A face that touches loosely: the harder half of it is to reach, the less of it touches.
    assert float(contact["low"]) > float(contact["base"]) > float(contact["high"])
    assert float(rows["end_time_s"]["low"]) == 5.0
    assert "p_half" in said.stdout
    assert (out / "tornado.png").stat().st_size > 10_000
    again = cellfem(*command)
    assert "3 of 3 points are done already" in again.stderr


def test_a_bad_factor_runs_nothing(tmp_path: Path) -> None:
    case, out = write_case(tmp_path), tmp_path / "study"
    said = cellfem("sensitivity", case, "--out", out, "--factors", "f_d", code=2)
    assert 'did you mean "f_c"' in said.stderr
    assert "--range D=0.5,10" in cellfem("sensitivity", case, "--out", out, "--range", "D=1", code=2).stderr
    assert not out.exists()
