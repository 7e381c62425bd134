"""Curves over time and pictures along Γ, drawn by matplotlib (PNG, 200 dpi, sized for a paper)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoMinorLocator

from cellfem.formatting import length_unit, time_text, time_unit
from cellfem.observe.arrays import Array, Profile
from cellfem.output.scenes import Scene
from cellfem.output.stack_panels import patch_spans
from cellfem.output.stack_picture import draw_stack
from cellfem.output.style import CURVES_WIDTH_IN, GREY, INK, headline, new_figure, not_closer, save, style
from cellfem.physics.definitions import VOID_AT
from cellfem.quantities import SECOND

__all__ = ["Scene", "draw_history", "draw_interface", "draw_stack"]

FAINT = 30.0
"""A part of the resistance is not drawn below the smallest total divided by this."""
LEAST_POROSITY = 1e-3  # that an axis of porosity spans
THIN = 0.7  # line width in points of curves of a second electrode
CHANGE = 0.01  # relative change of pressure or current above which it is shown
BLUE, ORANGE, GREEN, PURPLE = "#1f5f99", "#d1661c", "#2b7a4b", "#7a4b94"


def draw_history(
    path: Path | None,
    rows: Sequence[Mapping[str, float]],
    *,
    half_pressure_MPa: float,
    title: str = "",
    end: str = "",
    axisymmetric: bool = False,
) -> Figure:
    """Contact, carrying fraction, voltage (without any current: interface resistance) and size of
    the voids over time.

    path: of the PNG; None: nothing is written. rows: those of records.csv, at least one.
    half_pressure_MPa: p_½; the dotted line is the contact of a perfect flat face, P/(P + p_½). end:
    why the run ended, if a stop condition did it; marked by a line. Where the load changes, a panel
    shows current and pressure; thin lines are those of a second electrode.
    """
    size, size_unit = ("void_volume_um3", "µm³") if axisymmetric else ("void_area_um2", "µm²")
    column = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
    per_unit, unit = time_unit(float(column["time_s"][-1]))
    time = column["time_s"] / per_unit
    with style():
        flows = bool(np.any(column["current_mA_cm2"]))
        loads = [column[name] for name in ("pressure_MPa", "current_mA_cm2")]
        changes = flows and any(np.ptp(load) > CHANGE * np.abs(load).max() for load in loads)
        figure = new_figure(CURVES_WIDTH_IN, 7.0 if changes else 5.6)
        ratios = (1.25, 1.0, 1.25, *((1.0,) if changes else ()))
        contact, voltage, voids, *load = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        pressure = column["pressure_MPa"]
        contact.plot(time, pressure / (pressure + half_pressure_MPa), color=GREY, ls=":", label="contact of a perfect flat face")
        contact.plot(time, column["contact_fraction"], color=BLUE, label="contact")
        contact.plot(time, column["carrying_fraction"], color=ORANGE, label="carrying current")
        for name, colour in (("contact_fraction", BLUE), ("carrying_fraction", ORANGE)):
            _second(contact, time, column, name, colour)
        contact.set_ylim(0.0, 1.03)
        contact.set_ylabel("fraction of interface")
        if f"contact_fraction{SECOND}" in column:
            contact.plot([], [], color=INK, lw=THIN, label="second electrode (thin)")
        contact.legend(loc="best", labelspacing=0.25)
        if flows:
            voltage.plot(time, column["voltage_mV"], color=INK)
            voltage.set_ylabel("voltage (mV)")
            not_closer(voltage)
        else:
            _draw_resistance(voltage, time, column)
        voids.plot(time, column[size], color=GREEN)
        _second(voids, time, column, size, GREEN)
        voids.set_ylim(0.0, 1.08 * (voids.dataLim.y1 or 1.0))
        voids.set_ylabel(f"voids, total {'volume' if axisymmetric else 'area'} ({size_unit})", color=GREEN)
        lowest = load[0] if load else voids
        lowest.set_xlabel(f"time ({unit})")
        if load:
            _draw_load(load[0], time, column)
        deepest = voids.twinx()
        gap_per_unit, gap_unit = length_unit(float(np.nanmax(column["gap_max_um"])))
        deepest.plot(time, column["gap_max_um"] / gap_per_unit, color=PURPLE, ls="--")
        deepest.set_ylim(0.0, 1.04 * max(deepest.dataLim.y1, 1.0))
        deepest.spines["top"].set_visible(False)
        deepest.set_ylabel(f"largest gap ({gap_unit})", color=PURPLE)
        for axes in (contact, voltage, voids, *load):
            _dress(axes)
            if end:
                axes.axvline(time[-1], color=INK, lw=0.6, ls="-")
        if end:
            contact.set_title(f"end: {end}", loc="right", fontsize=7.5)
        voids.set_xlim(0.0 if time[0] < 0.1 * time[-1] else time[0], time[-1] * (1.02 if end else 1.0) or 1.0)
        contact.set_title(f"{headline(title)}\n" if title and end else headline(title), loc="left", fontweight="bold")
        figure.align_ylabels([contact, voltage, voids, *load])
        figure.tight_layout(h_pad=0.4)
        if path is not None:
            save(figure, path)
        return figure


def _draw_resistance(axes: Axes, time: Array, column: Mapping[str, Array]) -> None:
    """Small-signal resistance, with its parts, on a logarithmic axis; the stack pressure on the
    right."""
    axes.plot(time, column["asr_small_signal_ohm_cm2"], color=INK, label="interface")
    axes.plot(time, column["asr_charge_transfer_ohm_cm2"], color=BLUE, lw=1.0, ls="--", label="charge transfer")
    axes.plot(time, column["asr_constriction_ohm_cm2"], color=ORANGE, lw=1.0, ls=":", label="constriction")
    axes.set_yscale("log")
    finite = column["asr_small_signal_ohm_cm2"][np.isfinite(column["asr_small_signal_ohm_cm2"])]
    if len(finite):
        axes.set_ylim(bottom=finite.min() / FAINT)
    axes.set_ylabel("resistance (Ω cm²)")
    axes.legend(loc="upper center", labelspacing=0.25)
    pressure = axes.twinx()
    pressure.plot(time, column["pressure_MPa"], color=GREY, lw=1.0)
    pressure.set_ylim(bottom=0.0)
    pressure.set_ylabel("pressure (MPa)", color=GREY)
    pressure.spines["top"].set_visible(False)


def _second(axes: Axes, time: Array, column: Mapping[str, Array], name: str, colour: str) -> None:
    """The same quantity of the second electrode, if there is one."""
    if f"{name}{SECOND}" in column:
        axes.plot(time, column[f"{name}{SECOND}"], color=colour, lw=THIN)


def _draw_load(axes: Axes, time: Array, column: Mapping[str, Array]) -> None:
    axes.plot(time, column["current_mA_cm2"], color=ORANGE)
    axes.set_ylabel("current (mA/cm²)", color=ORANGE)
    pressure = axes.twinx()
    pressure.plot(time, column["pressure_MPa"], color=BLUE, ls="--")
    pressure.set_ylim(bottom=0.0)
    pressure.spines["top"].set_visible(False)
    pressure.set_ylabel("pressure (MPa)", color=BLUE)


def draw_interface(
    path: Path | None, start: Scene, end: Scene, *, delta_um: float, title: str = "", axisymmetric: bool = False
) -> Figure:
    """Gap, contact and carrying fraction, current and porosity along Γ at the end, with the start
    dashed; patches shaded."""
    with style():
        figure = new_figure(CURVES_WIDTH_IN, 6.4)
        gap, contact, current, porosity = figure.subplots(4, 1, sharex=True, height_ratios=(1.2, 1.0, 1.0, 1.0))
        before, after = start.profile, end.profile
        deepest = max(float(before.gap_um.max()), float(after.gap_um.max()))
        per_unit, unit = length_unit(deepest)
        _pair(gap, before, after, "gap_um", BLUE, per_unit)
        _gap_scale(gap, deepest, delta_um, per_unit)
        gap.set_ylabel(f"gap ({unit})")
        _pair(contact, before, after, "contact", BLUE, label="contact")
        _pair(contact, before, after, "carrying", ORANGE, label="carrying current")
        contact.set_ylim(0.0, 1.3)  # space for the legend
        contact.set_yticks(np.linspace(0.0, 1.0, 5))
        contact.set_ylabel("local fraction")
        contact.legend(loc="upper left", ncols=2)
        _pair(current, before, after, "current_mA_cm2", ORANGE)
        mean = float(np.sum(after.weight * after.current_mA_cm2) / np.sum(after.weight))
        current.axhline(mean, color=GREY, ls=":", lw=1.0)
        current.annotate(" mean", (1.0, mean), xycoords=("axes fraction", "data"), va="center", fontsize=7, color=INK)
        current.set_ylabel("current (mA/cm²)")
        _pair(porosity, before, after, "porosity", GREEN)
        porosity.set_ylabel("porosity f")
        porosity.set_xlabel("r (µm)" if axisymmetric else "x (µm)")
        porosity.set_xlim(after.x_um[0], after.x_um[-1])
        not_closer(current)
        not_closer(porosity, LEAST_POROSITY)
        for axes in (gap, contact, current, porosity):
            _dress(axes)
            for a, b in patch_spans(after):
                axes.axvspan(a, b, color=GREY, alpha=0.22, lw=0)
        if spans := patch_spans(after):
            above = gap.get_xaxis_transform()
            gap.text(0.5 * sum(spans[0]), 0.97, "higher ASR", transform=above, ha="center", va="top", fontsize=7, color=INK)
        times = f"solid: end, {time_text(end.snapshot.time_s)}; dashed: start"
        gap.set_title(f"{headline(title)}\n" if title else "", loc="left", fontweight="bold")
        gap.set_title(times, loc="right", fontsize=7.5)
        figure.align_ylabels([gap, contact, current, porosity])
        figure.tight_layout(h_pad=0.4)
        if path is not None:
            save(figure, path)
        return figure


def _pair(axes: Axes, start: Profile, end: Profile, name: str, colour: str, per_unit: float = 1.0, label: str = "") -> None:
    values: list[tuple[Profile, Array]] = [(profile, getattr(profile, name) / per_unit) for profile in (start, end)]
    axes.plot(values[0][0].x_um, values[0][1], color=colour, ls="--", lw=0.9, alpha=0.8)
    axes.plot(values[1][0].x_um, values[1][1], color=colour, label=label)


def _gap_scale(axes: Axes, deepest_um: float, delta_um: float, per_unit: float) -> None:
    """Linear up to 3δ, logarithmic above if voids are far deeper than the roughness; a dotted line
    at 3δ."""
    threshold = VOID_AT * delta_um / per_unit
    deepest = deepest_um / per_unit
    if deepest > 10 * threshold:
        axes.set_yscale("symlog", linthresh=threshold, linscale=0.5)
        decades = 10.0 ** np.arange(np.ceil(np.log10(1.2 * threshold)), np.log10(deepest) + 0.3)
        axes.set_yticks([0.0, *decades], labels=["0", *(f"{value:g}" for value in decades)])
    axes.axhline(threshold, color=GREY, ls=":", lw=1.0)
    axes.annotate(" 3δ", (1.0, threshold), xycoords=("axes fraction", "data"), va="center", fontsize=7, color=INK)


def _dress(axes: Axes) -> None:
    axes.spines["top"].set_visible(False)
    axes.xaxis.set_minor_locator(AutoMinorLocator())
    axes.grid(axis="y", color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
