"""A run as a child process, forked from this one where that is safe.

A new process takes about a second to import what a run needs, and another half to load parts of
scipy. A fork has all of that already, and gives its memory back as it ends. MPI, PETSc and dolfinx
are never loaded here: they start in the child, as what they set up must not be shared. Where this
process holds one of them, or has several threads, runs are started as new processes instead.

Either way a child leads a session of its own (a Ctrl-C reaches the sweep alone, which then ends its
children), has one thread, reads nothing, writes into a console file and inherits the lock of the
sweep.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, NoReturn, Protocol

from cellfem.signals import ENDING, listen

ONE_THREAD = {"OMP_NUM_THREADS": "1"}
PRELOADED = (
    *("basix.ufl", "cffi", "ffcx.codegeneration.jit", "gmsh", "numpy", "rich.console", "rich.table", "rich.text", "ufl"),
    *("scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial", "scipy.special"),
    *("vtkmodules.util.numpy_support", "vtkmodules.vtkCommonDataModel", "vtkmodules.vtkIOHDF"),
    *("cellfem.cli", "cellfem.case", "cellfem.checkpoint", "cellfem.geometry", "cellfem.observe.contact_loss"),
    *("cellfem.observe.dendrite", "cellfem.observe.voids", "cellfem.output.drawing", "cellfem.output.paraview"),
    *("cellfem.output.progress", "cellfem.output.records", "cellfem.output.summary", "cellfem.physics.creep"),
)
"""What a run imports and this process may: none of it loads one of STARTED."""
STARTED = ("dolfinx", "mpi4py.MPI", "petsc4py.PETSc", "slepc4py.SLEPc")
"""Loading them starts MPI."""
POLL_S = 0.02


class Run(Protocol):
    """A child: what `subprocess.Popen` and `Forked` share."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Forked:
    """A forked child."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired(f"cellfem run, process {self.pid}", timeout or 0.0)
            time.sleep(POLL_S)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def start_run(words: Sequence[str], console: IO[bytes], lock: int) -> Run:
    """Start `cellfem` with these words, which begin with "run"; what it prints goes to `console`.

    lock: a file descriptor that the child is to hold as well.
    """
    if not _may_fork():
        return subprocess.Popen(
            [sys.executable, "-m", "cellfem.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=os.environ | ONE_THREAD,
            start_new_session=True,
            pass_fds=(lock,),
        )
    preload()
    return fork(words, console, console)


def fork(words: Sequence[str], out: IO[bytes], err: IO[bytes]) -> Forked:
    """`cellfem` with these words in a fork of this process, which holds no MPI and has no threads;
    what it prints goes to `out` and `err`."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGUSR1))  # until the child hears them itself
    try:
        pid = os.fork()
        if pid == 0:
            _become(["cellfem", *words], out, err, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Forked(pid)


def preload() -> None:
    """Import what the children need; once, and out of the garbage collector's sight, so that it
    does not copy the pages that all share.

    What cannot be imported is left to the runs, which tell of it.
    """
    if all(name in sys.modules for name in PRELOADED):
        return
    for name in PRELOADED:
        with suppress(ImportError, OSError):  # a system library that is missing
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _may_fork() -> bool:
    """Whether nothing is here that a fork would break: libraries that have started MPI, threads."""
    return not any(name in sys.modules for name in STARTED) and len(os.listdir("/proc/self/task")) == 1


def _become(words: list[str], out: IO[bytes], err: IO[bytes], mask: set[int]) -> NoReturn:
    """The command line with these words, in the child; nothing of the parent's stack is gone back
    to."""
    code = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.close(nowhere)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
        os.environ.update(ONE_THREAD)
        sys.argv = words
        for number in ENDING:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        listen(words)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        code = _run()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _run() -> int:
    cli = importlib.import_module("cellfem.cli")  # the command line, as in a new process

    code: object = 0
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code
    finally:
        if (mpi := sys.modules.get("mpi4py.MPI")) is not None and mpi.Is_initialized() and not mpi.Is_finalized():
            mpi.Finalize()
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else 0 if code is None else 1
