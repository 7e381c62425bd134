"""Picture of many realisations: failed share against time, contact at the end, place and cause of
the first loss of contact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from cellfem.campaign.map_pictures import COLOURS
from cellfem.campaign.realisations import Statistics, failed_by
from cellfem.campaign.sweep_points import Outcome
from cellfem.formatting import time_unit
from cellfem.output.contact_loss_picture import COLOURS as CAUSE_COLOURS
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style

MOST_IN_LEGEND = 6
HEIGHT_IN = 3.4


def draw_statistics(path: Path, groups: Sequence[tuple[Statistics, Sequence[Outcome]]], title: str = "") -> None:
    """One colour for each point of the grid; the last panel shows all points, coloured by cause."""
    longest = max(outcome.end_time_s for _, members in groups for outcome in members if np.isfinite(outcome.end_time_s))
    per_unit, unit = time_unit(longest)
    with style():
        figure = new_figure(PAGE_WIDTH_IN, HEIGHT_IN)
        failed, contact, place = figure.subplots(1, 3, width_ratios=(1.15, 1.0, 1.15))
        for k, (found, members) in enumerate(groups):
            colour = COLOURS[k % len(COLOURS)]
            good = [outcome for outcome in members if outcome.verdict != "failed"]
            _draw_failed(failed, good, colour, per_unit, longest)
            share = np.sort([outcome.contact_fraction for outcome in good])
            label = ", ".join(value for _, value in found.values) or "the case"
            contact.step(share, np.arange(1, len(share) + 1) / len(share), where="post", color=colour, label=label)
            for x, time, cause in found.places:
                place.plot(x, time / per_unit, "o", ms=4, color=CAUSE_COLOURS.get(cause, INK))
        failed.set_xlabel(f"time ({unit})")
        failed.set_ylabel("share of realisations")
        failed.set_xlim(0.0, longest / per_unit)
        failed.set_ylim(0.0, 1.03)
        failed.legend(
            handles=[Line2D([], [], color=INK, ls=line, label=name) for line, name in (("-", "lost"), ("--", "opened somewhere"))]
        )
        contact.set_xlabel("contact at the end")
        contact.set_ylim(0.0, 1.03)
        contact.set_ylabel("cumulative share")
        if len(groups) > 1:
            contact.legend(fontsize=6.5, ncols=1 + len(groups) // MOST_IN_LEGEND)
        place.set_xlabel("place lost first (µm)")
        place.set_ylabel(f"after ({unit})")
        place.set_ylim(bottom=0.0)
        place.set_xlim(0.0, max(outcome.point.case.stack.width for _, members in groups for outcome in members))
        causes = [cause for cause in CAUSE_COLOURS if any(cause in found.causes for found, _ in groups)]
        if causes:
            place.legend(handles=[Line2D([], [], ls="", marker="o", ms=4, color=CAUSE_COLOURS[c], label=c) for c in causes])
        for axes in (failed, contact, place):
            axes.grid(color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        figure.tight_layout()
        save(figure, path)


def _draw_failed(axes: Axes, good: Sequence[Outcome], colour: str, per_unit: float, longest: float) -> None:
    """Share that has lost contact (solid) or has opened somewhere (dashed), by the Kaplan-Meier
    estimator."""
    for name, line in (("time_to_failure_s", "-"), ("opening_time_s", "--")):
        times, share = failed_by([getattr(outcome, name) for outcome in good], [outcome.end_time_s for outcome in good])
        at = np.concatenate([[0.0], times, [longest]]) / per_unit
        axes.step(at, np.concatenate([[0.0], share, share[-1:] if len(share) else [0.0]]), where="post", color=colour, ls=line)
