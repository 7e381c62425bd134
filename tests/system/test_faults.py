"""What a run leaves when it is stopped, when the solver gives up, and when it cannot write."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cellfem.launch import mpiexec
from cellfem.output.records import read_records
from cellfem.solver.engine import Engine, StartError
from cellfem.solver.newton import Outcome
from tests.system.small import WAIT_S, Ran, cellfem, command, environment, read_run, run_here, settings, write_case

ENDLESS = ("protocol.0.duration=10 h", 'numerics.dt=["50 ms"]', "void=[]")


def start(folder: Path, *words: object) -> subprocess.Popen[str]:
    """A run with rows enough to be met on its way."""
    chosen = command("run", write_case(folder), "--out", folder / "out", *settings(*ENDLESS), *words)
    return subprocess.Popen(chosen, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_rows(process: subprocess.Popen[str], folder: Path, count: int) -> int:
    """Wait until records.csv of the running process has `count` rows; the number that it has."""
    path, late = folder / "out" / "records.csv", time.monotonic() + WAIT_S
    while time.monotonic() < late:
        rows = path.read_text(encoding="utf-8").count("\n") - 1 if path.exists() else 0
        if rows >= count:
            return rows
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError(f"no {count} rows within {WAIT_S:g} s")


@pytest.mark.parametrize(("number", "ranks"), [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGHUP, 1), (signal.SIGHUP, 2)])
def test_a_signal_ends_the_run_with_what_there_is(number: signal.Signals, ranks: int, tmp_path: Path) -> None:
    """SIGHUP, of a terminal that was closed, as well as SIGTERM."""
    process = start(tmp_path, "-n", ranks)
    try:
        seen = wait_for_rows(process, tmp_path, 3)
        later = wait_for_rows(process, tmp_path, seen + 2)
        assert later > seen, "rows come while the run goes on"
        process.send_signal(number)
        shown, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 4, said
    ran = read_run(tmp_path / "out")
    assert len(ran.rows) >= later
    assert ran.summary["end"].startswith("stopped from outside at ")
    assert (ran.summary["end_kind"], ran.summary["condition"]) == ("interrupted", "")
    assert list((tmp_path / "out" / "checkpoint").glob("0*.npz"))
    assert ran.summary["end_time_s"] == ran.rows[-1]["time_s"]
    assert "so far: the run was stopped from outside" in ran.summary["verdict"]["text"]
    assert "stopped from outside" in shown
    assert f"to continue: cellfem resume {ran.folder}" in said
    assert_last_state_is_written(ran)


def assert_last_state_is_written(ran: Ran) -> None:
    import pyvista

    reader = pyvista.get_reader(str(ran.folder / "cellfem.pvd"))
    assert reader.time_values[-1] == pytest.approx(ran.rows[-1]["time_s"], rel=1e-12)
    reader.set_active_time_value(reader.time_values[-1])
    lithium = reader.read()[0]
    assert lithium.bounds[3] == pytest.approx(6 + ran.rows[-1]["platen_um"], abs=1e-9)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (("numerics.newton_max=1",), "too many iterations"),
        (("numerics.dt_min=1 s", "numerics.tolerance=1e-6"), "time error"),
    ],
)
def test_solver_that_gives_up(overrides: tuple[str, ...], why: str, tmp_path: Path) -> None:
    done = cellfem("run", write_case(tmp_path), "--out", tmp_path / "out", *settings(*overrides), code=3)
    ran = read_run(tmp_path / "out")
    assert ran.summary["end"].startswith("solver gave up at ")
    assert ran.summary["end_time_s"] == ran.rows[-1]["time_s"] < 20
    assert "the solver gave up" in ran.summary["verdict"]["text"]
    for told in (done.stderr, (tmp_path / "out" / "log.txt").read_text(encoding="utf-8")):
        assert "the time step fell below" in told
        assert why in told
    assert ran.summary["end_kind"] == "gave up"
    assert ran.worst_balance() <= 1e-8, "the last state written is a good one"
    assert_last_state_is_written(ran)


def test_load_without_an_equilibrium_later_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a state that its search has damaged nothing is left: the last good one is written."""
    searched = Engine._continue

    def in_vain(engine: Engine, *stages: Any) -> Outcome:
        found = searched(engine, *stages)
        if engine.stepper.time > 1.0:
            engine.system.set(2.0 * engine.system.get())
            raise StartError("no equilibrium at t = 2 s")
        return found

    monkeypatch.setattr(Engine, "_continue", in_vain)
    rest = '{ mode = "rest", duration = "2 s", pressure = "0.8 MPa" }'
    strip = '{ mode = "strip", current = "0.5 mA/cm^2", duration = "1 s", pressure = "0.8 MPa" }'
    ran = run_here(tmp_path, f"protocol=[{rest}, {strip}]")
    assert (ran.end, ran.rows[-1]["time_s"]) == ("gave up", pytest.approx(2.0))
    assert "no equilibrium at t = 2 s" in (ran.folder / "log.txt").read_text(encoding="utf-8")
    assert ran.worst_balance() <= 1e-8
    assert_last_state_is_written(ran)


