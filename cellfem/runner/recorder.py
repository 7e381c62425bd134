"""Records, fields and progress, written during a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mpi4py import MPI

from cellfem.case import Case
from cellfem.case.protocol import Placed
from cellfem.checkpoint.registry import Registry
from cellfem.formatting import time_text
from cellfem.observe.arrays import chosen_fields
from cellfem.observe.dendrite import flaw_block
from cellfem.observe.interface_profile import surroundings
from cellfem.observe.snapshot import SnapshotMaker
from cellfem.observe.step_record import StepRecord
from cellfem.output.paraview import FIELDS
from cellfem.output.progress import PLAIN_INTERVAL_S, Progress
from cellfem.output.records import RecordWriter, read_records
from cellfem.output.vtkhdf import make_series
from cellfem.quantities import WRITTEN, ordered, record_columns, values_of
from cellfem.runner.diagnostics import Accepted, Diagnostic, Moment
from cellfem.runner.diagnostics.at_the_end import ImpedanceSpectrum, MeasuredCurve, Pressing
from cellfem.runner.diagnostics.contact_loss import ContactLoss
from cellfem.runner.diagnostics.dendrites import Dendrites
from cellfem.runner.diagnostics.electrolyte_stress import ElectrolyteStress
from cellfem.runner.diagnostics.readings import Readings
from cellfem.runner.diagnostics.voids import Voids
from cellfem.runner.prepare import output_interval
from cellfem.runner.write_errors import Writing
from cellfem.solver.engine import INSTANT, Engine
from cellfem.solver.march import SAME_TIME
from cellfem.solver.newton import Outcome
from cellfem.units import SECONDS_PER_HOUR


@dataclass(frozen=True)
class InProtocol:
    """A step of the protocol with its number."""

    number: int
    placed: Placed


@dataclass
class Recorder:
    """Evaluates each step through the diagnostics, and writes it once it is accepted. All methods
    are collective; files are written by rank 0.

    going_on: append to files of an earlier part of the run. last: the moment whose fields were
    written last; first: that of the start.
    """

    case: Case
    engine: Engine
    folder: Path
    quiet: bool
    going_on: bool = False
    progress_s: float = PLAIN_INTERVAL_S
    rows: list[dict[str, float]] = field(default_factory=list)
    first: Moment | None = None
    last: Moment | None = None
    segment: int = 0

    def __post_init__(self) -> None:
        model, case = self.engine.model, self.case
        self.comm: MPI.Intracomm = model.domain.parent.comm
        self.sequence, self.interval = case.sequence, output_interval(case)
        self.next_output = 0.0
        self.restored: dict[str, Any] = {}  # state of outputs in a checkpoint
        self.columns = record_columns(model.has_volume, model.domain.electrodes == 2)
        again = "cellfem resume" if case.output.checkpoint != "off" else "cellfem run"
        remedy = f"files written before are complete: make room there, and continue with {again}"
        self.writing = Writing(self.comm, remedy, self._cannot_write)
        self.root: _RootFiles | None = None
        self.diagnostics: list[Diagnostic] = []
        self.readings = Readings(case, model)
        self.stress = ElectrolyteStress(case, model)
        self.contact_loss = ContactLoss(model, self.folder)
        self.maker = SnapshotMaker(model, self.readings.flaws)
        with self.writing.trying():
            (self.folder / FIELDS).mkdir(exist_ok=True)
            if self.comm.rank == 0:
                self.root = _RootFiles(self.folder, case.total_duration, self)
            self.voids = Voids(case, model, self.folder, self.going_on)
        self.writing.agree()
        self.diagnostics = [
            self.readings,
            Dendrites(),
            self.stress,
            Pressing(case),
            self.contact_loss,
            self.voids,
            ImpedanceSpectrum(case, model, self.folder, self.warn),
            MeasuredCurve(case, self.rows, self.folder, self.note),
        ]
        self.series = make_series(
            case.output.format,
            self.folder,
            "cellfem",
            rank=self.comm.rank,
            size=self.comm.size,
            writers=case.output.writers,
            allgather=self.comm.allgather,
            split=lambda colour: self.comm.Split(colour, self.comm.rank),
        )

    def declare(self, registry: Registry) -> None:
        """Declare all state of recorder and diagnostics for checkpoints."""

        def outputs() -> dict[str, Any]:
            last, speeds = self.last.time if self.last else None, self.step.reading.platen_speeds
            written, constants = self.series.written, self.readings.constants
            return {"next": self.next_output, "last": last, "series": written, "speeds": speeds, "factored": constants}

        def put_outputs(data: dict[str, Any]) -> None:
            self.next_output, self.restored = data["next"], data
            self.readings.restored_constants = data["factored"]

        def put_rows(count: int) -> None:
            rows = read_records(self.folder / "records.csv") if self.comm.rank == 0 else []
            self.rows[:] = self.comm.bcast(rows, root=0)[:count]

        registry.declare_value("segment", lambda: self.segment, lambda number: setattr(self, "segment", number))
        registry.declare_value("rows", lambda: len(self.rows), put_rows)
        registry.declare_value("outputs", outputs, put_outputs)
        for diagnostic in self.diagnostics:
            diagnostic.declare(registry)
        if self.root:
            registry.declare_file("records.csv", self.folder / "records.csv", self.root.records.digest)
        registry.declare_file("log.txt", self.folder / "log.txt")

    def gather(self) -> None:
        """Gather on rank 0 the data for a checkpoint."""
        for diagnostic in self.diagnostics:
            diagnostic.gather()

    def restart(self, solved_anew: bool = False) -> None:
        """The model is in the state of the start, of which pictures are drawn; nothing is written.
        """
        self.examine(0.0, Outcome(True, 0, 0))
        self.step = Accepted(self.engine.stepper.time, self.reading, self.reading.row)
        for diagnostic in self.diagnostics:
            diagnostic.restart(self.step, solved_anew)
        self.first = self._moment()

    def go_on(self) -> None:
        """The model is in the state of a restored checkpoint: later outputs are removed."""
        self.series.go_on(self.restored["series"])
        self.examine(0.0, Outcome(True, 0, 0))
        speeds = zip(self.reading.electrodes, self.restored["speeds"], strict=True)
        electrodes = tuple(replace(electrode, platen_speed=speed) for electrode, speed in speeds)
        self.step = Accepted(self.engine.stepper.time, replace(self.reading, electrodes=electrodes), self.rows[-1])
        for diagnostic in self.diagnostics:
            diagnostic.resume()
        if self.restored["last"] == self.engine.stepper.time:
            self.last = self._moment()

    def start(self) -> dict[str, float]:
        """Write the state at time 0; returns the values for stop conditions."""
        measures = self.examine(0.0, Outcome(True, 0, 0))
        self._accept(due=True)
        self._output()
        self.writing.agree()
        return measures

    def examine(self, dt: float, outcome: Outcome) -> dict[str, float]:
        """Evaluate the step that was just tried; returns the values for stop conditions."""
        compression, step = self.stress.compression(), len(self.rows)
        self.reading: StepRecord = self.readings.observer.read(self.engine.stepper, dt, step, outcome.iterations, compression)
        return self.reading.measures

    def accepted(self, dt: float) -> None:
        """Accept the step that was evaluated last."""
        due = self._reached(self.engine.stepper.time)
        self._accept(due)
        if due:
            self._output()
        self.writing.agree()

    def entered(self, segment: int) -> None:
        """A step of the protocol begins."""
        self.segment = segment
        if self.root and len(self.sequence) > 1:
            self.root.progress.detail(f"t = {self.engine.stepper.time:.6g} s: {_step_text(self.sequence[segment])} begins")

    def ended(self, condition: str) -> None:
        """A condition of `until` ended the step of the protocol."""
        self.note(f"until.{condition} at {time_text(self.engine.stepper.time)}: continues with the next step of the protocol")

    def thinnest_place(self, condition: str) -> float | None:
        """Position on Γ (µm) where the lithium is used up, if that is the condition; on rank 0."""
        thinnest = min(self.step.reading.electrodes, key=lambda electrode: electrode.least_thickness)
        profile = thinnest.profile
        return float(profile.x_um[profile.gap_um.argmax()]) if condition == "lithium" and profile is not None else None

    @property
    def unmoved(self) -> bool:
        """Whether the lithium moved does not exceed that of the first instant of a load."""
        row = self.rows[-1]
        in_an_instant = abs(row["current_mA_cm2"]) * INSTANT / SECONDS_PER_HOUR
        return bool(row["throughput_mAh_cm2"] <= in_an_instant * (1 + 1e-6))

    def refused(self, dt: float, why: str) -> None:
        if self.root:
            self.root.progress.detail(f"step of {dt:.3g} s at t = {self.engine.stepper.time:.6g} s refused: {why}")

    def note(self, text: str) -> None:
        """Message for log and console."""
        if self.root:
            self.root.progress.note(text)

    def detail(self, text: str) -> None:
        """Message for the log alone."""
        if self.root:
            self.root.progress.detail(text)

    def warn(self, text: str) -> None:
        """Message for log and console, even if quiet."""
        if self.root:
            self.root.progress.note(text, always=True)

    def finish(self) -> None:
        """Write the last accepted state if it is not written yet; close the growing files. For
        failures see `write_errors`."""
        if self.last is None or self.last.time < self.engine.stepper.time:
            self._output()
            if not self.writing.problem:
                self.rows[-1][WRITTEN] = 1
                if self.root:  # the row is on disk already
                    with self.writing.trying():
                        self.root.records.replace_last(WRITTEN, "1")
        self._close_growing()

    def close(self) -> None:
        """Close all files, and remove the progress bar; may be called again."""
        self._close_growing()
        if self.root:
            self.root.progress.close()

    def _close_growing(self) -> None:
        for diagnostic in self.diagnostics:
            diagnostic.close()
        if self.root:
            self.root.records.close()

    def _cannot_write(self, text: str) -> None:
        self.detail(text)
        self.close()

    def _accept(self, due: bool) -> None:
        """Commit the step that was evaluated last, and write its row."""
        before = self.step.alone() if self.rows else None
        step = Accepted(self.engine.stepper.time, self.reading, self.reading.row, before, due)
        for diagnostic in self.diagnostics:
            diagnostic.commit(step)
        row = self.reading.row | values_of("output", due)
        row |= values_of("protocol", InProtocol(self.segment, self.sequence[self.segment]))
        for diagnostic in self.diagnostics:
            row |= diagnostic.columns()
        row = ordered(row, self.columns)
        self.rows.append(row)
        self.step = replace(step, row=row)
        if self.root:
            with self.writing.trying():
                for diagnostic in self.diagnostics:
                    diagnostic.write(self.step)
                self.root.records.write(row)
            self.root.progress.step(row)

    def _moment(self) -> Moment:
        """The accepted state with all its fields."""
        model, system, step = self.engine.model, self.engine.system, self.step
        reading, time = step.reading, self.engine.stepper.time
        pressure, current = step.row["pressure_MPa"], step.row["current_mA_cm2"]
        law, floor = system.rheology.creep, system.rheology.floor
        opened, stress = self.contact_loss.opening_time, self.stress.fields
        snapshot = self.maker.take(
            time, reading.gamma, law, floor, reading.platen_speeds, pressure, current, opened, stress
        )
        if (sampled := self.readings.observer.sampled) is not None:
            around = surroundings(model, law, pressure)
            snapshot.blocks["flaws"] = flaw_block(reading.profile, sampled, self.readings.flaws, around)
        return Moment(time, snapshot, tuple(electrode.profile for electrode in reading.electrodes))

    def _output(self) -> None:
        for diagnostic in self.diagnostics:
            diagnostic.prepare_output(self.step)
        time = self.engine.stepper.time
        self.last = self._moment()
        chosen = chosen_fields(self.last.snapshot, self.case.output.fields)
        with self.writing.trying():
            self.series.write(chosen)
        for diagnostic in self.diagnostics:
            diagnostic.output(self.last)
        self.first = self.first or self.last
        if self.root:
            with self.writing.trying():
                for diagnostic in self.diagnostics:
                    diagnostic.write_output(time)
        while self._reached(time):
            self.next_output += self.interval

    def _reached(self, time: float) -> bool:
        """Whether the next output is due at this time."""
        return time >= self.next_output - SAME_TIME * self.interval


def _step_text(placed: Placed) -> str:
    """A step of the protocol for the log, such as "protocol.1.step.0 (strip), cycle 2 of 10"."""
    cycle = f", cycle {placed.cycle} of {placed.cycles}" if placed.cycle else ""
    return f"{placed.key} ({placed.step.mode}){cycle}"


class _RootFiles:
    """The files that only rank 0 writes."""

    def __init__(self, folder: Path, duration: float, owner: Recorder) -> None:
        on = owner.going_on
        self.records = RecordWriter(folder / "records.csv", owner.columns, on)
        self.progress = Progress(duration, folder / "log.txt", owner.quiet, going_on=on, interval_s=owner.progress_s)
