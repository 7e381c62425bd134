"""Progress of a run: a bar on a terminal, a plain line at intervals in a batch log, and every step
in log.txt."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from cellfem.formatting import time_text, until_text
from cellfem.output.records import write_atomic
from cellfem.results.manifest import list_files

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PLAIN_INTERVAL_S = 10.0
STATUS = "progress.json"
"""Input of `cellfem status` for a run in progress, besides log.txt."""
SPEED_OVER_STEPS = 30


class Steady(Console):
    """A console whose closed reader, for example `head`, ends only the output, and not the run as
    rich does."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


class Progress:
    """Reports the progress of a run.

    total_time_s: end of the protocol. log_path: log.txt, replaced unless going_on; None writes
    none. quiet: nothing on the console. interval_s: between lines without a terminal. console,
    clock: for tests; the console is that of stderr, so that stdout has the results alone. Remaining
    time: from the speed of the last 30 steps.
    """

    def __init__(
        self,
        total_time_s: float,
        log_path: Path | None = None,
        quiet: bool = False,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        going_on: bool = False,
        interval_s: float = PLAIN_INTERVAL_S,
    ) -> None:
        self._total, self._clock = total_time_s, clock
        self._console = console or Steady(stderr=True, highlight=False)
        self._quiet, self._interval = quiet, interval_s
        if log_path:
            list_files([log_path])
        self._log = log_path.open("ab" if going_on else "wb", buffering=0) if log_path else None
        self._recent: deque[tuple[float, float]] = deque([(clock(), 0.0)], maxlen=SPEED_OVER_STEPS + 1)
        self._status = log_path.with_name(STATUS) if log_path else None
        self._last_plain = self._last_status = -float("inf")
        self._bar = None if quiet or not self._console.is_terminal else _bar(self._console)
        self._task = self._bar.add_task("", total=total_time_s) if self._bar else None
        if self._bar:
            self._bar.start()

    def step(self, row: Mapping[str, float]) -> None:
        """Report an accepted step. row: one row of records.csv."""
        now = self._clock()
        self._recent.append((now, row["time_s"]))
        if self._log:
            self._write(_log_line(row))
        left = self._remaining()
        if self._status and now - self._last_status >= self._interval:
            self._last_status = now
            with suppress(OSError):  # errors for which a run should not end
                write_atomic(self._status, json.dumps({"time_s": row["time_s"], "total_s": self._total, "left_s": left}))
        if self._quiet:
            return
        status = (
            f"{time_text(row['time_s'])} of {time_text(self._total)}, step {time_text(row['dt_s'])}, "
            f"contact {row['contact_fraction']:.3f}, {'?' if left is None else time_text(left)} left"
        )
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=row["time_s"], description=status)
        elif now - self._last_plain >= self._interval:
            self._last_plain = now
            end = "" if left is None else until_text(left)
            self._console.print(status + end, soft_wrap=True, markup=False)

    def note(self, text: str, always: bool = False) -> None:
        """Write a message to the log and the console; always: even if quiet."""
        if self._log:
            self._write(text)
        if always or not self._quiet:
            self._console.print(text, soft_wrap=True, markup=False)

    def detail(self, text: str) -> None:
        """Write a message to the log alone."""
        if self._log:
            self._write(text)

    def close(self) -> None:
        """Remove the bar and close log.txt; may be called again."""
        if self._bar:
            self._bar.stop()
        if self._log:
            self._log.close()
            self._log = None
        if self._status:
            with suppress(OSError):
                self._status.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        """Unbuffered: a line that fails on a full disk is not written again."""
        if self._log:
            with suppress(OSError):
                self._log.write(f"{line}\n".encode())

    def _remaining(self) -> float | None:
        """Wall time left, s."""
        (wall_before, before), (wall_now, now) = self._recent[0], self._recent[-1]
        if now <= before:
            return None
        return (self._total - now) * (wall_now - wall_before) / (now - before)


def _bar(console: Console) -> Bar:
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    return Bar(BarColumn(bar_width=24), TaskProgressColumn(), TextColumn("{task.description}"), console=console, transient=True)


def _log_line(row: Mapping[str, float]) -> str:
    balances = " ".join(f"{row[f'balance_{name}']:.0e}" for name in ("charge", "lithium", "force"))
    return (
        f"step {int(row['step']):5d}  t {row['time_s']:.6g} s  dt {row['dt_s']:.4g} s  "
        f"iterations {int(row['newton_iterations'])}  voltage {row['voltage_mV']:.5g} mV  "
        f"contact {row['contact_fraction']:.4f}  carrying {row['carrying_fraction']:.4f}  "
        f"gap {row['gap_max_um']:.4g} um  balances {balances}"
    )
