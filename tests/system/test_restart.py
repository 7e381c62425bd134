"""A run that is stopped, killed or moved to other ranks goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from cellfem.case import load_case
from cellfem.checkpoint import CheckpointError
from cellfem.cluster.status import read_status
from cellfem.output.records import read_records
from cellfem.results.lock import NAME, SILENT_S, BusyError, holder
from cellfem.results.manifest import MARK, listed
from cellfem.runner import Pace, resume_run, run_case
from tests.support.restarts import assert_alike, signal_after
from tests.system.small import WAIT_S, cellfem, command, environment, settings, write_case

FIXED = ('numerics.dt=["0.5 s"]', "numerics.dt_initial=0.1 s")
REST = '{ mode = "rest", duration = "2 s", pressure = "0.8 MPa" }'
STRIP = '{ mode = "strip", current = "0.5 mA/cm^2", duration = "6 s", pressure = "0.8 MPa" }'
PLATE = '{ mode = "plate", current = "0.5 mA/cm^2", duration = "4 s", pressure = "0.8 MPa", pressure_end = "1 MPa" }'
SOLID = (
    *("stack.dimension=3", "stack.width=6 um", "stack.depth=4 um", "lithium.thickness=4 um", "electrolyte.thickness=5 um"),
    *("void.0.center_y=0 um", "patch=[]", "mesh.near=1.2 um", "protocol.0.duration=6 s", "numerics.dt_initial=0.5 s"),
    *('numerics.dt=["0.5 s"]', "numerics.newton_tolerance=1e-9"),
)
VARIANTS = {
    "adaptive": ("numerics.dt_max=2 s", "output.exact=true"),
    "prescribed": FIXED,
    "euler": ("numerics.scheme=euler", "numerics.dt_max=2 s"),
    "protocol": (f"protocol=[{STRIP}, {PLATE}, {REST}]", "numerics.dt_max=1 s"),
    "gas": ("interface.void_gas=gas", "numerics.dt_max=2 s"),
    "evolving resistance": ("lithium.anand={}", "numerics.dt_max=2 s"),
    "axisymmetric": ("stack.symmetry=axisymmetric", "patch=[]", "numerics.dt_max=2 s"),
    "symmetric": ("stack.cell=symmetric", "numerics.dt_max=2 s"),
    "periodic": ("stack.sides=periodic", "stack.cell=symmetric", "void.0.center=9 um", "numerics.dt_max=2 s"),
    "periodic box": (*SOLID, "stack.sides=periodic", "mesh.cells=bricks", "void.0.center=5 um", "void.0.half_width=1.5 um"),
    "solid": SOLID,
    "iterative": (*SOLID, "numerics.linear=iterative"),
}
GROWING = ("records.csv", "voids.csv", "cellfem.pvd")


def same_results(one: Path, other: Path) -> None:
    """Growing files and fields are alike to the last bit, and the summary but for its wall time."""
    for name in GROWING:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    fields = sorted(path.name for path in (one / "fields").iterdir())
    assert fields == sorted(path.name for path in (other / "fields").iterdir())
    for name in fields:
        assert (one / "fields" / name).read_bytes() == (other / "fields" / name).read_bytes(), name
    assert (one / "opening.csv").read_bytes() == (other / "opening.csv").read_bytes()
    first, second = (json.loads((folder / "summary.json").read_text(encoding="utf-8")) for folder in (one, other))
    assert {**first, "wall_s": 0} == {**second, "wall_s": 0}


@pytest.mark.parametrize(
    ("variant", "rows"),
    [
        ("adaptive", (2, 5, 9)),
        ("prescribed", (7,)),
        ("protocol", (4, 9, 12)),
        ("evolving resistance", (3, 8)),
        ("gas", (3, 8)),
        pytest.param("euler", (2, 6), marks=pytest.mark.slow),
        pytest.param("axisymmetric", (3, 8), marks=pytest.mark.slow),
        pytest.param("symmetric", (3, 8), marks=pytest.mark.slow),
        pytest.param("periodic", (3, 8), marks=pytest.mark.slow),
        pytest.param("solid", (3, 8), marks=pytest.mark.slow),
        pytest.param("iterative", (3, 8), marks=pytest.mark.slow),
    ],
)
def test_stopped_and_resumed_is_bit_for_bit_the_same(variant: str, rows: tuple[int, ...], tmp_path: Path) -> None:
    """Stopped several times, each time a step or more later than before; checkpoints leave no trace
    in the numbers."""
    case = load_case(write_case(tmp_path), (*VARIANTS[variant], "output.interval=1 s", "output.checkpoint=off"))
    kept = load_case(tmp_path / "small.toml", (*VARIANTS[variant], "output.interval=1 s"))
    assert run_case(case, tmp_path / "whole", quiet=True).end.kind == "done"
    assert not (tmp_path / "whole" / "checkpoint").exists()
    out = tmp_path / "parts"
    with signal_after(rows[0]):
        ended = run_case(kept, out, quiet=True)
    for stop in (*rows[1:], 0):
        assert ended.end.kind == "interrupted"
        assert "stopped from outside" in json.loads((out / "summary.json").read_text(encoding="utf-8"))["end"]
        with signal_after(stop):
            ended = resume_run(out, quiet=True)
    assert ended.end.kind == "done"
    same_results(tmp_path / "whole", out)
    assert not (out / "checkpoint").exists(), "a run that has ended needs none"
    assert (out / "log.txt").read_text(encoding="utf-8").count("continues from t = ") == len(rows)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with prescribed steps, never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    run_case(load_case(write_case(folder), FIXED), folder / "out", quiet=True)
    return folder / "out"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same stopped after row 20, by way of a checkpoint after row 10."""
    folder = tmp_path_factory.mktemp("stopped")
    case = load_case(write_case(folder), FIXED)
    with signal_after(10, signal.SIGUSR1), signal_after(20):
        assert run_case(case, folder / "out", quiet=True).end.kind == "interrupted"
    return folder / "out"


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to / "out")
    return to / "out"


