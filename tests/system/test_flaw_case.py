"""`cellfem flaw` from the command line: what it says, writes and refuses."""

import csv
import json
from pathlib import Path

import pytest

from tests.system.small import cellfem, settings

TEXT = """
title = "A small flaw"
[stack]
width = "6 um"
[electrolyte]
thickness = "6 um"
[resolved_flaw]
length = "1 um"
half_opening = "40 nm"
dry = "0.2 um"
fineness = 0.5
[[protocol]]
mode = "plate"
current = "2 mA/cm^2"
duration = "1 h"
pressure = "1 MPa"
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_state_and_files(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = cellfem("flaw", case, "--out", out, "--no-critical").stdout
    assert "the crack does not grow" in said
    for name in ("flaw.png", "flaw.pvd", "walls.csv", "summary.json", "case.resolved.toml"):
        assert (out / name).stat().st_size > 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["index"] == pytest.approx(summary["K_I_MPa_m0_5"] / summary["K_Ic_MPa_m0_5"])
    assert summary["balance"] < 1e-9
    assert summary["pressure_MPa"] > 1.0
    with (out / "walls.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["y_um"]) == pytest.approx(0.0)
    assert float(rows[-1]["y_um"]) == pytest.approx(-1.0)
    assert float(rows[-1]["pressure_MPa"]) > float(rows[0]["pressure_MPa"])


def test_bad_flaws_are_refused_before_anything_is_meshed(case: Path, tmp_path: Path) -> None:
    bad = settings('resolved_flaw.length="5.9 um"', 'resolved_flaw.shape="notch"', 'resolved_flaw.tip_radius="1 um"')
    said = cellfem("flaw", case, "--out", tmp_path / "bad", *bad, code=2).stderr
    assert "resolved_flaw.length: the flaw is" in said
    assert "resolved_flaw.tip_radius" in said
    assert not (tmp_path / "bad").exists()
    said = cellfem("flaw", case, *settings('protocol.0.mode="strip"'), code=2).stderr
    assert "no step plates" in said
