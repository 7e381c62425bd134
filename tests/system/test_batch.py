"""Batch jobs on a real Slurm of one node; what is submitted, what it comes to, and how far it
is."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem.cli import app
from cellfem.output.records import read_records
from tests import slurm
from tests.system.small import WAIT_S, cellfem, command, environment, settings, write_case

ROOT = Path(__file__).resolve().parents[2]
QUICK = ("protocol.0.duration=10 s", "numerics.dt_max=5 s")


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a Slurm that is up."""
    if reason := slurm.missing():
        pytest.skip(reason)
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as found:
        yield found


def say(batch: dict[str, str], *words: object, where: Path | None = None) -> str:
    done = subprocess.run(
        [*map(str, words)], env=environment() | batch, cwd=where, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}


def wait_for_end(batch: dict[str, str], out: Path, seconds: float) -> str:
    """Wait until every job has ended; those that were queued again are let start at once. The log
    of the jobs."""
    late, ended = time.monotonic() + seconds, 0
    waiting: dict[str, int] = {}  # how often a job was seen to wait: the end of its turn before may still be under way
    while time.monotonic() < late:
        jobs = [line.split() for line in say(batch, "squeue", "-h", "-o", "%i %T", "-t", "all").splitlines()]
        ended = ended + 1 if jobs and all(state in ENDED for _, state in jobs) else 0
        if ended > 8:  # a job that is queued again has ended for an instant
            return "\n".join(path.read_text(encoding="utf-8") for path in sorted(out.glob("job-*.log")))
        for number, state in jobs:
            waiting[number] = waiting.get(number, 0) + 1 if state == "PENDING" else 0
            if waiting[number] > 6:  # Slurm holds what was queued again for two minutes
                subprocess.run(["scontrol", "update", f"JobId={number}", "StartTime=now"], env=environment() | batch, check=False)
        time.sleep(0.5)
    raise AssertionError(f"jobs are left after {seconds:g} s: {jobs}")


def wait_for_rows(out: Path, count: int, seconds: float = WAIT_S) -> None:
    """Until so many lines are in the records, the one of the names included."""
    late = time.monotonic() + seconds
    while not (out / "records.csv").exists() or (out / "records.csv").read_text(encoding="utf-8").count("\n") < count:
        assert time.monotonic() < late, "no rows"
        time.sleep(0.1)


@pytest.mark.slow
def test_job_resumes_itself_until_it_is_done(batch: dict[str, str], tmp_path: Path) -> None:
    """A job of two ranks gets Slurm's signal in the middle: it stops, is queued again, and ends
    with the whole run's rows."""
    out = tmp_path / "job"
    plain = settings('numerics.dt=["0.1 s"]', "protocol.0.duration=25 s", "void=[]", "output.interval=10 s")
    told = say(batch, *command("submit", write_case(tmp_path), "--out", out, "--time", "10 min", "--tasks", 2, *plain))
    assert "Submitted batch job" in told
    wait_for_rows(out, 30)
    say(batch, "scancel", "--signal=USR1", "--batch", told.split()[3])
    log = wait_for_end(batch, out, WAIT_S)
    rows = read_records(out / "records.csv")
    assert [row["step"] for row in rows] == list(range(251)), log[-2000:]
    assert "continues from t = " in log, "it took more than one turn"
    assert "done" in cellfem("status", out).stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my runs/a b", "$(touch PWNED) 50%j"])
def test_folder_of_a_job_may_have_any_name(batch: dict[str, str], name: str, tmp_path: Path) -> None:
    """Slurm takes the script, its log lies where it belongs, and the same case submitted again is
    done at once."""
    out = tmp_path / name
    words = command("submit", write_case(tmp_path), "--out", out, "--time", "10 min", *settings("protocol.0.duration=1 s"))
    for turn in (1, 2):
        say(batch, *words, where=tmp_path)
        wait_for_end(batch, out, WAIT_S)
        assert len(list(out.glob("job-*.log"))) == turn
        assert "done" in cellfem("status", out).stdout
    assert len(read_records(out / "records.csv")) == 2
    assert not list(tmp_path.rglob("PWNED"))


@pytest.mark.slow
def test_cancelled_job_stays_away(batch: dict[str, str], tmp_path: Path) -> None:
    """scancel sends SIGTERM: the run keeps what it has, and the script does not queue the job
    again."""
    out = tmp_path / "job"
    plain = settings('numerics.dt=["0.1 s"]', "void=[]")
    number = say(batch, *command("submit", write_case(tmp_path), "--out", out, "--time", "10 min", *plain)).split()[3]
    wait_for_rows(out, 5)
    say(batch, "scancel", number)
    log = wait_for_end(batch, out, WAIT_S)
    assert "not queued again" in log
    assert say(batch, "squeue", "-h", "-o", "%T", "-t", "all", "-j", number).split() == ["CANCELLED"]
    assert "cellfem resume continues from" in cellfem("status", out).stdout


@pytest.mark.slow
def test_pbs_script_by_the_wrappers_of_slurm(batch: dict[str, str], tmp_path: Path) -> None:
    """qsub of slurm-wlm-torque reads the lines of PBS: two ranks, stopped in the middle, queued
    again by qsub, done."""
    qsub = Path(shutil.which("sbatch") or "").with_name("qsub")
    if not qsub.exists():
        pytest.skip("no wrappers (Debian: slurm-wlm-torque)")
    first = {"PATH": f"{qsub.parent}{os.pathsep}{os.environ['PATH']}"}
    out = tmp_path / "job"
    plain = settings('numerics.dt=["0.1 s"]', "protocol.0.duration=25 s", "void=[]", "output.interval=10 s")
    words = ("--time", "10 min", "--tasks", 2, "--system", "pbs", *plain)
    # The wrappers leave a file of output where one stands, whatever -o says.
    number = say(batch | first, *command("submit", write_case(tmp_path), "--out", out, *words), where=tmp_path).split()[0]
    wait_for_rows(out, 30)
    say(batch, "scancel", "--signal=USR1", "--batch", number)
    wait_for_end(batch, out, WAIT_S)
    log = (out / "job.log").read_text(encoding="utf-8")
    assert [row["step"] for row in read_records(out / "records.csv")] == list(range(251)), log[-2000:]
    assert "continues from t = " in log, "it took more than one turn"


