"""Pictures of a sweep: maps over pressure and current, and the critical current against
pressure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.ticker import NullFormatter

from cellfem.campaign.boundary import Along, Boundary, Criterion, Slope
from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.sweep_results import CRITERIA, Slice, bands, published_points, published_slopes
from cellfem.formatting import time_text, time_unit
from cellfem.output.style import GREY, INK, PAGE_WIDTH_IN, new_figure, save, style, without_white

COLOURS = ("#1f5f99", "#d1661c", "#2b7a4b", "#7a4b94", "#a23b3b", "#6b6b2a")
LEGEND_LINE_IN = 0.165
PUBLISHED_MARKS = ("*", "P", "X", "d")
MARKS = {
    "kept": ("o", "white"),
    "reduced": ("D", "#b8b8b8"),
    "lost": ("X", INK),
    "untested": ("s", "#f2c230"),
    "failed": ("$?$", "#c01515"),
}
"""Symbol and face colour of a point by its verdict."""
BOUNDARY_LINES = {Criterion.LOST: "-", Criterion.NOT_KEPT: "--"}
UNTESTED = "untested: the resistance of the start alone exceeds a limit of the protocol; such points are not in the boundaries"
EMPTY = "#ececec"
"""Colour of cells without a number: the solver gave up, or contact was not lost within the test."""


@dataclass(frozen=True)
class _Map:
    """One panel: the quantity of an outcome, and its colours."""

    title: str
    value: Callable[[Outcome], float]
    cmap: Colormap
    logarithmic: bool = False


def can_map(member: Slice) -> bool:
    """Whether a slice spans both pressure and current, on logarithmic axes."""
    places = [(outcome.point.pressure, outcome.point.current) for outcome in member.outcomes]
    return all(len({value for value in values if value > 0}) > 1 for values in zip(*places, strict=True))


def draw_maps(path: Path, member: Slice, title: str = "") -> None:
    """Contact against that of a perfect face, carrying fraction, focusing and time to failure over
    pressure and current.

    Each computed point colours the cell around it (up to the geometric mean with its neighbours),
    and its symbol gives the verdict; nothing is interpolated. Needs a slice that passes `can_map`.
    """
    outcomes = [outcome for outcome in member.outcomes if outcome.point.pressure > 0 and outcome.point.current > 0]
    longest = max((o.time_to_failure_s for o in outcomes if math.isfinite(o.time_to_failure_s)), default=1.0)
    per_unit, unit = time_unit(longest)
    maps = (
        _Map("contact / that of a perfect face", lambda o: o.contact_fraction / o.perfect_contact_fraction, _colours("viridis")),
        _Map("fraction that carries current", lambda o: o.carrying_fraction, _colours("viridis")),
        _Map("focusing: largest current of the run / mean", lambda o: o.focusing_max, _colours("YlOrRd"), True),
        _Map(f"time to failure ({unit}); grey: none", lambda o: o.time_to_failure_s / per_unit, _colours("YlGnBu_r"), True),
    )
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 5.9)
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for panel, shown in zip(axes.flat, maps, strict=True):
            _draw_map(figure, panel, shown, outcomes)
            _mark_points(panel, outcomes)
            for criterion, dashes in BOUNDARY_LINES.items():
                crossings = sorted(member.boundaries[criterion, "pressure"].crossings, key=lambda crossing: crossing.current)
                place = [[c.pressure for c in crossings], [c.current for c in crossings]]
                panel.plot(*place, color="white", lw=2.6, ls="-", zorder=3)
                panel.plot(*place, color=INK, lw=1.2, ls=dashes, zorder=3)
        for panel in axes[1]:
            panel.set_xlabel("stack pressure (MPa)")
        for panel in axes[:, 0]:
            panel.set_ylabel("current density (mA/cm²)")
        shown_verdicts = [verdict for verdict in MARKS if any(outcome.verdict == verdict for outcome in outcomes)]
        handles = [_mark_handle(verdict) for verdict in shown_verdicts]
        handles += [Line2D([], [], color=INK, lw=1.2, ls=dashes, label=f"boundary: {c}") for c, dashes in BOUNDARY_LINES.items()]
        figure.suptitle(", ".join(filter(None, (title, member.label))), x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        untested = any(outcome.verdict == "untested" for outcome in outcomes)
        figure.tight_layout(rect=(0, 0.065 if untested else 0.045, 1, 1), h_pad=0.8)
        if untested:
            figure.text(0.5, 0.008, UNTESTED, fontsize=6.5, color=INK, ha="center")
        corner = (0.5, 0.022 if untested else 0.0)
        figure.legend(
            handles=handles, loc="lower center", bbox_to_anchor=corner, ncols=len(handles), columnspacing=1.4, handletextpad=0.5
        )
        save(figure, path)


def draw_critical(path: Path, slices: Sequence[Slice], title: str = "", criteria: Mapping[Criterion, str] = CRITERIA) -> None:
    """Critical current against pressure by both criteria, side by side, with measured points on
    top.

    Bars: the two computed points that bracket each boundary point. Arrows: lines of constant
    current on which all points hold, or all fail. Shaded: the band over creep sets.
    """
    duration = _duration(slices)
    entries = len(slices) + any(bands(slices, criterion) for criterion in Criterion)
    height = 4.15 + LEGEND_LINE_IN * entries
    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        figure.subplots_adjust(left=0.075, right=0.985, top=1 - 0.5 / height, bottom=1 - 3.3 / height, wspace=0.07)
        for panel, (criterion, mark) in zip(panels, ((Criterion.LOST, "a"), (Criterion.NOT_KEPT, "b")), strict=True):
            panel.set_xscale("log")
            panel.set_yscale("log")
            _draw_bands(panel, slices, criterion)
            for k, member in enumerate(slices):
                _draw_boundary(panel, member, criterion, COLOURS[k % len(COLOURS)])
            own = panel.get_legend_handles_labels()
            measured = _draw_published(panel)
            panel.set_title(f"({mark}) {criterion}{f' within {duration}' if duration else ''}", loc="left")
            panel.set_xlabel("stack pressure (MPa)")
            panel.grid(color="#e4e4e4", lw=0.6)
            panel.set_axisbelow(True)
            panel.legend(*own, loc="upper left", bbox_to_anchor=(-0.02, -0.13), fontsize=6.8, labelspacing=0.35, handlelength=1.6)
        panels[0].set_ylabel("critical current density (mA/cm²)")
        round_ticks(panels[0])
        figure.suptitle(title, x=0.01, ha="left", fontsize=8.5, fontweight="bold")
        figure.legend(handles=measured, loc="lower left", bbox_to_anchor=(0.05, 0.15 / height), ncols=len(measured), fontsize=7)
        meanings = "; ".join(f"{criterion}: {meaning}" for criterion, meaning in criteria.items())
        figure.text(0.01, 0.05 / height, meanings, fontsize=6.5, color=INK)
        save(figure, path)


def slope_text(fit: Slope | None) -> str:
    """A slope with its two errors, or the reason why there is none."""
    if fit is None:
        return "no slope (fewer than two crossings)"
    if not fit.resolved:
        return f"slope not resolved, at least {fit.least:.2g}" if fit.least > 0 else "slope not resolved"
    regression = "" if math.isnan(fit.standard_error) else f" ± {fit.standard_error:.2f}"
    return f"slope {fit.slope:.2f}{regression} (± {fit.resolution:.2f} by brackets)"


def _draw_map(figure: Figure, axes: Axes, shown: _Map, outcomes: Sequence[Outcome]) -> None:
    rows: dict[float, list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.point.current, []).append(outcome)
    values = np.array([shown.value(outcome) for outcome in outcomes])
    finite = values[np.isfinite(values) & ((values > 0) | (not shown.logarithmic))]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (1.0, 2.0)
    norm = LogNorm(low, max(high, 1.05 * low)) if shown.logarithmic else Normalize(0.0, 1.0)
    bounds = _edges(sorted(rows))
    ends = _edges(sorted({outcome.point.pressure for outcome in outcomes}))[[0, -1]]
    mesh = None
    for k, current in enumerate(sorted(rows)):
        row = sorted(rows[current], key=lambda outcome: outcome.point.pressure)
        edges = _edges([outcome.point.pressure for outcome in row])
        edges[0], edges[-1] = ends
        cells = np.ma.masked_invalid([[shown.value(outcome) for outcome in row]])
        mesh = axes.pcolormesh(edges, bounds[k : k + 2], cells, cmap=shown.cmap, norm=norm, zorder=1)
    axes.set_facecolor(EMPTY)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*ends)
    axes.set_ylim(bounds[0], bounds[-1])
    round_ticks(axes)
    axes.set_title(shown.title, loc="left")
    if mesh is not None and len(finite):
        bar = figure.colorbar(mesh, ax=axes, pad=0.02, aspect=28)
        bar.outline.set_linewidth(0.5)
        if shown.logarithmic:
            bar.ax.yaxis.set_major_formatter("{x:.3g}")
            bar.ax.yaxis.set_minor_formatter("{x:.3g}" if high < 10 * low else "")
            bar.ax.tick_params(which="minor", labelsize=6.5)


def _edges(centres: Sequence[float]) -> np.ndarray:
    """Cell edges around sorted centres: geometric means, and the same distance beyond the ends."""
    logs = np.log(centres)
    if len(logs) == 1:
        return np.exp(logs[0] + np.array([-0.35, 0.35]))
    middle = 0.5 * (logs[1:] + logs[:-1])
    return np.exp(np.concatenate([[2 * logs[0] - middle[0]], middle, [2 * logs[-1] - middle[-1]]]))


def _mark_points(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    for verdict, (mark, face) in MARKS.items():
        places = [(outcome.point.pressure, outcome.point.current) for outcome in outcomes if outcome.verdict == verdict]
        if places:
            x, y = zip(*places, strict=True)
            edge = "white" if verdict == "lost" else INK
            axes.scatter(x, y, s=22, marker=mark, color=face, edgecolors=edge, linewidths=0.6, zorder=4)


def _mark_handle(verdict: str) -> Line2D:
    mark, face = MARKS[verdict]
    return Line2D([], [], ls="", marker=mark, ms=5, mfc=face, mec=INK, mew=0.6, label=verdict)


def _draw_boundary(axes: Axes, member: Slice, criterion: Criterion, colour: str) -> None:
    along: Along = "pressure"
    if not member.boundaries[criterion, along].crossings and member.boundaries[criterion, "current"].crossings:
        along = "current"  # for example a single pressure
    boundary, fit = member.boundaries[criterion, along], member.slope(criterion, along)
    crossings = boundary.crossings
    name = member.label or "computed"
    label = f"{name}: {slope_text(fit)}" if crossings else f"{name}: does not cross within the map"
    own = [crossing.pressure if along == "pressure" else crossing.current for crossing in crossings]
    bars = [[place - c.low for place, c in zip(own, crossings)], [c.high - place for place, c in zip(own, crossings)]]
    axes.errorbar(
        [crossing.pressure for crossing in crossings],
        [crossing.current for crossing in crossings],
        xerr=bars if crossings and along == "pressure" else None,
        yerr=bars if crossings and along == "current" else None,
        color=colour, marker="o", ms=4, mec=INK, mew=0.5, ls="", elinewidth=0.9, capsize=1.8, label=label, zorder=3,
    )  # fmt: skip
    if fit is not None and fit.resolved:
        ends = np.array([min(c.pressure for c in crossings), max(c.pressure for c in crossings)])
        axes.plot(ends, np.exp(fit.offset) * ends**fit.slope, color=colour, lw=1.1, zorder=2)
    _draw_open_lines(axes, member, boundary, colour)


def _draw_open_lines(axes: Axes, member: Slice, boundary: Boundary, colour: str) -> None:
    """If all points hold, an arrow at the lowest pressure points left; if all fail, one at the
    highest pressure points right."""
    for line in boundary.open_lines:
        if line.along != "pressure":
            continue
        pressures = [outcome.point.pressure for outcome in member.outcomes if outcome.point.current == line.fixed]
        place = min(p for p in pressures if p > 0) if line.holds else max(pressures)
        mark = CARETLEFT if line.holds else CARETRIGHT
        axes.plot([place], [line.fixed], ls="", marker=mark, ms=5, color=colour, alpha=0.7, zorder=2)


def _draw_bands(axes: Axes, slices: Sequence[Slice], criterion: Criterion) -> None:
    for rows in bands(slices, criterion).values():
        if len(rows) > 1:
            current, low, high = zip(*rows, strict=True)
            axes.fill_betweenx(current, low, high, color=GREY, alpha=0.25, lw=0, label="band over creep sets", zorder=1)


def _draw_published(axes: Axes) -> list[Line2D]:
    """Draw the measured points, except those at zero pressure."""
    slopes, handles = published_slopes(), []
    points = [point for point in published_points() if point.pressure > 0]
    for cell, mark in zip(slopes, PUBLISHED_MARKS, strict=False):
        own = [point for point in points if point.cell == cell]
        match = re.match(r"(\S+ et al\. \d{4})", own[0].source)
        label = f"measured, {cell}: {match[1] if match else own[0].source}, slope {slopes[cell]:.2f}"
        place = [[point.pressure for point in own], [point.current for point in own]]
        (handle,) = axes.plot(*place, color=INK, lw=0.8, ls=":", marker=mark, ms=8, mfc="#f2c230", mew=0.7, label=label, zorder=5)
        handles.append(handle)
    return handles


def round_ticks(axes: Axes, *, y: bool = True) -> None:
    """Ticks at 1, 2, 5 as plain numbers on logarithmic axes. y: on the vertical axis too."""
    for axis, (low, high) in [(axes.xaxis, axes.get_xlim()), *([(axes.yaxis, axes.get_ylim())] if y else [])]:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
        shown = [tick for tick in ticks if low <= tick <= high]
        axis.set_ticks(shown, labels=[f"{tick:g}" for tick in shown])
        axis.set_minor_formatter(NullFormatter())


def _duration(slices: Sequence[Slice]) -> str:
    """The test time, if it is the same for all."""
    durations = {outcome.point.case.total_duration for member in slices for outcome in member.outcomes}
    return time_text(durations.pop()) if len(durations) == 1 else ""


def _colours(name: str) -> Colormap:
    return without_white(name, 0.15, 0.95)
