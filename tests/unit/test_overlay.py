"""Measured curves: headers, units, differences."""

from pathlib import Path

import numpy as np
import pytest

from cellfem.case import CaseError, load_case
from cellfem.case.measured_curve import CurveError, MeasuredCurve, read_curve
from cellfem.output.comparison import compare
from cellfem.output.overlay import draw_overlay

CASES = Path(__file__).resolve().parents[2] / "cases"
ROWS = [
    {"time_s": t, "capacity_mAh_cm2": t / 7200, "voltage_mV": 10 + t / 100, "current_mA_cm2": 0.5}
    for t in np.linspace(0, 3600, 7)
]


def curve(folder: Path, text: str, **keys: str) -> MeasuredCurve:
    path = folder / "curve.csv"
    path.write_text(text, encoding="utf-8")
    return MeasuredCurve(file=str(path), **keys)


@pytest.mark.parametrize(
    ("header", "kind", "x", "voltage"),
    [
        ("time (h),voltage (mV)", "time", 3600.0, 5.0),
        ("time/min;Ewe/V", "time", 60.0, 5000.0),
        ("time_s,voltage_mV", "time", 1.0, 5.0),
        ("index,t [s],U [V]", "time", 5.0, 1000.0),
        ("capacity_mAh_cm2,voltage_mV", "capacity", 1.0, 5.0),
        ("q (mAh/cm^2)\tU (mV)", "capacity", 1.0, 5.0),
        ("Q (C/m^2),U (mV)", "capacity", 1 / 36_000, 5.0),
    ],
)
def test_units_in_the_header(tmp_path: Path, header: str, kind: str, x: float, voltage: float) -> None:
    mark = next(mark for mark in "\t;," if mark in header)
    values = ("1", "5", "1") if header.startswith("index") else ("1", "5")
    found = read_curve(curve(tmp_path, "\n".join(["# comment", header, mark.join("0" * len(values)), mark.join(values)])))
    assert found.kind == kind
    assert (found.x[-1], found.voltage_mV[-1]) == (pytest.approx(x), pytest.approx(voltage))


def test_units_in_the_table(tmp_path: Path) -> None:
    found = read_curve(curve(tmp_path, "t,U\n0,1\n2,3\n", x="t", x_unit="h", voltage="U", voltage_unit="V"))
    assert found.x.tolist() == [0.0, 7200.0]
    assert found.voltage_mV.tolist() == [1000.0, 3000.0]


@pytest.mark.parametrize(
    ("text", "keys", "says"),
    [
        ("t,U\n0,1\n1,2\n", {}, "has no column whose unit is that of a time or an areal capacity"),
        ("t (s),U\n0,1\n1,2\n", {}, "that of a voltage"),
        ("t (s),U (mV)\n0,1\n1,2\n", {"x": "time"}, 'has no column "time"'),
        ("t (s),U (mV)\n1,1\n0,2\n", {}, "does not increase"),
        ("t (s),U (mV)\n1,a\n0,b\n", {}, 'line 2: "a" in the column "U \\(mV\\)" is not a number \\(2 such cells\\)'),
        ("t (s),U (mV)\n1,\n0,3\n", {}, "fewer than two points"),
        ("t (s),U (mV)\n", {}, "holds no table of numbers"),
        ("", {}, "is empty"),
    ],
)
def test_bad_curves(tmp_path: Path, text: str, keys: dict[str, str], says: str) -> None:
    with pytest.raises(CurveError, match=says):
        read_curve(curve(tmp_path, text, **keys))


def test_a_bad_curve_stops_the_case(tmp_path: Path) -> None:
    table = curve(tmp_path, "t,U\n0,1\n1,2\n")
    with pytest.raises(CaseError, match=r"measured\.file: .*curve\.csv has no column"):
        load_case(CASES / "strip-void", [f"measured.file={table.file}"])
    with pytest.raises(CaseError, match=r'measured\.file: there is no file ".*none\.csv"'):
        load_case(CASES / "strip-void", ["measured.file=none.csv"])


def test_differences(tmp_path: Path) -> None:
    """Measured 3 mV above the run, but 7 mV at one of four points; one lies beyond the run."""
    at = np.array([0.0, 900.0, 1800.0, 3600.0, 5000.0])
    lines = [f"{t},{10 + t / 100 + (7 if t == 1800 else 3)}" for t in at]
    measured = read_curve(curve(tmp_path, "\n".join(["time_s,voltage_mV", *lines])))
    found = compare(ROWS, measured)
    assert (found.points, found.of) == (4, 5)
    assert found.rms_mV == pytest.approx(np.sqrt((3 * 9 + 49) / 4))
    assert (found.mean_mV, found.largest_mV) == (pytest.approx(4.0), pytest.approx(7.0))
    assert compare(ROWS, measured, series_ohm_cm2=8.0).mean_mV == pytest.approx(0.0)  # 4 mV at 0.5 mA/cm²
    draw_overlay(tmp_path / "measured.png", ROWS, measured, found, "title")
    assert (tmp_path / "measured.png").stat().st_size > 10_000
    late = read_curve(curve(tmp_path, "time (h),voltage_mV\n7,1\n8,2\n"))
    with pytest.raises(ValueError, match="no measured point lies within the run"):
        compare(ROWS, late)


def test_over_capacity(tmp_path: Path) -> None:
    measured = read_curve(curve(tmp_path, "capacity_mAh_cm2,voltage_mV\n0,12\n0.5,48\n"))
    assert compare(ROWS, measured).rms_mV == pytest.approx(2.0)
    back = [*ROWS, ROWS[-1] | {"time_s": 7200.0, "capacity_mAh_cm2": 0.0}]
    with pytest.raises(ValueError, match="is not monotonic"):
        compare(back, measured)
