"""The pictures of a run, and the file with all their data: another process draws them, at once or
later."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem.checkpoint.files import ArrayFile, read_about, read_values, write_values
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.model.parameters import Flaws
from cellfem.observe.contact_loss import Openings
from cellfem.observe.sampled_flaws import SampledFlaws
from cellfem.output.comparison import Comparison, Points
from cellfem.output.dendrites import Plated
from cellfem.output.scenes import Scene
from cellfem.output.summary import End

FILE = "pictures.npz"
FORMAT = "cellfem pictures 2"
PICTURES = ("stack", "interface", "interface-2", "history", "dendrites", "cracks", "opening", "measured", "nyquist")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Relief:
    """Heights of LLZO's rough face at positions along Γ, (N,) each, µm; linear between them."""

    x: Array
    height: Array

    def __call__(self, x: Array) -> Array:
        """Heights (µm) at positions x (µm)."""
        return np.interp(x, self.x, self.height)


@dataclass(frozen=True)
class Spectrum:
    """Impedance (Ω) over frequency (Hz), (N,) each, and that of a uniform face; below: upper limit
    of frequency in the second panel, Hz."""

    frequency: Array
    impedance: NDArray[np.complex128]
    circuit: NDArray[np.complex128]
    below: float


@dataclass(frozen=True)
class MeasuredVoltage:
    """A measured curve and its difference from the run."""

    curve: Points
    comparison: Comparison


@dataclass(frozen=True, eq=False)
class Drawing:
    """All data of the pictures of a run.

    rows: columns of records.csv, (N,) each. tensest: the output at which the tension in LLZO was
    largest. delta_um: δ. half_pressure_MPa: p_½. Without scenes (output.pictures = false) there is
    at most the picture of a measured curve.
    """

    title: str
    ended: End
    rows: dict[str, Array]
    delta_um: float
    half_pressure_MPa: float
    axisymmetric: bool
    has_volume: bool
    solid: bool
    flaws: Flaws
    start: Scene | None = None
    end: Scene | None = None
    tensest: Scene | None = None
    relief: Relief | None = None
    openings: Openings | None = None
    worst: Plated | None = None
    last_plated: Plated | None = None
    sampled_flaws: SampledFlaws | None = None
    spectrum: Spectrum | None = None
    measured: MeasuredVoltage | None = None


@dataclass
class DrawResult:
    """Result of drawing. files: description of each picture -> its file; failed: messages about
    missing pictures; full: no disk space for one."""

    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    full: bool = False


def write_drawing(path: Path, drawing: Drawing) -> None:
    """Raises OSError."""
    file = ArrayFile(path)
    file.json("about.json", {"format": FORMAT, "ended": to_plain(drawing.ended)})
    write_values(file, {"drawing": to_plain(drawing)})
    if error := file.finish():
        raise OSError(error)


def read_end(path: Path) -> End:
    """The kind of end of the run that these pictures show. Raises CheckpointError if the file is
    missing or damaged."""
    found: End = from_plain(End, read_about(path, FORMAT)["ended"])
    return found


def read_drawing(path: Path) -> Drawing:
    """Inverse of `write_drawing`. Raises CheckpointError if the file is missing or damaged."""
    read_about(path, FORMAT)
    with zipfile.ZipFile(path) as source:
        found: Drawing = from_plain(Drawing, read_values(source)["drawing"])
    return found


def draw(drawing: Drawing, folder: Path) -> DrawResult:
    """Draw all of them into the folder independently: if one fails, the others are still drawn."""
    drawn = DrawResult()
    for shows, name, action in _pictures(drawing, drawn.notes.append):
        path = folder / f"{name}.png"
        try:
            action(path)
        except OSError as error:
            drawn.full = True
            drawn.failed.append(f"{path.name}: {error.strerror or error}")
        except Exception as error:  # a drawing library may raise any error: the run and the other pictures are complete
            drawn.failed.append(": ".join([path.name, type(error).__name__, *str(error).strip().splitlines()[:1]]))
        else:
            if path.exists():  # a picture that this machine cannot draw is listed in the notes
                drawn.files[shows] = path
    return drawn


