"""Tables for pandas and arrays for xarray, with units; both are imported when one is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cellfem.errors import MissingExtraError
from cellfem.quantities import COLUMNS, FIELDS, SECOND, VOID_COLUMNS, unit_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from cellfem.observe.arrays import Profile

EXTRA = "notebook"
AXES = {"x_um": "along Γ (the radius when axisymmetric)", "y_um": "along Γ, the other way (3-D)"}
MEANINGS = {item.name: item.meaning for item in (*FIELDS, *VOID_COLUMNS, *COLUMNS)} | AXES


def library(name: str, what: str) -> Any:
    """pandas or xarray. Raises MissingExtraError."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(what, name, EXTRA) from error


def column_unit(name: str) -> str:
    """The unit of a column, of the second electrode too; "" for a plain number."""
    return unit_of(name.removesuffix(SECOND))


def frame(rows: Sequence[Mapping[str, Any]], names: Iterable[str], what: str) -> pd.DataFrame:
    """A DataFrame; attrs["units"] and attrs["meanings"] tell of its columns. Raises
    MissingExtraError."""
    found = library("pandas", what).DataFrame(list(rows), columns=list(names))
    found.attrs["units"] = {name: column_unit(name) for name in found.columns}
    found.attrs["meanings"] = {name: MEANINGS.get(name.removesuffix(SECOND), "") for name in found.columns}
    return found


def variable(dimensions: tuple[str, ...], values: Any, name: str) -> tuple[tuple[str, ...], Any, dict[str, str]]:
    """A variable of a Dataset, with its unit and meaning."""
    told = {"units": column_unit(name), "long_name": MEANINGS.get(name, "")}
    return dimensions, values, {key: text for key, text in told.items() if text}


def along_gamma(moments: Sequence[tuple[float, Sequence[Profile]]], what: str) -> xr.Dataset:
    """Profiles of each electrode over time as one Dataset; Γ keeps its places. Raises
    MissingExtraError."""
    import numpy as np

    from cellfem.scene.moments import ON_GAMMA

    xarray = library("xarray", what)
    first = moments[0][1]
    many, solid = len(first) > 1, first[0].is_map
    place = "node" if solid else "x_um"
    dimensions = ("time_s", *(("electrode",) if many else ()), place)

    def gathered(name: str) -> Any:
        values = [[getattr(profile, name) for profile in profiles] for _, profiles in moments]
        return np.array(values if many else [row[0] for row in values])

    coordinates: dict[str, Any] = {"time_s": variable(("time_s",), [time for time, _ in moments], "time_s")}
    coordinates["x_um"] = variable((place,), first[0].x_um, "x_um")
    if solid:
        coordinates["y_um"] = variable((place,), first[0].y_um, "y_um")
    if many:
        coordinates["electrode"] = [number + 1 for number in range(len(first))]
    data = {name: variable(dimensions, gathered(name), name) for name in ON_GAMMA}
    weight = {"units": "µm²" if solid else "µm", "long_name": "quadrature weight: sum(weight*q) = ∫q dA over Γ"}
    data["weight"] = ((place,), first[0].weight, weight)
    return xarray.Dataset(data, coordinates)
