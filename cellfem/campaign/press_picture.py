"""Results of pressing against pressure, for sweeps without a current: interface resistance and
contact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cellfem.campaign.map_pictures import COLOURS, round_ticks
from cellfem.campaign.sweep_results import Slice
from cellfem.output.style import GREY, PAGE_WIDTH_IN, new_figure, save, style
from cellfem.output.summary import perfect_contact

LEGEND_LINE_IN = 0.17
PERFECT = np.linspace(0.0, 1.0, 101)


def can_draw(slices: Sequence[Slice]) -> bool:
    """Whether there are at least two pressures, for a logarithmic axis."""
    return len({outcome.point.pressure for member in slices for outcome in member.outcomes if outcome.point.pressure > 0}) > 1


def draw_pressed(path: Path, slices: Sequence[Slice], title: str = "") -> None:
    """Small-signal resistance and contact at the end of each run against its pressure, a line for
    each slice.

    Dotted: charge transfer alone; the difference is constriction. Grey: contact of a perfect flat
    face. Failed runs and faces without any contact have no point. Needs slices that pass
    `can_draw`.
    """
    height = 3.1 + LEGEND_LINE_IN * (len(slices) + 2)
    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.085, right=0.985, top=1 - 0.55 / height, bottom=1 - 2.6 / height, wspace=0.2)
        for member, colour in zip(slices, COLOURS * len(slices), strict=False):
            ran = sorted((o for o in member.outcomes if o.point.pressure > 0), key=lambda outcome: outcome.point.pressure)
            x = [outcome.point.pressure for outcome in ran]
            label = member.label or "computed"
            left.plot(x, [o.asr_small_signal_ohm_cm2 for o in ran], color=colour, marker="o", ms=4, lw=1.2, label=label)
            left.plot(x, [o.asr_charge_transfer_ohm_cm2 for o in ran], color=colour, lw=1.0, ls=":")
            right.plot(x, [o.contact_fraction for o in ran], color=colour, marker="o", ms=4, lw=1.2)
        outcomes = [outcome for member in slices for outcome in member.outcomes if outcome.point.pressure > 0]
        ends = [math.log(pick(outcome.point.pressure for outcome in outcomes)) for pick in (min, max)]
        x = np.exp(ends[0] + PERFECT * (ends[1] - ends[0])).tolist()
        for half in sorted({outcome.point.case.interface.half_pressure for outcome in outcomes}):
            right.plot(x, [perfect_contact(p, half) for p in x], color=GREY, lw=1.0, ls="--", zorder=1)
        left.set_yscale("log" if any(outcome.asr_small_signal_ohm_cm2 > 0 for outcome in outcomes) else "linear")
        left.set_title("interface resistance to a small signal (Ω cm²)", loc="left")
        right.set_ylim(0, 1.03)
        right.set_title("share of the interface in contact", loc="left")
        for axes in (left, right):
            axes.set_xscale("log")
            axes.set_xlabel("stack pressure (MPa)")
            axes.grid(color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
        round_ticks(left, y=left.get_yscale() == "log")
        round_ticks(right, y=False)
        handles, labels = left.get_legend_handles_labels()
        handles += [*left.plot([], [], color=GREY, lw=1.0, ls=":"), *right.plot([], [], color=GREY, lw=1.0, ls="--")]
        labels += ["charge transfer alone (the difference is constriction)", "a perfect flat face"]
        figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.075, 0.0), ncols=1, fontsize=7)
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        save(figure, path)
