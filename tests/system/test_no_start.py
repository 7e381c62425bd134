"""A run that finds no state to begin with, or is ended while it looks for one: nothing is made of
what is no solution."""

import math
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem.campaign.grid import Point
from cellfem.campaign.sweep_points import known_outcome
from cellfem.campaign.target import Target, read_trial
from cellfem.case import load_case
from cellfem.cluster.status import read_status
from tests.mpi import run_ranks
from tests.system.small import Ran, command, environment, read_run, run_here, settings, write_case

ONE_CORRECTION = "numerics.newton_max=1"
SHORT = ("protocol.0.duration=2 s", "void=[]")


@pytest.fixture(scope="module")
def hopeless() -> Iterator[None]:
    """No start takes more than one correction, and so none is found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cellfem.solver.engine.START_MOST", 1)
        yield


@pytest.fixture(scope="module")
def unsolved(hopeless: None, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run_here(tmp_path_factory.mktemp("unsolved"), ONE_CORRECTION, "output.pictures=true", "impedance.spectrum=true")


def test_there_is_no_row_no_picture_and_no_verdict(unsolved: Ran) -> None:
    assert (unsolved.end, unsolved.rows) == ("gave up", [])
    assert [unsolved.summary[name] for name in ("final", "min", "max", "verdict")] == [None] * 4
    assert (unsolved.summary["end_kind"], unsolved.summary["steps"]) == ("gave up", 0)
    left = {path.relative_to(unsolved.folder).as_posix() for path in unsolved.folder.rglob("*") if path.is_file()}
    assert {"records.csv", "summary.json", "log.txt", "mesh.msh"} <= left
    assert not [name for name in left if name.endswith((".png", ".pvd", ".vtu", ".pvtu", ".npz")) or "spectrum" in name]
    assert (unsolved.folder / "voids.csv").read_text(encoding="utf-8").count("\n") == 1, "only its header"


def test_what_is_told_fits(unsolved: Ran) -> None:
    """This load is gentle: neither is a smaller current advised nor a lower one."""
    reason, log = unsolved.summary["reason"], (unsolved.folder / "log.txt").read_text(encoding="utf-8")
    assert reason.startswith("no equilibrium at t = 0 s")
    assert "begin with a step at rest" in reason
    assert log.strip() == reason


def test_what_looks_at_many_runs_counts_it_as_failed(unsolved: Ran, tmp_path: Path) -> None:
    overrides = (ONE_CORRECTION, "output.pictures=true", "impedance.spectrum=true")
    point = Point((("pressure", "0.8 MPa"),), overrides, load_case(write_case(tmp_path), overrides))
    shutil.copytree(unsolved.folder, tmp_path / point.name)
    outcome = known_outcome(point, tmp_path)
    assert outcome is not None
    assert (outcome.verdict, outcome.end, outcome.gave_up) == ("failed", "solver gave up at 0 s", True)
    assert math.isnan(outcome.contact_fraction)
    trial = read_trial(point, tmp_path, Target("asr_ohm_cm2", 50.0, 5e-3, "50"), 1.0)
    assert math.isnan(trial.value)
    assert read_status(unsolved.folder).state == "solver gave up at 0 s"


def test_the_command_says_why_and_ends_with_3(hopeless: None, tmp_path: Path) -> None:
    from cellfem.cli import app

    words = ["run", str(write_case(tmp_path)), "--out", str(tmp_path / "out"), "--quiet", *settings(ONE_CORRECTION, *SHORT)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3
    assert done.output.startswith("no equilibrium at t = 0 s")
    assert "contact" not in done.output
    spectrum = CliRunner().invoke(app, ["impedance", words[1], "--out", str(tmp_path / "z"), *settings(ONE_CORRECTION, *SHORT)])
    assert spectrum.exit_code == 3
    assert not (tmp_path / "z" / "spectrum.csv").exists()


PROGRAM = """
import os, signal, sys
from pathlib import Path
from mpi4py import MPI
from cellfem.case import load_case
from cellfem.runner import Pace, run_case
from cellfem.solver.newton import Newton

case, out, way = sys.argv[1:]
count, assemble = 0, Newton._assemble

def counted(self):
    global count
    count += 1
    if way == "signal" and count == 4 and MPI.COMM_WORLD.rank == MPI.COMM_WORLD.size - 1:  # any rank may be told
        os.kill(os.getpid(), signal.SIGTERM)
    assemble(self)

Newton._assemble = counted
limit = Pace(max_time_s=0.01) if way == "time" else None
result = run_case(load_case(Path(case), ["void=[]"]), Path(out), quiet=True, pace=limit)
assert result.end.kind == "interrupted", result.end
assert count <= 5, count
"""


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("way", ["signal", "time"])
def test_it_is_heard_in_the_search_for_the_start(way: str, ranks: int, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    run_ranks(ranks, program, write_case(tmp_path), tmp_path / "out", way)
    assert not (tmp_path / "out").exists(), "a run that did not start leaves the folder as it found it"


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_outlives_who_reads_it(ranks: int, tmp_path: Path) -> None:
    """As in `cellfem run … 2>&1 | head -1`."""
    words = command("run", write_case(tmp_path), "--out", tmp_path / "out", "-n", ranks, "--progress", "0 s", *settings(*SHORT))
    reading, writing = os.pipe()
    process = subprocess.Popen(words, env=environment(), stdout=writing, stderr=writing)
    os.close(writing)
    assert os.read(reading, 1)
    os.close(reading)
    assert process.wait(timeout=240) == 0
    ran = read_run(tmp_path / "out")
    assert (ran.summary["end_kind"], ran.rows[-1]["time_s"]) == ("done", pytest.approx(2.0))
