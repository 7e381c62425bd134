"""The curve that a sweep over pressure is about, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellfem.campaign.curve import FAILURE, INDEX, RESISTANCE, lines_of, quantity_of
from cellfem.campaign.map_pictures import COLOURS, round_ticks
from cellfem.campaign.sweep_results import Slice
from cellfem.output.style import CURVES_WIDTH_IN, GREY, headline, new_figure, save, style
from cellfem.output.summary import perfect_contact

HEIGHT_IN = 3.4


def can_draw_curve(slices: Sequence[Slice]) -> bool:
    """Whether any slice has two pressures at one current."""
    return bool(lines_of(slices))


def draw_curve(path: Path, slices: Sequence[Slice], title: str = "") -> None:
    """Write the picture (PNG): what the protocol is about over the pressure, a line for each slice
    and current. Needs slices that `can_draw_curve`."""
    lines = lines_of(slices)
    quantity = quantity_of([outcome for _, outcomes in lines for outcome in outcomes])
    with style():
        figure = new_figure(CURVES_WIDTH_IN, HEIGHT_IN)
        axes = figure.subplots()
        for (label, outcomes), colour in zip(lines, COLOURS * len(lines), strict=False):
            x, y = [o.point.pressure for o in outcomes], [quantity.value(o) for o in outcomes]
            axes.plot(x, y, color=colour, lw=1.2, label=label)
            for outcome, at, value in zip(outcomes, x, y):
                axes.plot(at, value, "o", color=colour, ms=4, mfc="white" if quantity.at_least(outcome) else colour)
        if quantity in (FAILURE, RESISTANCE):
            axes.set_yscale("log")
        elif quantity is not INDEX:
            x = sorted({o.point.pressure for _, outcomes in lines for o in outcomes})
            half = lines[0][1][0].point.case.interface.half_pressure
            axes.plot(x, [perfect_contact(p, half) for p in x], color=GREY, ls="--", lw=1.0, label="a perfect flat face")
            axes.set_ylim(0, 1.03)
        axes.set_xscale("log")
        axes.set_xlabel("stack pressure (MPa)")
        axes.set_ylabel(quantity.name.replace("; ", "\n"))
        round_ticks(axes, y=axes.get_yscale() == "log")
        axes.grid(color="#e4e4e4", lw=0.6)
        axes.set_axisbelow(True)
        if any(label for label, _ in lines):
            axes.legend(fontsize=7)
        axes.set_title(headline(title), loc="left", fontweight="bold")
        figure.tight_layout()
        save(figure, path)
