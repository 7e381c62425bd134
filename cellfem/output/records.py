"""records.csv and voids.csv, complete on disk after every row: a killed run keeps what it has.
Atomic replacement of files."""

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
    from cellfem.observe.voids import open_voids  # here, as it takes numpy along

    return [void_row(VoidEvent(time_s, electrode, "open", void), volume, solid, gas) for void in open_voids(voids)]


class RecordWriter:
    """A CSV file that is complete on disk after each row.

    path: replaced if it exists, unless going_on: then rows follow those that it has. columns: names
    in order. Numbers are written so that they read back to the same bits. Raises OSError where a
    row finds no room; the file then ends with the one before it.
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
        """SHA-256 of all that was written, as it should be in the file."""
        return self._sum.hexdigest()

    def replace_last(self, name: str, text: str) -> None:
        """Put another text of the same length into the last column, which has this name, of the
        last row."""
        assert name == self._columns[-1]
        self._file.flush()
        with Path(self._file.name).open("r+b") as file:
            file.seek(-len(text) - 1, os.SEEK_END)  # before the end of the line
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the file; harmless if closed before."""
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
            while left:  # a disk that is nearly full takes a part
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), before)
            error.filename = self._file.name
            raise
        self._sum.update(data)


class RecordsError(ValueError):
    """A file of records is damaged: str() tells file, line and what to do."""


def read_records(path: Path, columns: Sequence[str] = ()) -> list[dict[str, float]]:
    """All rows of a records.csv as numbers. columns: those that it must have. Raises RecordsError,
    and OSError without a file."""
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
    """Replace a file as a whole: readers, and whoever comes after a crash, see the old content or
    the new one, never a part.

    In a folder of results it is listed first. durable: wait until it is on the disk; without, a
    file may be empty after the machine itself has gone down. Raises OSError that names `path`, also
    where something lies there that is not cellfem's.
    """
    list_files([path])
    replace_whole(path, content, durable)


def _text(value: Value) -> str:
    # numpy's numbers print their type in repr: take the plain number first
    if isinstance(value, str):
        return value
    return str(int(value)) if hasattr(value, "__index__") else repr(float(value))
