"""The map of a sweep for a report: map.csv as points to choose, with the curves of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cellfem.quantities import unit_of
from cellfem.report.figures import COLOURS, Figure, history
from cellfem.report.gather import Run, headed, number, words

MAP = "map.csv"
TEMPERATURE = "temperature_degC"
KEEPS = ("kept", "reduced")
"""Verdicts of a run that no limit ended."""
AXES = ("pressure_MPa", "current_mA_cm2")
SHOWN = ("contact_fraction", "carrying_fraction", "focusing_max", "voltage_mV", "asr_ohm_cm2", "time_to_failure_s", "gap_max_um")
"""Columns of map.csv by which points can be coloured, where the map has them."""
MARKS = {"kept": "circle", "reduced": "diamond", "lost": "x", "untested": "square-open"}
"""A mark for each verdict, so that no colour is needed to tell them apart; others are triangles."""
CURVE_POINTS = 60
"""Of a point's curves over time: a map may have hundreds of points."""


def read_map(folder: Path) -> list[dict[str, str]]:
    """Rows of map.csv; none where there is no map. Raises OSError."""
    path = folder / MAP
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def slices(rows: Sequence[Mapping[str, str]]) -> dict[str, list[int]]:
    """Numbers of the points that share what is no axis of the map: creep set, temperature, keys.

    A map without a current (a sweep over pressing) has its contact fraction on the second axis.
    """
    names = list(rows[0])
    fixed = [name for name in names[: names.index("verdict")] if name not in AXES]
    found: dict[str, list[int]] = {}
    for k, row in enumerate(rows):
        found.setdefault(", ".join(_said(name, row[name]) for name in fixed), []).append(k)
    return found


def _said(name: str, value: str) -> str:
    if name == TEMPERATURE:
        return f"{float(value):g} °C"
    return f"{words(name)} {value} {unit_of(name)}".rstrip()


def answers(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """At each current of a slice, at which pressures contact is lost within the test and from which
    on it is not."""
    if AXES[1] not in rows[0]:
        return []
    found = []
    for group, members in slices(rows).items():
        for current in dict.fromkeys(rows[k][AXES[1]] for k in members):
            points = {float(rows[k][AXES[0]]): rows[k]["verdict"] for k in members if rows[k][AXES[1]] == current}
            lost = max((pressure for pressure, verdict in points.items() if verdict == "lost"), default=0.0)
            safe = min((pressure for pressure, verdict in points.items() if verdict in KEEPS and pressure > lost), default=0.0)
            told = [f"lost up to {lost:g} MPa"] if lost else []
            told += [f"not lost from {safe:g} MPa on{'' if lost else ', at any pressure that was tried'}"] if safe else []
            if told:
                found.append(f"{f'{group}, ' if group else ''}{current} mA/cm²: {', '.join(told)}")
    return found


def sweep_map(rows: Sequence[Mapping[str, str]], runs: Mapping[str, Run]) -> dict[str, Any]:
    """Data of the map: a figure per slice and column, and of each point its run. runs: by the name
    of their folders; of a point whose run is gone the map's own row is told."""
    columns = [name for name in SHOWN if name in rows[0]]
    groups = slices(rows)
    figures = {f"{group}|{name}": _figure(rows, members, name) for group, members in groups.items() for name in columns}
    return {
        "slices": list(groups),
        "columns": {name: words(name) for name in columns},
        "figures": figures,
        "points": [_point(row, runs.get(row["folder"])) for row in rows],
    }


def _figure(rows: Sequence[Mapping[str, str]], members: Sequence[int], name: str) -> Figure:
    values = {k: _value(rows[k].get(name, "")) for k in members}
    finite = [value for value in values.values() if math.isfinite(value)]
    second = AXES[1] if AXES[1] in rows[0] else "contact_fraction"
    data: list[dict[str, Any]] = []
    for verdict in dict.fromkeys(rows[k]["verdict"] for k in members):
        mine = [k for k in members if rows[k]["verdict"] == verdict]
        marker: dict[str, Any] = {"size": 17, "symbol": MARKS.get(verdict, "triangle-up")}
        marker["line"] = {"width": 1.5, "color": COLOURS[-1]}
        if finite:
            scale = {"colorscale": "Cividis", "cmin": min(finite), "cmax": max(finite), "showscale": not data}
            bar = {"title": {"text": headed(name), "side": "right"}, "thickness": 12}
            marker |= {"color": [values[k] if math.isfinite(values[k]) else None for k in mine], **scale, "colorbar": bar}
        shown = {"mode": "markers", "name": verdict, "marker": marker, "customdata": mine}
        text = [f"{verdict}, {words(name)} {number(values[k])}" for k in mine]
        places = {axis: [_value(rows[k][key]) for k in mine] for axis, key in (("x", AXES[0]), ("y", second))}
        data.append({"type": "scatter", **places, **shown, "text": text, "hoverinfo": "x+y+text"})
    return {"data": data, "layout": _layout(second, logarithmic=second == AXES[1])}


def _layout(second: str, logarithmic: bool) -> dict[str, Any]:
    return {
        "height": 460,
        "margin": {"l": 58, "r": 8, "t": 10, "b": 48},
        "xaxis": {"title": {"text": "stack pressure (MPa)"}, "type": "log"},
        "yaxis": {"title": {"text": headed(second)}, "type": "log" if logarithmic else "linear"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "font": {"family": "system-ui, sans-serif", "size": 13},
    }


def _point(row: Mapping[str, str], run: Run | None) -> dict[str, Any]:
    where = ", ".join(_said(name, row[name]) for name in (*AXES, "creep", TEMPERATURE) if row.get(name))
    told: dict[str, Any] = {"label": f"{where}: {row['verdict']}", "folder": row["folder"], "figure": None}
    told["text"] = f"The run ended: {row['end']}."
    if run is not None and run.rows:
        told |= {"text": run.verdict, "figure": history([run], CURVE_POINTS)}
    return told


def _value(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
