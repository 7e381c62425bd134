"""Rough faces of the electrolyte: random, grooved, with pores or given by waves; their statistics,
and the gap.

Heights are positive towards the lithium. The faces are symmetric about the mirror planes x = 0 and
x = width (half a period), or periodic over the width. The model uses the gap that a face leaves
below flat lithium that rests on its highest asperity.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import ArrayLike, NDArray

from cellfem.geometry.stack import MeshError, StackMesh, with_gap

Floats = NDArray[np.float64]
Shape = Literal["sine", "triangle", "trapezoid"]

SAMPLES = 64
"""Points per shortest wavelength at which a face is sampled for its statistics."""


NODES = 4
"""Nodes of Γ required per shortest wavelength of a face."""
SPACING_TOLERANCE = 0.1
"""Factor by which a mesh may be coarser than its `near`."""
STEEPEST = 1.0
"""Largest slope at which the surface is a height over Γ."""


class RoughnessError(MeshError):
    """The face cannot be made; the text gives reason and remedy."""


class RoughFace(Protocol):
    """Heights along Γ."""

    @property
    def shortest(self) -> float:
        """Shortest wavelength or feature, µm: it must have at least four mesh nodes."""

    def heights(self, x: ArrayLike) -> Floats:
        """Heights at x (µm), µm, > 0 towards the lithium, up to a constant."""


@dataclass(frozen=True)
class SelfAffine:
    """Law of a random face: the power spectral density C(κ) of a profile is constant up to
    2π/roll_off, falls as κ^-(1+2H), and ends at 2π/cut_off.

    rms: root mean square of the heights; roll_off ≥ cut_off: wavelengths; all in µm. hurst: H, 0 <
    H ≤ 1. seed ≥ 0.
    """

    rms: float
    hurst: float
    roll_off: float
    cut_off: float
    seed: int

    def spectrum(self, wave_number: ArrayLike, spacing: float) -> Floats:
        """Expected C(κ) in µm³ of a face whose wave numbers are multiples of `spacing` (1/µm)."""
        every = np.arange(1, math.floor(2 * np.pi / self.cut_off / spacing * (1 + 1e-9)) + 1) * spacing
        return np.asarray(self.rms**2 / (spacing * self.power(every).sum()) * self.power(wave_number), dtype=np.float64)

    def power(self, wave_number: ArrayLike) -> Floats:
        """C(κ) up to a factor; κ in 1/µm, above 0."""
        k = np.asarray(wave_number, dtype=np.float64)
        level = np.maximum(k * self.roll_off / (2 * np.pi), 1.0) ** -(1 + 2 * self.hurst)
        return np.where(k <= 2 * np.pi / self.cut_off * (1 + 1e-9), level, 0.0)


@dataclass(frozen=True, eq=False)
class Waves:
    """h(x) = Σ_k a_k cos(κ_k x) + b_k sin(κ_k x), k = 1, 2, …; κ_k = kπ/width when `mirror` (b =
    0), else 2πk/width."""

    cosines: Floats  # (K,) a_k, µm
    sines: Floats  # (K,) b_k, µm
    width: float  # µm
    mirror: bool = True

    @property
    def wave_numbers(self) -> Floats:
        """κ_k (K,), 1/µm."""
        return np.arange(1.0, len(self.cosines) + 1) * float((1 if self.mirror else 2) * np.pi / self.width)

    @property
    def shortest(self) -> float:
        """Shortest wavelength, µm."""
        return float(2 * np.pi / self.wave_numbers[-1])

    @property
    def rms(self) -> float:
        """Root mean square of h over the width, µm."""
        return float(np.sqrt(np.sum(self.cosines**2 + self.sines**2) / 2))

    def heights(self, x: ArrayLike) -> Floats:
        """h(x), the same shape as x."""
        phase = np.asarray(x, dtype=np.float64)[..., None] * self.wave_numbers
        h = np.cos(phase) @ self.cosines
        return np.asarray(h if self.mirror else h + np.sin(phase) @ self.sines)


@dataclass(frozen=True)
class Grooves:
    """Parallel grooves with a ridge at x = 0, `period` apart and `depth` deep (µm).

    sine; triangle (sharp ridges and valleys); trapezoid (a quarter of the period each for land,
    wall, floor, wall).
    """

    period: float
    depth: float
    shape: Shape = "sine"

    @property
    def shortest(self) -> float:
        """The period; for a trapezoid half of it, because its walls need as fine a mesh as a wave
        of that length."""
        return self.period / 2 if self.shape == "trapezoid" else self.period

    @property
    def steepest(self) -> float:
        """Largest slope."""
        return self.depth / self.period * {"sine": np.pi, "triangle": 2.0, "trapezoid": 4.0}[self.shape]

    def heights(self, x: ArrayLike) -> Floats:
        """Between 0 on the ridges and -depth in the valleys, in the shape of x."""
        turns = np.asarray(x, dtype=np.float64) / self.period
        from_ridge = np.abs(turns - np.round(turns))  # 0 to 1/2
        match self.shape:
            case "sine":
                down = (1 - np.cos(2 * np.pi * from_ridge)) / 2
            case "triangle":
                down = 2 * from_ridge
            case "trapezoid":
                down = np.clip(4 * from_ridge - 0.5, 0.0, 1.0)
            case _:
                raise RoughnessError(f"the shape of grooves '{self.shape}' is unknown: write sine, triangle or trapezoid")
        return np.asarray(-self.depth * down)


@dataclass(frozen=True, eq=False)
class Pores:
    """Pores of one size in a flat face: -depth (1 + cos πu)/2 with u = (x - centre)/(size/2), |u| <
    1."""

    centres: Floats  # (N,) µm
    size: float  # width of the mouth, µm
    depth: float  # µm

    @property
    def shortest(self) -> float:
        """The size."""
        return self.size

    def heights(self, x: ArrayLike) -> Floats:
        """Between 0 and -depth, in the shape of x."""
        where = np.asarray(x, dtype=np.float64)
        h = np.zeros_like(where)
        for centre in self.centres:
            u = np.minimum(np.abs(where - centre) / (self.size / 2), 1.0)
            h -= self.depth * (1 + np.cos(np.pi * u)) / 2
        return h


def self_affine(law: SelfAffine, width: float, mirror: bool = True) -> Waves:
    """A random face on 0 ≤ x ≤ width (µm): independent normal amplitudes with the variance of the
    law, scaled to its exact rms.

    The same arguments give the same face. The waves keep their random numbers when the cut-off
    changes, so that a shorter cut-off only adds finer waves (and scales all of them to the same
    rms). On mirror planes the standard deviation of the heights is √2 times that elsewhere. Raises
    RoughnessError if no wave fits.
    """
    base = (1 if mirror else 2) * np.pi / width
    count = math.floor(2 * np.pi / law.cut_off / base * (1 + 1e-9))
    if law.roll_off < law.cut_off:
        raise RoughnessError(
            f"the roll-off wavelength {law.roll_off:g} µm is shorter than the cut-off {law.cut_off:g} µm: make it longer"
        )
    if count < 1:
        raise RoughnessError(f"no wave as long as the cut-off {law.cut_off:g} µm fits into {width:g} µm: make it shorter")
    normal = _normal_numbers(law.seed, 2 * count)
    power = law.power(base * np.arange(1, count + 1))
    cosines, sines = np.sqrt(power) * normal[0::2], np.sqrt(power) * normal[1::2] * (0.0 if mirror else 1.0)
    scale = law.rms / np.sqrt(np.sum(cosines**2 + sines**2) / 2)
    return Waves(cosines * scale, sines * scale, width, mirror)


def pores(size: float, depth: float, share: float, width: float, seed: int) -> Pores:
    """Pores at random positions that do not overlap each other or the sides; their number (at least
    one) approximates `share` of the width.

    Raises RoughnessError if they do not fit. Lengths in µm.
    """
    count = max(1, round(share * width / size))
    free = width - count * size
    if free <= 0:
        raise RoughnessError(f"{count} pores of {size:g} µm leave nothing of {width:g} µm in contact: make size or share smaller")
    places = np.sort(_uniform_numbers(seed, count)) * free
    return Pores(places + size * (np.arange(count) + 0.5), size, depth)


def _uniform_numbers(seed: int, count: int) -> Floats:
    """Numbers in (0, 1) from the raw stream of PCG64, which is the same in all versions of numpy,
    unlike its distributions."""
    raw = np.random.PCG64(seed).random_raw(count)
    return np.asarray(((raw >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53)


def _normal_numbers(seed: int, count: int) -> Floats:
    return np.asarray(scipy.special.ndtri(_uniform_numbers(seed, count)))


# --- statistics of a face


@dataclass(frozen=True)
class Statistics:
    """Numbers of heights along a line, or of all lines of a map. Lengths in µm."""

    length: float
    rms: float  # about the mean
    peak_to_valley: float
    skewness: float  # < 0: plateaus with valleys
    kurtosis: float  # 3 for normal heights
    slope_rms: float
    slope_max: float


def statistics(x: Floats, heights: Floats) -> Statistics:
    """Statistics of heights (N,) at ascending x (N,), µm; trapezoidal means, slopes between
    neighbours."""
    length = float(x[-1] - x[0])
    h = heights - np.trapezoid(heights, x) / length
    variance, third, fourth = (float(np.trapezoid(h**k, x)) / length for k in (2, 3, 4))
    slope = np.diff(h) / np.diff(x)
    rms = math.sqrt(variance)
    flat = rms == 0.0
    return Statistics(
        length,
        rms,
        float(np.ptp(h)),
        0.0 if flat else third / rms**3,
        0.0 if flat else fourth / rms**4,
        float(np.sqrt(np.sum(slope**2 * np.diff(x)) / length)),
        float(np.abs(slope).max()),
    )


def moments(heights: Floats, slopes: Floats, length: float) -> Statistics:
    """Statistics of heights (N,) that represent equal areas, and slopes (M,) between neighbours."""
    h = heights - heights.mean()
    rms = float(np.sqrt(np.mean(h**2)))
    return Statistics(
        length,
        rms,
        float(np.ptp(h)),
        0.0 if rms == 0.0 else float(np.mean(h**3)) / rms**3,
        0.0 if rms == 0.0 else float(np.mean(h**4)) / rms**4,
        float(np.sqrt(np.mean(slopes**2))) if len(slopes) else 0.0,
        float(np.abs(slopes).max(initial=0.0)),
    )


def sampled(face: RoughFace, width: float) -> tuple[Floats, Floats]:
    """(x, heights) on 0 ≤ x ≤ width, fine enough for the statistics of the face."""
    x = np.linspace(0.0, width, math.ceil(SAMPLES * width / min(face.shortest, width)) + 1)
    return x, face.heights(x)


def power_spectrum(heights: Floats, width: float, *, periodic: bool = False) -> tuple[Floats, Floats]:
    """(κ in 1/µm, C in µm³) of heights (N,) at equal distances from 0 to width, both included,
    continued by mirror images at the ends, or periodic over the width.

    One-sided: ∫ C dκ over κ > 0 is the mean square. Computed from the cosine series (or Fourier
    series) that interpolates the heights, without its highest wave. The mean for several lines (N,
    M).
    """
    lines = heights.reshape(len(heights), -1)
    if periodic:
        spacing, count = 2 * np.pi / width, len(lines) - 1
        order = np.arange(1, (count + 1) // 2)
        amplitudes = np.abs(scipy.fft.rfft(lines[:-1], axis=0)) * (2 / count)
    else:
        spacing = np.pi / width
        order = np.arange(1, len(heights) - 1)
        amplitudes = scipy.fft.dct(lines - lines.mean(axis=0), type=1, axis=0) / (len(heights) - 1)
    return np.asarray(order * spacing, dtype=np.float64), np.asarray((amplitudes[order] ** 2).mean(axis=1) / (2 * spacing))


def in_decades(wave_number: Floats, power: Floats, per_decade: int = 8) -> tuple[Floats, Floats]:
    """Means of a spectrum over bins of equal width in the logarithm; the same for the wave numbers.
    Empty bins are omitted."""
    bins = np.floor(per_decade * np.log10(wave_number / wave_number[0])).astype(np.int64)
    count = np.bincount(bins)
    full = count > 0
    return np.bincount(bins, wave_number)[full] / count[full], np.bincount(bins, power)[full] / count[full]


def fitted_law(wave_number: Floats, power: Floats, longest: float, shortest: float) -> tuple[float, float] | None:
    """(H, C₁) of C = C₁ κ^-(1+2H), by least squares of logarithms between two wavelengths (µm);
    None if there are too few waves."""
    inside = (wave_number >= 2 * np.pi / longest) & (wave_number <= 2 * np.pi / shortest * (1 + 1e-9)) & (power > 0)
    if np.count_nonzero(inside) < 8:
        return None
    k, c = in_decades(wave_number[inside], power[inside])
    slope, level = np.polyfit(np.log(k), np.log(c), 1)
    return float(-(slope + 1) / 2), float(np.exp(level))


def waves_through(heights: Floats, width: float, cut_off: float) -> Waves:
    """The face through heights (N,) at equal distances from 0 to width (µm), continued by mirror
    images at the ends.

    Wavelengths shorter than cut_off (µm) are omitted. Raises RoughnessError if no wave is left.
    """
    amplitudes = scipy.fft.dct(heights - heights.mean(), type=1) / (len(heights) - 1)
    count = min(math.floor(2 * width / cut_off * (1 + 1e-9)), len(heights) - 2)
    if count < 1:
        raise RoughnessError(f"no wave as long as the cut-off {cut_off:g} µm fits into {width:g} µm: make the cut-off shorter")
    cosines = np.asarray(amplitudes[1 : count + 1], dtype=np.float64)
    return Waves(cosines, np.zeros(count), width)


# --- the gap


def with_face(stack: StackMesh, face: RoughFace) -> StackMesh:
    """The same mesh with the gap of a rough face added to its own; the smallest gap is 0.

    Voids are in the lithium and valleys in the electrolyte: their depths add up. Raises
    RoughnessError if the mesh has fewer than four nodes per shortest wavelength, or if the slope of
    the gap exceeds 1.
    """
    x, gap = stack.gap_x, stack.gap
    widest = float(np.diff(x).max())
    if widest > face.shortest / NODES * (1 + SPACING_TOLERANCE):
        raise RoughnessError(
            f"the mesh has nodes {widest:.3g} µm apart on the interface, the shortest wavelength of the "
            f"face, {face.shortest:.3g} µm, needs {NODES} nodes: make mesh.near at most "
            f"{face.shortest / NODES:.3g} um, or the cut-off longer"
        )
    fine, heights = sampled(face, stack.width)
    slope = np.abs(np.diff(np.interp(fine, x, gap) - heights) / np.diff(fine))
    if slope.max() > STEEPEST:
        raise RoughnessError(
            f"the face has a slope of {slope.max():.3g} at x = {fine[int(np.argmax(slope))]:.4g} µm; the surface of lithium is a "
            "height over the interface, with slopes up to 1: make the cut-off longer or the heights smaller"
        )
    total = gap - face.heights(x)
    return with_gap(stack, lambda _: total - total.min())
