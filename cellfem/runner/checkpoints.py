"""The checkpoints of one run, in the folder `checkpoint` of its results.

mesh.npz       the mesh that the run was begun with
start.npz      the state at time 0, of which the pictures at the end show a part
00000123.npz   after step 123; the last two are kept
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

import cellfem
from cellfem.backend import MPI
from cellfem.case import Case
from cellfem.case.identity import case_hash, differences, plain_case
from cellfem.checkpoint import CheckpointError
from cellfem.checkpoint.files import read_about
from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.checkpoint.store import Store
from cellfem.formatting import time_text
from cellfem.geometry import Source
from cellfem.provenance import commit
from cellfem.results.files import half_written, remove
from cellfem.results.lock import touch
from cellfem.results.manifest import listed
from cellfem.runner.mesh_file import read_source, source_hash, write_source
from cellfem.runner.recorder import Recorder
from cellfem.solver.checkpoint_state import declare_engine
from cellfem.solver.engine import Engine
from cellfem.solver.march import Measures, Place, Segment

FOLDER, MESH, START = "checkpoint", "mesh.npz", "start.npz"
NUMBERED = "[0-9]" * 8 + ".npz"
KEPT = 2
FREE = ("output.checkpoint", "output.pictures")
"""Keys of a case that may differ between the run and its resumption."""
STEPS_AHEAD = 2.0  # time reserved before the limit, in longest recent steps and checkpoints
RECENT = 20
PIECE = 1 << 20  # bytes that are read at once
UNMARKED = b"0\n"  # end of a row of records.csv whose fields were not written


@dataclass(frozen=True)
class Point:
    """A checkpoint that was checked. about: its about.json. start: whether the one of time 0 is
    undamaged too."""

    path: Path
    about: dict[str, Any]
    start: bool = True

    @property
    def place(self) -> Place:
        """Place in the protocol at which it was made."""
        place: Place = from_plain(Place, self.about["place"])
        return place

    @property
    def measures(self) -> Measures:
        """Values for the stop conditions in its state."""
        measures: Measures = self.about["measures"]
        return measures


@dataclass
class Keeper:
    """Writes the checkpoints of a run. Every method is collective.

    every: seconds of wall time between two; None: none is written. until: `clock` time by which the
    run must have stopped; None: no limit. wall_before: wall time of the run's earlier parts.
    """

    case: Case
    engine: Engine
    recorder: Recorder
    folder: Path
    mesh: str
    every: float | None
    until: float | None
    wall_before: float = 0.0
    clock: Callable[[], float] = time.monotonic
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))
    cost: float = 0.0  # s, of the last checkpoint

    def __post_init__(self) -> None:
        model = self.engine.model
        self.comm: MPI.Intracomm = model.domain.parent.comm
        self.registry = Registry()
        declare_engine(self.engine, self.registry)
        self.recorder.declare(self.registry)
        self.store = Store(self.registry, model.domain, self.comm)
        self.begin = self.saved = self.asked = self.clock()

    def pause(self, place: Place, measures: Measures, asked_to_save: bool, asked_to_stop: bool) -> bool:
        """Between two steps: save if it is time or a signal requests it; returns whether the march
        must end here."""
        now = self.clock()
        self.recent.append(now - self.asked)
        self.asked = now
        late = self.until is not None and now + STEPS_AHEAD * (max(self.recent) + self.cost) > self.until
        due = self.every is not None and now - self.saved >= self.every
        if self.comm.rank == 0:
            touch(self.folder)
        root = self.comm.rank == 0  # one clock decides, but a signal may reach any rank
        wants = np.array([asked_to_save or (root and due), asked_to_stop, root and late], dtype=np.int32)
        self.comm.Allreduce(MPI.IN_PLACE, wants, op=MPI.MAX)
        save, stop, out_of_time = (bool(want) for want in wants)
        if out_of_time and not stop:
            self.recorder.note("stops: the time of --max-time is nearly over")
        if self.every is not None and (save or stop or out_of_time):
            self.save(place, measures)
        return stop or out_of_time

    def save(self, place: Place, measures: Measures, name: str = "") -> None:
        """Write a checkpoint; if that fails, a message is given and the run continues."""
        begin, step = self.clock(), len(self.recorder.rows) - 1
        self.recorder.gather()
        about = {
            "cellfem": cellfem.__version__,
            "commit": commit(),
            "case": plain_case(self.case, FREE),
            "case_sha256": case_hash(self.case, FREE),
            "mesh_sha256": self.mesh,
            "time_s": self.engine.stepper.time,
            "step": step,
            "ranks": self.comm.size,
            "wall_s": self.wall_before + begin - self.begin,
            "place": to_plain(place),
            "measures": to_plain(measures),
            "files": {key: path.stat().st_size for key, path in self.registry.files.items()} if self.comm.rank == 0 else {},
            "sha256": {key: digest() for key, digest in self.registry.digests.items()} if self.comm.rank == 0 else {},
        }
        error = self.store.write(self.folder / FOLDER / (name or f"{step:08d}.npz"), about)
        self.saved = self.clock()
        self.cost = self.saved - begin
        if error:
            self.recorder.note(f"no checkpoint: {error}; the last one stays")
            return
        self.recorder.detail(f"checkpoint after step {step}, t = {self.engine.stepper.time:.6g} s ({self.cost:.2g} s)")
        if self.comm.rank == 0:
            own = listed(self.folder)
            with suppress(OSError):
                remove(self.folder, [name for path in numbered(self.folder)[KEPT:] if (name := f"{FOLDER}/{path.name}") in own])

    def restore(self, point: Point, segments: list[Segment]) -> None:
        """Restore engine and recorder from `point`, including the moment of the start for pictures.
        Raises CheckpointError.

        If the checkpoint of the start is damaged, the start is solved again: raises StartError if
        that fails.
        """
        engine, first, here = self.engine, segments[0], point.place
        if point.start:
            engine.analyse(first.load(0.0), first.material)
            self.store.read(self.folder / FOLDER / START)
        else:
            engine.start(first.load(0.0), first.material)
        self.recorder.restart(solved_anew=not point.start)
        segment = segments[here.segment]
        engine.set(segment.load(0.0).taken_up(here.rest_travel), segment.material)
        self.store.read(point.path)
        self.recorder.go_on()
        self.store.read(point.path)  # again: observers solve iteratively, starting from their last solution


def prepare_folder(folder: Path, source: Source) -> str:
    """Make the folder of checkpoints with the mesh in it; returns the mesh's SHA-256. Not
    collective. Raises OSError."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    write_source(folder / FOLDER / MESH, source)
    return source_hash(source)


