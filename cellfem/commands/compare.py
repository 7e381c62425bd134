"""cellfem compare: what differs between runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cellfem.commands.shared import AsJson, plain_table
from cellfem.ending import ending, fail


def compare(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR DIR...", help="Folders of two runs or more.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Print what differs between runs: keys of their cases, verdicts and final values."""
    from cellfem.report.compare import compare as compared

    if len(folders) < 2:
        fail("compare needs two folders of runs: write cellfem compare DIR DIR")
    with ending():
        found = compared(folders)
    if as_json:
        typer.echo(json.dumps(found.plain(), indent=2, ensure_ascii=False))
        return
    plain_table(["", *found.runs, "change" if len(folders) == 2 else "first to last"], found.rows())
    if found.band:
        typer.echo(found.band)
