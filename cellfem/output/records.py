"""records.csv and voids.csv, complete on disk after every row: a killed run keeps what it has. Atomic replacement of files."""

import csv
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from cellfem.observe.columns import OWN, SECOND
from cellfem.observe.dendrite import COLUMNS as DENDRITE_COLUMNS
from cellfem.observe.voids import Void, open_voids

Value = float | int | str


CRACK_COLUMNS = ("crack_tension_MPa", "crack_index", "crack_likelihood")
"""What the stress of the electrolyte gives; nan in rows for which it was not solved."""


def record_columns(axisymmetric: bool = False, symmetric: bool = False) -> tuple[str, ...]:
    """Columns of records.csv; the size of the voids is an area in plane strain, a volume when axisymmetric and in 3-D.

    symmetric: with those of a second electrode, whose names end in _2.
    """
    columns = _columns(axisymmetric)
    own = (*OWN, _void_size(axisymmetric))
    return (*columns, *(f"{name}{SECOND}" for name in columns if name in own)) if symmetric else columns


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
        *DENDRITE_COLUMNS,
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
    time_s: float, voids: Sequence[Void], axisymmetric: bool = False, solid: bool = False, electrode: int = 1, gas: bool = False
) -> list[dict[str, Value]]:
    """One row of voids.csv for each void that is open at time_s, with the event "open"."""
    return [void_row(time_s, "open", void, axisymmetric, solid, electrode, gas) for void in open_voids(voids)]


def void_row(
    time_s: float, event: str, void: Void, axisymmetric: bool = False, solid: bool = False, electrode: int = 1, gas: bool = False
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
    so that they read back to the same bits.
    """

    def __init__(self, path: Path, columns: Sequence[str], going_on: bool = False) -> None:
        self._columns = tuple(columns)
        self._file = path.open("a" if going_on else "w", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file, lineterminator="\n")
        if not going_on:
            self._csv.writerow(self._columns)
        self._to_disk()

    def write(self, row: Mapping[str, Value]) -> None:
        """Append one row. Raises ValueError unless the row has exactly the columns of the file."""
        if row.keys() != set(self._columns):
            missing, unknown = set(self._columns) - row.keys(), row.keys() - set(self._columns)
            raise ValueError(f"{self._file.name}: row lacks {sorted(missing)}, has unknown {sorted(unknown)}")
        self._csv.writerow([_text(row[name]) for name in self._columns])
        self._to_disk()

    def close(self) -> None:
        """Close the file; harmless if closed before."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _to_disk(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())


def read_records(path: Path) -> list[dict[str, float]]:
    """All rows of a records.csv as numbers."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: int(text) if text.isdigit() else float(text) for name, text in row.items()} for row in csv.DictReader(file)
        ]


HALF_WRITTEN = ".*.part"
"""What a process that was killed while it wrote leaves behind: `.NAME….part`, for all files that are replaced as a whole."""


def write_atomic(path: Path, content: str | bytes) -> None:
    """Replace a file as a whole: readers, and whoever comes after a crash, see the old content or the new one, never a part."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())  # mkstemp makes files private
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _void_size(axisymmetric: bool) -> str:
    return "void_volume_um3" if axisymmetric else "void_area_um2"


def _text(value: Value) -> str:
    # numpy's numbers print their type in repr: take the plain number first
    if isinstance(value, str):
        return value
    return str(int(value)) if isinstance(value, (int, np.integer)) else repr(float(value))
