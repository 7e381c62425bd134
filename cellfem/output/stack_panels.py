"""Panels of the picture of a stack, and drawing of bodies, faces and patches into them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.tri import Triangulation
from numpy.typing import NDArray

from cellfem.observe.arrays import Array, Block, Profile
from cellfem.observe.voids import find_voids
from cellfem.output.rendering import Layer, Window, render
from cellfem.output.style import GREY, INK
from cellfem.physics.definitions import VOID_AT

STRIP = 1.55  # inches, height of a strip around Γ
TALLEST = 1.7  # height over width of the upper panels; of taller stacks only a part is shown
TALLEST_OF_TWO = 3.6  # the same with a second electrode
SPOILED = 1.2  # ASR relative to the clean one above which a place belongs to a patch
FADES_OVER_RELIEF = 8.0  # depth, relative to that of the relief, over which a rough face fades to the flat one of the mesh
SEEN = 1e-3  # share of the height above which the label mentions a cut


@dataclass(frozen=True, eq=False)
class PanelFace:
    """Γ of one electrode for drawing.

    at: y of the flat Γ, µm. side: 1 if lithium is above, -1 below. relief: heights of LLZO's rough
    face towards the lithium at the positions of the profile, at most 0, µm.
    """

    profile: Profile
    at: float
    side: int
    relief: Array

    @property
    def electrolyte(self) -> Array:
        """y of LLZO's face, µm."""
        return self.at + self.side * self.relief

    @property
    def lithium(self) -> Array:
        """y of lithium's face, µm. Compressed faces interlock by their roughness (gap < 0): this is
        contact, not lithium inside LLZO."""
        return self.electrolyte + self.side * np.maximum(self.profile.gap_um, 0.0)

    @property
    def depth(self) -> float:
        """Depth of the relief, µm."""
        return float(-self.relief.min())

    def lifted(self, points: Array) -> Array:
        """Positions (N, 3) of nodes with the relief added to the flat face; it fades with the
        distance from Γ, on both sides."""
        if not self.depth:
            return points
        lithium_side = self.side * (points[:, 1] - self.at)
        ends = [float(lithium_side.max()), float(-lithium_side.min())]
        reach = max(min(FADES_OVER_RELIEF * self.depth, *(end for end in ends if end > 0)), self.depth)
        gap = np.interp(points[:, 0], self.profile.x_um, np.maximum(self.profile.gap_um, 0.0))
        away = np.where(lithium_side > 0, np.maximum(lithium_side - gap, 0.0), -lithium_side)
        share = np.clip(1.0 - away / reach, 0.0, 1.0)
        moved = points.copy()
        moved[:, 1] += self.side * share * np.interp(points[:, 0], self.profile.x_um, self.relief)
        return moved


@dataclass(frozen=True)
class Panel:
    """A row of the picture. height: inches. electrode: whose Γ is in a strip, 0 or 1; None: bodies
    in true proportions. at: y of that Γ, µm."""

    window: Window
    height: float
    label: str
    electrode: int | None = None
    at: float = 0.0


def panels_of(
    layers: Sequence[Sequence[Layer]], faces: Sequence[Sequence[PanelFace]], delta_um: float, column: float
) -> list[Panel]:
    """The rows of the picture, from the top. layers, faces: of each scene; column: width of a
    panel, inches."""
    points = np.concatenate([layer.block.points for scene in layers for layer in scene])
    x = (float(points[:, 0].min()), float(points[:, 0].max()))
    low, high = float(points[:, 1].min()), float(points[:, 1].max())
    electrodes = list(zip(*faces, strict=True))
    scale, count = column / (x[1] - x[0]), len(electrodes)
    strips = [_strip(number, of_times, delta_um, x, column) for number, of_times in enumerate(electrodes)]
    if high - low <= (TALLEST, TALLEST_OF_TWO)[count - 1] * (x[1] - x[0]):
        whole = Panel(Window(x, (low, high)), scale * (high - low), "true proportions")
        return [whole, *_named(strips)]
    shown = TALLEST * (x[1] - x[0])
    rows = []
    for strip in strips:
        side = 1 - 2 * (strip.electrode or 0)
        above, below = (high - strip.at, strip.at - low) if side > 0 else (strip.at - low, high - strip.at)
        of_lithium = min(above, 0.5 * shown) if count == 2 else max(shown * above / (above + below), shown - below)
        ends = sorted((strip.at + side * of_lithium, strip.at - side * (shown - of_lithium)))
        label = f"true proportions, {shown:.3g} of {high - low:.3g} µm of height"
        rows += [Panel(Window(x, (ends[0], ends[1])), scale * shown, label), strip]
    return _named(rows) if count == 2 else rows


def _named(panels: Sequence[Panel]) -> list[Panel]:
    """Strips, with the electrode's number if there are two."""
    if sum(panel.electrode is not None for panel in panels) < 2:
        return list(panels)
    return [
        panel
        if panel.electrode is None
        else Panel(panel.window, panel.height, f"electrode {panel.electrode + 1}, {panel.label}", panel.electrode, panel.at)
        for panel in panels
    ]


