"""The end of a run: last fields, summary, face, spectrum, pictures, and finally removal of the
checkpoints.

Files that cannot be made again come first. If there is no disk space for them, the checkpoints are
kept, and `cellfem resume` completes the run. Once pictures.npz exists the run has ended: pictures
are drawn by a separate process, and again by `cellfem resume` if necessary.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import cellfem
from cellfem.backend import MPI
from cellfem.case import Case
from cellfem.checkpoint import CheckpointError
from cellfem.model.build import Model
from cellfem.observe.arrays import merge_snapshots
from cellfem.observe.surface_state import gather_surface
from cellfem.output.drawing import FILE, Drawing, DrawResult, Relief, columns, read_end, write_drawing
from cellfem.output.picture_process import draw_in_own_process
from cellfem.output.records import write_atomic
from cellfem.output.scenes import Scene
from cellfem.output.summary import End, Summary, summarise, write_summary
from cellfem.runner.checkpoints import FOLDER, START, clear
from cellfem.runner.diagnostics import Ended, Moment
from cellfem.runner.prepare import relief_of
from cellfem.runner.recorder import Recorder
from cellfem.runner.spectrum import SURFACE
from cellfem.runner.write_errors import CannotWriteError
from cellfem.signals import end_requested

ENDED = ("done", "stop")
RELIEF_PLACES = 4001
DRAW = "draw them with: cellfem resume"


ALWAYS = {"records": "records.csv", "summary": "summary.json", "log": "log.txt"}


def finalize(
    case: Case, folder: Path, recorder: Recorder, model: Model, end: End, begin: float
) -> tuple[Summary, dict[str, Path]]:
    """Write all results of a run; returns what was written, on rank 0 (empty on other ranks).
    Collective.

    Raises CannotWriteError on every rank; the checkpoints are then kept.
    """
    writing, root = recorder.writing, recorder.root
    recorder.finish()
    surface = gather_surface(model, recorder.engine.stepper.time)
    scenes = _scenes(case, recorder)
    summary: Summary = {}
    if root is not None and surface is not None:
        summary = _summary(case, recorder, end, begin)
        with writing.trying():
            write_summary(folder / "summary.json", summary)
        with writing.trying():
            write_atomic(folder / SURFACE, surface.packed())
    for diagnostic in recorder.diagnostics:
        diagnostic.end()
    files = {"ParaView": recorder.series.path}
    if root is not None:
        with writing.trying():
            for diagnostic in recorder.diagnostics:
                files |= diagnostic.files()
            _prepare_pictures(case, folder, recorder, end, scenes)
    writing.agree()
    if root is None:
        return {}, {}
    files |= _draw(folder, recorder)
    if end.kind in ENDED:
        try:
            clear(folder)
        except OSError as error:
            recorder.warn(f"{error.filename}: cannot be removed ({error.strerror}); the run is complete")
    return summary, files | {name: folder / path for name, path in ALWAYS.items()}


def only_pictures(folder: Path) -> End | None:
    """The end of a run that only lacks its pictures; None for a run to be resumed. Not
    collective."""
    try:
        end = read_end(folder / FILE)
    except CheckpointError:
        return None
    return end if end.kind in ENDED or not (folder / FOLDER / START).exists() else None


def draw_again(folder: Path, end: End) -> dict[str, Path]:
    """Draw the remaining pictures of a run, and remove its checkpoints if it has ended. Not
    collective.

    Raises CannotWriteError without disk space.
    """
    files = _said(folder, draw_in_own_process(folder, end_requested), lambda text: print(text, file=sys.stderr))
    if end.kind in ENDED:
        with suppress(OSError):
            clear(folder)
    return files


def _draw(folder: Path, recorder: Recorder) -> dict[str, Path]:
    """Draw the pictures, if there are any; on rank 0."""
    return _said(folder, draw_in_own_process(folder, end_requested), recorder.warn) if (folder / FILE).exists() else {}


def _said(folder: Path, drawn: DrawResult, say: Callable[[str], None]) -> dict[str, Path]:
    """The files that were drawn; a message names those that could not be drawn, which can be drawn
    later from the stored data."""
    for note in drawn.notes:
        say(note)
    why = "; ".join(drawn.failed)
    if drawn.full:
        raise CannotWriteError(f"{folder}: no room for pictures ({why}); all else is complete: make room, and {DRAW} {folder}")
    if drawn.failed:
        say(f"not all pictures could be drawn ({why}); all else is complete; {DRAW} {folder}")
    else:
        with suppress(OSError):
            (folder / FILE).unlink()
    return drawn.files


def _summary(case: Case, recorder: Recorder, end: End, begin: float) -> Summary:
    run = Ended(recorder.rows, end)
    verdicts: dict[str, Any] = {}
    for diagnostic in recorder.diagnostics:
        verdicts |= diagnostic.verdict(run)
    return summarise(
        recorder.rows,
        recorder.voids.tracked[0],
        end,
        half_pressure_MPa=case.interface.half_pressure,
        wall_s=time.monotonic() - begin,
        version=cellfem.__version__,
        has_volume=recorder.engine.model.has_volume,
        verdicts=verdicts,
    )


def _scenes(case: Case, recorder: Recorder) -> dict[str, Scene | None]:
    """Moments for pictures, by their names in `Drawing`; None on ranks other than 0
    (collective)."""
    if not case.output.pictures:
        return {}
    moments = {"start": recorder.first, "end": recorder.last}
    for diagnostic in recorder.diagnostics:
        moments |= diagnostic.moments()
    return {name: _gathered(moment, recorder.comm) if moment else None for name, moment in moments.items()}


def _gathered(moment: Moment, comm: MPI.Intracomm) -> Scene | None:
    """A moment for pictures, gathered on rank 0 (collective)."""
    pieces = comm.gather(moment.snapshot, root=0)
    profiles = [profile for profile in moment.profiles if profile is not None]
    return Scene(merge_snapshots(pieces), *profiles[:2]) if pieces and profiles else None


def _prepare_pictures(case: Case, folder: Path, recorder: Recorder, end: End, scenes: dict[str, Scene | None]) -> None:
    """Write the data of the pictures; on rank 0. Raises OSError."""
    model = recorder.engine.model
    shown: dict[str, Any] = dict(scenes)
    for diagnostic in recorder.diagnostics:
        shown |= diagnostic.drawing()
    if recorder.writing.problem or (scenes.get("start") is None and shown["measured"] is None):
        return  # without the last fields or the summary the run is not over
    drawing = Drawing(
        title=case.title,
        ended=end,
        rows=columns(recorder.rows),
        delta_um=model.interface.delta,
        half_pressure_MPa=case.interface.half_pressure,
        axisymmetric=model.structure.axisymmetric,
        has_volume=model.has_volume,
        solid=model.domain.dimension == 3,
        flaws=recorder.readings.flaws,
        relief=_relief(case),
        **shown,
    )
    write_drawing(folder / FILE, drawing)


def _relief(case: Case) -> Relief | None:
    """Relief of a plane stack with a rough face."""
    heights = relief_of(case) if case.stack.dimension == 2 else None
    x = np.linspace(0.0, case.stack.width, RELIEF_PLACES)
    return None if heights is None else Relief(x, np.asarray(heights(x)))
