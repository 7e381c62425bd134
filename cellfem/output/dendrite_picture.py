"""Picture of the dendrite drive along Γ: current, both driving pressures, index, density of
likelihood."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import AutoMinorLocator

from cellfem.formatting import time_text
from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Array
from cellfem.observe.dendrite import DendriteFields, profile_fields, sampled_index
from cellfem.observe.sampled_flaws import SampledFlaws
from cellfem.output.dendrites import Plated
from cellfem.output.stack_panels import patch_spans
from cellfem.output.style import CURVES_WIDTH_IN, GREY, INK, headline, new_figure, not_closer, save, style

BLUE, ORANGE, RED, PURPLE = "#1f5f99", "#d1661c", "#a02c2c", "#7a4b94"
DECADES = 12  # largest density of likelihood shown


def draw_dendrites(
    path: Path,
    worst: Plated,
    last: Plated,
    flaws: Flaws,
    *,
    title: str = "",
    axisymmetric: bool = False,
    sampled: SampledFlaws | None = None,
) -> None:
    """Along Γ at the time of the largest index (solid) and at the last time of plating (dashed);
    patches shaded.

    worst, last: with their profiles (rank 0); raises ValueError without them. sampled: individually
    sampled flaws, each a dot at its place.
    """
    if worst.profile is None or last.profile is None:
        raise ValueError("a picture along the interface needs its profile")
    with style():
        figure = new_figure(CURVES_WIDTH_IN, 6.4)
        current, drives, index, density = figure.subplots(4, 1, sharex=True, height_ratios=(1.0, 1.2, 1.0, 1.0))
        for moment, profile, line in ((last, last.profile, "--"), (worst, worst.profile, "-")):
            fields = profile_fields(profile, flaws, moment.reading.around)
            first = line == "-"
            look = {"ls": line, "lw": 1.4 if first else 0.9}
            x = profile.x_um
            current.plot(x, profile.current_mA_cm2, color=ORANGE, **look)
            drives.plot(
                x, _shown(fields, fields.drive_overpotential_MPa), color=BLUE, label="overpotential" if first else "", **look
            )
            drives.plot(
                x, _shown(fields, fields.drive_extrusion_MPa), color=PURPLE, label="creep (extrusion)" if first else "", **look
            )
            index.plot(x, fields.dendrite_index, color=RED, **look)
            density.plot(x, _shown(fields, fields.likelihood_density_1_um2), color=INK, **look)
        current.set_ylabel("current (mA/cm²)")
        drives.set_ylabel("drive (MPa)")
        drives.set_ylim(0.0, 1.35 * drives.get_ylim()[1])  # space for the legend
        drives.legend(loc="upper left", ncols=2, title="the smaller one governs", title_fontsize=7.5, alignment="left")
        if sampled is not None and len(sampled):
            indices = sampled_index(worst.profile, sampled, flaws, worst.reading.around)
            label = f"sampled flaws, {sampled.length.min():.2g} to {sampled.length.max():.2g} µm"
            index.scatter(sampled.x, indices, s=5, color=GREY, lw=0, label=label, zorder=1)
            index.legend(loc="upper left")
        if worst.reading.uniform:
            index.text(0.02, 0.08, "uniform", transform=index.transAxes, color=INK)
        else:
            index.plot(worst.reading.place_um, worst.reading.index, "o", color=RED, ms=4)
        index.set_ylim(bottom=0.0)
        index.set_ylabel("dendrite index\n$K_I/K_{Ic}$")
        _log(density)
        density.set_ylabel("critical flaws\nper area (1/µm²)")
        density.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
        density.set_xlim(worst.profile.x_um[0], worst.profile.x_um[-1])
        for axes in (current, drives):
            not_closer(axes)
        for axes in (current, drives, index, density):
            axes.spines["top"].set_visible(False)
            axes.xaxis.set_minor_locator(AutoMinorLocator())
            axes.grid(axis="y", color="#e4e4e4", lw=0.6)
            axes.set_axisbelow(True)
            for a, b in patch_spans(worst.profile):
                axes.axvspan(a, b, color=GREY, alpha=0.22, lw=0)
        times = f"solid: largest index, {time_text(worst.time_s)}; dashed: {time_text(last.time_s)}"
        current.set_title(f"{headline(title)}\n" if title else "", loc="left", fontweight="bold")
        current.set_title(times, loc="right", fontsize=7.5)
        figure.align_ylabels([current, drives, index, density])
        figure.tight_layout(h_pad=0.4)
        save(figure, path)


def _shown(fields: DendriteFields, values: Array) -> Array:
    """Values without points where nothing is plated."""
    return np.where(fields.drive_extrusion_MPa > 0, values, np.nan)


def _log(axes: Axes) -> None:
    largest = max(
        (float(np.nanmax(np.asarray(line.get_ydata(), dtype=float), initial=0.0)) for line in axes.get_lines()), default=0.0
    )
    if largest > 0:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, largest * 10.0**-DECADES), high)
