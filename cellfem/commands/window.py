"""cellfem window: both limits of stack pressure in one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.job_runner import exit_code
from cellfem.campaign.window import GRID, NOTE, OUTPUTS, window_lines
from cellfem.commands.shared import Overrides, Replace
from cellfem.ending import ending


def window(
    case: Annotated[
        Path, typer.Argument(help="A case that strips and then plates, for example cases/dendrite-window.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command continues a stopped sweep.")],
    grid: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUES", help="An axis, as in cellfem sweep.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Points to run at a time.")] = 2,
    creep: Annotated[str | None, typer.Option(metavar="NAMES", help="Creep sets to compare.")] = None,
    overrides: Overrides = None,
    replace: Replace = False,
) -> None:
    """Both limits of stack pressure on one picture: contact lost from below, dendrites from above, and what is safe between."""
    from cellfem.campaign.find_windows import find_windows

    with ending():
        found = find_windows(case, grid or GRID, out, jobs, creep, overrides or [], replace)
    for line in (*found.maps.lines, *found.maps.files):
        typer.echo(str(line))
    for window_found in found.windows:
        for text in window_lines(window_found):
            typer.echo(text)
    typer.echo(NOTE)
    for name in OUTPUTS:
        typer.echo(str(out / name))
    raise typer.Exit(exit_code(found.runs))
