"""Measured creep in a table: which columns are stress, rate and temperature, and in which units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellfem.tables.errors import TableError
from cellfem.tables.text import Floats, Table, read_table
from cellfem.units import QuantityError, parse_quantity

WANTED = {"stress": "MPa", "rate": "1/s", "temperature": "K"}
"""What a row has, with the working unit."""
_NAMES = {
    "stress": re.compile(r"stress|sigma|σ|pressure|load", re.IGNORECASE),
    "rate": re.compile(r"rate|ε̇|epsdot|eps_dot", re.IGNORECASE),
    "temperature": re.compile(r"temp|^T$|^T[\s_(/\[]", re.IGNORECASE),
}
_FORMS = (
    re.compile(r"^(.*?)\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]$"),  # stress (MPa), rate [1/s]
    re.compile(r"^([^/]*?)\s*/\s*(.+)$"),  # stress/MPa, rate / s-1
    re.compile(r"^(.*?)_(?:per_)(\w+)$"),  # rate_per_s
    re.compile(r"^(.*?)_(\d_\w+|[^_\s]+)$"),  # stress_MPa, rate_1_s, temperature_C
)
_PER = 2  # of _FORMS: what follows is what is divided by
_DEGREES = ("C", "°C", "degC", "deg C", "celsius", "Celsius")


@dataclass(frozen=True, eq=False)
class CreepRows:
    """(N,) each: stress in MPa, rate in 1/s, temperature in K. understood: which columns, in a
    sentence."""

    stress: Floats
    rate: Floats
    temperature: Floats
    understood: str


def read_creep(path: Path, columns: dict[str, str] | None = None, temperature: str | None = None) -> CreepRows:
    """The rows of a file in which all three are known.

    columns: "stress", "rate" or "temperature" to the title of its column, else by the titles; each
    title must have a unit, as in "stress (MPa)". temperature: of all rows, with a unit, in place of
    a column. Raises TableError, whose text goes on after the name of the file.
    """
    table, given = read_table(path), columns or {}
    found: dict[str, Floats] = {}
    told = []
    for name, unit in WANTED.items():
        if name == "temperature" and temperature is not None:
            try:
                found[name] = np.full(len(table), parse_quantity(temperature, unit))
            except QuantityError as error:
                raise TableError(f"is read with --temperature {error}") from error
            continue
        place = _place(table, name, given.get(name))
        symbol = table.units[place] or _unit(table.names[place])
        found[name] = _converted(table, place, symbol, name)
        told.append(f'{name} from "{table.names[place]}"')
    known = np.all([np.isfinite(values) for values in found.values()], axis=0)
    if not known.any():
        raise TableError("has no row in which stress, rate and temperature are numbers")
    return CreepRows(**{name: values[known] for name, values in found.items()}, understood=", ".join(told))


def _place(table: Table, name: str, title: str | None) -> int:
    titles = list(table.names)
    if title is not None:
        if title not in titles:
            raise TableError(f'has no column "{title}"; it has {", ".join(titles)}')
        return titles.index(title)
    found = [k for k, text in enumerate(titles) if _NAMES[name].search(text)]
    if len(found) != 1:
        what = "several columns" if found else "no column"
        remedy = ', or --temperature "25 degC" for all rows' if name == "temperature" else ""
        raise TableError(f"has {what} that may be the {name}; give its title with --{name}{remedy} (it has {', '.join(titles)})")
    return found[0]


def _unit(title: str) -> str:
    """The unit that a title ends in; "" where there is none."""
    for number, form in enumerate(_FORMS):
        if match := form.match(title.strip()):
            text = match[2].replace("_", "/")
            return f"1/{text}" if number == _PER else text
    return ""


def _converted(table: Table, place: int, symbol: str, name: str) -> Floats:
    """The column in the working unit."""
    symbol = "degC" if name == "temperature" and symbol in _DEGREES else symbol
    unit, numbers = WANTED[name], table.numbers(place)
    try:
        one, two = (parse_quantity(f"{k} {symbol}", unit) for k in (1, 2))
    except QuantityError as error:
        raise TableError(f'has a {name} "{table.names[place]}" without a unit that is known: {error}') from error
    return np.asarray(one + (two - one) * (numbers - 1.0))
