"""What a report shows of the field files: the profile along Γ at each output, and the stack as a
body that turns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem.api.result import Result
from cellfem.formatting import time_text
from cellfem.observe.arrays import Array, Profile
from cellfem.report.figures import COLOURS, DASHES, Figure, panels, plain
from cellfem.report.gather import headed, words
from cellfem.scene.files import SceneError
from cellfem.scene.moments import profiles_of

Numbers = NDArray[np.integer[Any]]
PANELS = (("gap_um",), ("contact", "carrying"), ("current_mA_cm2",), ("porosity",))
"""Panels of the profile, and their fields."""
FRAMES = 41
"""Most outputs that the slider has."""
NUMBERS = 150_000
"""Most numbers of all frames together: a megabyte of text."""
TRIANGLES = 40_000
"""Most triangles of the view that turns: two megabytes of text."""
COLOURED = {"lithium": ("creep_rate_1_s", "Cividis"), "LLZO": ("current_density_mA_cm2", "Viridis")}
"""Field by which a body is coloured, and a scale of even lightness."""
THINNEST, FILLED = 0.01, 1.7
"""Of the longest side of a body: what a plane one has across; and how long that side is drawn, in
plotly's units, so that it fits the window."""
LEAST_RATE = 1e-12
"""Creep rates (1/s) below this look alike on their logarithmic scale: a strain of 1e-8 in hours."""


def _evenly(times: tuple[float, ...], most: int) -> list[float]:
    most = max(2, min(most, FRAMES))
    if len(times) <= most:
        return list(times)
    return [times[k] for k in sorted({round(j * (len(times) - 1) / (most - 1)) for j in range(most)})]


