"""Diagnostics evaluated at the end of a run alone: pressing, the impedance spectrum, a measured
curve."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cellfem.case import Case
from cellfem.case.measured_curve import CurveError, read_curve
from cellfem.model.build import Model
from cellfem.output.comparison import Points, compare, verdict
from cellfem.output.drawing import MeasuredVoltage
from cellfem.output.records import write_atomic
from cellfem.runner.diagnostics.base import Diagnostic, Ended
from cellfem.runner.pressing import pressing_of
from cellfem.runner.spectrum import SURFACE, CellSpectrum, cell_spectrum, plotted_spectrum, write_table
from cellfem.units import OHM_CM2

type Say = Callable[[str], None]


class Pressing(Diagnostic):
    """Results of pressing, for a case that presses."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def verdict(self, run: Ended) -> dict[str, Any]:
        return {"pressing": pressing_of(self.case, run.rows)}


class ImpedanceSpectrum(Diagnostic):
    """Spectrum of the last state, if the case requests it."""

    def __init__(self, case: Case, model: Model, folder: Path, warn: Say) -> None:
        self.case, self.model, self.folder, self.warn = case, model, folder, warn
        self.spectrum: CellSpectrum | None = None

    def end(self) -> None:
        """If the spectrum fails, a warning is given and the run is not affected."""
        if not self.case.impedance.spectrum:
            return
        try:
            self.spectrum = cell_spectrum(self.case, self.model)
        except (RuntimeError, ArithmeticError) as error:  # including PETSc's errors, on all ranks
            self.warn(f"no impedance spectrum ({error}); cellfem impedance {self.folder} makes it from {SURFACE}")

    def files(self) -> dict[str, Path]:
        return {} if self.spectrum is None else {"impedance spectrum": write_table(self.spectrum, self.folder)}

    def drawing(self) -> dict[str, Any]:
        shown = self.spectrum is not None and self.case.output.pictures
        return {"spectrum": plotted_spectrum(self.spectrum) if self.spectrum is not None and shown else None}


class MeasuredCurve(Diagnostic):
    """The measured voltage of the case compared with that of the run."""

    def __init__(self, case: Case, rows: list[dict[str, float]], folder: Path, note: Say) -> None:
        self.case, self.rows, self.note = case, rows, note
        self.path = folder / "measured.json"
        self.voltage: MeasuredVoltage | None = None

    def files(self) -> dict[str, Path]:
        self.voltage = self._compared()
        if self.voltage is None:
            return {}
        write_atomic(self.path, json.dumps(verdict(self.voltage.comparison), indent=2, ensure_ascii=False) + "\n")
        return {"difference": self.path}

    def drawing(self) -> dict[str, Any]:
        return {"measured": self.voltage}

    def _compared(self) -> MeasuredVoltage | None:
        if self.case.measured.file is None:
            return None
        try:
            curve = read_curve(self.case.measured)
            self.note(f"{curve.source}: {curve.understood}")
            difference = compare(self.rows, curve, OHM_CM2 * self.case.measured.series)
        except (CurveError, ValueError) as error:
            self.note(f"measured.file: {error}")
            return None
        self.note(str(verdict(difference)["text"]))
        return MeasuredVoltage(Points(curve.kind, curve.x, curve.voltage_mV), difference)
