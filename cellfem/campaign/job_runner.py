"""Shared by the commands that make many runs: run the points that are not done, report progress."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cellfem.campaign.grid import Grid, Point
from cellfem.campaign.sweep_points import BY, CONSOLE, Outcome, known_outcome, run_points
from cellfem.campaign.sweep_results import carries_current
from cellfem.case import warnings
from cellfem.errors import ExitCode
from cellfem.formatting import time_text
from cellfem.results import examine


@dataclass(frozen=True)
class JobRunner:
    """A folder in which points are run. lock, stopped: from `only_sweep` and `stop_on_signal`;
    table: writes the outcomes known so far."""

    plan: Grid
    out: Path
    jobs: int
    lock: int
    stopped: Callable[[], bool]
    retry: bool
    table: Callable[[Sequence[Outcome]], None]
    replace: bool = False  # file descriptor inherited by the runs


def run_all(work: JobRunner, points: Sequence[Point], before: Sequence[Outcome] = ()) -> tuple[Outcome, ...]:
    """Run the points that are not done; returns all outcomes, including those of `before`. The
    table is rewritten after each."""
    outcomes, waiting = list(before), []
    for point in points:
        known = known_outcome(point, work.out, say)
        if known is None or (known.gave_up and work.retry):
            waiting.append(point)
        else:
            outcomes.append(known)
    if len(waiting) < len(points):
        say(f"{len(points) - len(waiting)} of {len(points)} points are done already")
    for point in waiting:  # all points are checked before any is run
        examine(work.out / point.name, BY, (CONSOLE,), replace=work.replace)
    work.table(outcomes)
    begin = time.monotonic()
    running = run_points(work.plan, waiting, work.out, work.jobs, work.lock, work.stopped, work.replace)
    with closing(running) as finished:
        for count, outcome in enumerate(finished, start=1):
            outcomes.append(outcome)
            work.table(outcomes)
            left = (time.monotonic() - begin) / count * (len(waiting) - count)
            say(f"{count} of {len(waiting)}: {_words(outcome)}" + (f"; about {time_text(left)} left" if left else ""))
    return tuple(outcomes)


def note_warnings(points: Iterable[Point]) -> None:
    """Warnings of the cases, once for each kind."""
    said: dict[str, list[str]] = {}
    for point in points:
        for warning in warnings(point.case):
            kind = re.sub(r"[\d.e+-]+", "", warning)  # equal except for the numbers
            said.setdefault(kind, []).append(f"{warning} (at {point.label})")
    for lines in said.values():
        say(f"note: {lines[0]}" + (f"; likewise at {len(lines) - 1} more" if len(lines) > 1 else ""))


def say(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)


def exit_code(outcomes: Iterable[Outcome]) -> ExitCode:
    """Exit code of a command that made these runs: whether the solver gave up in any."""
    return ExitCode.GAVE_UP if any(outcome.verdict == "failed" for outcome in outcomes) else ExitCode.DONE


def _words(outcome: Outcome) -> str:
    numbers = "" if outcome.verdict == "failed" else f", contact {outcome.contact_fraction:.3f}"
    if numbers and not carries_current([outcome]):
        numbers += f", {outcome.asr_small_signal_ohm_cm2:.3g} ohm cm²"
    return f"{outcome.point.label}: {outcome.verdict} ({outcome.end}{numbers})"
