"""A run in a window of pyvista, where there is a screen."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from cellfem.formatting import time_text
from cellfem.scene.files import SceneError, field_files
from cellfem.scene.moments import SHOWN

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
"""Variables by which a screen is known on Linux."""
COLOURS = {"lithium": ("cividis", True, 0.03), "LLZO": ("viridis", False, 0.82)}
"""Scale of each body, whether it is logarithmic, and where its bar stands, as a share of the
window's width."""
FROM, TO = (0.3, 0.07), (0.7, 0.07)
"""Ends of the slider, as shares of the window: below the stack."""
LEAST_RATE = 1e-12
"""1/s, where the logarithmic scale of creep rates ends: nothing flows there."""


def show_run(folder: Path) -> None:
    """Open a window with lithium coloured by its creep rate and LLZO by its current density, in
    true geometry, and a slider of time; returns when it is closed.

    Raises SceneError where there are no fields, or no screen, with what to do.
    """
    files = field_files(folder)
    if sys.platform == "linux" and not any(os.environ.get(name) for name in SCREENS):
        raise SceneError(
            f"there is no screen here (neither {' nor '.join(SCREENS)} is set): cellfem report {folder} writes a page to open "
            f"elsewhere, cellfem render {folder} a picture; or log in with ssh -X"
        )
    import pyvista

    plotter = pyvista.Plotter(title=f"cellfem {folder}")
    times = files.times

    def show(value: float) -> None:
        number = min(round(value), len(times) - 1)
        grids = files.read(times[number])
        for part, grid in grids.items():
            _add(plotter, part, grid)
        plotter.add_text(f"t = {time_text(times[number])}", name="time", font_size=11)

    show(len(times) - 1)
    if len(times) > 1:
        plotter.add_slider_widget(
            show, (0, len(times) - 1), value=len(times) - 1, title="output", fmt="%.0f", pointa=FROM, pointb=TO
        )
    bounds = plotter.bounds
    if bounds[5] - bounds[4] == 0:
        plotter.view_xy()
    plotter.show()


def _add(plotter: Any, part: str, grid: Any) -> None:
    """Put a body into the window, in place of that of the time before."""
    if not grid.n_cells:
        plotter.remove_actor(part)
        return
    name = next((field for field in SHOWN.get(part, ()) if field in grid.point_data), None)
    if name is None:
        plotter.add_mesh(grid, color="white" if part == "void" else "grey", name=part)
        return
    scale, logarithmic, place = COLOURS[part]
    bar = {"title": name, "vertical": True, "position_x": place, "position_y": 0.15, "fmt": "%.2g"}
    values = grid.point_data[name]
    if logarithmic:
        grid.point_data[name] = values.clip(LEAST_RATE)
    plotter.add_mesh(grid, scalars=name, cmap=scale, log_scale=logarithmic, name=part, scalar_bar_args=bar, lighting=False)
