"""A measured voltage over time or capacity in a table: identification of columns and units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cellfem.tables.errors import TableError
from cellfem.tables.headings import CLOCK_TEXT, KINDS, Heading, factor, heading, kind_of
from cellfem.tables.text import Floats, Table, read_table
from cellfem.units import QuantityError, parse_unit

Kind = Literal["time", "capacity"]
OptionName = Callable[[str], str]
"""Maps "x", "voltage", "x_unit", "voltage_unit" to the user's option, such as "--x-unit" or
"measured.x_unit"."""

BINARY = {
    ".mpr": "EC-Lab's own format: export it as text (.mpt)",
    ".nda": "Neware's own format: export it as csv",
    ".ndax": "Neware's own format: export it as csv",
    ".res": "Arbin's own format: export it as csv",
    ".xlsx": "a spreadsheet: save the sheet as csv",
    ".xls": "a spreadsheet: save the sheet as csv",
    ".ods": "a spreadsheet: save the sheet as csv",
}
"""Files that cannot be read, with the remedy. A reader for one of them makes a Table and replaces
the entry in `_table`."""
TITLES_SHOWN = 16
CLOCK_FROM = 1e8
"""s: larger numbers are a clock (seconds since 1970, 1904, …), not the time of a test; three years.
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOT_MEASURED = _set(
    "control set setpoint target limit upper lower max min range nominal command sig aux auxiliary ach analog vu std sd error "
    "noise cutoff protection cut offset start end average"
)
"""Words in names of voltages that are set, or measured elsewhere than at the cell."""
_VOLTAGE = _set("ewe ecell ece ewe_ece voltage potential u e v vf vm volt volts mv millivolts vcell ucell spannung tension")
"""Names of the voltage of the cell, its words joined by _."""
_CLOCK = _set("unix epoch date datetime clock absolute realtime timestamp stamp utc uts dpt real system")
_STEP = _set("step relative sub segment cycle charge discharge half interval delta dt increment")
_TOTAL = _set("total test elapsed run experiment corrected accumulated cumulative")
_CHINESE = {
    **dict.fromkeys(("绝对", "系统", "实时", "日期"), "clock"),
    **dict.fromkeys(("工步", "步", "相对"), "step"),
    **dict.fromkeys(("总", "测试", "累计"), "total"),
}
_PLAIN = frozenset(
    ("time", "t", "zeit", "temps", "时间", "s", "sec", "seconds", "second", "min", "minutes", "h", "hours", "hour")
)
_RANK = {"total": 0, "time": 1, "capacity": 2, "other": 3, "step": 4, "clock": 5}


@dataclass(frozen=True, eq=False)
class VoltageCurve:
    """A measured curve, (N,) each, x increasing. x: s or mAh/cm², by `kind`; voltage_mV as
    measured.

    of: points in the file. understood: a sentence on what was read.
    """

    kind: Kind
    x: Floats
    voltage_mV: Floats
    source: str
    of: int
    understood: str


def read_curve(
    path: Path,
    x: str | None = None,
    voltage: str | None = None,
    x_unit: str | None = None,
    voltage_unit: str | None = None,
    option_of: OptionName = "measured.{}".format,
) -> VoltageCurve:
    """The curve in a file: from the given columns (and units, if the headings have none), otherwise
    from the headings.

    Raises TableError, with the candidates and the option to use, if two columns are possible.
    """
    table = _table(path)
    headings = [heading(title, unit) for title, unit in zip(table.names, table.units)]
    at, times = _x_column(table, headings, x, x_unit, option_of)
    v = _voltage_column(table, headings, voltage, voltage_unit, option_of)
    kind = at.kind
    values = table.numbers(at.place) * factor(at.unit, kind) if times is None else times
    volts = table.numbers(v.place) * factor(v.unit, "voltage")
    known = np.isfinite(values) & np.isfinite(volts)
    values, volts = values[known], volts[known]
    if len(values) < 2:
        raise TableError(f'has fewer than two points with numbers in "{at.title}" and "{v.title}"')
    note = ""
    if at.role == "clock" or (kind == "time" and values[0] > CLOCK_FROM):
        if x is None:
            raise TableError(
                f'"{at.title}" begins at {values[0]:.6g} s: it is a clock, not the time of a test; give the column with '
                f'{option_of("x")}, or {option_of("x")} "{at.title}" to count it from its first row'
            )
        values, note = values - values[0], ", counted from its first row"
    if np.any(np.diff(values) < 0):
        others = [h.title for k, h in enumerate(headings) if h.kind == "time" and k != at.place]
        hint = f", or give another column with {option_of('x')} ({', '.join(others)})" if others else ""
        row = int(table.rows[known][int(np.argmax(np.diff(values) < 0)) + 1])
        raise TableError(f'"{at.title}" does not increase all along (line {row}); cut the file to one stretch{hint}')
    points = f"{len(values)} of {len(table)} points" if len(values) < len(table) else f"all {len(table)} points"
    parts = [
        points,
        f'{"time" if kind == "time" else "capacity"} "{at.title}" in {at.unit}{note}',
        f'voltage "{v.title}" in {v.unit}{_passed_over(headings, v.place)}',
        table.understood,
    ]
    understood = "; ".join(part for part in parts if part)
    return VoltageCurve("time" if kind == "time" else "capacity", values, volts, path.name, len(table), understood)


