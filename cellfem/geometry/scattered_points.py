"""Points x, y, z on a grid, in any order and with holes: sorted into a map, or refused."""

import numpy as np

from cellfem.geometry.roughness import Floats, RoughnessError

SAME = 0.1
"""Tolerance of the points' positions relative to the grid step."""
FULL = 0.5
"""Smallest share of a grid that its points must fill."""
SCATTERED = (
    "has points x, y, z that are not on a grid with equal distances along x and along y: interpolate them onto one, "
    "with Gwyddion for example, and save that"
)


def gridded(x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """(x (nx,), y (ny,), heights (nx, ny), nan without a point) of points (N,) at equal distances
    along x and along y.

    Points at a single y (or x): a line, with y empty and heights (nx,). Raises RoughnessError if
    they are not on such a grid.
    """
    order = np.lexsort((x, y))
    if not np.ptp(y) > 1e-9 * max(np.ptp(x), 1e-300):
        return x[order], np.empty(0), z[order]
    if not np.ptp(x) > 1e-9 * np.ptp(y):
        order = np.argsort(y, kind="stable")
        return y[order], np.empty(0), z[order]
    at_x, columns = _grid(x)
    at_y, rows = _grid(y)
    count = len(at_x) * len(at_y)
    if len(x) < FULL * count:
        raise RoughnessError(SCATTERED)
    cell = columns * len(at_y) + rows
    if len(np.unique(cell)) < len(cell):
        raise RoughnessError("has more than one point x, y, z at the same place: keep one of them")
    heights = np.full(count, np.nan)
    heights[cell] = z
    return at_x, at_y, heights.reshape(len(at_x), len(at_y))


def looks_like_points(table: Floats) -> bool:
    """Whether the first two columns of (N, M) are coordinates on a grid that the rows fill: x, y, z
    and more columns, not a map."""
    x, y = table[:, 0], table[:, 1]
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.ptp(x) > 0 and np.ptp(y) > 0):
        return False
    try:
        (at_x, columns), (at_y, rows) = _grid(x), _grid(y)
    except RoughnessError:
        return False
    cell = columns * len(at_y) + rows
    return min(len(at_x), len(at_y)) > 1 and len(x) >= FULL * len(at_x) * len(at_y) and len(np.unique(cell)) == len(cell)


def _grid(places: Floats) -> tuple[Floats, np.ndarray]:
    """The grid of equal distances that fits the coordinates (N,), and the index of each of them.
    Raises RoughnessError."""
    ordered = np.sort(places)
    steps = np.diff(ordered)
    step = float(np.median(steps[steps > 0.3 * steps.max()]))
    first = np.concatenate([[True], steps > 0.5 * step])
    groups = np.cumsum(first) - 1
    centres = np.bincount(groups, ordered) / np.bincount(groups)
    if len(centres) < 2:
        return centres, np.zeros(len(places), dtype=np.int64)
    gaps = np.diff(centres)
    step = float(np.median(gaps[gaps < 1.5 * gaps.min()]))
    count = round(float(centres[-1] - centres[0]) / step)
    if count > len(places) / FULL:
        raise RoughnessError(SCATTERED)
    step = float(centres[-1] - centres[0]) / count
    number = np.rint((places - centres[0]) / step).astype(np.int64)
    off = float(np.abs(places - centres[0] - step * number).max())
    if off > SAME * step:
        raise RoughnessError(SCATTERED)
    return centres[0] + step * np.arange(count + 1), number
