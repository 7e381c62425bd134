"""Picture of the electrolyte's stress: principal tension in the body, and index and likelihood over
time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation

from cellfem.formatting import time_text, time_unit
from cellfem.observe.arrays import Block, Snapshot
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style

RED, BLUE = "#a02c2c", "#1f5f99"
HEIGHT_IN = 3.6
TALLEST = 1.0  # height over width of the part of LLZO that is shown
LEAST = 1e-8  # smallest index or likelihood that is shown


def draw_cracks(
    path: Path,
    snapshot: Snapshot,
    rows: Sequence[Mapping[str, float]],
    *,
    title: str = "",
    axisymmetric: bool = False,
) -> None:
    """Left: largest principal stress of LLZO (tension red, compression blue) at the output where it
    is largest. Right: tension, index and likelihood over time, with the pressure. 2-D only."""
    block = snapshot.blocks["LLZO"]
    known = [row for row in rows if np.isfinite(row["crack_tension_MPa"])]
    per_unit, unit = time_unit(float(rows[-1]["time_s"]))
    with style():
        figure = new_figure(PAGE_WIDTH_IN, HEIGHT_IN)
        left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1.0), squeeze=False)[0]
        body = left.subplots()
        tension, odds = right.subplots(2, 1, sharex=True)
        part = _draw_body(left, body, block)
        body.set_title(f"LLZO after {time_text(snapshot.time_s)}{part}", loc="left")
        body.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
        body.set_ylabel("y (µm)")
        time = [row["time_s"] / per_unit for row in known]
        tension.plot(time, [row["pressure_MPa"] for row in known], color=INK, ls="--", lw=1.0, label="stack pressure")
        tension.plot(time, [row["crack_tension_MPa"] for row in known], color=RED, label="largest principal stress")
        tension.axhline(0.0, color=INK, lw=0.4)
        tension.set_ylabel("MPa")
        odds.plot(time, [row["crack_index"] for row in known], color=BLUE, label="crack index")
        likelihood = [row["crack_likelihood"] for row in known]
        seen = max(likelihood, default=0.0) > LEAST
        odds.plot(time, likelihood, color=RED, label="likelihood" if seen else f"likelihood (below {LEAST:.0e})")
        odds.axhline(1.0, color=INK, lw=0.5, ls=":")
        odds.set_yscale("log")
        odds.set_ylim(LEAST, 10.0)
        odds.set_xlabel(f"time ({unit})")
        for axes in (tension, odds):
            axes.spines[["top", "right"]].set_visible(False)
            off_the_curves = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0)}
            axes.legend(**off_the_curves, ncols=2, borderaxespad=0.2, handlelength=1.4, columnspacing=1.0)
        figure.suptitle(title, x=0.02, ha="left", fontsize=9.5, fontweight="bold")
        left.subplots_adjust(left=0.17, right=0.9, top=0.84, bottom=0.14)
        right.subplots_adjust(left=0.17, right=0.97, top=0.84, bottom=0.14, hspace=0.35)
        save(figure, path)


def _draw_body(figure: SubFigure, axes: Axes, block: Block) -> str:
    """The part of the body that is shown, as text for the title, if not all: far below its upper
    face a tall body is under uniform compression."""
    x, y = block.points[:, 0], block.points[:, 1]
    values = block.point_data["principal_tension_MPa"]
    height = min(float(np.ptp(y)), TALLEST * float(np.ptp(x)))
    shown = y >= y.max() - height
    low, high = (float(np.percentile(values[shown], q)) for q in (1, 99.8))
    norm = TwoSlopeNorm(0.0, min(low, -0.05 * max(high, 1e-6)), max(high, 0.05 * abs(low), 1e-6))
    corners = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]]
    triangles = Triangulation(x, y, np.concatenate([block.cells[:, c] for c in corners]))
    axes.tripcolor(triangles, values, norm=norm, cmap="RdBu_r", shading="gouraud", rasterized=True)
    here = int(np.argmax(np.where(shown, values, -np.inf)))
    if values[here] > 0:
        axes.plot(x[here], y[here], "o", mfc="none", mec=INK, ms=6, clip_on=False)
    axes.set_xlim(x.min(), x.max())
    axes.set_ylim(y.max() - height, y.max())
    axes.set_aspect("equal")
    axes.yaxis.set_major_locator(MaxNLocator(5))
    bar = figure.colorbar(ScalarMappable(norm=norm, cmap="RdBu_r"), ax=axes, extend="both", shrink=0.8)
    bar.set_label("largest principal stress (MPa)", fontsize=7.5)
    return "" if height == np.ptp(y) else f", upper {height:.3g} of {np.ptp(y):.3g} µm"
