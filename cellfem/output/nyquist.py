"""An impedance spectrum as a Nyquist plot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from cellfem.output.style import GREY, INK, new_figure, save, style

Complex = NDArray[np.complex128]
Array = NDArray[np.float64]
BLUE = "#1f5f99"


def draw_nyquist(
    path: Path, frequency: Array, impedance: Complex, circuit: Complex, title: str = "", below: float = np.inf
) -> None:
    """-Z'' over Z', equal axes: the whole spectrum, and the interface's part of it, below the
    frequency `below` (Hz).

    Dashed: the circuit of a uniform face with the same means over the interface.
    """
    with style():
        figure = new_figure(7.2, 2.9)
        whole, part = figure.subplots(1, 2)
        for axes, shown in ((whole, np.full(len(frequency), True)), (part, frequency < below)):
            _arc(axes, frequency[shown], impedance[shown], circuit[shown])
        whole.set_title("whole cell", loc="left")
        part.set_title("the interfaces' part", loc="left")
        whole.set_ylabel("−Z″ (Ω)")
        whole.legend(loc="upper left")
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=8.5)
        figure.tight_layout()
        save(figure, path)


def _arc(axes: Axes, frequency: Array, impedance: Complex, circuit: Complex) -> None:
    axes.plot(circuit.real, -circuit.imag, color=GREY, ls="--", lw=1.0, label="circuit of a uniform face")
    axes.plot(impedance.real, -impedance.imag, color=BLUE, marker="o", ms=2.0, lw=1.0, label="this interface")
    size = float(np.ptp(impedance.real)) or 1.0
    last: complex | None = None
    for decade in np.arange(np.floor(np.log10(frequency.max())), np.ceil(np.log10(frequency.min())) - 1, -1):
        z = complex(impedance[int(np.argmin(np.abs(np.log10(frequency) - decade)))])
        if last is not None and abs(z - last) < 0.08 * size:
            continue  # coinciding marks are omitted
        last = z
        axes.plot([z.real], [-z.imag], "o", ms=4.0, color=INK)
        axes.annotate(_hertz(decade), (z.real, -z.imag), textcoords="offset points", xytext=(3, 5), fontsize=6.5, color=INK)
    low, high = float(impedance.real.min()), float(max(impedance.real.max(), circuit.real.max()))
    margin = 0.08 * (high - low or 1.0)
    axes.set_xlim(low - margin, high + 2 * margin)
    axes.set_ylim(-margin, max(float(-impedance.imag.min()), float(-circuit.imag.min()), 4 * margin) + 3 * margin)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel("Z′ (Ω)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _hertz(decade: float) -> str:
    step = int(np.floor(decade / 3))
    return f"{10 ** (decade - 3 * step):g} {({-1: 'm', 0: '', 1: 'k', 2: 'M', 3: 'G', 4: 'T'}).get(step, f'e{3 * step}')}Hz"
