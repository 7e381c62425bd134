"""Batch scripts, the cost of a run before it is submitted, and how far a run is."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI
from rich.console import Console

from cellfem.case import load_case, parse_case
from cellfem.cluster.estimate import EFFORT, STEPS, MeasuredCost, cost, counts, measured, parallel_share, steps
from cellfem.cluster.scripts import Job, System, array_script, log_directive, one_line, point_line, single_script
from cellfem.cluster.size import unknowns
from cellfem.cluster.status import Status, is_run, read_status, show, table
from cellfem.domain import build_domain
from cellfem.formatting import until_text
from cellfem.geometry import INTERFACE, VoidShape, build_stack
from cellfem.geometry.periodic import joined
from cellfem.model.parameters import Structure
from cellfem.model.state import create_state
from cellfem.output.progress import STATUS
from cellfem.results.lock import NAME
from cellfem.results.manifest import Aside, Manifest
from cellfem.runner.prepare import stack_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("quadratic", [True, False])
def test_unknowns_are_those_of_the_model(quadratic: bool) -> None:
    stack = build_stack(25.0, 20.0, 20.0, 2.0, 6.0, [VoidShape(0.0, 5.0, 1.0)])
    state = create_state(build_domain(stack, MPI.COMM_SELF), Structure(quadratic_porosity=quadratic))
    maps = [u.function_space.dofmap for u in state.unknowns]
    assert unknowns(stack, quadratic) == sum(dofs.index_map.size_global * dofs.index_map_bs for dofs in maps)


def test_unknowns_of_joined_sides_count_once() -> None:
    stack = joined(build_stack(25.0, 20.0, 20.0, 2.0, 6.0, [VoidShape(24.0, 5.0, 1.0)], periodic=True))
    state = create_state(build_domain(stack, MPI.COMM_SELF), Structure())
    maps = [u.function_space.dofmap for u in state.unknowns]
    assert unknowns(stack, Structure().quadratic_porosity) == sum(dofs.index_map.size_global * dofs.index_map_bs for dofs in maps)


def test_cost_goes_through_what_was_measured() -> None:
    data = [MeasuredCost(2, 1, 1000 * 2**k, 3.0 * 2.2**k, 0.1 * 2.8**k, 200 + 10.0 * 2**k) for k in range(4)]
    data.append(MeasuredCost(2, 2, 8000, data[3].start / 1.6, data[3].seconds / 1.6, 500.0))
    middle, shared = cost(data, 2000, 1), parallel_share(data)
    assert middle.seconds == pytest.approx(0.28, rel=1e-9)
    assert middle.start == pytest.approx(6.6, rel=1e-9)
    assert middle.memory_MB == pytest.approx(220, rel=1e-9)
    assert shared == pytest.approx(2 * (1 - 1 / 1.6), rel=1e-9)
    assert cost(data, 8000, 2).seconds == pytest.approx(data[4].seconds, rel=1e-9)
    assert cost(data, 8000, 10**6).speedup < 1 / (1 - shared), "Amdahl's limit"
    assert [cost(data, *at).extrapolated for at in ((8000, 2), (8000, 4), (30000, 1))] == [False, True, True]
    assert counts(12) == [1, 2, 4, 8]


def test_data_of_this_package_makes_sense() -> None:
    """Time grows faster than unknowns, slower than their square; two ranks are faster than one,
    less than twice."""
    for dimension in {row.dimension for row in measured()}:
        data = [row for row in measured() if row.dimension == dimension]
        alone = sorted((row for row in data if row.ranks == 1), key=lambda row: row.unknowns)
        for small, large in itertools.pairwise(alone):
            assert 0.5 * small.unknowns / large.unknowns < small.seconds / large.seconds * 1.5 < 1.5
        assert 0 <= parallel_share(data) <= 1


def test_steps_of_a_protocol(tmp_path: Path) -> None:
    path = ROOT / "cases" / "batch-resume"
    assert steps(load_case(path)) == tuple(3 * count for count in STEPS)
    prescribed = load_case(path, ['numerics.dt=["1 s", "9 s", "20 s"]', "numerics.dt_initial=1 s"])
    assert steps(prescribed) == (3 * (2 + 30), 3 * (2 + 30)), "1 + 9 + 29.5 · 20 s = 10 min"


def run_script(text: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=os.environ | more, capture_output=True, text=True, timeout=60, check=False
    )


def program(folder: Path, body: str) -> str:
    """A stand-in for cellfem that notes its words."""
    path = folder / "program"
    path.write_text(f'#!/bin/bash\necho "$@" >> said\n{body}\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("code", "accidents", "again", "ends"),
    [(0, 0, False, 0), (2, 0, False, 2), (3, 0, False, 3), (4, 3, True, 0), (137, 2, True, 0), (137, 3, False, 137)],
)
def test_what_the_script_makes_of_an_exit_code(code: int, accidents: int, again: bool, ends: int, tmp_path: Path) -> None:
    """Turns that ended in time, nine of them, are no accidents."""
    (tmp_path / "job.accidents").write_text(f"{accidents}\n", encoding="utf-8")
    (tmp_path / "scontrol").write_text('#!/bin/bash\necho "$@" > queued\n', encoding="utf-8")
    (tmp_path / "scontrol").chmod(0o755)
    job = Job("x", 1, 1, 600.0, program=program(tmp_path, f"exit {code}"))
    text = single_script(job, "slurm", tmp_path / "out", Path("case dir"), "abc", tmp_path / "job.sh")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run_script(text, tmp_path, SLURM_RESTART_COUNT="9", SLURM_JOB_ID="17", PATH=path)
    assert done.returncode == ends, done.stderr
    assert (tmp_path / "queued").exists() == again
    assert (
        (tmp_path / "said")
        .read_text(encoding="utf-8")
        .startswith(f"run case dir --out {tmp_path}/out --progress 60 s --max-time 5")
    )


@pytest.mark.parametrize(("end", "again"), [("gave up", False), ("stop", True), ("", True)])
def test_a_run_that_found_no_room_is_queued_again(end: str, again: bool, tmp_path: Path) -> None:
    """It ends with code 3 like one whose solver gave up, but has checkpoints to go on from, and no
    such summary."""
    (tmp_path / "scontrol").write_text('#!/bin/bash\necho "$@" > queued\n', encoding="utf-8")
    (tmp_path / "scontrol").chmod(0o755)
    (tmp_path / "out" / "checkpoint").mkdir(parents=True)
    (tmp_path / "out" / "checkpoint" / "start.npz").touch()
    Manifest(tmp_path / "out", {"checkpoint/start.npz": "run"}, {"run": ["7", "abc"]}).write()
    if end:
        (tmp_path / "out" / "summary.json").write_text(json.dumps({"end_kind": end}, indent=2), encoding="utf-8")
    job = Job("x", 1, 1, 600.0, program=program(tmp_path, "exit 3"))
    text = single_script(job, "slurm", tmp_path / "out", Path("case"), "abc", tmp_path / "job.sh")
    done = run_script(text, tmp_path, SLURM_JOB_ID="17", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert (tmp_path / "queued").exists() == again, done.stderr
    assert done.returncode == (0 if again else 3)
    assert (tmp_path / "said").read_text(encoding="utf-8").startswith(f"resume {tmp_path}/out ")


def test_script_resumes_and_passes_signals_on(tmp_path: Path) -> None:
    (tmp_path / "out" / "checkpoint").mkdir(parents=True)
    (tmp_path / "out" / "checkpoint" / "start.npz").touch()
    (tmp_path / "out" / "summary.json").write_text('{"end_kind": "gave up"}', encoding="utf-8")
    Manifest(tmp_path / "out", {"checkpoint/start.npz": "run"}, {"run": ["7", "abc"]}).write()
    waits = program(tmp_path, 'trap "echo told >> said; exit 3" TERM\nfor i in $(seq 300); do sleep 0.1; done')
    text = single_script(
        Job("x", 1, 1, 600.0, program=waits), "slurm", tmp_path / "out", Path("case"), "abc", tmp_path / "job.sh"
    )
    process = subprocess.Popen(["bash", "-c", text], cwd=tmp_path)
    while not (tmp_path / "said").exists():
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(10)  # SIGUSR1, as Slurm sends it
    assert process.wait(timeout=30) == 3
    said = (tmp_path / "said").read_text(encoding="utf-8").split("\n")
    assert said[0].startswith(f"resume {tmp_path}/out --progress")
    assert said[1] == "told"


@pytest.mark.parametrize("ends", ["exit 143", "kill -TERM $$", "exit 1"])
def test_a_signal_in_set_up_queues_the_job_again(ends: str, tmp_path: Path) -> None:
    """Before the program can heed it, and before there is one: it is no accident, whatever the
    program makes of it."""
    (tmp_path / "scontrol").write_text('#!/bin/bash\necho "$@" > queued\n', encoding="utf-8")
    (tmp_path / "scontrol").chmod(0o755)
    setup = "echo ready > ready; for i in $(seq 5); do sleep 0.1; done"
    job = Job("x", 1, 1, 600.0, program=program(tmp_path, f"sleep 0.4; {ends}"), setup=setup, most=0)
    text = single_script(job, "slurm", tmp_path / "out", Path("case"), "abc", tmp_path / "job.sh")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    for waited_for in ("ready", "said"):
        for name in ("ready", "said", "queued"):
            (tmp_path / name).unlink(missing_ok=True)
        process = subprocess.Popen(["bash", "-c", text], cwd=tmp_path, env=os.environ | {"SLURM_JOB_ID": "17", "PATH": path})
        while not (tmp_path / waited_for).exists():
            time.sleep(0.02)
        process.send_signal(10)
        assert process.wait(timeout=30) == 0
        assert (tmp_path / "queued").read_text(encoding="utf-8") == "requeue 17\n"
        assert (tmp_path / "said").exists() == (waited_for == "said"), "nothing is begun after the signal"


@pytest.mark.parametrize(("signal", "seconds", "again"), [(15, 600.0, False), (10, 600.0, True), (15, 2.0, True)])
def test_who_cancels_a_job_is_obeyed(signal: int, seconds: float, again: bool, tmp_path: Path) -> None:
    """SIGTERM is scancel or qdel, unless the turn is over; a job that queues itself again after it
    could never be got rid of."""
    (tmp_path / "qsub").write_text('#!/bin/bash\necho "$@" > queued\n', encoding="utf-8")
    (tmp_path / "qsub").chmod(0o755)
    ends = program(tmp_path, 'trap "exit 4" TERM\nfor i in $(seq 300); do sleep 0.1; done')
    job = Job("x", 1, 1, seconds, program=ends, margin=1.0)
    text = single_script(job, "pbs", tmp_path / "out", Path("case"), "abc", tmp_path / "job.sh")
    (tmp_path / "out").mkdir()
    process = subprocess.Popen(
        ["bash", "-c", text], cwd=tmp_path, env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    )
    while not (tmp_path / "said").exists():
        time.sleep(0.02)
    time.sleep(0.3 if seconds > 2 else 2.0)
    process.send_signal(signal)
    assert process.wait(timeout=30) == (0 if again else 4)
    assert (tmp_path / "queued").exists() == again
    if again:
        assert (tmp_path / "queued").read_text(encoding="utf-8") == f"-v CELLFEM_TURN=1 {tmp_path}/job.sh\n"
    else:
        assert "not queued again" in (tmp_path / "out" / "job.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("mark", "summary", "checkpoint", "does"),
    [
        (None, None, False, "run case --out"),
        ("abc", "done", False, None),
        ("abc", "interrupted", False, "run case --out"),
        ("abc", "interrupted", True, "resume"),
        ("def", "done", False, "run case --out"),
        ("def", "interrupted", True, "run case --out"),
        (None, "done", True, "run case --out"),
    ],
)
def test_results_of_another_case_are_none(
    mark: str | None, summary: str | None, checkpoint: bool, does: str | None, tmp_path: Path
) -> None:
    """A job is done, or goes on, only where its very case was run."""
    out = tmp_path / "out"
    (out / "checkpoint").mkdir(parents=True)
    if mark is not None:
        Manifest(out, {}, {"run": ["7", mark]}, Aside("run", [], ["5", "abc"])).write()
    if summary is not None:
        (out / "summary.json").write_text(json.dumps({"end_kind": summary}, indent=2), encoding="utf-8")
    if checkpoint:
        (out / "checkpoint" / "start.npz").touch()
    job = Job("x", 1, 1, 600.0, program=program(tmp_path, "exit 0"))
    text = single_script(job, "slurm", out, Path("case"), "abc", tmp_path / "job.sh")
    assert run_script(text, tmp_path).returncode == 0
    said = tmp_path / "said"
    assert said.exists() == (does is not None)
    if does is not None:
        assert said.read_text(encoding="utf-8").startswith(does)


ODD = ("a b", "$(touch PWNED)", "`touch PWNED`", "q\"uo'te", "100%j", "ha#sh", "äö µ", "semi;colon", " lead")


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("system", ["slurm", "pbs"])
def test_names_are_nothing_but_names(name: str, system: System, tmp_path: Path) -> None:
    """Blanks, quotes and what a shell would run, in the folder, the case, the image and the
    interpreter."""
    folder = tmp_path / name
    folder.mkdir()
    shown = program(tmp_path, 'printf "<%s>" "$@" >> words; exit 2')
    job = Job("x", 1, 1, 600.0, program=shlex.join([shown, "--bind", str(folder)]))
    text = single_script(job, system, folder / "out", folder / "case.toml", "abc", folder / "job.sh")
    (folder / "out").mkdir()
    done = run_script(text, tmp_path)
    assert done.returncode == 2, done.stderr
    wanted = f"<--bind><{folder}><run><{folder}/case.toml><--out><{folder}/out><--progress>"
    assert wanted in (tmp_path / "words").read_text(encoding="utf-8")
    lines = [point_line(folder / "p", folder / "case.toml", "abc", [f"title={name}"])]
    (folder / "points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    array = array_script(job, folder, 1, 1, 0, folder / "job.sh")
    assert run_script(array, tmp_path, SLURM_ARRAY_TASK_ID="0").returncode == 2
    assert f"<{folder}/case.toml><--set><title={name}><--out><{folder}/p>" in (tmp_path / "words").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("PWNED"))


def test_log_as_a_directive_takes_it() -> None:
    """As Slurm 22.05 was seen to read it: quotes and backslashes as in a shell, % doubled."""
    assert log_directive("slurm", Path("/a/b-c_1.d"), "job-%j.log") == "/a/b-c_1.d/job-%j.log"
    assert log_directive("slurm", Path("/a b"), "job-%j.log") == '"/a b/job-%j.log"'
    assert log_directive("slurm", Path('/a"b#'), "job-%j.log") == '"/a\\"b#/job-%j.log"'
    assert log_directive("slurm", Path("/50%j"), "job-%A_%a.log") == "/50%%j/job-%A_%a.log"
    assert log_directive("pbs", Path("/a/b"), "job.log") == "/a/b/job.log.pbs"
    assert log_directive("pbs", Path("/a b"), "job.log") == "/dev/null"


@pytest.mark.parametrize("letter", ["\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\udc80"])
def test_control_characters_are_refused(letter: str) -> None:
    with pytest.raises(ValueError, match="--out: holds the control character"):
        one_line("--out", f"a{letter}touch PWNED")
    with pytest.raises(ValueError, match="holds the control character"):
        point_line(Path("p"), Path("case"), "abc", [f"title=a{letter}/p\tabc\t$(touch PWNED)"])
    assert one_line("--out", "a b$(x)µ") == "a b$(x)µ"


def test_array_runs_its_share_of_the_points(tmp_path: Path) -> None:
    """Words with blanks and quotes arrive as they are; a point that gave up does not keep the
    others from running."""
    prints = program(tmp_path, 'printf "<%s>" "$@" >> words; [[ "$*" == *two* ]] && exit 3; exit 0')
    lines = [
        point_line(tmp_path / name, Path("a case"), "abc", [f"key={name}", 'dt=["1 s"]'])
        for name in ("one", "two", "three", "four")
    ]
    (tmp_path / "points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = array_script(Job("x", 1, 1, 600.0, program=prints), tmp_path, 4, 3, 2, tmp_path / "job.sh")
    assert "#SBATCH --array=0-1%2\n" in text
    assert run_script(text, tmp_path, SLURM_ARRAY_TASK_ID="0").returncode == 0
    words = (tmp_path / "words").read_text(encoding="utf-8")
    assert words.count("<run><a case><--set>") == 3
    assert '<key=three><--set><dt=["1 s"]>' in words
    assert "four" not in words


def test_status_reads_only(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert read_status(run).state == "waiting"
    (run / "checkpoint").mkdir(parents=True)
    (run / "case.resolved.toml").touch()
    assert is_run(run)
    assert read_status(run).note == "no checkpoint: to be run again"
    (run / "records.csv").write_text("time_s,step,contact_fraction\n0.0,0,0.9\n5.0,1,0.8\n7.0,2,0.", encoding="utf-8")
    (run / "checkpoint" / "00000001.npz").touch()
    (run / STATUS).write_text(json.dumps({"time_s": 5.0, "total_s": 20.0, "left_s": 90.0}), encoding="utf-8")
    before = sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*"))
    stopped = read_status(run)
    assert (stopped.state, stopped.time_s, stopped.step, stopped.contact) == ("stopped", 5.0, 1, 0.8), "half a row is none"
    assert stopped.note.startswith("cellfem resume continues from 00000001.npz")
    (run / NAME).write_text(json.dumps({"host": "n12", "pid": 7, "boot": "another", "job": "55"}), encoding="utf-8")
    running = read_status(run)
    assert (running.state, running.left_s, running.total_s) == ("running", 90.0, 20.0)
    assert running.note.startswith("n12, process 7, job 55")
    (run / NAME).unlink()
    assert sorted((path, path.stat().st_mtime_ns) for path in run.rglob("*")) == before
    whole = {"end": "stop.voltage at 5 s", "end_kind": "stop", "condition": "voltage", "wall_s": 3.0, "end_time_s": 5.0}
    whole |= {name: {} for name in ("final", "max", "verdict")}
    (run / "summary.json").write_text(json.dumps(whole), encoding="utf-8")
    assert read_status(run).state == "stop.voltage at 5 s"
    assert table([stopped, running]).row_count == 2
    for odd in ('{"end": 3}', "[]", "{", json.dumps(whole | {"wall_s": "long"})):
        (run / "summary.json").write_text(odd, encoding="utf-8")
        assert read_status(run).state == "unknown"
        assert read_status(run).note.startswith(f"{run / 'summary.json'}: is not ")
    (run / "records.csv").write_bytes(b"time_s,step,contact_fraction\n0.0,x,\xff\n5.0,nan,0.8\n")
    (run / STATUS).write_text("[1]", encoding="utf-8")
    assert read_status(run).step is None


def test_status_keeps_the_names_of_runs_at_80_columns() -> None:
    name = "pressure=0.4MPa_current=0.5mA-cm2"
    long = Status(name, "running", 5.0, 20.0, 1, 0.8, 90.0, "n12, process 7, job 55, last step 3 s ago")
    console = Console(width=80, file=io.StringIO(), record=True)
    show(console, [long, Status("short", "waiting")])
    lines = console.export_text().splitlines()
    assert [line for line in lines if line.startswith(name)], lines
    assert max(map(len, lines)) <= 80
    assert f"{name}: n12, process 7, job 55" in " ".join(" ".join(lines).split())


def test_a_pellet_of_real_size_is_no_large_problem() -> None:
    """500 µm of LLZO between two electrodes of 100 µm: 210 000 unknowns with cells of 2 µm all
    over."""
    case = parse_case(
        {
            "stack": {"width": "100 um", "cell": "symmetric"},
            "lithium": {"thickness": "100 um"},
            "electrolyte": {"thickness": "500 um"},
            "void": [{"center": "0 um", "half_width": "15 um", "depth": "2 um"}],
            "protocol": [{"mode": "strip", "current": "0.2 mA/cm^2", "duration": "2 h", "pressure": "2 MPa"}],
        }
    )
    stack = stack_of(case)
    assert 20_000 < unknowns(stack, True) < 60_000
    edges = stack.points[stack.facets_of(INTERFACE)]
    assert np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1).max() < 1.1 * case.mesh.near, "as fine as before at the interface"


def test_a_step_is_told_with_the_effort_that_it_may_take() -> None:
    """A pellet of 32 000 unknowns took 1.9 s a step where a smooth step takes 0.2; strip-void 0.37
    where that takes 0.13."""
    data = [row for row in measured() if row.dimension == 2]
    for size, took in ((32_000, 1.9), (20_000, 0.37)):
        smooth = cost(data, size, 1).seconds
        assert EFFORT[0] * smooth < took < EFFORT[1] * smooth


def test_when_a_run_ends_is_told_with_a_date_where_the_week_ends_before() -> None:
    assert re.fullmatch(r", until [A-Z][a-z]{2} \d\d:\d\d", until_text(3600.0))
    assert re.fullmatch(r", until \d{4}-\d\d-\d\d", until_text(526 * 86400.0))
    assert until_text(1e15) == ", for years"
