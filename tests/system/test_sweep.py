"""A tiny sweep through the command line: stopped, taken up, refined, drawn."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "cases" / "map-pressure-current"
TINY = ("--set", "mesh.near=2 um", "--set", "mesh.far=6 um", "--set", "protocol.0.duration=10 s", "--set", "numerics.dt_max=5 s")
GRID = ("--grid", "pressure=0.1,0.4 MPa", "--grid", "current=0.1,0.5 mA/cm^2")
WAIT_S = 240.0  # forms may have to be compiled first


def command(out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "cellfem.cli", "sweep", str(CASE), "--out", str(out), *TINY, *options]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def sweep(out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(out, *options), env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "map.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def children(out: Path) -> list[int]:
    """Processes whose standard output is the console of one of this folder's points."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/fd/1"):
        try:
            target = entry.readlink()
        except OSError:  # ended in between, or another user's
            continue
        if out in target.parents:
            found.append(int(entry.parents[1].name))
    return found


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[int], list[dict[str, str]]]:
    """A sweep that gets SIGTERM once its first point is done: folder, exit code, processes left,
    and the map by then."""
    out = tmp_path_factory.mktemp("sweep") / "map"
    process = subprocess.Popen(command(out, *GRID, "--jobs", "1"), env=environment(), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        if (out / "map.csv").is_file() and rows(out) and children(out):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    code = process.wait(WAIT_S)
    return out, code, children(out), rows(out)


def test_a_stop_ends_the_children_and_keeps_what_is_done(stopped: tuple[Path, int, list[int], list[dict[str, str]]]) -> None:
    out, code, left, by_then = stopped
    assert code == 4
    assert left == []
    assert 1 <= len(by_then) < 4
    assert not (out / "map.json").exists()


def test_the_same_command_goes_on(stopped: tuple[Path, int, list[int], list[dict[str, str]]]) -> None:
    out, _, _, by_then = stopped
    first = out / by_then[0]["folder"] / "summary.json"
    before = first.stat().st_mtime_ns
    done = sweep(out, *GRID, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert f"{len(by_then)} of 4 points are done already" in done.stderr
    assert first.stat().st_mtime_ns == before
    found = rows(out)
    assert [(float(row["pressure_MPa"]), float(row["current_mA_cm2"])) for row in found] == [
        (0.1, 0.1), (0.4, 0.1), (0.1, 0.5), (0.4, 0.5),
    ]  # fmt: skip
    for row in found:
        assert row["end"] == "done"
        assert 0.3 < float(row["contact_fraction"]) <= float(row["perfect_contact_fraction"])
        assert float(row["capacity_mAh_cm2"]) == pytest.approx(float(row["current_mA_cm2"]) * 10 / 3600)
    report = json.loads((out / "map.json").read_text(encoding="utf-8"))
    assert sum(report["points"].values()) == 4
    assert (out / "critical_current.png").is_file()
    assert (out / "maps.png").is_file()
    assert not list(out.glob("*/*.png"))

    again = sweep(out, *GRID)
    assert again.returncode == 0
    assert "4 of 4 points are done already" in again.stderr
    assert " of 4: " not in again.stderr


@pytest.mark.slow
def test_a_limit_is_refined_and_a_failure_recorded(tmp_path: Path) -> None:
    """Contact 0.65 lies between 0.05 and 3.2 MPa at the start; a time step that may not shrink
    makes the solver give up."""
    axes = ("--grid", "pressure=0.05,3.2 MPa", "--grid", "current=0.5 mA/cm^2")
    done = sweep(tmp_path, *axes, "--set", "protocol.0.stop.contact=0.65", "--refine", "1")
    assert done.returncode == 0, done.stderr
    assert [(row["pressure_MPa"], row["verdict"] == "lost") for row in rows(tmp_path)][::2] == [("0.05", True), ("3.2", False)]
    assert rows(tmp_path)[1]["pressure_MPa"] == "0.4"

    never = ("--set", "numerics.dt_min=0.1 s", "--set", "numerics.newton_max=1")
    failed = sweep(tmp_path, "--grid", "pressure=0.4 MPa", *never)
    assert failed.returncode == 3
    (row,) = rows(tmp_path)
    assert row["verdict"] == "failed"
    assert row["end"].startswith("solver gave up")
    assert "1 of 1 points are done already" in sweep(tmp_path, "--grid", "pressure=0.4 MPa", *never).stderr
    assert "1 of 1: " in sweep(tmp_path, "--grid", "pressure=0.4 MPa", *never, "--retry").stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--grid", "pressure=0,0.4 MPa"), "leaves no contact"),
        (("--grid", "presure=0.1 MPa"), 'did you mean "pressure"?'),
        (("--grid", "pressure=0.1 MPa", "--creep", "masias,lepag"), 'did you mean "lepage"'),
        (("--grid", "current=0.1 mA/cm^2", "--refine", "1"), "--refine: inserts pressures"),
    ],
)
def test_a_bad_grid_runs_nothing(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    done = sweep(tmp_path / "map", *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "map").exists()
