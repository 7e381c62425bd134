"""Text tables: separator, decimal mark, header, units and missing values are detected, the numbers
are read by pandas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem.tables.encoding import read_lines
from cellfem.tables.errors import NoTable, TableError
from cellfem.tables.headings import is_unit

Floats = NDArray[np.float64]

MISSING = ("", "nan", "NaN", "NAN", "NA", "N/A", "n/a", "#N/A", "#NV", "null", "None", "-", "--", "---", "*", "***", "Bad", "BAD")
"""Texts that mean a missing value."""
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", " ": "blanks", "": "none"}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_LEADING_ZERO = re.compile(r"0\d+(?:[eE][+-]?\d+)?")
_DURATION = re.compile(r"(?:(\d+)[d\s.:-]+)?(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)")
_HEADER_LINES = re.compile(r"\s*Nb header lines\s*:\s*(\d+)", re.IGNORECASE)
_COMMENT = ("#", "%")
SAMPLE_ROWS = 2000
SAMPLE_LINES, SAMPLE_CHARACTERS = 40, 200_000
TEXT_SHOWN = 40
"""Most characters of a cell or line in a message."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table of N rows.

    names: of the columns; "column 1", … without a header. units: a row of units under the header,
    "" if there is none. named: whether there is a header. head: the lines before it. cells:
    pandas.DataFrame (N, len(names)); a numeric column has floats, any other has text. rows: line
    number in the file (from 1) of each row.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    named: bool
    head: tuple[str, ...]
    cells: Any = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    separator: str
    decimal: str
    encoding: str
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def numbers(self, column: int) -> Floats:
        """The column (N,), nan if missing. Raises TableError for text, with line and text."""
        import pandas as pd

        cells = self.cells.iloc[:, column]
        if pd.api.types.is_bool_dtype(cells):
            cells = cells.astype(str)  # True and False are words here
        elif pd.api.types.is_numeric_dtype(cells):
            return np.asarray(cells, dtype=np.float64)
        text = cells.map(lambda value: value.strip() if isinstance(value, str) else value)
        with_points = text.map(self._with_point) if self.decimal == "," else text
        values = np.asarray(pd.to_numeric(with_points, errors="coerce"), dtype=np.float64)
        bad = np.flatnonzero(np.isnan(values) & np.asarray(text.notna()))
        if len(bad):
            raise TableError(self._not_a_number(str(text.iloc[bad[0]]), int(self.rows[bad[0]]), column, len(bad)))
        return values

    @staticmethod
    def _with_point(cell: object) -> object:
        """A cell with a decimal comma in Python's notation; a cell with a point is refused, because
        it has the other mark."""
        if not isinstance(cell, str):
            return cell
        return "two marks" if "." in cell else cell.replace(",", ".")

    def _not_a_number(self, cell: str, line: int, column: int, count: int) -> str:
        where = f'line {line}: "{cell[:TEXT_SHOWN]}" in the column "{self.names[column]}"'
        if _NUMBER.fullmatch(cell):
            other = "comma" if "," in cell else "point"
            return f"{where} has a decimal {other} and other numbers have not: export it with one decimal mark"
        more = f" ({count} such cells)" if count > 1 else ""
        return f"{where} is not a number{more}: leave the cell empty where nothing was measured"

    def seconds(self, column: int) -> Floats | None:
        """A column of durations as hours:minutes:seconds, in s (N,), nan if missing; None if it
        contains anything else."""
        found = np.full(len(self), np.nan)
        for k, cell in enumerate(self.cells.iloc[:, column]):
            if not isinstance(cell, str):
                if cell == cell:  # a number; not a missing value
                    return None
                continue
            match = _DURATION.fullmatch(cell.strip())
            if match is None:
                return None
            days, hours, minutes, seconds = match.groups(default="0")
            found[k] = 86400 * int(days) + 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))
        return found if np.isfinite(found).any() else None

    @property
    def understood(self) -> str:
        """How the text was interpreted, for a sentence."""
        parts = [] if self.separator == "" else [f"separated by {SEPARATORS[self.separator]}"]
        if self.decimal == ",":
            parts.append("decimal commas")
        if self.encoding != "utf-8":
            parts.append(self.encoding)
        if self.head:
            parts.append(f"{len(self.head)} line{'s' if len(self.head) > 1 else ''} before the table")
        if self.left_out:
            parts.append(f"{self.left_out} line{'s' if self.left_out > 1 else ''} after it left out")
        return ", ".join(parts)


