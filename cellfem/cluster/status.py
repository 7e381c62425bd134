"""Progress of a run, or of all runs of a sweep, from their files, and a table of it. Reads only."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from cellfem.errors import CellfemError
from cellfem.formatting import time_text, until_text
from cellfem.output.progress import STATUS
from cellfem.results.lock import AHEAD_S, holder, silence_text
from cellfem.results.manifest import read_manifest

CASE, RECORDS = "case.resolved.toml", "records.csv"
PICTURES = "pictures.npz"
"""Input of the pictures, kept until they are drawn (cellfem.output.drawing)."""
TAIL_BYTES = 4096
UNBOUNDED = 1000
"""Console width for output that is not a terminal."""


@dataclass(frozen=True)
class Status:
    """Progress of one folder. share: of the protocol's time, 0 to 1, nan if unknown; left_s:
    remaining wall time, None if unknown."""

    name: str
    state: str
    time_s: float | None = None
    total_s: float | None = None
    step: int | None = None
    contact: float | None = None
    left_s: float | None = None
    note: str = ""


class StatusError(CellfemError):
    """A folder without a run or a sweep."""


def read_all(folder: Path) -> tuple[Status, ...]:
    """Progress of the run in a folder, or of each run of the sweep in it, including submitted
    points that wait. Raises StatusError."""
    if not folder.is_dir():
        raise StatusError(f"{folder}: there is no such folder")
    within = {path for path in folder.iterdir() if path.is_dir() and is_run(path)}
    runs = [folder] if is_run(folder) else sorted(within | planned(folder))
    if not runs:
        raise StatusError(f"{folder}: contains no run and no sweep of cellfem")
    return tuple(read_status(run) for run in runs)


def is_run(folder: Path) -> bool:
    """Whether the folder contains the results of one run, or is in use by one; files of a refused
    run do not count."""
    known = read_manifest(folder)
    if known is not None and "run" in known.runs:
        return True
    left = (folder / CASE).exists() and any((folder / name).exists() for name in (RECORDS, "summary.json", "checkpoint"))
    return left or holder(folder) is not None


def planned(folder: Path) -> set[Path]:
    """Folders of the points of a submitted sweep, whether started or not."""
    path = folder / "points.txt"
    if not path.exists():
        return set()
    return {Path(line.split("\t")[0]) for line in path.read_text(encoding="utf-8").split("\n") if line}


def read_status(folder: Path) -> Status:
    """Progress of a run, from its files."""
    from cellfem.output.summary import SummaryError, read_summary

    if not is_run(folder):
        return Status(folder.name, "waiting")
    row, at_work, said = _last_row(folder / RECORDS), holder(folder), _progress(folder / STATUS)
    if at_work is not None and _older(folder / RECORDS, at_work.get("since")):
        row, said = {}, {}  # those of the run that this one replaces or continues
    place: dict[str, Any] = {
        "time_s": row.get("time_s"),
        "step": int(row["step"]) if math.isfinite(row.get("step", math.nan)) else None,
        "contact": row.get("contact_fraction"),
        "total_s": said.get("total_s"),
    }
    if at_work is not None:
        job = f", job {at_work['job']}" if at_work.get("job") else ""
        silent = at_work["silent_s"]
        last_sign = silence_text(silent) if silent < -AHEAD_S else f"last step {time_text(max(silent, 0.0))} ago"
        note = f"{at_work.get('host', '?')}, process {at_work.get('pid', '?')}{job}, {last_sign}"
        return Status(folder.name, "running" if row else "starting", left_s=said.get("left_s"), note=note, **place)
    try:
        summary = read_summary(folder / "summary.json")
    except OSError:
        summary = {}
    except SummaryError as error:
        return Status(folder.name, "unknown", note=str(error), **place)
    saved = sorted((folder / "checkpoint").glob("*[0-9].npz"))
    if summary and summary["end_kind"] != "interrupted":
        missing = "; pictures are missing: cellfem resume draws them" if (folder / PICTURES).exists() else ""
        return Status(folder.name, summary["end"], note=f"took {time_text(summary['wall_s'])}{missing}", **place)
    if saved or (folder / "checkpoint" / "start.npz").exists():
        last = saved[-1] if saved else folder / "checkpoint" / "start.npz"
        ago = time_text(time.time() - last.stat().st_mtime)
        return Status(folder.name, "stopped", note=f"cellfem resume continues from {last.name} of {ago} ago", **place)
    return Status(folder.name, "stopped", note="no checkpoint: to be run again", **place)


def _older(path: Path, since: Any) -> bool:
    try:
        return isinstance(since, float) and path.stat().st_mtime < since
    except OSError:
        return False


def show(console: Console, found: list[Status]) -> None:
    """Print the table; on a narrow console with multi-line cells and the notes below it. Names are
    not shortened."""
    whole = table(found)
    if Measurement.get(console, console.options.update(width=UNBOUNDED), whole).maximum <= console.width:
        console.print(whole)
        return
    console.print(table(found, notes=False))
    for one in found:
        if one.note:
            console.print(f"{one.name}: {one.note}")


def table(found: list[Status], notes: bool = True) -> Table:
    """One row for each run."""
    shown, rows = Table(box=None, padding=(0, 2, 0, 0)), [_cells(one)[: 7 if notes else 6] for one in found]
    for k, heading in enumerate(("run", "state", "time", "step", "contact", "left", "")[: 7 if notes else 6]):
        cells = [heading, *(row[k] for row in rows)]
        shown.add_column(heading, no_wrap=k == 0, min_width=max(len(word) for cell in cells for word in (cell.split() or [""])))
    for row in rows:
        shown.add_row(*row)
    return shown


def _cells(one: Status) -> list[str]:
    done = "" if one.time_s is None else time_text(one.time_s)
    if one.time_s is not None and one.total_s:
        done += f" of {time_text(one.total_s)} ({100 * one.time_s / one.total_s:.0f} %)"
    left = "" if one.left_s is None else f"{time_text(one.left_s)}{until_text(one.left_s)}"
    contact = "" if one.contact is None else f"{one.contact:.3f}"
    return [one.name, one.state, done, "" if one.step is None else str(one.step), contact, left, one.note]


def _last_row(path: Path) -> dict[str, float]:
    """The last complete row, without reading the whole file."""
    try:
        with path.open("rb") as file:
            names = file.readline().decode().strip().split(",")
            start = file.tell()
            size = file.seek(0, 2)
            file.seek(max(start, size - TAIL_BYTES))
            lines = file.read().decode().split("\n")[:-1]
    except (OSError, UnicodeDecodeError):
        return {}
    values = lines[-1].split(",") if lines else []
    if len(values) != len(names):
        return {}
    try:
        return {name: float(value) for name, value in zip(names, values)}
    except ValueError:
        return {}


def _progress(path: Path) -> dict[str, float]:
    """The numbers of progress.json, as far as it can be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {name: value for name, value in data.items() if isinstance(value, (int, float))} if isinstance(data, dict) else {}
