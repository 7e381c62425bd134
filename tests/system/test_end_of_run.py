"""Whatever fails after the last step: summary, records and face are there, and pictures can be
drawn again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cellfem.case import load_case
from cellfem.cluster.status import read_status
from cellfem.output.drawing import FILE, draw, read_drawing
from cellfem.results.lock import NAME
from cellfem.runner import resume_run, run_case
from tests.system.small import ROOT, WAIT_S, cellfem, command, environment, settings, write_case

SHORT = ("protocol.0.duration=1 s", "output.pictures=true", "impedance.spectrum=true")
RESULTS = ("records.csv", "summary.json", "surface.npz", "spectrum.csv", "cellfem.pvd")
PICTURES = ("stack.png", "interface.png", "history.png", "cracks.png", "opening.png", "nyquist.png")
DIES = "import os, sys\nif 'cellfem.output.picture_process' in sys.orig_argv: os.kill(os.getpid(), 11)\n"
WAITS = """
import os, sys, time
if 'cellfem.output.picture_process' in sys.orig_argv:
    parent, late = os.getppid(), time.monotonic() + 60
    while parent > 1 and os.getppid() == parent and time.monotonic() < late:
        time.sleep(0.1)
    os._exit(1)
"""


@pytest.fixture(scope="module")
def undrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose drawing library died."""
    folder = tmp_path_factory.mktemp("undrawn")
    done = started(folder, DIES).communicate(timeout=WAIT_S)
    assert (
        "not all pictures could be drawn (ended by signal 11); all else is complete; draw them with: cellfem resume " in done[1]
    )
    assert "Traceback" not in done[1]
    return folder / "out"


def started(folder: Path, custom: str, *words: str) -> subprocess.Popen[str]:
    """A run with a sitecustomize of its own, which the process that draws meets as well."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(custom, encoding="utf-8")
    paths = f"{folder / 'site'}{os.pathsep}{ROOT}"
    chosen = command("run", write_case(folder), "--out", folder / "out", "--quiet", *settings(*SHORT), *words)
    return subprocess.Popen(
        chosen, env=environment() | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def copied(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to / "out")
    return to / "out"


def written(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_drawing_library_that_dies_takes_nothing_along(undrawn: Path, tmp_path: Path) -> None:
    assert written(undrawn) >= {*RESULTS, FILE}
    assert not written(undrawn) & set(PICTURES)
    assert "checkpoint" not in written(undrawn), "the run has ended"
    assert json.loads((undrawn / "summary.json").read_text(encoding="utf-8"))["end"] == "done"
    assert read_status(undrawn).state == "done"
    assert "pictures are missing: cellfem resume draws them" in read_status(undrawn).note
    out = copied(undrawn, tmp_path)
    before = {name: (out / name).read_bytes() for name in RESULTS}
    shown = cellfem("resume", out).stdout
    assert written(out) >= set(PICTURES)
    assert FILE not in written(out)
    assert all(str(out / name) in shown.replace("\n", "") for name in PICTURES)
    assert {name: (out / name).read_bytes() for name in RESULTS} == before, "resume only drew"
    assert "contains no checkpoint" in cellfem("resume", out, code=2).stderr


def test_one_picture_that_fails_leaves_the_others(undrawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a library's own\nwords")

    monkeypatch.setattr("cellfem.output.pictures.draw_history", broken)
    drawn = draw(read_drawing(undrawn / FILE), tmp_path)
    assert drawn.failed == ["history.png: ZeroDivisionError: a library's own"]
    assert written(tmp_path) == set(PICTURES) - {"history.png"}
    assert not drawn.full


def test_picture_that_finds_no_room(undrawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cellfem.output.records.os.replace", full)
    drawn = draw(read_drawing(undrawn / FILE), tmp_path)
    assert drawn.full
    assert drawn.failed[0] == "stack.png: No space left on device"
    assert written(tmp_path) == set(), "no half a picture"


def test_damaged_file_of_pictures_is_told(undrawn: Path, tmp_path: Path) -> None:
    out = copied(undrawn, tmp_path)
    data = (out / FILE).read_bytes()
    (out / FILE).write_bytes(data[: len(data) // 2])
    assert "contains no checkpoint" in cellfem("resume", out, code=2).stderr


def test_a_style_of_the_users_own(undrawn: Path, tmp_path: Path) -> None:
    """latex for every label, where there is none; the pictures are those that everyone gets."""
    from PIL import Image

    out, plain = copied(undrawn, tmp_path), tmp_path / "plain"
    plain.mkdir()
    draw(read_drawing(undrawn / FILE), plain)
    style = tmp_path / "matplotlibrc"
    style.write_text("text.usetex: True\nfont.family: serif\nsavefig.dpi: 30\naxes.facecolor: red\n", encoding="utf-8")
    words = {"cwd": tmp_path, "env": environment() | {"MATPLOTLIBRC": str(style)}}
    done = subprocess.run(command("resume", out), capture_output=True, text=True, timeout=WAIT_S, check=False, **words)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    for name in PICTURES:
        if name != "stack.png":  # by OpenGL
            assert np.array_equal(np.asarray(Image.open(out / name)), np.asarray(Image.open(plain / name))), name


@pytest.fixture
def drawing(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that is at its pictures."""
    process, late = started(tmp_path, WAITS), time.monotonic() + WAIT_S
    try:
        while not (tmp_path / "out" / FILE).exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < late
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_while_pictures_are_drawn(drawing: subprocess.Popen[str], tmp_path: Path) -> None:
    """kill -9: the checkpoints are still there, and nothing is computed again."""
    out = tmp_path / "out"
    drawing.kill()
    drawing.communicate()
    assert written(out) >= {*RESULTS, FILE, "checkpoint"}
    before = {name: (out / name).read_bytes() for name in RESULTS}
    assert resume_run(out, quiet=True).end.kind == "done"
    assert {name: (out / name).read_bytes() for name in RESULTS} == before
    assert written(out) >= set(PICTURES)
    assert not written(out) & {FILE, "checkpoint", NAME}


