"""The voids of each electrode and their histories: voids.csv, and the verdicts on electrodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellfem.case import Case
from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import from_plain
from cellfem.model.build import Model
from cellfem.observe.contact_loss_causes import Cause, cause_of_birth
from cellfem.observe.voids import TrackedVoid, VoidSnapshot, events, find_voids, places_of, start_voids, track
from cellfem.output.records import RecordWriter, void_rows
from cellfem.output.summary import electrode_verdict, second_rows
from cellfem.physics.kinetics import SPEED
from cellfem.quantities import VoidEvent, void_columns, void_row
from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended
from cellfem.runner.diagnostics.contact_loss import scales_of, span_of
from cellfem.units import MA_CM2, SECONDS_PER_HOUR

MA_H = SPEED / MA_CM2 * SECONDS_PER_HOUR  # µm of lithium per mAh/cm², 4.85


class Voids(Diagnostic):
    """tracked: for each electrode all voids ever known; on rank 0, empty on other ranks."""

    def __init__(self, case: Case, model: Model, folder: Path, going_on: bool) -> None:
        self.delta, self.scales = model.interface.delta, scales_of(model)
        self.half_pressure, self.has_volume = case.interface.half_pressure, model.has_volume
        self.kind = (model.has_volume, model.domain.dimension == 3, model.structure.gas)
        self.tracked: list[tuple[TrackedVoid, ...]] = [()] * model.domain.electrodes
        self.file: RecordWriter | None = None
        if model.domain.parent.comm.rank == 0:
            self.file = RecordWriter(folder / "voids.csv", void_columns(*self.kind), going_on)
        self.path = folder / "voids.csv"

    def write(self, step: Accepted) -> None:
        for number, electrode in enumerate(step.reading.electrodes):
            if electrode.profile is not None and self.file is not None:
                self._follow(number, step, self.file)

    def write_output(self, time: float) -> None:
        assert self.file is not None
        for number, voids in enumerate(self.tracked, start=1):
            for row in void_rows(time, voids, *self.kind[:2], number, self.kind[2]):
                self.file.write(row)

    def declare(self, registry: Registry) -> None:
        def put(data: list[Any]) -> None:
            self.tracked = from_plain(list[tuple[TrackedVoid, ...]], data)

        registry.declare_value("voids", lambda: list(self.tracked), put)
        if self.file is not None:
            registry.declare_file("voids.csv", self.path, self.file.digest)

    def verdict(self, run: Ended) -> dict[str, Any]:
        """Verdict on the second electrode, if there is one; that of the first is in the summary
        itself."""
        second: dict[str, Any] = {}
        for voids in self.tracked[1:]:
            verdict = electrode_verdict(second_rows(run.rows), voids, run.end, self.half_pressure, self.has_volume)
            second["second_electrode"] = verdict
        return second

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def _follow(self, number: int, step: Accepted, file: RecordWriter) -> None:
        """Track the voids of an electrode over the step, and write their events."""
        profile = step.reading.electrodes[number].profile
        assert profile is not None
        before, seen = self.tracked[number], find_voids(profile, self.delta)
        sign = 1 - 2 * number
        stripped, plating = sign * MA_H * step.row["capacity_mAh_cm2"], sign * step.row["current_mA_cm2"] < 0

        def why(birth: VoidSnapshot) -> Cause:
            return cause_of_birth(span_of(step, number), places_of(birth, profile, self.delta), self.scales)

        if step.before is None:
            now = start_voids(seen)
        else:
            now = track(before, seen, step.time, why, stripped_um=stripped, plating=plating)
        self.tracked[number] = now
        for event, void in events(before, now):
            file.write(void_row(VoidEvent(step.time, number + 1, event, void), *self.kind))
