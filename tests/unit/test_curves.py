"""Measured curves as cyclers and spreadsheets write them: read as they are meant, or refused with
the reason."""

from pathlib import Path

import numpy as np
import pytest

from cellfem.tables import TableError
from cellfem.tables.curve import VoltageCurve, read_curve
from cellfem.tables.encoding import encoding_of
from cellfem.tables.headings import heading


def read(folder: Path, text: str, encoding: str = "utf-8", name: str = "curve.csv", **given: str) -> VoltageCurve:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read_curve(path, option_of=lambda key: f"--{key.replace('_', '-')}", **given)


EC_LAB = (
    "EC-Lab ASCII FILE\r\nNb header lines : 6\r\n\r\nElectrode surface area : 1.000 cm²\r\n\r\n"
    "mode\ttime/s\tcontrol/V\tEwe/V\t<I>/mA\t\r\n2\t0.000E+000\t0.5\t7.1E-003\t0.5\t\r\n2\t5.000E+000\t0.5\t7.3E-003\t0.5\t\r\n"
)
NEWARE = (
    "DataPoint,Step Type,Time,Total Time,Current(mA),Voltage(V),Date\n"
    "1,CC DChg,00:00:00,24:59:55,0.5,0.0071,2026-04-03 10:00:00\n2,CC DChg,00:00:05,25:00:00,0.5,0.0073,2026-04-03 10:00:05\n"
)
FASTNDA = "index,voltage_V,unix_time_s,step_time_s,total_time_s\n0,.0071,1.7e9,0,0\n1,.0073,1.7e9,0,5\n"
GAMRY = (
    "EXPLAIN\nTAG\tCHRONOP\nAREA\tQUANT\t1,00000E+000\tSample Area (cm^2)\nCURVE\tTABLE\t2\n"
    "\tPt\tT\tVf\tIm\tVu\tSig\tAch\tIERange\tOver\tTemp\n\t#\ts\tV vs. Ref.\tA\tV\tV\tV\t#\tbits\tdeg C\n"
    "\t0\t0\t7,1E-003\t5E-004\t0\t0,5\t0\t9\t..........a\t25\n\t1\t5\t7,3E-003\t5E-004\t0\t0,5\t0\t9\t..........a\t25\n"
)


@pytest.mark.parametrize(
    ("text", "encoding", "x", "says"),
    [
        (EC_LAB, "cp1252", 5.0, 'voltage "Ewe/V" in V (not control/V); separated by tab, cp1252'),
        (EC_LAB.replace("\r\n", "\n").replace(".", ","), "utf-8", 5.0, "decimal commas"),
        (NEWARE, "utf-8", 90000.0, 'time "Total Time" in h:min:s'),
        (GAMRY, "utf-8", 5.0, 'time "T" in s; voltage "Vf" in V (not Vu, Sig, Ach)'),
        ("测试时间(Sec),电压(V)\n0,0.0071\n5,0.0073\n", "gbk", 5.0, 'time "测试时间(Sec)"'),
        ("time (s)\tvoltage (mV)\n0\t7.1\n5\t7.3\n", "utf-16", 5.0, "utf-16"),
        ("time (s);U (mV);I (µA)\n0;7,1;5\n5;7,3;5\n", "cp1252", 5.0, "separated by semicolon, decimal commas, cp1252"),
        ("\ufefftime (s),U (mV)\n0,7.1\n5,7.3\n", "utf-8", 5.0, "all 2 points"),
        ('"time (s)","U (mV)"\n"0,0","7,1"\n"5,0","7,3"\n', "utf-8", 5.0, "separated by comma, decimal commas"),
        (FASTNDA, "utf-8", 5.0, '"total_time_s"'),
        ("voltage_volt,unix_time_second,test_time_second\n.0071,1.7e9,0\n.0073,1.7e9,5\n", "utf-8", 5.0, '"test_time_second"'),
        ("# a comment\n# time_s voltage_V\n0 .0071\n5 .0073\n", "utf-8", 5.0, "separated by blanks"),
        ("time (s)  voltage (mV)\n0  7.1\n5  7.3\n", "utf-8", 5.0, "separated by blanks"),
        ("time,voltage\ns,mV\n0,7.1\n5,7.3\n", "utf-8", 5.0, 'time "time" in s; voltage "voltage" in mV'),
        ("time (s),capacity (mAh/cm2),U (mV)\n0,0,7.1\n5,1,7.3\n", "utf-8", 5.0, 'time "time (s)"'),
        ("TestTime(s),StepTime(s),Volts\n0,0,.0071\n5,0,.0073\n", "utf-8", 5.0, '"TestTime(s)"'),
        ("time (s),U (mV)\n0,7.1\n,\n3,-\n5,7.3\n", "utf-8", 5.0, "2 of 4 points"),
        ("time (s),U (mV),I (mA)\n0,7.1,1\n5,7.3", "utf-8", 5.0, "all 2 points"),  # stopped in the last line
        ("time (s),U (mV)\n0,7.1\n5,7.3\n\nend of the test\n", "utf-8", 5.0, "1 line after it left out"),
    ],
)  # fmt: skip
def test_tables_of_cyclers(tmp_path: Path, text: str, encoding: str, x: float, says: str) -> None:
    found = read(tmp_path, text, encoding)
    assert says in found.understood
    assert (found.kind, found.x[-1]) == ("time", pytest.approx(x))
    assert found.voltage_mV[[0, -1]] == pytest.approx([7.1, 7.3])


