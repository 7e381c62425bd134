"""Rough faces that a case describes by numbers: made alike for its check and for its mesh."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cellfem.case.models import Case
from cellfem.case.roughness import Roughness
from cellfem.geometry import RoughFace, RoughnessError, maps, roughness
from cellfem.geometry.roughness import STEEPEST, Floats
from cellfem.geometry.voids import VoidShape, edges, gap_at, images
from cellfem.units import format_quantity

MOST_PLACES = 20_000
"""On a map that are looked at for its steepest one."""
LONGER = 1.25
"""Steps in which wavelengths are tried that make a face less steep."""


def law_of(rough: Roughness) -> roughness.SelfAffine:
    """The law of a random face."""
    return roughness.SelfAffine(rough.rms, rough.hurst, rough.roll_off, rough.cut_off, rough.seed)


def line_face(rough: Roughness, width: float, periodic: bool) -> RoughFace | None:
    """The face along a plane stack; None when flat, or measured. Raises RoughnessError."""
    match rough.kind:
        case "self-affine":
            return roughness.self_affine(law_of(rough), width, mirror=not periodic)
        case "grooves":
            return roughness.Grooves(rough.period, rough.depth, rough.shape)
        case "pores":
            return roughness.pores(rough.size, rough.depth, rough.share, width, rough.seed)
    return None


def map_face(rough: Roughness, width: float, depth: float, periodic: bool) -> maps.MapFace | None:
    """The face of a stack of dimension 3; None when flat, or measured. Raises RoughnessError."""
    match rough.kind:
        case "self-affine":
            make = maps.periodic_map if periodic else maps.self_affine_map
            return make(law_of(rough), width, depth)
        case "grooves":
            return maps.GrooveMap(roughness.Grooves(rough.period, rough.depth, rough.shape))
        case "pores":
            return maps.pore_map(rough.size, rough.depth, rough.share, width, depth, rough.seed)
    return None


@dataclass(frozen=True)
class _Place:
    """What beside the numbers of the face decides on its slope."""

    extents: tuple[float, ...]
    periodic: bool
    near: float  # mesh size, µm
    bricks: bool
    voids: tuple[VoidShape, ...]


def face_problems(case: Case, near: float) -> Iterator[str]:
    """A face that cannot be made, or is too steep for a height over Γ, with its numbers and what
    would do. near: mesh size."""
    rough = case.roughness
    for electrode in (1, 2) if case.stack.cell == "symmetric" else (1,):
        voids = tuple(
            VoidShape(v.center, v.half_width, v.depth, v.profile, center_y=v.center_y, half_width_y=v.half_width_y)
            for v in case.void
            if v.electrode == electrode
        )
        where = _Place(case.stack.extents, case.stack.periodic, near, case.mesh.cells == "bricks", voids)
        try:
            slope = _steepest(rough, where)
        except RoughnessError as error:
            yield f"roughness: {error}"
            return
        if slope > STEEPEST:
            yield (
                f"roughness.{'rms' if rough.kind == 'self-affine' else 'depth'}: {_numbers(rough)} give the face"
                f"{', with the voids over it,' if voids else ''} slopes up to {slope:.3g}; the surface of lithium is a height "
                f"over the interface, with slopes up to 1: {_remedy(rough, where, slope)}"
            )
            return


def _numbers(rough: Roughness) -> str:
    """The keys that decide on the slope, with their values."""
    um = {key: _um(getattr(rough, key)) for key in ("rms", "roll_off", "cut_off", "depth", "period", "size")}
    match rough.kind:
        case "self-affine":
            others = f"hurst {rough.hurst:g}, seed {rough.seed}"
            return f"rms {um['rms']}, roll_off {um['roll_off']} and cut_off {um['cut_off']} ({others})"
        case "grooves":
            return f'depth {um["depth"]} and period {um["period"]} of shape "{rough.shape}"'
    return f"depth {um['depth']} and size {um['size']}"


def _remedy(rough: Roughness, where: _Place, slope: float) -> str:
    if rough.kind != "self-affine":
        return (
            f"make depth at most {_um(_down(rough.depth / slope))}, or {'period' if rough.kind == 'grooves' else 'size'} longer"
        )
    most = f"make rms at most {_um(_down(rough.rms / slope))}"
    longest = min(where.extents) * (1 if where.periodic else 2)
    for factor in (LONGER**k for k in range(1, 40)):
        waves = {"cut_off": _up(rough.cut_off * factor), "roll_off": _up(rough.roll_off * factor)}
        if waves["cut_off"] > longest / 2:
            break
        if _steepest(rough.unchecked(**waves), where) <= STEEPEST:
            return (
                f"{most}, or the waves longer, for example cut_off {_um(waves['cut_off'])} with roll_off {_um(waves['roll_off'])}"
            )
    return f"{most}, or the stack wider and the waves longer"


@lru_cache(maxsize=64)
def _steepest(rough: Roughness, where: _Place) -> float:
    """Largest slope of the gap at the start, as meshes are checked for it. Raises
    RoughnessError."""
    if len(where.extents) == 2:
        return _steepest_of_map(rough, where)
    (width,) = where.extents
    face = line_face(rough, width, where.periodic)
    if face is None:
        return 0.0
    fine, heights = roughness.sampled(face, width)
    voids = tuple(images(where.voids, where.extents if where.periodic else ()))
    nodes = np.union1d(np.linspace(0.0, width, max(1, round(width / where.near)) + 1), edges(voids, width))
    gap = np.interp(fine, nodes, gap_at(nodes[:, None], voids))
    return float((np.abs(np.diff(gap - heights)) / np.diff(fine)).max())


def _steepest_of_map(rough: Roughness, where: _Place) -> float:
    """Over a step of the mesh, along both axes; of a free mesh, whose edges lie any way, along the
    slope."""
    width, depth = where.extents
    face = map_face(rough, width, depth, where.periodic)
    if face is None:
        return 0.0
    counts = [max(1, round(size / where.near)) for size in where.extents]
    thinned = max(1, math.ceil(math.sqrt(math.prod(counts) / MOST_PLACES)))
    steps = [size / count for size, count in zip(where.extents, counts)]
    along = [step * np.arange(0, count + 1, thinned) for step, count in zip(steps, counts)]
    places = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, 2)
    voids = tuple(images(where.voids, where.extents if where.periodic else ()))

    def gap(at: Floats) -> Floats:
        return gap_at(at, voids) - face.heights(at)

    here = gap(places)
    slopes = [np.abs(gap(places + step * np.eye(2)[axis]) - here) / step for axis, step in enumerate(steps)]
    return float((np.maximum(*slopes) if where.bricks else np.hypot(*slopes)).max())


def _down(value: float) -> float:
    """Two digits, rounded down."""
    scale = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.floor(value / scale) * scale:.2g}")


def _up(value: float) -> float:
    """Two digits, rounded up."""
    scale = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / scale - 1e-9) * scale:.2g}")


def _um(value: float) -> str:
    return format_quantity(value, "um")
