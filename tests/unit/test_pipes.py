"""Streams that outlive their reader, signals that stay unheard, and how a solve is ended from
outside."""

import io
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cellfem.pipes import Lasting
from cellfem.runner.stop_requests import StopRequests
from cellfem.signals import heard
from cellfem.solver.newton import Interrupted, Newton
from tests.support.problems import square


@pytest.mark.parametrize("buffered", [False, True])
def test_what_nobody_reads_is_dropped(buffered: bool) -> None:
    reading, writing = os.pipe()
    stream = Lasting(open(writing, "wb", buffering=-1 if buffered else 0), encoding="utf-8", write_through=not buffered)  # noqa: SIM115
    stream.write("read\n")
    stream.flush()
    assert os.read(reading, 100) == b"read\n"
    os.close(reading)
    for _ in range(3):
        assert stream.write("x" * 100_000) == 100_000
        stream.flush()
    assert isinstance(stream, io.TextIOWrapper)
    stream.close()


def test_under_nohup_a_closed_terminal_is_not_heard() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert heard(signal.SIGTERM, signal.SIGHUP) == [signal.SIGTERM]
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        assert heard(signal.SIGTERM, signal.SIGHUP) == [signal.SIGTERM, signal.SIGHUP]
    finally:
        signal.signal(signal.SIGHUP, before)


def test_libraries_give_signals_back() -> None:
    """In a process of its own: loaded, and once gmsh has made a mesh."""
    program = """
import re, sys
def ignored():
    return bool(int(re.search(r"SigIgn:\\s*(\\w+)", open("/proc/self/status").read()).group(1), 16) >> 12 & 1)  # SIGPIPE
assert ignored()
from cellfem import backend
assert ignored()
from cellfem.geometry import build_stack
build_stack(4.0, 2.0, 2.0, 1.0, 1.0)
assert ignored()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=200)


def comm(rank: int = 0, others: bool = False) -> Any:
    return SimpleNamespace(rank=rank, allreduce=lambda mine, op: mine or others)


def test_a_solve_is_ended_where_any_rank_was_asked() -> None:
    received: list[int] = []
    StopRequests(received, None, comm())()
    received.append(signal.SIGUSR1)  # asks for a checkpoint
    StopRequests(received, None, comm())()
    with pytest.raises(Interrupted):
        StopRequests([], None, comm(others=True))()
    received.append(signal.SIGHUP)
    with pytest.raises(Interrupted):
        StopRequests(received, None, comm())()


def test_a_solve_is_ended_before_its_time_is_over() -> None:
    """Corrections of a second each: with ten seconds to go the first of which no two more fit."""
    times = iter(range(100))
    heed = StopRequests([], 10.0, comm(), clock=lambda: float(next(times)))
    for _ in range(7):
        heed()  # at 0 to 6 s
    with pytest.raises(Interrupted):
        _until_interrupted(heed)
    assert next(times) <= 10
    late = StopRequests([], 1.0, comm(rank=1), clock=lambda: 5.0)
    late()  # rank 0's clock decides


def _until_interrupted(heed: StopRequests) -> None:
    for _ in range(10):
        heed()


def test_newton_passes_it_on() -> None:
    calls = iter(range(10))

    def heed() -> None:
        if next(calls) == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        Newton(square(), heed=heed).solve()
