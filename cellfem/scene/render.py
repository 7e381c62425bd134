"""The pictures of a scene by pyvista, without ParaView: one at a chosen time, and an animation of
all times."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap
from PIL import Image

from cellfem.formatting import length_text, time_text
from cellfem.output.records import write_atomic
from cellfem.output.rendering import WINDOW, off_screen_backend
from cellfem.scene.files import SceneError, field_files
from cellfem.scene.scene_spec import CREEP, CURRENT, GAP, INDEX, SceneSpec

SIZE = (1600, 1500)  # pixels
UPPER = 0.62  # share of the height of the panel with the whole stack
RIGHT = 0.24  # share of the width that is left to the colour bars
INK = "#303030"
FIELDS = {
    "lithium": (CREEP, "creep", "creep rate in lithium (1/s)"),
    "LLZO": (CURRENT, "current", "current density in LLZO (mA/cm²)"),
    "interface": (INDEX, "index", "dendrite index K_I/K_Ic"),
    "flaws": (INDEX, "index", "dendrite index K_I/K_Ic"),
}
BARS = {"lithium": 0.69, "LLZO": 0.37, "interface": 0.05}
FRAME_MS = 250
BAR_WIDTH, DOT = 4, 16  # pixels
LIT = {"ambient": 0.45, "diffuse": 0.6}  # bodies: shaded lightly, so that their colours can be read from the bar


def render_scene(look: SceneSpec, path: Path) -> None:
    """Write the picture (PNG) of look.shown. Raises SceneError if the machine cannot draw or a file
    cannot be read."""
    _save(path, _draw(look, look.shown), "PNG")


def render_animation(look: SceneSpec, path: Path, times: Iterable[float] | None = None) -> int:
    """Write an animated GIF of all times, or of those given; returns the number of pictures. Raises
    SceneError."""
    frames = [_draw(look, time).resize((SIZE[0] // 2, SIZE[1] // 2), Image.Resampling.LANCZOS) for time in times or look.times]
    _save(path, frames[0], "GIF", save_all=True, append_images=frames[1:], duration=FRAME_MS, loop=0)
    return len(frames)


def _save(path: Path, image: Image.Image, kind: str, **options: Any) -> None:
    data = io.BytesIO()
    image.save(data, kind, **options)
    write_atomic(path, data.getvalue())


def _draw(look: SceneSpec, time: float) -> Image.Image:
    backend = off_screen_backend()
    if backend is None:
        raise SceneError("no off-screen OpenGL (EGL or OSMesa) on this machine: install libegl1 or libosmesa6, or use ParaView")
    if backend:
        os.environ[WINDOW] = backend
    import pyvista  # imported late: it only works after the window class is chosen

    blocks = field_files(Path(look.folder)).read(time)
    plotter = pyvista.Plotter(off_screen=True, shape=(2, 1), row_weights=[UPPER, 1 - UPPER], window_size=list(SIZE), border=False)
    plotter.set_background("white")
    plotter.subplot(0, 0)
    {"plane": _section, "axisymmetric": _body, "3d": _cut_open}[look.kind](plotter, look, blocks)
    plotter.add_text(look.title, position=(12, UPPER * SIZE[1] - 34), font_size=11, color=INK)
    plotter.add_text(time_text(time), position=(SIZE[0] - 150, UPPER * SIZE[1] - 34), font_size=11, color=INK)
    plotter.subplot(1, 0)
    if look.kind == "3d":
        _from_above(plotter, look, blocks)
    else:
        _strip(plotter, look, blocks)
    image = Image.fromarray(np.asarray(plotter.screenshot(return_img=True)))
    plotter.close()
    return image


def _section(plotter: Any, look: SceneSpec, blocks: dict[str, Any]) -> None:
    _paint_section(plotter, look, blocks, 1.0, bars=True)
    _mark(plotter, look, 1.0, 0.05 * (look.high[0] - look.low[0]))
    low = (look.low[0], look.low[1] - _scale_bar(plotter, look, look.low[1], look.high[1] - look.low[1]))
    _aim(plotter, low, look.high[:2], SIZE[0] / (UPPER * SIZE[1]))
    _note(plotter, f"true proportions; bar: {look.bar:g} µm{_marked(look)}")


def _strip(plotter: Any, look: SceneSpec, blocks: dict[str, Any]) -> None:
    factor = look.exaggeration
    _paint_section(plotter, look, blocks, factor, bars=False)
    low, high = (look.low[0], factor * look.strip[0]), (look.high[0], factor * look.strip[1])
    _mark(plotter, look, factor, 0.05 * (look.high[0] - look.low[0]))
    aside = low[0] - 0.015 * (high[0] - low[0])
    _bar(plotter, (aside, low[1]), (aside, low[1] + factor * look.bar_up))
    _aim(plotter, low, high, SIZE[0] / ((1 - UPPER) * SIZE[1]))
    _note(plotter, f"around the interface, heights × {factor:g}; bar: {length_text(look.bar_up)} of height")


def _paint_section(plotter: Any, look: SceneSpec, blocks: dict[str, Any], factor: float, bars: bool) -> None:
    """The cross-section, stretched vertically by `factor`; lines are in front of surfaces."""
    step = 0.01 * (look.high[0] - look.low[0])
    for part in ("LLZO", "lithium"):
        _colour(plotter, look, _moved(blocks[part], factor, 0.0), part, bars, lighting=False)
    if blocks["void"].n_cells:
        void = _moved(blocks["void"], factor, step)
        plotter.add_mesh(void, color="white", lighting=False)
        edges = void.extract_surface(algorithm="dataset_surface").extract_feature_edges(
            boundary_edges=True, feature_edges=False, manifold_edges=False, non_manifold_edges=False
        )
        plotter.add_mesh(edges, color=INK, line_width=1.6, lighting=False)
    for number, part in enumerate(("interface", "flaws")):
        if part in blocks and blocks[part].n_cells:
            width = (5 if factor == 1 else 9) if part == "interface" else 3
            lines = _moved(blocks[part], factor, (2 + number) * step)
            _colour(plotter, look, lines, part, bars and part == "interface", lighting=False, line_width=width)


def _body(plotter: Any, look: SceneSpec, blocks: dict[str, Any]) -> None:
    """Three quarters of the body of revolution of the section."""
    for part in ("LLZO", "lithium", "interface", "void"):
        if not blocks[part].n_cells:
            continue
        surface = blocks[part].extract_surface(nonlinear_subdivision=1, algorithm="dataset_surface").rotate_x(90.0)
        body = surface.extrude_rotate(resolution=90, angle=270.0, capping=True, rotation_axis=(0, 0, 1))
        if part == "void":
            plotter.add_mesh(body, color="white", ambient=1.0, diffuse=0.0)
        else:
            _colour(plotter, look, body, part, True, **LIT)
    radius = look.high[0]
    _aim_at_body(plotter, np.array([-radius, -radius, look.low[1]]), np.array([radius, radius, look.high[1]]))
    base = (-radius, -1.05 * radius, look.low[1])
    _bar(plotter, base, (base[0] + look.bar, *base[1:]))
    _note(plotter, f"true proportions, revolved about the axis; bar: {look.bar:g} µm")


def _cut_open(plotter: Any, look: SceneSpec, blocks: dict[str, Any]) -> None:
    low, high = np.array(look.low), np.array(look.high)
    front = (0.0, look.cut - 1e-6 * (look.high[1] - look.low[1]), 0.0)
    for part in ("LLZO", "lithium", "void", "interface"):
        half = blocks[part].clip(normal=(0, 1, 0), origin=front, invert=False)
        if part != "void":
            _colour(plotter, look, half, part, True, **LIT)
        elif half.n_cells:
            plotter.add_mesh(half, color="#ebf5ff", ambient=1.0, diffuse=0.0)
    _aim_at_body(plotter, low, high, (-0.5, -0.75, 0.35))
    base = (low[0], look.cut - 0.03 * (high[0] - low[0]), low[2])
    _bar(plotter, base, (base[0] + look.bar, *base[1:]))
    _note(plotter, f"true proportions, cut open through the deepest void; bar: {look.bar:g} µm")


def _from_above(plotter: Any, look: SceneSpec, blocks: dict[str, Any]) -> None:
    """Γ seen from the lithium, the edges of voids in white."""
    _colour(plotter, look, blocks["interface"], "interface", False, lighting=False)
    surface = blocks["interface"].extract_surface(algorithm="dataset_surface")
    if GAP in surface.point_data and float(np.max(surface.point_data[GAP])) > look.open_gap:
        rims = surface.contour([look.open_gap], scalars=GAP)
        rims = _moved(rims, 1.0, 0.01 * (look.high[0] - look.low[0]))
        plotter.add_mesh(rims, color="white", line_width=3, lighting=False)
    _mark(plotter, look, 1.0, 0.02 * (look.high[0] - look.low[0]))
    low = (look.low[0], look.low[1] - _scale_bar(plotter, look, look.low[1], look.high[1] - look.low[1]))
    _aim(plotter, low, look.high[:2], SIZE[0] / ((1 - UPPER) * SIZE[1]))
    _note(plotter, f"the interface from above; white: edges of voids; bar: {look.bar:g} µm{_marked(look)}")


def _mark(plotter: Any, look: SceneSpec, factor: float, in_front: float) -> None:
    """A ring at the worst place of Γ."""
    if look.worst is None:
        return
    x, y, z = look.worst[0]
    for colour, size, ahead in ((INK, DOT + 8, 1), ("white", DOT, 2)):
        at = np.array([[x, factor * y, z + ahead * in_front]])
        plotter.add_points(at, color=colour, point_size=size, render_points_as_spheres=True, lighting=False)


def _marked(look: SceneSpec) -> str:
    """Meaning of the ring, for the line below a panel."""
    return "" if look.worst is None else f"; ring: {look.worst[1]}"


def _scale_bar(plotter: Any, look: SceneSpec, bottom: float, height: float) -> float:
    """A bar below a section; returns the height added to the section."""
    below = 0.05 * height
    _bar(plotter, (look.low[0], bottom - 0.6 * below), (look.low[0] + look.bar, bottom - 0.6 * below))
    return below


def _bar(plotter: Any, start: tuple[float, ...], end: tuple[float, ...]) -> None:
    import pyvista

    ends = [(*place, 0.0)[:3] for place in (start, end)]
    plotter.add_mesh(pyvista.Line(*ends), color=INK, line_width=BAR_WIDTH, lighting=False)


def _moved(block: Any, factor: float, in_front: float) -> Any:
    moved = block.copy()
    moved.points = np.asarray(moved.points) * np.array([1.0, factor, 1.0]) + np.array([0.0, 0.0, in_front])
    return moved


def _colour(plotter: Any, look: SceneSpec, mesh: Any, part: str, bar: bool, **style: Any) -> None:
    field, name, title = FIELDS[part]
    if field not in mesh.point_data:  # not in output.fields
        plotter.add_mesh(mesh, color="#d8d8d8", **style)
        return
    values = np.asarray(mesh.point_data[field])
    low, high = {"creep": look.creep, "current": (0.0, look.current_top), "index": (0.0, look.index_top)}[name]
    mesh = mesh.copy()
    mesh.point_data["shown"] = np.clip(np.linalg.norm(values, axis=1) if values.ndim == 2 else values, low, high)
    look_of_bar = {
        "title": title, "vertical": True, "position_x": 0.80, "position_y": BARS.get(part, 0.0), "height": 0.26, "width": 0.05,
        "title_font_size": 17, "label_font_size": 16, "color": INK,
        "n_labels": round(math.log10(high / low)) + 1 if name == "creep" else 3, "fmt": "%.0e" if name == "creep" else "%.3g",
    }  # fmt: skip
    plotter.add_mesh(
        mesh, scalars="shown", cmap=_colours(look, name), clim=(low, high),
        log_scale=name == "creep", show_scalar_bar=bar, scalar_bar_args=look_of_bar if bar else None, **style,
    )  # fmt: skip


def _colours(look: SceneSpec, name: str) -> Colormap:
    return LinearSegmentedColormap.from_list(name, [(place, rgb) for place, *rgb in look.colours[name]])


def _aim(plotter: Any, low: tuple[float, ...], high: tuple[float, ...], aspect: float) -> None:
    """Camera along -z on a rectangle, with room for the colour bars on the right."""
    width, height = (high[0] - low[0]) / (1 - RIGHT), 1.12 * (high[1] - low[1])
    middle = (low[0] + 0.5 * width - 0.03 * width, 0.5 * (low[1] + high[1]))
    far = 10 * max(width, height)
    plotter.camera_position = [(*middle, far), (*middle, 0.0), (0.0, 1.0, 0.0)]
    plotter.enable_parallel_projection()
    plotter.camera.parallel_scale = 0.5 * max(height, width / aspect)
    plotter.camera.clipping_range = (0.1 * far, 2 * far)


def _aim_at_body(plotter: Any, low: np.ndarray, high: np.ndarray, direction: tuple[float, ...] = (0.62, -0.66, 0.42)) -> None:
    reach = float(np.max(high - low))
    aside = 0.22 * reach  # to the right of the camera, where the colour bars are
    focus = 0.5 * (low + high) + aside * np.array([-direction[1], direction[0], 0.0])
    plotter.camera_position = [tuple(focus + 5 * reach * np.array(direction)), tuple(focus), (0.0, 0.0, 1.0)]
    plotter.enable_parallel_projection()
    plotter.camera.parallel_scale = 0.62 * reach
    plotter.camera.clipping_range = (reach, 15 * reach)


def _note(plotter: Any, text: str) -> None:
    plotter.add_text(text, position=(12, 10), font_size=9, color=INK)
