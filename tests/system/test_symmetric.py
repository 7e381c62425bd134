"""Two lithium electrodes: mirrored electrodes give mirrored results, lithium over a cycle, ranks,
what is written."""

from pathlib import Path

import meshio
import numpy as np
import pytest

from cellfem.output.records import read_records
from cellfem.output.spectra import read_spectrum
from cellfem.quantities import SECOND, record_columns
from cellfem.units import FARADAY

from . import small

UM_PER_MAH_CM2 = 13.0e-6 / FARADAY * 3.6e4 * 1e6
"""Lithium that 1 mAh/cm² strips: 4.85 µm."""
AGREEMENT = 1e-8
CELL = """
title = "A small symmetric cell"
[stack]
cell = "symmetric"
width = "8 um"
[lithium]
thickness = "5 um"
[electrolyte]
thickness = "8 um"
[[void]]
center = "0 um"
half_width = "2.5 um"
depth = "0.4 um"
electrode = {void}
[[patch]]
center = "6 um"
half_width = "1 um"
asr = "1000 ohm*cm^2"
electrode = {void}
[mesh]
near = "0.8 um"
far = "2.5 um"
[output]
pictures = false
"""
STEP = """
[[protocol]]
mode = "{mode}"
{load}
duration = "40 s"
pressure = "0.8 MPa"
spring = "2 MPa/um"
[numerics]
dt = ["0.5 s", "1 s", "2 s"]
"""
CYCLE = """
[[protocol]]
repeat = 2
[[protocol.step]]
mode = "strip"
current = "0.5 mA/cm^2"
capacity = "0.01 mAh/cm^2"
pressure = "0.8 MPa"
[[protocol.step]]
mode = "plate"
current = "0.5 mA/cm^2"
capacity = "0.01 mAh/cm^2"
pressure = "0.8 MPa"
"""