def test_told_to_stop_while_pictures_are_drawn(drawing: subprocess.Popen[str], tmp_path: Path) -> None:
    drawing.send_signal(signal.SIGTERM)
    _, said = drawing.communicate(timeout=60)
    assert drawing.returncode == 0, said
    assert "not all pictures could be drawn (told to stop while they were drawn)" in said
    assert FILE in written(tmp_path / "out")


def test_checkpoints_that_cannot_be_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that keeps an empty folder, or a file: the run is done all the same, and a file
    that is left is told."""
    unlink = Path.unlink

    def keeps(self: Path, missing_ok: bool = False) -> None:
        if self.name == "start.npz" or self.name == "checkpoint":
            raise OSError(16, "Device or resource busy", str(self))
        unlink(self, missing_ok)

    case = load_case(write_case(tmp_path), ("protocol.0.duration=1 s",))
    for action in ("rmdir", "unlink"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, action, keeps)
            assert run_case(case, tmp_path / "out", quiet=True).end.kind == "done"
        log = (tmp_path / "out" / "log.txt").read_text(encoding="utf-8")
        told = "start.npz: cannot be removed (Device or resource busy); the run is complete" in log
        assert told == (action == "unlink")


def test_standard_output_that_is_full(tmp_path: Path) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        words = command("check", write_case(tmp_path))
        done = subprocess.run(
            words, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=WAIT_S, check=False
        )
    assert done.returncode == 3
    assert "standard output cannot be written (No space left on device)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    words = [*command("run", write_case(tmp_path), "--out"), os.fsencode(tmp_path) + b"/\xff"]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 2
    assert "\\udcff': is not UTF-8" in done.stderr
    assert len(done.stderr.splitlines()) == 1
