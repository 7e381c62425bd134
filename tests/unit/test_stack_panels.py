"""What the picture of a stack shows: how much of it, which electrodes, and on which side a face is
rough."""

import numpy as np
import pytest
from matplotlib.colors import Normalize, to_rgba

from cellfem.observe.arrays import Array, Block, Profile
from cellfem.output.rendering import Layer
from cellfem.output.stack_panels import PanelFace, panels_of
from cellfem.output.style import new_figure, not_closer, without_white

WIDTH, COLUMN, DELTA = 10.0, 2.5, 0.01


def profile(gap: float | Array = 0.0) -> Profile:
    x = np.linspace(0.0, WIDTH, 41)
    one = np.ones_like(x)
    return Profile(x, one, gap * one, one, one, one, one, one, one, one)


def body(low: float, high: float) -> Layer:
    points = np.array([[x, y, 0.0] for y in (low, high) for x in (0.0, WIDTH)])
    return Layer(Block(points, np.array([[0, 1, 3]]), 5, {}), np.zeros(4), Normalize(), without_white("GnBu"))


def face(at: float = 0.0, side: int = 1, relief: Array | None = None, gap: float | Array = 0.0) -> PanelFace:
    along = profile(gap)
    return PanelFace(along, at, side, np.zeros_like(along.x_um) if relief is None else relief)


def test_stack_that_fits_is_shown_whole() -> None:
    whole, strip = panels_of([[body(0, 8), body(-8, 0)]] * 2, [[face()]] * 2, DELTA, COLUMN)
    assert (whole.window.y, whole.label) == ((-8.0, 8.0), "true proportions")
    assert whole.height == pytest.approx(COLUMN * 16 / WIDTH)
    assert strip.electrode == 0
    assert strip.label.startswith("vertical × ")


def test_what_a_tall_stack_does_not_show_is_told() -> None:
    part, _ = panels_of([[body(0, 40), body(-60, 0)]] * 2, [[face()]] * 2, DELTA, COLUMN)
    low, high = part.window.y
    assert high - low == pytest.approx(17.0)
    assert low < 0 < high
    assert part.label == "true proportions, 17 of 100 µm of height"


@pytest.mark.parametrize(("llzo", "rows"), [(20.0, 3), (500.0, 4)])
def test_both_electrodes_have_their_strip(llzo: float, rows: int) -> None:
    layers = [body(0, 8), body(-llzo, 0), body(-llzo - 8, -llzo)]
    panels = panels_of([layers] * 2, [[face(), face(-llzo, -1)]] * 2, DELTA, COLUMN)
    strips = [panel for panel in panels if panel.electrode is not None]
    assert len(panels) == rows
    assert [(panel.electrode, panel.at) for panel in strips] == [(0, 0.0), (1, -llzo)]
    assert [panel.label.split(",")[0] for panel in strips] == ["electrode 1", "electrode 2"]
    for panel in strips:
        assert panel.window.y[0] < panel.at < panel.window.y[1]
    if rows == 4:  # what is left out is LLZO's middle
        above, below = panels[0].window.y, panels[2].window.y
        assert (above[1], below[0]) == pytest.approx((8.0, -llzo - 8))
        assert below[1] < above[0]


@pytest.mark.parametrize("side", [1, -1])
def test_a_rough_face_is_llzos(side: int) -> None:
    """Flat lithium on grooves: the gap is all in LLZO, the lithium's face is drawn flat, and far
    from Γ nothing moves."""
    x = profile().x_um
    relief = -0.5 * (1 - np.cos(2 * np.pi * x / WIDTH))
    rough = face(-3.0, side, relief, gap=-relief)
    assert rough.lithium == pytest.approx(-3.0)
    assert side * (rough.electrolyte + 3.0) == pytest.approx(relief)
    at_face = np.column_stack([x, np.full_like(x, -3.0), 0 * x])
    far = at_face + np.array([0.0, side * 100.0, 0.0])
    assert rough.lifted(np.concatenate([at_face, far]))[: len(x), 1] == pytest.approx(rough.electrolyte)
    assert rough.lifted(np.concatenate([at_face, far]))[len(x) :, 1] == pytest.approx(far[:, 1])


def test_an_axis_does_not_blow_up_round_off() -> None:
    axes = new_figure(2.0, 2.0).subplots()
    axes.plot([0, 1], [10.0, 10.0 + 1e-6], color=to_rgba("k"))
    not_closer(axes)
    assert axes.get_ylim() == pytest.approx((9.5, 10.5))
    axes.plot([0, 1], [5.0, 20.0])
    axes.autoscale()
    before = axes.get_ylim()
    not_closer(axes)
    assert axes.get_ylim() == before
