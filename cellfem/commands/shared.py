"""Options that several commands share, and loading of the case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
UNBOUNDED = 1000
"""Columns of a line that no terminal ends."""
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


AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON, for programs.")]


def plain_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as all commands print them: no lines, cells two columns apart. In a file or a pipe a
    row keeps its line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for k, heading in enumerate(headings):
        table.add_column(heading, no_wrap=k == 0, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = UNBOUNDED
    console.print(table)