@pytest.mark.parametrize(
    ("text", "given", "says"),
    [
        ("time (s),voltage (mV)\n0,0,7,1\n5,0,7,3\n", {}, "header of 2 names .* over rows of 4 cells; are these decimal commas"),
        ("0,05,7,1\n0,10,7,3\n", {}, "may separate columns or be decimal marks"),
        ("time (s);U (mV)\n0;7,1\n1;7.25\n2;7,5\n", {}, 'line 3: "7.25" .* decimal point and other numbers have not'),
        ("time/s\tEwe/V\tEce/V\n0\t1\t2\n1\t1\t2\n", {}, 'the voltage of the cell: "Ewe/V", "Ece/V"; choose one with --voltage'),
        ("t (s),time (s),U (V)\n0,0,1\n1,1,2\n", {}, 'the time of the test: "t .s.", "time .s."; choose one with --x'),
        ("unix_time_s,U (V)\n1.7e9,1\n1700000005,2\n", {}, '"unix_time_s" is a clock'),
        ("time (s),U (V)\n1700000000,1\n1700000005,2\n", {}, "it is a clock, not the time of a test"),
        ("step time (s),U (V)\n0,1\n5,2\n", {}, "again in every step.*; if one of its columns can be it, give it with --x"),
        ("time/s,control/V\n0,1\n5,2\n", {}, "that of a voltage .* or give --voltage and --voltage-unit"),
        ("t,U\n0,1\n5,2\n", {"x": "t"}, 'does not say the unit of "t": give it with --x-unit, as in --x-unit "s"'),
        ("time (s),U (V)\n0,1\n5,2\n", {"x_unit": "h"}, "in s, and --x-unit is h: leave --x-unit out"),
        ("time (s),U (V)\n0,1\n5,2\n", {"x": "time", "x_unit": "furlongs"}, "is not a unit of a time or a charge per area"),
        ("time (s),U (V)\n0,1\n5,2\n", {"x": "time", "x_unit": "xyz"}, '--x-unit "xyz" is not a unit that cellfem knows'),
        ("q (mAh),U (V)\n0,1\n5,2\n", {"x": "q"}, "is a charge, not a charge per area: divide it by the area"),
        ("time (s),U (V)\n0,1\n5,2,3\n6,3\n", {}, "line 3 has 3 cells, the rows above it have 2"),
        ("time (s),U (V)\n0,1\n5,2\n\nfreq (Hz),Z (ohm),x\n1,2,3\n", {}, "more than one table"),
        ("EC-Lab ASCII FILE\nNb header lines : 4\n\ntime/s\tEwe/V\n", {}, "no line of names and data there"),
        ("EC-Lab ASCII FILE\nNb header lines : 5\n\ntime/s\tEwe/V\n0\t1\n1\t2\n", {}, "numbers in line 5 already"),
        ("time (s),U (V)\n0,True\n5,False\n", {}, 'line 2: "True" in the column'),
        ("\0\1\2\3", {}, "not text but binary"),
    ],
)  # fmt: skip
def test_what_may_mean_two_things_is_refused(tmp_path: Path, text: str, given: dict[str, str], says: str) -> None:
    with pytest.raises(TableError, match=says):
        read(tmp_path, text, **given)


@pytest.mark.parametrize("ending", ["mpr", "ndax", "xlsx"])
def test_binary_files_of_cyclers_are_named(tmp_path: Path, ending: str) -> None:
    with pytest.raises(TableError, match=r"export it as|save the sheet as csv"):
        read(tmp_path, "time (s),U (V)\n0,1\n5,2\n", name=f"test.{ending}")


def test_a_column_that_is_named_is_taken(tmp_path: Path) -> None:
    text = "time/s\tEwe/V\tEce/V\tunix time/s\n0\t1\t2\t1700000000\n1\t3\t4\t1700000002\n"
    assert read(tmp_path, text, voltage="Ece/V").voltage_mV.tolist() == [2000.0, 4000.0]
    assert read(tmp_path, text, voltage="ewe").voltage_mV.tolist() == [1000.0, 3000.0]
    counted = read(tmp_path, text, voltage="Ewe/V", x="unix time/s")
    assert counted.x.tolist() == [0.0, 2.0]
    assert "counted from its first row" in counted.understood
    plain = read(tmp_path, "0 1\n2 3\n", x="column 1", x_unit="min", voltage="column 2", voltage_unit="mV")
    assert plain.x.tolist() == [0.0, 120.0]


def test_a_large_file_is_read_to_its_end(tmp_path: Path) -> None:
    """Commas first come behind the rows by which the layout is found."""
    rows = [f"{t};{'7' if t < 9000 else '7,5'};CC" for t in range(30_000)]
    found = read(tmp_path, "\n".join(["time (s);U (mV);step", *rows]))
    assert len(found.x) == 30_000
    assert found.voltage_mV[-1] == 7.5


@pytest.mark.parametrize(
    ("title", "unit", "kind"),
    [
        ("Test_Time(s)", "s", "time"),
        ("Voltage / V", "V", "voltage"),
        ("~Time[h]", "h", "time"),
        ("capacity_mAh_cm2", "mAh/cm2", "capacity"),
        ("(Q-Qo)/mA.h", "mA.h", "charge"),
        ("I/mA", "mA", "current"),
        ("t", "", ""),
        ("U", "", ""),
        ("dV/dt(V/s)", "", ""),
        ("control/V/mA", "", ""),
        ("z [nm]", "nm", "length"),
    ],
)
def test_headings(title: str, unit: str, kind: str) -> None:
    found = heading(title)
    assert (found.unit, found.kind) == (unit, kind)


def test_encodings() -> None:
    assert encoding_of("µA/cm² °C".encode("cp1252")) == "cp1252"
    assert encoding_of("时间 µ".encode()) == "utf-8"
    assert encoding_of("时间(Sec)".encode("gbk")) == "gb18030"
    assert encoding_of("t\tU\n".encode("utf-16-le")) == "utf-16-le"
    assert encoding_of(np.arange(20.0).tobytes()) is None