def write(folder: Path, text: str, void: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "cell.toml"
    path.write_text(CELL.format(void=void) + text, encoding="utf-8")
    return path


def ran(folder: Path, text: str, void: int = 1) -> small.Ran:
    return small.run_file_here(write(folder, text, void), folder / "out")


@pytest.fixture(scope="module")
def strip(tmp_path_factory: pytest.TempPathFactory) -> small.Ran:
    return ran(tmp_path_factory.mktemp("strip"), STEP.format(mode="strip", load='current = "0.5 mA/cm^2"'))


def test_records_of_both_electrodes_balance(strip: small.Ran) -> None:
    assert strip.end == "done"
    assert tuple(strip.rows[0]) == record_columns(symmetric=True)
    assert strip.worst_balance() <= AGREEMENT
    first, last = strip.rows[0], strip.rows[-1]
    moved = last["capacity_mAh_cm2"] * UM_PER_MAH_CM2
    assert first["lithium_um"] - last["lithium_um"] == pytest.approx(moved, abs=AGREEMENT * moved)
    assert last[f"lithium_um{SECOND}"] - first[f"lithium_um{SECOND}"] == pytest.approx(moved, abs=AGREEMENT * moved)
    # The void is in the first electrode only; a spring feels both platens.
    assert first["void_count"] == 1
    assert first[f"void_count{SECOND}"] == 0
    for row in strip.rows:
        assert row["pressure_MPa"] == pytest.approx(0.8 + 2 * (row["platen_um"] + row[f"platen_um{SECOND}"]), rel=1e-9)
    assert last["voltage_mV"] > 0


def test_resistance_of_the_cell_is_that_of_both_faces_and_all_of_the_electrolyte(strip: small.Ran) -> None:
    """8 µm at 0.4 mS/cm are 2 Ω cm²; the spectrum of the folder ends there."""
    last = strip.rows[-1]
    assert last["cell_resistance_ohm"] == pytest.approx(last["asr_small_signal_ohm_cm2"] + 2.0, rel=1e-9)
    out = strip.folder.parent / "spectrum"
    said = small.cellfem("impedance", strip.folder, "--out", out, "--set", "impedance.lowest=1e-3 Hz").stdout
    assert "2 interfaces, 8 um of LLZO" in said
    _, z = read_spectrum(out / "spectrum.csv")
    assert z[-1].real == pytest.approx(last["cell_resistance_ohm"], rel=1e-6)


def test_mirrored_electrodes_give_mirrored_results(strip: small.Ran, tmp_path: Path) -> None:
    mirror = ran(tmp_path, STEP.format(mode="plate", load='current = "0.5 mA/cm^2"'), void=2)
    signs = {"current_mA_cm2": -1.0, "voltage_mV": -1.0, "capacity_mAh_cm2": -1.0}
    sizes = {"platen_um": 1e-2, "gap_max_um": 1e-2, "porosity_max": 1e-2}
    apart = ("balance_charge", "balance_lithium", "balance_force", "newton_iterations")
    assert len(mirror.rows) == len(strip.rows) > 10
    for one, other in zip(strip.rows, mirror.rows, strict=True):
        for name, value in one.items():
            if name in apart:
                continue
            twin = name.removesuffix(SECOND) if name.endswith(SECOND) else name + SECOND
            seen = other.get(twin, other[name]) * signs.get(name, 1.0)
            size = max(abs(value), sizes.get(name.removesuffix(SECOND), 0.0))
            assert np.isnan([value, seen]).all() or abs(seen - value) <= 1e-6 * size, (name, value, seen)


def test_held_voltage(strip: small.Ran, tmp_path: Path) -> None:
    held = ran(tmp_path, STEP.format(mode="hold-voltage", load='voltage = "30 mV"'))
    assert held.worst_balance() <= AGREEMENT
    assert all(row["voltage_mV"] == pytest.approx(30.0, abs=1e-9) for row in held.rows)
    assert all(row["current_mA_cm2"] > 0 for row in held.rows)
    assert held.rows[-1]["current_mA_cm2"] < held.rows[1]["current_mA_cm2"]


def test_lithium_over_cycles_closes_in_both_electrodes(tmp_path: Path) -> None:
    cycled = ran(tmp_path, CYCLE)
    assert cycled.worst_balance() <= AGREEMENT
    ends = [[row for row in cycled.rows if row["protocol_step"] == k][-1] for k in range(4)]
    moved = 2 * 0.01 * UM_PER_MAH_CM2
    for name in ("lithium_um", f"lithium_um{SECOND}"):
        start, after_one, after_two = cycled.rows[0][name], ends[1][name], ends[3][name]
        assert abs(after_one - start) <= AGREEMENT * moved
        assert abs(after_two - after_one) <= AGREEMENT * moved
    both = [row["lithium_um"] + row[f"lithium_um{SECOND}"] for row in cycled.rows]
    assert max(both) - min(both) <= AGREEMENT * moved
    assert "second_electrode" in cycled.summary["verdict"]


def test_mesh_file_holds_both_electrodes(strip: small.Ran) -> None:
    mesh = meshio.read(strip.folder / "mesh.msh")
    y = mesh.points[:, 1]
    assert (y.min(), y.max()) == (pytest.approx(-13.0), pytest.approx(5.0))
    assert {"lithium", "LLZO", "void", "interface", "top"} <= set(mesh.field_data)


def test_ranks_agree(strip: small.Ran, tmp_path: Path) -> None:
    path = write(tmp_path, STEP.format(mode="strip", load='current = "0.5 mA/cm^2"'))
    small.cellfem("run", path, "--out", tmp_path / "two", "-n", 2, "--quiet")
    sizes = {"platen_um": 1e-3, "gap_max_um": 1e-3, "porosity_max": 1e-3}
    for one, two in zip(strip.rows, read_records(tmp_path / "two" / "records.csv"), strict=True):
        for name, value in one.items():
            if name.startswith("balance") or name == "newton_iterations":
                continue
            size = max(abs(value), sizes.get(name.removesuffix(SECOND), 0.0))
            assert np.isnan([value, two[name]]).all() or abs(two[name] - value) <= 1e-6 * size, (name, value, two[name])
