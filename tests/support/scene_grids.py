"""Grids of a section, as a run writes them."""

import numpy as np

from cellfem.observe.arrays import Block

WIDTH, HEIGHT, VOID, THIN = 25.0, 20.0, 0.5, 0.08  # µm; the void at the left, a thin gap at the right


def gap(x: np.ndarray) -> np.ndarray:
    return np.where(x < 5.0, VOID, np.where(x > 20.0, THIN, 0.0))


def sheet(y: np.ndarray, lift: bool) -> Block:
    """Triangles over 0 < x < WIDTH and the heights y; lift: the lowest row follows the gap."""
    x = np.linspace(0.0, WIDTH, 26)
    X, Y = np.meshgrid(x, y)
    if lift:
        Y[0] = gap(x)
    points = np.column_stack([X.ravel(), Y.ravel(), np.zeros(X.size)])
    corner = (np.arange(len(y) - 1)[:, None] * 26 + np.arange(25)).ravel()
    cells = np.concatenate(
        [np.column_stack([corner, corner + 1, corner + 26]), np.column_stack([corner + 1, corner + 27, corner + 26])]
    )
    rate = 10.0 ** np.interp(points[:, 0], [0, WIDTH], [-8, -4])
    current = np.column_stack([np.zeros(len(points)), 0.5 + 0.02 * points[:, 0], np.zeros(len(points))])
    return Block(points, cells.astype(np.int64), 5, {"creep_rate_1_s": rate} if lift else {"current_density_mA_cm2": current})


def section(index: float) -> dict[str, Block]:
    x = np.linspace(0.0, WIDTH, 26)
    floor = np.column_stack([x, np.zeros(26), np.zeros(26)])
    lines = np.column_stack([np.arange(25), np.arange(1, 26)]).astype(np.int64)
    field = {"gap_um": gap(x), "dendrite_index": index * np.exp(-np.abs(x - 5.0))}
    open_ones = lines[(gap(x)[lines] > 0).all(axis=1)]
    both = np.concatenate([floor, floor + np.column_stack([0 * x, gap(x), 0 * x])])
    void = Block(both, np.column_stack([open_ones, open_ones[:, ::-1] + 26]), 9, {"gap_um": np.tile(gap(x), 2)})
    return {
        "lithium": sheet(np.linspace(0.0, HEIGHT, 9), True), "void": void, "LLZO": sheet(np.linspace(0.0, -HEIGHT, 9), False),
        "interface": Block(floor, lines, 3, field),
    }  # fmt: skip
