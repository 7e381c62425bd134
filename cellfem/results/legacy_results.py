"""Results of a cellfem of before December 2026, which kept no list of its files: recognised by the
first line of case.resolved.toml.

They are replaced only where the user says so (--replace), or resumed. Field files are those that
their series names.
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
    """Whether a folder holds the resolved case that cellfem wrote."""
    if kind_of(folder, RESOLVED) != "file":
        return False
    try:
        with (folder / RESOLVED).open(encoding="utf-8") as file:
            return _HEAD.match(file.readline(200)) is not None
    except (OSError, UnicodeDecodeError):
        return False


def bears_results(folder: Path) -> bool:
    """The same of the folder, or of one in it: then it is that of a sweep."""
    return is_earlier(folder) or any(is_earlier(path.parent) for path in folder.glob(f"*/{RESOLVED}"))


def earlier_files(folder: Path, outputs: Sequence[str]) -> set[str]:
    """Names of results that an older cellfem left in the folder, of those that `output_names`
    allows."""
    if not (is_earlier(folder) if RESOLVED in outputs else bears_results(folder)):
        return set()
    found = _of_series(folder)
    for parent in ("", "checkpoint/"):
        with suppress(OSError):
            found |= {f"{parent}{path.name}" for path in (folder / parent).iterdir()}
    allowed = {name for name in found if any(fnmatchcase(name, pattern) for pattern in outputs)}
    return {name for name in allowed if kind_of(folder, name) == "file"}


def _of_series(folder: Path) -> set[str]:
    """Field files that the series of the folder name, pieces included."""
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
