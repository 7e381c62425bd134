"""Results of a cellfem before December 2026, without a list of files: recognised by the first line
of case.resolved.toml.

They are replaced only at the user's request (--replace), or resumed. Field files are those listed
by their series.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from cellfem.results.files import kind_of

RESOLVED = "case.resolved.toml"
_HEAD = re.compile(r"# cellfem \d[^\s,]*, commit ")


def is_earlier(folder: Path) -> bool:
    """Whether a folder contains a resolved case written by cellfem."""
    if kind_of(folder, RESOLVED) != "file":
        return False
    try:
        with (folder / RESOLVED).open(encoding="utf-8") as file:
            return _HEAD.match(file.readline(200)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def bears_results(folder: Path) -> bool:
    """The same for the folder or one of its subfolders, as in a sweep."""
    return is_earlier(folder) or any(is_earlier(path.parent) for path in folder.glob(f"*/{RESOLVED}"))


def earlier_files(folder: Path, outputs: Sequence[str]) -> set[str]:
    """Names of results of an older cellfem in the folder, among those that match `output_names`."""
    if not (is_earlier(folder) if RESOLVED in outputs else bears_results(folder)):
        return set()
    found = _of_series(folder)
    for parent in ("", "checkpoint/"):
        with suppress(OSError):
            found |= {f"{parent}{path.name}" for path in (folder / parent).iterdir()}
    allowed = {name for name in found if any(fnmatchcase(name, pattern) for pattern in outputs)}
    return {name for name in allowed if kind_of(folder, name) == "file"}


def _of_series(folder: Path) -> set[str]:
    """Field files in the series of the folder, including pieces."""
    found: set[str] = set()
    with suppress(OSError, ET.ParseError, KeyError):
        found |= {entry.attrib["file"] for entry in ET.parse(folder / "cellfem.pvd").iter("DataSet")}
    with suppress(OSError, ValueError, KeyError, TypeError):
        series = json.loads((folder / "cellfem.vtkhdf.series").read_text(encoding="utf-8"))
        found |= {str(entry["name"]) for entry in series["files"]}
    for name in [name for name in found if name.endswith(".pvtu")]:
        with suppress(OSError, ET.ParseError, KeyError):
            found |= {f"fields/{entry.attrib['Source']}" for entry in ET.parse(folder / name).iter("Piece")}
    return found
