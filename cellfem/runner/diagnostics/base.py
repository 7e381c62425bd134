"""What a run reads off its states, one object per thing: the protocol that all of them follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.checkpoint.registry import Registry
from cellfem.observe.arrays import Profile, Snapshot
from cellfem.observe.step_record import StepRecord
from cellfem.output.summary import End


@dataclass(frozen=True)
class Accepted:
    """An accepted step with the one before it. row: its columns of records.csv; while diagnostics
    take the step up (`commit`), those of the cell and of the electrodes alone."""

    time: float  # s
    reading: StepRecord
    row: Mapping[str, float]
    before: Accepted | None = None  # None: this is the start
    due: bool = False  # the fields of this time are to be written

    def alone(self) -> Accepted:
        """Without the one before it."""
        return Accepted(self.time, self.reading, self.row, None, self.due)


@dataclass(frozen=True)
class Moment:
    """What pictures need of one time; the profiles, one of each electrode, on rank 0 only."""

    time: float
    snapshot: Snapshot
    profiles: tuple[Profile | None, ...]


@dataclass(frozen=True)
class Ended:
    """A run at its end, for verdicts. rows: those of records.csv."""

    rows: Sequence[Mapping[str, float]]
    end: End


class Diagnostic:
    """One thing that is read off a run. A diagnostic overrides what it has to say; all else does
    nothing. Methods are collective unless they are said to be rank 0's.

    The order of a step: `commit`, `columns`, `write`; where fields are due then `prepare_output`,
    `output`, `write_output`. The order of the end: `verdict`, `end`, `files`, `drawing`, `close`.
    """

    def commit(self, step: Accepted) -> None:
        """The step is accepted: take it up."""

    def columns(self) -> dict[str, float]:
        """Its columns of records.csv of the step that was taken up last (`quantities.COLUMNS`)."""
        return {}

    def write(self, step: Accepted) -> None:
        """Write what grows with each step (rank 0). Raises OSError."""

    def prepare_output(self, step: Accepted) -> None:
        """Fields of this time are about to be taken: solve what they need."""

    def output(self, moment: Moment) -> None:
        """Fields of this time were taken."""

    def write_output(self, time: float) -> None:
        """Write what belongs to a time of output (rank 0). Raises OSError."""

    def declare(self, registry: Registry) -> None:
        """Declare what a checkpoint must hold of it."""

    def gather(self) -> None:
        """A checkpoint is about to be written: bring to rank 0 what it needs."""

    def restart(self, step: Accepted, solved_anew: bool) -> None:
        """The model is in its state at time 0 again. solved_anew: that state was not in a
        checkpoint."""

    def resume(self) -> None:
        """Model and diagnostics are in the state of a checkpoint again."""

    def effort(self) -> str | None:
        """A sentence for the log on what it has cost."""
        return None

    def verdict(self, run: Ended) -> dict[str, Any]:
        """Its entries of `verdict` in summary.json (rank 0)."""
        return {}

    def end(self) -> None:
        """The run is over, its summary is written: read what is read at the end alone."""

    def files(self) -> dict[str, Path]:
        """Write its tables of the end (rank 0): what each shows -> its file. Raises OSError."""
        return {}

    def moments(self) -> dict[str, Moment]:
        """Moments that pictures show, by their names in `output.drawing.Drawing`."""
        return {}

    def drawing(self) -> dict[str, Any]:
        """What pictures are drawn from, by its names in `output.drawing.Drawing` (rank 0)."""
        return {}

    def close(self) -> None:
        """Close its files; harmless if closed before."""
