"""cellfem press: the pressure, or the time at a pressure, that brings the interface resistance to a target."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cellfem.case import CaseError, load_case, warnings
from cellfem.case.identity import files_read
from cellfem.output.formatting import time_text
from cellfem.results import FolderError, adding
from cellfem.results.lock import CAMPAIGN as LOCK
from cellfem.results.options import Replace
from cellfem.units import QuantityError, parse_quantity

if TYPE_CHECKING:
    from cellfem.campaign.target import Target, TargetRun

BAD_CASE, NOT_REACHED, STOPPED = 2, 3, 4


class Stopped(Exception):
    """A signal has come."""


def press(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
    target: Annotated[
        str, typer.Option(help='Resistance to reach: "50 ohm*cm^2" of one interface, or "120 ohm" of the whole cell.')
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command goes on where it was stopped.")],
    pressure: Annotated[
        str | None,
        typer.Option(help='A given pressure, as in "5 MPa": then the answer is the hold time that it needs.'),
    ] = None,
    low: Annotated[str, typer.Option("--from", help="Lowest pressure to try.")] = "0.2 MPa",
    high: Annotated[str, typer.Option("--to", help="Highest pressure to try.")] = "100 MPa",
    precision: Annotated[float, typer.Option(min=1e-3, max=1.0, help="Relative width of the answer.")] = 0.05,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key in all runs; as often as wanted.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Find the stack pressure that reaches a resistance, by bisection: a folder for each run, the answer on the last line.

    The highest pressure of the protocol is what is varied, the resistance at the protocol's end (after unloading, if it unloads)
    what is compared. With --pressure the run at that pressure is stopped where it reaches the target.
    """
    settings = overrides or []
    try:
        checked = load_case(case, settings)
        wanted, limits = _target(target, checked), [_pressure(name, text) for name, text in (("--from", low), ("--to", high))]
        given = None if pressure is None else _pressure("--pressure", pressure)
        for warning in warnings(checked):
            typer.echo(f"note: {warning}", err=True)
        with adding(out, "press", ("press.csv", LOCK), files_read(checked, case), replace):
            if given is None:
                _find_pressure(case, settings, wanted, out, limits, precision, replace)
            else:
                _find_time(case, settings, wanted, out, given, replace)
    except (CaseError, FolderError, OSError) as error:
        _fail(str(error))
    except Stopped:
        typer.echo("stopped; the same command goes on", err=True)
        raise typer.Exit(STOPPED) from None


def _target(text: str, case: object) -> Target:
    from cellfem.campaign.target import parse_target
    from cellfem.case import Case
    from cellfem.model.from_case import material

    assert isinstance(case, Case)
    return parse_target(text, case, material(case, case.sequence[-1].step).conductivity)


def _pressure(name: str, text: str) -> float:
    try:
        return parse_quantity(text, "MPa")
    except QuantityError as error:
        raise CaseError([f"{name}: {error}"]) from error


def _find_pressure(
    path: Path,
    settings: Sequence[str],
    target: Target,
    out: Path,
    limits: Sequence[float],
    precision: float,
    replace: bool,
) -> None:
    from cellfem.campaign.target import highest_pressure, point_at, search

    low, high = limits
    start = highest_pressure(load_case(path, settings))
    point_at(path, settings, low)  # both ends must be fit to be run before anything is
    point_at(path, settings, high)
    trials: list[TargetRun] = []

    def tried(pressure: float) -> TargetRun:
        trial = _run(path, settings, target, out, pressure, replace)
        trials.append(trial)
        typer.echo(f"{trial.pressure:g} MPa: {trial.value:.4g} against {target.text}, contact {trial.contact:.3g} ({trial.end})")
        _write(out / "press.csv", target, trials)
        return trial

    search(start, low, high, target.value, precision, tried)
    reached = [trial.pressure for trial in trials if trial.value <= target.value]
    missed = [trial.pressure for trial in trials if trial.value > target.value]
    if len(trials) > len(reached) + len(missed):
        typer.echo(f"{trials[-1].folder}: the solver gave up; see log.txt there", err=True)
        raise typer.Exit(NOT_REACHED)
    if not reached:
        typer.echo(f"not reached at {max(missed):g} MPa, the highest pressure to try (--to)")
        raise typer.Exit(NOT_REACHED)
    if not missed:
        typer.echo("reached at the lowest pressure to try already (--from)")
    if (window := _window(trials, min(reached))) is not None:
        typer.echo(window)
    typer.echo(f"runs: {out / 'press.csv'}")
    typer.echo(f"{min(reached):g} MPa")


