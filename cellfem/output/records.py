"""records.csv and voids.csv, complete on disk after every row: a killed run keeps what it has. Atomic replacement of files."""

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

from cellfem.observe.columns import DENDRITE, OWN, SECOND
from cellfem.results.files import replace_whole
from cellfem.results.manifest import list_files

if TYPE_CHECKING:
    from cellfem.observe.voids import TrackedVoid

Value = float | int | str


CRACK_COLUMNS = ("crack_tension_MPa", "crack_index", "crack_likelihood")
"""What the stress of the electrolyte gives; nan in rows for which it was not solved."""


WRITTEN = "fields_written"
"""The last column, a digit: whether the fields were written at the time of the row. It may change once the row is written."""


def record_columns(axisymmetric: bool = False, symmetric: bool = False) -> tuple[str, ...]:
    """Columns of records.csv; the size of the voids is an area in plane strain, a volume when axisymmetric and in 3-D.

    symmetric: with those of a second electrode, whose names end in _2.
    """
    columns = _columns(axisymmetric)
    own = (*OWN, _void_size(axisymmetric))
    second = tuple(f"{name}{SECOND}" for name in columns if name in own) if symmetric else ()
    return (*columns, *second, WRITTEN)


def _columns(axisymmetric: bool) -> tuple[str, ...]:
    return (
        "time_s",
        "step",
        "pressure_MPa",
        "current_mA_cm2",
        "voltage_mV",
        "capacity_mAh_cm2",
        "contact_fraction",
        "carrying_fraction",
        "asr_ohm_cm2",
        "focusing_max",
        "void_count",
        _void_size(axisymmetric),
        "gap_max_um",
        "porosity_max",
        "platen_um",
        "balance_charge",
        "balance_lithium",
        "balance_force",
        "dt_s",
        "newton_iterations",
        *DENDRITE,
        "temperature_C",
        "lithium_um",
        "lithium_least_um",
        "protocol_step",
        "cycle",
        *CRACK_COLUMNS,
        "closed_fraction",
        "asr_small_signal_ohm_cm2",
        "asr_charge_transfer_ohm_cm2",
        "asr_constriction_ohm_cm2",
        "cell_resistance_ohm",
        "throughput_mAh_cm2",
    )


def void_columns(axisymmetric: bool = False, solid: bool = False, gas: bool = False) -> tuple[str, ...]:
    """Columns of voids.csv; a void at a mirror plane has its place there, width and size are those of its visible half."""
    size = _void_size(axisymmetric).removeprefix("void_")
    place = ("place_um", "place_y_um") if solid else ("place_um",)
    born = ("cause", "birth_time_s", *(f"birth_{name}" for name in place))
    return ("time_s", "electrode", "id", "event", *place, "width_um", "depth_um", size, *born, "death", "death_time_s") + (
        ("gas_pressure_MPa",) if gas else ()
    )


def void_rows(
    time_s: float,
    voids: Sequence[TrackedVoid],
    axisymmetric: bool = False,
    solid: bool = False,
    electrode: int = 1,
    gas: bool = False,
) -> list[dict[str, Value]]:
    """One row of voids.csv for each void that is open at time_s, with the event "open"."""
    from cellfem.observe.voids import open_voids  # here, as it takes numpy along

    return [void_row(time_s, "open", void, axisymmetric, solid, electrode, gas) for void in open_voids(voids)]


def void_row(
    time_s: float,
    event: str,
    void: TrackedVoid,
    axisymmetric: bool = False,
    solid: bool = False,
    electrode: int = 1,
    gas: bool = False,
) -> dict[str, Value]:
    """A row of voids.csv. A void that has just closed has the place and size that it was last seen with."""
    found = void.found
    place, born = ((f.place_um, f.place_y_um or 0.0) if solid else (f.place_um,) for f in (found, void.birth))
    sizes = (found.width_um, found.depth_um, found.area)
    death = f"merged into {void.merged_into}" if void.death == "merged" else void.death
    died = "" if void.death_time_s is None else void.death_time_s
    origin = (void.cause, void.birth_time_s, *born)
    values = (time_s, electrode, void.id, event, *place, *sizes, *origin, death, died, *([found.gas_MPa] if gas else []))
    return dict(zip(void_columns(axisymmetric, solid, gas), values, strict=True))


class RecordWriter:
    """A CSV file that is complete on disk after each row.

    path: replaced if it exists, unless going_on: then rows follow those that it has. columns: names in order. Numbers are written
    so that they read back to the same bits. Raises OSError where a row finds no room; the file then ends with the one before it.
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
        """Put another text of the same length into the last column, which has this name, of the last row."""
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
    """A file of records is spoilt: str() tells file, line and what to do."""


def read_records(path: Path, columns: Sequence[str] = ()) -> list[dict[str, float]]:
    """All rows of a records.csv as numbers. columns: those that it must have. Raises RecordsError, and OSError without a file."""
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


WHOLE = "put back the file that the run wrote, or run the case anew"


def write_atomic(path: Path, content: str | bytes, durable: bool = True) -> None:
    """Replace a file as a whole: readers, and whoever comes after a crash, see the old content or the new one, never a part.

    In a folder of results it is listed first. durable: wait until it is on the disk; without, a file may be empty after the
    machine itself has gone down. Raises OSError that names `path`, also where something lies there that is not cellfem's.
    """
    list_files([path])
    replace_whole(path, content, durable)


def _void_size(axisymmetric: bool) -> str:
    return "void_volume_um3" if axisymmetric else "void_area_um2"


def _text(value: Value) -> str:
    # numpy's numbers print their type in repr: take the plain number first
    if isinstance(value, str):
        return value
    return str(int(value)) if hasattr(value, "__index__") else repr(float(value))
