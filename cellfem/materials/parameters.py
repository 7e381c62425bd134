"""One parameter of a data file: value, range, quality, source."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cellfem.errors import CellfemError
from cellfem.units import parse_quantity


class UnknownMaterialError(CellfemError, KeyError):
    """Unknown material or parameter set; str() lists the known ones."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Parameter:
    """A value with its range in working units, its text in the data file, and its source."""

    value: float
    low: float
    high: float
    text: str
    quality: str  # "read" | "recalled" | "model"
    source: str
    unit: str | None  # the working unit


def read_data(name: str) -> dict[str, Any]:
    """The TOML data file `name` of this package."""
    return tomllib.loads(files("cellfem.materials").joinpath(name).read_text(encoding="utf-8"))


def parameter(entry: Mapping[str, Any], unit: str | None) -> Parameter:
    """A data-file table {value, range, quality, source} in the working unit `unit`, None if
    dimensionless.

    Raises ValueError for a value outside its range.
    """
    value, low, high = (in_unit(item, unit) for item in (entry["value"], *entry["range"]))
    if not low <= value <= high:
        raise ValueError(f"value {entry['value']} lies outside its range {entry['range']}")
    return Parameter(value, low, high, str(entry["value"]), entry["quality"], entry["source"], unit)


def in_unit(value: str | float, unit: str | None) -> float:
    """A data-file value in the working unit `unit`, None if dimensionless."""
    return float(value) if unit is None else parse_quantity(value, unit)


def unknown(what: str, name: str, known: Iterable[str]) -> UnknownMaterialError:
    """The error for an unknown `name`, with the nearest known one."""
    names = list(known)
    near = difflib.get_close_matches(name.lower(), [k.lower() for k in names], n=1)
    hint = "".join(f'; did you mean "{k}"?' for k in names if k.lower() in near)
    return UnknownMaterialError(f'"{name}" is not a known {what}{hint} (known: {", ".join(names)})')
