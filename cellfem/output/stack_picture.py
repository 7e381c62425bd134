"""The stack at start and end: creep rate in lithium, current density in LLZO, voids as empty white space.

Upper panels: the whole stack in true proportions. Lower panels: a strip around Γ, stretched vertically by the factor printed on
it, because a gap of 50 nm in a stack of 25 µm is thinner than a hair line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from cellfem.observe.arrays import Array, Block, Profile, Snapshot
from cellfem.observe.voids import OPEN_OVER_DELTA, find_voids
from cellfem.output.rendering import Layer, Window, off_screen_backend, render
from cellfem.output.style import GREY, INK, PAGE_WIDTH_IN, new_figure, save, style, without_white
from cellfem.output.words import length_unit, time_text

CREEP, CURRENT = "creep_rate_1_s", "current_density_mA_cm2"
LEFT, RIGHT, BETWEEN, TOP, BOTTOM, GAP, STRIP = 0.62, 1.0, 0.22, 0.62, 0.72, 0.42, 1.55  # inches
TALLEST = 1.7  # height over width of the upper panels; taller stacks are cut, the axis says where
TALLEST_OF_TWO = 3.6  # the same with a second electrode
LEAST_FOR_BARS = 2.8  # inches; beside lower panels the colour bars take the whole height
DECADES = 5.0  # of creep rate shown
SPOILED = 1.2  # ASR over the clean one from which on a place belongs to a patch
COLOURS = {"lithium": without_white("GnBu", 0.18), "LLZO": without_white("YlOrRd", 0.10)}


@dataclass(frozen=True, eq=False)
class Scene:
    """The stack and its interface at one time (snapshot gathered from all ranks)."""

    snapshot: Snapshot
    profile: Profile

    @property
    def contact_fraction(self) -> float:
        """∫θ_g dA/|Γ|."""
        return float(np.sum(self.profile.weight * self.profile.contact) / np.sum(self.profile.weight))


def draw_stack(
    path: Path,
    start: Scene,
    end: Scene,
    *,
    delta_um: float,
    title: str = "",
    axisymmetric: bool = False,
    note: Callable[[str], None] = print,
) -> None:
    """Write the picture (PNG). Lithium lies above y = 0, LLZO below. delta_um: δ; note: takes a sentence for the log."""
    scenes = (start, end)
    with_pyvista = off_screen_backend() is not None
    if not with_pyvista:
        note("No off-screen OpenGL (EGL or OSMesa) on this machine: the stack is drawn by matplotlib instead of pyvista.")
    norms = {
        "lithium": creep_norm([scene.snapshot.blocks["lithium"] for scene in scenes]),
        "LLZO": current_norm([scene.snapshot.blocks["LLZO"] for scene in scenes]),
    }
    column = (PAGE_WIDTH_IN - LEFT - RIGHT - BETWEEN) / 2
    whole = _whole_window(scenes)
    strip, factor = _strip_window(scenes, delta_um, whole, column)
    tall = column * (whole.y[1] - whole.y[0]) / (whole.x[1] - whole.x[0])
    height = TOP + tall + GAP + STRIP + BOTTOM
    with style():
        figure = new_figure(PAGE_WIDTH_IN, height)

        def axes_at(left: float, bottom: float, width: float, up: float) -> Axes:
            return figure.add_axes((left / PAGE_WIDTH_IN, bottom / height, width / PAGE_WIDTH_IN, up / height))

        for k, (scene, name) in enumerate(zip(scenes, ("Start", "End"), strict=True)):
            left = LEFT + k * (column + BETWEEN)
            above, below = axes_at(left, BOTTOM + STRIP + GAP, column, tall), axes_at(left, BOTTOM, column, STRIP)
            layers = [_layer(scene, part, norms[part]) for part in ("lithium", "LLZO")]
            for axes, window, up in ((above, whole, tall), (below, strip, STRIP)):
                _paint(axes, layers, window, (column, up), with_pyvista)
                _outline(axes, scene.profile, window)
                axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
                axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
                axes.tick_params(labelleft=k == 0)
            above.set_title(f"{name}: {time_text(scene.snapshot.time_s)}, {100 * scene.contact_fraction:.0f} % in contact")
            below.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
            _fill_touching(below, scene.profile, delta_um)
            _label(below, f"vertical × {factor:g}")
            _label(above, "true proportions")
            if k == 0:
                above.set_ylabel("y (µm)")
                _label_heights(below, strip)
        _colour_bars(figure, axes_at, norms, tall)
        _legend(figure, delta_um, start.profile)
        figure.text(LEFT / PAGE_WIDTH_IN, 1 - 0.14 / height, title, fontsize=9.5, fontweight="bold", va="top", color=INK)
        save(figure, path)


def patch_spans(profile: Profile) -> list[tuple[float, float]]:
    """Patches as (from, to) in µm: stretches of Γ whose ASR is above 1.2 times the clean (least) one, between the places where it
    passes the middle between the clean and the stretch's largest one."""
    x, asr, clean = profile.x_um, profile.asr_ohm_cm2, float(profile.asr_ohm_cm2.min())
    spoiled = np.concatenate(([False], asr > SPOILED * clean, [False])).astype(np.int8)
    spans = []
    for a, b in zip(np.flatnonzero(np.diff(spoiled) == 1), np.flatnonzero(np.diff(spoiled) == -1), strict=True):
        middle = 0.5 * (clean + float(asr[a:b].max()))
        above = a + np.flatnonzero(asr[a:b] >= middle)
        spans.append((_passes(x, asr, middle, above[0], -1), _passes(x, asr, middle, above[-1], +1)))
    return spans


