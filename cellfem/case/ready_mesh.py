"""Ready meshes: their sizes replace those that a case leaves out, and must agree with those that it
gives.

The case needs no other knowledge of meshes; `geometry` is imported only if a case names a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from cellfem.case.settings import MeshUnit
from cellfem.units import QuantityError, format_quantity, parse_quantity

if TYPE_CHECKING:
    from cellfem.case.models import Case

ALIKE = 1e-3
"""Relative tolerance for the sizes of case and mesh, because sizes are rounded."""
DIGITS = 9
"""Significant digits of sizes taken from a mesh."""
LARGEST, SMALLEST = 1e5, 0.5
"""Range of plausible sizes in µm; outside it the unit must be another."""
ABOUT = 5.0
"""Factor of agreement with the case's sizes by which another unit is recognised."""
COARSER = 1.25
"""Factor by which a mesh may be coarser than `mesh.near` without a warning."""
SAME = 0.01
"""Relative tolerance of the depth by which a void of the mesh is recognised as that of the case."""
UNIT_NAMES = {"m": "metres", "mm": "millimetres", "um": "micrometres", "nm": "nanometres"}


@dataclass(frozen=True)
class ReadyMesh:
    """Data of a ready mesh for the checks, in µm. near: largest distance of neighbours along Γ;
    gap_x, gap: at its nodes; slope: largest slope of the gap; apart: share of Γ where the faces are
    apart; notes: parts of the file that are not used."""

    width: float
    lithium: float
    electrolyte: float
    near: float
    slope: float
    apart: float
    gap_x: tuple[float, ...]
    gap: tuple[float, ...]
    notes: tuple[str, ...]

    @property
    def depth(self) -> float:
        """Depth of its own void, µm."""
        return _rounded(max(self.gap))


def read_ready(path: str, unit: str) -> ReadyMesh:
    """Raises MeshError."""
    about = Path(path).stat()
    return _read(path, unit, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=8)
