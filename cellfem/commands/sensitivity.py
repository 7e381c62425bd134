"""cellfem sensitivity: what the verdict of a case depends on, one factor at a time and all over their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.grid import Grid
from cellfem.case import CaseError, load_case
from cellfem.case.identity import files_read
from cellfem.ending import ending
from cellfem.errors import StoppedError
from cellfem.results import adding
from cellfem.results.lock import CAMPAIGN as LOCK
from cellfem.results.options import Replace

BY = "sensitivity"
OUTPUTS = (LOCK, "sensitivity.csv", "sensitivity.json", "tornado.png")


def sensitivity(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command goes on where it was stopped.")],
    factors: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Only these of f_c,k_n,length,delta,p_half,D,asr_spread,creep."),
    ] = None,
    span: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="NAME=LOW,HIGH",
            help="Range of a factor: times the case's value, as in --range D=0.5,10; asr_spread in itself.",
        ),
    ] = None,
    screening: Annotated[
        int, typer.Option(min=0, help="Points of a screening over all ranges (Morris), each a run per factor and one more.")
    ] = 4,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 2,
    retry: Annotated[bool, typer.Option("--retry", help="Run again what the solver gave up.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key in every run; as often as wanted."),
    ] = None,
    replace: Replace = False,
) -> None:
    """Vary what is not known well, and show what contact, carrying fraction, time to failure and voltage owe to each."""
    from cellfem.campaign.design import factors_of, one_at_a_time
    from cellfem.campaign.design import screening as screen
    from cellfem.campaign.job_runner import JobRunner, exit_code, note_warnings, run_all
    from cellfem.campaign.sensitivity import effects_of, table, write_effects
    from cellfem.campaign.sweep_points import Outcome, only_sweep, stop_on_signal
    from cellfem.campaign.tornado import draw_tornado

    with ending():
        base = load_case(case, overrides or [])
        plan = Grid(case, tuple(overrides or ()), ())
        chosen = factors_of(base, [name.strip() for name in (factors or "").split(",") if name.strip()], _ranges(span or []))
        steps = (*one_at_a_time(plan, chosen), *screen(plan, chosen, screening))
    points = [step.point for step in steps]
    note_warnings(points)
    outcomes: tuple[Outcome, ...] = ()
    with ending():
        inputs = files_read(base, case)
        with adding(out, BY, OUTPUTS, inputs, replace), only_sweep(out) as lock, stop_on_signal() as stopped:

            def write(known: Sequence[Outcome]) -> None:
                write_effects(out, effects_of(chosen, steps, known))

            outcomes = run_all(JobRunner(plan, out, jobs, lock, stopped, retry, write, replace), points)
            if stopped():
                raise StoppedError(f"stopped with {len(outcomes)} of {len(points)} runs done; the same command goes on")
            effects = effects_of(chosen, steps, outcomes)
            draw_tornado(out / "tornado.png", effects, base.title)
    typer.echo("\n".join(table(effects)))
    for name in OUTPUTS[1:]:
        typer.echo(str(out / name))
    raise typer.Exit(exit_code(outcomes))


def _ranges(texts: list[str]) -> dict[str, tuple[float, float]]:
    """NAME=LOW,HIGH as numbers. Raises CaseError."""
    found = {}
    for text in texts:
        name, _, ends = text.partition("=")
        try:
            low, high = (float(end) for end in ends.split(","))
        except ValueError as error:
            raise CaseError([f'--range "{text}": is not a range; write for example --range D=0.5,10']) from error
        found[name.strip()] = (low, high)
    return found
