"""cellfem status: progress of a run, or of all runs of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cellfem.cluster.status import UNBOUNDED, read_all, show
from cellfem.commands.shared import AsJson, print_json
from cellfem.ending import ending


def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The results of a run, or of a sweep.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show how far a run is, or every run of a sweep as a table; nothing is written."""
    with ending():
        found = read_all(folder)
    if as_json:
        print_json(found)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNBOUNDED  # in a file or a pipe each run stays on one line
    show(console, list(found))
    if len(found) > 1:
        states = [one.state.split(" ")[0] for one in found]
        console.print(", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)))