def read_table(path: Path) -> Table:
    """The table in a text file. Raises TableError."""
    lines, encoding = read_lines(path)
    numbered = [(k, line.replace("−", "-")) for k, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise TableError("is empty: give a line of numbers for each point")
    told = next((int(match[1]) for _, line in numbered[:3] if (match := _HEADER_LINES.match(line))), None)
    if told is not None:
        return _after_header(numbered, told, encoding)
    data = [(k, line) for k, line in numbered if not line.startswith(_COMMENT)]
    separator, begin, count = _layout(_sample(data))
    first = data[begin][0]
    before = [(k, line) for k, line in numbered if k < first]
    names, units, used = _header(before, separator, count)
    _refuse_other_tables(data[:begin], separator)
    body, rest = _body(data[begin:], separator, count)
    head = [line for _, line in before[: len(before) - used]]
    return _table(body, separator, count, names, units, head, encoding, len(rest))


def _after_header(numbered: Sequence[tuple[int, str]], told: int, encoding: str) -> Table:
    """An EC-Lab file, whose second line gives the number of header lines; the last of them has the
    names."""
    before = [(k, line) for k, line in numbered if k <= told]
    after = [(k, line) for k, line in numbered if k > told]
    if not before or before[-1][0] != told or not after:
        raise TableError(f'says "Nb header lines : {told}", but there is no line of names and data there: export it again')
    names = _without_end(fields(before[-1][1], "\t"))
    if any(_NUMBER.fullmatch(name) for name in names):
        raise TableError(f'says "Nb header lines : {told}", but there are numbers in line {told} already: export it again')
    body, rest = _body(after, "\t", len(names))
    return _table(body, "\t", len(names), names, None, [line for _, line in before[:-1]], encoding, len(rest))


def fields(line: str, separator: str) -> list[str]:
    """The cells of a line."""
    if separator == " ":
        return line.split()
    if separator == "":
        return [line.strip()]
    if '"' not in line:  # the usual case, and much faster
        return [cell.strip() for cell in line.split(separator)]
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator))]


def _without_end(cells: list[str]) -> list[str]:
    """Without trailing empty cells, which result from separators at the ends of lines."""
    while len(cells) > 1 and not cells[-1]:
        cells = cells[:-1]
    return cells


def _score(cells: Sequence[str]) -> float:
    """Share of the cells that are numbers or missing; 0 without a number."""
    numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
    return (numbers + sum(cell in MISSING for cell in cells)) / len(cells) if numbers else 0.0


