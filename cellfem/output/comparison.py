"""Difference between a measured voltage curve and that of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cellfem.tables.curve import VoltageCurve

Floats = NDArray[np.float64]

NEEDED = ("time_s", "capacity_mAh_cm2", "voltage_mV", "current_mA_cm2")


@dataclass(frozen=True)
class Comparison:
    """Measured minus computed voltage, mV: root mean square, mean and largest (with sign) over the
    points within the run."""

    points: int
    of: int
    rms_mV: float
    mean_mV: float
    largest_mV: float
    source: str
    understood: str
    series_ohm_cm2: float


@dataclass(frozen=True, eq=False)
class Points:
    """A measured curve for drawing, (N,) each; x: s or mAh/cm², by `kind` ("time", "capacity")."""

    kind: str
    x: Floats
    voltage_mV: Floats


def modelled(rows: Sequence[Mapping[str, float]], curve: VoltageCurve | Points, series_ohm_cm2: float) -> tuple[Floats, Floats]:
    """(x, voltage in mV) of a run, x as in the curve; the voltage includes the drop in parts that
    are not modelled."""
    x = np.array([row["time_s" if curve.kind == "time" else "capacity_mAh_cm2"] for row in rows])
    voltage = np.array([row["voltage_mV"] + series_ohm_cm2 * row["current_mA_cm2"] for row in rows])
    return x, voltage


def compare(rows: Sequence[Mapping[str, float]], curve: VoltageCurve, series_ohm_cm2: float = 0.0) -> Comparison:
    """Differences at the measured points. Raises ValueError if capacity does not increase, or if no
    point is within the run.

    rows: those of records.csv. series_ohm_cm2: resistance of the parts of the cell that are not
    modelled.
    """
    x, voltage = modelled(rows, curve, series_ohm_cm2)
    if np.any(np.diff(x) < 0):
        raise ValueError("the capacity of the run is not monotonic: give the curve over time")
    inside = (curve.x >= x[0]) & (curve.x <= x[-1])
    if not inside.any():
        raise ValueError(f"no measured point lies within the run, {x[0]:.4g} to {x[-1]:.4g} ({curve.kind}): are the units right?")
    difference = curve.voltage_mV[inside] - np.interp(curve.x[inside], x, voltage)
    largest = float(difference[np.argmax(np.abs(difference))])
    rms = float(np.sqrt(np.mean(difference**2)))
    mean = float(difference.mean())
    return Comparison(int(inside.sum()), curve.of, rms, mean, largest, curve.source, curve.understood, series_ohm_cm2)


def verdict(found: Comparison) -> dict[str, object]:
    """The comparison for summary.json."""
    return asdict(found) | {
        "text": f"The measured voltage ({found.source}) differs from the computed one by {found.rms_mV:.3g} mV (rms), "
        f"{found.mean_mV:+.3g} mV on average, over {found.points} of the {found.of} points in the file."
    }
