"""Measured faces: heights along a line or over a map, read by `heights`, are levelled, cropped and
turned into a face along Γ."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellfem.geometry.roughness import Floats, RoughnessError, Statistics, Waves, moments, waves_through

Tilt = Literal["mean", "plane", "curvature"]
Switches = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MeasuredHeights:
    """Heights (nx,) of a line or (nx, ny) of a map, at x (nx,) and y (ny,), all in µm; y is empty
    for a line. No nan.

    known: which heights were measured, in the same shape; the others are interpolated along x.
    None: all of them, or no longer known. about: description of what was read.
    """

    x: Floats
    y: Floats
    heights: Floats
    known: Switches | None = None
    about: str = ""

    @property
    def undefined(self) -> float:
        """Share of the points that were not measured."""
        return 0.0 if self.known is None else float(1 - self.known.mean())

    @property
    def is_map(self) -> bool:
        return self.heights.ndim == 2

    @property
    def length(self) -> float:
        """Extent in x, µm."""
        return float(self.x[-1] - self.x[0])

    @property
    def spacing(self) -> float:
        """Mean distance of the points in x, µm."""
        return self.length / (len(self.x) - 1)

    @property
    def size(self) -> str:
        """Number of points and extent, as text."""
        if not self.is_map:
            return f"profile of {len(self.x)} points, {self.length:.4g} µm"
        across = float(self.y[-1] - self.y[0])
        return f"map of {len(self.x)} × {len(self.y)} points, {self.length:.4g} × {across:.4g} µm"


def filled(x: Floats, y: Floats, heights: Floats, about: str = "") -> MeasuredHeights:
    """The surface with heights (nx,) or (nx, ny) in µm; points without a measurement are nan and
    are interpolated along x.

    Raises RoughnessError if x does not increase, or a whole line is missing.
    """
    if len(x) < 3 or not np.all(np.diff(x) > 0):
        raise RoughnessError("needs at least three points with increasing coordinates")
    known = np.isfinite(heights)
    rows, measured = heights.reshape(len(x), -1).copy(), known.reshape(len(x), -1)
    if not measured.any(axis=0).all():
        raise RoughnessError("has lines along x without a single measured point: crop it or interpolate it first")
    for j in np.flatnonzero(~measured.all(axis=0)):
        have = measured[:, j]
        rows[~have, j] = np.interp(x[~have], x[have], rows[have, j])
    return MeasuredHeights(x - x[0], y, rows.reshape(heights.shape), None if known.all() else known, about)


def statistics_of(surface: MeasuredHeights, offset: float, length: float, depth: float | None = None) -> Statistics:
    """Statistics of all measured points with offset ≤ x ≤ offset + length (for a map also y ≤
    depth, µm); slopes along x."""
    inside = (surface.x >= offset - 1e-9) & (surface.x <= offset + length + 1e-9)
    along = surface.y <= (np.inf if depth is None else depth) + 1e-9
    heights = surface.heights.reshape(len(surface.x), -1)
    known = np.ones(heights.shape, dtype=bool) if surface.known is None else surface.known.reshape(heights.shape)
    if surface.is_map:
        heights, known = heights[:, along], known[:, along]
    heights, known, x = heights[inside], known[inside], surface.x[inside]
    slopes = (np.diff(heights, axis=0) / np.diff(x)[:, None])[known[1:] & known[:-1]]
    return moments(heights[known], slopes, length)


def levelled(surface: MeasuredHeights, tilt: Tilt) -> MeasuredHeights:
    """Subtract the mean, the mean plane, or a second-order polynomial, by least squares over the
    measured points."""
    order = {"mean": 0, "plane": 1, "curvature": 2}[tilt]
    u = surface.x / surface.length
    terms = [u**k for k in range(order + 1)]
    if surface.is_map:
        v = surface.y / surface.y[-1]
        terms = [np.outer(u**j, v**k).ravel() for j in range(order + 1) for k in range(order + 1 - j)]
    A = np.stack([term.ravel() for term in terms], axis=1)
    flat = surface.heights.ravel()
    told = np.s_[:] if surface.known is None else surface.known.ravel()
    fit, *_ = np.linalg.lstsq(A[told], flat[told], rcond=None)
    return replace(surface, heights=(flat - A @ fit).reshape(surface.heights.shape))


def cropped(surface: MeasuredHeights, offset: float, length: float) -> MeasuredHeights:
    """The part offset ≤ x ≤ offset + length (µm), with points at both ends. Raises RoughnessError
    if the measurement is too short."""
    end = offset + length
    if end > surface.length * (1 + 1e-9):
        raise RoughnessError(
            f"the measurement is {surface.length:.4g} µm long and ends before {end:.4g} µm: "
            "make stack.width or roughness.offset smaller"
        )
    inner = surface.x[(surface.x > offset * (1 + 1e-12)) & (surface.x < end * (1 - 1e-12))]
    x = np.concatenate([[offset], inner, [end]])
    return replace(surface, x=x - offset, heights=_at(surface, x), known=None)


def line_of(surface: MeasuredHeights, y: float | None = None) -> MeasuredHeights:
    """The profile of a map along x at y (µm; in the middle by default), by linear interpolation
    between rows; a line is returned unchanged."""
    if not surface.is_map:
        return surface
    where = float(surface.y[-1]) / 2 if y is None else y
    if not 0 <= where <= surface.y[-1] * (1 + 1e-9):
        raise RoughnessError(f"the map extends from y = 0 to {surface.y[-1]:.4g} µm: the line at {where:.4g} µm is outside")
    k = int(np.clip(np.searchsorted(surface.y, where) - 1, 0, len(surface.y) - 2))
    share = (where - surface.y[k]) / (surface.y[k + 1] - surface.y[k])
    heights = (1 - share) * surface.heights[:, k] + share * surface.heights[:, k + 1]
    return replace(surface, y=np.empty(0), heights=heights, known=None)


def resampled(line: MeasuredHeights, count: int) -> MeasuredHeights:
    """Heights at `count` equal distances in x from end to end, by linear interpolation."""
    x = np.linspace(0.0, line.length, count)
    return replace(line, x=x, heights=_at(line, x), known=None)


def measured_face(line: MeasuredHeights, cut_off: float) -> Waves:
    """The face along Γ given by a line, continued by mirror images at its ends, without wavelengths
    shorter than `cut_off` (µm)."""
    count = max(math.ceil(line.length / float(np.median(np.diff(line.x)))), math.ceil(8 * line.length / cut_off)) + 1
    return waves_through(resampled(line, count).heights, line.length, cut_off)


def _at(surface: MeasuredHeights, x: Floats) -> Floats:
    if not surface.is_map:
        return np.interp(x, surface.x, surface.heights)
    return np.stack([np.interp(x, surface.x, column) for column in surface.heights.T], axis=1)
