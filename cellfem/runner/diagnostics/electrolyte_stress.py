"""Stress of the electrolyte under pressure: its largest value, and whether LLZO cracks."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from cellfem.case import Case
from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import from_plain
from cellfem.model import from_case
from cellfem.model.build import Model
from cellfem.observe.arrays import merge_snapshots, nothing_of
from cellfem.observe.cracks import CrackFields, CrackObserver
from cellfem.output.cracks import Pressed, crack_verdict, more_likely
from cellfem.quantities import values_of
from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended, Moment


class ElectrolyteStress(Diagnostic):
    """Solved at each step or at output times (`crack.solve`), or never."""

    def __init__(self, case: Case, model: Model) -> None:
        self.ceramic = from_case.ceramic(case)
        self.comm = model.domain.parent.comm
        self.observer = CrackObserver(model, self.ceramic) if self.ceramic is not None else None
        self.each_step = case.crack.solve == "steps"
        self.drawn = case.output.pictures and case.stack.dimension == 2
        self.worst: Pressed | None = None  # when the tension was largest
        self.now: Pressed | None = None  # of the last accepted step, if it was solved
        self.tension = -math.inf  # MPa, at `tensest`
        self.tensest: Moment | None = None  # the output at which the tension was largest
        self.whole: Moment | None = None  # the same moment gathered on rank 0, for checkpoints

    @property
    def fields(self) -> CrackFields | None:
        """Fields of the last solution, for viewing."""
        return self.observer.fields if self.observer is not None else None

    def compression(self) -> np.ndarray | None:
        """Compression of the electrolyte along its face at skin nodes, MPa, if each step is
        solved."""
        return self.observer.compression() if self.observer is not None and self.each_step else None

    def commit(self, step: Accepted) -> None:
        self.now = None
        if step.due or self.each_step:
            self._solve(step)

    def columns(self) -> dict[str, float]:
        return values_of("electrolyte stress", None if self.now is None else self.now.reading)

    def prepare_output(self, step: Accepted) -> None:
        if self.now is None:
            self._solve(step)

    def output(self, moment: Moment) -> None:
        if self.now is not None and self.now.reading.tension_MPa > self.tension:
            self.tension, self.tensest = self.now.reading.tension_MPa, moment

    def declare(self, registry: Registry) -> None:
        def get() -> dict[str, Any]:
            return {"pressed": self.worst, "tension": self.tension, "tensest": self.whole}

        def put(data: dict[str, Any]) -> None:
            self.worst, self.tension = from_plain(Pressed | None, data["pressed"]), data["tension"]
            moment = from_plain(Moment | None, data["tensest"])
            root = moment is None or self.comm.rank == 0
            self.tensest = moment if root else replace(moment, snapshot=nothing_of(moment.snapshot))

        registry.declare_value("cracks", get, put)

    def gather(self) -> None:
        self.whole = None
        if self.tensest is not None and self.drawn:
            pieces = self.comm.gather(self.tensest.snapshot, root=0)
            self.whole = replace(self.tensest, snapshot=merge_snapshots(pieces)) if pieces else None

    def restart(self, step: Accepted, solved_anew: bool) -> None:
        self._read_fields()

    def resume(self) -> None:
        self.now = None
        self._read_fields()

    def effort(self) -> str | None:
        if self.observer is None:
            return None
        return f"stress of LLZO: solved {self.observer.count} times, {self.observer.seconds:.2f} s"

    def verdict(self, run: Ended) -> dict[str, Any]:
        return {"crack": crack_verdict(self.worst, self.ceramic, run.rows)}

    def moments(self) -> dict[str, Moment]:
        return {} if self.tensest is None else {"tensest": self.tensest}

    def _solve(self, step: Accepted) -> None:
        if self.observer is not None:
            self.now = Pressed(step.time, float(step.reading.pressure), self.observer.read())
            self.worst = more_likely(self.worst, self.now)

    def _read_fields(self) -> None:
        if self.observer is not None:
            self.observer.read()
