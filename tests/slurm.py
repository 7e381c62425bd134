"""A Slurm of one node for a test, as root, on loopback, with all its state in one folder."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue")
CONFIGURATION = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={port1}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=pmi2
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobRequeue=1
ReturnToService=2
KillWait=20
MinJobAge=600
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 CoresPerSocket=4 ThreadsPerCore=1 RealMemory=2000 State=UNKNOWN
SlurmdParameters=config_overrides
PartitionName=batch Nodes={host} Default=YES MaxTime=1:00:00 State=UP OverSubscribe=NO
"""


def missing() -> str:
    """Why there can be no Slurm here, "" if there can."""
    lost = [name for name in PROGRAMS if shutil.which(name) is None]
    if lost:
        return f"{', '.join(lost)} not installed (Debian: slurm-wlm slurm-wlm-basic-plugins slurm-client munge)"
    return "" if os.geteuid() == 0 else "needs root"


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Start it; the environment in which its commands find it. Raises RuntimeError with the logs if
    it does not come up."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    port = _free_port()
    text = CONFIGURATION.format(host=socket.gethostname().split(".")[0], port=port, port1=port + 1, folder=folder)
    configuration.write_text(text, encoding="utf-8")
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    munge = [f"--socket={folder}/munge.socket", f"--key-file={key}", f"--pid-file={folder}/munged.pid"]
    logs = [f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed", "--force"]
    try:
        for command in (
            ["munged", *munge, *logs],
            ["slurmctld", "-f", str(configuration), "-c"],
            ["slurmd", "-f", str(configuration)],
        ):
            subprocess.run(command, env=environment, check=True, capture_output=True)
        late = time.monotonic() + 60
        while "idle" not in _said(["sinfo", "-h", "-o", "%t"], environment):
            if time.monotonic() > late:
                told = [path.read_text(encoding="utf-8", errors="replace")[-2000:] for path in folder.glob("*.log")]
                raise RuntimeError("Slurm did not come up:\n" + "\n".join(told))
            time.sleep(0.2)
        yield environment
    finally:
        _said(["scancel", "--user=root"], environment)
        for name in ("slurmd", "slurmctld", "munged"):
            _end(folder / f"{name}.pid")


def _said(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout


def _end(pid_file: Path) -> None:
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        os.kill(pid, 15)
    except (OSError, ValueError):
        return
    late = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < late:
        time.sleep(0.1)


def _free_port() -> int:
    """The first of two neighbouring ports that are free."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
