"""Folders of results: what is on cellfem's list may be replaced, nothing else; what did not start
leaves no trace."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cellfem.output.records import write_atomic
from cellfem.results import FolderError, adding, claim, examine, made, new_file, replacing
from cellfem.results.files import half_written, kind_of
from cellfem.results.folder import ASIDE, recover, resumed
from cellfem.results.lock import NAME, BusyError, locked
from cellfem.results.manifest import FORMAT, MARK, end_listing, list_files, listed, read_manifest

OUTPUTS = ("log.txt", "summary.json", "maps*.png", "fields/*_[0-9][0-9].vtu", "checkpoint/[0-9][0-9].npz")
RUN = {"log.txt": "one", "summary.json": "{}", "fields/lithium_01.vtu": "x", "checkpoint/07.npz": "y"}


def contents(folder: Path) -> dict[str, str]:
    """All files of a folder but the mark and the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files if path.name not in (MARK, NAME)
    }


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def write(folder: Path, files: dict[str, str]) -> None:
    """As a run does."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_atomic(folder / name, text)


def run(folder: Path, files: dict[str, str], replace: bool = False) -> None:
    """A run that writes these files."""
    with replacing(folder, "run", OUTPUTS, replace=replace):
        write(folder, files)


class Refused(Exception):
    """A run does not start."""


def refused(folder: Path, files: dict[str, str]) -> None:
    """A run that writes these files and does not start."""
    with replacing(folder, "run", OUTPUTS):
        write(folder, files)
        assert not set(contents(folder)) & {"summary.json"} - set(files), "what was there is aside"
        raise Refused


def test_run_replaces_its_own_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(out, RUN)
    assert contents(out) == RUN
    assert listed(out) == set(RUN)
    foreign = {"notes.txt": "mine", "checkpoint/model_epoch_10.pt": "w", "fields/mesh_of_mine.vtu": "v"}
    put(out, foreign)
    run(out, {"log.txt": "two"})
    assert contents(out) == {"log.txt": "two"} | foreign
    assert listed(out) == {"log.txt"}


@pytest.mark.parametrize(
    "files",
    [
        {"records.csv": "d"},
        {"log.txt": "l", "history.png": "h"},
        {"checkpoint/model_epoch_10.pt": "w"},
        {"fields/lithium_00001_0.vtu": "v"},
        {".notes.part": "p"},
        {MARK: "a list of mine\n"},
        {MARK: ""},
        {NAME: "locked by my own program\n"},
    ],
)
@pytest.mark.parametrize("begin", [claim, lambda *words: adding(*words).__enter__()], ids=["claim", "adding"])
def test_folder_without_the_mark_is_refused(files: dict[str, str], begin: Callable[..., object], tmp_path: Path) -> None:
    put(tmp_path, files)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises((FolderError, BusyError), match="give another --out"):
        begin(tmp_path, "run", OUTPUTS)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_lock_that_is_none_of_ours_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {NAME: "locked by my own program\n"})
    with pytest.raises(BusyError, match="is not a lock of cellfem"), locked(tmp_path):
        pass
    (tmp_path / NAME).unlink()
    (tmp_path / "mine").write_text("x", encoding="utf-8")
    (tmp_path / NAME).symlink_to("mine")
    with pytest.raises((BusyError, OSError)), locked(tmp_path):
        pass
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "x"


def test_replace_leaves_foreign_files_and_refuses_those_in_the_way(tmp_path: Path) -> None:
    put(tmp_path, {"notes.txt": "mine", "fields/other.vtu": "v"})
    run(tmp_path, RUN, replace=True)
    assert contents(tmp_path) == RUN | {"notes.txt": "mine", "fields/other.vtu": "v"}
    for name in ("summary.json", "fields/lithium_03.vtu", "maps_a.png"):
        folder = tmp_path / f"with {name.replace('/', '-')}"
        put(folder, {name: "mine"})
        with pytest.raises(FolderError, match=f"{re.escape(name)}: would be overwritten by cellfem run, but is not on the list"):
            run(folder, RUN, replace=True)
        assert contents(folder) == {name: "mine"}


def test_file_that_turned_up_in_the_folder_of_a_run(tmp_path: Path) -> None:
    """The user has put a picture of his own where an earlier run wrote none."""
    run(tmp_path, {"log.txt": "one"})
    put(tmp_path, {"maps_1.png": "mine"})
    with pytest.raises(FolderError, match=r"maps_1\.png: would be overwritten"):
        run(tmp_path, RUN)
    assert contents(tmp_path) == {"log.txt": "one", "maps_1.png": "mine"}


def test_file_of_another_command_is_not_replaced(tmp_path: Path) -> None:
    with adding(tmp_path, "flaw", ["summary.json"]):
        write_atomic(tmp_path / "summary.json", "of a flaw")
    with pytest.raises(FolderError, match=r"summary\.json: would be overwritten by cellfem run"):
        run(tmp_path, RUN)
    with adding(tmp_path, "submit", ["job.sh"]):
        write_atomic(tmp_path / "job.sh", "#!/bin/bash")
    assert read_manifest(tmp_path).files == {"summary.json": "flaw", "job.sh": "submit"}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["summary.json", "fields", "checkpoint"])
def test_links_are_never_followed(name: str, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    run(out, RUN)
    put(elsewhere, {"lithium_01.vtu": "mine", "07.npz": "mine", "kept.json": "mine"})
    if name == "summary.json":
        (out / name).unlink()
        (out / name).symlink_to(elsewhere / "kept.json")
    else:
        for path in (out / name).iterdir():
            path.unlink()
        (out / name).rmdir()
        (out / name).symlink_to(elsewhere)
    for replace in (False, True):
        with pytest.raises(FolderError, match="or a link or folder"):
            run(out, RUN, replace)
    with pytest.raises(FolderError, match="is a link or folder where cellfem wrote a file"):
        resumed(out, "run", OUTPUTS)
    assert contents(elsewhere) == {"lithium_01.vtu": "mine", "07.npz": "mine", "kept.json": "mine"}


def test_link_that_comes_while_a_run_is_at_work(tmp_path: Path) -> None:
    out = tmp_path / "out"
    put(tmp_path, {"mine.txt": "mine"})
    with adding(out, "run", OUTPUTS):
        (out / "log.txt").symlink_to(tmp_path / "mine.txt")
        with pytest.raises(FileExistsError, match="it is not on the list"):
            write_atomic(out / "log.txt", "x")
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "log.txt").is_symlink(), "and the link stays"


def test_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """Results on a larger disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to("disk")
    run(tmp_path / "out", RUN)
    run(tmp_path / "out", {"log.txt": "two"})
    assert contents(tmp_path / "disk") == {"log.txt": "two"}


