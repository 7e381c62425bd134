"""Checks of rough faces (see `checks`)."""

import math
from collections.abc import Iterator

from cellfem.case.models import Case
from cellfem.case.ready_mesh import near_of, near_words
from cellfem.units import format_quantity

ROUND_OFF = 1e-9
"""Relative to the shortest wavelength."""


def _um(value: float) -> str:
    return format_quantity(value, "um")


def roughness_problems(case: Case) -> Iterator[str]:
    """Errors in the keys of a rough face, and if there are none, in the resulting face."""
    found = list(_keys(case))
    yield from found
    if not found and case.roughness.kind in ("self-affine", "grooves", "pores") and _is_whole(case):
        from cellfem.case.faces import face_problems  # imports numpy and scipy

        yield from face_problems(case, near_of(case))


def _is_whole(case: Case) -> bool:
    """Whether all values on which the face depends have passed their own checks."""
    rough = case.roughness
    numbers = [
        rough.rms,
        rough.hurst,
        rough.roll_off,
        rough.cut_off,
        rough.period,
        rough.depth,
        rough.size,
        rough.share,
        rough.seed,
    ]
    numbers += [*case.stack.extents, near_of(case)]
    numbers += [value for v in case.void for value in (v.center, v.half_width, v.depth)]
    choices = [rough.shape, case.stack.sides, case.stack.cell, case.mesh.cells, *(v.profile for v in case.void)]
    return all(math.isfinite(number) for number in numbers) and all(isinstance(choice, str) for choice in choices)


def _keys(case: Case) -> Iterator[str]:
    rough, width, near = case.roughness, case.stack.width, near_of(case)
    if rough.kind not in ("self-affine", "file", "grooves", "pores"):
        return
    if case.interface.contact == "bonded":
        yield (
            'roughness.kind: interface.contact = "bonded" has no gap and so no rough face; '
            'write kind = "none", or contact = "asperity"'
        )
    if rough.kind == "file" and rough.file is None:
        yield 'roughness.file: is missing, kind = "file" needs it; write for example file = "face.txt"'
    key = {"self-affine": "cut_off", "file": "cut_off", "pores": "size", "grooves": "period"}[rough.kind]
    wave = getattr(rough, key)
    length = wave / 2 if key == "period" and rough.shape == "trapezoid" else wave
    if near > length / 4 * (1 + ROUND_OFF):
        yield (
            f"{near_words(case)} is more than a quarter of the shortest wavelength of the rough face, {_um(length)}; "
            f"make {'it' if case.mesh.file else 'near'} at most {_um(length / 4)}, or roughness.{key} longer"
        )
    if rough.kind == "self-affine" and rough.roll_off < rough.cut_off:
        yield (
            f"roughness.roll_off: {_um(rough.roll_off)} is shorter than roughness.cut_off, {_um(rough.cut_off)}; "
            "make it longer or the cut-off shorter"
        )
    periodic = case.stack.periodic
    period, of_width, part = (width, "", "") if periodic else (2 * width, "twice ", "half of ")
    if rough.kind in ("self-affine", "file") and rough.cut_off > period:
        yield (
            f"roughness.cut_off: {_um(rough.cut_off)} is more than {of_width}stack.width, {_um(width)}: no wavelength is left; "
            "make it shorter"
        )
    fit = period / rough.period
    if rough.kind == "grooves" and (fit < 0.5 or abs(math.sin(math.pi * fit)) > 1e-6):
        near_by = _um(float(f"{period / max(round(fit), 1):.6g}"))
        yield (
            f"roughness.period: stack.width, {_um(width)}, is not a multiple of {part}{_um(rough.period)}, as "
            f'{"periodic sides" if periodic else "the mirror planes at both sides"} need; write for example period = "{near_by}"'
        )
    if rough.depth > case.lithium.thickness / 2 and rough.kind in ("grooves", "pores"):
        yield (
            f"roughness.depth: {_um(rough.depth)} is more than half of lithium.thickness, {_um(case.lithium.thickness)}; "
            "make it shallower or the lithium thicker"
        )
