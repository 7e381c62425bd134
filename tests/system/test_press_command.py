"""cellfem press and cellfem impedance from the command line, and what a press leaves in its
folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from cellfem.output.records import read_records
from cellfem.output.spectra import read_spectrum
from tests.system.small import cellfem, settings, write_case

CASE = """
title = "A small rough face"
[stack]
width = "6 um"
[lithium]
thickness = "5 um"
[electrolyte]
thickness = "6 um"
[interface]
stiffness = "1000 MPa/um"
vacancies = "off"
[roughness]
kind = "grooves"
period = "6 um"
depth = "0.2 um"
[[protocol]]
mode = "press"
pressure = "2 MPa"
duration = "2 s"
[mesh]
near = "0.5 um"
far = "3 um"
[numerics]
tolerance = 0.05
[output]
pictures = false
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "rough.toml"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_a_run_leaves_its_spectrum_and_the_face_gives_it_again(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = cellfem(
        "run", case, "--out", out, *settings("impedance.spectrum=true", "impedance.per_decade=1", "protocol.0.duration=0.2 s")
    )
    assert "pressing" in done.stdout
    assert "Ω cm² to a small signal" in done.stdout
    frequency, z = read_spectrum(out / "spectrum.csv")
    assert (frequency[0], frequency[-1]) == (1e9, 0.1)
    last = read_records(out / "records.csv")[-1]
    assert z[-1].real == pytest.approx(last["cell_resistance_ohm"], rel=1e-6)
    assert last["balance_lithium"] <= 1e-8
    again = cellfem("impedance", out, "--out", tmp_path / "again")
    assert "spectrum.csv" in again.stdout
    told = json.loads(cellfem("impedance", out, "--out", tmp_path / "again", "--json").stdout)
    assert (told["frequency_Hz"][-1], told["real_ohm"][-1]) == (0.1, pytest.approx(z[-1].real, rel=1e-9))
    assert told["files"]["impedance spectrum"] == str(tmp_path / "again" / "spectrum.csv")
    np.testing.assert_allclose(read_spectrum(tmp_path / "again" / "spectrum.csv")[1], z, rtol=1e-9)


def test_what_cannot_be_a_target_is_said_before_anything_runs(case: Path, tmp_path: Path) -> None:
    done = cellfem("press", case, "--target", "1 ohm", "--out", tmp_path / "out", code=2)
    assert "electrolyte alone" in done.stderr
    assert not (tmp_path / "out" / "press.csv").exists()


def test_a_face_too_steep_ends_with_a_clear_message(case: Path, tmp_path: Path) -> None:
    """Walls of slope 0.99 that become steeper where the lithium bends over the ridges: no more than
    a height can carry."""
    out = tmp_path / "out"
    steep = settings("roughness.depth=1.89 um", "lithium.thickness=8 um", "protocol.0.pressure=5 MPa")
    done = cellfem("run", case, "--out", out, *steep, code=3)
    for told in (done.stderr, (out / "log.txt").read_text(encoding="utf-8")):
        assert "the lithium surface has a slope of 1.0" in told
        assert "there is no remeshing; start with lower or longer heights" in told
    rows = read_records(out / "records.csv")
    assert max(row["balance_lithium"] for row in rows) <= 1e-8


@pytest.mark.slow
def test_pressure_and_hold_time_that_reach_a_target(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("press", case, "--target", "15 ohm*cm^2", "--out", out, "--precision", 0.5)
    done = cellfem(*command)
    answer = done.stdout.strip().splitlines()[-1]
    assert answer.endswith(" MPa")
    pressure = float(answer.removesuffix(" MPa"))
    runs = {folder.name for folder in out.iterdir() if folder.is_dir()}
    assert cellfem(*command).stdout.strip().splitlines()[-1] == answer  # known runs are taken as they are
    assert {folder.name for folder in out.iterdir() if folder.is_dir()} == runs
    told = json.loads(cellfem(*command, "--json").stdout)
    assert (told["pressure"], told["unit"]) == (pytest.approx(pressure, rel=1e-5), "MPa")
    assert {Path(run["folder"]).name for run in told["runs"]} == runs
    assert "left" in done.stderr, "how long the search still takes"
    timed = cellfem(*command[:-2], "--pressure", f"{1.5 * pressure} MPa")
    assert 0 < float(timed.stdout.strip().splitlines()[-1].removesuffix(" s")) < 2.0


@pytest.mark.slow
def test_the_pressure_with_its_band_over_creep_sets(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("press", case, "--target", "15 ohm*cm^2", "--out", out, "--precision", 0.5, "--creep", "masias,lepage")
    *_, far, sentence = cellfem(*command).stdout.strip().splitlines()
    assert "measured ones" in far
    assert "over 2 creep sets), each within 50 %: the lowest stack pressure at which the resistance is 15 Ω cm²" in sentence
    found = json.loads((out / "need.json").read_text(encoding="utf-8"))
    ends = {a["variant"]: float(a["holds_from"].removesuffix(" MPa")) for a in found["answers"]}
    assert ends["lepage"] >= ends["masias"] > 0.2, "lithium of LePage's set creeps slower"
    assert cellfem(*command).stdout.strip().splitlines()[-1] == sentence  # known runs are taken as they are


@pytest.mark.slow
def test_what_a_stripped_interface_needs(tmp_path: Path) -> None:
    """A run at each end of the bracket: contact is lost at the one, and kept at the other."""
    case, out = write_case(tmp_path), tmp_path / "out"
    asked = settings("protocol.0.stop.contact=0.6", "protocol.0.duration=200 s")
    done = cellfem("need", case, "--out", out, "--current", "2 mA/cm^2", "--creep", "masias", "--precision", 0.5, *asked)
    sentence = done.stdout.strip().splitlines()[-1]
    assert "the lowest stack pressure at which contact is not lost in 200 s" in sentence
    assert "Measured cells need" in sentence
    rows = [line.split(",") for line in (out / "need.csv").read_text(encoding="utf-8").splitlines()[1:]]
    verdicts = {float(row[1].removesuffix(" MPa")): row[4] for row in rows}
    answer = json.loads((out / "need.json").read_text(encoding="utf-8"))["answers"][0]
    missed, kept = (float(answer[name].removesuffix(" MPa")) for name in ("does_not_hold_at", "holds_from"))
    assert 1.0 < kept / missed <= 1.5 * 1.001
    assert verdicts[missed] == "lost"
    assert verdicts[kept] in ("kept", "reduced")
