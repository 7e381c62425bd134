"""Size of a stack in 3-D."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cellfem.geometry.stack import MeshError


@dataclass(frozen=True)
class Box:
    """Size of a stack in 3-D, µm: extents of Γ in x and y, thickness of lithium and electrolyte."""

    width: float
    depth: float
    lithium: float
    electrolyte: float


def check_sizes(box: Box, near: float, far: float) -> None:
    """Raises MeshError for sizes that allow no mesh: of the box, of the cells at Γ and far from it
    (µm)."""
    for name, value in (*vars(box).items(), ("near", near), ("far", far)):
        if not (math.isfinite(value) and value > 0):
            raise MeshError(f"{name} is {value}: it must be a positive length")
    if near > far or near > min(vars(box).values()):
        raise MeshError(f"near = {near:g} µm is larger than far = {far:g} µm or than the stack itself: make it smaller")
