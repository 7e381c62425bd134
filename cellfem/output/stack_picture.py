"""The stack at start and end: creep rate in lithium, current density in LLZO, voids in white.

Upper panels: the whole stack in true proportions, or the part stated in the label. Below, for each
electrode: a strip around its Γ, stretched vertically by the factor in its label, because a gap of
50 nm in a stack of 25 µm is thinner than a hairline. A rough face is drawn on LLZO: the mesh keeps
it flat and only has its gap (docs/theory.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from cellfem.formatting import length_unit, time_text
from cellfem.observe.arrays import Array, Block, Profile
from cellfem.output.colour_ranges import creep_range, current_top
from cellfem.output.rendering import Layer, off_screen_backend
from cellfem.output.scenes import Scene
from cellfem.output.stack_panels import Panel, PanelFace, fill_touching, outline, paint, panels_of, patch_spans
from cellfem.output.style import GREY, INK, PAGE_WIDTH_IN, new_figure, save, style, without_white
from cellfem.physics.definitions import VOID_AT

CREEP, CURRENT = "creep_rate_1_s", "current_density_mA_cm2"
LEFT, RIGHT, BETWEEN, TOP, BOTTOM, GAP = 0.62, 1.0, 0.22, 0.62, 0.72, 0.42  # inches
LEAST_FOR_BARS = 2.8  # inches; next to low panels the colour bars take the whole height
COLOURS = {"lithium": without_white("GnBu", 0.18), "LLZO": without_white("YlOrRd", 0.10)}


def draw_stack(
    path: Path | None,
    start: Scene,
    end: Scene,
    *,
    delta_um: float,
    title: str = "",
    axisymmetric: bool = False,
    relief: Callable[[Array], Array] | None = None,
    note: Callable[[str], None] = print,
) -> Figure:
    """The picture, written as PNG unless path is None. Lithium is above y = 0, LLZO below, a second
    electrode below that.

    delta_um: δ. relief: heights (µm) of LLZO's rough face at positions x, at most 0; None: flat.
    note: called with a message for the log.
    """
    with_pyvista = off_screen_backend() is not None
    if not with_pyvista:
        note("No off-screen OpenGL (EGL or OSMesa) on this machine: the stack is drawn by matplotlib instead of pyvista.")
    norms = {
        "lithium": creep_norm([scene.snapshot.blocks["lithium"] for scene in (start, end)]),
        "LLZO": current_norm([scene.snapshot.blocks["LLZO"] for scene in (start, end)]),
    }
    column = (PAGE_WIDTH_IN - LEFT - RIGHT - BETWEEN) / 2
    scenes = [_SceneLayers.of(scene, relief, norms) for scene in (start, end)]
    panels = panels_of([scene.layers for scene in scenes], [scene.faces for scene in scenes], delta_um, column)
    tall = panels[0].height
    height = TOP + sum(panel.height for panel in panels) + GAP * (len(panels) - 1) + BOTTOM
    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)

        def axes_at(left: float, bottom: float, width: float, up: float) -> Axes:
            return figure.add_axes((left / PAGE_WIDTH_IN, bottom / height, width / PAGE_WIDTH_IN, up / height))

        for k, (drawn, scene, name) in enumerate(zip(scenes, (start, end), ("Start", "End"), strict=True)):
            bottom = height - TOP
            for number, panel in enumerate(panels):
                bottom -= panel.height
                axes = axes_at(LEFT + k * (column + BETWEEN), bottom, column, panel.height)
                _draw_panel(axes, panel, drawn, delta_um, with_pyvista)
                axes.tick_params(labelleft=k == 0)
                if k == 0:
                    _label_heights(axes, panel)
                if number == 0:
                    time = time_text(scene.snapshot.time_s)
                    axes.set_title(f"{name}: {time}, {100 * scene.contact_fraction:.0f} % in contact")
                bottom -= GAP
            axes.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
        _colour_bars(figure, axes_at, norms, tall, height)
        _legend(figure, delta_um, start.profile)
        figure.text(LEFT / PAGE_WIDTH_IN, 1 - 0.14 / height, title, fontsize=9.5, fontweight="bold", va="top", color=INK)
        if path is not None:
            save(figure, path)
        return figure


@dataclass(frozen=True, eq=False)
class _SceneLayers:
    """A scene prepared for drawing, with the rough face on LLZO's side."""

    layers: list[Layer]
    faces: list[PanelFace]

    @classmethod
    def of(cls, scene: Scene, relief: Callable[[Array], Array] | None, norms: dict[str, Normalize]) -> "_SceneLayers":
        llzo = scene.snapshot.blocks["LLZO"].points[:, 1]
        places = (0.0,) if scene.second is None else (0.0, float(llzo.min()))
        faces = [
            PanelFace(profile, at, 1 - 2 * number, np.zeros_like(profile.x_um) if relief is None else relief(profile.x_um))
            for number, (profile, at) in enumerate(zip(scene.profiles, places, strict=True))
        ]
        layers = []
        for part in ("lithium", "LLZO"):
            block = scene.snapshot.blocks[part]
            values = node_values(block, CREEP if part == "lithium" else CURRENT)
            for face in faces:
                block = replace(block, points=face.lifted(block.points))
            layers.append(Layer(block, values, norms[part], COLOURS[part]))
        return cls(layers, faces)