def test_current_that_the_contact_does_not_let_through(tmp_path: Path) -> None:
    rest = '{ mode = "rest", duration = "2 s", pressure = "0.8 MPa" }'
    strip = '{ mode = "strip", current = "1e4 mA/cm^2", duration = "1 s", pressure = "0.8 MPa" }'
    ran = run_here(tmp_path, f"protocol=[{rest}, {strip}]")
    assert ran.end == "gave up"
    assert 2.0 <= ran.rows[-1]["time_s"] < 3.0
    log = (ran.folder / "log.txt").read_text(encoding="utf-8")
    assert "a current of 1e+04 mA/cm^2 needs" in log
    assert "begin with a smaller current" in log
    assert ran.worst_balance() <= 1e-8
    assert_last_state_is_written(ran)


@pytest.mark.parametrize(
    ("stop", "measure"),
    [
        ({"stop.voltage": "60 mV"}, "voltage"),
        ({"stop.contact": "0.5", "pressure": "0.1 MPa"}, "contact"),
        ({"stop.gap": "0.45 um", "mode": "plate", "pressure": "0.2 MPa"}, "gap"),
    ],
)
def test_stop_condition_is_met_within_a_hundredth(stop: dict[str, str], measure: str, tmp_path: Path) -> None:
    steps = [f"protocol.0.{key}={value}" for key, value in stop.items()]
    ran = run_here(tmp_path, "protocol.0.duration=1 h", *steps)
    last, before = ran.rows[-1], ran.rows[-2]
    limit, value, earlier = {
        # less the voltage without current, -Ωp/F
        "voltage": (60.0, last["voltage_mV"] + 0.108, before["voltage_mV"] + 0.108),
        "contact": (0.5, last["contact_fraction"], before["contact_fraction"]),
        "gap": (0.45, last["gap_max_um"], before["gap_max_um"]),
    }[measure]
    assert value == pytest.approx(limit, rel=0.0101)
    assert (value - limit) * (earlier - limit) < 0, "the last step goes just beyond the limit"
    assert ran.end == "stop"
    assert ran.summary["end"].startswith(f"stop.{measure} at ")
    assert (ran.summary["end_kind"], ran.summary["condition"]) == ("stop", measure)
    assert ran.summary["end_time_s"] == last["time_s"] < 3600
    assert ran.summary["verdict"]["contact"] == "lost"
    assert f"the {measure} limit was reached" in ran.summary["verdict"]["text"]


def test_stop_that_is_met_at_the_start_ends_there(tmp_path: Path) -> None:
    ran = run_here(tmp_path, "protocol.0.stop.contact=0.9")
    assert (ran.end, len(ran.rows), ran.summary["end_time_s"]) == ("stop", 1, 0.0)


def test_stop_in_a_later_step_of_the_protocol(tmp_path: Path) -> None:
    strip = '{ mode = "strip", current = "0.5 mA/cm^2", duration = "1 h", pressure = "0.8 MPa", stop = { voltage = "60 mV" } }'
    ran = run_here(tmp_path, f'protocol=[{{ mode = "rest", duration = "5 s", pressure = "0.8 MPa" }}, {strip}]')
    assert ran.summary["end"].startswith("stop.voltage at ")
    assert ran.rows[-1]["voltage_mV"] == pytest.approx(60.0, rel=0.012)
    assert ran.rows[-1]["capacity_mAh_cm2"] == pytest.approx(0.5 * (ran.rows[-1]["time_s"] - 5) / 3600, rel=1e-3)


@pytest.mark.parametrize("verb", ["run", "mesh"])
def test_folder_that_cannot_be_written(verb: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = cellfem(verb, write_case(tmp_path), "--out", tmp_path / "file" / "results", code=2)
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith(str(tmp_path / "file" / "results"))
    assert sentence.endswith("cannot be written (Not a directory); give another place with --out, or make room there")
    assert "Traceback" not in done.stderr


DENIED = """
import sys
from cellfem.output.records import RecordWriter
def denied(self, path, *_):
    raise PermissionError(13, "Permission denied", str(path))
RecordWriter.__init__ = denied
from cellfem.cli import app
app()
"""


def test_error_on_one_rank_ends_all(tmp_path: Path) -> None:
    """records.csv, which rank 0 alone writes, cannot be opened."""
    begin = time.monotonic()
    words = ("run", write_case(tmp_path), "--out", tmp_path / "out")
    chosen = [str(mpiexec()), "-n", "2", sys.executable, "-c", DENIED, *map(str, words)]
    done = subprocess.run(chosen, env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode != 0
    assert "records.csv" in done.stderr
    assert time.monotonic() - begin < WAIT_S / 2
    assert not (tmp_path / "out" / "summary.json").exists()


def test_killed_run_keeps_its_rows_and_fields(tmp_path: Path) -> None:
    process = start(tmp_path, "--quiet", *settings("output.interval=0.1 s"))
    try:
        seen = wait_for_rows(process, tmp_path, 8)
    finally:
        process.kill()
        process.communicate()
    rows = read_records(tmp_path / "out" / "records.csv")
    assert len(rows) >= seen
    assert not (tmp_path / "out" / "summary.json").exists()
    import pyvista

    reader = pyvista.get_reader(str(tmp_path / "out" / "cellfem.pvd"))
    assert len(reader.time_values) >= 2
    reader.set_active_time_value(reader.time_values[-1])
    assert reader.read()[0].n_points > 0


def test_summary_is_json_that_any_reader_takes(tmp_path: Path) -> None:
    """At rest there is no resistance to be read off: null, not NaN."""
    ran = run_here(tmp_path, 'protocol=[{ mode = "rest", duration = "1 s", pressure = "0.8 MPa" }]')
    text = (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in summary.json"))["final"]["asr_ohm_cm2"] is None
    assert ran.end == "done"