def clear_half_written(folder: Path) -> None:
    """Remove temporary files of listed files, left by a killed run. Not collective."""
    for path in half_written(folder, listed(folder)):
        path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove the checkpoints. Not collective."""
    remove(folder, [name for name in listed(folder) if name.startswith(f"{FOLDER}/")])


def numbered(folder: Path) -> list[Path]:
    """Checkpoints of a run's steps, newest first."""
    return sorted((folder / FOLDER).glob(NUMBERED), reverse=True)


def find(folder: Path, case: Case, say: Callable[[str], None]) -> Point:
    """The newest undamaged checkpoint of a run of this case; `say` is called with messages about
    damaged ones. Not collective.

    Raises CheckpointError: there is none, all are damaged, or the case is another one.
    """
    candidates = [*numbered(folder), folder / FOLDER / START]
    if not any(path.exists() for path in candidates):
        raise CheckpointError(
            f"{folder}: contains no checkpoint; a run that has ended by itself keeps none; start a new one with cellfem run"
        )
    errors = []
    for path in candidates:
        try:
            point = Point(path, read_about(path))
        except CheckpointError as error:
            if path.exists():
                errors.append(str(error))
            continue
        _compare(point, case)
        for line in errors:
            say(f"{line}; the previous one is used, of t = {point.about['time_s']:.6g} s")
        return replace(point, start=path.name == START or _start_is_sound(folder, case, say))
    raise CheckpointError("\n".join([*errors, f"{folder}: all checkpoints are damaged; run the case again"]))


def _start_is_sound(folder: Path, case: Case, say: Callable[[str], None]) -> bool:
    """Whether the checkpoint of time 0 is complete and of this case; otherwise `say` is called with
    the reason."""
    try:
        _compare(Point(folder / FOLDER / START, read_about(folder / FOLDER / START)), case)
    except CheckpointError as error:
        say(f"{error}; the start, which the pictures need, is solved again")
        return False
    return True


def mesh_of(folder: Path, point: Point) -> Source:
    """The mesh with which the run was begun. Not collective. Raises CheckpointError."""
    return read_source(folder / FOLDER / MESH, point.about["mesh_sha256"])


def cut_back(folder: Path, sizes: dict[str, int], digests: Mapping[str, str]) -> None:
    """Truncate growing files to their size at a checkpoint. Not collective.

    Raises CheckpointError, without any change, if rows are missing or were changed.
    """
    have = {name: (folder / name).stat().st_size if (folder / name).exists() else 0 for name in sizes}
    for name, size in sizes.items():
        path = folder / name
        if have[name] < size and path.suffix == ".csv":
            raise CheckpointError(
                f"{path}: has {have[name]} bytes, at the checkpoint it had {size}: rows are lost; run the case again"
            )
        if name in digests and not _is_as_written(path, size, digests[name]):
            raise CheckpointError(
                f"{path}: its first {size} bytes are not those that the run wrote until the checkpoint; "
                "put back the file as it was, or run the case again"
            )
    for name, size in sizes.items():
        if have[name] > size:
            os.truncate(folder / name, size)
        if name in digests and _digest(folder / name, size) != digests[name]:
            with (folder / name).open("r+b") as file:
                file.seek(-len(UNMARKED), os.SEEK_END)
                file.write(UNMARKED)


def _is_as_written(path: Path, size: int, digest: str) -> bool:
    """Whether the first bytes are those of the checkpoint, except for the flag of the last row.

    A run that ends at its checkpoint writes the fields of that time and sets the flag; on
    resumption both are removed again.
    """
    return digest in (_digest(path, size), _digest(path, size, UNMARKED))


def _digest(path: Path, size: int, tail: bytes = b"") -> str:
    """SHA-256 of the first bytes of a file, with the last ones replaced by `tail`."""
    found, left = hashlib.sha256(), size - len(tail)
    with path.open("rb") as file:
        while left > 0 and (piece := file.read(min(left, PIECE))):
            found.update(piece)
            left -= len(piece)
    found.update(tail)
    return found.hexdigest()


def _compare(point: Point, case: Case) -> None:
    if point.about.get("case_sha256") == case_hash(case, FREE):
        return
    changed = differences(point.about.get("case", {}), plain_case(case, FREE))
    raise CheckpointError(
        f"{point.path}: belongs to another case: {'; '.join(changed) or 'its hash differs'}. "
        "Undo the change in case.resolved.toml, or start the changed case by cellfem run"
    )


def describe(point: Point) -> str:
    """A sentence for the log on the checkpoint from which a run continues."""
    about = point.about
    return (
        f"continues from t = {time_text(about['time_s'])}, step {about['step']}, of {about['ranks']} rank(s), {point.path.name}"
    )
