"""records.csv and voids.csv, complete on disk after every row, so that a killed run keeps its rows;
atomic replacement of files."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cellfem.quantities import Value, VoidEvent, void_row
from cellfem.results.files import replace_whole
from cellfem.results.manifest import list_files

if TYPE_CHECKING:
    from cellfem.observe.voids import TrackedVoid


def void_rows(
    time_s: float,
    voids: Sequence[TrackedVoid],
    volume: bool = False,
    solid: bool = False,
    electrode: int = 1,
    gas: bool = False,
) -> list[dict[str, Value]]:
    """One row of voids.csv for each void that is open at time_s, with the event "open"."""
    from cellfem.observe.voids import open_voids  # imported here, because it imports numpy

    return [void_row(VoidEvent(time_s, electrode, "open", void), volume, solid, gas) for void in open_voids(voids)]


class RecordWriter:
    """A CSV file that is complete on disk after each row.

    path: replaced if it exists, unless going_on: then rows are appended. columns: names in order.
    Numbers are written such that they read back to the same bits. Raises OSError if a row does not
    fit on the disk; the file then ends with the previous row.
    """

    def __init__(self, path: Path, columns: Sequence[str], going_on: bool = False) -> None:
        self._columns = tuple(columns)
        list_files([path])
        self._sum = hashlib.sha256(path.read_bytes() if going_on else b"")
        self._file = path.open("ab", buffering=0)
        if not going_on:
            self._file.truncate(0)
            self._append(self._columns)

    def write(self, row: Mapping[str, Value]) -> None:
        """Append one row. Raises ValueError unless the row has exactly the columns of the file."""
        if row.keys() != set(self._columns):
            missing, unknown = set(self._columns) - row.keys(), row.keys() - set(self._columns)
            raise ValueError(f"{self._file.name}: row lacks {sorted(missing)}, has unknown {sorted(unknown)}")
        self._append([_text(row[name]) for name in self._columns])

    def digest(self) -> str:
        """SHA-256 of all that was written, that is, of the expected content of the file."""
        return self._sum.hexdigest()

    def replace_last(self, name: str, text: str) -> None:
        """Replace the text in the last column of the last row, which has this name, by one of the
        same length."""
        assert name == self._columns[-1]
        self._file.flush()
        with Path(self._file.name).open("r+b") as file:
            file.seek(-len(text) - 1, os.SEEK_END)  # before the end of the line
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the file; may be called again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _append(self, texts: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(texts)
        data = line.getvalue().encode("utf-8")
        before = os.fstat(self._file.fileno()).st_size
        try:
            left = memoryview(data)
            while left:  # a nearly full disk takes a part of the line
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            error.filename = self._file.name
            raise
        self._sum.update(data)


class RecordsError(ValueError):
    """A file of records is damaged: str() gives file, line and remedy."""


def read_records(path: Path, columns: Sequence[str] = ()) -> list[dict[str, float]]:
    """All rows of a records.csv as numbers. columns: required ones. Raises RecordsError, and
    OSError without a file."""
    number = 0
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file, strict=True)
            names = next(lines, [])
            if missing := [name for name in columns if name not in names]:
                raise RecordsError(f"{path}: has no column {', '.join(missing)}; {WHOLE}")
            rows = []
            for number, texts in enumerate(lines, start=2):
                if len(texts) != len(names):
                    raise RecordsError(f"{path}: line {number} has {len(texts)} values instead of {len(names)}; {WHOLE}")
                rows.append({name: _number(text) for name, text in zip(names, texts)})
    except (csv.Error, ValueError) as error:
        if isinstance(error, RecordsError):
            raise
        raise RecordsError(f"{path}: line {number} cannot be read ({error}); {WHOLE}") from error
    return rows


def _number(text: str) -> float:
    return int(text) if text.isdecimal() and text.isascii() else float(text)


WHOLE = "put back the file that the run wrote, or run the case again"


def write_atomic(path: Path, content: str | bytes, durable: bool = True) -> None:
    """Replace a file atomically: readers see the old or the new content, never a part, also after a
    crash.

    In a folder of results it is listed first. durable: wait until it is on the disk; otherwise a
    file may be empty after a crash of the machine. Raises OSError that names `path`, also if a file
    not written by cellfem is there.
    """
    list_files([path])
    replace_whole(path, content, durable)


def _text(value: Value) -> str:
    # numpy's numbers print their type in repr: convert them first
    if isinstance(value, str):
        return value
    return str(int(value)) if hasattr(value, "__index__") else repr(float(value))
