"""Files of instruments, read by the library SurfaceTopography; channels, lengths and units are
checked against the user's."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.geometry.measured_face import MeasuredHeights, filled
from cellfem.geometry.roughness import RoughnessError
from cellfem.tables.headings import factor, kind_of

LIBRARY = "SurfaceTopography"
MISSING = f'reading it needs the library {LIBRARY}: install it with pip install ".[surface]" in the clone of cellfem'
TAKES_ANYTHING = "hgt"
"""The library's reader of terrain maps, which accepts every file of 2 n² bytes
(findings/surfacetopography-raw-as-srtm.sh)."""
SAME = 0.01
"""Relative tolerance for distances given twice."""


def installed() -> bool:
    """Whether the library is installed."""
    return importlib.util.find_spec(LIBRARY) is not None


def read(file: Path, unit: str | None, spacing: float | None, channel: str | None) -> MeasuredHeights:
    """Heights of one channel. unit, spacing (µm): for what the file does not give. Raises
    RoughnessError."""
    if not installed():
        raise RoughnessError(MISSING)
    from SurfaceTopography import open_topography

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = open_topography(str(file))
            if reader.format() == TAKES_ANYTHING and file.suffix.lower() != f".{TAKES_ANYTHING}":
                raise RoughnessError(f"no reader of {LIBRARY} recognises it: save it in another format")
            return _channel(reader, _chosen(reader, channel), unit, spacing)
    except RoughnessError:
        raise
    except Exception as error:  # the readers raise errors of any kind, some only when the heights are read
        reason = (str(error).strip().splitlines() or [repr(error)])[0]
        reason = "none of its readers recognises it" if reason.startswith("tried") else reason
        raise RoughnessError(f"{LIBRARY} cannot read it ({reason}): save it in another format") from error


def _chosen(reader: Any, channel: str | None) -> int:
    """Index of the channel: the one named, or the library's choice. Raises RoughnessError with the
    available names."""
    names = [str(one.name) for one in reader.channels]
    if channel is None:
        return reader.channels.index(reader.default_channel)
    if names.count(channel) == 1:
        return names.index(channel)
    number = int(channel) if channel.isdecimal() else -1
    if names.count(channel) > 1:
        raise RoughnessError(f"has {names.count(channel)} channels {channel}: give its number from 0 ({_listed(names)})")
    if 0 <= number < len(names):
        return number
    raise RoughnessError(f"has no channel {channel}; it has {_listed(names)}: correct roughness.channel")


def _listed(names: list[str]) -> str:
    return ", ".join(f'{k} "{name}"' for k, name in enumerate(names))


def _channel(reader: Any, place: int, unit: str | None, spacing: float | None) -> MeasuredHeights:
    channel = reader.channels[place]
    kind = getattr(getattr(channel, "data_kind", None), "value", "height")
    if kind != "height":
        names = [str(one.name) for one in reader.channels]
        raise RoughnessError(
            f'the channel "{channel.name}" does not contain heights ({kind}); it has {_listed(names)}: give roughness.channel'
        )
    own = _readable(channel.unit)
    if own is not None and kind_of(own) != "length":
        raise RoughnessError(
            f'the channel "{channel.name}" is in {own}, which is not a length: give another one, roughness.channel'
        )
    if own is None and unit is None:
        raise RoughnessError('does not say the unit of its lengths: give roughness.unit, for example "um"')
    per_unit = factor(own or str(unit), "length")
    if own is not None and unit is not None and abs(factor(unit, "length") / per_unit - 1) > 1e-9:
        raise RoughnessError(f"gives the unit {own} itself, and roughness.unit is {unit}: leave roughness.unit out")
    given: dict[str, Any] = {}
    if channel.physical_sizes is None:
        if spacing is None:
            raise RoughnessError('does not give its point spacing: give roughness.spacing, for example "10 nm"')
        given["physical_sizes"] = tuple(spacing * n / per_unit for n in channel.nb_grid_pts)
    surface = reader.topography(channel_index=place, **given)
    heights = np.ma.filled(np.ma.asarray(surface.heights(), dtype=np.float64), np.nan) * per_unit
    about = _about(reader, place, own or str(unit))
    if surface.dim == 1:
        x, y = np.asarray(surface.positions(), dtype=np.float64) * per_unit, np.empty(0)
    else:
        x, y = (np.arange(n) * (size * per_unit / n) for n, size in zip(heights.shape, surface.physical_sizes))
    found = filled(x, y, heights, about)
    if spacing is not None and abs(found.spacing / spacing - 1) > SAME:
        raise RoughnessError(
            f"gives a point spacing of {found.spacing:.4g} µm, and roughness.spacing is {spacing:.4g} µm: leave it out"
        )
    return found


def _about(reader: Any, place: int, unit: str) -> str:
    others = [f'{k} "{one.name}"' for k, one in enumerate(reader.channels) if k != place]
    more = f" (others: {', '.join(others)})" if others else ""
    return f'channel {place} "{reader.channels[place].name}"{more} in {unit}, read by {LIBRARY} as {reader.name()}'


def _readable(unit: str | None) -> str | None:
    """The unit of a channel; UTF-8 that was decoded as Latin-1 ("Âµm", as in .sur files of
    surfalize) is corrected."""
    if unit is None or kind_of(unit):
        return unit
    try:
        return unit.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return unit
