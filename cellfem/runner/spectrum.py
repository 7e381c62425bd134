"""The impedance spectrum at the end of a run: computed at its end, or later from its final face."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellfem.backend import MPI
from cellfem.case import Case
from cellfem.model import from_case
from cellfem.model.build import Model, build_model
from cellfem.model.parameters import Cell
from cellfem.observe.impedance import Electric, frequencies, spectrum
from cellfem.observe.surface_state import load_surface, put_surface
from cellfem.output.drawing import Spectrum
from cellfem.output.spectra import write_spectrum
from cellfem.physics.smallsignal import VACUUM
from cellfem.runner.prepare import segments_of, source_of

INTERFACE_BELOW = 0.02
"""Frequency below which a spectrum shows the interfaces, as a share of the electrolyte's own
frequency: 2 % of its arc remains there."""
SURFACE, TABLE, PICTURE = "surface.npz", "spectrum.csv", "nyquist.png"


@dataclass(frozen=True, eq=False)
class CellSpectrum:
    """Z of the case's cell in Ω at frequencies in Hz, and of the circuit with a uniform face."""

    frequency: NDArray[np.float64]
    bulk_frequency: float  # κ/2πε of the electrolyte, Hz
    impedance: NDArray[np.complex128]
    circuit: NDArray[np.complex128]
    cell: str  # description of the cell

    @property
    def sentence(self) -> str:
        low, high = int(np.argmin(self.frequency)), int(np.argmax(self.frequency))
        z = self.impedance
        return (
            f"{self.cell}: "
            f"{z[low].real:.4g} Ω at {self.frequency[low]:.3g} Hz, {abs(z[high]):.3g} Ω at {self.frequency[high]:.3g} Hz; "
            f"a uniform face of the same contact would have {self.circuit[low].real:.4g} Ω at {self.frequency[low]:.3g} Hz"
        )


def cell_spectrum(case: Case, model: Model) -> CellSpectrum:
    """Spectrum of the present state (collective): the modelled Γ, with constriction, times the
    number of faces of the cell, and its separator.

    The separator replaces the modelled layer: Z A = N (z - L/κ*) + L_sep/κ*, κ* = κ + j2πνε.
    """
    table, cell = case.impedance, from_case.cell(case)
    floor = case.interface.roughness if isinstance(table.gap_floor, str) else table.gap_floor
    electric = Electric(table.double_layer, table.permittivity, floor)
    found = spectrum(model, electric, frequencies(table.lowest, table.highest, table.per_decade))
    kappa = float(model.residual.constants.conductivity.value)
    per_length = 1 / (kappa + 2j * np.pi * found.frequency * electric.permittivity * VACUUM)
    area = cell.area * 1e-12  # m²

    def of_cell(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
        interface = z - model.domain.electrolyte_thickness * per_length
        return np.asarray((cell.times * interface + cell.separator * per_length) / area)

    relaxation = kappa / (2 * np.pi * electric.permittivity * VACUUM)
    return CellSpectrum(found.frequency, relaxation, of_cell(found.impedance), of_cell(found.circuit), _words(case, cell))


def _words(case: Case, cell: Cell) -> str:
    faces = f"{cell.interfaces} interface{'s' if cell.interfaces > 1 else ''}"
    return f"cell of {cell.area * 1e-8:g} cm^2, {faces}, {cell.separator:g} um of {case.electrolyte.material}"


def model_at_end(case: Case, folder: Path, comm: MPI.Intracomm) -> Model:
    """The model with the final face of a run in `folder`, at the temperature of its end
    (collective).

    Raises SurfaceError, MeshError.
    """
    surface = load_surface(folder / SURFACE)
    source = source_of(case) if comm.rank == 0 else None
    model = build_model(source, from_case.structure(case), from_case.interface(case), from_case.numerics(case), comm)
    begin, segments = 0.0, segments_of(case)
    for segment in segments:
        if surface.time <= (begin + segment.duration) * (1 + 1e-9) or segment is segments[-1]:
            model.set_material(segment.material)
            model.set_load(segment.load(surface.time - begin))
            break
        begin += segment.duration
    put_surface(model, surface)
    return model


def write_table(found: CellSpectrum, folder: Path) -> Path:
    """spectrum.csv; rank 0. Raises OSError."""
    write_spectrum(folder / TABLE, found.frequency, found.impedance, found.cell)
    return folder / TABLE


def plotted_spectrum(found: CellSpectrum) -> Spectrum:
    """Data of a Nyquist plot."""
    return Spectrum(found.frequency, found.impedance, found.circuit, INTERFACE_BELOW * found.bulk_frequency)


def write_files(found: CellSpectrum, case: Case, folder: Path) -> dict[str, Path]:
    """Table and picture into the folder; rank 0."""
    files = {"impedance spectrum": write_table(found, folder)}
    if case.output.pictures:
        from cellfem.output.nyquist import draw_nyquist  # imported late: a run draws in a separate process

        z = plotted_spectrum(found)
        draw_nyquist(folder / PICTURE, z.frequency, z.impedance, z.circuit, case.title, z.below)
        files["Nyquist plot"] = folder / PICTURE
    return files
