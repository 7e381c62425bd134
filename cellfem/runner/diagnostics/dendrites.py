"""Dendrite drive: the worst and the last time of plating."""

from __future__ import annotations

from typing import Any

from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import from_plain
from cellfem.output.dendrites import Plated, dendrite_verdict, worse
from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended


class Dendrites(Diagnostic):
    """Of all electrodes and all steps."""

    def __init__(self) -> None:
        self.worst: Plated | None = None
        self.last: Plated | None = None

    def commit(self, step: Accepted) -> None:
        for electrode in step.reading.electrodes:
            if electrode.dendrite is not None:
                self.last = Plated(step.time, electrode.dendrite, electrode.profile)
                self.worst = worse(self.worst, self.last)

    def declare(self, registry: Registry) -> None:
        def put(data: list[Any]) -> None:
            self.worst, self.last = (from_plain(Plated | None, item) for item in data)

        registry.declare_value("dendrite", lambda: [self.worst, self.last], put)

    def verdict(self, run: Ended) -> dict[str, Any]:
        return {"dendrite": dendrite_verdict(self.worst)}

    def drawing(self) -> dict[str, Any]:
        return {"worst": self.worst, "last_plated": self.last}
