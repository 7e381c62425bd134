"""Run points in parallel, each in its own process and folder, and recognise points that are
done."""

from __future__ import annotations

import fcntl
import math
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from cellfem.campaign.child_runs import Run, start_run
from cellfem.campaign.grid import Grid, Point
from cellfem.case import CaseError, load_case
from cellfem.errors import CellfemError
from cellfem.output.summary import USED_UP, SummaryError, read_summary
from cellfem.results import adding, examine
from cellfem.results.lock import CAMPAIGN, locked
from cellfem.results.lock import BusyError as FolderBusy
from cellfem.results.manifest import list_files
from cellfem.signals import ENDING, heard

Verdict = Literal["kept", "reduced", "lost", "untested", "failed"]
INCONCLUSIVE = ("untested", "failed")
"""Verdicts that say nothing about contact: the start exceeds a limit, or there was no run."""
ENDED = ("done", "stop", "gave up")
"""`end_kind` (in summary.json) of runs that are not to be repeated."""
SMALL_SIGNAL = (
    *("asr_small_signal_ohm_cm2", "asr_charge_transfer_ohm_cm2", "asr_constriction_ohm_cm2", "cell_resistance_ohm"),
    "closed_fraction",
)
"""Numbers of a summary's final state that exist without a current too."""
BY, CONSOLE = "sweep", "console.txt"
POLL_S = 0.1
GRACE_S = 60.0
"""Seconds before a child is killed: it first ends its time step or the compilation of forms (20 s),
and killing it there would corrupt the cache."""


class BusyError(CellfemError, RuntimeError):
    """Another sweep is running in the same folder."""


@dataclass(frozen=True)
class Outcome:
    """Result of a point; nan if the run gave no number. focusing_max: the largest over Γ and over
    the whole run.

    opening_…: place, time and cause of the first loss of contact; nan and "" if there was none.
    void_count: voids that formed, and those of the start. verdict: that of the run ("untested": a
    limit was exceeded at the start), or "failed" if the solver gave up or the process crashed.
    time_to_failure_s: nan unless contact was lost.
    """

    point: Point
    verdict: Verdict
    end: str
    contact_fraction: float = math.nan
    perfect_contact_fraction: float = math.nan
    carrying_fraction: float = math.nan
    focusing_max: float = math.nan
    voltage_mV: float = math.nan
    asr_ohm_cm2: float = math.nan
    asr_small_signal_ohm_cm2: float = math.nan
    asr_charge_transfer_ohm_cm2: float = math.nan
    asr_constriction_ohm_cm2: float = math.nan
    cell_resistance_ohm: float = math.nan
    closed_fraction: float = math.nan
    time_to_failure_s: float = math.nan
    end_time_s: float = math.nan
    capacity_mAh_cm2: float = math.nan
    void_size: float = math.nan
    void_count: float = math.nan
    opening_time_s: float = math.nan
    opening_place_um: float = math.nan
    opening_cause: str = ""
    gap_max_um: float = math.nan
    dendrite_index_max: float = math.nan  # over Γ and over the whole run; nan without plating
    wall_s: float = math.nan
    source: str = ""
    end_kind: str = ""  # of the summary; "" where there is none

    @property
    def gave_up(self) -> bool:
        """Whether the solver gave up: the same command would give the same result again."""
        return self.end_kind == "gave up"


@dataclass
class _Child:
    point: Point
    folder: Path
    process: Run
    before: tuple[int, int] | None  # `_stamp` of what was there


def known_outcome(point: Point, out: Path, say: Callable[[str], None] | None = None) -> Outcome | None:
    """The outcome of a point that ran to its own end with the same case; None if it must be run.

    say: called with a message if a summary is damaged.
    """
    folder = out / point.name
    summary_path, case_path = folder / "summary.json", folder / "case.resolved.toml"
    try:
        summary = read_summary(summary_path)
        source = case_path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        if load_case(case_path) != point.case:
            return None
        return _read(point, summary, source) if summary["end_kind"] in ENDED else None
    except (KeyError, TypeError, AttributeError) as error:  # a complete summary whose parts have wrong types
        damaged = f"{summary_path}: is not a complete summary of a run ({error!r})"
    except SummaryError as error:
        damaged = str(error).partition(";")[0]
    except (OSError, CaseError, UnicodeDecodeError):
        return None
    if say is not None:
        say(f"{damaged}: the point counts as not run")
    return None


