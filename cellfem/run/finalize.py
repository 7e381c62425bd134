"""The end of a run: last fields, summary, face, spectrum, pictures, and only then no checkpoints any more.

What cannot be made a second time comes first. Where it finds no room the checkpoints stay, and `cellfem resume` makes up for it.
From pictures.npz on a run has ended for good: pictures are drawn by a process of its own, and once more by `cellfem resume`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

import cellfem
from cellfem.backend import MPI
from cellfem.case import Case
from cellfem.case.measured_curve import CurveError, read_curve
from cellfem.checkpoint import CheckpointError
from cellfem.model import from_case
from cellfem.model.build import Model
from cellfem.observe.arrays import merge_snapshots
from cellfem.observe.surface_state import gather_surface
from cellfem.output.comparison import OHM_CM2, Points, compare, verdict
from cellfem.output.contact_loss import opening_verdict
from cellfem.output.cracks import crack_verdict
from cellfem.output.dendrites import dendrite_verdict
from cellfem.output.drawing import FILE, Drawing, Drawn, MeasuredVoltage, Relief, columns, read_end, write_drawing
from cellfem.output.picture_process import draw_in_own_process
from cellfem.output.records import write_atomic
from cellfem.output.scenes import Scene
from cellfem.output.summary import End, Summary, electrode_verdict, second_rows, summarise, write_summary
from cellfem.run.checkpoints import FOLDER, START, clear
from cellfem.run.prepare import relief_of
from cellfem.run.pressing import pressing_of
from cellfem.run.recorder import Moment, Recorder
from cellfem.run.spectrum import SURFACE, CellSpectrum, cell_spectrum, drawn_spectrum, write_table
from cellfem.run.write_errors import CannotWriteError
from cellfem.signals import asked_to_end

ENDED = ("done", "stop")
RELIEF_PLACES = 4001
DRAW = "they are drawn by: cellfem resume"


ALWAYS = {"records": "records.csv", "summary": "summary.json", "log": "log.txt"}


def finalize(
    case: Case, folder: Path, recorder: Recorder, model: Model, end: End, begin: float
) -> tuple[Summary, dict[str, Path]]:
    """Write all that a run leaves; what was written, on rank 0 (empty elsewhere). Collective.

    Raises CannotWriteError on every rank; the checkpoints then stay.
    """
    writing, root = recorder.writing, recorder.root
    recorder.finish()
    surface = gather_surface(model, recorder.engine.stepper.time)
    shown = (recorder.first, recorder.last, recorder.tensest) if case.output.pictures else ()
    scenes = [_gathered(moment, recorder.comm) if moment else None for moment in shown]
    summary: Summary = {}
    if root is not None and surface is not None:
        summary = _summary(case, recorder, end, begin)
        with writing.trying():
            write_summary(folder / "summary.json", summary)
        with writing.trying():
            write_atomic(folder / SURFACE, surface.packed())
    spectrum = _spectrum(case, recorder, model)
    files = {"ParaView": recorder.series.path}
    if root is not None:
        with writing.trying():
            files |= _prepare_pictures(case, folder, recorder, end, scenes, spectrum)
    writing.agree()
    if root is None:
        return {}, {}
    files |= _draw(folder, recorder)
    if end.kind in ENDED:
        try:
            clear(folder)
        except OSError as error:
            recorder.warn(f"{error.filename}: cannot be taken away ({error.strerror}); the run is done, nothing is missing")
    return summary, files | {name: folder / path for name, path in ALWAYS.items()}


def only_pictures(folder: Path) -> End | None:
    """How a run ended of which pictures alone are left to be drawn; None for one that is to go on. Not collective."""
    try:
        end = read_end(folder / FILE)
    except CheckpointError:
        return None
    return end if end.kind in ENDED or not (folder / FOLDER / START).exists() else None


def draw_again(folder: Path, end: End) -> dict[str, Path]:
    """Draw what a run left to be drawn, and take its checkpoints away if it has ended. Not collective.

    Raises CannotWriteError where there is no room.
    """
    files = _said(folder, draw_in_own_process(folder, asked_to_end), lambda text: print(text, file=sys.stderr))
    if end.kind in ENDED:
        with suppress(OSError):
            clear(folder)
    return files


def _draw(folder: Path, recorder: Recorder) -> dict[str, Path]:
    """The pictures, if there are any to be drawn; on rank 0."""
    return _said(folder, draw_in_own_process(folder, asked_to_end), recorder.warn) if (folder / FILE).exists() else {}


def _said(folder: Path, drawn: Drawn, say: Callable[[str], None]) -> dict[str, Path]:
    """The files that were drawn; what could not be is said, and can be drawn later from what is kept for it."""
    for note in drawn.notes:
        say(note)
    why = "; ".join(drawn.failed)
    if drawn.full:
        raise CannotWriteError(f"{folder}: no room for pictures ({why}); all else is there: make room, and {DRAW} {folder}")
    if drawn.failed:
        say(f"not all pictures could be drawn ({why}); all else is there, and {DRAW} {folder}")
    else:
        with suppress(OSError):
            (folder / FILE).unlink()
    return drawn.files


def _summary(case: Case, recorder: Recorder, end: End, begin: float) -> Summary:
    summary = summarise(
        recorder.rows,
        recorder.voids[0],
        end,
        half_pressure_MPa=case.interface.half_pressure,
        wall_s=time.monotonic() - begin,
        version=cellfem.__version__,
        axisymmetric=recorder.has_volume,
        dendrite=dendrite_verdict(recorder.dendrite),
        crack=crack_verdict(recorder.pressed, from_case.ceramic(case), recorder.rows),
        pressing=pressing_of(case, recorder.rows),
        opening=None if recorder.openings is None else opening_verdict(recorder.openings),
    )
    for voids in recorder.voids[1:]:
        second = electrode_verdict(second_rows(recorder.rows), voids, end, case.interface.half_pressure, recorder.has_volume)
        summary["verdict"]["second_electrode"] = second
    return summary


def _spectrum(case: Case, recorder: Recorder, model: Model) -> CellSpectrum | None:
    """Of the last state (collective); where it cannot be had that is told, and the run is no worse for it."""
    if not case.impedance.spectrum:
        return None
    try:
        return cell_spectrum(case, model)
    except (RuntimeError, ArithmeticError) as error:  # PETSc's errors among them, on all ranks alike
        recorder.warn(f"no impedance spectrum ({error}); cellfem impedance {recorder.folder} makes it from {SURFACE}")
        return None


def _gathered(moment: Moment, comm: MPI.Intracomm) -> Scene | None:
    """A moment as pictures show it, on rank 0 (collective)."""
    pieces = comm.gather(moment.snapshot, root=0)
    profiles = [profile for profile in moment.profiles if profile is not None]
    return Scene(merge_snapshots(pieces), *profiles[:2]) if pieces and profiles else None


def _prepare_pictures(
    case: Case, folder: Path, recorder: Recorder, end: End, scenes: list[Scene | None], spectrum: CellSpectrum | None
) -> dict[str, Path]:
    """Write what is drawn from, tables first; the files of these, on rank 0. Raises OSError."""
    files = {}
    if spectrum is not None:
        files["impedance spectrum"] = write_table(spectrum, folder)
    measured = _measured(case, recorder)
    if measured is not None:
        files["difference"] = folder / "measured.json"
        write_atomic(files["difference"], json.dumps(verdict(measured.found), indent=2, ensure_ascii=False) + "\n")
    start, last, tensest = scenes or (None, None, None)
    if recorder.writing.problem or (start is None and measured is None):
        return files  # no last fields, or no summary: the run is not over
    drawing = Drawing(
        title=case.title,
        ended=end,
        rows=columns(recorder.rows),
        delta_um=recorder.delta,
        half_pressure_MPa=case.interface.half_pressure,
        axisymmetric=recorder.axisymmetric,
        has_volume=recorder.has_volume,
        solid=recorder.solid,
        flaws=recorder.flaws,
        start=start,
        end=last,
        tensest=tensest if recorder.pressed is not None else None,
        relief=_relief(case),
        openings=recorder.openings,
        worst=recorder.dendrite,
        last_plated=recorder.last_plated,
        drawn_flaws=recorder.observer.drawn,
        spectrum=drawn_spectrum(spectrum) if spectrum is not None and case.output.pictures else None,
        measured=measured,
    )
    write_drawing(folder / FILE, drawing)
    return files


def _relief(case: Case) -> Relief | None:
    """Of a plane stack with a rough face."""
    heights = relief_of(case) if case.stack.dimension == 2 else None
    x = np.linspace(0.0, case.stack.width, RELIEF_PLACES)
    return None if heights is None else Relief(x, np.asarray(heights(x)))


def _measured(case: Case, recorder: Recorder) -> MeasuredVoltage | None:
    """The measured curve of the case, if there is one that the run can be held against."""
    if case.measured.file is None:
        return None
    try:
        curve = read_curve(case.measured)
        recorder.note(f"{curve.source}: {curve.understood}")
        found = compare(recorder.rows, curve, OHM_CM2 * case.measured.series)
    except (CurveError, ValueError) as error:
        recorder.note(f"measured.file: {error}")
        return None
    recorder.note(str(verdict(found)["text"]))
    return MeasuredVoltage(Points(curve.kind, curve.x, curve.voltage_mV), found)
