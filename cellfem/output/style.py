"""Style of all pictures: fonts and sizes for a two-column page, colour maps without near-white
colours."""

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure

from cellfem.output.records import write_atomic

PAGE_WIDTH_IN = 7.2
CURVES_WIDTH_IN = 4.6
"""Colours of superposed curves."""
DPI = 200
SCREEN_DPI = 100
SIGN, SIGN_WITHIN = "cellfem", 1024  # signature in the first bytes of the file
LETTERS_PER_IN, BESIDE_IN = 12.5, 0.9  # of bold titles; inches of a figure's width beside its axes
INK = "#303030"
GREY = "#9a9a9a"
CLOSEST = 0.1  # smallest span of an axis, relative to the largest value
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "mathtext.default": "regular",
}


@contextmanager
def style() -> Iterator[None]:
    """Context in which a figure is built and saved; the user's matplotlibrc (latex, fonts, …) is
    ignored."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


class Picture(Figure):
    """A figure that a notebook shows without pyplot."""

    def _repr_png_(self) -> bytes:
        shown = io.BytesIO()
        self.savefig(shown, dpi=SCREEN_DPI, format="png")
        return shown.getvalue()


def new_figure(width_in: float, height_in: float) -> Figure:
    """A figure with its own canvas: no window system, no global state."""
    figure = Picture(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure as PNG at 200 dpi, atomically."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=DPI, format="png", metadata={"Software": SIGN})
    write_atomic(path, drawn.getvalue())


def is_ours(path: Path) -> bool:
    """Whether a PNG was written by `save`."""
    try:
        with path.open("rb") as file:
            return f"Software\0{SIGN}".encode() in file.read(SIGN_WITHIN)
    except OSError:
        return False


def headline(title: str) -> str:
    """A bold title over curves, wrapped to the width."""
    return textwrap.fill(title, int(LETTERS_PER_IN * (CURVES_WIDTH_IN - BESIDE_IN)))


def not_closer(axes: Axes, least: float = 0.0) -> None:
    """Widen the y axis if all curves together vary by less than `CLOSEST` of their largest value,
    or less than `least`.

    Magnifying a constant would only show round-off or mesh effects. Call it after drawing.
    """
    curves = [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]
    values = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.zeros(0)])
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    room = max(CLOSEST * max(abs(low), abs(high)), least) / 2
    if room > 0 and high - low < 2 * room:
        middle = 0.5 * (low + high)
        axes.set_ylim(middle - room, middle + room)
        if axes.get_yscale() == "linear":
            axes.ticklabel_format(axis="y", useOffset=False)


def without_white(name: str, low: float = 0.15, high: float = 1.0) -> Colormap:
    """A matplotlib colour map without its palest part, so that nothing looks like a void."""
    cmap = matplotlib.colormaps[name]
    return ListedColormap([cmap(low + (high - low) * k / 255) for k in range(256)], name=f"{name}_{low:g}_{high:g}")
