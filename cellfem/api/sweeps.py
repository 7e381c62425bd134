"""Grids of runs from Python."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellfem.api.case import Case
from cellfem.api.frames import frame, library, variable
from cellfem.api.result import Result
from cellfem.campaign.grid import SHORT, Axis, Grid, axis_of
from cellfem.campaign.need import BY as ASK
from cellfem.campaign.need import Need
from cellfem.campaign.run_need import run_need
from cellfem.campaign.sweep import BY, OUTPUTS, report, run_grid
from cellfem.campaign.sweep_results import numbers_of
from cellfem.case.errors import CaseError
from cellfem.output.records import write_atomic
from cellfem.results import adding
from cellfem.units import KINDS, as_written, parse_quantity, plain_value, shown_value

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from cellfem.campaign.sweep import SweepReport
    from cellfem.campaign.sweep_points import Outcome

CASE_FILE = "case.toml"


def sweep(
    case: Case | str | Path,
    folder: str | Path,
    *,
    axes: Mapping[str, Sequence[object]] | None = None,
    jobs: int = 2,
    refine: int = 0,
    retry: bool = False,
    replace: bool = False,
    **more_axes: Sequence[object],
) -> Sweep:
    """Run a case at each point of a grid, `jobs` at a time, each in a folder of its own.

        cellfem.sweep(case, "results/map", pressure=["0.1 MPa", "0.4 MPa"], current=["0.5 mA/cm^2"])

    An axis is a key by its path, with its values; pressure, current and temperature stand for those
    of every step, and keys with points in them go into `axes`: axes={"lithium.creep": ["masias",
    "lepage"]}. What is done already is not run again. refine: rounds of inserting pressures where
    the verdict changes. map.csv, map.json and the maps are written as by `cellfem sweep`. Raises
    CaseError, FolderError, BusyError, OSError, StoppedError.
    """
    settled = case if isinstance(case, Case) else Case.load(case)
    out = Path(folder)
    wanted = {**(axes or {}), **more_axes}
    parsed = tuple(axis_of(name, [_text(name, value) for value in values], f"sweep({name}=…)") for name, values in wanted.items())
    if not parsed:
        raise CaseError(['sweep: has nothing to vary; give an axis, as in pressure=["0.1 MPa", "0.4 MPa"]'])
    plan = Grid(_case_file(settled, out, BY, replace), (), parsed)
    outcomes = run_grid(plan, out, jobs, refine, retry=retry, replace=replace)
    with adding(out, BY, OUTPUTS, replace=replace):
        told = report(plan, out, outcomes)
    return Sweep(out, plan.axes, outcomes, told)


def need(
    case: Case | str | Path,
    folder: str | Path,
    *,
    current: object = None,
    asr: object = None,
    contact: float | None = None,
    life: object = None,
    vary: str = "pressure",
    creep: Sequence[str] | None = None,
    choices: bool = False,
    low: object = None,
    high: object = None,
    precision: float = 0.1,
    jobs: int = 2,
    replace: bool = False,
) -> Need:
    """What an interface needs: the least pressure (vary: or "temperature", "time") at which it has
    `asr` at most, or `contact` at least, or lives for `life`; without these, at which contact is not
    lost through the protocol. For each creep set, with `choices` for each choice of the model.

        cellfem.need(case, "results/need", current="1 mA/cm^2").sentence

    Quantities as text or of pint; files and meaning as of `cellfem need` (docs/maps.md). Raises as
    `sweep`.
    """
    settled = case if isinstance(case, Case) else Case.load(case)
    out = Path(folder)
    path = _case_file(settled, out, ASK, replace)
    texts = [None if value is None else str(plain_value(value)) for value in (current, asr, life, low, high)]
    amps, ohms, lasting, least, most = texts
    found, _ = run_need(
        path, out, amps, ohms, contact, lasting, vary, creep, choices, (least, most), precision, jobs, replace=replace
    )
    return found


def _case_file(case: Case, folder: Path, by: str, replace: bool) -> Path:
    """The file of a case; written into the folder of the runs for one that was made in Python."""
    if case.path is not None:
        return case.path
    with adding(folder, by, (CASE_FILE,), replace=replace):
        write_atomic(folder / CASE_FILE, case.to_toml())
    return folder / CASE_FILE


class Sweep:
    """The points of a grid that was run."""

    def __init__(self, folder: Path, axes: tuple[Axis, ...], outcomes: tuple[Outcome, ...], report: SweepReport) -> None:
        self.folder, self.axes, self.outcomes, self.report = folder, axes, outcomes, report

    def __iter__(self) -> Iterator[Result]:
        return (Result(self.folder / outcome.point.name) for outcome in self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)

    @cached_property
    def records(self) -> pd.DataFrame:
        """A row for each point: the values of its axes as text, verdict, end and numbers; attrs["units"].
        Raises MissingExtraError."""
        numbers = numbers_of(self.outcomes)
        rows = [
            {**dict(o.point.values), "verdict": o.verdict, "end": o.end, **{name: getattr(o, name) for name in numbers}}
            for o in self.outcomes
        ]
        return frame(rows, rows[0], "Sweep.records")

    def to_xarray(self) -> xr.Dataset:
        """The grid as a Dataset: a dimension for each axis (numbers in the users' unit where it is a
        quantity, else text), a variable for verdict, end and each number; nan, and "" for text,
        where a refined pressure has no point. Raises MissingExtraError."""
        import numpy as np

        xarray = library("xarray", "Sweep.to_xarray")
        names = [axis.name for axis in self.axes]
        values = {axis.name: _sorted({dict(o.point.values)[axis.name] for o in self.outcomes}, axis) for axis in self.axes}
        shape = tuple(len(values[name]) for name in names)
        data: dict[str, Any] = {name: np.full(shape, "", dtype=object) for name in ("verdict", "end")}
        data |= {name: np.full(shape, math.nan) for name in numbers_of(self.outcomes)}
        for outcome in self.outcomes:
            place = tuple(values[name].index(dict(outcome.point.values)[name]) for name in names)
            for name, array in data.items():
                array[place] = getattr(outcome, name)
        coordinates = {axis.name: _coordinate(axis, values[axis.name]) for axis in self.axes}
        found = xarray.Dataset({name: variable(tuple(names), array, name) for name, array in data.items()}, coordinates)
        found.attrs["report"] = list(self.report.lines)
        return found

    def __repr__(self) -> str:
        return f"<cellfem.Sweep {self.folder}: {self.report.lines[0]}>"


def _text(name: str, value: object) -> str:
    """A value as it would be written after --set. Raises CaseError."""
    plain = plain_value(value)
    if isinstance(plain, bool):
        return str(plain).lower()
    if not isinstance(plain, str | int | float):
        raise CaseError([f"{name}: {as_written(plain)} is not a value for an axis; give text with a unit, a number, or a name"])
    return str(plain)


def _sorted(found: set[str], axis: Axis) -> list[str]:
    """Values of an axis, those that were inserted too; quantities in the users' unit, rising."""
    if axis.name in SHORT:
        return sorted(found, key=lambda text: parse_quantity(text, SHORT[axis.name]))
    return [value for value in axis.values if value in found]


def _coordinate(axis: Axis, values: list[str]) -> tuple[tuple[str], list[Any], dict[str, str]]:
    if axis.name not in SHORT:
        return (axis.name,), list(values), {}
    unit = SHORT[axis.name]
    return (axis.name,), [shown_value(parse_quantity(value, unit), unit) for value in values], {"units": KINDS[unit].shown}