@dataclass(frozen=True)
class _Column:
    place: int
    title: str
    unit: str
    kind: str
    role: str = ""


def _table(path: Path) -> Table:
    reason = BINARY.get(path.suffix.lower())
    if reason is not None:
        raise TableError(f"is {reason}")
    return read_table(path)


def _x_column(
    table: Table, headings: Sequence[Heading], name: str | None, unit: str | None, option_of: OptionName
) -> tuple[_Column, Floats | None]:
    """The column of time or areal capacity; with hours:minutes:seconds also its seconds."""
    if name is not None:
        k = _named(headings, name, option_of("x"))
        times = None if headings[k].kind not in ("", "time") else table.seconds(k)
        if times is not None:
            return _Column(k, headings[k].title, CLOCK_TEXT, "time", _role(headings[k])), times
        return _with_unit(headings[k], k, unit, ("time", "capacity"), "x", option_of), None
    found = list[tuple[_Column, Floats | None]]()
    for k, h in enumerate(headings):
        role = _role(h)
        times = table.seconds(k) if h.kind == "time" or (not h.kind and _is_time(h)) else None
        if times is not None:
            found.append((_Column(k, h.title, CLOCK_TEXT, "time", role), times))
        elif h.kind == "capacity" or (h.kind == "time" and h.unit != CLOCK_TEXT):
            found.append((_Column(k, h.title, h.unit, h.kind, "capacity" if h.kind == "capacity" else role), None))
        elif not h.kind and unit is not None and role in ("total", "time"):
            found.append((_with_unit(h, k, unit, ("time", "capacity"), "x", option_of, role), None))
    best = min((_RANK[column.role] for column, _ in found), default=9)
    first = [pair for pair in found if _RANK[pair[0].role] == best]
    if best >= _RANK["step"]:
        raise TableError(_no_column(headings, "x", option_of, [column for column, _ in first]))
    if len(first) > 1:
        raise TableError(_several([column for column, _ in first], "the time of the test", option_of("x")))
    if unit is not None and first[0][0].unit != unit:
        column, times = first[0]
        return _with_unit(headings[column.place], column.place, unit, ("time", "capacity"), "x", option_of, column.role), times
    return first[0]


def _voltage_column(
    table: Table, headings: Sequence[Heading], name: str | None, unit: str | None, option_of: OptionName
) -> _Column:
    if name is not None:
        k = _named(headings, name, option_of("voltage"))
        return _with_unit(headings[k], k, unit, ("voltage",), "voltage", option_of)
    usable = [
        (k, h) for k, h in enumerate(headings) if h.kind == "voltage" or (unit is not None and not h.kind and _is_voltage(h))
    ]
    usable = [(k, h) for k, h in usable if not _NOT_MEASURED & set(h.words)]
    first = [(k, h) for k, h in usable if _is_voltage(h)] or usable
    if not first:
        raise TableError(_no_column(headings, "voltage", option_of, []))
    columns = [_with_unit(h, k, unit, ("voltage",), "voltage", option_of) for k, h in first]
    if len(columns) > 1:
        raise TableError(_several(columns, "the voltage of the cell", option_of("voltage")))
    return columns[0]