def run_points(
    grid: Grid, points: Sequence[Point], out: Path, jobs: int, lock: int, stopped: Callable[[], bool], replace: bool = False
) -> Generator[Outcome]:
    """Run points, at most `jobs` at a time, and yield each outcome when it is known. Stops early,
    without further outcomes, once `stopped()` is true.

    A point whose folder is in use by another run fails, and nothing there is changed. Raises
    FolderError if a folder contains files not written by cellfem, unless `replace`.

    The first point runs alone until its first record is written: by then the shared forms are
    compiled, and two processes do not wait for each other's compiler. lock: file descriptor from
    `only_sweep`, inherited by the children. Children are ended when the iteration ends for any
    reason.
    """
    queue, children, compiled = list(reversed(points)), list[_Child](), False
    try:
        while (queue or children) and not stopped():
            while queue and len(children) < (jobs if compiled else 1):
                point = queue.pop()
                try:
                    children.append(_start(grid, point, out, lock, replace))
                except FolderBusy as error:
                    yield Outcome(point, "failed", str(error))
            time.sleep(POLL_S)
            compiled = compiled or any(_stamp(child.folder) not in (None, child.before) for child in children)
            for child in [child for child in children if child.process.poll() is not None]:
                children.remove(child)
                compiled = True
                yield _conclude(child, out)
    finally:
        _end(children)


@contextmanager
def only_sweep(out: Path) -> Iterator[int]:
    """Lock on the folder `out`, a file descriptor. Raises BusyError while another sweep, or a child
    of one, is running there."""
    list_files([out / CAMPAIGN])
    handle = os.open(out / CAMPAIGN, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            text = f"{out}: another sweep is using this folder; wait until it ends, or give another --out"
            raise BusyError(text) from error
        yield handle
    finally:
        os.close(handle)


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """A function that returns whether SIGTERM, SIGINT or SIGHUP was received."""
    received: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, remember) for number in heard(*ENDING)}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(grid: Grid, point: Point, out: Path, lock: int, replace: bool) -> _Child:
    """Start a point whose folder is not in use. Results of an earlier run are replaced by the run
    itself."""
    folder = out / point.name
    examine(folder, BY, (CONSOLE,), replace=replace)
    folder.mkdir(parents=True, exist_ok=True)
    before = _stamp(folder)
    with locked(folder), adding(folder, BY, (CONSOLE,), replace=replace):
        list_files([folder / CONSOLE])
        console = (folder / CONSOLE).open("wb")
    words = ["run", str(grid.path), "--out", str(folder), "--quiet"]
    words += [*(word for setting in point.settings for word in ("--set", setting)), *(["--replace"] if replace else [])]
    with console:
        return _Child(point, folder, start_run(words, console, lock), before)


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Distinguishes the records of one run from those of another."""
    try:
        found = (folder / "records.csv").stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _conclude(child: _Child, out: Path) -> Outcome:
    code = child.process.wait()
    outcome = known_outcome(child.point, out)
    if outcome is not None and code in (0, 3):
        return outcome
    if code == 0 and (child.folder / "summary.json").is_file():
        return Outcome(
            child.point, "failed", "ran another case than the point's: was cellfem changed meanwhile? Run the sweep again"
        )
    said = (child.folder / CONSOLE).read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(said) if line.strip()), "")
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return Outcome(child.point, "failed", f"{how}: {last}" if last else how)


def _end(children: Sequence[_Child]) -> None:
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + GRACE_S
    for child in children:
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def _read(point: Point, summary: dict[str, Any], source: str) -> Outcome:
    final, verdict, kind = summary["final"], summary["verdict"], summary["end_kind"]
    if final is None:  # no initial state was found
        wall = _number(summary["wall_s"])
        return Outcome(point, "failed", summary["end"], end_time_s=0.0, wall_s=wall, source=source, end_kind=kind)
    stopped = kind == "stop" and summary["condition"] != USED_UP
    first = (verdict.get("opening") or {}).get("first") or {}
    size = final["void_area_um2"] if "void_area_um2" in final else final["void_volume_um3"]
    return Outcome(
        point,
        "failed" if kind == "gave up" else verdict["contact"],
        summary["end"],
        contact_fraction=_number(final["contact_fraction"]),
        perfect_contact_fraction=_number(verdict["perfect_contact_fraction"]),
        carrying_fraction=_number(final["carrying_fraction"]),
        focusing_max=_number(summary["max"]["focusing_max"]),
        voltage_mV=_number(final["voltage_mV"]),
        asr_ohm_cm2=_number(final["asr_ohm_cm2"]),
        **{name: _number(final.get(name)) for name in SMALL_SIGNAL},
        time_to_failure_s=_number(summary["end_time_s"]) if stopped and verdict["contact"] != "untested" else math.nan,
        end_time_s=_number(summary["end_time_s"]),
        capacity_mAh_cm2=_number(final["capacity_mAh_cm2"]),
        void_size=_number(size),
        void_count=len(verdict.get("voids", ())),
        opening_time_s=_number(first.get("time_s")),
        opening_place_um=_number(first.get("x_um")),
        opening_cause=first.get("cause", ""),
        gap_max_um=_number(final["gap_max_um"]),
        dendrite_index_max=_number(summary["max"].get("dendrite_index_max")) or math.nan,
        wall_s=_number(summary["wall_s"]),
        source=source,
        end_kind=kind,
    )


def _number(value: float | None) -> float:
    """null in JSON is nan."""
    return math.nan if value is None else float(value)
