"""The picture of place, time and cause of contact loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import AutoMinorLocator

from cellfem.formatting import time_unit
from cellfem.observe.arrays import Profile
from cellfem.observe.contact_loss import Openings
from cellfem.observe.contact_loss_causes import CAUSES
from cellfem.output.style import CURVES_WIDTH_IN, GREY, INK, headline, new_figure, not_closer, save, style, without_white

COLOURS = {"void edge": "#1f5f99", "plating": "#7a5ba8", "pillar": "#d1661c", "vacancy saturation": "#a23b3b", "flow": "#2b7a4b"}
HEIGHT_IN = 4.2
LOGARITHMIC = 0.2  # decades that the resistance must span for a logarithmic axis


def draw_openings(path: Path, known: Openings, profile: Profile, *, title: str = "", axisymmetric: bool = False) -> None:
    """Opening time along Γ with its causes, above the interface resistance; areas open from the
    start are shaded.

    In 3-D a map of the time; places that have not opened are grey.
    """
    if profile.is_map:
        _draw_map(path, known, title)
        return
    x = known.places[:, 0]
    latest = float(np.nanmax(known.time_s, initial=0.0)) or 1.0
    per_unit, unit = time_unit(latest)
    with style():
        figure = new_figure(CURVES_WIDTH_IN, HEIGHT_IN)
        when, why = figure.subplots(2, 1, sharex=True, height_ratios=(1.7, 1.0))
        for cause, colour in COLOURS.items():
            here = known.cause == cause
            when.plot(x[here], known.time_s[here] / per_unit, ls="", marker="o", ms=3.2, color=colour)
        _shade_start(when, x, known.cause == "start")
        first = known.first
        if first is not None:
            at = (x[first], known.time_s[first] / per_unit)
            when.annotate("first", at, (0, -13), textcoords="offset points", ha="center", fontsize=7, color=INK)
        else:
            when.text(0.5, 0.5, "contact is lost nowhere", transform=when.transAxes, ha="center", color=INK)
        when.set_ylim(0.0, 1.08 * latest / per_unit)
        when.set_ylabel(f"time to opening ({unit})")
        why.plot(x, profile.asr_ohm_cm2, color=INK)
        if np.ptp(np.log10(profile.asr_ohm_cm2)) > LOGARITHMIC:
            why.set_yscale("log")
            plain = "{x:.4g}"
            why.yaxis.set_major_formatter(plain)
            why.yaxis.set_minor_formatter(plain if np.ptp(np.log10(profile.asr_ohm_cm2)) < 1 else "")
        not_closer(why)
        why.set_ylabel("ASR (Ω cm²)")
        why.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
        why.set_xlim(x[0], x[-1])
        for axes in (when, why):
            axes.spines["top"].set_visible(False)
            axes.xaxis.set_minor_locator(AutoMinorLocator())
            axes.grid(axis="y", color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
        shown = [cause for cause in CAUSES if np.any(known.cause == cause)]
        handles = [
            Line2D([], [], ls="", marker="s" if cause == "start" else "o", ms=4, color=COLOURS.get(cause, "#d0d0d0"), label=cause)
            for cause in shown
        ]
        if handles:
            figure.legend(handles=handles, loc="lower center", ncols=len(handles), handletextpad=0.2, columnspacing=1.0)
        when.set_title(headline(title), loc="left", fontweight="bold")
        figure.align_ylabels([when, why])
        figure.tight_layout(rect=(0, 0.05, 1, 1), h_pad=0.5)
        save(figure, path)


def _draw_map(path: Path, known: Openings, title: str) -> None:
    x, y = known.places.T
    opened = np.isfinite(known.time_s)
    per_unit, unit = time_unit(float(np.nanmax(known.time_s, initial=0.0)) or 1.0)
    with style():
        figure = new_figure(CURVES_WIDTH_IN, HEIGHT_IN)
        axes = figure.subplots()
        axes.scatter(x[~opened], y[~opened], s=3, color="#d0d0d0", label="never open")
        shown = axes.scatter(
            x[opened], y[opened], s=9, c=known.time_s[opened] / per_unit, cmap=without_white("YlGnBu_r", 0.0, 0.85)
        )
        first = known.first
        if first is not None:
            label = f"first: {known.cause[first]}"
            axes.plot(x[first], y[first], "o", ms=7, mfc="none", mec=COLOURS[str(known.cause[first])], label=label)
        if opened.any():
            figure.colorbar(shown, ax=axes, label=f"time to opening ({unit})")
        axes.set_aspect("equal")
        axes.set_xlabel("x (µm)")
        axes.set_ylabel("y (µm)")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
        axes.set_title(headline(title), loc="left", fontweight="bold")
        figure.tight_layout()
        save(figure, path)


def _shade_start(axes: Any, x: np.ndarray, is_open: np.ndarray) -> None:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_open.astype(int), [0]))))
    for a, b in zip(edges[::2], edges[1::2] - 1, strict=True):
        axes.axvspan(x[a], x[b], color=GREY, alpha=0.3, lw=0)
