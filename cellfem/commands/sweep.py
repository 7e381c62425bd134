"""cellfem sweep: a grid over the keys of a case, or realisations of a random one, in parallel, refined and drawn as maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.job_runner import exit_code
from cellfem.campaign.sweep import BY, OUTPUTS, SQUARE_UM, plan_of, report, run_grid
from cellfem.case import CaseError
from cellfem.commands.shared import Replace
from cellfem.ending import ending
from cellfem.results import adding
from cellfem.units import QuantityError, parse_quantity


def sweep(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
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
        str | None, typer.Option(help="Depth that a plane run represents, for statistics per area; default: flaw.depth.")
    ] = None,
    cell_area: Annotated[float, typer.Option(min=0.0, help="Area of a cell in cm², for statistics per area.")] = 1.0,
    refine: Annotated[int, typer.Option(min=0, help="Rounds of inserting pressures where the verdict changes.")] = 0,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat the points at which the solver gave up.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key at every point; repeatable."),
    ] = None,
    replace: Replace = False,
) -> None:
    """Run a grid over the keys of a case: map.csv, map.json, maps, and the critical current against pressure with its slope."""
    with ending():
        plan = plan_of(case, grid or [], creep, overrides or [], realisations, refine)
        deep = None if depth is None else _depth(depth)
        outcomes = run_grid(plan, out, jobs, refine, retry=retry, replace=replace)
        with adding(out, BY, OUTPUTS, replace=replace):
            found = report(plan, out, outcomes, deep, cell_area * SQUARE_UM)
    for line in (*found.lines, *found.files):
        typer.echo(str(line))
    raise typer.Exit(exit_code(outcomes))


def _depth(text: str) -> float:
    """µm. Raises CaseError."""
    try:
        return parse_quantity(text, "um")
    except QuantityError as error:
        raise CaseError([f"--depth: {error}"]) from error
