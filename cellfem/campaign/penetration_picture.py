"""The picture of lithium pressed into flaws without current."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cellfem.campaign.penetration import HOUR, SETS, law_of, measured_times
from cellfem.materials import electrolyte
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style
from cellfem.physics.penetration import opened_length, penetration_time

SLENDER = (30.0, 100.0, 300.0)
"""ℓ/H of the channels shown: assumed values; channels in a pressed pellet were not measured."""
COLOURS = {30.0: "#2b7a4b", 100.0: "#1f5f99", 300.0: "#7a4b94"}


def draw_penetration(path: Path, material: str, toughness: float) -> None:
    """Left: times for channels of three slendernesses, each a band over creep sets, and the
    measured times. Right: flaws that open."""
    pressure = np.geomspace(3.0, 120.0, 60)
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 3.5)
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        for slender in SLENDER:
            times = [penetration_time("slit", slender, pressure, law_of(name)) / HOUR for name in SETS]
            low, high = np.min(times, axis=0), np.max(times, axis=0)
            left.fill_between(pressure, low, high, color=COLOURS[slender], alpha=0.3, lw=0)
            left.plot(pressure, times[0], color=COLOURS[slender], label=f"ℓ/H = {slender:g}")
        left.set_yscale("log")
        left.set_ylim(1e-4, 1e6)
        _draw_measured(left)
        left.set_ylabel("time to creep through (h)")
        left.legend(
            loc="lower left", title="empty channel; line: masias,\nband: three creep sets", title_fontsize=7.0, fontsize=7.0
        )
        for confined, line, label in ((False, "-", "free sides"), (True, "--", "confined sides")):
            length = opened_length(pressure, toughness, electrolyte(material).poisson_ratio, confined)
            right.plot(pressure, length, line, color=INK, label=label)
        right.fill_between(pressure, opened_length(pressure, toughness), 1e5, color="#a02c2c", alpha=0.15, lw=0)
        right.text(0.97, 0.95, "these grow", transform=right.transAxes, ha="right", va="top", color="#a02c2c", fontsize=7.5)
        right.set_yscale("log")
        right.set_ylim(0.3, 5e3)
        right.set_ylabel(f"filled flaw (µm), {material}, K$_{{Ic}}$ {1e-3 * toughness:.2g} MPa m$^{{1/2}}$")
        right.legend(loc="lower left", title="without current", title_fontsize=7.0, fontsize=7.0)
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xlim(pressure[0], pressure[-1])
            axes.set_xticks([5, 10, 20, 50, 100], labels=["5", "10", "20", "50", "100"])
            axes.minorticks_off()
            axes.set_xlabel("pressure (MPa)")
            axes.grid(color="#e4e4e4", lw=0.5)
            axes.set_axisbelow(True)
        figure.tight_layout()
        save(figure, path)


def _draw_measured(axes: Axes) -> None:
    low = axes.get_ylim()[0]
    look: dict[str, Any] = {"ls": "", "ms": 6, "mfc": "#f2c230", "mec": INK, "mew": 0.7, "zorder": 5}
    known = [(m.pressure, m.hours) for m in measured_times() if not m.censored]
    axes.plot(*zip(*known, strict=True), marker="o", label="Doux 2020, shorted", **look)
    for m in (m for m in measured_times() if m.censored):
        at_once = m.hours == 0.0
        place = (m.pressure, 3 * low if at_once else m.hours)
        axes.plot(*place, marker="v" if at_once else "^", **look)
        look_of_text: dict[str, Any] = {"va": "center", "textcoords": "offset points", "fontsize": 7.0, "color": INK}
        if at_once:
            axes.annotate("at once", place, xytext=(-6, 0), ha="right", **look_of_text)
        else:
            axes.annotate(f"none in {m.hours:g} h", place, xytext=(0, 8), ha="center", **look_of_text)
