"""A small stack in 3-D from case file to records, voids and fields; direct and iterative,
tetrahedra and hexahedra."""

import csv
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista

from cellfem.case import parse_case
from cellfem.output.records import read_records
from cellfem.runner import run_case

LENS = {"center": "0 um", "center_y": "4 um", "half_width": "2.5 um", "half_width_y": "2 um", "depth": "0.4 um"}
CASE: dict[str, Any] = {
    "stack": {"dimension": 3, "width": "6 um", "depth": "4 um"},
    "lithium": {"thickness": "4 um"},
    "electrolyte": {"thickness": "5 um"},
    "void": [LENS],
    "patch": [{"center": "4.5 um", "half_width": "1 um", "asr": "300 ohm*cm^2"}],
    "protocol": [{"mode": "strip", "current": "0.5 mA/cm^2", "duration": "10 s", "pressure": "0.8 MPa"}],
    "mesh": {"near": "1.2 um", "far": "2.5 um"},
    "numerics": {"dt": ["1 s", "3 s", "6 s"]},
    "output": {"interval": "5 s"},
}


@functools.cache
def run(cells: str, linear: str) -> tuple[list[dict[str, float]], list[dict[str, str]], dict[str, Any], set[str]]:
    """(records, voids, arrays of the last lithium, names of files) of a run."""
    case = CASE | {"mesh": CASE["mesh"] | {"cells": cells}, "numerics": CASE["numerics"] | {"linear": linear}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = run_case(parse_case(case), folder, quiet=True)
        assert result.end.kind == "done"
        with (folder / "voids.csv").open(newline="") as file:
            voids = list(csv.DictReader(file))
        blocks = {
            part: pyvista.read(sorted(folder.glob(f"fields/{part}_*_0.vtu"))[-1]) for part in ("lithium", "void", "interface")
        }
        return read_records(folder / "records.csv"), voids, blocks, {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("cells", "linear"),
    [
        ("simplices", "direct"),
        pytest.param("simplices", "iterative", marks=pytest.mark.slow),
        pytest.param("bricks", "direct", marks=pytest.mark.slow),
    ],
)
def test_balances_hold(cells: str, linear: str) -> None:
    rows = run(cells, linear)[0]
    assert len(rows) == 4
    for row in rows:
        assert max(row[name] for name in ("balance_charge", "balance_lithium", "balance_force")) <= 1e-8
    assert rows[-1]["void_volume_um3"] == pytest.approx(0.4 * np.pi * 2.5 * 2 / 8, rel=0.2)  # a quarter of the lens


def test_iterating_gives_what_factoring_gives() -> None:
    direct, iterative = run("simplices", "direct")[0], run("simplices", "iterative")[0]
    for one, other in zip(direct, iterative, strict=True):
        for name in ("contact_fraction", "carrying_fraction", "voltage_mV", "gap_max_um", "void_volume_um3"):
            assert other[name] == pytest.approx(one[name], rel=1e-6), name


def test_void_has_its_place_and_the_fields_their_cells() -> None:
    _, voids, blocks, files = run("simplices", "direct")
    places = [(float(row["place_um"]), float(row["place_y_um"])) for row in voids if row["id"] == "1"]
    assert places == [pytest.approx((0.0, 4.0), abs=1e-9)] * len(places)
    assert places
    lithium, void, interface = (blocks[part] for part in ("lithium", "void", "interface"))
    assert set(np.unique(lithium.celltypes)) == {24}
    assert set(np.unique(void.celltypes)) == {13}
    assert set(np.unique(interface.celltypes)) == {5}
    whole = lithium.compute_cell_sizes().cell_data["Volume"].sum()
    assert whole == pytest.approx(6 * 4 * 4, rel=0.02)
    assert interface.point_data["current_mA_cm2"].max() > 0.5
    assert {"stack.png", "interface.png", "history.png", "mesh.msh"} <= files


@pytest.mark.slow
def test_hexahedra_are_quadratic_in_true_geometry() -> None:
    lithium, void = (run("bricks", "direct")[2][part] for part in ("lithium", "void"))
    assert set(np.unique(lithium.celltypes)) == {29}
    assert set(np.unique(void.celltypes)) == {12}
    assert np.abs(void.compute_cell_sizes().cell_data["Volume"]).sum() == pytest.approx(0.4 * np.pi * 2.5 * 2 / 8, rel=0.2)