def gamma(result: Result) -> Figure:
    """The profile along Γ, with `frames` (a list of y, or of colours, for every trace) and `times`
    for a slider. Raises SceneError."""
    files = result.fields
    first = profiles_of(files.read(files.times[0])["interface"], result.axisymmetric)
    per_frame = len(first) * len(first[0].x_um) * sum(len(names) for names in PANELS)
    times = _evenly(files.times, NUMBERS // per_frame)
    moments = [profiles_of(files.read(time)["interface"], result.axisymmetric) for time in times]
    figure = _gap_maps(moments) if first[0].is_map else _curves(moments)
    return figure | {"times": [time_text(time) for time in times]}


def _curves(moments: list[list[Profile]]) -> Figure:
    data: list[dict[str, Any]] = []
    frames: list[list[Any]] = [[] for _ in moments]
    for electrode in range(len(moments[0])):
        for panel, names in enumerate(PANELS):
            for k, name in enumerate(names):
                style = {"color": COLOURS[k + 2 * electrode], "dash": DASHES[k + 2 * electrode], "width": 2}
                label = words(name) + (f", electrode {electrode + 1}" if len(moments[0]) > 1 else "")
                values = [plain(getattr(profiles[electrode], name)) for profiles in moments]
                place: dict[str, Any] = {"x": plain(moments[0][electrode].x_um), "yaxis": f"y{panel + 1 if panel else ''}"}
                place |= {"name": label, "showlegend": len(names) * len(moments[0]) > 1, "line": style}
                data.append({"type": "scatter", "mode": "lines", "y": values[0], **place})
                for frame, value in zip(frames, values):
                    frame.append(value)
    titles = [headed(*names) for names in PANELS]
    layout = panels(titles, "x along Γ (µm)")
    for panel, names in enumerate(PANELS):  # the same scale at every time
        all_values = np.concatenate([getattr(profile, name) for profiles in moments for profile in profiles for name in names])
        low, high = min(float(np.nanmin(all_values)), 0.0), max(float(np.nanmax(all_values)), 0.0)
        room = 0.05 * (high - low) or 1.0
        layout[f"yaxis{panel + 1 if panel else ''}"]["range"] = plain([low - room, high + room])
    return {"data": data, "layout": layout, "frames": frames, "key": "y"}


def _gap_maps(moments: list[list[Profile]]) -> Figure:
    """Γ of a stack in 3-D, coloured by its gap; the first electrode."""
    first = moments[0][0]
    assert first.y_um is not None
    assert first.facets is not None
    gaps = [profiles[0].gap_um for profiles in moments]
    points = np.column_stack([first.x_um, first.y_um, 0 * first.x_um])
    body = _mesh(points, _triangles(first.facets), flat=True)
    bar = {"title": {"text": "gap (µm)", "side": "top"}, "orientation": "h", "thickness": 10, "y": -0.02, "yanchor": "top"}
    scale = {"colorscale": "Cividis", "cmin": 0.0, "cmax": float(np.nanmax(gaps)), "colorbar": bar}
    return {
        "data": [body | scale | {"intensity": plain(gaps[0]), "name": "Γ"}],
        "layout": _scene(points, "x (µm)", "y (µm)", ""),
        "frames": [[plain(gap)] for gap in gaps],
        "key": "intensity",
        "needs": "webgl",
        "flat": True,
    }


def stack(result: Result) -> Figure:
    """The stack at the last output, in true geometry. Raises SceneError where there are no fields,
    or more triangles than a page bears."""
    grids = result.fields.read(result.times[-1])
    solid = result.case.checked.stack.dimension == 3
    data: list[dict[str, Any]] = []
    count = 0
    for number, (part, (field, colours)) in enumerate(COLOURED.items()):
        surface = grids[part].extract_surface(nonlinear_subdivision=0, algorithm="dataset_surface").triangulate()
        triangles = surface.faces.reshape(-1, 4)[:, 1:]
        count += len(triangles)
        if count > TRIANGLES:
            raise SceneError(f"the stack has more than {TRIANGLES} triangles on its surface, too many for a page: see stack.png")
        used, corner = np.unique(triangles, return_inverse=True)
        place = {"name": part, "showlegend": True}
        body = _mesh(np.asarray(surface.points)[used], corner.reshape(-1, 3), flat=not solid) | place
        if field in surface.point_data:
            values = np.asarray(surface.point_data[field], dtype=float)[used]
            is_rate = values.ndim == 1
            values = np.log10(np.maximum(values, LEAST_RATE)) if is_rate else np.linalg.norm(values, axis=1)
            title = {"text": f"{'log10 ' if is_rate else ''}{headed(field)}", "side": "top"}
            bar = {"title": title, "orientation": "h", "thickness": 10, "y": -0.02 - 0.17 * number, "yanchor": "top"}
            body |= {"intensity": plain(values), "colorscale": colours, "colorbar": bar}
        else:
            body["color"] = COLOURS[number]
        data.append(body)
    whole = np.concatenate([np.asarray(grids[part].points) for part in COLOURED])
    layout = _scene(whole, *(("x (µm)", "y (µm)", "z (µm)") if solid else ("x (µm)", "y (µm)", "")))
    return {"data": data, "layout": layout, "needs": "webgl", "flat": not solid}


def _mesh(points: Array, triangles: Numbers, flat: bool = False) -> dict[str, Any]:
    corners = dict(zip("ijk", triangles.T.tolist()))
    places = {axis: plain(points[:, k]) for k, axis in enumerate("xyz")}
    # a plane body is not shaded: its colours are then those of the scale
    light = {"ambient": 1.0, "diffuse": 0.0, "specular": 0.0} if flat else {"ambient": 0.8}
    return {"type": "mesh3d", **places, **corners, "lighting": light, "flatshading": True}


def _triangles(facets: Numbers) -> Numbers:
    """Quadrilaterals cut in two; triangles as they are."""
    return facets if facets.shape[1] == 3 else np.vstack([facets[:, [0, 1, 2]], facets[:, [0, 2, 3]]])


def _scene(points: Array, *titles: str) -> dict[str, Any]:
    sides = np.ptp(points, axis=0)
    shown = FILLED * np.maximum(sides / sides.max(), THINNEST)
    axes = {f"{axis}axis": {"title": {"text": title}, "visible": bool(title)} for axis, title in zip("xyz", titles)}
    return {
        "height": 620,
        "margin": {"l": 0, "r": 0, "t": 10, "b": 110},
        "scene": {**axes, "aspectmode": "manual", "aspectratio": dict(zip("xyz", plain(shown)))},
        "legend": {"orientation": "h", "y": 1, "yanchor": "bottom"},
        "font": {"family": "system-ui, sans-serif", "size": 13},
    }
