"""cellfem fit-creep: a creep law of one's own from measured rows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cellfem.commands.shared import AsJson
from cellfem.ending import ending, fail
from cellfem.units import QuantityError, parse_quantity


def fit_creep(
    file: Annotated[Path, typer.Argument(help="A table with columns for stress, rate and temperature.", show_default=False)],
    energy: Annotated[
        str | None, typer.Option("--Q", metavar="ENERGY", help='Activation energy, where it is known: "37 kJ/mol".')
    ] = None,
    stress: Annotated[str | None, typer.Option(metavar="TITLE", help="Title of the column, where several may be meant.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="TITLE", help="The same of the rate.")] = None,
    temperature: Annotated[
        str | None, typer.Option(metavar="TITLE", help='The same of the temperature; or that of all rows, as in "25 degC".')
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit power-law creep to rows of stress, rate and temperature: the line for a case, with the errors of the fit."""
    from cellfem.materials.creep_fit import fit_creep as fitted
    from cellfem.tables import TableError
    from cellfem.tables.creep import read_creep

    try:
        known = None if energy is None else parse_quantity(energy, "J/mol")
    except QuantityError as error:
        fail(f"--Q: {error}")
    for_all = temperature if temperature is not None and _is_quantity(temperature) else None
    titles = {"stress": stress, "rate": rate, "temperature": temperature if for_all is None else None}
    try:
        rows = read_creep(file, {name: title for name, title in titles.items() if title is not None}, for_all)
    except TableError as error:
        fail(f"{file} {error}")
    with ending():
        found = fitted(rows.stress, rows.rate, rows.temperature, known)
    if as_json:
        numbers = asdict(found) | {"Q_error": None if known is not None else found.Q_error}
        typer.echo(json.dumps(numbers | {"table": found.table}, indent=2))
        return
    typer.echo(f"{file}: {rows.understood}")
    for line in found.lines:
        typer.echo(line)
    typer.echo("in [lithium] of a case:")
    typer.echo(found.toml)


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text, "K")
    except QuantityError:
        return False
    return True
