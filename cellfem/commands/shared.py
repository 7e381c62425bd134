"""What the commands share: the options that several have, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellfem.ending import fail

if TYPE_CHECKING:
    from cellfem.case import Case

CasePath = Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help='Override a key, as in --set protocol.0.pressure="2 MPa"; as often as wanted.'
    ),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Write into a folder that holds other files, too (they stay), and replace results of an older cellfem.",
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
