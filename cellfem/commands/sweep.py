"""cellfem sweep: a grid over the keys of a case, or realisations of a random one, in parallel, refined and drawn as maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.job_runner import exit_code
from cellfem.campaign.sweep import BY, OUTPUTS, plan_of, report, run_grid
from cellfem.commands.shared import CasePath, Overrides, Replace, quantity
from cellfem.ending import ending
from cellfem.results import adding


def sweep(
    case: CasePath,
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command continues a stopped sweep.")],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help='An axis, for example --grid pressure="0.1,0.4,1.6 MPa"; one option per key. Pressure, current and '
            "temperature are set in every protocol step.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Points to run at a time.")] = 2,
    creep: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Creep sets to compare: anand_narayan_steady,lepage,masias.")
    ] = None,
    realisations: Annotated[
        int, typer.Option(min=1, help="Realisations of a random interface at every point, with their statistics.")
    ] = 1,
    depth: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="Depth that a plane run represents, for statistics per area; default: flaw.depth."),
    ] = None,
    cell_area: Annotated[str, typer.Option(metavar="AREA", help="Area of a cell, for statistics per area.")] = "1 cm^2",
    refine: Annotated[int, typer.Option(min=0, help="Rounds of inserting pressures where the verdict changes.")] = 0,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat the points at which the solver gave up.")] = False,
    overrides: Overrides = None,
    replace: Replace = False,
) -> None:
    """Run a grid over the keys of a case: map.csv, map.json, maps, and the critical current against pressure with its slope."""
    deep = None if depth is None else quantity("--depth", depth, "um", 0.0)
    area = quantity("--cell-area", cell_area, "um^2", 0.0)
    with ending():
        plan = plan_of(case, grid or [], creep, overrides or [], realisations, refine)
        outcomes = run_grid(plan, out, jobs, refine, retry=retry, replace=replace)
        with adding(out, BY, OUTPUTS, replace=replace):
            found = report(plan, out, outcomes, deep, area)
    for line in (*found.lines, *found.files):
        typer.echo(str(line))
    raise typer.Exit(exit_code(outcomes))