def _window(trials: Sequence[TargetRun], needed: float) -> str | None:
    """The pressure that contact needs beside the one that cracks LLZO, from the runs; None where it was not solved."""
    from cellfem.output.cracks import window_of_runs
    from cellfem.output.summary import read_summary

    summaries = [read_summary(trial.folder / "summary.json") for trial in trials]
    return window_of_runs([summary["verdict"].get("crack") for summary in summaries], needed)


def _find_time(path: Path, settings: Sequence[str], target: Target, out: Path, pressure: float, replace: bool) -> None:
    from cellfem.units import format_quantity

    case = load_case(path, settings)
    last = [k for k, placed in enumerate(case.sequence) if placed.step.mode == "press"][-1:]
    if not last or case.sequence[last[0]].cycles:
        raise CaseError(['protocol: the hold time is looked for in the last step with mode = "press", outside loops; add one'])
    step = case.sequence[last[0]]
    stop = f"{step.key}.stop.resistance={format_quantity(target.interface, 'ohm*m^2')}"
    trial = _run(path, settings, target, out, pressure, replace, [stop])
    if trial.condition != "resistance":
        typer.echo(f"{trial.folder}: {trial.value:.4g} at the end against {target.text} ({trial.end})")
        typer.echo(f"not reached within {time_text(step.step.seconds)} at {pressure:g} MPa: make the step longer")
        raise typer.Exit(NOT_REACHED)
    from cellfem.output.records import read_records

    rows = read_records(trial.folder / "records.csv")
    begin = next(row["time_s"] - row["dt_s"] for row in rows if row["protocol_step"] == last[0])
    time = rows[-1]["time_s"] - begin
    typer.echo(f"run: {trial.folder}")
    typer.echo(f"{time:.4g} s")


def _run(
    path: Path,
    settings: Sequence[str],
    target: Target,
    out: Path,
    pressure: float,
    replace: bool,
    more: Sequence[str] = (),
) -> TargetRun:
    """The run at this pressure, or what is known of it. Raises Stopped, CaseError."""
    from cellfem.campaign.sweep_points import BusyError, known_outcome, only_sweep, run_points, stop_on_signal
    from cellfem.campaign.target import plain_grid, point_at, read_trial

    point = point_at(path, settings, pressure, more)
    if known_outcome(point, out) is None:
        try:
            with only_sweep(out) as lock, stop_on_signal() as stopped:
                outcomes = list(run_points(plain_grid(path), [point], out, 1, lock, stopped, replace))
        except BusyError as error:
            raise CaseError([str(error)]) from error
        if not outcomes:
            raise Stopped
        if known_outcome(point, out) is None:
            raise CaseError([f"{out / point.name}: the run failed ({outcomes[0].end}); see console.txt there"])
    return read_trial(point, out, target, pressure)


def _write(path: Path, target: Target, trials: Sequence[TargetRun]) -> None:
    from cellfem.output.records import write_atomic

    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["pressure_MPa", target.column, "contact_fraction", "end", "folder"])
    for trial in sorted(trials, key=lambda t: t.pressure):
        table.writerow([trial.pressure, trial.value, trial.contact, trial.end, trial.folder.name])
    write_atomic(path, text.getvalue())


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(BAD_CASE)
