"""Signals that end a run or have it saved, remembered from the first moment of its process.

A batch system may signal while Python is still importing, meshing or compiling. Imports nothing that takes time.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

HEEDED = ("run", "resume")
"""Commands that go on after a signal; all others end by it."""
ENDING = (signal.SIGTERM, signal.SIGINT)
_received: list[int] = []


def listen(arguments: Sequence[str]) -> None:
    """For a command line that begins a run: remember SIGTERM and SIGUSR1 from now on, for `remembered`."""
    if arguments[1:2] and arguments[1] in HEEDED:
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, _remember)


def asked_to_end() -> bool:
    """Has a signal come so far that ends a run? Of this process."""
    return any(number in ENDING for number in _received)


@contextmanager
def remembered() -> Iterator[list[int]]:
    """A list that signals fill, those that came before included.

    SIGTERM and SIGINT end the run after the step at hand, SIGUSR1 has a checkpoint written there.
    """
    before = {number: signal.signal(number, _remember) for number in (*ENDING, signal.SIGUSR1)}
    try:
        yield _received
    finally:
        _received.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def _remember(number: int, _: FrameType | None) -> None:
    _received.append(number)