def _with_unit(
    h: Heading, place: int, unit: str | None, kinds: Sequence[str], key: str, option_of: OptionName, role: str = ""
) -> _Column:
    """The column with its own unit, or the given one if it has none. Raises TableError if they
    differ, or if neither is suitable."""
    option = option_of(f"{key}_unit")
    if unit is not None:
        kind = kind_of(unit)
        if kind not in kinds:
            what = "is not a unit that cellfem knows" if not kind and not _known(unit) else f"is not a unit of {_words(kinds)}"
            raise TableError(f'{option} "{unit}" {what}; write for example {option} "{KINDS[kinds[0]]}"')
        if h.kind and (h.kind != kind or abs(factor(h.unit, kind) / factor(unit, kind) - 1) > 1e-9):
            raise TableError(f'has "{h.title}" in {h.unit}, and {option} is {unit}: leave {option} out, or correct the heading')
        return _Column(place, h.title, unit, kind, role or _role(h))
    if h.kind in kinds:
        return _Column(place, h.title, h.unit, h.kind, role or _role(h))
    if h.kind == "charge":
        raise TableError(f'"{h.title}" is a charge, not a charge per area: divide it by the area, as in "capacity (mAh/cm2)"')
    if h.kind:
        raise TableError(f'"{h.title}" is {_words([h.kind])}, not {_words(kinds)}: give another column with {option_of(key)}')
    raise TableError(f'does not say the unit of "{h.title}": give it with {option}, as in {option} "{KINDS[kinds[0]]}"')


def _named(headings: Sequence[Heading], name: str, option: str) -> int:
    """Index of the column with this heading, or of the only one with this name before its unit."""
    for matches in (
        lambda h: h.title == name,
        lambda h: h.title.lower() == name.lower(),
        lambda h: h.name.lower() == name.lower(),
    ):
        found = [k for k, h in enumerate(headings) if matches(h)]
        if len(found) == 1:
            return found[0]
        if found:
            raise TableError(f'has {len(found)} columns "{name}": give them names of their own')
    raise TableError(f'has no column "{name}"; its columns are {_titles(headings)}: correct {option}')


def _is_voltage(h: Heading) -> bool:
    return "_".join(h.words) in _VOLTAGE or "电压" in h.name or (h.words[-1:] in (("voltage",), ("potential",)))


def _is_time(h: Heading) -> bool:
    return bool(_PLAIN & set(h.words)) or "时间" in h.name


def _role(h: Heading) -> str:
    """Reference of a time: "total", "time" (its name alone), "step", "clock", or "other"."""
    words = set(h.words)
    for part, role in _CHINESE.items():
        if part in h.name:
            return role
    if words & _CLOCK:
        return "clock"
    if words & _STEP:
        return "step"
    if words & _TOTAL:
        return "total"
    return "time" if _is_time(h) else "other"


def _passed_over(headings: Sequence[Heading], chosen: int) -> str:
    """The other voltage columns, which might have been intended."""
    others = [h.title for k, h in enumerate(headings) if h.kind == "voltage" and k != chosen]
    return f" (not {', '.join(others)})" if others else ""


def _several(columns: Sequence[_Column], what: str, option: str) -> str:
    names = ", ".join(f'"{column.title}"' for column in columns)
    return (
        f'has {len(columns)} columns that may be {what}: {names}; choose one with {option}, as in {option} "{columns[0].title}"'
    )


def _no_column(headings: Sequence[Heading], key: str, option_of: OptionName, refused: Sequence[_Column]) -> str:
    what = "a time or an areal capacity" if key == "x" else "a voltage"
    if refused:
        names = ", ".join(f'"{column.title}"' for column in refused)
        why = "starts again in every step" if refused[0].role == "step" else "is a clock"
        return f"has no time of the test ({names} {why}); if one of its columns can be it, give it with {option_of('x')}"
    example = '"time (h)"' if key == "x" else '"voltage (mV)"'
    return (
        f"has no column whose unit is that of {what} (columns: {_titles(headings)}); write the unit into the header, as in "
        f"{example}, or give {option_of(key)} and {option_of(f'{key}_unit')}"
    )


def _titles(headings: Sequence[Heading]) -> str:
    more = f", … ({len(headings)} in all)" if len(headings) > TITLES_SHOWN else ""
    return ", ".join(h.title for h in headings[:TITLES_SHOWN]) + more


def _known(unit: str) -> bool:
    try:
        parse_unit(unit)
    except QuantityError:
        return False
    return True


def _words(kinds: Sequence[str]) -> str:
    names = {"time": "a time", "capacity": "a charge per area", "charge": "a charge", "voltage": "a voltage",
             "current": "a current", "length": "a length"}  # fmt: skip
    return " or ".join(names[kind] for kind in kinds)
