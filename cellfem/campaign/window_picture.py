"""The picture of a window of stack pressure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cellfem.campaign.penetration import TimeToShort
from cellfem.campaign.sweep_results import Published
from cellfem.campaign.window import Window, WindowPoint, safe_areas, safe_spans
from cellfem.output.style import INK, new_figure, save, style

CONTACT, DENDRITE, SAFE, FLAT = "#1f5f99", "#a02c2c", "#2b7a4b", "#d98c8c"
MARKS = {
    "safe": ("o", SAFE, "holds, contact kept"),
    "reduced": ("D", "#a9c9b4", "holds, but contact is reduced after stripping"),
    "lost": ("X", CONTACT, "contact lost while stripping"),
    "dendrite": ("^", DENDRITE, "a flaw grows while plating"),
    "untested": ("s", "#f2c230", "the start alone exceeds a limit"),
    "failed": ("$?$", "#c01515", "not run, or the solver gave up"),
}
LINES = ("-", "--", ":")
DOUX_CURRENT = 0.075  # mA/cm²
PRESSURE_RANGE, CURRENT_RANGE = (0.05, 300.0), (0.03, 10.0)  # MPa, mA/cm²


def draw_window(
    path: Path, windows: Sequence[Window], published: Sequence[Published], times: Sequence[TimeToShort], *, title: str = ""
) -> None:
    """Pressure against current: runs by verdict, both limits as lines, the area between safe runs
    shaded, measured points on top.

    Several windows (for example creep sets) differ in line style; runs and shading are those of the
    first.
    """
    first = windows[0]
    with style():
        figure = new_figure(6.4, 4.9)
        axes = figure.add_axes((0.1, 0.1, 0.875, 0.64))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(*PRESSURE_RANGE)
        axes.set_ylim(*CURRENT_RANGE)
        _shade(axes, first)
        for found, dashes in zip(windows, LINES * len(windows), strict=False):
            _draw_limits(axes, found, dashes, f", {found.label}" if len(windows) > 1 else "")
        _draw_runs(axes, first.points)
        _draw_measured(axes, published, times)
        axes.set_xlabel("stack pressure (MPa)")
        axes.set_ylabel("current density (mA/cm²)")
        ticks = [0.1, 0.3, 1, 3, 10, 30, 100]
        axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        axes.set_yticks([0.03, 0.1, 0.3, 1, 3, 10], labels=["0.03", "0.1", "0.3", "1", "3", "10"])
        axes.minorticks_off()
        axes.grid(color="#e4e4e4", lw=0.5)
        axes.set_axisbelow(True)
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.02, 0.99),
            ncols=2,
            fontsize=6.6,
            labelspacing=0.35,
            columnspacing=1.4,
            title=title or None,
        )
        save(figure, path)


def _contact_line(found: Window, criterion: str) -> tuple[np.ndarray, np.ndarray]:
    """(pressure, current) of a boundary of contact, by current."""
    crossings = sorted(found.contact[criterion].crossings, key=lambda crossing: crossing.current)
    return np.array([c.pressure for c in crossings]), np.array([c.current for c in crossings])


def _shade(axes: Axes, found: Window) -> None:
    """Shade the area between safe points that were run; for a single current draw a bar, because
    other currents are unknown."""
    look: dict[str, Any] = {"color": SAFE, "alpha": 0.25, "lw": 0, "zorder": 1}
    label = "safe: between safe points"
    for low, high, lower, upper in safe_areas(found.points):
        axes.fill_between([low, high], lower, upper, label=label, **look)
        label = ""
    for current, low, high in safe_spans(found.points):
        if high > low:
            axes.plot([low, high], [current] * 2, color=SAFE, alpha=0.4, lw=5, solid_capstyle="butt", zorder=1, label=label)
            label = ""


def _draw_limits(axes: Axes, found: Window, dashes: str, label: str) -> None:
    for criterion, width in (("lost", 1.6), ("not kept", 0.9)):
        pressure, current = _contact_line(found, criterion)
        crossings = sorted(found.contact[criterion].crossings, key=lambda crossing: crossing.current)
        bars = [[c.pressure - c.low for c in crossings], [c.high - c.pressure for c in crossings]]
        if len(pressure):
            axes.errorbar(
                pressure, current, xerr=bars, color=CONTACT, ls=dashes, lw=width, elinewidth=0.5 * width, capsize=2,
                marker="|", ms=5, label=f"contact {criterion} left of this (bars: grid){label}", zorder=3,
            )  # fmt: skip
    flat = np.array([[p, i] for p, i in found.flat if math.isfinite(i)])
    if len(flat):
        axes.plot(
            flat[:, 0],
            np.maximum(flat[:, 1], 1e-9),
            color=FLAT,
            ls=dashes,
            lw=1.2,
            label=f"dendrites, flat face in full contact{label}",
            zorder=2,
        )
    if found.dendrite:
        p, i = np.array(found.dendrite).T
        axes.plot(
            p,
            i,
            color=DENDRITE,
            ls=dashes,
            lw=1.8,
            marker="_",
            ms=7,
            label=f"dendrites above this, after stripping{label}",
            zorder=3,
        )


def _draw_runs(axes: Axes, points: Sequence[WindowPoint]) -> None:
    for verdict, (mark, colour, label) in MARKS.items():
        own = [(point.pressure, point.current) for point in points if point.verdict == verdict]
        if own:
            axes.scatter(
                [p for p, _ in own],
                [i for _, i in own],
                s=26,
                marker=mark,
                color=colour,
                edgecolors="white",
                linewidths=0.5,
                label=label,
                zorder=4,
            )


def _draw_measured(axes: Axes, published: Sequence[Published], times: Sequence[TimeToShort]) -> None:
    for cell, mark in zip(dict.fromkeys(point.cell for point in published), ("*", "P"), strict=False):
        own = [point for point in published if point.cell == cell and point.pressure > 0]
        match = re.match(r"(\S+ et al\. \d{4})", own[0].source)
        axes.plot(
            [point.pressure for point in own], [point.current for point in own], ls=":", lw=0.8, color=INK, marker=mark, ms=9,
            mfc="#f2c230", mec=INK, mew=0.7, label=f"critical stripping current, {cell} ({match[1] if match else own[0].source})",
            zorder=5,
        )  # fmt: skip
    for k, time in enumerate(times):
        holds = time.censored and time.hours > 0
        axes.plot(
            time.pressure, DOUX_CURRENT, ls="", marker="o" if holds else "v", ms=5.5, mfc="white" if holds else "#f2c230",
            mec=INK, mew=0.7, zorder=5, label="hours to a short, Li6PS5Cl (Doux 2020; white: none)" if k == 1 else "",
        )  # fmt: skip
        text = "none" if holds else f"{time.hours:g}"
        axes.annotate(text, (time.pressure, DOUX_CURRENT), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=6.2)
