"""Records, fields and progress, written while a run goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from cellfem.case import Case
from cellfem.case.protocol import Placed
from cellfem.model import from_case
from cellfem.observe.arrays import Profile, Snapshot, chosen_fields, merge_snapshots
from cellfem.observe.contact_loss import Openings, advance, start_openings
from cellfem.observe.contact_loss_causes import Cause, Scales, Span, cause_of_birth, crossing_time, face_of
from cellfem.observe.cracks import CrackObserver
from cellfem.observe.dendrite import flaw_block
from cellfem.observe.interface_profile import MA_CM2, surroundings
from cellfem.observe.snapshot import SnapshotMaker
from cellfem.observe.step_record import SECONDS_PER_HOUR, Observer, StepRecord
from cellfem.observe.voids import TrackedVoid, VoidSnapshot, events, find_voids, places_of, start_voids, track
from cellfem.output.contact_loss import write_openings
from cellfem.output.cracks import Pressed, crack_columns, more_likely
from cellfem.output.dendrites import Plated, worse
from cellfem.output.formatting import time_text
from cellfem.output.paraview import FIELDS
from cellfem.output.progress import PLAIN_INTERVAL_S, Progress
from cellfem.output.records import WRITTEN, RecordWriter, record_columns, void_columns, void_row, void_rows
from cellfem.output.vtkhdf import make_series
from cellfem.physics.kinetics import SPEED
from cellfem.run.prepare import output_interval
from cellfem.run.write_errors import Writing
from cellfem.solver.engine import INSTANT, Engine
from cellfem.solver.march import SAME_TIME
from cellfem.solver.newton import Outcome

MA_H = SPEED / MA_CM2 * SECONDS_PER_HOUR  # µm of lithium per mAh/cm², 4.85


@dataclass(frozen=True)
class Moment:
    """What pictures need of one time; the profiles, one of each electrode, on rank 0 only."""

    time: float
    snapshot: Snapshot
    profiles: tuple[Profile | None, ...]


@dataclass
class Recorder:
    """The ear of a march: reads each step, writes it once it is accepted. All methods are collective; files are rank 0's."""

    case: Case
    engine: Engine
    folder: Path
    quiet: bool
    going_on: bool = False  # files of an earlier part of the run are appended to
    progress_s: float = PLAIN_INTERVAL_S
    rows: list[dict[str, float]] = field(default_factory=list)
    voids: list[tuple[TrackedVoid, ...]] = field(default_factory=list)  # of each electrode
    openings: Openings | None = None  # rank 0; of the first electrode
    dendrite: Plated | None = None
    last_plated: Plated | None = None
    pressed: Pressed | None = None  # when the tension in LLZO was largest
    tensest: Moment | None = None  # the output at which it was
    first: Moment | None = None
    last: Moment | None = None
    segment: int = 0

    def __post_init__(self) -> None:
        model, case = self.engine.model, self.case
        self.comm: MPI.Intracomm = model.domain.parent.comm
        self.has_volume, self.solid = model.has_volume, model.domain.dimension == 3
        self.gas = model.structure.gas
        self.axisymmetric, self.delta = model.structure.axisymmetric, model.interface.delta
        self.flaws = from_case.flaws(case)
        self.observer = Observer(model, self.flaws, from_case.cell(case))
        self.scales = Scales(self.delta, model.interface.length, model.interface.f_c)
        self.maker = SnapshotMaker(model, self.flaws)
        ceramic = from_case.ceramic(case)
        self.cracks = CrackObserver(model, ceramic) if ceramic is not None else None
        self.tension = -math.inf  # MPa, at `tensest`
        self.tensest_whole: Moment | None = None  # rank 0, for checkpoints
        self.restored: dict[str, Any] = {}  # what a checkpoint says of outputs
        self.sequence = case.sequence
        self.interval = output_interval(case)
        self.next_output = 0.0
        again = "cellfem resume" if case.output.checkpoint != "off" else "cellfem run"
        remedy = f"what was written before is whole: make room there, and go on by {again}"
        self.writing = Writing(self.comm, remedy, self._cannot_write)
        self.voids = [()] * model.domain.electrodes
        self.columns = record_columns(self.has_volume, model.domain.electrodes == 2)
        self.root: _RootFiles | None = None
        with self.writing.trying():
            (self.folder / FIELDS).mkdir(exist_ok=True)
            if self.comm.rank == 0:
                self.root = _RootFiles(self.folder, case.total_duration, self)
        self.writing.agree()
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

    def gather(self) -> None:
        """Bring to rank 0 what a checkpoint keeps of pictures to be drawn."""
        self.tensest_whole = None
        if self.tensest is not None and self.case.output.pictures and self.case.stack.dimension == 2:
            pieces = self.comm.gather(self.tensest.snapshot, root=0)
            self.tensest_whole = replace(self.tensest, snapshot=merge_snapshots(pieces)) if pieces else None

    def look_back(self, solved_anew: bool = False) -> None:
        """The state is that of the start, of which pictures are drawn; nothing is written."""
        self.examine(0.0, Outcome(True, 0, 0))
        if solved_anew:
            self._follow_openings()
        self.kept = self.reading
        if self.cracks is not None:
            self.cracks.read()
        self.first = self._moment()

    def go_on(self) -> None:
        """The state is that of a checkpoint, put back: outputs that came after it are taken away."""
        self.series.go_on(self.restored["series"])
        self.examine(0.0, Outcome(True, 0, 0))
        speeds = zip(self.reading.electrodes, self.restored["speeds"], strict=True)
        electrodes = tuple(replace(electrode, platen_speed=speed) for electrode, speed in speeds)
        self.kept = replace(self.reading, electrodes=electrodes, row=self.rows[-1])
        self.solved = False
        if self.cracks is not None:
            self.cracks.read()
        if self.restored["last"] == self.engine.stepper.time:
            self.last = self._moment()

    def start(self) -> dict[str, float]:
        """Write the state at time 0; returns what stop conditions look at."""
        measures = self.examine(0.0, Outcome(True, 0, 0))
        self._keep(due=True)
        self._output()
        self.writing.agree()
        return measures

    def examine(self, dt: float, outcome: Outcome) -> dict[str, float]:
        known = self.cracks is not None and self.case.crack.solve == "steps"
        compression = self.cracks.compression() if known and self.cracks is not None else None
        self.reading = self.observer.read(self.engine.stepper, dt, len(self.rows), outcome.iterations, compression)
        row = self.reading.row | {"protocol_step": self.segment, "cycle": self.sequence[self.segment].cycle}
        self.reading = replace(self.reading, row=row)
        return self.reading.measures

    def accepted(self, dt: float) -> None:
        due = self._reached(self.engine.stepper.time)
        self._keep(due)
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
        self.note(f"until.{condition} at {time_text(self.engine.stepper.time)}: on to the next step of the protocol")

    def thinnest_place(self, condition: str) -> float | None:
        """Where on Γ (µm) the lithium is used up, if that is the condition; on rank 0."""
        thinnest = min(self.kept.electrodes, key=lambda electrode: electrode.row["lithium_least_um"])
        profile = thinnest.profile
        return float(profile.x_um[profile.gap_um.argmax()]) if condition == "lithium" and profile is not None else None

    @property
    def unmoved(self) -> bool:
        """Whether no more lithium has been moved than in the instant in which a load sets in."""
        row = self.rows[-1]
        in_an_instant = abs(row["current_mA_cm2"]) * INSTANT / SECONDS_PER_HOUR
        return bool(row["throughput_mAh_cm2"] <= in_an_instant * (1 + 1e-6))

    def refused(self, dt: float, why: str) -> None:
        if self.root:
            self.root.progress.detail(f"step of {dt:.3g} s at t = {self.engine.stepper.time:.6g} s refused: {why}")

    def note(self, text: str) -> None:
        """A sentence for log and console."""
        if self.root:
            self.root.progress.note(text)

    def detail(self, text: str) -> None:
        """A sentence for the log alone."""
        if self.root:
            self.root.progress.detail(text)

    def warn(self, text: str) -> None:
        """A sentence for log and console, also where it was told to be quiet."""
        if self.root:
            self.root.progress.note(text, always=True)

    def finish(self) -> None:
        """Write the last accepted state if it is not written yet; close the files that grow. See `write_errors` for failures."""
        if self.last is None or self.last.time < self.engine.stepper.time:
            self._output()
            if not self.writing.problem:
                self.rows[-1][WRITTEN] = 1
                if self.root:  # the row is on disk already
                    with self.writing.trying():
                        self.root.records.replace_last(WRITTEN, "1")
        if self.root:
            self.root.records.close()
            self.root.voids.close()

    def close(self) -> None:
        """Close all files, and take the bar away; harmless if closed before."""
        if self.root:
            self.root.records.close()
            self.root.voids.close()
            self.root.progress.close()

    def _cannot_write(self, text: str) -> None:
        self.detail(text)
        self.close()

    def _keep(self, due: bool) -> None:
        self._follow_openings()
        before = self.kept if self.rows else None
        self.kept = self.reading
        self.observer.commit(self.reading)
        self.solved = self.cracks is not None and (due or self.case.crack.solve == "steps")
        if self.solved:
            self._crack()
        row = self.reading.row | crack_columns(self.pressed_now if self.solved else None)
        row |= {WRITTEN: int(due)}
        row = {name: row[name] for name in self.columns}
        self.rows.append(row)
        for electrode in self.reading.electrodes:
            if electrode.dendrite is not None:
                self.last_plated = Plated(self.engine.stepper.time, electrode.dendrite, electrode.profile)
                self.dendrite = worse(self.dendrite, self.last_plated)
        if self.root:
            with self.writing.trying():
                for number, electrode in enumerate(self.reading.electrodes):
                    if electrode.profile is not None:
                        self._follow_voids(number, electrode.profile, row, before, self.root.voids)
                self.root.records.write(row)
            self.root.progress.step(row)

    def _crack(self) -> None:
        """Stress of LLZO at the state that was accepted last."""
        assert self.cracks is not None
        self.pressed_now = Pressed(self.engine.stepper.time, float(self.reading.row["pressure_MPa"]), self.cracks.read())
        self.pressed = more_likely(self.pressed, self.pressed_now)

    def _follow_openings(self) -> None:
        """When each place of Γ opened: on every rank for the fields, on rank 0 with the causes."""
        new, gap = self.reading, self.reading.gamma.gap
        if not self.rows:
            self.opening_time = np.where(gap > self.scales.open_gap, new.row["time_s"], np.nan)
            if new.profile is not None:
                self.openings = start_openings(face_of(new.profile), self.scales, new.row["time_s"])
            return
        old = self.kept
        span = (old.row["time_s"], new.row["time_s"])
        time = crossing_time(old.gamma.gap, gap, *span, self.scales.open_gap)
        self.opening_time = np.where(np.isnan(self.opening_time), time, self.opening_time)
        if self.openings is not None and old.profile is not None and new.profile is not None:
            self.openings = advance(self.openings, self._span(old, 0), self.scales)

    def _span(self, old: StepRecord, number: int) -> Span:
        """Γ of an electrode over the step at hand, on rank 0."""
        was, now = old.electrodes[number].profile, self.reading.electrodes[number].profile
        assert was is not None
        assert now is not None
        sign = 1 - 2 * number  # the second electrode is plated while the first is stripped
        load = (old.row["pressure_MPa"], sign * old.row["current_mA_cm2"])
        return Span(face_of(was), face_of(now), old.row["time_s"], self.reading.row["time_s"], *load)

    def _follow_voids(
        self, number: int, profile: Profile, row: Mapping[str, float], old: StepRecord | None, file: RecordWriter
    ) -> None:
        """Carry the voids of an electrode over to the step at hand, and write what has befallen them."""
        time = self.engine.stepper.time
        before, found = self.voids[number], find_voids(profile, self.delta)
        sign = 1 - 2 * number
        stripped, plating = sign * MA_H * row["capacity_mAh_cm2"], sign * row["current_mA_cm2"] < 0

        def why(birth: VoidSnapshot) -> Cause:
            assert old is not None
            return cause_of_birth(self._span(old, number), places_of(birth, profile, self.delta), self.scales)

        now = start_voids(found) if old is None else track(before, found, time, why, stripped_um=stripped, plating=plating)
        self.voids[number] = now
        for event, void in events(before, now):
            file.write(void_row(time, event, void, self.has_volume, self.solid, number + 1, self.gas))

    def _moment(self) -> Moment:
        time, system, kept = self.engine.stepper.time, self.engine.system, self.kept
        pressure, current = kept.row["pressure_MPa"], kept.row["current_mA_cm2"]
        opened, stress = self.opening_time, self.cracks.fields if self.cracks else None
        snapshot = self.maker.take(
            time, kept.gamma, system.creep, system.floor, kept.platen_speeds, pressure, current, opened, stress
        )
        if self.observer.drawn is not None:
            around = surroundings(self.engine.model, system.creep, pressure)
            snapshot.blocks["flaws"] = flaw_block(kept.profile, self.observer.drawn, self.flaws, around)
        return Moment(time, snapshot, tuple(electrode.profile for electrode in kept.electrodes))

    def _output(self) -> None:
        if self.cracks is not None and not self.solved:
            self._crack()
            self.solved = True
        time = self.engine.stepper.time
        self.last = self._moment()
        with self.writing.trying():
            self.series.write(chosen_fields(self.last.snapshot, self.case.output.fields))
        if self.cracks is not None and self.pressed_now.reading.tension_MPa > self.tension:
            self.tension, self.tensest = self.pressed_now.reading.tension_MPa, self.last
        self.first = self.first or self.last
        if self.root:
            with self.writing.trying():
                for number, voids in enumerate(self.voids, start=1):
                    for row in void_rows(time, voids, self.has_volume, self.solid, number, self.gas):
                        self.root.voids.write(row)
                if self.openings is not None:
                    write_openings(self.folder / "opening.csv", self.openings)
        while self._reached(time):
            self.next_output += self.interval

    def _reached(self, time: float) -> bool:
        """Whether the next output is to be written at this time."""
        return time >= self.next_output - SAME_TIME * self.interval


def _step_text(placed: Placed) -> str:
    """A step of the protocol for the log, as in "protocol.1.step.0 (strip), cycle 2 of 10"."""
    cycle = f", cycle {placed.cycle} of {placed.cycles}" if placed.cycle else ""
    return f"{placed.key} ({placed.step.mode}){cycle}"


class _RootFiles:
    """The files that only rank 0 writes."""

    def __init__(self, folder: Path, duration: float, owner: Recorder) -> None:
        on = owner.going_on
        self.records = RecordWriter(folder / "records.csv", owner.columns, on)
        self.voids = RecordWriter(folder / "voids.csv", void_columns(owner.has_volume, owner.solid, owner.gas), on)
        self.progress = Progress(duration, folder / "log.txt", owner.quiet, going_on=on, interval_s=owner.progress_s)
