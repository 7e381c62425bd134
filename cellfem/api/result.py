"""What a run left in its folder, or has left so far."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellfem.api.case import Case
from cellfem.api.frames import along_gamma, frame
from cellfem.api.plots import Plots
from cellfem.api.verdict import Verdict
from cellfem.cluster.status import Status, is_run, read_status
from cellfem.errors import CellfemError
from cellfem.output.records import RecordsError, read_records
from cellfem.output.summary import SummaryError, read_summary
from cellfem.scene.files import FieldFiles, SceneError, field_files
from cellfem.units import QuantityError, parse_quantity, plain_value

if TYPE_CHECKING:
    import pandas as pd
    import pyvista
    import xarray as xr

RESOLVED, RECORDS, VOIDS, SUMMARY = "case.resolved.toml", "records.csv", "voids.csv", "summary.json"


class ResultError(CellfemError):
    """A folder holds no run, or not what was asked of it; str() says why and what to do."""


def open(folder: str | Path) -> Result:
    """The run in a folder: finished, at work, or killed. Raises ResultError where there is none."""
    return Result(folder)


class Result:
    """A run, read from its folder each time that something is asked for: of one at work the present
    state. Nothing is written.

    What is not there raises ResultError (or SceneError, for fields); what is damaged likewise.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir() or not is_run(self.folder):
            raise ResultError(f"{self.folder}: holds no run of cellfem; give the folder that one was written into")
        self.plot = Plots(self)
        """The pictures, as matplotlib figures."""

    @cached_property
    def case(self) -> Case:
        """The case as it was run, with all defaults. Raises CaseError."""
        return Case.load(self.folder / RESOLVED)

    @property
    def status(self) -> Status:
        """How far it is: state ("running", "done", "stop.voltage at 266 s", "stopped", …), time,
        share, wall time left."""
        return read_status(self.folder)

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json (docs/results.md). Raises ResultError before the run has ended."""
        try:
            return read_summary(self.folder / SUMMARY)
        except OSError as error:
            raise ResultError(f"{self.folder}: has no summary yet, it is {self.status.state}; wait until it has ended") from error
        except SummaryError as error:
            raise ResultError(str(error)) from error

    @property
    def verdict(self) -> Verdict:
        """What the run says of its interface. Raises ResultError where it has found no state to
        begin with, and before its end."""
        summary = self.summary
        if summary["verdict"] is None:
            raise ResultError(f"{self.folder}: has no verdict: {summary['reason']}")
        return Verdict.of(summary)

    @property
    def rows(self) -> list[dict[str, float]]:
        """records.csv as plain numbers: a row for each accepted step. Raises ResultError."""
        try:
            return read_records(self.folder / RECORDS)
        except OSError as error:
            raise ResultError(f"{self.folder}: has no records yet, it is {self.status.state}") from error
        except RecordsError as error:
            raise ResultError(str(error)) from error

    @property
    def records(self) -> pd.DataFrame:
        """records.csv: a row for each accepted step (docs/output-columns.md); attrs["units"] by
        column. Raises ResultError, MissingExtraError."""
        rows = self.rows
        return frame(rows, rows[0] if rows else (), "Result.records")

    @property
    def voids(self) -> pd.DataFrame:
        """voids.csv: a row for each event of a void, and each void at each output; attrs["units"]
        by column. Raises ResultError, MissingExtraError."""
        try:
            with (self.folder / VOIDS).open(newline="", encoding="utf-8") as file:
                lines = csv.reader(file)
                names = next(lines, [])
                rows = [{name: _value(text) for name, text in zip(names, line, strict=True)} for line in lines]
        except (OSError, ValueError) as error:
            raise ResultError(f"{self.folder / VOIDS}: cannot be read ({error})") from error
        return frame(rows, names, "Result.voids")

    @property
    def fields(self) -> FieldFiles:
        """The field files. Raises SceneError."""
        return field_files(self.folder)

    @property
    def times(self) -> tuple[float, ...]:
        """Times at which fields were written, s. Raises SceneError."""
        return self.fields.times

    @property
    def axisymmetric(self) -> bool:
        """Whether x is a radius."""
        return self.case.checked.stack.symmetry == "axisymmetric"

    @property
    def profile(self) -> xr.Dataset:
        """Γ at each output: gap, contact, carrying, current, overpotential, contact pressure,
        porosity and resistance over time_s and x_um (in 3-D: node, with x_um and y_um; with two
        electrodes: electrode, 1 and 2); `weight` integrates. attrs["units"] of each. Raises
        SceneError, MissingExtraError."""
        from cellfem.scene.moments import profiles_of

        files = self.fields
        moments = [(time, profiles_of(files.read(time)["interface"], self.axisymmetric)) for time in files.times]
        return along_gamma(moments, "Result.profile")

    def nearest(self, time: object = None) -> float:
        """The output nearest to a time ("10 min", a quantity of pint), s; the last one without.
        Raises SceneError; ResultError for what is no time."""
        times = self.times
        if time is None:
            return times[-1]
        try:
            wanted = parse_quantity(plain_value(time), "s")
        except QuantityError as error:
            raise ResultError(f"time: {error}") from error
        return min(times, key=lambda there: abs(there - wanted))

    def mesh(self, time: object = None) -> pyvista.MultiBlock:
        """The stack in true geometry (µm) at the output nearest to a time ("10 min"), the last one
        without: blocks lithium, void, LLZO, interface with their fields. Raises SceneError."""
        import pyvista

        return pyvista.MultiBlock(self.fields.read(self.nearest(time)))

    def __repr__(self) -> str:
        return f"<cellfem.Result {self.folder}: {self.status.state}>"


def _value(text: str) -> Any:
    """A number where it is one; nan where there is none."""
    if text == "":
        return None
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


__all__ = ["Result", "ResultError", "SceneError", "open"]
