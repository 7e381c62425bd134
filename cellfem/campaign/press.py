"""Search for the pressure, or the time at a pressure, that brings the interface resistance to a
target: runs in their own folders, their table, and the answer."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from cellfem.campaign.sweep_points import known_outcome, only_sweep, run_points, stop_on_signal
from cellfem.campaign.target import Target, TargetRun, highest_pressure, plain_grid, point_at, read_trial, search
from cellfem.case import CaseError, load_case
from cellfem.errors import StoppedError
from cellfem.output.cracks import window_of_runs
from cellfem.output.records import read_records, write_atomic
from cellfem.output.summary import read_summary
from cellfem.units import format_quantity

TABLE = "press.csv"


@dataclass(frozen=True)
class PressRuns:
    """The runs of a search. path, overrides: the case; out: folder of the runs; replace: as in
    `results.examine`."""

    path: Path
    overrides: tuple[str, ...]
    target: Target
    out: Path
    replace: bool = False

    def at(self, pressure: float, more: Sequence[str] = ()) -> TargetRun:
        """The run with this highest pressure (MPa), read if it is done. Raises StoppedError,
        CaseError, BusyError."""
        point = point_at(self.path, self.overrides, pressure, more)
        if known_outcome(point, self.out) is None:
            with only_sweep(self.out) as lock, stop_on_signal() as stopped:
                outcomes = list(run_points(plain_grid(self.path), [point], self.out, 1, lock, stopped, self.replace))
            if not outcomes:
                raise StoppedError("stopped; the same command continues")
            if known_outcome(point, self.out) is None:
                raise CaseError([f"{self.out / point.name}: the run failed ({outcomes[0].end}); see console.txt there"])
        return read_trial(point, self.out, self.target, pressure)


@dataclass(frozen=True)
class PressureResult:
    """pressure: the lowest that reached the target, MPa; None if none did. lowest_tried: whether it
    is the lower end of the range. failed: the run in which the solver gave up, if any. window: the
    required pressure next to the pressure that cracks LLZO, as text, if stress was solved."""

    pressure: float | None
    highest: float
    lowest_tried: bool
    failed: TargetRun | None
    runs: tuple[TargetRun, ...]
    window: str | None


@dataclass(frozen=True)
class HoldTimeResult:
    """time: of the press when the target is reached, s; None if it is not. within: duration of the
    press, s."""

    time: float | None
    within: float
    run: TargetRun


def find_pressure(
    runs: PressRuns,
    limits: tuple[float, float],
    precision: float,
    tell: Callable[[TargetRun], None] = lambda _: None,
) -> PressureResult:
    """The lowest pressure within the limits (MPa) whose run reaches the target, to the relative
    precision (`target.search`); press.csv is complete after each run. Raises StoppedError,
    CaseError, BusyError, OSError."""
    low, high = limits
    start = highest_pressure(load_case(runs.path, runs.overrides))
    for end in limits:  # both ends must be valid cases before anything is run
        point_at(runs.path, runs.overrides, end)
    trials: list[TargetRun] = []

    def tried(pressure: float) -> TargetRun:
        trial = runs.at(pressure)
        trials.append(trial)
        tell(trial)
        _write(runs.out / TABLE, runs.target, trials)
        return trial

    search(start, low, high, runs.target.value, precision, tried)
    wanted = runs.target.value
    reached = [trial.pressure for trial in trials if trial.value <= wanted]
    missed = [trial.pressure for trial in trials if trial.value > wanted]
    failed = trials[-1] if len(trials) > len(reached) + len(missed) else None
    found = min(reached) if reached and failed is None else None
    window = None if found is None else _window(trials, found)
    return PressureResult(found, max(missed, default=high), not missed, failed, tuple(trials), window)


def find_time(runs: PressRuns, pressure: float) -> HoldTimeResult:
    """The time in the last press step, at this pressure (MPa), at which the target is reached.
    Raises as `find_pressure`."""
    case = load_case(runs.path, runs.overrides)
    last = [k for k, placed in enumerate(case.sequence) if placed.step.mode == "press"][-1:]
    if not last or case.sequence[last[0]].cycles:
        raise CaseError(['protocol: the hold time is searched in the last step with mode = "press", outside loops; add one'])
    step = case.sequence[last[0]]
    trial = runs.at(pressure, [f"{step.key}.stop.resistance={format_quantity(runs.target.interface, 'ohm*m^2')}"])
    if trial.condition != "resistance":
        return HoldTimeResult(None, step.step.seconds, trial)
    rows = read_records(trial.folder / "records.csv")
    begin = next(row["time_s"] - row["dt_s"] for row in rows if row["protocol_step"] == last[0])
    return HoldTimeResult(rows[-1]["time_s"] - begin, step.step.seconds, trial)


def _window(trials: Sequence[TargetRun], needed: float) -> str | None:
    """The pressure that contact needs and the pressure that cracks LLZO, from the runs; None if
    stress was not solved."""
    summaries = [read_summary(trial.folder / "summary.json") for trial in trials]
    return window_of_runs([summary["verdict"].get("crack") for summary in summaries], needed)


def _write(path: Path, target: Target, trials: Sequence[TargetRun]) -> None:
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["pressure_MPa", target.column, "contact_fraction", "end", "folder"])
    for trial in sorted(trials, key=lambda t: t.pressure):
        table.writerow([trial.pressure, trial.value, trial.contact, trial.end, trial.folder.name])
    write_atomic(path, text.getvalue())
