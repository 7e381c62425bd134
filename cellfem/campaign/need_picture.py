"""What an interface needs, as a picture: the bracket of each creep set and choice, the band over
creep sets, and what measured cells need."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes

from cellfem.campaign.map_pictures import round_ticks
from cellfem.campaign.need import Answer, Need
from cellfem.output.style import GREY, INK, PAGE_WIDTH_IN, new_figure, save, style
from cellfem.units import KINDS, shown_value

BAND, CHOICE = "#1f5f99", "#7a4b94"
ROW_IN, HEAD_IN, FOOT_IN, LETTERS = 0.3, 0.95, 0.75, 105
MARKS = ("D", "s", "^", "v")


def draw_need(path: Path, need: Need, title: str = "") -> None:
    """Write the picture (PNG): a row for each variant with its runs (hollow: does not hold) and its
    bracket; shaded: the band over creep sets; marks above: measured cells."""
    varied, rows = need.plan.varied, list(need.answers)
    height = HEAD_IN + FOOT_IN + ROW_IN * (len(rows) + bool(need.measured))

    def place(searched: float) -> float:
        return shown_value(varied.outward(searched), varied.unit)

    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)
        axes = figure.add_axes((0.2, FOOT_IN / height, 0.77, 1 - (HEAD_IN + FOOT_IN) / height))
        axes.set_xscale("linear" if varied.unit == "K" else "log")
        for row, answer in enumerate(rows):
            _draw_row(axes, row, answer, place)
        kept = [a.bracket.kept for a in rows if a.variant.band and a.bracket.kept is not None]
        if len(kept) > 1:
            axes.axvspan(place(min(kept)), place(max(kept)), color=BAND, alpha=0.12, lw=0)
        labels = [answer.variant.label for answer in rows]
        if need.measured:
            for mark, cell in zip(MARKS, need.measured):
                face = "white" if cell.beyond else INK
                told = f"measured, {cell.cell}{' (extrapolated)' if cell.beyond else ''}"
                axes.plot(cell.pressure, len(rows), mark, color=INK, mfc=face, ms=6, label=told, ls="")
            labels.append("measured")
            axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.42 / (height - HEAD_IN - FOOT_IN)), ncols=2, fontsize=7)
        axes.set_yticks(range(len(labels)), labels=labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        if varied.unit != "K":
            round_ticks(axes, y=False)
        unit = KINDS[varied.unit].shown.replace("degC", "°C")
        axes.set_xlabel(f"{varied.text} ({unit}); filled: it holds, hollow: it does not, bar: between")
        axes.grid(axis="x", color="#e4e4e4", lw=0.6)
        axes.set_axisbelow(True)
        told = "\n".join(textwrap.wrap(need.sentence, LETTERS)[:4])
        figure.text(0.015, 1 - 0.08 / height, title, fontsize=8.5, fontweight="bold", va="top", color=INK)
        figure.text(0.015, 1 - 0.27 / height, told, fontsize=7, va="top", color=INK)
        save(figure, path)


def _draw_row(axes: Axes, row: int, answer: Answer, place: Callable[[float], float]) -> None:
    colour = BAND if answer.variant.band else CHOICE
    found = answer.bracket
    if found.kept is not None and found.missed is not None:
        axes.plot([place(found.missed), place(found.kept)], [row, row], color=colour, lw=5, solid_capstyle="butt", alpha=0.5)
    for value, _ in answer.runs:
        holds = found.kept is not None and value >= found.kept
        failed = value == found.failed
        face = GREY if failed else colour if holds else "white"
        axes.plot(place(value), row, "X" if failed else "o", color=GREY if failed else colour, mfc=face, ms=5)
