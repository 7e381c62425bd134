"""Runs that are stopped and resumed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from cellfem.runner.recorder import Recorder


@contextmanager
def signal_after(rows: int, number: int = signal.SIGTERM) -> Iterator[None]:
    """The process gets a signal once that many rows are written."""
    accepted = Recorder.accepted

    def tell(self: Recorder, dt: float) -> None:
        accepted(self, dt)
        if len(self.rows) == rows:
            signal.raise_signal(number)

    Recorder.accepted = tell  # type: ignore[method-assign]
    try:
        yield
    finally:
        Recorder.accepted = accepted  # type: ignore[method-assign]


def assert_alike(expected: list[dict[str, float]], found: list[dict[str, float]], least: int = 30) -> None:
    assert len(expected) == len(found) > least
    for one, other in zip(expected, found):
        for name, value in one.items():
            if not name.startswith(("balance", "newton")) and value == value:
                assert abs(other[name] - value) <= 1e-8 * max(abs(value), 1e-3), (name, value, other[name])
