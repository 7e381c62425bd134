"""The interface of all diagnostics of a run."""

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
    """An accepted step with the previous one. row: its columns of records.csv; during `commit`
    those of the cell and of the electrodes alone."""

    time: float  # s
    reading: StepRecord
    row: Mapping[str, float]
    before: Accepted | None = None  # None at the start
    due: bool = False  # the fields of this time are to be written

    def alone(self) -> Accepted:
        """A copy without the previous step."""
        return Accepted(self.time, self.reading, self.row, None, self.due)


@dataclass(frozen=True)
class Moment:
    """Data of one time for pictures; the profiles, one of each electrode, on rank 0 only."""

    time: float
    snapshot: Snapshot
    profiles: tuple[Profile | None, ...]


@dataclass(frozen=True)
class Ended:
    """A run at its end, for verdicts. rows: those of records.csv."""

    rows: Sequence[Mapping[str, float]]
    end: End


class Diagnostic:
    """One kind of evaluation of a run. A diagnostic overrides the methods that it needs; the others
    do nothing. Methods are collective unless marked as rank 0.

    Order of a step: `commit`, `columns`, `write`; at output times then `prepare_output`, `output`,
    `write_output`. Order at the end: `verdict`, `end`, `files`, `drawing`, `close`.
    """

    def commit(self, step: Accepted) -> None:
        """Evaluate an accepted step."""

    def columns(self) -> dict[str, float]:
        """Its columns of records.csv for the step committed last (`quantities.COLUMNS`)."""
        return {}

    def write(self, step: Accepted) -> None:
        """Append to files that grow with each step (rank 0). Raises OSError."""

    def prepare_output(self, step: Accepted) -> None:
        """Solve what the fields of this time need, before they are evaluated."""

    def output(self, moment: Moment) -> None:
        """Called after the fields of this time are evaluated."""

    def write_output(self, time: float) -> None:
        """Write the tables of an output time (rank 0). Raises OSError."""

    def declare(self, registry: Registry) -> None:
        """Declare its state for checkpoints."""

    def gather(self) -> None:
        """Gather on rank 0 the data for a checkpoint, before it is written."""

    def restart(self, step: Accepted, solved_anew: bool) -> None:
        """The model is again in its state at time 0. solved_anew: that state was not in a
        checkpoint."""

    def resume(self) -> None:
        """Model and diagnostics are restored from a checkpoint."""

    def effort(self) -> str | None:
        """A sentence for the log on its cost."""
        return None

    def verdict(self, run: Ended) -> dict[str, Any]:
        """Its entries of `verdict` in summary.json (rank 0)."""
        return {}

    def end(self) -> None:
        """The run is over and its summary is written: evaluate what is needed at the end alone."""

    def files(self) -> dict[str, Path]:
        """Write its tables at the end (rank 0); returns description -> file. Raises OSError."""
        return {}

    def moments(self) -> dict[str, Moment]:
        """Moments for pictures, by their names in `output.drawing.Drawing`."""
        return {}

    def drawing(self) -> dict[str, Any]:
        """Data of pictures, by their names in `output.drawing.Drawing` (rank 0)."""
        return {}

    def close(self) -> None:
        """Close its files; may be called again."""
