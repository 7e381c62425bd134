"""Records, summary and progress."""

import csv
import errno
import hashlib
import io
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from cellfem.formatting import time_text
from cellfem.observe.voids import TrackedVoid, VoidSnapshot, start_voids
from cellfem.output.progress import Progress
from cellfem.output.records import (
    RecordsError,
    RecordWriter,
    read_records,
    void_rows,
    write_atomic,
)
from cellfem.output.summary import (
    End,
    SummaryError,
    _number,
    contact_verdict,
    read_summary,
    show,
    summarise,
    unsolved,
    write_summary,
)
from cellfem.quantities import record_columns, void_columns


def row(step: int, **values: float) -> dict[str, float]:
    start = dict.fromkeys(record_columns(), 0.0)
    return start | {"step": step, "time_s": 60.0 * step, "dt_s": 60.0, "pressure_MPa": 0.4, "newton_iterations": 4} | values


def void(number: int, left: float, area: float, **history: object) -> TrackedVoid:
    found = VoidSnapshot(left, left + 2, left + 1, 2.0, 0.1, area)
    return TrackedVoid(number, found, found, **({"cause": "start", "birth_time_s": 0.0} | history))  # type: ignore[arg-type]


def test_columns_of_the_issue() -> None:
    assert record_columns()[:3] == ("time_s", "step", "pressure_MPa")
    assert record_columns()[19:22] == ("newton_iterations", "dendrite_index_max", "dendrite_likelihood")
    resistances = ("asr_small_signal_ohm_cm2", "asr_charge_transfer_ohm_cm2", "asr_constriction_ohm_cm2", "cell_resistance_ohm")
    assert set(resistances) <= set(record_columns())
    assert set(record_columns(volume=True)) - set(record_columns()) == {"void_volume_um3"}
    assert void_columns(volume=True)[7] == "volume_um3"