def _passes(x: Array, asr: Array, middle: float, node: int, outwards: int) -> float:
    """Where the ASR, linear between nodes, passes `middle` between a node above it and its neighbour, or the end of Γ."""
    neighbour = node + outwards
    if not 0 <= neighbour < len(x):
        return float(x[node])
    share = min((asr[node] - middle) / (asr[node] - asr[neighbour]), 1.0)
    return float(x[node] + share * (x[neighbour] - x[node]))


def node_values(block: Block, name: str) -> Array:
    values = block.point_data[name]
    return values if values.ndim == 1 else np.linalg.norm(values, axis=1)


def _layer(scene: Scene, part: str, norm: Normalize) -> Layer:
    block = scene.snapshot.blocks[part]
    return Layer(block, node_values(block, CREEP if part == "lithium" else CURRENT), norm, COLOURS[part])


def creep_norm(blocks: list[Block]) -> Normalize:
    values = np.concatenate([node_values(block, CREEP) for block in blocks])
    positive = values[values > 0]
    top = 10.0 ** np.ceil(np.log10(np.percentile(positive, 99.8))) if len(positive) else 1e-6
    bottom = 10.0 ** np.floor(np.log10(np.percentile(positive, 1))) if len(positive) else 1e-9
    return LogNorm(max(bottom, top / 10**DECADES), max(top, 10 * bottom), clip=True)


def current_norm(blocks: list[Block]) -> Normalize:
    # single nodes at the edge of a patch are singular: leave them to the arrow of the colour bar
    top = float(np.percentile(np.concatenate([node_values(block, CURRENT) for block in blocks]), 99.5))
    return Normalize(0.0, top or 1.0, clip=True)


def _whole_window(scenes: tuple[Scene, Scene]) -> Window:
    points = np.concatenate([scene.snapshot.blocks[part].points for scene in scenes for part in ("lithium", "LLZO")])
    x = (float(points[:, 0].min()), float(points[:, 0].max()))
    low, high = float(points[:, 1].min()), float(points[:, 1].max())
    lithium, llzo = (min(scene.snapshot.blocks[part].points[:, 1].min() for scene in scenes) for part in ("lithium", "LLZO"))
    tallest = TALLEST_OF_TWO if lithium < llzo else TALLEST  # a second electrode below is not cut away
    spare = max(high - low - tallest * (x[1] - x[0]), 0.0)
    cut_low = spare * -low / (high - low)
    return Window(x, (low + cut_low, high - (spare - cut_low)))


