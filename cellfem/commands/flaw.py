"""cellfem flaw: a lithium-filled flaw in the electrolyte: does it crack, from which current on, how far."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.grid import Grid, grid_points, parse_axis
from cellfem.case import Case, CaseError, load_case
from cellfem.case.flaw_checks import flaw_problems
from cellfem.case.identity import files_read
from cellfem.ending import ending
from cellfem.results import examine, replacing
from cellfem.results.options import Replace
from cellfem.units import MA_CM2

BY = "flaw"
OUTPUTS = (
    *("case.resolved.toml", "summary.json", "walls.csv", "currents.csv", "growth.csv", "critical-*.csv"),
    *("flaw.png", "critical.png", "growth.png", "critical-*.png", "flaw.pvd"),
    *("fields/lithium_00000*.*vtu", "fields/LLZO_00000*.*vtu"),
)


def flaw(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; results/NAME-flaw without it.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key; as often as wanted.")
    ] = None,
    critical: Annotated[bool, typer.Option(help="Look for the current at which the crack grows.")] = True,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help='Critical current over a key, all else as in the case: --vary resolved_flaw.length="1,2,5 um"; one key each.',
        ),
    ] = None,
    growth: Annotated[bool, typer.Option("--grow", help="Let the crack grow at the current of the case until it ends.")] = False,
    replace: Replace = False,
) -> None:
    """A resolved flaw full of lithium while plating: pressure, current and K_I in it, critical current, growth."""
    from cellfem.flaw.analysis import FlawModel, critical_current, flaw_problem_of, plating_step
    from cellfem.flaw.growth import grow
    from cellfem.flaw.report import Report

    with ending():
        checked = load_case(case, overrides or ())
        axes = [(text, grid_points(Grid(case, tuple(overrides or ()), (parse_axis(text),)))) for text in vary or ()]
        wrong = [
            line for asked in (checked, *(point.case for _, points in axes for point in points)) for line in flaw_problems(asked)
        ]
        if wrong:
            raise CaseError(list(dict.fromkeys(wrong)), case)
    folder = out or Path("results") / f"{_name(case)}-flaw"
    with ending():
        examine(folder, BY, OUTPUTS, files_read(checked, case), replace)
        question = flaw_problem_of(checked)
        current = plated(checked)
        model = FlawModel(question)
        state = model.solve(current)
        with replacing(folder, BY, OUTPUTS, files_read(checked, case), replace):
            report = Report(folder, checked, question)
            report.state(state, model)
            if critical:
                limit, asked = critical_current(model, current, typer.echo)
                report.critical(limit, [state, *asked])
            if growth:
                step, time = checked.resolved_flaw.growth_step, plating_step(checked).seconds
                report.growth(grow(question, current, step, time, typer.echo))
            for text, points in axes:
                rows = []
                for point in points:
                    asking = flaw_problem_of(point.case)
                    limit, states = critical_current(FlawModel(asking), current)
                    rows.append((dict(point.values), limit, states[-1]))
                    typer.echo(f"{text.partition('=')[0]} = {next(iter(dict(point.values).values()))}: {_shown(limit)}")
                report.varied(text.partition("=")[0], rows)
            report.close()


def plated(case: Case) -> float:
    """Magnitude of the current density of the first step that plates, A/m²."""
    from cellfem.flaw.analysis import plating_step

    return abs(plating_step(case).signed_current)


def _name(case: Path) -> str:
    path = case.resolve()
    return path.parent.name if path.name == "case.toml" else path.stem


def _shown(limit: float) -> str:
    return "no critical current up to 1e4 mA/cm²" if math.isinf(limit) else f"critical current {MA_CM2 * limit:.3g} mA/cm²"
