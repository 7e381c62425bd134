"""Picture of a rough face: profile, power spectrum and distribution of the heights (PNG, 200
dpi)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cellfem.formatting import length_unit
from cellfem.geometry.roughness import in_decades
from cellfem.observe.arrays import Array
from cellfem.output.style import GREY, INK, new_figure, save, style

BLUE, ORANGE = "#1f5f99", "#d1661c"
DECADES_SHOWN = 8  # of the power, below its largest
SHORT_AXIS = 100.0  # ratio of its ends below which an axis of wave numbers has labels at 1, 2, 5

Line = tuple[Array, Array]
"""(x, heights), µm."""


@dataclass(frozen=True)
class SpectrumCurve:
    """A power spectrum (µm³) over the wave number (1/µm)."""

    wave_number: Array
    power: Array
    label: str


def draw_surface(
    path: Path,
    used: Line,
    measured: Line | None,
    curves: Sequence[SpectrumCurve],
    law: SpectrumCurve | None,
    sample: Array,
    *,
    title: str = "",
) -> None:
    """Profile as used over the one measured; spectra (the last as used) with a law; distribution of
    the heights in `sample`."""
    with style():
        figure = new_figure(7.2, 4.8)
        grid = figure.add_gridspec(2, 2, height_ratios=(1.0, 1.25))
        profile = figure.add_subplot(grid[0, :])
        _profile(profile, used, measured)
        profile.set_title(title, loc="left", fontweight="bold")
        _spectrum(figure.add_subplot(grid[1, 0]), curves, law)
        _histogram(figure.add_subplot(grid[1, 1]), sample, BLUE if measured is None else GREY)
        figure.tight_layout()
        save(figure, path)


def _profile(axes: Axes, used: Line, measured: Line | None) -> None:
    x, heights = used
    per_unit, unit = length_unit(float(np.ptp(heights)))
    if measured is not None:
        axes.plot(measured[0], (measured[1] - measured[1].mean()) / per_unit, color=GREY, lw=0.7, label="as measured")
    level = (heights - heights.mean()) / per_unit
    axes.plot(x, level, color=BLUE, lw=1.1, label="as used")
    axes.axhline(level.max(), color=INK, ls=":", lw=0.9)
    axes.annotate(
        "lithium rests here", (0.995, level.max()), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7
    )
    axes.margins(x=0.0, y=0.14)
    axes.set_xlabel("x (µm)")
    axes.set_ylabel(f"height ({unit})")
    if measured is not None:
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    _dress(axes)


def _spectrum(axes: Axes, curves: Sequence[SpectrumCurve], law: SpectrumCurve | None) -> None:
    largest = max(float(curve.power.max()) for curve in curves)
    first, last = np.inf, 0.0
    for curve, colour in zip(curves, (BLUE,) if len(curves) == 1 else (GREY, BLUE)):
        shown = curve.power > largest * 10.0**-DECADES_SHOWN
        wave_number, power = curve.wave_number[shown], curve.power[shown]
        axes.loglog(wave_number, power, ".", ms=2.0, color=colour, alpha=0.55)
        axes.loglog(*in_decades(wave_number, power), color=colour, lw=1.1, label=f"{curve.label}, mean")
        first, last = min(first, float(wave_number[0])), max(last, float(wave_number[-1]))
    if law is not None:
        axes.loglog(law.wave_number, law.power, color=ORANGE, ls="--", label=law.label)
    axes.set_xlim(first / 1.3, last * 1.3)
    if last < SHORT_AXIS * first:  # otherwise matplotlib's labels overlap
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(largest * 10.0**-DECADES_SHOWN, largest * 5)
    axes.set_xlabel("wave number 2π/λ (1/µm)")
    axes.set_ylabel("power of the profile (µm³)")
    axes.legend(loc="lower left")
    _dress(axes)


def _histogram(axes: Axes, sample: Array, colour: str) -> None:
    per_unit, unit = length_unit(float(np.ptp(sample)))
    h = (sample - sample.mean()) / per_unit
    axes.hist(h, bins=min(60, max(12, len(h) // 40)), density=True, color=colour, alpha=0.7)
    spread = float(h.std())
    if spread > 0:
        z = np.linspace(-3.5 * spread, 3.5 * spread, 200)
        normal = np.exp(-0.5 * (z / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        axes.plot(z, normal, color=ORANGE, ls="--", label="normal, same rms")
        axes.set_ylim(top=1.25 * axes.get_ylim()[1])  # space for the legend
        axes.legend(loc="upper right")
    axes.set_xlabel(f"height ({unit})")
    axes.set_ylabel(f"density (1/{unit})")
    _dress(axes)


def _dress(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
