"""Run a case: mesh, start, march, and the results for every kind of end."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import cellfem
from cellfem.backend import MPI, versions
from cellfem.case import Case, load_case, resolved_toml
from cellfem.case.identity import case_hash, files_read
from cellfem.checkpoint import CheckpointError
from cellfem.form_cache import FormError, failure
from cellfem.formatting import cannot_write
from cellfem.geometry import Source
from cellfem.model import from_case
from cellfem.model.build import build_model
from cellfem.model.ceramics import densification_text
from cellfem.output.drawing import FILE as DRAWING
from cellfem.output.drawing import PICTURES
from cellfem.output.progress import PLAIN_INTERVAL_S
from cellfem.output.records import write_atomic
from cellfem.output.summary import End, Summary, unsolved, write_summary
from cellfem.provenance import commit
from cellfem.results.files import remove
from cellfem.results.folder import Claim, claim, examine, made, resumed
from cellfem.results.lock import only_run
from cellfem.results.manifest import listed, read_manifest
from cellfem.runner.advice import advice, stands_out
from cellfem.runner.checkpoints import (
    START,
    Keeper,
    Point,
    clear,
    clear_half_written,
    cut_back,
    describe,
    find,
    mesh_of,
    prepare_folder,
)
from cellfem.runner.diagnostics import Accepted
from cellfem.runner.finalize import draw_again, finalize, only_pictures
from cellfem.runner.output_names import MESH_FILE, RESOLVED, RUN_OUTPUTS
from cellfem.runner.prepare import face_sentences, measured_heights_of, segments_of, source_of, too_large, write_mesh
from cellfem.runner.pressure_ramp import with_pressure_ramps
from cellfem.runner.recorder import Recorder
from cellfem.runner.stop_requests import StopRequests
from cellfem.runner.write_errors import CannotWriteError, may_pass
from cellfem.signals import end_requested, remembered
from cellfem.solver.engine import Engine, StartError
from cellfem.solver.march import Finish, GaveUp, Marching, Measures, Place, Watcher, exhausted, first_place, marching
from cellfem.solver.newton import Interrupted

BY = "run"


@dataclass(frozen=True)
class Pace:
    """Limits and intervals of wall time. max_time_s: the run stops with a checkpoint before this is
    over; progress_s: between two lines."""

    max_time_s: float | None = None
    progress_s: float = PLAIN_INTERVAL_S


@dataclass(frozen=True)
class Result:
    """Result of a run; summary and files on rank 0 only."""

    end: End
    summary: Summary = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def run_case(
    case: Case,
    folder: Path,
    quiet: bool = False,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
    pace: Pace | None = None,
    *,
    path: Path | None = None,
    replace: bool = False,
) -> Result:
    """Run into a folder (made if missing). Results of an earlier run in it are replaced once this
    one has started. Collective.

    path: of the case, so that it is not overwritten. replace: as in `results.examine`. Raises
    MeshError, FolderError and BusyError (another run is using the folder) on every rank.
    """
    return exhausted(run_steps(case, folder, quiet, comm, pace, path=path, replace=replace))


type Stepping = Generator[Accepted, bool | None, Result]
"""A run that stands still after each accepted step, the start included, until it is told to go on;
sending True has it end there, with a checkpoint."""


def run_steps(
    case: Case,
    folder: Path,
    quiet: bool = False,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
    pace: Pace | None = None,
    *,
    path: Path | None = None,
    replace: bool = False,
) -> Stepping:
    """`run_case`, step by step. The folder is held until it ends."""
    begin, inputs = time.monotonic(), files_read(case, path)
    _on_root(comm, lambda: examine(folder, BY, RUN_OUTPUTS, inputs, replace))
    with _held(folder, comm), remembered() as received:
        claimed = _on_root(comm, lambda: claim(folder, BY, RUN_OUTPUTS, inputs, replace))
        try:
            source = _on_root(comm, lambda: source_of(case))
            if _end_requested(comm):
                return Result(End("interrupted", 0.0))
            at = _Setting(quiet, comm, pace or Pace(), begin, received, claimed)
            return (yield from _run_compiled(case, folder, source, None, at))
        finally:
            if claimed is not None:
                claimed.leave()


def resume_run(folder: Path, quiet: bool = False, comm: MPI.Intracomm = MPI.COMM_WORLD, pace: Pace | None = None) -> Result:
    """Continue the run in a folder from its newest undamaged checkpoint, on any number of ranks.
    Collective.

    Rows and outputs after the checkpoint are removed first. For a run that has ended, missing
    pictures are drawn. Raises CaseError, CheckpointError, CannotWriteError, FolderError and
    BusyError on every rank.
    """
    return exhausted(_resume_steps(folder, quiet, comm, pace))


def _resume_steps(folder: Path, quiet: bool, comm: MPI.Intracomm, pace: Pace | None) -> Stepping:
    begin = time.monotonic()
    if read_manifest(folder) is None:
        load_case(folder / RESOLVED)  # without one there is nothing to resume and no folder to lock
    with only_run(folder, comm), remembered() as received:
        claimed = _on_root(comm, lambda: resumed(folder, BY, RUN_OUTPUTS))
        try:
            case = load_case(folder / RESOLVED)
            if (ended := comm.bcast(_on_root(comm, lambda: only_pictures(folder)), root=0)) is not None:
                return Result(ended, files=_on_root(comm, lambda: draw_again(folder, ended)) or {})
            source, point = _on_root(comm, lambda: _taken_up(case, folder)) or (None, None)
            point = comm.bcast(point, root=0)
            assert point is not None
            at = _Setting(quiet, comm, pace or Pace(), begin, received, claimed)
            return (yield from _run_compiled(case, folder, source, point, at))
        finally:
            if claimed is not None:
                claimed.leave()


@contextmanager
def _held(folder: Path, comm: MPI.Intracomm) -> Iterator[None]:
    """Lock the folder, which is made if missing; it is removed again if it stays empty."""
    with ExitStack() as stack:
        _on_root(comm, lambda: stack.enter_context(made(folder)))
        stack.enter_context(only_run(folder, comm))
        yield


@dataclass(frozen=True)
class _Setting:
    quiet: bool
    comm: MPI.Intracomm
    pace: Pace
    begin: float
    received: list[int]
    claimed: Claim | None  # on rank 0


def _run_compiled(case: Case, folder: Path, source: Source | None, point: Point | None, at: _Setting) -> Stepping:
    """`_run`; a compiler interrupted by Ctrl-C ends it as a signal does. Raises FormError on every
    rank if compilation fails."""
    try:
        return (yield from _run(case, folder, source, point, at))
    except RuntimeError as error:
        if (why := failure(error)) is None:
            raise
        if _end_requested(at.comm):  # dolfinx makes all ranks fail together
            return Result(End("interrupted", float(point.about["time_s"]) if point else 0.0))
        raise FormError(why) from error


def _run(case: Case, folder: Path, source: Source | None, point: Point | None, at: _Setting) -> Stepping:
    """From a mesh to the results, from the start or from a checkpoint; no result if a signal ends
    it during set-up."""
    comm, received = at.comm, at.received
    segments = segments_of(case)
    model = build_model(source, from_case.structure(case), from_case.interface(case), from_case.numerics(case), comm)
    engine = Engine(model)
    if _end_requested(comm):  # nothing is lost yet, and the start of a large stack takes long
        return Result(End("interrupted", float(point.about["time_s"]) if point else 0.0))
    mesh = _opened(case, folder, source, at) if point is None else str(point.about["mesh_sha256"])
    recorder = Recorder(case, engine, folder, at.quiet, point is not None, at.pace.progress_s)
    if point is None and too_large(source):
        recorder.note("no mesh.msh: each rank makes its own part of a mesh of this size; cellfem mesh writes the whole")
    if point is None and (density := densification_text(case)) is not None:
        recorder.note(density)
    if point is None and case.roughness.kind == "file" and comm.rank == 0:
        recorder.note("; ".join((f"rough face {case.roughness.file}", *face_sentences(case, measured_heights_of(case)))))
    every = None if case.output.checkpoint == "off" else float(case.output.checkpoint)
    until = None if at.pace.max_time_s is None else at.begin + at.pace.max_time_s
    keeper = Keeper(case, engine, recorder, folder, mesh, every, until, point.about["wall_s"] if point else 0.0)
    compiled = time.monotonic()
    told_to_end: list[bool] = []  # by whom the steps are handed out to

    def interrupted(place: Place, measures: Measures) -> bool:
        save = signal.SIGUSR1 in received
        while save and signal.SIGUSR1 in received:
            received.remove(signal.SIGUSR1)
        return keeper.pause(place, measures, save, bool(received or told_to_end))

    engine.heed = StopRequests(received, until, comm)
    watch = Watcher(recorder.examine, recorder.accepted, recorder.refused, interrupted, recorder.entered, recorder.ended)
    try:
        segments, notes = with_pressure_ramps(segments, [placed.step.rise_time for placed in case.sequence], model)
        if point is None:
            for note in notes:
                recorder.note(note)
            engine.start(segments[0].load(0.0), segments[0].material)
            measures, place = recorder.start(), None
            _started(at)
            if every is not None:
                keeper.save(first_place(segments, measures), measures, START)
        else:
            try:
                keeper.restore(point, segments)
            except StartError as error:
                recorder.close()
                raise CheckpointError(
                    f"{folder}: the checkpoint of the start is damaged, and the start cannot be solved again: {error}"
                ) from error
            recorder.note(describe(point))
            measures, place = point.measures, point.place
        finish = yield from _stepping(marching(engine, segments, watch, measures, place), recorder, told_to_end)
        place_um = recorder.thinnest_place(finish.condition)
        end = End(finish.kind, engine.stepper.time, finish.condition, place_um, finish.kind == "stop" and recorder.unmoved)
    except Interrupted:
        engine.stepper.restore()
        if not recorder.rows:
            return _nothing(recorder, End("interrupted", 0.0), "stopped during the search for the initial state", at)
        recorder.note(f"stopped during the search for the state after the load jump at t = {engine.stepper.time:.6g} s")
        end = End("interrupted", engine.stepper.time)
    except StartError as error:
        why = f"{error}; {advice(case, case.sequence[recorder.segment].step)}"
        if not recorder.rows:
            return _nothing(recorder, End("gave up", 0.0), why, at)
        recorder.note(why)
        end = End("gave up", engine.stepper.time)
    except GaveUp as error:
        odd = stands_out(case, case.sequence[recorder.segment].step)
        recorder.note(f"{error}; {odd}" if odd else str(error))
        end = End("gave up", engine.stepper.time)
    solved = time.monotonic()
    for effort in filter(None, (diagnostic.effort() for diagnostic in recorder.diagnostics)):
        recorder.note(effort)
    recorder.note(f"set-up and forms {compiled - at.begin:.1f} s, solve {solved - compiled:.1f} s")
    result = Result(end, *finalize(case, folder, recorder, model, end, at.begin - keeper.wall_before))
    recorder.close()
    return result


def _stepping(steps: Marching[Finish], recorder: Recorder, told_to_end: list[bool]) -> Generator[Accepted, bool | None, Finish]:
    """Hand out the state to begin with, then each accepted one; whoever takes them may send True to
    have the run end."""
    while True:
        if (yield recorder.step):
            told_to_end.append(True)
        try:
            next(steps)
        except StopIteration as ended:
            return cast(Finish, ended.value)


def _nothing(recorder: Recorder, end: End, why: str, at: _Setting) -> Result:
    """The end of a run that found no initial state: there is no row, no picture, no verdict."""
    recorder.note(why)
    if recorder.root is not None and at.quiet:
        print(why, file=sys.stderr)
    if recorder.root is not None and end.kind == "gave up":
        wall = time.monotonic() - at.begin
        write_summary(recorder.folder / "summary.json", unsolved(end, why, wall_s=wall, version=cellfem.__version__))
        _started(at)  # the summary gives the reason; if a signal ended the search, earlier results are restored
    if recorder.root is not None and not recorder.going_on:
        clear(recorder.folder)  # only the mesh exists, so the run cannot be resumed
    recorder.close()
    return Result(end)


def _opened(case: Case, folder: Path, source: Source | None, at: _Setting) -> str:
    """Move earlier results aside and write the files of the start; returns the mesh's hash, ""
    without checkpoints. Collective."""

    def write() -> str:
        assert at.claimed is not None
        assert source is not None
        try:
            at.claimed.begin(case_hash(case))
            write_atomic(folder / RESOLVED, resolved_toml(case, _header()))
            write_mesh(case, source, folder / MESH_FILE)
            return "" if case.output.checkpoint == "off" else prepare_folder(folder, source)
        except OSError as problem:
            raise CannotWriteError(cannot_write(problem), may_pass(problem)) from problem

    return _on_root(at.comm, write) or ""


def _started(at: _Setting) -> None:
    """Delete the results that the run replaces: it has found its initial state."""
    if at.claimed is not None:
        at.claimed.settle()


def _taken_up(case: Case, folder: Path) -> tuple[Source, Point]:
    """Mesh and checkpoint of a run to be resumed; its files are truncated to the checkpoint."""
    point = find(folder, case, lambda text: print(text, file=sys.stderr))
    source = mesh_of(folder, point)
    cut_back(folder, point.about["files"], point.about["sha256"])
    clear_half_written(folder)
    ended = ("summary.json", DRAWING, *(f"{name}.png" for name in PICTURES))
    remove(folder, [name for name in ended if name in listed(folder)])
    return source, point


def _end_requested(comm: MPI.Intracomm) -> bool:
    """Whether any rank has received a request to end."""
    return bool(comm.allreduce(end_requested(), op=MPI.LOR))


def _on_root[T](comm: MPI.Intracomm, action: Callable[[], T]) -> T | None:
    """Result of the action on rank 0, None on other ranks; its errors are raised on every rank."""
    made, error = None, None
    if comm.rank == 0:
        try:
            made = action()
        except Exception as problem:
            error = problem
    error = comm.bcast(error, root=0)
    if error is not None:
        raise error
    return made


def _header() -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"cellfem {cellfem.__version__}, commit {commit()}\n{libraries}"
