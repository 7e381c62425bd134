"""One run in a folder at a time: a lock file that says who is at work, also across the machines of
a cluster.

The lock is the file's (flock: the kernel frees it when the process ends), and its text. Where a
file system keeps flock within one machine, or knows none, the text decides: another machine's is
honoured while it shows signs of life, unless it is of this very batch job, which was moved.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellfem.errors import CellfemError
from cellfem.formatting import time_text

if TYPE_CHECKING:
    from cellfem.backend import MPI

NAME, CAMPAIGN = "run.lock", ".lock"
"""Of a run, and of a command that makes many runs in folders within the locked one."""
SILENT_S = 3600.0
"""A run of another machine that has not touched its lock for this long is dead. It does so at each
step, and at signs of work."""
AHEAD_S = 60.0
"""By how much the clock of another machine may be ahead of ours: from then on a lock's date says
nothing of its run."""
UNKNOWN = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
ATTEMPTS, PAUSE_S = 5, 0.1
JOBS = ("SLURM_JOB_ID", "PBS_JOBID")


class BusyError(CellfemError, RuntimeError):
    """Another run is at work in the folder."""


@contextmanager
def only_run(folder: Path, comm: MPI.Intracomm) -> Iterator[None]:
    """Hold the folder (collective). Raises BusyError on every rank, OSError where no lock can be
    written."""
    handle, error = None, None
    if comm.rank == 0:
        try:
            handle = _take(folder / NAME)
        except (BusyError, OSError) as problem:
            error = problem
    error = comm.bcast(error, root=0)
    if error is not None:
        raise error
    try:
        yield
    finally:
        if handle is not None:
            _give_back(folder, handle)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder, in a process alone. Raises BusyError and OSError."""
    handle = _take(folder / NAME)
    try:
        yield
    finally:
        _give_back(folder, handle)


def is_lock(folder: Path, name: str) -> bool:
    """Whether this is the lock of a run, at work or killed, and no other file of its name."""
    path = folder / name
    if name != NAME or path.is_symlink():
        return False
    try:
        data = path.read_bytes()
        return not data or "pid" in json.loads(data)
    except (OSError, ValueError, TypeError):
        return False


def _give_back(folder: Path, handle: int) -> None:
    with suppress(OSError):  # closed it is free, too
        (folder / NAME).unlink(missing_ok=True)
    os.close(handle)


def touch(folder: Path) -> None:
    """A sign of life of the run that holds the folder."""
    with suppress(OSError):  # the run goes on
        os.utime(folder / NAME)


def holder(folder: Path) -> dict[str, Any] | None:
    """Who is at work in a folder, with `silent_s` since the last sign of life; None: nobody. Takes
    nothing."""
    path = folder / NAME
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        taken = False
    except OSError:
        taken = True
    told = _text(handle)
    silent = _silent(handle)
    os.close(handle)
    elsewhere = bool(told) and told.get("boot") != _boot()
    return {**told, "silent_s": silent} if taken or (elsewhere and silent < SILENT_S) else None


def silence_text(silent_s: float) -> str:
    """What the date of a lock tells of its run, as in "silent for 12 s"."""
    if silent_s < -AHEAD_S:
        return f"its last sign of life is dated {time_text(-silent_s)} ahead of this machine's clock, and so tells nothing"
    return f"silent for {max(silent_s, 0.0):.0f} s"


def _silent(handle: int) -> float:
    """Seconds since the last sign of life, by this machine's clock; less than 0 where the other's
    is ahead."""
    return time.time() - os.fstat(handle).st_mtime


def _take(path: Path) -> int:
    """An open, locked file that says who we are."""
    if path.exists() and not is_lock(path.parent, path.name):
        raise BusyError(f"{path}: is not a lock of cellfem; move it away, or give another --out")
    handle, locked = _locked(path)
    told, silent = _text(handle), _silent(handle)
    same_job = bool(told.get("job")) and told["job"] == _job()
    dead_here = told.get("boot") == _boot() and (locked or not _alive(told.get("pid")))
    if told and not dead_here and not same_job and silent < SILENT_S:
        os.close(handle)
        raise BusyError(_busy(path, told) + f"; if that run is dead ({silence_text(silent)}), delete {path}")
    text = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "boot": _boot(), "job": _job(), "since": time.time()})
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
    os.fsync(handle)
    return handle


def _locked(path: Path) -> tuple[int, bool]:
    """The file at `path`, open, and whether the file system locks at all. Raises BusyError where
    somebody holds it."""
    for attempt in range(ATTEMPTS):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in UNKNOWN:
                return handle, False
            told = _text(handle)
            os.close(handle)
            if attempt + 1 == ATTEMPTS:
                raise BusyError(_busy(path, told)) from error
            time.sleep(PAUSE_S)  # `holder` looks at it for an instant
            continue
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle, True
        os.close(handle)  # whoever had it took it away in between
    raise BusyError(_busy(path, {}))


def _busy(path: Path, told: dict[str, Any]) -> str:
    job = f", job {told['job']}" if told.get("job") else ""
    who = f"process {told.get('pid', '?')} on {told.get('host', '?')}{job}"
    return f"{path.parent}: another run is using this folder ({who}); wait until it ends, or give another --out"


def _text(handle: int) -> dict[str, Any]:
    try:
        data = json.loads(os.pread(handle, 4096, 0) or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _boot() -> str:
    """Names this machine since its start, inside containers too."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _job() -> str:
    """The batch job; a requeued one keeps its number."""
    return next((os.environ[name] for name in JOBS if os.environ.get(name)), "")


def _alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, TypeError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
