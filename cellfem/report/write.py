"""`cellfem report`: report.html of one run, of several side by side, or of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellfem.cluster.status import is_run
from cellfem.errors import CellfemError
from cellfem.output.records import write_atomic
from cellfem.report.gather import Run, gather
from cellfem.report.page import page
from cellfem.report.sweep_map import MAP, read_map
from cellfem.results import adding

REPORT = "report.html"


class ReportError(CellfemError):
    """There is nothing to report of; str() says why and what to do."""


def write_report(folders: Sequence[str | Path]) -> Path:
    """Write report.html into the first of these folders, of runs or of one sweep; its path.

    Runs that are at work, or killed, are told as far as they are. An earlier report there is
    replaced. Raises ReportError where there is no run, MissingExtraError, FolderError where a file
    of that name is the user's, and OSError.
    """
    places = [Path(folder) for folder in folders]
    if not places:
        raise ReportError("report: needs the folder of a run or of a sweep")
    for place in places:
        if not place.is_dir():
            raise ReportError(f"{place}: there is no such folder")
    rows = read_map(places[0]) if len(places) == 1 else []
    found = [run for place in places for run in _runs(place)]
    runs = _named(found)
    text = page(places[0], runs, rows)
    owner = "run" if is_run(places[0]) else "sweep" if (places[0] / MAP).exists() else "report"
    with adding(places[0], owner, (REPORT,), anywhere=True):
        write_atomic(places[0] / REPORT, text)
    return places[0] / REPORT


def _runs(place: Path) -> list[Path]:
    """The run in a folder, or those in the folders within it."""
    if is_run(place):
        return [place]
    within = sorted(path for path in place.iterdir() if path.is_dir() and is_run(path))
    if not within and not (place / MAP).exists():
        raise ReportError(f"{place}: holds no run and no sweep of cellfem; give the folder that one was written into")
    return within


def _named(folders: Sequence[Path]) -> list[Run]:
    """Each run by the name of its folder; by its whole path where two have the same."""
    names = [folder.resolve().name for folder in folders]
    whole = len(set(names)) < len(names)
    return [gather(folder, str(folder) if whole else None) for folder in folders]
