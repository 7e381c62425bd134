"""Figures for plotly.js, as plain dictionaries: curves over time, runs side by side, the solver's
health. The colours are those of Okabe and Ito, told apart by dashes and marks besides."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cellfem.formatting import time_unit
from cellfem.output.style import CLOSEST
from cellfem.quantities import SECOND
from cellfem.report.gather import BALANCES, Run, headed, words

Figure = dict[str, Any]
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe & Ito 2008, Color Universal Design: told apart with every kind of colour blindness."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
CURVES = (
    *(("voltage_mV",), ("contact_fraction", "carrying_fraction")),
    *(("asr_ohm_cm2", "asr_small_signal_ohm_cm2"), ("gap_max_um",)),
)
"""Panels over time, and their columns."""
POINTS = 600
"""Most points of a curve, more than a screen has columns for."""
PANEL_PX, TOP_PX, BOTTOM_PX, LEGEND_PX = 150, 64, 48, 24
DIGITS = 5


def plain(values: Iterable[float]) -> list[float | None]:
    """Numbers for JSON: five digits, None for what is not finite."""
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in values]


def thinned(rows: Sequence[Mapping[str, float]], most: int = POINTS) -> list[Mapping[str, float]]:
    """At most so many rows, even in number, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(k * (len(rows) - 1) / (most - 1))] for k in range(most)]


def panels(titles: Sequence[str], bottom: str, logarithmic: bool = False) -> dict[str, Any]:
    """A layout of panels under each other with one x axis; titles stand above each, so that they
    fit a narrow screen."""
    count, gap = len(titles), 0.09 if len(titles) > 1 else 0.0
    height = (1 - gap * (count - 1)) / count
    layout: dict[str, Any] = {
        "height": PANEL_PX * count + TOP_PX + BOTTOM_PX,
        "margin": {"l": 58, "r": 12, "t": TOP_PX, "b": BOTTOM_PX},
        "xaxis": {"title": {"text": bottom}, "anchor": f"y{count}" if count > 1 else "y", "showspikes": True},
        "annotations": [],
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": 1 + LEGEND_PX / (PANEL_PX * count), "yanchor": "bottom", "x": 0},
        "font": {"family": "system-ui, sans-serif", "size": 13},
    }
    for k, title in enumerate(titles):
        top = 1 - k * (height + gap)
        axis = {"domain": [max(top - height, 0.0), top], "type": "log" if logarithmic else "linear", "exponentformat": "e"}
        layout[f"yaxis{k + 1 if k else ''}"] = axis
        place = {"x": 0, "xref": "paper", "xanchor": "left", "y": top, "yref": "paper", "yanchor": "bottom", "showarrow": False}
        layout["annotations"].append({"text": title, **place})
    return layout


def not_closer(values: Sequence[float]) -> dict[str, Any]:
    """The range of an axis on which all values are nearly one: a closer look would show round-off,
    or the mesh, as in the pictures (`output.style.not_closer`)."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = CLOSEST * max(abs(low), abs(high)) / 2
    return {"range": [(low + high) / 2 - room, (low + high) / 2 + room]} if high - low < 2 * room else {}


def history(runs: Sequence[Run], most: int = POINTS) -> Figure:
    """Voltage, contact, resistance and gap over time; several runs in colours and dashes of their
    own, with a column by its dash where there is one run."""
    shown = [(run, thinned(run.rows, most)) for run in runs if run.rows]
    longest = max((rows[-1]["time_s"] for _, rows in shown), default=0.0)
    unit, label = time_unit(longest)
    columns = [names if len(runs) == 1 else names[:1] for names in CURVES]
    data: list[dict[str, Any]] = []
    for number, (run, rows) in enumerate(shown):
        time = plain([row["time_s"] / unit for row in rows])
        for panel, names in enumerate(columns):
            there = [name for base in names for name in (base, base + SECOND) if name in rows[0]]
            for k, name in enumerate(there):
                one = len(runs) == 1
                of = k if one else number
                data.append(
                    {
                        "type": "scatter",
                        "mode": "lines",
                        "x": time,
                        "y": plain([row[name] for row in rows]),
                        "name": words(name) if one else run.label,
                        "legendgroup": name if one else run.label,
                        "showlegend": len(there) > 1 if one else panel == 0 and k == 0,
                        "yaxis": f"y{panel + 1 if panel else ''}",
                        "line": {"color": COLOURS[of % len(COLOURS)], "dash": DASHES[of % len(DASHES)], "width": 2},
                    }
                )
    layout = panels([headed(*names) for names in columns], f"time ({label})")
    for panel in range(len(columns)):
        axis = f"y{panel + 1 if panel else ''}"
        values = [value for trace in data if trace["yaxis"] == axis for value in trace["y"] if value is not None]
        layout[f"yaxis{axis[1:]}"] |= not_closer(values)
    return {"data": data, "layout": layout}


def health(run: Run) -> Figure:
    """Balances, time steps and Newton corrections over the steps of a run."""
    rows = thinned(run.rows)
    step = [int(row["step"]) for row in rows]
    data: list[dict[str, Any]] = []
    panel = {**dict.fromkeys(BALANCES, ""), "dt_s": "2", "newton_iterations": "3"}
    for k, (name, axis) in enumerate(panel.items()):
        values = [row[name] if row[name] > 0 else math.nan for row in rows]  # a logarithm has no zero
        line = {"color": COLOURS[k], "dash": DASHES[k % len(DASHES)]}
        curve = {"x": step, "y": plain(values), "name": words(name), "yaxis": f"y{axis}", "line": line, "showlegend": not axis}
        data.append({"type": "scatter", "mode": "lines", **curve})
    titles = ["balances: share not accounted for", "time step (s)", "Newton corrections"]
    return {"data": data, "layout": panels(titles, "time step number", logarithmic=True)}
