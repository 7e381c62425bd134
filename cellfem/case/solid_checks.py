"""Checks of keys that only a stack of dimension 3 has, or cannot have (see `checks`)."""

from collections.abc import Iterator

from cellfem.case.interface import Spot
from cellfem.case.models import Case
from cellfem.units import format_quantity

ROUND_OFF = 1e-9
"""Relative to the size of the stack."""


def _um(value: float) -> str:
    return format_quantity(value, "um")


def stack_problems(case: Case) -> Iterator[str]:
    """Keys that are incompatible with the dimension of the stack."""
    stack, solid = case.stack, case.stack.dimension == 3
    if solid and stack.symmetry == "axisymmetric":
        yield 'stack.symmetry: a stack of dimension 3 has no axis; write symmetry = "plane", or dimension = 2'
    if case.mesh.cells == "bricks" and case.numerics.porosity_degree == 2:
        yield 'numerics.porosity_degree: 2 is for simplices; write 1, or mesh.cells = "simplices"'
    if stack.dimension == 2 and stack.depth is not None:
        yield "stack.depth: a stack of dimension 2 has no depth; remove it, or write dimension = 3"
    if solid and case.mesh.file is not None:
        yield "mesh.file: ready meshes are read in dimension 2 only; remove it, or write stack.dimension = 2"
    for name, spots in (("void", case.void), ("patch", case.patch)):
        for k, spot in enumerate(spots):
            for key in ("center_y", "half_width_y"):
                if not solid and getattr(spot, key) is not None:
                    yield f"{name}.{k}.{key}: a stack of dimension 2 has no y; remove it, or write stack.dimension = 3"
            if solid and spot.half_width_y is not None and spot.center_y is None:
                yield f"{name}.{k}.half_width_y: needs center_y; without it the spot is a strip along the whole depth"
    if case.numerics.linear == "iterative" and case.interface.contact == "bonded":
        yield 'numerics.linear: a bonded stack has no gap to eliminate and is factored; write "auto", or contact = "asperity"'
    if solid and case.roughness.kind == "pores":
        for key, size in zip(("width", "depth"), stack.extents, strict=False):
            if case.roughness.size >= size:
                yield f"roughness.size: {_um(case.roughness.size)} is no less than stack.{key}, {_um(size)}; make it smaller"


def spots_outside(case: Case, name: str, spots: tuple[Spot, ...]) -> Iterator[str]:
    """Spots beyond the sides of the stack, unless they are centred on a side, where the mirror
    plane cuts them in half."""
    for k, spot in enumerate(spots):
        places = [("x", spot.center, spot.half_width), ("y", spot.center_y, spot.half_width_y or spot.half_width)]
        for (axis, center, half), size in zip(places, case.stack.extents, strict=False):
            if center is None:
                continue
            low, high = (0.0 if center == 0 else center - half), (size if center == size else center + half)
            if low < -ROUND_OFF * size or high > size * (1 + ROUND_OFF):
                yield (
                    f"{name}.{k}: reaches from {axis} = {_um(low)} to {_um(high)}, outside the stack from 0 um to {_um(size)}; "
                    "move it, make it smaller or the stack larger"
                )