def test_hand_made_mark_reaches_nothing_outside(tmp_path: Path) -> None:
    out = tmp_path / "out"
    put(tmp_path, {"mine.txt": "mine", "out/a": "a"})
    names = ["../mine.txt", str(tmp_path / "mine.txt"), "fields/../../mine.txt", "", MARK, 7, "a\0b"]
    lines = [{"format": FORMAT}, *({"by": "run", "file": name} for name in names)]
    lines.append({"by": "run", "aside": ["../mine.txt"], "was": []})
    (out / MARK).write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert listed(out) == set()
    run(out, RUN, replace=True)
    assert contents(tmp_path)["mine.txt"] == "mine"


def test_run_that_does_not_start_leaves_all_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    with suppress(Refused):
        refused(out, RUN)
    assert not (tmp_path / "a").exists(), "nor do folders that it made"
    run(out, RUN)
    put(out, {"notes.txt": "mine"})
    mark = read_manifest(out)
    with pytest.raises(Refused):
        refused(out, {"log.txt": "two", "maps_2.png": "p", "fields/void_01.vtu": "z"})
    assert contents(out) == RUN | {"notes.txt": "mine"}
    assert (now := read_manifest(out)) is not None
    assert mark is not None
    assert (now.files, now.runs, now.aside) == (dict(sorted(mark.files.items())), mark.runs, None)


