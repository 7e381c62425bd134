"""Draws docs/images/sketch.png: the parts of a stack and the words for them. Run: python
docs/make_sketch.py."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cellfem.output.style import INK, PAGE_WIDTH_IN, new_figure, save, style

TARGET = Path(__file__).parent / "images" / "sketch.png"
LITHIUM, LLZO, PLATEN, PATCH, TOUCHING = "#a9d8d0", "#fbd58a", "#b9b9b9", "#303030", "#8a8a8a"
PORE = "#f4fbf9"


def draw(path: Path = TARGET) -> None:
    """Left: the stack. Right: the interface magnified."""
    with style():
        figure = new_figure(PAGE_WIDTH_IN, 3.7)
        stack, face = figure.subplots(1, 2, width_ratios=(1.0, 1.25))
        _stack(stack)
        _face(face)
        figure.subplots_adjust(left=0.015, right=0.985, bottom=0.02, top=0.93, wspace=0.06)
        save(figure, path)


def _stack(axes: Axes) -> None:
    axes.set(xlim=(-3.2, 13.2), ylim=(-9.5, 12.5))
    axes.axis("off")
    axes.set_title("the stack (half a period)", fontsize=8.5)
    axes.add_patch(Rectangle((0, 7), 10, 1, color=PLATEN))
    axes.add_patch(Rectangle((0, 0), 10, 7, color=LITHIUM))
    axes.add_patch(Rectangle((0, -7), 10, 7, color=LLZO))
    x = np.linspace(0, 2.6, 40)
    axes.fill_between(x, 0.0, 1.0 * (1 - (x / 2.6) ** 2), color="white", lw=0)
    axes.plot(x, 1.0 * (1 - (x / 2.6) ** 2), color=INK, lw=0.8)
    axes.add_patch(Rectangle((6.2, -0.3), 1.9, 0.3, color=PATCH))
    axes.plot([0, 10], [0, 0], color=INK, lw=1.2)
    for side in (0, 10):
        axes.plot([side, side], [-7, 8], color=INK, lw=0.8, ls=(0, (6, 3)))
    for place in (1.5, 5.0, 8.5):
        axes.annotate("", (place, 8.1), (place, 10.0), arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.0})
    axes.text(5, 10.5, "stack pressure P", ha="center")
    axes.text(5, 7.5, "platen", ha="center", va="center")
    axes.text(5, 4.3, "lithium: creeps;\nporosity f (vacancies)", ha="center", va="center")
    axes.text(5, -5.0, "LLZO: conducts, elastic;\npores by its density", ha="center", va="center")
    axes.annotate("void", (0.9, 0.45), (2.1, 2.1), arrowprops=_ARROW)
    axes.annotate("patch: a spot of\nhigher resistance", (7.2, -0.2), (4.2, -2.2), arrowprops=_ARROW, ha="left", va="center")
    axes.text(10.25, 0, "Γ, the\ninterface", va="center")
    axes.text(-0.3, 0, "y = 0", va="center", ha="right")
    axes.text(-0.35, -3.6, "mirror plane", rotation=90, va="center", ha="right", fontsize=7)
    axes.text(10.6, -4.0, "mirror plane", rotation=90, va="center", ha="right", fontsize=7)
    axes.annotate("", (11.4, 2.6), (11.4, 6.2), arrowprops={"arrowstyle": "-|>", "color": "#a02c2c", "lw": 1.2})
    axes.text(11.7, 4.4, "i > 0\nstrips", color="#a02c2c", va="center", fontsize=7)
    axes.text(5, -8.3, "far face: potential Φ, current I", ha="center", fontsize=7.5)
    axes.plot([0, 10], [-7, -7], color=INK, lw=0.8)


_ARROW = {"arrowstyle": "-", "color": INK, "lw": 0.7}


def _face(axes: Axes) -> None:
    axes.set(xlim=(-0.3, 16.3), ylim=(-5.6, 8.6))
    axes.axis("off")
    axes.set_title("Γ magnified: heights in nanometres", fontsize=8.5)
    x = np.linspace(0, 16, 400)
    gap = 0.25 + 3.0 * np.exp(-(((x - 9.0) / 1.6) ** 2)) + 0.5 * np.clip((x - 12.0) / 4, 0, 1)
    axes.fill_between(x, gap, 7.2, color=LITHIUM, lw=0)
    axes.fill_between(x, -4.0, 0.0, color=LLZO, lw=0)
    axes.fill_between(x, 0.0, gap, where=(gap < 0.9).tolist(), color=TOUCHING, lw=0)
    axes.plot(x, gap, color=INK, lw=0.9)
    axes.plot(x, 0 * x, color=INK, lw=0.9)
    rng = np.random.default_rng(1)
    pores = rng.uniform((0.3, 0.6), (5.4, 2.6), (60, 2))
    pores = pores[pores[:, 1] > 0.55 + rng.uniform(0, 0.2, len(pores))]
    axes.scatter(*pores.T, s=5 * (2.9 - pores[:, 1]), color=PORE, lw=0)
    axes.annotate("", (9.0, 0.0), (9.0, 3.25), arrowprops={"arrowstyle": "<|-|>", "color": INK, "lw": 0.8})
    axes.text(8.85, 1.2, "gap g", ha="right")
    axes.text(9.6, 3.9, "open: a void where g > 3δ", ha="center")
    words = (
        ("touches through asperities\nof height δ: contact θ_g", (13.8, 0.2), (9.6, -1.6)),
        ("vacancies take a share of it: only\nθ = θ_g (1 - f/f_c) carries current", (2.6, 0.1), (0.2, -1.6)),
        ("porosity f: vacancies and nanopores\nin the lithium, smaller than a length ℓ", (2.4, 2.0), (0.2, 5.4)),
    )
    for text, place, where in words:
        axes.annotate(text, place, where, arrowprops=_ARROW, fontsize=7.5)
    axes.text(15.9, 6.4, "lithium", ha="right")
    axes.text(15.9, -3.7, "LLZO", ha="right")
    axes.text(8.0, -5.0, "f is in the lithium, g between the faces; LLZO's pores are in its density", ha="center", fontsize=7)


if __name__ == "__main__":
    draw()
