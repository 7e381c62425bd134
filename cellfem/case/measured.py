"""A measured voltage curve to lay over a run: the [measured] table of a case, and how its file is read."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cellfem.case.fields import AreaResistance0, Section, default
from cellfem.units import ureg

Floats = NDArray[np.float64]
Kind = Literal["time", "capacity"]
SHOWN = {"time": "s", "capacity": "mA*hour/cm^2", "voltage": "mV"}
"""Units in which curves are held: those of records.csv."""
_HEADER = (re.compile(r"^(.*?)\s*[(\[]\s*(.+?)\s*[)\]]$"), re.compile(r"^(.*?)\s*/\s*(.+)$"), re.compile(r"^(.*?)[_\s,]+(\S+)$"))
"""time (h), voltage [mV]; time/h, Ewe / V; time_s, capacity_mAh_cm2, time, h."""
Name = Annotated[str, Field(strict=True, min_length=1)]


class CurveError(ValueError):
    """The file is no curve; str() says why and what to write instead."""


class Measured(Section):
    """A measured voltage curve (csv), laid over the run: measured.png, and the rms difference in summary.json."""

    file: str | None = None
    """The csv: a header, then numbers; its path from the folder of the case. Without it there is none."""
    x: Name | None = None
    """Header of the column of time or areal capacity; without it the first whose unit is one of them."""
    voltage: Name | None = None
    """Header of the column of voltage; without it the first whose unit is one."""
    x_unit: Name | None = None
    """Unit of x, where the header does not end in it as in "time (h)", "time/h" or "time_h"."""
    voltage_unit: Name | None = None
    """Unit of the voltage, where the header does not tell."""
    series: AreaResistance0 = default("0 ohm*cm^2")
    """Area-specific resistance of what the cell has and the model has not (rest of the electrolyte, other electrode)."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A measured curve, (N,) each, x increasing. x: s or mAh/cm², by `kind`; voltage_mV as measured."""

    kind: Kind
    x: Floats
    voltage_mV: Floats
    source: str


def read_curve(table: Measured) -> Curve:
    """The curve in `table.file`. Raises CurveError."""
    assert table.file is not None
    path = Path(table.file)
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        raise CurveError(f"cannot be read: {error}") from error
    if len(lines) < 3:
        raise CurveError("has fewer than two points; give a header line and a line for each point")
    rows = list(csv.reader(lines, delimiter=_delimiter(lines[0])))
    header = [name.strip() for name in rows[0]]
    x_column, x_unit, kind = _column(header, table.x, table.x_unit, ("time", "capacity"), "x")
    v_column, v_unit, _ = _column(header, table.voltage, table.voltage_unit, ("voltage",), "voltage")
    x, voltage = _numbers(rows[1:], x_column), _numbers(rows[1:], v_column)
    known = np.isfinite(x) & np.isfinite(voltage)
    x, voltage = x[known], voltage[known]
    if len(x) < 2:
        raise CurveError(f'has fewer than two points with numbers in "{header[x_column]}" and "{header[v_column]}"')
    if np.any(np.diff(x) < 0):
        raise CurveError(f'"{header[x_column]}" does not increase all along; cut the file to one stretch')
    return Curve(
        "time" if kind == "time" else "capacity", x * _factor(x_unit, kind), voltage * _factor(v_unit, "voltage"), path.name
    )


def _column(header: Sequence[str], name: str | None, unit: str | None, kinds: Sequence[str], key: str) -> tuple[int, str, str]:
    """Place, unit and kind of the column: the named one, or the first of one of the kinds. Raises CurveError."""
    if name is not None and name not in header:
        raise CurveError(f'has no column "{name}"; its columns are {", ".join(header)}: correct measured.{key}')
    for k, title in enumerate(header):
        if name is not None and title != name:
            continue
        for candidate in [unit] if unit is not None and name is not None else _units(title):
            kind = _kind(candidate)
            if kind in kinds:
                return k, candidate, kind
    what = " or ".join({"time": "a time", "capacity": "an areal capacity", "voltage": "a voltage"}[kind] for kind in kinds)
    raise CurveError(
        f"has no column whose unit is that of {what} (columns: {', '.join(header)}); write the unit into the header, as in "
        f'"time (h)" or "voltage (mV)", or give measured.{key} and measured.{key}_unit'
    )


def _units(title: str) -> list[str]:
    """What may be the unit at the end of a header, as pint would read it."""
    found = []
    for pattern in _HEADER:
        if match := pattern.match(title):
            found += [match[2], match[2].replace("_", "/")]
    if "_" in title:  # capacity_mAh_cm2
        found.append(title.partition("_")[2].replace("_", "/"))
    return [re.sub(r"(?<=[a-z])2$", "^2", text) for text in found]


def _kind(unit: str) -> str:
    """What the unit measures, "" where that is of no use here."""
    try:
        dimension = ureg.parse_units(unit).dimensionality
    except Exception:  # pint's parser lets through whatever its tokeniser raises
        return ""
    return next((kind for kind, shown in SHOWN.items() if ureg.parse_units(shown).dimensionality == dimension), "")


def _factor(unit: str, kind: str) -> float:
    return float(ureg.Quantity(1, unit).to(SHOWN[kind]).magnitude)


def _delimiter(line: str) -> str:
    return max((";", "\t", ","), key=line.count)


def _numbers(rows: Sequence[Sequence[str]], column: int) -> Floats:
    """A column, nan where there is no number."""

    def number(row: Sequence[str]) -> float:
        try:
            return float(row[column])
        except (IndexError, ValueError):
            return math.nan

    return np.array([number(row) for row in rows])
