"""cellfem report: one HTML file of a run, of several, or of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.ending import ending


def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of runs, or of a sweep.", show_default=False)],
) -> None:
    """Write report.html into the (first) folder: verdict, curves, pictures, parameters with sources; one file, offline."""
    from cellfem.report import write_report

    with ending():
        path = write_report(folders)
    typer.echo(f"report: {path}")
