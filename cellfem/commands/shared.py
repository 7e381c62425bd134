"""Options that several commands share, and loading of the case."""

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
    typer.Option("--set", metavar="KEY=VALUE", help='Override a key, for example --set protocol.0.pressure="2 MPa"; repeatable.'),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="Write into a folder that contains other files (they are kept), and replace results of an older cellfem.",
    ),
]
ReplaceFile = Annotated[bool, typer.Option("--replace", help="Overwrite a file that cellfem did not write.")]


def load(path: Path, overrides: list[str] | None, options: Mapping[str, str] | None = None) -> Case:
    """Load and check the case; ends the command with its errors.

    options: names of the options that set a key; an error of the key is reported for the option.
    """
    from cellfem.case import CaseError, load_case

    try:
        return load_case(path, overrides or ())
    except CaseError as error:
        lines = [line.split(": ", 1) for line in error.errors]
        fail("\n".join(": ".join([(options or {}).get(key, key), *rest]) for key, *rest in lines))


def note(checked: Case) -> None:
    """Print the warnings of the checks."""
    from cellfem.case import warnings

    for warning in warnings(checked):
        typer.echo(f"note: {warning}", err=True)