def _read(path: str, unit: str, changed: int, size: int) -> ReadyMesh:
    import numpy as np

    from cellfem.geometry.files import read_with_notes

    stack, notes = read_with_notes(path, unit)
    along = np.diff(stack.gap_x)
    together = (stack.gap[:-1] == 0) & (stack.gap[1:] == 0)
    return ReadyMesh(
        _rounded(stack.width),
        _rounded(stack.lithium_thickness),
        _rounded(stack.electrolyte_thickness),
        _rounded(along.max()),
        _rounded(np.abs(np.diff(stack.gap) / along).max()),
        _rounded(1 - along[together].sum() / stack.width),
        tuple(stack.gap_x.tolist()),
        tuple(stack.gap.tolist()),
        notes,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def ready_of(case: Case) -> ReadyMesh | None:
    """The ready mesh of a case; None if it has none, or one that cannot be read (`with_sizes` has
    reported it)."""
    if not isinstance(case.mesh.file, str) or case.stack.dimension != 2 or not os.path.isfile(case.mesh.file):
        return None
    from cellfem.geometry import MeshError

    try:
        return read_ready(case.mesh.file, case.mesh.unit if isinstance(case.mesh.unit, str) else "um")
    except (MeshError, OSError):
        return None


def near_of(case: Case) -> float:
    """Mesh size along Γ, µm: `mesh.near`, or that of the ready mesh."""
    ready = ready_of(case)
    return case.mesh.near if ready is None else ready.near


def near_words(case: Case) -> str:
    """The key that gives this size, with its value, for messages."""
    if case.mesh.file is None:
        return f"mesh.near: {_um(case.mesh.near)}"
    return f"mesh.file: a distance of up to {_um(float(f'{near_of(case):.3g}'))} between its nodes on the interface"


# --- before the case is checked


def with_sizes(data: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A case's tables with the sizes of its ready mesh, and the errors in these: reported before
    the other checks, which then use the sizes. A size that the case gives must agree with the mesh.
    Paths must be relative to the working folder.
    """
    mesh, stack = _table(data, "mesh"), _table(data, "stack")
    path, unit = mesh.get("file"), mesh.get("unit", "um")
    if not isinstance(path, str) or not os.path.isfile(path) or stack.get("dimension", 2) != 2 or unit not in get_args(MeshUnit):
        return data, []
    from cellfem.geometry import MeshError

    try:
        ready = read_ready(path, unit)
    except (MeshError, OSError) as error:
        return data, [f"mesh.file: {error}"]
    halves = 2 if stack.get("cell") == "symmetric" else 1
    found = {
        ("stack", "width"): ready.width,
        ("lithium", "thickness"): ready.lithium,
        ("electrolyte", "thickness"): halves * ready.electrolyte,
    }
    given = {key: value for key in found if (value := _given(_table(data, key[0]).get(key[1]))) is not None}
    contrary = [key for key, value in given.items() if abs(value - found[key]) > ALIKE * value]
    if drawn := _other_unit(found, {key: given[key] for key in contrary}, unit, "unit" in mesh):
        sizes = f"{ready.width:.3g} um wide, {ready.lithium:.3g} um of lithium on {ready.electrolyte:.3g} um of LLZO"
        told = f'mesh.file: {path}: as read it is {sizes}: drawn in {UNIT_NAMES[drawn]}? Write mesh.unit = "{drawn}"'
        changed, more = with_sizes(data | {"mesh": mesh | {"unit": drawn}})
        return changed, [told, *more]
    errors = [_contrary(key, given[key], found[key], halves) for key in contrary]
    for (table, key), value in found.items():
        data = data | {table: _table(data, table) | {key: _um(value)}}
    if "near" not in mesh:
        data = data | {"mesh": _table(data, "mesh") | {"near": _um(ready.near)}}
    return data, errors


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name, {})
    return table if isinstance(table, dict) else {}


def _given(value: object) -> float | None:
    try:
        return None if value is None else parse_quantity(value, "um")
    except QuantityError:  # reported by the case's own check
        return None


def _other_unit(found: dict[tuple[str, str], float], contrary: dict[tuple[str, str], float], unit: str, said: bool) -> str | None:
    """The unit in which the mesh seems to be drawn, None if that is `unit`."""
    from cellfem.geometry.files import UNITS

    others = {name: UNITS[name] / UNITS[unit] for name in UNITS if name != unit}
    if contrary:
        for name, factor in others.items():
            if all(1 / ABOUT < factor * found[key] / value < ABOUT for key, value in contrary.items()):
                return name
    largest = max(found.values())
    if said or SMALLEST < largest <= LARGEST:
        return None
    return "nm" if largest > LARGEST else "m" if largest < SMALLEST / 1e3 else "mm"


def _contrary(key: tuple[str, str], given: float, found: float, halves: int) -> str:
    name, drawn = ".".join(key), float(f"{found:.6g}")
    told = {
        "stack.width": f"the mesh is {_um(drawn)} wide",
        "lithium.thickness": f"the mesh has {_um(drawn)} of lithium",
        "electrolyte.thickness": f"the mesh has {_um(drawn)} of LLZO"
        if halves == 1
        else f"the mesh, which is the upper half of a symmetric cell, has {_um(drawn / 2)} of LLZO, half of {_um(drawn)}",
    }[name]
    return f'{name}: the case says {_um(given)}, but {told}; write "{_um(drawn)}", or leave it out to take that of the mesh'


# --- checks


def ready_problems(case: Case) -> Iterator[str]:
    """Errors in the void of a ready mesh."""
    ready = ready_of(case)
    if ready is None or ready.depth == 0 or case.void:
        return
    if case.interface.contact == "bonded":
        yield 'mesh.file: it has a void, and interface.contact = "bonded" has no gap; draw none, or write contact = "asperity"'
    if ready.apart >= 1:
        yield "mesh.file: its void takes the whole width and leaves nothing in contact; draw it narrower"
    if ready.depth > ready.lithium / 2:
        yield (
            f"mesh.file: its void is {_um(ready.depth)} deep, more than half of the lithium's {_um(ready.lithium)}; "
            "draw it shallower or the lithium thicker"
        )
    if ready.slope > 1:
        yield (
            f"mesh.file: the lithium's surface over its void has a slope of {ready.slope:.3g}; it is a height over the "
            "interface, with slopes up to 1: draw the void shallower or wider"
        )


def ready_warnings(case: Case) -> Iterator[str]:
    """Parts of a ready mesh, or of the case that names it, that are not used."""
    ready = ready_of(case)
    if ready is None:
        return
    for note in ready.notes:
        yield f"mesh.file: {note}"
    if ready.near > COARSER * case.mesh.near:
        yield (
            f"mesh.near: {_um(case.mesh.near)} is not used with mesh.file: the mesh is as drawn, with up to "
            f"{_um(float(f'{ready.near:.3g}'))} between its nodes on the interface"
        )
    if ready.depth > 0 and case.void and not _is_the_same(case, ready):
        yield (
            f"void: [[void]] replaces the void that is drawn in mesh.file, {_um(float(f'{ready.depth:.3g}'))} deep; "
            "leave one of them out"
        )


def _is_the_same(case: Case, ready: ReadyMesh) -> bool:
    """Whether the mesh contains the voids of the case, as one written by `cellfem mesh` does."""
    import numpy as np

    from cellfem.geometry.voids import VoidShape, gap_profile, images

    voids = [VoidShape(v.center, v.half_width, v.depth, v.profile) for v in case.void if v.electrode == 1]
    gap = gap_profile(np.array(ready.gap_x), images(voids, (ready.width,) if case.stack.periodic else ()))
    return float(np.abs(gap - ready.gap).max()) < SAME * ready.depth


def _um(value: float) -> str:
    return format_quantity(value, "um")
