"""Options that several commands share, and loading of the case."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cellfem.ending import fail
from cellfem.errors import ExitCode

if TYPE_CHECKING:
    from cellfem.campaign.need import Need
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


def print_json(data: object) -> None:
    """Print what a command found for programs: dataclasses as objects, paths as text; null for nan
    and inf, which JSON does not know."""
    typer.echo(json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False))


def end_with_need(found: Need, files: Sequence[Path], as_json: bool) -> NoReturn:
    """Print the result of a search over creep sets, and end the command: with code 3 if a search
    found no bracket."""
    from cellfem.campaign.need import plain_need

    if as_json:
        print_json(plain_need(found))
    else:
        for line in (*files, found.distance, found.sentence):
            typer.echo(str(line))
    raise typer.Exit(ExitCode.DONE if found.complete else ExitCode.GAVE_UP)


def _plain(data: Any) -> Any:
    if is_dataclass(data):
        return {field.name: _plain(getattr(data, field.name)) for field in fields(data)}
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    if isinstance(data, Path):
        return str(data)
    return None if isinstance(data, float) and not math.isfinite(data) else data


def quantity(option: str, text: str, unit: str, least: float | None = None) -> float:
    """What an option gives with its unit, in the working unit, as keys of a case are written; ends
    the command where it is no such quantity, or below `least`."""
    from cellfem.units import KINDS, QuantityError, parse_quantity

    try:
        value = parse_quantity(text, unit)
    except QuantityError as error:
        fail(f"{option}: {error}")
    if least is not None and value < least:
        fail(f'{option}: {text} is too small; write for example {option} "{KINDS[unit].example}"')
    return value


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
