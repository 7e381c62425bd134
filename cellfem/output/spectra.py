"""An impedance spectrum as a table that impedance.py reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellfem.output.records import write_atomic

Complex = NDArray[np.complex128]
Array = NDArray[np.float64]


def write_spectrum(path: Path, frequency: Array, impedance: Complex, says: str) -> None:
    """Three columns with commas, frequency (Hz), Z' and Z'' (ohm), described in a line that begins
    with #.

    `impedance.preprocessing.readCSV` of impedance.py reads it directly (numpy.genfromtxt).
    """
    lines = [f"# frequency (Hz), Z' (ohm), Z'' (ohm): {says}"]
    lines += [f"{nu!r},{z.real!r},{z.imag!r}" for nu, z in zip(frequency.tolist(), impedance.tolist(), strict=True)]
    write_atomic(path, "\n".join(lines) + "\n")


def read_spectrum(path: Path) -> tuple[Array, Complex]:
    """(frequency, Z) as read by impedance.py."""
    data = np.genfromtxt(path, delimiter=",")
    return data[:, 0], data[:, 1] + 1j * data[:, 2]
