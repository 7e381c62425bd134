"""How many ranks are started, and how, inside batch jobs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cellfem.launch import MOST_PER_CORE, LaunchError, check, cores, launcher_environment


def test_cores_are_those_of_the_job(tmp_path: Path) -> None:
    assert cores({}) >= 1
    assert cores({"SLURM_JOB_CPUS_PER_NODE": "4(x2),8"}) == 16
    nodes = tmp_path / "nodes"
    nodes.write_text("a\n" * 300, encoding="utf-8")
    assert cores({"PBS_NODEFILE": str(nodes)}) == 300


def test_too_many_ranks_are_refused() -> None:
    job = {"SLURM_JOB_CPUS_PER_NODE": "4"}
    assert check(4, job) is None
    assert check(5, job) == "5 ranks, but this job has 4 cores: they compete for cores; -n 4 is faster"
    assert check(4 * MOST_PER_CORE, job) is not None
    with pytest.raises(LaunchError, match=r"-n 1e\+20: this job has 4 cores; give -n 4, or 64 at most"):
        check(10**20, job)
    with pytest.raises(LaunchError, match="one of several ranks already"):
        check(2, job | {"PMI_SIZE": "2"})


def test_inside_a_step_of_srun_the_launcher_forks() -> None:
    """It would wait for ever for the cores that the step itself holds."""
    for outside in ({}, {"SLURM_STEP_ID": "4294967290"}, {"SLURM_STEP_ID": "4294967291"}):
        assert "HYDRA_LAUNCHER" not in launcher_environment(outside)
    step = {"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_NODES": "1"}
    assert launcher_environment(step)["HYDRA_LAUNCHER"] == "fork"
    assert launcher_environment(step | {"HYDRA_LAUNCHER": "ssh"})["HYDRA_LAUNCHER"] == "ssh"
    with pytest.raises(LaunchError, match="several nodes"):
        launcher_environment(step | {"SLURM_STEP_NUM_NODES": "2"})


@pytest.mark.parametrize(("sends", "ends", "code"), [("kill -TERM $PPID", 15, 4), ("kill -TERM $PPID", 3, 3), (":", 15, 15)])
def test_ranks_that_a_signal_ends_before_they_hear_it_count_as_stopped(
    sends: str, ends: int, code: int, tmp_path: Path
) -> None:
    """A rank has handlers some 50 ms after its start; until then SIGTERM ends it, and mpiexec tells 15."""
    launcher = tmp_path / "mpiexec"
    launcher.write_text(f"#!/bin/sh\ntrap 'exit {ends}' TERM\n{sends}\nsleep 0.3\nexit {ends}\n", encoding="utf-8")
    launcher.chmod(0o755)
    assert _run_on_ranks(launcher) == f"{code}\n"


def test_a_signal_that_comes_while_the_launcher_is_started_is_passed_on(tmp_path: Path) -> None:
    launcher = tmp_path / "mpiexec"
    launcher.write_text("#!/bin/sh\ntrap 'exit 3' TERM\nfor i in $(seq 20); do sleep 0.1; done\nexit 0\n", encoding="utf-8")
    launcher.chmod(0o755)
    early = (
        "import os, signal, subprocess, time; begin = subprocess.Popen.__init__\n"
        "def signalled(self, *words, **options):\n"
        "    begin(self, *words, **options); time.sleep(0.5); os.kill(os.getpid(), signal.SIGTERM)\n"
        "subprocess.Popen.__init__ = signalled\n"
    )
    assert _run_on_ranks(launcher, early) == "3\n"


def _run_on_ranks(launcher: Path, before: str = "") -> str:
    """What `run_on_ranks` returns in a process with the signal handlers of the command line."""
    program = (
        f"{before}import sys; from pathlib import Path; from cellfem import launch, signals; "
        "signals.listen(['cellfem', 'run']); launch.mpiexec = lambda: Path(sys.argv[1]); print(launch.run_on_ranks(2, [], 4))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(launcher)], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
