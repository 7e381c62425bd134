"""Files in a folder, without following links; atomic replacement of files."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal

Kind = Literal["nothing", "file", "other"]
_HALF = re.compile(r"\.(?P<of>(?P<before>.+?)(\.[A-Za-z0-9_]+)?)\.part")
"""Temporary file that a killed process leaves during an atomic replacement: `.NAME.TOKEN.part`, or
`.NAME.part`."""


def kind_of(folder: Path, name: str) -> Kind:
    """Type of `name` in a folder: "other" is a link, a folder, a device, or anything reached
    through a link."""
    parts, place = PurePosixPath(name).parts, folder
    for k, part in enumerate(parts):
        place = place / part
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return "nothing"
        if k + 1 < len(parts) and not stat.S_ISDIR(mode):
            return "other"
    return "file" if stat.S_ISREG(mode) else "other"


def remove(folder: Path, names: Iterable[str]) -> None:
    """Delete plain files and their temporary files, and the folders within `folder` that are empty
    afterwards."""
    gone = list(names)
    for name in gone:
        if kind_of(folder, name) == "file":
            (folder / name).unlink(missing_ok=True)
    for path in half_written(folder, gone):
        path.unlink(missing_ok=True)
    remove_empty(folder, gone)


def remove_empty(folder: Path, names: Iterable[str]) -> None:
    """Remove the folders of these files if they are empty."""
    parents = {str(parent) for name in names for parent in PurePosixPath(name).parents if str(parent) != "."}
    for parent in sorted(parents, key=len, reverse=True):
        if not (folder / parent).is_symlink():
            with suppress(OSError):
                (folder / parent).rmdir()


def half_written(folder: Path, names: Iterable[str]) -> list[Path]:
    """Existing temporary files of these names, left by a killed process."""
    wanted: dict[str, set[str]] = {}
    for name in names:
        pure = PurePosixPath(name)
        wanted.setdefault(str(pure.parent), set()).add(pure.name)
    found = []
    for parent, files in wanted.items():
        place = folder if parent == "." else folder / parent
        with suppress(OSError):
            for entry in os.scandir(place):
                match = _HALF.fullmatch(entry.name)
                name = str(PurePosixPath(parent) / entry.name)
                if match and {match["of"], match["before"]} & files and kind_of(folder, name) == "file":
                    found.append(Path(entry.path))
    return found


def replace_whole(path: Path, content: str | bytes, durable: bool = True) -> None:
    """Replace a file atomically, as `write_atomic` does, without listing it. Raises OSError that
    names `path`."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        error.filename = str(path)
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())  # mkstemp makes files private
        os.replace(name, path)
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError):
            error.filename = str(path)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
