"""A moment of a run as pictures show it, from the field files in its folder."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellfem.observe.arrays import Array, Block, Profile, Snapshot
from cellfem.output.scenes import Scene
from cellfem.scene.files import FieldFiles, SceneError

ON_GAMMA = (
    *("gap_um", "contact", "carrying", "current_mA_cm2", "overpotential_mV", "contact_pressure_MPa", "porosity"),
    "asr_ohm_cm2",
)
"""Fields that a profile holds."""
SHOWN = {"lithium": ("creep_rate_1_s",), "LLZO": ("current_density_mA_cm2",)}
"""What the picture of a stack shows of its bodies."""


def scene_at(files: FieldFiles, time: float, axisymmetric: bool = False) -> Scene:
    """Stack and profiles at an output of the run. Raises SceneError where output.fields has left
    out what is shown."""
    grids = files.read(time)
    blocks = {part: block_of(grid) for part, grid in grids.items()}
    for part, names in SHOWN.items():
        _demand(part, names, blocks[part].point_data)
    first, *second = profiles_of(grids["interface"], axisymmetric)
    return Scene(Snapshot(time, blocks), first, second[0] if second else None)


def profiles_of(grid: Any, axisymmetric: bool = False) -> list[Profile]:
    """Of each electrode along Γ, from the block "interface". Raises SceneError.

    Nodes that several ranks have written stand once. Weights are those of linear elements, ∫φ dA on
    the flat Γ: µm in plane strain, µm² when axisymmetric (2πr) and in 3-D.
    """
    block = block_of(grid)
    _demand("interface", ON_GAMMA, block.point_data)
    solid = block.cells.shape[1] > 2
    up = 2 if solid else 1
    heights = np.round(block.points[:, up], 6)
    return [_profile(block, np.flatnonzero(heights == at), solid, axisymmetric) for at in sorted(set(heights), reverse=True)]


def block_of(grid: Any) -> Block:
    """A pyvista grid of cells of one kind as arrays."""
    kinds = grid.cells_dict
    kind, cells = next(iter(kinds.items())) if kinds else (0, np.zeros((0, 0), dtype=np.int64))
    data = {name: np.asarray(grid.point_data[name], dtype=np.float64) for name in grid.point_data}
    return Block(np.asarray(grid.points, dtype=np.float64), np.asarray(cells, dtype=np.int64), int(kind), data)


def _demand(part: str, names: tuple[str, ...], there: dict[str, Array]) -> None:
    if missing := [name for name in names if name not in there]:
        raise SceneError(f"{part}: the run wrote no {', '.join(missing)}; add them to output.fields and run it anew")


def _profile(block: Block, rows: Any, solid: bool, axisymmetric: bool) -> Profile:
    places = np.round(block.points[rows][:, : 2 if solid else 1], 9)
    at, first, number = np.unique(places, axis=0, return_index=True, return_inverse=True)
    of_row = np.full(len(block.points), -1)
    of_row[rows] = number.ravel()
    cells = of_row[block.cells]
    cells = cells[(cells >= 0).all(axis=1)]
    cells = cells[np.unique(np.sort(cells, axis=1), axis=0, return_index=True)[1]]
    values = {name: block.point_data[name][rows][first] for name in ON_GAMMA}
    weight = np.zeros(len(at))
    np.add.at(weight, cells, _areas(at[cells], axisymmetric))
    return Profile(at[:, 0], weight, **values, y_um=at[:, 1] if solid else None, facets=cells if solid else None)


def _areas(corners: Array, axisymmetric: bool) -> Array:
    """∫φ dA of each corner (K, n) of facets (K, n, axes)."""
    if corners.shape[2] == 1:
        x = corners[..., 0]
        length = np.abs(x[:, 1] - x[:, 0])[:, None]
        return np.asarray(2 * np.pi * length * (x + x.sum(axis=1, keepdims=True)) / 6 if axisymmetric else length / 2 + 0 * x)
    x, y = corners[..., 0], corners[..., 1]
    area = 0.5 * np.abs(np.sum(x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1), axis=1))
    return np.asarray(np.broadcast_to(area[:, None] / x.shape[1], x.shape))
