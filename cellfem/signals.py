"""Signals that end a run or save it, remembered from the start of its process.

A batch system may send a signal while Python is still importing, meshing or compiling. Imports
nothing slow.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

HEEDED = ("run", "resume")
"""Commands that continue after a signal; all others end by it."""
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_received: list[int] = []


def listen(arguments: Sequence[str]) -> None:
    """For a command line that begins a run: remember SIGTERM, SIGHUP and SIGUSR1 from now on, for
    `remembered`."""
    if arguments[1:2] and arguments[1] in HEEDED:
        for number in heard(signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, _remember)


def heard(*numbers: signal.Signals) -> list[signal.Signals]:
    """Those that are not ignored: under nohup a run continues when its terminal is closed."""
    return [number for number in numbers if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]


def end_requested() -> bool:
    """Whether this process has received a signal that ends a run."""
    return any(number in ENDING for number in _received)


@contextmanager
def remembered() -> Iterator[list[int]]:
    """A list that signals fill, those that came before included.

    SIGTERM, SIGINT and SIGHUP (the terminal was closed) end the run after the present step, SIGUSR1
    makes it write a checkpoint there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield []
        return
    before = {number: signal.signal(number, _remember) for number in heard(*ENDING, signal.SIGUSR1)}
    try:
        yield _received
    finally:
        _received.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Defer signals until the end of the block, then deliver them to Python's handlers, even if a
    library installs its own in between. Works in the main thread only; otherwise does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1, *ENDING))
    try:
        yield
        reinstall_handlers()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def reinstall_handlers() -> None:
    """Reinstall Python's signal handlers: PETSc replaces some while it loads, and gmsh, which has
    its own PETSc, resets them to their defaults when it ends; with these a process whose reader has
    closed (SIGPIPE) or whose terminal was closed (SIGHUP) would end at once."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGPIPE, signal.SIGUSR1, *ENDING):
            if (handler := signal.getsignal(number)) is not None:
                signal.signal(number, handler)


def _remember(number: int, _: FrameType | None) -> None:
    _received.append(number)
