"""What the commands share: the options that several have, and how they end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from cellfem.case import Case

DONE, BAD_CASE, GAVE_UP, STOPPED = 0, 2, 3, 4
"""Exit codes."""
RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""What launchers set: the rank is known before MPI starts, so that messages are said once."""

CasePath = Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help='Override a key, as in --set protocol.0.pressure="2 MPa"; as often as wanted.'
    ),
]
ReplaceFile = Annotated[bool, typer.Option("--replace", help="Overwrite a file that cellfem did not write.")]


def load(path: Path, overrides: list[str] | None, options: Mapping[str, str] | None = None) -> Case:
    """The checked case; ends the command with what is wrong with it.

    options: those that stand for a key; what is wrong with the key is told of the option.
    """
    from cellfem.case import CaseError, load_case

    try:
        return load_case(path, overrides or ())
    except CaseError as error:
        lines = [line.split(": ", 1) for line in error.errors]
        fail("\n".join(": ".join([(options or {}).get(key, key), *rest]) for key, *rest in lines))


def note(checked: Case) -> None:
    """Say what the checks advise."""
    from cellfem.case import warnings

    for warning in warnings(checked):
        typer.echo(f"note: {warning}", err=True)


def fail(text: str, code: int = BAD_CASE) -> NoReturn:
    """End the command, with a sentence."""
    if first_rank():
        typer.echo(text, err=True)
    raise typer.Exit(code)


def first_rank() -> bool:
    """Whether this is the process that speaks: rank 0."""
    return all(os.environ.get(name, "0") == "0" for name in RANK_VARIABLES)
