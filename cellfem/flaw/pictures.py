"""Pictures of a resolved flaw: stress of the ceramic around the cavity, profiles along it, and its
critical current."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.tri import Triangulation

from cellfem.flaw.analysis import FlawModel, FlawState
from cellfem.flaw.growth import Growth
from cellfem.output.style import GREY, INK, new_figure, save, style
from cellfem.units import MA_CM2

BLUE, ORANGE, RED, PURPLE = "#1f5f99", "#d1661c", "#a02c2c", "#7a4b94"
TENSION = LinearSegmentedColormap.from_list("tension", ["#2b5d8a", "#c9d8e6", "#f3ece4", "#e69a6b", "#8e1c1c"])
CORNERS = ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5])


def draw_state(path: Path, state: FlawState, model: FlawModel, title: str) -> None:
    """Left: largest principal stress around the flaw, lithium in yellow. Right: pressure and
    current along its walls."""
    flaw = model.problem.flaw
    with style():
        figure = new_figure(7.2, 3.6)
        body, pressure, current = (
            figure.add_axes(box) for box in ((0.08, 0.13, 0.30, 0.74), (0.56, 0.56, 0.41, 0.31), (0.56, 0.13, 0.41, 0.31))
        )
        _draw_body(body, model, state)
        depth = -state.walls.y
        pressure.plot(depth, state.walls.pressure, color=BLUE, label="pressure on the walls")
        pressure.axhline(model.problem.pressure, color=INK, ls=":", lw=0.8, label="stack pressure")
        if flaw.dry > 0:
            pressure.axvspan(flaw.filled, flaw.tip, color=GREY, alpha=0.25, lw=0, label="empty crack")
        pressure.set_ylabel("MPa")
        pressure.set_ylim(0.0, 1.5 * state.walls.pressure.max())
        pressure.legend(loc="upper left", ncols=2, fontsize=6.5)
        current.plot(depth, -MA_CM2 * state.walls.current, color=ORANGE)
        current.axhline(MA_CM2 * state.current, color=INK, ls=":", lw=0.8, label="mean of the face")
        current.set_ylim(bottom=0.0)
        current.set_ylabel("plating current\n(mA/cm²)")
        current.set_xlabel("depth (µm)")
        current.legend(loc="lower left", fontsize=6.5)
        for axes in (pressure, current):
            axes.set_xlim(0.0, 1.02 * flaw.tip)
            axes.spines[["top", "right"]].set_visible(False)
        figure.text(0.02, 0.955, title, fontsize=9.5, fontweight="bold", color=INK)
        verdict = f"$K_I/K_{{Ic}}$ = {state.index:.2g} at {MA_CM2 * state.current:.3g} mA/cm²"
        figure.text(0.98, 0.955, verdict, fontsize=8.5, ha="right", color=RED if state.index >= 1 else INK)
        save(figure, path)


def _draw_body(axes: Axes, model: FlawModel, state: FlawState) -> None:
    from dolfinx import plot

    flaw, body = model.problem.flaw, model.ceramic.body
    topology, _, points = plot.vtk_mesh(body.space)
    cells = topology.reshape(-1, topology[0] + 1)[:, 1:]
    triangles = np.concatenate([cells[:, c] for c in CORNERS])
    values = model.ceramic.principal
    reach = 1.5 * flaw.tip
    near = (points[:, 0] < 0.5 * reach) & (points[:, 1] > -reach)
    top = float(np.percentile(values[near], 97))
    low = float(np.percentile(values[near], 2))
    norm = TwoSlopeNorm(0.0, min(low, -0.1 * max(top, 1e-6)), max(top, 1e-6))
    for sign in (1, -1):
        drawn = Triangulation(sign * points[:, 0], points[:, 1], triangles)
        axes.tripcolor(drawn, values, norm=norm, cmap=TENSION, shading="gouraud", rasterized=True)
    w = state.walls
    least = 0.004 * reach  # a slit thinner than this would be invisible
    half = np.maximum(w.x, least)
    axes.fill_betweenx(w.y, -half, half, color="#f2c230", lw=0, zorder=3)
    axes.plot([0, 0], [-flaw.filled, -flaw.tip], color=INK, lw=1.0, zorder=3)
    axes.axhline(0.0, color=INK, lw=0.6)
    axes.set_xlim(-0.4 * reach, 0.4 * reach)
    axes.set_ylim(-reach, 0.04 * reach)
    axes.set_aspect("equal")
    axes.set_xlabel("x (µm)")
    axes.set_ylabel("y (µm)")
    bar = axes.figure.colorbar(ScalarMappable(norm=norm, cmap=TENSION), ax=axes, extend="both", shrink=0.8, pad=0.04)
    bar.set_label("largest principal stress (MPa)", fontsize=7)


def draw_critical(path: Path, asked: Sequence[FlawState], limit: float, title: str) -> None:
    """K_I/K_Ic and pressure over the current."""
    currents = [MA_CM2 * s.current for s in asked]
    with style():
        figure = new_figure(4.4, 3.2)
        index = figure.subplots()
        index.plot(currents, [s.index for s in asked], "o-", color=RED, ms=3, label="$K_I/K_{Ic}$")
        index.axhline(1.0, color=INK, lw=0.8, ls=":")
        if math.isfinite(limit) and limit > 0:
            index.axvline(MA_CM2 * limit, color=RED, lw=0.8, ls=":")
        index.set_xscale("log")
        index.set_yscale("log")
        index.set_xlabel("plating current (mA/cm²)")
        index.set_ylabel("$K_I/K_{Ic}$", color=RED)
        pressure = index.twinx()
        pressure.plot(currents, [s.pressure for s in asked], "s-", color=BLUE, ms=3)
        pressure.set_yscale("log")
        pressure.set_ylabel("pressure at the end (MPa)", color=BLUE)
        for axes in (index, pressure):
            axes.spines["top"].set_visible(False)
        index.set_title(title, loc="left", fontweight="bold")
        figure.tight_layout()
        save(figure, path)


def draw_growth(path: Path, growth: Growth, thickness: float, title: str) -> None:
    """K_I/K_Ic and pressure against the depth that the lithium has reached."""
    depth = [step.depth for step in growth.steps]
    with style():
        figure = new_figure(4.4, 3.2)
        index = figure.subplots()
        index.plot(depth, [step.state.index for step in growth.steps], "o-", color=RED, ms=3)
        index.axhline(1.0, color=INK, lw=0.8, ls=":")
        index.axvline(thickness, color=INK, lw=1.2)
        index.set_xlim(0.0, 1.02 * thickness)
        index.set_ylim(0.0, 1.12 * max(1.0, *(step.state.index for step in growth.steps)))
        index.set_xlabel("depth of the lithium (µm)")
        index.set_ylabel("$K_I/K_{Ic}$", color=RED)
        pressure = index.twinx()
        pressure.plot(depth, [step.state.pressure for step in growth.steps], "s-", color=BLUE, ms=3)
        pressure.set_ylim(0.0, 1.25 * max(step.state.pressure for step in growth.steps))
        pressure.set_ylabel("pressure at the end (MPa)", color=BLUE)
        index.set_title(f"{title}\n" if title else "", loc="left", fontweight="bold")
        index.set_title(f"end: {growth.end}", loc="right", fontsize=8)
        for axes in (index, pressure):
            axes.spines["top"].set_visible(False)
        figure.tight_layout()
        save(figure, path)


def draw_varied(path: Path, key: str, values: Sequence[str], limits: Sequence[float], title: str) -> None:
    """Critical current against the values of a key; arrows if there is none."""
    with style():
        figure = new_figure(4.4, 3.0)
        axes = figure.subplots()
        at = np.arange(len(values))
        shown = np.array([limit if math.isfinite(limit) and limit > 0 else np.nan for limit in limits])
        axes.plot(at, shown, "o-", color=RED, ms=4)
        if np.isfinite(shown).any():
            axes.set_yscale("log")
            low, high = np.nanmin(shown), np.nanmax(shown)
            axes.set_ylim(low / 2, high * 3)
            for k, limit in enumerate(limits):
                if math.isinf(limit):
                    axes.annotate("none", (k, high * 2), ha="center", fontsize=7, color=GREY)
        axes.set_xticks(at, values)
        axes.set_xlabel(key)
        axes.set_ylabel("critical current (mA/cm²)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, loc="left", fontweight="bold")
        figure.tight_layout()
        save(figure, path)
