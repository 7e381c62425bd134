"""cellfem new: a commented case to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cellfem.case.new import FIRST, menu, write_new
from cellfem.ending import ending, fail


def new(
    name: Annotated[
        Path | None, typer.Argument(metavar="NAME", help="The folder to make, as in cases/my-first.", show_default=False)
    ] = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME", help="What to begin with; asked for on a terminal, else strip.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the templates.")] = False,
) -> None:
    """Write a commented case from a menu of templates: stripping, pressing, cycling, plating, holding, 3-D."""
    choices = menu()
    if listed:
        for choice, text in choices.items():
            typer.echo(f"{choice:8}{text}")
        return
    if name is None:
        fail("new needs a name: write cellfem new cases/my-first, or cellfem new --list")
    with ending():
        path = write_new(name, template or (_asked(choices) if sys.stdin.isatty() else FIRST))
    typer.echo(f"case: {path}")
    typer.echo(f"  check it: cellfem check {name}")
    typer.echo(f"  run it:   cellfem run {name}")


def _asked(choices: dict[str, str]) -> str:
    names = list(choices)
    for number, (choice, text) in enumerate(choices.items(), start=1):
        typer.echo(f"{number}  {choice:8}{text}")
    given = typer.prompt("Template", default="1")
    return names[int(given) - 1] if given.isdecimal() and 0 < int(given) <= len(names) else given
