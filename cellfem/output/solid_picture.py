"""Pictures of a 3-D stack: maps of gap, contact and current over Γ, and the block cut open at its
deepest gap."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from cellfem.formatting import length_unit, time_text
from cellfem.observe.arrays import Array, Block, Profile
from cellfem.output.paraview import to_vtk
from cellfem.output.rendering import WINDOW, off_screen_backend
from cellfem.output.scenes import Scene
from cellfem.output.stack_picture import COLOURS, CREEP, CURRENT, creep_norm, current_norm, node_values
from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style
from cellfem.physics.definitions import VOID_AT

LEFT, BETWEEN, RIGHT, TOP, BOTTOM, BAR = 0.5, 0.28, 0.15, 0.55, 0.55, 0.62  # inches
PIXELS = 1400
AT_REST = 1e-6  # mA/cm²: below this, contact pressure is shown in place of local circulating currents
DEEPEST_OVER_WIDTH = 0.25  # height of the lithium's surface in its picture after vertical scaling


def draw_maps(path: Path | None, start: Scene, end: Scene, *, delta_um: float, title: str = "") -> Figure:
    """Gap, contact and current over Γ, at the start above and at the end below; the line is the
    edge of voids, gap = 3δ. path: of the PNG; None: nothing is written."""
    deepest = _deepest((start, end), delta_um)
    per_unit, unit = length_unit(deepest)
    threshold = VOID_AT * delta_um / per_unit
    currents = np.concatenate([scene.profile.current_mA_cm2 for scene in (start, end)])
    shown: list[tuple[str, Callable[[Profile], Array], Normalize, str]] = [
        (f"gap ({unit})", lambda p: np.maximum(p.gap_um, 0.0) / per_unit, _gap_norm(deepest / per_unit, threshold), "viridis"),
        ("share that touches", lambda p: p.contact, Normalize(0.0, 1.0), "cividis"),
    ]
    means = [float(scene.profile.weight @ scene.profile.current_mA_cm2 / scene.profile.weight.sum()) for scene in (start, end)]
    if max(np.abs(means)) > AT_REST:
        low, high = (float(value) for value in np.percentile(currents, [0.5, 99.5]))
        norm = Normalize(min(low, 0.0), max(high, 0.0)) if low != high else Normalize(min(0.0, low), max(0.0, high) or 1.0)
        shown.append(("current (mA/cm²)", lambda p: p.current_mA_cm2, norm, "inferno"))
    else:
        pressures = np.concatenate([scene.profile.contact_pressure_MPa for scene in (start, end)])
        high = float(np.percentile(pressures, 99.5))
        shown.append(("contact pressure (MPa)", lambda p: p.contact_pressure_MPa, Normalize(0.0, high or 1.0), "inferno"))
    profile = end.profile
    assert profile.y_um is not None
    width, depth = float(profile.x_um.max()), float(profile.y_um.max())
    column = (PAGE_WIDTH_IN - LEFT - RIGHT - 2 * BETWEEN) / 3
    tall = column * depth / width
    height = TOP + 2 * tall + BETWEEN + BOTTOM + BAR
    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)
        for row, (scene, name) in enumerate(((start, "start"), (end, "end"))):
            for k, (label, values, norm, colours) in enumerate(shown):
                left, bottom = LEFT + k * (column + BETWEEN), BOTTOM + BAR + (1 - row) * (tall + BETWEEN)
                axes = figure.add_axes((left / PAGE_WIDTH_IN, bottom / height, column / PAGE_WIDTH_IN, tall / height))
                _map(axes, scene.profile, values(scene.profile), norm, colours, delta_um)
                axes.tick_params(labelleft=k == 0, labelbottom=row == 1)
                if k == 0:
                    axes.set_ylabel("y (µm)")
                    axes.set_title(
                        f"{name}: {time_text(scene.snapshot.time_s)}, {100 * scene.contact_fraction:.0f} % in contact", loc="left"
                    )
                if row == 1:
                    axes.set_xlabel("x (µm)")
                    bar = (left / PAGE_WIDTH_IN, 0.42 / height, column / PAGE_WIDTH_IN, 0.11 / height)
                    _scale(figure, bar, norm, colours, label, "max")
        figure.text(LEFT / PAGE_WIDTH_IN, 1 - 0.12 / height, title, fontsize=9.5, fontweight="bold", va="top", color=INK)
        if path is not None:
            save(figure, path)
        return figure


def _gap_norm(deepest: float, threshold: float) -> Normalize:
    """Logarithmic if voids are far deeper than the roughness."""
    if deepest > 30 * threshold:
        return LogNorm(threshold / 3, deepest, clip=True)
    return Normalize(0.0, deepest)


def _deepest(scenes: Sequence[Scene], delta_um: float) -> float:
    """The largest gap, µm; 3δ at least: where faces are pressed into each other everywhere there is
    none."""
    return max(VOID_AT * delta_um, *(float(scene.profile.gap_um.max()) for scene in scenes))


def _triangles(profile: Profile) -> NDArray[np.int64]:
    facets = profile.facets
    assert facets is not None
    return facets if facets.shape[1] == 3 else np.concatenate([facets[:, [0, 1, 2]], facets[:, [0, 2, 3]]])


def _map(axes: Axes, profile: Profile, values: Array, norm: Normalize, colours: str, delta_um: float) -> None:
    assert profile.y_um is not None
    triangles = Triangulation(profile.x_um, profile.y_um, _triangles(profile))
    clipped = np.clip(values, norm.vmin, norm.vmax)
    axes.tripcolor(triangles, clipped, norm=norm, cmap=colours, shading="gouraud", rasterized=True)
    threshold = VOID_AT * delta_um
    if profile.gap_um.min() < threshold < profile.gap_um.max():
        axes.tricontour(triangles, profile.gap_um, levels=[threshold], colors="white", linewidths=0.9)
        axes.tricontour(triangles, profile.gap_um, levels=[threshold], colors=INK, linewidths=0.5)
    axes.set_aspect("equal")
    axes.set_xlim(profile.x_um.min(), profile.x_um.max())
    axes.set_ylim(profile.y_um.min(), profile.y_um.max())


def draw_solid(
    path: Path | None, start: Scene, end: Scene, *, delta_um: float, title: str = "", note: Callable[[str], None] = print
) -> Figure | None:
    """The block at the end, cut open at the y of its deepest gap, and the lithium's surface at
    start and end, stretched vertically.

    path: of the PNG; None: nothing is written. note: takes a sentence for the log. Without
    off-screen OpenGL nothing is drawn but the sentence.
    """
    backend = off_screen_backend()
    if backend is None:
        note("No off-screen OpenGL (EGL or OSMesa) on this machine: the block is not drawn.")
        return None
    if backend:
        os.environ[WINDOW] = backend
    scenes = (start, end)
    lithium = [scene.snapshot.blocks["lithium"] for scene in scenes]
    below = [scene.snapshot.blocks["LLZO"] for scene in scenes]
    norms = {"lithium": creep_norm(lithium), "LLZO": current_norm(below)}
    deepest = _deepest(scenes, delta_um)
    width = float(end.profile.x_um.max())
    factor = _round_down(DEEPEST_OVER_WIDTH * width / deepest)
    images = [_block(end, norms)] + [_surface(scene, factor, Normalize(0.0, deepest)) for scene in scenes]
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 4.1)
        whole = figure.add_axes((0.01, 0.13, 0.5, 0.76))
        parts = [figure.add_axes((0.52, bottom, 0.47, 0.32)) for bottom in (0.56, 0.15)]
        names = [
            f"end, {time_text(end.snapshot.time_s)}: cut at y = {_cut(end):.3g} µm, true proportions",
            f"gap at the start, heights × {factor:g}",
            f"gap at the end, heights × {factor:g}",
        ]
        for axes, image, name in zip([whole, *parts], images, names):
            axes.imshow(image, interpolation="antialiased")
            axes.set_axis_off()
            axes.set_title(name, fontsize=8, loc="left")
        per_unit, unit = length_unit(deepest)
        _scale(figure, (0.05, 0.10, 0.2, 0.022), norms["lithium"], COLOURS["lithium"], "creep rate in lithium (1/s)", "both")
        _scale(figure, (0.29, 0.10, 0.2, 0.022), norms["LLZO"], COLOURS["LLZO"], "|current| in LLZO (mA/cm²)", "max")
        _scale(figure, (0.62, 0.10, 0.28, 0.022), Normalize(0.0, deepest / per_unit), "viridis", f"gap ({unit})", "neither")
        figure.text(0.02, 0.98, title, fontsize=9.5, fontweight="bold", va="top", color=INK)
        if path is not None:
            save(figure, path)
        return figure


def _round_down(value: float) -> float:
    """The largest of 1, 2, 5, 10, … below the value; at least 1."""
    decade = 10.0 ** np.floor(np.log10(max(value, 1.0)))
    return float(max(step for step in (1, 2, 5) if step * decade <= max(value, 1.0) * (1 + 1e-9)) * decade)


def _scale(
    figure: Figure,
    at: tuple[float, float, float, float],
    norm: Normalize,
    colours: Colormap | str,
    label: str,
    extend: Literal["max", "both", "neither"],
) -> None:
    """A horizontal colour bar at (left, bottom, width, height), shares of the figure."""
    scale = ScalarMappable(norm=norm, cmap=colours)
    bar = figure.colorbar(scale, cax=figure.add_axes(at), orientation="horizontal", extend=extend)
    bar.set_label(label, fontsize=7.5)
    bar.outline.set_linewidth(0.5)
    if not isinstance(norm, LogNorm):
        bar.locator = MaxNLocator(4)
        bar.formatter = FuncFormatter(lambda value, _: f"{value:.3g}")
        bar.update_ticks()


def _cut(scene: Scene) -> float:
    """y of the deepest gap, µm; slightly off the sides so that the void has a cut face."""
    profile = scene.profile
    assert profile.y_um is not None
    depth = float(profile.y_um.max())
    return float(np.clip(profile.y_um[int(np.argmax(profile.gap_um))], 0.02 * depth, 0.98 * depth))


def _block(scene: Scene, norms: dict[str, Normalize]) -> NDArray[np.uint8]:
    """The larger part of lithium and LLZO on one side of the cut, seen from the other."""
    import pyvista  # imported late: costs a second, and only works after the window class is chosen

    at, points = _cut(scene), scene.snapshot.blocks["LLZO"].points
    away = 1.0 if at < 0.5 * points[:, 1].max() else -1.0
    plotter = pyvista.Plotter(off_screen=True, window_size=[PIXELS, PIXELS], lighting="light kit")
    plotter.set_background("white")
    for part, name in (("lithium", CREEP), ("LLZO", CURRENT)):
        block = scene.snapshot.blocks[part]
        grid = pyvista.wrap(to_vtk(Block(block.points, block.cells, block.cell_type, {})))
        grid.point_data["colour"] = np.clip(np.ma.filled(norms[part](node_values(block, name)), 0.0), 0.0, 1.0)
        cut = grid.clip(normal="-y" if away > 0 else "y", origin=(0.0, at, 0.0))
        plotter.add_mesh(
            cut.extract_surface(algorithm="dataset_surface"),
            scalars="colour", cmap=COLOURS[part], clim=(0, 1), show_scalar_bar=False, ambient=0.6, diffuse=0.4,
        )  # fmt: skip
    plotter.view_vector((-0.45, -away, 0.35), viewup=(0, 0, 1))
    plotter.enable_parallel_projection()
    plotter.reset_camera()  # not closer: a tall block would lose its corners, and margins are cropped
    image: NDArray[np.uint8] = plotter.screenshot(return_img=True)
    plotter.close()
    return _trimmed(image)


def _surface(scene: Scene, factor: float, norm: Normalize) -> NDArray[np.uint8]:
    """The gap as a height surface."""
    import pyvista

    profile = scene.profile
    assert profile.y_um is not None
    triangles = _triangles(profile)
    points = np.column_stack([profile.x_um, profile.y_um, factor * np.maximum(profile.gap_um, 0.0)])
    surface = pyvista.PolyData(points, np.column_stack([np.full(len(triangles), 3), triangles]).ravel())
    surface.point_data["gap"] = norm(np.maximum(profile.gap_um, 0.0))
    plotter = pyvista.Plotter(off_screen=True, window_size=[PIXELS, PIXELS // 2], lighting="light kit")
    plotter.set_background("white")
    plotter.add_mesh(surface, scalars="gap", cmap="viridis", clim=(0, 1), show_scalar_bar=False, smooth_shading=True, ambient=0.4)
    plotter.view_vector((-0.45, -1.0, 0.8), viewup=(0, 0, 1))
    plotter.enable_parallel_projection()
    plotter.reset_camera()
    plotter.camera.zoom(1.4)
    image: NDArray[np.uint8] = plotter.screenshot(return_img=True)
    plotter.close()
    return _trimmed(image)


def _trimmed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crop white margins."""
    there = (image < 250).any(axis=2)
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not len(rows):
        return image
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