def test_what_a_killed_run_was_just_writing_is_taken_away(stopped: Path, tmp_path: Path) -> None:
    """It found its way into the folder of the results where the kill fell between the two halves of
    replacing a file."""
    out = copied(stopped, tmp_path)
    left = [
        out / name for name in (".records.csv.a1b2.part", "fields/.LLZO_00004.pvtu.a1b2.part", "checkpoint/.00000019.npz.7.part")
    ]
    for again in (resume_run, partial(run_case, load_case(write_case(tmp_path), FIXED))):
        for path in left:
            path.parent.mkdir(exist_ok=True)
            path.write_text("half", encoding="utf-8")
        assert again(folder=out, quiet=True).end.kind == "done"
        assert list(out.rglob(".*.part")) == []


def test_run_of_a_cellfem_that_kept_no_list_is_resumed(whole: Path, stopped: Path, tmp_path: Path) -> None:
    out = copied(stopped, tmp_path)
    (out / MARK).unlink()
    assert resume_run(out, quiet=True).end.kind == "done"
    same_results(whole, out)
    assert listed(out) >= {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {MARK}


@pytest.mark.parametrize("ranks", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_resumed_on_other_ranks(whole: Path, stopped: Path, ranks: int, tmp_path: Path) -> None:
    out = copied(stopped, tmp_path)
    cellfem("resume", out, "-n", ranks, "--quiet")
    assert_alike(read_records(whole / "records.csv"), read_records(out / "records.csv"))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["symmetric", "periodic", "periodic box", "solid", "iterative"])
def test_other_stacks_resumed_on_two_ranks(variant: str, tmp_path: Path) -> None:
    """Newton's tolerance is set tight in 3-D: what an iteration leaves of a correction is then
    below 1e-8."""
    steps = FIXED if variant in ("symmetric", "periodic") else ()
    case = load_case(write_case(tmp_path), (*VARIANTS[variant], *steps))
    assert run_case(case, tmp_path / "whole", quiet=True).end.kind == "done"
    with signal_after(8):
        assert run_case(case, tmp_path / "out", quiet=True).end.kind == "interrupted"
    cellfem("resume", tmp_path / "out", "-n", 2, "--quiet")
    whole, parts = (read_records(tmp_path / name / "records.csv") for name in ("whole", "out"))
    assert_alike(whole, parts, least=12)


@pytest.mark.slow
def test_begun_on_more_ranks_than_resumed_on(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = command("run", write_case(tmp_path), "--out", out, "-n", 3, "--quiet", *settings(*FIXED))
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for_rows(process, out, 15)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=WAIT_S)[1].splitlines()
    assert [line for line in said if not line.startswith("note: 3 ranks")] == [f"stopped; to continue: cellfem resume {out}"]
    assert process.returncode == 4
    assert resume_run(out, quiet=True).end.kind == "done"
    assert_alike(read_records(whole / "records.csv"), read_records(out / "records.csv"))


def written(out: Path) -> int:
    """When the records were written last, ns; 0 without any."""
    path = out / "records.csv"
    return path.stat().st_mtime_ns if path.exists() else 0


def wait_for_rows(process: subprocess.Popen[str], out: Path, count: int, after: int = 0) -> None:
    """Until the process has written more than `count` rows; what stood there `after` (ns) was
    another's."""
    late = time.monotonic() + WAIT_S
    while time.monotonic() < late and process.poll() is None:
        if written(out) > after and (out / "records.csv").read_text(encoding="utf-8").count("\n") > count:
            return
        time.sleep(0.01)
    raise AssertionError(f"no {count} rows: {process.communicate()[1] if process.poll() is not None else 'too slow'}")


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_killed_at_random_moments(kills: int, tmp_path: Path) -> None:
    """kill -9 in set-up, steps, checkpoints and resumption: nothing is damaged, and no more lost
    than came after a checkpoint."""
    chosen = ("numerics.dt_max=0.2 s", "numerics.dt_initial=0.1 s", "output.interval=1 s")
    assert run_case(load_case(write_case(tmp_path), chosen), tmp_path / "whole", quiet=True).end.kind == "done"
    out, moment = tmp_path / "parts", random.Random(kills)
    words = command("run", tmp_path / "small.toml", "--out", out, "--quiet", "--checkpoint", "0.05 s", *settings(*chosen))
    reached, done, stepping = 0, 0, 0
    while done < kills:
        stood = written(out)
        begun = (out / "checkpoint" / "start.npz").exists()
        process = subprocess.Popen(
            command("resume", out, "--quiet") if begun else words,
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        if moment.random() < 0.7:  # else anywhere in the seconds of set-up
            wait_for_rows(process, out, reached + moment.randrange(1, 1 + 60 // kills), stood)
            stepping += 1
        time.sleep(moment.random() * (0.05 if begun else 2.0))
        process.kill()
        _, said = process.communicate()
        assert process.returncode == -signal.SIGKILL, said
        done += 1
        saved = sorted((out / "checkpoint").glob("0*.npz"))
        reached = int(saved[-1].stem) if saved else 0
        rows = read_records(out / "records.csv") if (out / "records.csv").exists() else []
        assert len(rows) - 1 - reached <= 40, "rows since the last checkpoint"
    assert stepping >= kills / 2, "killed while it stepped, not in set-up alone"
    assert resume_run(out, quiet=True).end.kind == "done"
    same_results(tmp_path / "whole", out)


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_signal_in_set_up_ends_a_run_in_good_order(ranks: int, tmp_path: Path) -> None:
    """While Python imports, while the mesh is made, while forms are loaded: code 4, and the run can
    be begun or resumed."""
    out = tmp_path / "out"
    words = command("run", write_case(tmp_path), "--out", out, "--quiet", "-n", ranks, *settings(*FIXED))
    for wait in (0.0, 0.4, 1.0, 2.0):
        process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for_handlers(process.pid)
        time.sleep(wait)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=WAIT_S)[1]
        assert process.returncode == 4, said
        assert "Traceback" not in said
        assert holder(out) is None
    begun = (out / "checkpoint" / "start.npz").exists()
    cellfem(*(("resume", out, "--quiet") if begun else words[3:]))
    assert read_records(out / "records.csv")[-1]["time_s"] == pytest.approx(20.0)


def wait_for_handlers(pid: int) -> None:
    """Until a process has taken SIGTERM in hand."""
    late, caught = time.monotonic() + WAIT_S, 0
    while not caught & 1 << signal.SIGTERM - 1:
        assert time.monotonic() < late
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))


def test_signal_that_asks_for_a_checkpoint(stopped: Path) -> None:
    saved = sorted(path.name for path in (stopped / "checkpoint").iterdir())
    assert saved == ["00000009.npz", "00000019.npz", "mesh.npz", "start.npz"]
    assert "checkpoint after step 9" in (stopped / "log.txt").read_text(encoding="utf-8")
    assert not (stopped / NAME).exists()


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + (bytes([data[middle] ^ 1]) + data[middle + 1 :] if how == "flip" else b""))