def _strip_window(scenes: tuple[Scene, Scene], delta_um: float, whole: Window, column: float) -> tuple[Window, float]:
    """The strip around Γ and its vertical stretch, one of 1, 2, 5, 10, …, chosen to show the deepest gap, or the shallowest void
    where that is less than a third as deep (the deepest is then cut by the frame; the upper panels show it whole)."""
    deepest = max(float(scene.profile.gap_um.max()) for scene in scenes)
    depths = [void.depth_um for scene in scenes for void in find_voids(scene.profile, delta_um)]
    shallowest = min(depths, default=deepest)
    shown = deepest if shallowest > deepest / 3 else max(shallowest, deepest / 8)
    true_height = STRIP / column * (whole.x[1] - whole.x[0])
    exact = max(true_height / max(1.5 * shown, 0.15), 1.0)
    decade = 10.0 ** np.floor(np.log10(exact))
    factor = float(max(step for step in (1, 2, 5) if step * decade <= exact * (1 + 1e-9)) * decade)
    height = true_height / factor
    return Window(whole.x, (-0.28 * height, 0.72 * height)), factor


def _paint(axes: Axes, layers: list[Layer], window: Window, size: tuple[float, float], with_pyvista: bool) -> None:
    if with_pyvista:
        pixels = (round(400 * size[0]), round(400 * size[1]))  # twice the resolution of the page: smooth edges
        axes.imshow(render(layers, window, pixels), extent=window.extent, aspect="auto", interpolation="antialiased")
    else:
        for layer in layers:
            if len(layer.block.cells):
                x, y, _ = layer.block.points.T
                triangles = Triangulation(x, y, _linear_triangles(layer.block))
                axes.tripcolor(triangles, layer.values, norm=layer.norm, cmap=layer.cmap, shading="gouraud", rasterized=True)
    axes.set_xlim(window.x)
    axes.set_ylim(window.y)


def _linear_triangles(block: Block) -> NDArray[np.int64]:
    """Each quadratic triangle as four straight ones."""
    if block.cells.shape[1] == 3:
        return block.cells
    corners = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]]
    return np.concatenate([block.cells[:, corner] for corner in corners])


def _outline(axes: Axes, profile: Profile, window: Window) -> None:
    """Both faces as thin lines, and a bar along the patches."""
    # pressed faces interlock by their roughness (gap < 0): that is contact, not lithium inside LLZO
    axes.plot(profile.x_um, np.maximum(profile.gap_um, 0.0), color=INK, lw=0.5, zorder=3)
    axes.axhline(0.0, color=INK, lw=0.5, zorder=3)
    bar = 0.05 / axes.bbox.height * axes.figure.dpi * (window.y[1] - window.y[0])  # 0.05 inch on the page
    for a, b in patch_spans(profile):
        axes.fill_between([a, b], -bar, 0.0, color=INK, lw=0, zorder=2)


def _fill_touching(axes: Axes, profile: Profile, delta_um: float) -> None:
    """Grey where the faces touch through their roughness (0 < gap < 3δ)."""
    touching = (profile.gap_um > 0) & (profile.gap_um < OPEN_OVER_DELTA * delta_um)
    axes.fill_between(profile.x_um, 0.0, profile.gap_um, where=touching.tolist(), color=GREY, lw=0, interpolate=True, zorder=2)


def _label(axes: Axes, text: str) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5}
    axes.text(0.98, 0.96, text, transform=axes.transAxes, ha="right", va="top", fontsize=7.5, color=INK, bbox=box, zorder=5)


def _label_heights(axes: Axes, strip: Window) -> None:
    per_unit, unit = length_unit(strip.y[1] - strip.y[0])
    axes.set_ylabel(f"y ({unit})")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / per_unit:.4g}")


def _colour_bars(figure: Figure, axes_at: Callable[..., Axes], norms: dict[str, Normalize], tall: float) -> None:
    left, bottom = PAGE_WIDTH_IN - RIGHT + 0.14, BOTTOM + STRIP + GAP
    if tall < LEAST_FOR_BARS:
        bottom, tall = BOTTOM, tall + STRIP + GAP
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
    per_unit, unit = length_unit(OPEN_OVER_DELTA * delta_um)
    threshold = f"{OPEN_OVER_DELTA * delta_um / per_unit:.3g} {unit}"
    handles = [
        Patch(facecolor="white", edgecolor=INK, lw=0.5, label=f"void (gap > 3δ = {threshold})"),
        Patch(facecolor=GREY, label="touching through roughness (gap < 3δ)"),
    ]
    if patch_spans(profile):
        handles.append(Patch(facecolor=INK, label="higher ASR"))
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), handlelength=1.4, columnspacing=1.6, borderaxespad=0.3)