def _strip(number: int, faces: Sequence[PanelFace], delta_um: float, x: tuple[float, float], column: float) -> Panel:
    """A strip around Γ with its vertical stretch, one of 1, 2, 5, 10, …, chosen to show the deepest
    gap, or the shallowest void.

    The latter if it is less than a third as deep: the deepest is then cut by the frame, but
    complete in the upper panels. A relief is shown completely.
    """
    deepest = max(float(face.profile.gap_um.max()) for face in faces)
    depths = [void.depth_um for face in faces for void in find_voids(face.profile, delta_um)]
    shallowest = min(depths, default=deepest)
    shown = deepest if shallowest > deepest / 3 else max(shallowest, deepest / 8)
    relief = max(face.depth for face in faces)
    true_height = STRIP / column * (x[1] - x[0])
    exact = max(true_height / max(1.5 * max(shown, relief), 0.15), 1.0)
    decade = 10.0 ** np.floor(np.log10(exact))
    factor = float(max(step for step in (1, 2, 5) if step * decade <= exact * (1 + 1e-9)) * decade)
    height, side, at = true_height / factor, faces[0].side, faces[0].at
    below = -0.28 * height if relief == 0 else -max(1.25 * relief, 0.28 * height)
    ends = sorted((at + side * below, at + side * (below + height)))
    return Panel(Window(x, (ends[0], ends[1])), STRIP, f"vertical × {factor:g}", number, at)


def paint(axes: Axes, layers: Sequence[Layer], window: Window, pixels: tuple[float, float], with_pyvista: bool) -> None:
    """Draw the bodies. pixels: width and height of the axes on the page."""
    if with_pyvista:
        size = (round(2 * pixels[0]), round(2 * pixels[1]))  # twice the resolution of the page, for smooth edges
        axes.imshow(render(layers, window, size), extent=window.extent, aspect="auto", interpolation="antialiased")
    else:
        for layer in layers:
            if len(layer.block.cells):
                x, y, _ = layer.block.points.T
                triangles = Triangulation(x, y, _linear_triangles(layer.block))
                axes.tripcolor(triangles, layer.values, norm=layer.norm, cmap=layer.cmap, shading="gouraud", rasterized=True)
    axes.set_xlim(window.x)
    axes.set_ylim(window.y)


def _linear_triangles(block: Block) -> NDArray[np.int64]:
    """Each quadratic triangle as four linear ones."""
    if block.cells.shape[1] == 3:
        return block.cells
    corners = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]]
    return np.concatenate([block.cells[:, corner] for corner in corners])


def outline(axes: Axes, face: PanelFace, window: Window) -> None:
    """Both faces as thin lines, and a bar along the patches."""
    x = face.profile.x_um
    axes.plot(x, face.lithium, color=INK, lw=0.5, zorder=3)
    axes.plot(x, face.electrolyte, color=INK, lw=0.5, zorder=3)
    bar = 0.05 / axes.bbox.height * axes.figure.dpi * (window.y[1] - window.y[0])  # 0.05 inch on the page
    for a, b in patch_spans(face.profile):
        along = np.concatenate(([a], x[(x > a) & (x < b)], [b]))
        top = np.interp(along, x, face.electrolyte)
        axes.fill_between(along, top - face.side * bar, top, color=INK, lw=0, zorder=2)


def fill_touching(axes: Axes, face: PanelFace, delta_um: float) -> None:
    """Grey where the faces touch through their roughness (0 < gap < 3δ)."""
    gap = face.profile.gap_um
    touching = (gap > 0) & (gap < VOID_AT * delta_um)
    x = face.profile.x_um
    axes.fill_between(x, face.electrolyte, face.lithium, where=touching.tolist(), color=GREY, lw=0, interpolate=True, zorder=2)


def patch_spans(profile: Profile) -> list[tuple[float, float]]:
    """Patches as (from, to) in µm: intervals of Γ whose ASR is above 1.2 times the clean (smallest)
    one, between the positions where it passes the mean of the clean ASR and the largest of the
    interval."""
    x, asr, clean = profile.x_um, profile.asr_ohm_cm2, float(profile.asr_ohm_cm2.min())
    spoiled = np.concatenate(([False], asr > SPOILED * clean, [False])).astype(np.int8)
    spans = []
    for a, b in zip(np.flatnonzero(np.diff(spoiled) == 1), np.flatnonzero(np.diff(spoiled) == -1), strict=True):
        middle = 0.5 * (clean + float(asr[a:b].max()))
        above = a + np.flatnonzero(asr[a:b] >= middle)
        spans.append((_passes(x, asr, middle, above[0], -1), _passes(x, asr, middle, above[-1], +1)))
    return spans


def _passes(x: Array, asr: Array, middle: float, node: int, outwards: int) -> float:
    """Position where the ASR, linear between nodes, passes `middle` between a node above it and its
    neighbour, or the end of Γ."""
    neighbour = node + outwards
    if not 0 <= neighbour < len(x):
        return float(x[node])
    share = min((asr[node] - middle) / (asr[node] - asr[neighbour]), 1.0)
    return float(x[node] + share * (x[neighbour] - x[node]))