def test_killed_before_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any of the moments of putting aside, writing, and bringing back, the next command finds
    everything again."""
    out = tmp_path / "out"
    run(out, RUN)
    put(out, {"notes.txt": "mine"})
    draw, replace = random.Random(5), os.replace
    for _ in range(40):
        steps = iter(range(draw.randrange(12)))

        def dies(*words: Any, steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise KeyboardInterrupt
            replace(*words)

        monkeypatch.setattr(os, "replace", dies)
        with suppress(KeyboardInterrupt):
            claim(out, "run", OUTPUTS).begin()
            write(out, {"log.txt": "two", "maps_2.png": "p", "fields/void_01.vtu": "z"})
        monkeypatch.setattr(os, "replace", replace)
        end_listing(out)
    recover(out)
    assert contents(out) == RUN | {"notes.txt": "mine"}
    assert listed(out) == set(RUN)
    assert not (out / ASIDE).exists()


def test_what_was_half_written_goes_with_its_file_alone(tmp_path: Path) -> None:
    run(tmp_path, RUN)
    ours = {".log.txt.a1_b2.part": "h", "fields/.lithium_01.vtu.part": "h", "checkpoint/.07.npz.812.part": "h"}
    foreign = {".movie.part": "m", ".log.part": "l", "fields/.mine_01.vtu.part": "f", "log.txt.part": "x"}
    put(tmp_path, ours | foreign)
    assert {path.relative_to(tmp_path).as_posix() for path in half_written(tmp_path, RUN)} == set(ours)
    run(tmp_path, {"log.txt": "two"})
    assert contents(tmp_path) == {"log.txt": "two"} | foreign


def test_list_survives_a_cut(tmp_path: Path) -> None:
    """Killed or out of room within a line: the files before it stay on the list, and more can be
    added."""
    run(tmp_path, RUN)
    data = (tmp_path / MARK).read_bytes()
    (tmp_path / MARK).write_bytes(data[:-9])
    assert listed(tmp_path) == set(RUN) - {"checkpoint/07.npz"}
    with adding(tmp_path, "run", ["maps_1.png"]):
        write_atomic(tmp_path / "maps_1.png", "p")
    assert "maps_1.png" in listed(tmp_path)


def test_files_are_listed_before_they_are_written(tmp_path: Path) -> None:
    with adding(tmp_path, "run", ["log.txt"]):
        list_files([tmp_path / "log.txt", tmp_path.parent / "elsewhere.txt"])
        assert listed(tmp_path) == {"log.txt"}
        assert kind_of(tmp_path, "log.txt") == "nothing"
    list_files([tmp_path / "late.txt"])
    assert "late.txt" not in listed(tmp_path), "the listing has ended"


def test_no_output_is_an_input(tmp_path: Path) -> None:
    run(tmp_path / "out", RUN)
    for name, path in (
        ("mesh.file", "out/log.txt"),
        ("measured.file", "hard"),
        ("the case", "soft"),
        ("a", "out/../out/log.txt"),
    ):
        if path == "hard":
            os.link(tmp_path / "out" / "summary.json", tmp_path / path)
        if path == "soft":
            (tmp_path / path).symlink_to("out/fields/lithium_01.vtu")
        with pytest.raises(FolderError, match=f"{name}: .* is read, and would be overwritten by the results in .*--out"):
            examine(tmp_path / "out", "run", OUTPUTS, {name: tmp_path / path})
    put(tmp_path / "own", {"log.txt": "measured"})
    for replace in (False, True):
        with pytest.raises(FolderError, match=r"measured\.file: .* is read"):
            examine(tmp_path / "own", "run", OUTPUTS, {"measured.file": tmp_path / "own" / "log.txt"}, replace)
    examine(tmp_path / "out", "run", OUTPUTS, {"mesh.file": tmp_path / "own" / "log.txt", "lost": tmp_path / "lost"})


def test_one_file(tmp_path: Path) -> None:
    put(tmp_path, {"case.toml": "c", "old.msh": "m"})
    (tmp_path / "link.msh").symlink_to("case.toml")
    inputs = {"the case": tmp_path / "case.toml"}
    for name, why in (
        ("case.toml", "the case: .* is read"),
        ("link.msh", "the case: .* is read"),
        ("old.msh", "did not write it"),
    ):
        with pytest.raises(FolderError, match=why):
            new_file(tmp_path / name, inputs, False, False)
    with pytest.raises(FolderError, match="is read"):
        new_file(tmp_path / "case.toml", inputs, True, True)
    (tmp_path / "away.msh").symlink_to("nowhere")
    with pytest.raises(FolderError, match="is a link"):
        new_file(tmp_path / "away.msh", {}, True, True)
    new_file(tmp_path / "new.msh", inputs, False, False)
    new_file(tmp_path / "old.msh", inputs, True, False)
    new_file(tmp_path / "old.msh", inputs, False, True)


HEAD = "# cellfem 0.9.0, commit 3cea534\n"


def test_results_of_an_older_cellfem(tmp_path: Path) -> None:
    """Told by their resolved case; replaced on request, fields as far as their series names
    them."""
    outputs = ("case.resolved.toml", "cellfem.pvd", *OUTPUTS)
    pvd = '<VTKFile><Collection><DataSet timestep="0" file="fields/lithium_01.pvtu"/></Collection></VTKFile>'
    old = {
        "case.resolved.toml": HEAD,
        "cellfem.pvd": pvd,
        "log.txt": "l",
        "checkpoint/07.npz": "c",
        "fields/lithium_01.pvtu": '<VTKFile><Piece Source="lithium_01.vtu"/></VTKFile>',
        "fields/lithium_01.vtu": "v",
    }
    put(tmp_path, old | {"notes.txt": "mine"})
    with pytest.raises(FolderError, match=r"holds results of an older cellfem.*--replace"):
        examine(tmp_path, "run", outputs)
    put(tmp_path, {"fields/mine_02.vtu": "mine"})
    with pytest.raises(FolderError, match=r"mine_02\.vtu: would be overwritten"):
        examine(tmp_path, "run", outputs, replace=True)
    (tmp_path / "fields/mine_02.vtu").rename(tmp_path / "mine.vtu")
    (tmp_path / "fields/lithium_01.pvtu").write_text("<VTKFile/>", encoding="utf-8")
    with pytest.raises(FolderError, match=r"lithium_01\.vtu: would be overwritten"):
        examine(tmp_path, "run", outputs, replace=True)
    put(tmp_path, old)
    with replacing(tmp_path, "run", outputs, replace=True):
        write(tmp_path, {"log.txt": "two"})
    kept = {"notes.txt": "mine", "mine.vtu": "mine", "fields/lithium_01.pvtu": old["fields/lithium_01.pvtu"]}
    assert contents(tmp_path) == {"log.txt": "two"} | kept


def test_resolved_case_that_cellfem_did_not_write_makes_no_results(tmp_path: Path) -> None:
    put(tmp_path, {"case.resolved.toml": 'title = "mine"\n', "log.txt": "l"})
    with pytest.raises(FolderError, match="holds files that cellfem did not write"):
        examine(tmp_path, "run", OUTPUTS)
    with pytest.raises(FolderError, match="would be overwritten"):
        examine(tmp_path, "run", OUTPUTS, replace=True)


def test_folder_made_for_nothing_is_taken_away(tmp_path: Path) -> None:
    with made(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a").exists()
    with made(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "c").touch()
    assert (tmp_path / "a" / "b" / "c").exists()
