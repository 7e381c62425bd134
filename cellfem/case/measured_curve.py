"""A measured voltage curve to compare with a run: the [measured] table of a case, and reading of
its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cellfem.case.fields import AreaResistance0, Section, default
from cellfem.tables.errors import TableError as CurveError

if TYPE_CHECKING:
    from cellfem.tables.curve import OptionName, VoltageCurve

__all__ = ["CurveError", "MeasuredCurve", "read_curve"]

Name = Annotated[str, Field(strict=True, min_length=1)]


class MeasuredCurve(Section):
    """A measured voltage curve, drawn over that of the run: measured.png, and the rms difference in
    measured.json."""

    file: str | None = None
    """Text file exported by a cycler (csv, .txt, .mpt, .DTA), units in its header; path relative to
    the case. Default: none."""
    x: Name | None = None
    """Header of the column of time or areal capacity; by default recognised by its header."""
    voltage: Name | None = None
    """Header of the column of voltage; by default recognised by its header (never a column of set
    values)."""
    x_unit: Name | None = None
    """Unit of x, if the header does not end in it as in "time (h)", "time/h" or "time_h"."""
    voltage_unit: Name | None = None
    """Unit of the voltage, if the header does not give it."""
    series: AreaResistance0 = default("0 ohm*cm^2")
    """Area-specific resistance of the parts of the cell that are not modelled (rest of the
    electrolyte, other electrode)."""


def read_curve(table: MeasuredCurve, option_of: OptionName = "measured.{}".format) -> VoltageCurve:
    """The curve in `table.file`; `option_of` names the options in messages. Raises CurveError."""
    from cellfem.tables.curve import read_curve as read  # imports numpy

    assert table.file is not None
    return read(Path(table.file), table.x, table.voltage, table.x_unit, table.voltage_unit, option_of)