def _draw_panel(axes: Axes, panel: Panel, drawn: _SceneLayers, delta_um: float, with_pyvista: bool) -> None:
    paint(axes, drawn.layers, panel.window, (axes.bbox.width, axes.bbox.height), with_pyvista)
    for number, face in enumerate(drawn.faces):
        outline(axes, face, panel.window)
        if panel.electrode == number:
            fill_touching(axes, face, delta_um)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5}
    at = axes.transAxes
    axes.text(0.98, 0.96, panel.label, transform=at, ha="right", va="top", fontsize=7.5, color=INK, bbox=box, zorder=5)


def node_values(block: Block, name: str) -> Array:
    """Values (N,) at the nodes of a block; of vectors their length."""
    values = block.point_data[name]
    return values if values.ndim == 1 else np.linalg.norm(values, axis=1)


def creep_norm(blocks: list[Block]) -> Normalize:
    return LogNorm(*creep_range(np.concatenate([node_values(block, CREEP) for block in blocks])), clip=True)


def current_norm(blocks: list[Block]) -> Normalize:
    return Normalize(0.0, current_top(np.concatenate([node_values(block, CURRENT) for block in blocks])), clip=True)


def _label_heights(axes: Axes, panel: Panel) -> None:
    """Heights along a strip are relative to its own Γ."""
    if panel.electrode is None:
        axes.set_ylabel("y (µm)")
        return
    per_unit, unit = length_unit(panel.window.y[1] - panel.window.y[0])
    of_its_own = "y" if panel.at == 0 else "y from second Γ"
    axes.set_ylabel(f"{of_its_own} ({unit})")
    axes.yaxis.set_major_formatter(lambda value, _: f"{round((value - panel.at) / per_unit, 6) + 0.0:.4g}")


def _colour_bars(figure: Figure, axes_at: Callable[..., Axes], norms: dict[str, Normalize], tall: float, height: float) -> None:
    """Colour bars next to the uppermost panel, or to all of them if that is low."""
    left, bottom = PAGE_WIDTH_IN - RIGHT + 0.14, height - TOP - tall
    if tall < LEAST_FOR_BARS:
        bottom, tall = BOTTOM, height - TOP - BOTTOM
    half = tall / 2 - 0.12
    for part, base, text, extend in (
        ("lithium", bottom + tall - half, "creep rate\nin lithium (1/s)", "both"),
        ("LLZO", bottom, "|current density|\nin LLZO (mA/cm²)", "max"),
    ):
        scale = ScalarMappable(norm=norms[part], cmap=COLOURS[part])
        bar = figure.colorbar(scale, cax=axes_at(left, base, 0.13, half), extend=extend)
        bar.set_label(text, fontsize=7.5)
        bar.outline.set_linewidth(0.5)


def _legend(figure: Figure, delta_um: float, profile: Profile) -> None:
    per_unit, unit = length_unit(VOID_AT * delta_um)
    threshold = f"{VOID_AT * delta_um / per_unit:.3g} {unit}"
    handles = [
        Patch(facecolor="white", edgecolor=INK, lw=0.5, label=f"void (gap > 3δ = {threshold})"),
        Patch(facecolor=GREY, label="touching through roughness (gap < 3δ)"),
    ]
    if patch_spans(profile):
        handles.append(Patch(facecolor=INK, label="higher ASR"))
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), handlelength=1.4, columnspacing=1.6, borderaxespad=0.3)