type Picture = tuple[str, str, Callable[[Path], object]]
"""Its description, its name, and the function that draws it."""


def _pictures(d: Drawing, note: Callable[[str], None]) -> Iterator[Picture]:
    from cellfem.output.nyquist import draw_nyquist
    from cellfem.output.overlay import draw_overlay

    rows = _rows(d.rows)
    if d.start is not None and d.end is not None:
        yield from _of_scenes(d, d.start, d.end, note)
        yield from _of_rows(d, d.end, rows)
    if (z := d.spectrum) is not None:
        yield "Nyquist plot", "nyquist", lambda path: draw_nyquist(path, z.frequency, z.impedance, z.circuit, d.title, z.below)
    if (measured := d.measured) is not None:
        yield "measured curve", "measured", lambda path: draw_overlay(path, rows, measured.curve, measured.comparison, d.title)


def _of_scenes(d: Drawing, start: Scene, end: Scene, note: Callable[[str], None]) -> Iterator[Picture]:
    from cellfem.output.pictures import draw_interface, draw_stack
    from cellfem.output.solid_picture import draw_maps, draw_solid

    def of_stack(path: Path) -> None:
        if d.solid:
            draw_solid(path, start, end, delta_um=d.delta_um, title=d.title, note=note)
        else:
            look: dict[str, Any] = {"delta_um": d.delta_um, "title": d.title, "axisymmetric": d.axisymmetric}
            draw_stack(path, start, end, relief=d.relief, note=note, **look)

    def of_interface(path: Path) -> None:
        if d.solid:
            draw_maps(path, start, end, delta_um=d.delta_um, title=d.title)
        else:
            draw_interface(path, start, end, delta_um=d.delta_um, title=d.title, axisymmetric=d.axisymmetric)

    yield "picture of the stack", "stack", of_stack
    yield "picture along the interface", "interface", of_interface
    if start.second is not None and end.second is not None:
        second = Scene(start.snapshot, start.second), Scene(end.snapshot, end.second)
        title = f"{d.title}, second electrode".removeprefix(", ")
        yield (
            "picture along the second interface",
            "interface-2",
            lambda path: draw_interface(path, *second, delta_um=d.delta_um, title=title, axisymmetric=d.axisymmetric),
        )


def _of_rows(d: Drawing, end: Scene, rows: list[dict[str, float]]) -> Iterator[Picture]:
    from cellfem.output.contact_loss_picture import draw_openings
    from cellfem.output.crack_picture import draw_cracks
    from cellfem.output.dendrite_picture import draw_dendrites
    from cellfem.output.pictures import draw_history

    look: dict[str, Any] = {"title": d.title, "axisymmetric": d.axisymmetric}
    ended = str(d.ended) if d.ended.kind == "stop" else ""
    yield (
        "curves",
        "history",
        lambda path: draw_history(
            path, rows, half_pressure_MPa=d.half_pressure_MPa, title=d.title, end=ended, axisymmetric=d.has_volume
        ),
    )
    if (tensest := d.tensest) is not None and not d.solid:
        yield "picture of LLZO's stress", "cracks", lambda path: draw_cracks(path, tensest.snapshot, rows, **look)
    if (openings := d.openings) is not None:
        yield "picture of where contact is lost", "opening", lambda path: draw_openings(path, openings, end.profile, **look)
    if (worst := d.worst) is not None and (last := d.last_plated) is not None and not d.solid:
        yield (
            "picture of dendrites",
            "dendrites",
            lambda path: draw_dendrites(path, worst, last, d.flaws, sampled=d.sampled_flaws, **look),
        )


def columns(rows: Sequence[dict[str, float]]) -> dict[str, Array]:
    """Rows of records.csv as columns."""
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]} if rows else {}


def _rows(found: dict[str, Array]) -> list[dict[str, float]]:
    return [dict(zip(found, values)) for values in zip(*(column.tolist() for column in found.values()))]
