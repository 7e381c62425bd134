"""Checks signals and --max-time during the search for an equilibrium, which may take long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cellfem.backend import MPI
from cellfem.runner.checkpoints import STEPS_AHEAD
from cellfem.signals import ENDING
from cellfem.solver.newton import Interrupted


@dataclass
class StopRequests:
    """Called before each correction, on every rank (collective): raises Interrupted on all ranks if
    any rank was asked to end, or if rank 0's time is nearly over.

    received: signals so far. until: `clock` time by which the run must have ended; None: no limit.
    """

    received: Sequence[int]
    until: float | None
    comm: MPI.Intracomm
    clock: Callable[[], float] = time.monotonic
    before: float | None = None
    longest: float = 0.0  # s, between two calls

    def __call__(self) -> None:
        now = self.clock()
        if self.before is not None:
            self.longest = max(self.longest, now - self.before)
        self.before = now
        asked = any(number in ENDING for number in self.received)
        late = self.comm.rank == 0 and self.until is not None and now + STEPS_AHEAD * self.longest > self.until
        if self.comm.allreduce(asked or late, op=MPI.LOR):
            raise Interrupted
