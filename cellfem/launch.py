"""Start the same command on several MPI ranks: the sensible number of ranks, and how they are
started inside a batch job."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellfem.errors import CellfemError
from cellfem.pipes import hand_on
from cellfem.signals import end_requested, heard

MOST_PER_CORE = 16
"""Most ranks per core: more is probably a typing error, and mpiexec fails for very large numbers.
"""
NOT_OF_SRUN = ("", "4294967290", "4294967291")
"""SLURM_STEP_ID outside of steps started by srun: none, the interactive step of salloc, that of the
batch script."""
ENDED_BY_SIGTERM = (signal.SIGTERM, 128 + signal.SIGTERM, -signal.SIGTERM)
"""Exit codes of launchers whose ranks ended so."""
SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE")


class LaunchError(CellfemError, RuntimeError):
    """Ranks cannot be started; str() gives reason and remedy."""


def cores(environment: Mapping[str, str] = os.environ) -> int:
    """Number of cores that this process may use; in a job of Slurm or PBS those of the job, on all
    its nodes."""
    per_node = re.findall(r"(\d+)(?:\(x(\d+)\))?", environment.get("SLURM_JOB_CPUS_PER_NODE", ""))  # "4(x2),8"
    if per_node:
        return sum(int(count) * int(times or 1) for count, times in per_node)
    here = len(os.sched_getaffinity(0))
    try:
        with open(environment.get("PBS_NODEFILE", ""), encoding="utf-8") as file:
            return max(here, sum(bool(line.strip()) for line in file))
    except OSError:
        return here


def check(ranks: int, environment: Mapping[str, str] = os.environ) -> str | None:
    """A note on the number of ranks, or None. Raises LaunchError for too many ranks, and inside an
    MPI run."""
    have = cores(environment)
    of = "this job has" if environment.get("SLURM_JOB_CPUS_PER_NODE") else "this machine has"
    what = f"{of} {have} core{'s' if have > 1 else ''}"
    if ranks > MOST_PER_CORE * have:
        shown = ranks if ranks < 10**9 else f"{ranks:.3g}"
        raise LaunchError(f"-n {shown}: {what}; give -n {have}, or {MOST_PER_CORE * have} at most")
    if any(environment.get(name, "1") not in ("", "1") for name in SIZES):
        raise LaunchError("-n: this process is one of several ranks already; leave -n out, or start cellfem once")
    return f"{ranks} ranks, but {what}: they compete for cores; -n {have} is faster" if ranks > have else None


def launcher_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for mpiexec. Raises LaunchError in a step of several nodes.

    Inside a step of srun, MPICH's launcher would request a new step, which waits forever for the
    cores of the present one: there it has to start the ranks itself.
    """
    if environment.get("SLURM_STEP_ID", "") in NOT_OF_SRUN or environment.get("HYDRA_LAUNCHER"):
        return dict(environment)
    if environment.get("SLURM_STEP_NUM_NODES", "1") != "1":
        raise LaunchError(
            "-n: this step of srun has several nodes, on which mpiexec cannot start ranks; leave -n out and start them by "
            "srun --mpi=pmi2, or call cellfem in the batch script itself"
        )
    return {**environment, "HYDRA_LAUNCHER": "fork"}


def mpiexec() -> Path | None:
    """The mpiexec that belongs to the MPI of this Python, otherwise the one on PATH, otherwise
    None."""
    beside = Path(sys.executable).parent / "mpiexec"
    found = shutil.which("mpiexec")
    return beside if beside.is_file() else Path(found) if found else None


def run_on_ranks(ranks: int, words: Sequence[str], stopped: int) -> int:
    """Run the same command on `ranks` MPI ranks; returns its exit code, or `stopped` if a signal
    came before.

    Signals are forwarded; Ctrl-C reaches the ranks directly. Raises LaunchError.
    """
    environment, launcher = launcher_environment(), mpiexec()
    if launcher is None:
        raise LaunchError(
            "-n needs mpiexec, and none was found: install the package dolfinx-solver-real, "
            "or start cellfem under your MPI's launcher"
        )
    if end_requested():
        return stopped
    passed_on = heard(signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # process group of launcher and ranks, which a closed terminal signals as well
    command = [str(launcher), "-n", str(ranks), sys.executable, "-m", "cellfem.cli", *words]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        forwarded: list[int] = []

        def forward(number: int, _: object) -> None:
            forwarded.append(number)
            started.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

        for number in passed_on:
            signal.signal(number, forward)
        if end_requested() and not forwarded:  # the signal came while the launcher was being started
            forward(signal.SIGTERM, None)
        hand_on(started)
        code = started.wait()
    # A rank that the signal reaches before Python has its handlers ends by it.
    return stopped if forwarded and code in ENDED_BY_SIGTERM else code