def _sample(data: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """The first lines: enough to detect the layout, few enough for files of a million rows."""
    size = 0
    for k, (_, line) in enumerate(data):
        size += len(line)
        if k >= SAMPLE_LINES and size > SAMPLE_CHARACTERS:
            return data[:k]
    return data


def _is_row(cells: Sequence[str]) -> bool:
    """Whether a line may be a row of the table: it has a number, or all its values are missing."""
    return _score(cells) > 0 or all(cell in MISSING for cell in cells)


def _layout(data: Sequence[tuple[int, str]]) -> tuple[str, int, int]:
    """(separator, index in `data` of the first row, number of columns) for which most cells of the
    longest run of equally long lines are numbers."""
    best: tuple[float, str, int, int] = (0.0, "", 0, 0)
    for separator in SEPARATORS:
        split = [fields(line, separator) for _, line in data]
        for begin, end in _runs(split, separator):
            score = sum(_score(cells) for cells in split[begin:end])
            if score > best[0] * (1 + 1e-9):
                count = max(len(_without_end(cells)) for cells in split[begin:end])
                best = (score, separator, begin, count)
    if best[0] == 0.0:
        raise NoTable("holds no table of numbers: give a header line and a line of numbers for each point")
    return best[1], best[2], best[3]


def _runs(split: Sequence[Sequence[str]], separator: str) -> list[tuple[int, int]]:
    """Runs (first, last + 1) of lines with the same number of cells, and a number in each."""
    fitting = [len(cells) if _is_row(cells) and (len(cells) > 1 or separator == "") else 0 for cells in split]
    found, begin = [], 0
    for k in range(1, len(fitting) + 1):
        if k == len(fitting) or fitting[k] != fitting[begin]:
            if fitting[begin]:
                found.append((begin, k))
            begin = k
    return found


def _header(before: Sequence[tuple[int, str]], separator: str, count: int) -> tuple[list[str] | None, list[str] | None, int]:
    """(names, units, lines used) of the lines directly before the table."""
    if not before:
        return None, None, 0
    last = _names(before[-1][1], separator, count)
    if last is None:
        return None, None, 0
    above = _names(before[-2][1], separator, count) if len(before) > 1 else None
    if above is not None and all(is_unit(cell) for cell in last):
        return above, last, 2
    return last, None, 1


def _names(line: str, separator: str, count: int) -> list[str] | None:
    """The names in a line; None if it is not a header of `count` columns. Raises TableError if it
    has fewer."""
    comment = line.startswith(_COMMENT)
    text = line.lstrip("#% ") if comment else line
    splits = [_without_end(fields(text, separator))]
    if separator == " ":  # names with blanks in them, as in: time (s) voltage (mV)
        splits += [re.split(r"\t|\s{2,}|;|,", text.strip()), re.split(r"\s+(?![(\[/])(?<!/\s)", text.strip())]
    for cells in splits:
        if len(cells) == count and not any(_NUMBER.fullmatch(cell) for cell in cells) and any(cells):
            return [cell.strip() for cell in cells]
    short = splits[0]
    if not comment and separator in "\t;," and 1 < len(short) < count and not any(_NUMBER.fullmatch(cell) for cell in short):
        commas = (
            "; are these decimal commas? Then export it with tabs or semicolons between the columns" if separator == "," else ""
        )
        raise TableError(f"has a header of {len(short)} names ({', '.join(short)}) over rows of {count} cells{commas}")
    return None


def _refuse_other_tables(before: Sequence[tuple[int, str]], separator: str) -> None:
    """Raises TableError for rows of numbers above the table, or another table, which would be lost
    silently."""
    for line, text in before:
        cells = _without_end(fields(text, separator))
        if len(cells) > 1 and _score(cells) == 1.0 and sum(_NUMBER.fullmatch(cell) is not None for cell in cells) > 1:
            raise TableError(
                f"line {line} has {len(cells)} numbers, the rows of the table below it another number of cells: "
                "give every row as many cells, empty ones where nothing was measured, or keep one table"
            )


def _body(
    data: Sequence[tuple[int, str]], separator: str, count: int
) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    """The rows, each with `count` cells, and the lines of words after them. Raises TableError for
    rows of another length."""
    rows = list[tuple[int, list[str]]]()
    for place, (line, text) in enumerate(data):
        cells = fields(text, separator)
        while len(cells) > count and not cells[-1]:
            cells.pop()
        if len(cells) != count and not any(_NUMBER.fullmatch(cell) for cell in cells):
            rest = data[place:]
            _refuse_other_tables_below(rest, separator)
            return rows, list(rest)
        if len(cells) < count and place == len(data) - 1 and separator != " " and place > 0:
            cells += [""] * (count - len(cells))  # the writer was interrupted in the last line
        if len(cells) != count:
            empty = (
                " A blank between numbers is no empty cell: separate the columns by tabs or commas." if separator == " " else ""
            )
            raise TableError(
                f"line {line} has {len(cells)} cells, the rows above it have {count}: give every row as many, empty ones "
                f"where nothing was measured.{empty}"
            )
        rows.append((line, cells))
    return rows, []


def _refuse_other_tables_below(rest: Sequence[tuple[int, str]], separator: str) -> None:
    for line, text in rest[1:]:
        cells = _without_end(fields(text, separator))
        if len(cells) > 1 and any(_NUMBER.fullmatch(cell) for cell in cells):
            raise TableError(f"holds more than one table (the next begins near line {line}): keep one of them")


def _table(
    body: Sequence[tuple[int, list[str]]],
    separator: str,
    count: int,
    names: list[str] | None,
    units: list[str] | None,
    head: Sequence[str],
    encoding: str,
    left_out: int,
) -> Table:
    import pandas as pd

    cells = [row for _, row in body]
    decimal = _decimal(cells, separator)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(cells)
    text.seek(0)
    frame = pd.read_csv(
        text,
        sep="\t",
        header=None,
        names=list(range(count)),
        index_col=False,
        decimal=decimal,
        na_values=list(MISSING),
        keep_default_na=False,
        skip_blank_lines=False,
        low_memory=False,
    )
    return Table(
        names=tuple(names or [f"column {k + 1}" for k in range(count)]),
        units=tuple(units or [""] * count),
        named=names is not None,
        head=tuple(head),
        cells=frame,
        rows=np.array([line for line, _ in body], dtype=np.int64),
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        left_out=left_out,
    )


def _decimal(rows: Sequence[Sequence[str]], separator: str) -> str:
    """The decimal mark of most numbers. Raises TableError if commas may be separators as well as
    decimal marks."""
    step = max(1, len(rows) // SAMPLE_ROWS)  # cells outside the sample with the other mark are detected when they are read
    numbers = [cell for row in rows[::step] for cell in row if _NUMBER.fullmatch(cell)]
    commas, points = sum("," in cell for cell in numbers), sum("." in cell for cell in numbers)
    if separator == "," and commas == points == 0 and any(_LEADING_ZERO.fullmatch(cell) for cell in numbers):
        raise TableError(
            'has commas that may separate columns or be decimal marks (cells such as "05"): '
            "export it with tabs or semicolons between the columns, or with decimal points"
        )
    return "," if commas > points else "."
