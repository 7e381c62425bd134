"""A disk that is full at the start, on the way and at the end of a run: one sentence, exit code 3,
and a run that can go on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfem.case import load_case
from cellfem.output.records import read_records
from cellfem.output.vtkhdf import HdfSeries
from cellfem.runner import resume_run, run_case
from cellfem.runner.recorder import Recorder
from cellfem.runner.write_errors import CannotWriteError
from tests.system.small import WAIT_S, cellfem, command, environment, settings, write_case

SHORT = ("protocol.0.duration=4 s", 'numerics.dt=["0.5 s"]', "numerics.dt_initial=0.5 s", "output.interval=0.5 s")
FULL = "No space left on device"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which only root can mount."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("no small file system can be mounted here (it takes root)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def resize(disk: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)


def no_room(*words: object) -> str:
    """The sentence of a command that finds no room, on its own: no traceback, no words of VTK, no
    abort."""
    done = subprocess.run(command(*words), env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 3, (done.returncode, done.stdout, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert FULL in lines[0]
    return lines[0]


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_disk_that_fills_up_on_the_way(ranks: int, disk: Path, tmp_path: Path) -> None:
    case, out = write_case(tmp_path), disk / "out"
    whole = tmp_path / "whole"
    cellfem("run", case, "--out", whole, "--quiet", *settings(*SHORT))
    resize(disk, "700k")
    said = no_room("run", case, "--out", out, "--quiet", "-n", ranks, *settings(*SHORT))
    assert "files written before are complete: make room there, and continue with cellfem resume" in said
    rows = (out / "records.csv").read_bytes()
    assert rows.endswith(b"\n")
    if ranks == 1:
        assert (whole / "records.csv").read_bytes().startswith(rows), "whole rows"
    assert (out / "checkpoint" / "start.npz").exists()
    assert not list((out / "fields").glob(".*")), "no half a file"
    assert "stopped" in cellfem("status", out).stdout
    no_room("resume", out, "--quiet", "-n", ranks)
    resize(disk, "16m")
    cellfem("resume", out, "--quiet", "-n", ranks)
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["end"] == "done"
    if ranks == 1:
        assert (out / "records.csv").read_bytes() == (whole / "records.csv").read_bytes()
    assert not (out / "checkpoint").exists()


def test_disk_that_is_full_from_the_start(disk: Path, tmp_path: Path) -> None:
    resize(disk, "24k")
    (disk / "filler").write_bytes(b"\0" * 20_000)
    assert FULL in no_room("run", write_case(tmp_path), "--out", disk / "out", "--quiet", *settings(*SHORT))


@pytest.fixture
def results(tmp_path: Path) -> tuple[Path, Path]:
    return write_case(tmp_path), tmp_path / "out"


@pytest.mark.parametrize(
    "name", ["records.csv", "opening.csv", "cellfem.pvd", "lithium_00005_0.vtu", "summary.json", "surface.npz"]
)
def test_any_file_that_finds_no_room(name: str, results: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on any machine, with an error put in: the run can go on from its last checkpoint,
    with the same results."""
    case, out = results
    opened, begun = os.fsync, {"full": False}

    def replace(source: str, target: Path) -> None:
        if Path(target).name == name and begun["full"]:
            raise OSError(errno.ENOSPC, FULL)
        os.rename(source, target)

    def fsync(handle: int) -> None:
        if begun["full"] and os.readlink(f"/proc/self/fd/{handle}") == str(out / name):
            raise OSError(errno.ENOSPC, FULL)
        opened(handle)

    accepted = Recorder.accepted

    def tell(self: Recorder, dt: float) -> None:
        begun["full"] = len(self.rows) > 3
        accepted(self, dt)

    monkeypatch.setattr("cellfem.output.records.os.replace", replace)
    monkeypatch.setattr("cellfem.output.records.os.fsync", fsync)
    monkeypatch.setattr(Recorder, "accepted", tell)
    with pytest.raises(
        CannotWriteError, match=rf"{name}: cannot be written \({FULL}\); files written before are complete"
    ) as told:
        run_case(load_case(case, SHORT), out, quiet=True)
    assert told.value.again
    assert read_records(out / "records.csv"), "rows are whole"
    monkeypatch.undo()
    assert resume_run(out, quiet=True).end.kind == "done"
    assert [row["step"] for row in read_records(out / "records.csv")] == list(range(9))
    assert not (out / "checkpoint").exists()


def test_hdf_file_that_finds_no_room(disk: Path) -> None:
    """VTK says that it wrote a file that is broken."""
    from cellfem.observe.arrays import Snapshot
    from tests.support.scene_grids import section

    series = HdfSeries(disk, "cellfem")
    series.write(Snapshot(0.0, section(0.0)))
    state = os.statvfs(disk)
    (disk / "filler").write_bytes(b"\0" * (state.f_bavail * state.f_frsize - 50_000))
    with pytest.raises(OSError, match=rf"cellfem_00001.vtkhdf: cannot be written \({FULL}\)"):
        series.write(Snapshot(1.0, section(0.0)))
    assert [path.name for path in (disk / "fields").iterdir()] == ["cellfem_00000.vtkhdf"]