def openpbs() -> str:
    """Why there is no OpenPBS that could be asked, "" if there is one."""
    try:
        version = subprocess.run(["qsub", "--version"], capture_output=True, text=True, check=False)
        server = subprocess.run(["qstat", "-B"], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    if "pbs_version" not in version.stdout + version.stderr:
        return "qsub is not of OpenPBS"
    return "" if server.returncode == 0 else "no OpenPBS is up"


@pytest.mark.slow
def test_pbs_script_on_openpbs(tmp_path: Path) -> None:
    """Turns of 60 s of which the run may have 30: --max-time stops it before the limit, qsub takes
    it up again."""
    if reason := openpbs():
        pytest.skip(reason)
    out = tmp_path / "job"
    plain = settings('numerics.dt=["0.1 s"]', "protocol.0.duration=60 s", "void=[]", "output.interval=30 s")
    words = ("--time", "60 s", "--margin", "30 s", "--tasks", 2, "--system", "pbs", *plain)
    say({}, *command("submit", write_case(tmp_path), "--out", out, *words))
    wait_for_rows(out, 602, 2 * WAIT_S)
    assert [row["step"] for row in read_records(out / "records.csv")] == list(range(601))
    log = (out / "job.log").read_text(encoding="utf-8")
    assert "continues from t = " in log, "it took more than one turn"
    assert "not queued again" not in log


@pytest.mark.slow
def test_sweep_as_an_array_and_its_collector(batch: dict[str, str], tmp_path: Path) -> None:
    """Six points in three tasks; one point fails; the collector works before the end and after."""
    out = tmp_path / "map"
    grid = ("--grid", "pressure=0.4,0.8 MPa", "--grid", "numerics.newton_max=1,20,40")
    say(batch, *command("submit", write_case(tmp_path), "--out", out, "--time", "10 min", *grid, "--each", 2, *settings(*QUICK)))
    assert "points have ended" in subprocess.run(
        command("collect", out), env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False
    ).stdout  # fmt: skip
    wait_for_end(batch, out, WAIT_S)
    table = cellfem("status", out).stdout
    assert "4 done" in table
    assert "2 solver" in table
    done = cellfem("collect", out, code=3)
    assert "6 of 6 points have ended" in done.stdout
    with (out / "map.csv").open(encoding="utf-8") as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    assert sorted(verdicts).count("failed") == 2
    assert len(verdicts) == 6
    assert (out / "map.json").exists()


def test_script_without_a_batch_system(tmp_path: Path) -> None:
    out = tmp_path / "job"
    words = ("--time", "2 h", "--nodes", 2, "--tasks", 8, "--account", "physics", "--image", "/images/cellfem.sif", "--dry")
    cellfem("submit", write_case(tmp_path), "--out", out, *words)
    text = (out / "job.sh").read_text(encoding="utf-8")
    for line in ("--nodes=2", "--ntasks=8", "--time=120", "--account=physics", "--signal=B:USR1@120", "--requeue"):
        assert f"#SBATCH {line}\n" in text
    assert f'srun --mpi=pmi2 -n 8 apptainer exec --bind {out} /images/cellfem.sif cellfem "$@"' in text
    assert subprocess.run(["bash", "-n", str(out / "job.sh")], check=False).returncode == 0
    cellfem("submit", tmp_path / "small.toml", "--out", out, "--time", "90 min", "--system", "pbs", "--dry")
    text = (out / "job.sh").read_text(encoding="utf-8")
    assert "#PBS -l walltime=01:30:00\n" in text
    assert "qsub -v CELLFEM_TURN" in text
    assert subprocess.run(["bash", "-n", str(out / "job.sh")], check=False).returncode == 0
    assert "waiting" not in cellfem("status", tmp_path, code=2).stdout


@pytest.mark.parametrize(("name", "ranks"), [("batch-resume", 1), ("void-3d", 2), ("rough-3d", 2)])
def test_script_of_a_case_submits_it(tmp_path: Path, name: str, ranks: int) -> None:
    script = ROOT / "cases" / name / "submit.sh"
    paths = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run([script, "--dry"], cwd=tmp_path, env=environment() | {"PATH": paths}, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    job = tmp_path / "results" / name / "job.sh"
    assert f"#SBATCH --ntasks={ranks}\n" in job.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", job], check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--time", "1 min"), "leaves less than 30 s beside --margin 2 min"),
        (("--time", "soon"), "--time: "),
        (("--time", "2 h", "--system", "lsf"), "is not a known batch system; write slurm or pbs"),
        (("--time", "2 h", "--grid", "pressure=1 MPa", "--system", "pbs"), "job arrays are written for Slurm alone"),
        (("--time", "2 h", "--set", "mesh.near=1 kg"), "mesh.near"),
    ],
)
def test_bad_orders_are_refused(words: tuple[str, ...], why: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["submit", str(write_case(tmp_path)), "--out", str(tmp_path / "job"), "--dry", *words])
    assert done.exit_code == 2
    assert why in done.output
