"""One run per folder: a lock file that names the running process, also across the machines of a
cluster.

The lock consists of the file's flock (released by the kernel when the process ends) and its text.
If a file system keeps flock within one machine, or has none, the text decides: the lock of another
machine is respected while it is updated, unless it belongs to this same batch job, which was moved.
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
"""Lock files of a run, and of a command that makes many runs in folders within the locked one."""
SILENT_S = 3600.0
"""A run on another machine that has not updated its lock for this long is dead. Locks are updated
at each step and during other work."""
AHEAD_S = 60.0
"""Largest clock difference between machines: beyond it the date of a lock gives no information."""
UNKNOWN = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
ATTEMPTS, PAUSE_S = 5, 0.1
JOBS = ("SLURM_JOB_ID", "PBS_JOBID")


class BusyError(CellfemError, RuntimeError):
    """Another run is using the folder."""


@contextmanager
def only_run(folder: Path, comm: MPI.Intracomm) -> Iterator[None]:
    """Lock the folder (collective). Raises BusyError on every rank, OSError if no lock can be
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
def locked(folder: Path) -> Iterator[None]:
    """Lock the folder, for a single process. Raises BusyError and OSError."""
    handle = _take(folder / NAME)
    try:
        yield
    finally:
        _give_back(folder, handle)


def is_lock(folder: Path, name: str) -> bool:
    """Whether this is the lock of a run, active or killed, and not another file of the same
    name."""
    path = folder / name
    if name != NAME or path.is_symlink():
        return False
    try:
        data = path.read_bytes()
        return not data or "pid" in json.loads(data)
    except (OSError, ValueError, TypeError):
        return False


def _give_back(folder: Path, handle: int) -> None:
    with suppress(OSError):  # closing releases the lock
        (folder / NAME).unlink(missing_ok=True)
    os.close(handle)


def touch(folder: Path) -> None:
    """Update the lock of the folder."""
    with suppress(OSError):  # the run continues
        os.utime(folder / NAME)


def holder(folder: Path) -> dict[str, Any] | None:
    """The process that has locked a folder, with `silent_s` since its last update; None if there is
    none. Does not lock."""
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
    """Age of a lock's date, such as "silent for 12 s"."""
    if silent_s < -AHEAD_S:
        return f"its last update is dated {time_text(-silent_s)} ahead of this machine's clock, so its age is unknown"
    return f"silent for {max(silent_s, 0.0):.0f} s"


def _silent(handle: int) -> float:
    """Seconds since the last update, by this machine's clock; negative if the other machine's clock
    is ahead."""
    return time.time() - os.fstat(handle).st_mtime


def _take(path: Path) -> int:
    """An open, locked file that identifies this process."""
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
    """The open file at `path`, and whether the file system supports locks. Raises BusyError if it
    is locked."""
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
            time.sleep(PAUSE_S)  # `holder` locks it for an instant
            continue
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle, True
        os.close(handle)  # the previous holder removed it in the meantime
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
    """Identifies this machine since its start, also inside containers."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def _job() -> str:
    """The batch job; a requeued job keeps its number."""
    return next((os.environ[name] for name in JOBS if os.environ.get(name)), "")


def _alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, TypeError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
