"""Measured faces: heights read from files, levelled, cropped, and made a face along Γ.

Any file that the library SurfaceTopography reads (AFM, profilometers, white-light interferometers; the extra
`cellfem[surface]`), and plain numbers in text or .npy, which need no library.
"""

import importlib.util
import math
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cellfem.geometry.roughness import Floats, RoughnessError, Waves, waves_through

Tilt = Literal["mean", "plane", "curvature"]

PLAIN = (".npy", ".csv", ".txt", ".dat", ".xy")
"""Endings of files that may hold plain numbers."""
UNITS = {"m": 1e6, "mm": 1e3, "um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3, "pm": 1e-6, "Å": 1e-4}
"""Micrometres per unit."""
LIBRARY = "SurfaceTopography"
MISSING = f'reading it needs the library {LIBRARY}: install it with pip install "cellfem[surface]"'


@dataclass(frozen=True, eq=False)
class Measured:
    """Heights (nx,) of a line or (nx, ny) of a map, at x (nx,) and y (ny,), all in µm; y is empty for a line. No nan.

    undefined: share of the points that were not measured and are interpolated along x.
    """

    x: Floats
    y: Floats
    heights: Floats
    undefined: float = 0.0

    @property
    def is_map(self) -> bool:
        return self.heights.ndim == 2

    @property
    def length(self) -> float:
        """Extent in x, µm."""
        return float(self.x[-1] - self.x[0])

    @property
    def spacing(self) -> float:
        """Mean distance of the points in x, µm."""
        return self.length / (len(self.x) - 1)


def read_measured(path: str | os.PathLike[str], unit: str | None = None, spacing: float | None = None) -> Measured:
    """Heights from a file. With `unit`, text and .npy are read as plain numbers; all else is read by the library.

    Plain text (white space, commas or semicolons; what follows # is skipped): two columns x and height, both in `unit`; one
    column of heights at distances `spacing` (µm); more columns, a map whose columns run along x. .npy: heights (nx,) or
    (nx, ny). The library's own lengths are kept, `unit` and `spacing` are used where it finds none. Raises RoughnessError with
    the remedy.
    """
    file = Path(path)
    if not file.is_file():
        raise RoughnessError(f"{file}: there is no such file of heights: give its path from the folder of the case")
    if unit is not None and unit not in UNITS:
        raise RoughnessError(f"{file}: the unit '{unit}' is unknown: write one of {', '.join(UNITS)}")
    plain = file.suffix.lower() in PLAIN
    if plain and unit is not None:
        return _plain(file, UNITS[unit], spacing)
    if importlib.util.find_spec(LIBRARY) is None:
        raise RoughnessError(
            f'{file}: give the unit of its numbers, roughness.unit, for example "um"' if plain else f"{file}: {MISSING}"
        )
    return _by_library(file, unit, spacing)


def _plain(file: Path, per_unit: float, spacing: float | None) -> Measured:
    try:
        table = np.load(file, allow_pickle=False) if file.suffix.lower() == ".npy" else _text_table(file)
        table = np.asarray(table, dtype=np.float64)
    except (ValueError, OSError) as error:
        raise RoughnessError(
            f"{file}: is no table of numbers ({error}): save heights as text or .npy, or leave the unit out"
        ) from error
    if file.suffix.lower() != ".npy":
        if table.shape[1] == 2:
            order = np.argsort(table[:, 0], kind="stable")
            return _checked(file, table[order, 0] * per_unit, np.empty(0), table[order, 1] * per_unit)
        table = table[:, 0] if table.shape[1] == 1 else table.T
    if table.ndim not in (1, 2):
        raise RoughnessError(f"{file}: the array has {table.ndim} dimensions: save heights (nx,) of a line or (nx, ny) of a map")
    if spacing is None:
        raise RoughnessError(
            f'{file}: holds heights without their places: give the distance of its points, roughness.spacing, for example "10 nm"'
        )
    places: list[Floats] = [spacing * np.arange(n, dtype=np.float64) for n in table.shape]
    return _checked(file, places[0], places[1] if table.ndim == 2 else np.empty(0), table * per_unit)


def _text_table(file: Path) -> Floats:
    text = file.read_text(encoding="utf-8-sig")
    if "," in text and ";" in text:
        raise ValueError("it has commas and semicolons: write decimal points")
    lines = text.replace(",", " ").replace(";", " ").splitlines()
    with warnings.catch_warnings():  # an empty file is told of by its shape
        warnings.simplefilter("ignore", UserWarning)
        table = np.loadtxt(lines, ndmin=2)
    if table.size == 0:
        raise ValueError("it is empty")
    return np.asarray(table, dtype=np.float64)


def _by_library(file: Path, unit: str | None, spacing: float | None) -> Measured:
    from SurfaceTopography import open_topography

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = open_topography(str(file))
            channel = reader.default_channel
            given: dict[str, Any] = {}
            if channel.physical_sizes is None and spacing is not None:
                given["physical_sizes"] = tuple(spacing * n / UNITS[unit or "um"] for n in channel.nb_grid_pts)
            if channel.unit is None and unit is not None:
                given["unit"] = unit
            if channel.physical_sizes is None and spacing is None:
                raise RoughnessError(
                    f'{file}: does not say how far its points are apart: give roughness.spacing, for example "10 nm"'
                )
            if channel.unit is None and unit is None:
                raise RoughnessError(f'{file}: does not say the unit of its lengths: give roughness.unit, for example "um"')
            surface = reader.topography(**given).to_unit("um")
    except RoughnessError:
        raise
    except Exception as error:  # the readers raise whatever they meet
        reason = (str(error).strip().splitlines() or [repr(error)])[0]
        reason = "none of its readers knows it" if reason.startswith("tried") else reason
        raise RoughnessError(f"{file}: {LIBRARY} cannot read it ({reason}): save it in another format") from error
    heights = np.ma.filled(np.ma.asarray(surface.heights(), dtype=np.float64), np.nan)
    if surface.dim == 1:
        return _checked(file, np.asarray(surface.positions(), dtype=np.float64), np.empty(0), heights)
    places = [np.arange(n) * (size / n) for n, size in zip(heights.shape, surface.physical_sizes)]
    return _checked(file, places[0], places[1], heights)


def _checked(file: Path, x: Floats, y: Floats, heights: Floats) -> Measured:
    if len(x) < 3 or not np.all(np.diff(x) > 0):
        raise RoughnessError(f"{file}: needs at least three points at places that grow from one to the next")
    missing = ~np.isfinite(heights)
    rows = heights.reshape(len(x), -1).copy()
    lost = missing.reshape(rows.shape)
    if np.any(lost.all(axis=0)):
        raise RoughnessError(f"{file}: has lines without a single measured point: crop it or interpolate it first")
    for j in np.flatnonzero(lost.any(axis=0)):
        gap = lost[:, j]
        rows[gap, j] = np.interp(x[gap], x[~gap], rows[~gap, j])
    return Measured(x - x[0], y, rows.reshape(heights.shape), float(missing.mean()))


def levelled(surface: Measured, tilt: Tilt) -> Measured:
    """Without its mean, its plane, or its plane and curvature (second-order polynomial), by least squares."""
    order = {"mean": 0, "plane": 1, "curvature": 2}[tilt]
    u = surface.x / surface.length
    terms = [u**k for k in range(order + 1)]
    if surface.is_map:
        v = surface.y / surface.y[-1]
        terms = [np.outer(u**j, v**k).ravel() for j in range(order + 1) for k in range(order + 1 - j)]
    A = np.stack([term.ravel() for term in terms], axis=1)
    flat = surface.heights.ravel()
    fit, *_ = np.linalg.lstsq(A, flat, rcond=None)
    return replace(surface, heights=(flat - A @ fit).reshape(surface.heights.shape))


def cropped(surface: Measured, offset: float, length: float) -> Measured:
    """The part offset ≤ x ≤ offset + length (µm), with points at both ends. Raises RoughnessError if it ends before."""
    end = offset + length
    if end > surface.length * (1 + 1e-9):
        raise RoughnessError(
            f"the measurement is {surface.length:.4g} µm long and ends before {end:.4g} µm: "
            "make stack.width or roughness.offset smaller"
        )
    inner = surface.x[(surface.x > offset * (1 + 1e-12)) & (surface.x < end * (1 - 1e-12))]
    x = np.concatenate([[offset], inner, [end]])
    return replace(surface, x=x - offset, heights=_at(surface, x))


def line_of(surface: Measured, y: float | None = None) -> Measured:
    """The line of a map along x at y (µm; its middle without y), between rows by linear interpolation; a line as it is."""
    if not surface.is_map:
        return surface
    where = float(surface.y[-1]) / 2 if y is None else y
    if not 0 <= where <= surface.y[-1] * (1 + 1e-9):
        raise RoughnessError(f"the map reaches from y = 0 to {surface.y[-1]:.4g} µm: the line at {where:.4g} µm is beyond it")
    k = int(np.clip(np.searchsorted(surface.y, where) - 1, 0, len(surface.y) - 2))
    share = (where - surface.y[k]) / (surface.y[k + 1] - surface.y[k])
    heights = (1 - share) * surface.heights[:, k] + share * surface.heights[:, k + 1]
    return replace(surface, y=np.empty(0), heights=heights)


def resampled(line: Measured, count: int) -> Measured:
    """At `count` equal distances in x from end to end, by linear interpolation."""
    x = np.linspace(0.0, line.length, count)
    return replace(line, x=x, heights=_at(line, x))


def measured_face(line: Measured, cut_off: float) -> Waves:
    """The face along Γ that a line is, continued evenly at its ends, without the waves shorter than `cut_off` (µm)."""
    count = max(math.ceil(line.length / float(np.median(np.diff(line.x)))), math.ceil(8 * line.length / cut_off)) + 1
    return waves_through(resampled(line, count).heights, line.length, cut_off)


def _at(surface: Measured, x: Floats) -> Floats:
    if not surface.is_map:
        return np.interp(x, surface.x, surface.heights)
    return np.stack([np.interp(x, surface.x, column) for column in surface.heights.T], axis=1)
