"""Realisations through the command line: runs that differ in the seed, statistics, picture."""

import json
from pathlib import Path

from tests.system.small import cellfem, settings, write_case

RANDOM = settings(
    "patch=[]",
    "void=[]",
    "heterogeneity.asr.spread=1.0",
    'heterogeneity.asr.length="3 um"',
    'mesh.near="1 um"',
    'mesh.far="3 um"',
    'protocol.0.pressure="0.2 MPa"',
    'protocol.0.duration="240 s"',
    'numerics.dt_max="30 s"',
    "numerics.tolerance=0.1",
)


def test_realisations_and_their_statistics(tmp_path: Path) -> None:
    case, out = write_case(tmp_path), tmp_path / "real"
    said = cellfem("sweep", case, "--realisations", "3", "--depth", "3 um", "--cell-area", "0.01 cm^2", "--out", out, *RANDOM)
    (found,) = json.loads((out / "statistics.json").read_text(encoding="utf-8"))
    assert (found["runs"], found["failed"]) == (3, 0)
    voltage = found["numbers"]["voltage_mV"]
    assert 5 < voltage["q10"] < voltage["q50"] < voltage["q90"] < 100  # 0.5 mA/cm² on 10 Ω cm², more as vacancies build up
    assert voltage["spread"] > 1.0  # the faces differ
    assert sum(found["causes"].values()) == found["times"]["opening_time_s"]["events"]
    assert found["areal"]["area_um2"] == 30.0
    assert "3 realisations" in said.stdout
    assert (out / "realisations.png").stat().st_size > 10_000
    assert not (out / "critical_current.png").exists()  # neither pressure nor current varies
