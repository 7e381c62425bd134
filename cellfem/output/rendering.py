"""Pictures of vtk blocks drawn off screen by pyvista, if the machine supports it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.colors import Colormap, Normalize
from numpy.typing import NDArray

from cellfem.observe.arrays import Array, Block
from cellfem.output.paraview import to_vtk

WINDOW = "VTK_DEFAULT_OPENGL_WINDOW"
UNTRIED = "CELLFEM_OPENGL_UNTRIED"
"""Set for a process whose crash is acceptable, so that the probe, half a second, can be skipped."""
_PROBE = """
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
import vtkmodules.vtkRenderingOpenGL2
window = vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetSize(16, 16)
window.AddRenderer(vtkRenderer())
window.Render()
"""


@dataclass(frozen=True, eq=False)
class Layer:
    """A block with one scalar (N,) for its colour, the scale from scalar to [0, 1] and the colour
    map."""

    block: Block
    values: Array
    norm: Normalize
    cmap: Colormap


@dataclass(frozen=True)
class Window:
    """Visible range of a picture: x and y from–to, µm."""

    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(left, right, bottom, top), µm."""
        return (*self.x, *self.y)


@cache
def off_screen_backend() -> str | None:
    """Name of the vtk window class that can draw off screen here, "" for vtk's default, None if
    there is none.

    Each is tried in a subprocess: without EGL or OSMesa vtk does not raise an error but ends the
    program. Without a display EGL is tried first, otherwise vtk reports the missing X server for
    every picture.
    """
    named = ["vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow"] if sys.platform == "linux" else []
    wanted = [os.environ[WINDOW]] if os.environ.get(WINDOW) else []
    candidates = wanted + (["", *named] if os.environ.get("DISPLAY") else [*named, ""])
    if os.environ.get(UNTRIED):
        return candidates[0]
    return next((name for name in candidates if _draws(name)), None)


def render(layers: Sequence[Layer], window: Window, pixels: tuple[int, int]) -> NDArray[np.uint8]:
    """Image (height, width, 3) of the layers within the window, seen along -z; white background;
    later layers on top.

    pixels: (width, height); if their ratio differs from that of the window, the picture is
    stretched vertically. Curved (quadratic) cells are drawn as such. Call it only if
    off_screen_backend() is not None.
    """
    backend = off_screen_backend()
    if backend:
        os.environ[WINDOW] = backend
    import pyvista  # imported late: costs a second, and only works after the window class is chosen

    width, height = pixels
    stretch = (height / width) * (window.x[1] - window.x[0]) / (window.y[1] - window.y[0])
    plotter = pyvista.Plotter(off_screen=True, window_size=[width, height], lighting="none")
    plotter.set_background("white")
    for depth, layer in enumerate(layers):
        if len(layer.block.cells) == 0:
            continue
        grid = pyvista.wrap(to_vtk(Block(layer.block.points, layer.block.cells, layer.block.cell_type, {})))
        grid.points = grid.points * [1.0, stretch, 0.0] + [0.0, 0.0, 1e-3 * depth]
        grid.point_data["colour"] = np.clip(np.ma.filled(layer.norm(layer.values), 0.0), 0.0, 1.0)
        plotter.add_mesh(grid, scalars="colour", cmap=layer.cmap, clim=(0, 1), lighting=False, show_scalar_bar=False)
    middle = (0.5 * sum(window.x), 0.5 * sum(window.y) * stretch)
    half_height = 0.5 * (window.y[1] - window.y[0]) * stretch
    plotter.camera_position = [(*middle, 10 * half_height), (*middle, 0.0), (0.0, 1.0, 0.0)]
    plotter.enable_parallel_projection()
    plotter.camera.parallel_scale = half_height
    plotter.camera.clipping_range = (half_height, 20 * half_height)
    image: NDArray[np.uint8] = plotter.screenshot(return_img=True)
    plotter.close()
    return image


def _draws(window_class: str) -> bool:
    environment = {key: value for key, value in os.environ.items() if key != WINDOW}
    if window_class:
        environment[WINDOW] = window_class
    try:
        run = subprocess.run([sys.executable, "-c", _PROBE], env=environment, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0