def test_records_are_on_disk_after_each_row_and_read_back_to_the_bit(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    with RecordWriter(path, record_columns()) as writer:
        third = row(1, contact_fraction=1 / 3, voltage_mV=float(np.float64(0.1) + 0.2), asr_ohm_cm2=math.nan)
        numpy_numbers: dict[str, Any] = {"void_count": np.int64(2), "porosity_max": np.float64(0.1)}
        writer.write(third | numpy_numbers)
        (back,) = read_records(path)
        assert (back["contact_fraction"], back["voltage_mV"]) == (1 / 3, 0.1 + 0.2)
        assert math.isnan(back["asr_ohm_cm2"])
    (text,) = csv.DictReader(path.open())
    assert (text["step"], text["void_count"], text["porosity_max"]) == ("1", "2", "0.1")


SPOILT = {
    "a word": (b"time_s,step\n0.0,0\n1.x,1\n", "line 3 cannot be read (could not convert string to float: '1.x')"),
    "a row cut short": (b"time_s,step\n0.0,0\n1.0\n", "line 3 has 1 values instead of 2"),
    "a value too many": (b"time_s,step\n0.0,0,7\n", "line 2 has 3 values instead of 2"),
    "another digit": ("time_s,step\n0.0,²\n".encode(), "line 2 cannot be read"),
    "bytes of something else": (b"time_s,step\n\xff\xfe,0\n", "cannot be read"),
    "a zero byte": (b"time_s,step\n0.0,\x00\n", "line 2 cannot be read"),
    "nothing": (b"", "has no column time_s, step"),
    "another table": (b"a,b\n1,2\n", "has no column time_s, step"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_damaged_records_are_told_in_a_sentence(what: str, tmp_path: Path) -> None:
    path, (data, why) = tmp_path / "records.csv", SPOILT[what]
    path.write_bytes(data)
    with pytest.raises(RecordsError) as told:
        read_records(path, ("time_s", "step"))
    assert str(told.value).startswith(f"{path}: ")
    assert why in str(told.value)
    assert str(told.value).endswith("; put back the file that the run wrote, or run the case again")


def test_a_row_that_finds_no_room_leaves_the_rows_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk takes a part of the row at most; once there is room the next row follows the last
    whole one."""
    path, fsync = tmp_path / "records.csv", os.fsync
    with RecordWriter(path, ("a", "b")) as writer:
        writer.write({"a": 1.0, "b": 2.0})
        before, digest = path.read_bytes(), writer.digest()

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left on device") as told:
            writer.write({"a": 3.0, "b": 4.0})
        assert told.value.filename == str(path)
        assert (path.read_bytes(), writer.digest()) == (before, digest)
        monkeypatch.setattr("os.fsync", fsync)
        writer.write({"a": 5.0, "b": 6.0})
        assert read_records(path)[1] == {"a": 5.0, "b": 6.0}
        assert writer.digest() == hashlib.sha256(path.read_bytes()).hexdigest()
    with RecordWriter(path, ("a", "b"), going_on=True) as again:
        assert again.digest() == writer.digest()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not JSON"),
        ("[1, 2]", "is not a summary of a run"),
        ('{"end": 3}', "final, max, verdict, end_time_s, wall_s, end, end_kind, condition is not as cellfem writes it"),
        (
            '{"end": "solver gave up at 0 s", "end_kind": "gave up", "final": null}',
            "final, max, verdict, end_time_s, wall_s, cond",
        ),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_damaged_summary_is_told_in_a_sentence(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SummaryError, match=re.escape(f"{path}: ")) as told:
        read_summary(path)
    assert why in str(told.value)
    assert "\n" not in str(told.value)


def test_row_with_wrong_columns_is_refused(tmp_path: Path) -> None:
    refusal = pytest.raises(ValueError, match=r"lacks \['b'\], has unknown \['c'\]")
    with RecordWriter(tmp_path / "records.csv", ("a", "b")) as writer, refusal:
        writer.write({"a": 1.0, "c": 2.0})


def test_void_rows_hold_the_open_ones(tmp_path: Path) -> None:
    voids = [void(1, 0.0, 3.0), void(2, 9.0, 1.0, cause="void edge", birth_time_s=7.5), void(3, 20.0, 1.0, is_open=False)]
    path = tmp_path / "voids.csv"
    with RecordWriter(path, void_columns()) as writer:
        for line in void_rows(30.0, voids):
            writer.write(line)
    rows = list(csv.DictReader(path.open()))
    assert [r["id"] for r in rows] == ["1", "2"]
    assert rows[1] == {
        "time_s": "30.0",
        "electrode": "1",
        "id": "2",
        "event": "open",
        "place_um": "10.0",
        "width_um": "2.0",
        "depth_um": "0.1",
        "area_um2": "1.0",
        "cause": "void edge",
        "birth_time_s": "7.5",
        "birth_place_um": "10.0",
        "death": "",
        "death_time_s": "",
    }


def test_write_atomic_replaces_or_leaves_alone(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    write_atomic(path, "µm")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]
    assert path.read_bytes() == b"new"


def test_times_in_words() -> None:
    assert [time_text(t) for t in (0.0, 0.25, 266.0, 1440.0, 3600.0, 5400.0, 90000.0)] == [
        "0 s",
        "0.25 s",
        "266 s",
        "24 min",
        "1 h",
        "1.5 h",
        "25 h",
    ]


@pytest.mark.parametrize(
    ("contact", "end", "verdict"),
    [
        (0.858, End("done", 3600), "kept"),
        (0.856, End("done", 3600), "reduced"),
        (0.95, End("stop", 266, "voltage"), "lost"),
        (0.95, End("stop", 0, "voltage", at_once=True), "untested"),
        (0.95, End("gave up", 266), "kept"),
    ],
)
def test_verdict_on_contact(contact: float, end: End, verdict: str) -> None:
    assert contact_verdict(contact, 0.4, 0.02, end) == verdict  # 0.9 * 0.4/0.42 = 0.8571


def test_net_charge_and_what_has_passed_are_told_apart() -> None:
    cycle = row(2, contact_fraction=0.9, capacity_mAh_cm2=2e-17, throughput_mAh_cm2=0.4)
    strip = row(2, contact_fraction=0.9, capacity_mAh_cm2=0.4, throughput_mAh_cm2=0.4)
    texts = [
        summarise([end], [], End("done", 120), half_pressure_MPa=0.02, wall_s=1, version="1")["verdict"]["text"]
        for end in (cycle, strip)
    ]
    assert "(0 mAh/cm² net, 0.4 passed)" in texts[0]
    assert "(0.4 mAh/cm²)" in texts[1]


def test_summary(tmp_path: Path) -> None:
    rows = [
        row(0, contact_fraction=0.9, voltage_mV=math.nan, newton_iterations=9, balance_charge=math.nan),
        row(1, contact_fraction=0.95, voltage_mV=8.0, balance_charge=math.nan),
        row(2, contact_fraction=0.28, voltage_mV=200.0, capacity_mAh_cm2=0.037, balance_charge=math.nan),
    ]
    (lens,) = start_voids([VoidSnapshot(0, 5, 0, 5, 1, 3.3)])
    shrunk = TrackedVoid(1, lens.birth, VoidSnapshot(0, 4, 0, 4, 0.5, 1.2), "start", 0.0)
    voids = [
        shrunk,
        void(2, 8.0, 2.0, is_open=False),
        void(3, 14.0, 0.1, cause="pillar", birth_time_s=31.0),
        void(4, 20.0, 0.1, cause="flow", birth_time_s=60.0, is_open=False, merged_into=3),
    ]
    summary = summarise(rows, voids, End("stop", 120.0, "voltage"), half_pressure_MPa=0.02, wall_s=12.0, version="1.0")
    write_summary(tmp_path / "summary.json", summary)
    back = json.loads((tmp_path / "summary.json").read_text())
    assert (back["min"]["contact_fraction"], back["max"]["contact_fraction"]) == (0.28, 0.95)
    assert (back["min"]["voltage_mV"], back["final"]["balance_charge"], back["max"]["balance_charge"]) == (8.0, None, None)
    assert (back["end"], back["end_time_s"], back["steps"], back["newton_iterations"]) == ("stop.voltage at 120 s", 120.0, 2, 17)
    assert (back["end_kind"], back["condition"]) == ("stop", "voltage")
    assert read_summary(tmp_path / "summary.json") == back
    verdict = back["verdict"]
    assert (verdict["contact"], verdict["capacity_mAh_cm2"]) == ("lost", 0.037)
    assert [v["change"] for v in verdict["voids"]] == ["shrank", "closed", "opened", "opened"]
    assert (verdict["voids"][0]["start_area_um2"], verdict["voids"][0]["end_area_um2"]) == (3.3, 1.2)
    assert (
        verdict["voids"][2] | {"cause": "patch", "mechanism": "pillar", "time_s": 31.0, "place_um": 15.0} == verdict["voids"][2]
    )
    assert (verdict["voids"][3]["merged_into"], verdict["voids"][3]["end_area_um2"]) == (3, 0.0)
    assert verdict["text"] == (
        "Contact was lost: the voltage limit was reached after 120 s (0.037 mAh/cm²) with 28 % of the interface in contact, "
        "against 95 % of a perfect flat face at 0.4 MPa. Of the 2 voids of the start 1 closed, 1 shrank, and 2 new ones opened, "
        "the first at 15 µm after 31 s propped open by a pillar that strips less; 1 of them open at the end."
    )


def test_summary_of_a_run_that_found_no_start(tmp_path: Path) -> None:
    write_summary(tmp_path / "summary.json", unsolved(End("gave up", 0.0), "no equilibrium", wall_s=1.0, version="1"))
    back = read_summary(tmp_path / "summary.json")
    assert [back[name] for name in ("final", "min", "max", "verdict")] == [None] * 4
    assert (back["end"], back["end_kind"], back["reason"]) == ("solver gave up at 0 s", "gave up", "no equilibrium")


def test_summary_without_voids_or_rows() -> None:
    end = End("done", 3600.0)
    summary = summarise([row(3, contact_fraction=0.95)], [], end, half_pressure_MPa=0.02, wall_s=1.0, version="1")
    assert summary["end"] == "done"
    assert summary["verdict"]["text"].endswith("There was no void at the start, and no new one opened.")
    with pytest.raises(ValueError, match="record"):
        summarise([], [], end, half_pressure_MPa=0.02, wall_s=1.0, version="1")


def test_terminal_shows_verdict_and_files() -> None:
    summary = summarise([row(3)], [void(1, 0.0, 3.0)], End("done", 9.0), half_pressure_MPa=0.02, wall_s=1.0, version="1")
    console = Console(file=io.StringIO(), width=80)
    where = Path("results") / ("a-long-name" * 8) / "stack.png"
    show(console, summary, {"picture": where})
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "reduced: 0 % (95 % for a perfect flat face)" in text
    assert f"picture: {where}\n" in text


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), width=120, force_terminal=terminal)


def test_batch_log_has_a_line_every_ten_seconds_and_log_txt_every_step(tmp_path: Path) -> None:
    wall = iter(np.arange(0.0, 100.0, 3.0))
    batch = console(False)
    progress = Progress(600.0, tmp_path / "log.txt", console=batch, clock=lambda: float(next(wall)))
    for step in range(1, 9):  # 3 s of wall time each
        progress.step(row(step, contact_fraction=0.5))
    progress.note("Half way [almost].")
    progress.close()
    progress.close()
    lines = batch.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[0].startswith("60 s of 10 min, step 60 s, contact 0.500, 27 s left, until ")
    assert len(lines) == 3
    assert lines[-1] == "Half way [almost]."
    log = (tmp_path / "log.txt").read_text().splitlines()
    assert len(log) == 9
    assert "step     8  t 480 s  dt 60 s  iterations 4" in log[7]


def test_bar_on_a_terminal_and_silence_when_quiet() -> None:
    screen = console(True)
    progress = Progress(600.0, console=screen)
    progress.step(row(5, contact_fraction=0.75))
    progress.close()
    assert "contact 0.750" in screen.file.getvalue()  # type: ignore[attr-defined]
    silent = console(True)
    progress = Progress(600.0, quiet=True, console=silent)
    progress.step(row(5))
    progress.note("unheard")
    progress.close()
    assert silent.file.getvalue() == ""  # type: ignore[attr-defined]


def test_a_reader_that_has_gone_does_not_end_the_run() -> None:
    """As in `cellfem run CASE 2>&1 | head`: neither rich nor PETSc, which has a handler of its own,
    ends the process."""
    script = (
        "import cellfem.backend\nfrom cellfem.output.progress import Progress\nprogress = Progress(1.0)\n"
        "for _ in range(3):\n    progress.note('x' * 70000)\nprint('went on')"
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=writing, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stdout) == (0, "went on\n")


def test_numbers_for_people_show_neither_round_off_nor_nan() -> None:
    assert [_number(x) for x in (1.89e-17, float("nan"), -6.274, 0.0321)] == ["0", "–", "-6.27", "0.0321"]
