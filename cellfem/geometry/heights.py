"""Heights from files: plain numbers in text or .npy, and the formats of the library
SurfaceTopography.

The library (AFM, profilometers, white-light interferometers) is the extra `cellfem[surface]`; plain
numbers need none.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellfem.geometry import instruments
from cellfem.geometry.measured_face import MeasuredHeights, filled
from cellfem.geometry.roughness import Floats, RoughnessError
from cellfem.geometry.scattered_points import gridded, looks_like_points
from cellfem.tables.errors import NoTable, TableError
from cellfem.tables.headings import Heading, factor, heading, kind_of
from cellfem.tables.text import Table, read_table

TEXT = (".csv", ".txt", ".dat", ".xy", ".xyz", ".asc", ".tsv", ".prf", ".prn")
"""File endings for plain numbers in text."""
NARROWEST = 4
"""Fewest points of a map in each direction; two or three columns are x, z or x, y, z."""
SAME = 0.01
"""Relative tolerance for distances given twice."""

_HEAD = re.compile(r"^[#%\s]*(channel|width|height|value units?|z[- ]?units?)\s*[:=]\s*(.+?)\s*$", re.IGNORECASE)
_LENGTH = re.compile(r"([-+0-9.eE,]+)\s*(\S+)")
_NAMES = {
    "x": ("x", "position", "distance", "lateral", "length", "scan"),
    "y": ("y",),
    "z": ("z", "height", "heights", "topography", "elevation", "profile", "depth"),
}
"""First words of column headings."""


@dataclass(frozen=True)
class Wanted:
    """The user's information on a file: unit of its numbers, point spacing (µm), channel by name or
    number from 0."""

    unit: str | None = None
    spacing: float | None = None
    channel: str | None = None


def read_measured(
    path: str | os.PathLike[str], unit: str | None = None, spacing: float | None = None, channel: str | None = None
) -> MeasuredHeights:
    """Heights from a file. `unit`, `spacing` (µm), `channel`: only for what the file does not give;
    a contradiction is refused.

    Text: one column of heights, or one row, at distances `spacing`; two columns x and height; three
    columns x, y and height on a grid in any order; more columns: a map, each line of the file along
    x. With a header the columns are identified by it. .npy: heights (nx,) or (nx, ny). All other
    files are read by the library. Raises RoughnessError with the remedy.
    """
    file, wanted = Path(path), Wanted(unit, spacing, channel)
    if not file.is_file():
        raise RoughnessError(f"{file}: there is no such file: give its path from the folder of the case")
    if unit is not None and kind_of(unit) != "length":
        raise RoughnessError(f"{file}: the unit '{unit}' is not a unit of length: write for example um or nm")
    try:
        return _read(file, wanted)
    except (TableError, RoughnessError) as error:
        raise RoughnessError(f"{file}: {error}") from error


def _read(file: Path, wanted: Wanted) -> MeasuredHeights:
    if file.suffix.lower() == ".npy":
        return _from_array(file, wanted)
    if file.suffix.lower() not in TEXT:
        return instruments.read(file, wanted.unit, wanted.spacing, wanted.channel)
    try:
        table = read_table(file)
    except NoTable as error:
        if instruments.installed():
            return instruments.read(file, wanted.unit, wanted.spacing, wanted.channel)
        raise RoughnessError(f"{error}; or, if it is an instrument's own format: {instruments.MISSING}") from error
    return _from_table(table, wanted)


def _from_array(file: Path, wanted: Wanted) -> MeasuredHeights:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            array = np.asarray(np.load(file, allow_pickle=False), dtype=np.float64)
    except (ValueError, TypeError, OSError, EOFError, np.exceptions.ComplexWarning) as error:
        raise RoughnessError(f"is not an array of numbers ({error}): save heights (nx,) or (nx, ny) with numpy.save") from error
    if array.ndim == 2 and 1 in array.shape:
        array = array.ravel()
    if array.ndim not in (1, 2):
        raise RoughnessError(f"the array has {array.ndim} dimensions: save heights (nx,) of a line or (nx, ny) of a map")
    per_unit = _unit([], wanted)
    if array.ndim == 2 and array.shape[1] < NARROWEST:
        return _points(array * per_unit, wanted, f"{array.shape[1]} columns of an array, in {wanted.unit}")
    if array.ndim == 2:
        _refuse_what_may_be_points(array, "the array")
    return _spaced(array * per_unit, (None, None), wanted, f"array {' × '.join(map(str, array.shape))}, in {wanted.unit}")


def _from_table(table: Table, wanted: Wanted) -> MeasuredHeights:
    headings = [heading(title, unit) for title, unit in zip(table.names, table.units)]
    head, how = _head(table.head), table.understood
    if head.channel and wanted.channel is not None and wanted.channel not in (head.channel, "0"):
        raise RoughnessError(f'has only the channel "{head.channel}": leave roughness.channel out')
    if wanted.channel is not None and not head.channel:
        raise RoughnessError("is a table of numbers without channels: leave roughness.channel out")
    columns, left = _columns(table, headings)
    how = "; ".join(part for part in (how, f"not read: {left}" if left else "") if part)
    places = [k for name, k in columns.items() if name != "z"]
    if columns and places:
        if head.width is not None:
            raise RoughnessError("has columns of coordinates and a header with a width: remove one of them")
        read = [table.numbers(k) * _unit([headings[k].unit, head.unit], wanted) for k in columns.values()]
        names = [headings[k].title if table.named else name for name, k in columns.items()]
        units = [headings[k].unit or head.unit or wanted.unit for k in columns.values()]
        about = "columns " + ", ".join(f"{name} in {unit}" for name, unit in zip(names, units))
        return _points(np.column_stack(read), wanted, f"{about}; {how}".removesuffix("; "), "y" in columns)
    if columns:
        per_unit, unit = _unit([headings[columns["z"]].unit, head.unit], wanted), headings[columns["z"]].unit
        values = table.numbers(columns["z"])
    else:
        per_unit, unit = _unit([head.unit], wanted), ""
        values = np.column_stack([table.numbers(k) for k in range(len(table.names))])
        if values.shape[0] == 1:
            values = values[0]
        elif values.shape[0] < NARROWEST:
            raise RoughnessError(
                f"has {values.shape[0]} rows of {values.shape[1]} numbers: are they x and height? Write them as columns, "
                "or a map of at least 4 lines"
            )
        else:
            _refuse_what_may_be_points(values, "the table")
            values = values.T
    named = f'channel "{head.channel}", ' if head.channel else ""
    about = f"{named}heights in {unit or head.unit or wanted.unit}; {how}".removesuffix("; ")
    return _spaced(values * per_unit, (head.width, head.height), wanted, about)


def _columns(table: Table, headings: Sequence[Heading]) -> tuple[dict[str, int], str]:
    """Which columns are x, y and z, and the names of the other columns; no columns for a map."""
    count = len(headings)
    if not table.named:
        if count == 1 and len(table) == 1:
            raise RoughnessError("contains a single number")
        return {1: {"z": 0}, 2: {"x": 0, "z": 1}, 3: {"x": 0, "y": 1, "z": 2}}.get(count, {}), ""
    found: dict[str, int] = {}
    for axis, names in _NAMES.items():
        matching = [k for k, h in enumerate(headings) if h.words[:1] and h.words[0] in names]
        if len(matching) > 1:
            titles = ", ".join(f'"{headings[k].title}"' for k in matching)
            raise RoughnessError(f"has {len(matching)} columns that may be {axis}: {titles}; keep one of them")
        if matching:
            found[axis] = matching[0]
    if "z" not in found and count <= 3:  # headings without information
        found = {1: {"z": 0}, 2: {"x": 0, "z": 1}, 3: {"x": 0, "y": 1, "z": 2}}[count]
    if "z" not in found or (count > 1 and "x" not in found):
        raise RoughnessError(
            f"has {count} columns with names ({', '.join(table.names[:6])}…): name those of the places x, y and of the heights "
            "z, or leave the header out where the file is a map"
        )
    return found, ", ".join(h.title for k, h in enumerate(headings) if k not in found.values())


@dataclass(frozen=True)
class _Head:
    """Information in the lines before the table, as exported by Gwyddion: extents in µm, unit of
    the heights."""

    channel: str = ""
    width: float | None = None
    height: float | None = None
    unit: str = ""


def _head(lines: Sequence[str]) -> _Head:
    told = {match[1].lower().rstrip("s"): match[2] for line in lines if (match := _HEAD.match(line))}
    unit = next((text for name, text in told.items() if "unit" in name), "")
    if unit and kind_of(unit) != "length":
        raise RoughnessError(
            f'contains values in {unit}, not heights: export the channel of the heights ("{told.get("channel", "")}")'
        )
    return _Head(told.get("channel", ""), _micrometres(told.get("width")), _micrometres(told.get("height")), unit)


def _micrometres(text: str | None) -> float | None:
    match = _LENGTH.fullmatch(text) if text else None
    if match is None or kind_of(match[2]) != "length":
        return None
    try:
        return float(match[1].replace(",", ".")) * factor(match[2], "length")
    except ValueError:
        return None


def _unit(told: Sequence[str], wanted: Wanted) -> float:
    """Micrometres per unit: of the file if it gives one, otherwise as wanted. Raises RoughnessError
    if both or none do."""
    own = next((unit for unit in told if unit), "")
    if not own and wanted.unit is None:
        raise RoughnessError('does not say the unit of its numbers: give roughness.unit, for example "um"')
    if own and kind_of(own) != "length":
        raise RoughnessError(f"has a column in {own}, which is not a length")
    if own and wanted.unit is not None and not math.isclose(factor(own, "length"), factor(wanted.unit, "length"), rel_tol=1e-9):
        raise RoughnessError(
            f"gives the unit {own} itself, and roughness.unit is {wanted.unit}: leave roughness.unit out, or correct the file"
        )
    return factor(own or str(wanted.unit), "length")


def _spaced(heights: Floats, extents: Sequence[float | None], wanted: Wanted, about: str) -> MeasuredHeights:
    """Heights (nx,) or (nx, ny) in µm at equal distances, from the extents in the file (µm) or as
    wanted."""
    places = list[Floats]()
    for count, extent in zip(heights.shape, extents):
        step = None if extent is None else extent / count
        if step is not None and wanted.spacing is not None and abs(step / wanted.spacing - 1) > SAME:
            raise RoughnessError(
                f"gives a point spacing of {step:.4g} µm, and roughness.spacing is {wanted.spacing:.4g} µm: "
                "leave roughness.spacing out, or correct the file"
            )
        step = step or wanted.spacing
        if step is None:
            raise RoughnessError(
                'contains heights without coordinates: give the point spacing, roughness.spacing, for example "10 nm"'
            )
        places.append(step * np.arange(count, dtype=np.float64))
    return filled(places[0], places[1] if heights.ndim == 2 else np.empty(0), heights, about)


def _points(table: Floats, wanted: Wanted, about: str, plane: bool | None = None) -> MeasuredHeights:
    """Columns x, z or (`plane`) x, y, z in µm."""
    plane = table.shape[1] == 3 if plane is None else plane
    placed = table[np.isfinite(table[:, : 2 if plane else 1]).all(axis=1)]
    if len(placed) < 3:
        raise RoughnessError("needs at least three points")
    if plane:
        x, y, heights = gridded(placed[:, 0], placed[:, 1], placed[:, 2])
    else:
        order = np.argsort(placed[:, 0], kind="stable")
        x, y, heights = placed[order, 0], np.empty(0), placed[order, 1]
    found = filled(x, y - y[:1].sum(), heights, about)
    if wanted.spacing is not None and abs(found.spacing / wanted.spacing - 1) > SAME:
        raise RoughnessError(
            f"has points {found.spacing:.4g} µm apart by its own coordinates, and roughness.spacing is {wanted.spacing:.4g} µm: "
            "leave roughness.spacing out"
        )
    return found


def _refuse_what_may_be_points(table: Floats, what: str) -> None:
    if min(table.shape) < NARROWEST:
        raise RoughnessError(
            f"{what} is {table.shape[0]} × {table.shape[1]}: are these columns x, z or x, y, z, transposed? Save "
            "them as columns; a map has at least 4 points in each direction"
        )
    if table.shape[1] <= 8 and table.shape[0] > 4 * table.shape[1] and looks_like_points(table):
        raise RoughnessError(
            f"{what} looks like columns x, y, z with {table.shape[1] - 3} more columns, not like a map: keep x, y and z"
        )
