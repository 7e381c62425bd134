"""A run as a child process, forked from this one where that is safe.

A new process takes about a second to import the modules of a run, and half a second more for parts
of scipy. A fork has them already, and its memory is released when it ends. MPI, PETSc and dolfinx
are never loaded in this process: they must be initialised in the child, because their state cannot
be shared. If this process has loaded one of them, or has several threads, runs are started as new
processes instead.

In both cases a child leads its own session (Ctrl-C reaches the sweep alone, which then ends its
children), has one thread, reads no input, writes to a console file and inherits the lock of the
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
"""Modules of a run that this process may import: none of them loads one of STARTED."""
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
    """Start `cellfem` with these words, which begin with "run"; its output goes to `console`.

    lock: a file descriptor that the child inherits and holds.
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
    """Run `cellfem` with these words in a fork of this process, which has no MPI and no threads;
    its output goes to `out` and `err`."""
    sys.stdout.flush()
    sys.stderr.flush()
    # signals stay blocked until the child has installed its own handlers
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGUSR1))
    try:
        pid = os.fork()
        if pid == 0:
            _become(["cellfem", *words], out, err, before)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Forked(pid)


def preload() -> None:
    """Import the modules that the children need, once, and freeze the garbage collector, so that it
    does not copy the pages that all children share.

    A failed import is left to the runs, which report it.
    """
    if all(name in sys.modules for name in PRELOADED):
        return
    for name in PRELOADED:
        with suppress(ImportError, OSError):  # a system library that is missing
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def _may_fork() -> bool:
    """Whether a fork is safe: no library that starts MPI is loaded, and there is one thread."""
    return not any(name in sys.modules for name in STARTED) and len(os.listdir("/proc/self/task")) == 1


def _become(words: list[str], out: IO[bytes], err: IO[bytes], mask: set[int]) -> NoReturn:
    """Run the command line with these words in the child; never returns to the parent's stack."""
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
