"""cellfem view: a run in a window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.ending import ending


def view(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.", show_default=False)]) -> None:
    """Show a run in a window that turns and zooms, with a slider of time; without a screen, say what to do."""
    from cellfem.scene.view import show_run

    with ending():
        show_run(folder)
