"""The manifest of a folder of results: the file `cellfem.manifest`, which lists the files written
by cellfem.

One line of JSON per entry; names are paths relative to the folder.

    {"format": "cellfem results 1"}
    {"by": "submit", "file": "job.sh"}                a file, and the command that it belongs to
    {"by": "run", "id": "…", "case": "…"}             a run that has begun, and the SHA-256 of its case
    {"by": "run", "aside": […], "was": […]}           files of the run before, until the new one has started

A file is listed before it is written, so that a killed run leaves no unlisted file.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cellfem.results.files import kind_of, replace_whole

MARK = "cellfem.manifest"
FORMAT = "cellfem results 1"
NOT_OURS = "it is not on the list of what cellfem wrote there"


@dataclass
class Aside:
    """Files of an earlier run of `by` that were moved aside, and its line."""

    by: str
    names: list[str]
    was: list[str]


@dataclass
class Manifest:
    """Content of the manifest of `folder`. files: name -> command; runs: command -> (id, SHA-256 of
    the case)."""

    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    runs: dict[str, list[str]] = field(default_factory=dict)
    aside: Aside | None = None

    def names(self, by: str) -> list[str]:
        """Files of a command."""
        return [name for name, owner in self.files.items() if owner == by]

    def write(self) -> None:
        """Rewrite the whole manifest."""
        lines: list[dict[str, Any]] = [{"format": FORMAT}]
        lines += [{"by": by, "id": run[0], "case": run[1]} for by, run in self.runs.items()]
        if self.aside is not None:
            lines.append({"by": self.aside.by, "aside": self.aside.names, "was": self.aside.was})
        lines += [{"by": by, "file": name} for name, by in self.files.items()]
        replace_whole(self.folder / MARK, "".join(json.dumps(line) + "\n" for line in lines))

    def add(self, names: Iterable[str], by: str) -> None:
        """List files that are about to be written. Raises FileExistsError if one exists that was
        not written by cellfem."""
        new = []
        for name in names:
            kind = kind_of(self.folder, name)
            if kind == "other" or (kind == "file" and name not in self.files):
                raise FileExistsError(errno.EEXIST, NOT_OURS, str(self.folder / name))
            if name not in self.files:
                self.files[name] = by
                new.append(json.dumps({"by": by, "file": name}) + "\n")
        if new:
            _append(self.folder / MARK, "".join(new))


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None if there is none written by cellfem. Truncated lines are
    ignored."""
    path = folder / MARK
    if kind_of(folder, MARK) != "file":
        return None
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return None
    found = Manifest(folder)
    for number, line in enumerate(lines):
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        if number == 0 and not (isinstance(data, dict) and data.get("format") == FORMAT):
            return None
        if isinstance(data, dict):
            _take(found, data)
    return found


def _take(found: Manifest, data: dict[str, Any]) -> None:
    by = data.get("by")
    if not isinstance(by, str):
        return
    if _is_name(data.get("file")):
        found.files[data["file"]] = by
    elif isinstance(data.get("id"), str) and isinstance(data.get("case"), str):
        found.runs[by] = [data["id"], data["case"]]
    elif isinstance(names := data.get("aside"), list) and isinstance(was := data.get("was"), list):
        found.aside = Aside(by, [name for name in names if _is_name(name)], [str(item) for item in was])


def _is_name(name: Any) -> bool:
    """Whether this is a path within the folder other than its manifest."""
    if not isinstance(name, str) or not name or "\0" in name:
        return False
    pure = PurePosixPath(name)
    return not pure.is_absolute() and ".." not in pure.parts and str(pure) == name and name != MARK


def _append(path: Path, text: str) -> None:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":  # a truncated line
            text = "\n" + text
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)


_open: dict[str, tuple[Manifest, str]] = {}
"""Folders into which this process writes results, each with its command."""


def begin_listing(manifest: Manifest, by: str) -> None:
    """List all files written into this folder from now on, by `list_files`."""
    _open[os.path.abspath(manifest.folder)] = (manifest, by)


def end_listing(folder: Path) -> None:
    """The opposite of `begin_listing`."""
    _open.pop(os.path.abspath(folder), None)


def listing(folder: Path) -> tuple[Manifest, str] | None:
    """The manifest of a folder into which this process writes, and its command."""
    return _open.get(os.path.abspath(folder))


def list_files(paths: Iterable[Path]) -> None:
    """List files that are about to be written; files outside the result folders of this process are
    ignored.

    Raises OSError; FileExistsError if one exists that was not written by cellfem.
    """
    names: dict[str, list[str]] = {}
    for path in paths:
        whole = os.path.abspath(path)
        place = os.path.dirname(whole)
        while place not in _open and os.path.dirname(place) != place:
            place = os.path.dirname(place)
        if place in _open:
            names.setdefault(place, []).append(PurePosixPath(os.path.relpath(whole, place)).as_posix())
    for place, found in names.items():
        manifest, by = _open[place]
        manifest.add(found, by)


def listed(folder: Path) -> set[str]:
    """Names of all listed files of a folder; empty if it has no manifest."""
    held = listing(folder)
    found = held[0] if held is not None else read_manifest(folder)
    return set() if found is None else set(found.files)
