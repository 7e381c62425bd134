"""Tornado plot of a sensitivity study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from cellfem.campaign.sensitivity import RESULTS, Effect
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style

LOW, HIGH = "#1f5f99", "#d1661c"
ROW_IN = 0.24
BAR = 0.66


def draw_tornado(path: Path, effects: Sequence[Effect], title: str = "") -> None:
    """A panel per number of the verdict; each bar extends from the value of the case to that at an
    end of the factor's range.

    The widest bar is on top. Thin line: μ* of the screening, the mean effect for all values of the
    other factors, drawn to both sides.
    """
    count = len({effect.factor for effect in effects})
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 2 * (ROW_IN * count + 0.75) + 0.5)
        for axes, (result, name) in zip(figure.subplots(2, 2).flat, RESULTS.items(), strict=True):
            _panel(axes, sorted((e for e in effects if e.result == result), key=lambda e: (e.width, e.factor)), name)
        handles = [
            Patch(color=LOW, label="lower end of the range"),
            Patch(color=HIGH, label="upper end"),
            Line2D([], [], color=INK, lw=0.9, marker="|", label="μ* of the screening"),
        ]
        screened = any(math.isfinite(effect.mean_effect) for effect in effects)
        figure.legend(handles=handles if screened else handles[:2], loc="lower center", ncols=3)
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        figure.tight_layout(rect=(0, 0.04, 1, 1))
        save(figure, path)


def _panel(axes: Axes, effects: Sequence[Effect], name: str) -> None:
    base = effects[0].base
    for row, effect in enumerate(effects):
        for value, colour in ((effect.low, LOW), (effect.high, HIGH)):
            if math.isfinite(value):
                axes.barh(row, value - base, left=base, color=colour, height=BAR, zorder=2)
        if math.isfinite(effect.mean_effect):
            ends = [base - 0.5 * effect.mean_effect, base + 0.5 * effect.mean_effect]
            axes.plot(ends, [row, row], color=INK, lw=0.9, marker="|", ms=5, zorder=3)
    axes.axvline(base, color=INK, lw=0.8, zorder=4)
    axes.set_yticks(range(len(effects)), labels=[f"{e.factor}  {_range(e)}" for e in effects], fontsize=6)
    axes.set_xlabel(name)
    axes.grid(axis="x", color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _range(effect: Effect) -> str:
    if effect.factor == "creep":
        return ""
    low, _, unit = effect.low_value.partition(" ")
    high = effect.high_value.partition(" ")[0]
    return f"{float(low):.3g}–{float(high):.3g} {unit}".strip()