@pytest.mark.parametrize("how", ["flip", "cut"])
def test_damaged_checkpoint_gives_way_to_the_one_before(
    whole: Path, stopped: Path, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = copied(stopped, tmp_path)
    damage(out / "checkpoint" / "00000019.npz", how)
    assert resume_run(out, quiet=True).end.kind == "done"
    said = capsys.readouterr().err
    assert "00000019.npz: is damaged" in said
    assert "the previous one is used, of t = 4.5 s" in said
    same_results(whole, out)


@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
def test_damaged_checkpoint_of_the_start_is_made_up_for(
    whole: Path, stopped: Path, how: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newer one is sound: the start, which it needs for the pictures and the order of
    elimination, is solved once more."""
    out = copied(stopped, tmp_path)
    if how == "gone":
        (out / "checkpoint" / "start.npz").unlink()
    else:
        damage(out / "checkpoint" / "start.npz", how)
    assert resume_run(out, quiet=True).end.kind == "done"
    said = capsys.readouterr().err
    assert said.count("start.npz: ") == 1
    assert "the start, which the pictures need, is solved again" in said
    same_results(whole, out)


@pytest.mark.parametrize("name", ["records.csv", "voids.csv"])
def test_digits_that_were_changed_before_the_checkpoint_are_found(name: str, stopped: Path, tmp_path: Path) -> None:
    out = copied(stopped, tmp_path)
    data = bytearray((out / name).read_bytes())
    place = data.index(b"\n") + 60
    data[place] = ord("7") if data[place] != ord("7") else ord("8")
    (out / name).write_bytes(data)
    done = cellfem("resume", out, code=2)
    assert f"{name}: its first {len(data)} bytes are not those that the run wrote until the checkpoint; put back" in done.stderr
    assert "Traceback" not in done.stderr
    assert (out / name).read_bytes() == data, "nothing was touched"
    assert (out / "summary.json").exists()


def test_nothing_sound_is_refused(stopped: Path, tmp_path: Path) -> None:
    out = copied(stopped, tmp_path)
    for path in (out / "checkpoint").glob("*.npz"):
        damage(path, "cut")
    done = cellfem("resume", out, code=2)
    assert "all checkpoints are damaged; run the case again" in done.stderr
    assert "Traceback" not in done.stderr
    assert (out / "records.csv").read_bytes() == (stopped / "records.csv").read_bytes(), "nothing was touched"


def test_what_does_not_fit_is_refused(stopped: Path, tmp_path: Path) -> None:
    out = copied(stopped, tmp_path)
    resolved, original = out / "case.resolved.toml", (out / "case.resolved.toml").read_text(encoding="utf-8")
    resolved.write_text(original.replace('pressure = "0.8 MPa"', 'pressure = "0.9 MPa"'), encoding="utf-8")
    with pytest.raises(
        CheckpointError, match=r"another case: protocol\.0\.pressure: was '0.8 MPa', is '0.9 MPa'. Undo the change"
    ):
        resume_run(out)
    resolved.write_text(original, encoding="utf-8")
    (out / "records.csv").write_text("time_s\n0.0\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"records\.csv: has 11 bytes, at the checkpoint it had \d+: rows are lost"):
        resume_run(out)
    damage(out / "checkpoint" / "mesh.npz", "flip")
    with pytest.raises(CheckpointError, match=r"the mesh of the run is damaged or missing|is not the mesh of this checkpoint"):
        resume_run(out)
    shutil.rmtree(out / "checkpoint")
    with pytest.raises(CheckpointError, match="contains no checkpoint"):
        resume_run(out)


def test_max_time_ends_a_run_in_time(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path), ("protocol.0.duration=10 h", 'numerics.dt=["50 ms"]', "void=[]"))
    begin = time.monotonic()
    ended = run_case(case, tmp_path / "out", quiet=True, pace=Pace(max_time_s=8.0))
    took = time.monotonic() - begin
    assert ended.end.kind == "interrupted"
    assert took < 10.0, "summary included"
    assert "--max-time" in (tmp_path / "out" / "log.txt").read_text(encoding="utf-8")
    step = int(sorted((tmp_path / "out" / "checkpoint").glob("0*.npz"))[-1].stem)
    assert step == len(read_records(tmp_path / "out" / "records.csv")) - 1 > 3, "the last step is in the checkpoint"
    with pytest.raises(SystemExit, match="2"):
        raise SystemExit(cellfem("run", tmp_path / "small.toml", "--max-time", "soon", code=2).returncode)


def lock(folder: Path, **told: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_text(json.dumps({"host": "n12", "pid": 7, "boot": "another", "job": "", **told}), encoding="utf-8")
    return folder / NAME


def test_two_runs_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case(write_case(tmp_path), ("protocol.0.duration=1 s",))
    out = tmp_path / "out"
    held = lock(out)
    assert (holder(out) or {})["host"] == "n12"
    with pytest.raises(
        BusyError, match=r"process 7 on n12\); wait until it ends, .* if that run is dead \(silent for 0 s\), delete"
    ):
        run_case(case, out, quiet=True)
    monkeypatch.setenv("SLURM_JOB_ID", "55")
    lock(out, job="55")
    assert run_case(case, out, quiet=True).end.kind == "done", "the same job, moved to this machine"
    assert not held.exists()
    monkeypatch.delenv("SLURM_JOB_ID")
    lock(out)
    os.utime(held, (0, time.time() - SILENT_S - 1))
    assert holder(out) is None
    assert run_case(case, out, quiet=True).end.kind == "done", "silent for long"


def test_lock_of_a_machine_whose_clock_is_ahead(tmp_path: Path) -> None:
    """Its date tells nothing: neither that the run is dead, nor a time that runs backwards."""
    out, ahead = tmp_path / "out", 90 * 86400.0
    held = lock(out)
    os.utime(held, (0, time.time() + ahead))
    with pytest.raises(BusyError, match=r"dead \(its last update is dated 90 d ahead of this machine's clock, so its age"):
        run_case(load_case(write_case(tmp_path)), out, quiet=True)
    (out / "case.resolved.toml").write_text("", encoding="utf-8")
    assert "dated 90 d ahead of this machine's clock" in read_status(out).note
    os.utime(held, (0, time.time() + 5))
    assert "last step 0 s ago" in read_status(out).note, "clocks differ by seconds"


def test_second_run_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    out = tmp_path / "out"
    endless = settings("protocol.0.duration=10 h", 'numerics.dt=["50 ms"]', "void=[]")
    words = command("run", write_case(tmp_path), "--out", out, "--quiet", *endless)
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_rows(process, out, 2)
        assert (holder(out) or {})["pid"] == process.pid
        done = cellfem("run", tmp_path / "small.toml", "--out", out, "--quiet", code=2)
        assert f"another run is using this folder (process {process.pid} on " in done.stderr
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    assert holder(out) is None, "the kernel freed it"
