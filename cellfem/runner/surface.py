"""Output of `cellfem surface`: the face of a case or of a file of heights, as numbers and as a
picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.case import Case, load_case, parse_case
from cellfem.case.errors import CaseError
from cellfem.case.faces import law_of
from cellfem.case.identity import files_read
from cellfem.case.overrides import apply_override
from cellfem.geometry import RoughFace, maps, measured_face, roughness
from cellfem.geometry.measured_face import MeasuredHeights
from cellfem.geometry.roughness import Floats, RoughnessError, Statistics
from cellfem.output.surface_picture import SpectrumCurve, draw_surface
from cellfem.runner.prepare import face_of, face_sentences, map_of, measured_heights_of

WHOLE_PERIODS = 4  # wavelengths longer than this share of a measured line are excluded from the fit: they are too few
FLAT = 1e-6  # µm, a picometre: below the resolution of any instrument
POINTS_PER_WAVE = 4  # wavelengths with fewer points are excluded too


@dataclass(frozen=True)
class SurfaceReport:
    """A face and its source; `line`, `before`, `whole` are those of a measurement, None
    otherwise."""

    title: str
    x: Floats
    heights: Floats  # as used: on x, cropped, without wavelengths below the cut-off
    used: Statistics
    line: MeasuredHeights | None
    before: Statistics | None
    whole: Statistics | None  # of all lines of a map
    about: tuple[str, ...]
    curves: tuple[SpectrumCurve, ...]  # spectra, as measured first
    law: SpectrumCurve | None
    sample: Floats  # heights whose distribution is shown


def read_surface(path: Path, overrides: list[str]) -> SurfaceReport:
    """The face of a case (a folder or .toml), or of a file of heights with [roughness] applied to
    all of it.

    Raises CaseError and RoughnessError.
    """
    if path.is_dir() or path.suffix == ".toml":
        case = load_case(path, overrides)
        if case.roughness.kind == "none":
            raise CaseError(
                ['roughness.kind: is none, the face of this case is flat; write for example kind = "self-affine"'], path
            )
        return _reading(case, case.title or str(path))
    return _file(path, overrides)


def files_of(path: Path, overrides: list[str]) -> dict[str, Path]:
    """Files that `read_surface` reads, by their names in messages. Raises CaseError."""
    if path.is_dir() or path.suffix == ".toml":
        return files_read(load_case(path, overrides), path)
    return {"the file of heights": path}


def _file(path: Path, overrides: list[str]) -> SurfaceReport:
    """As a case whose stack is as wide as the measurement; the other inputs have no effect."""
    data: dict[str, Any] = {
        "roughness": {"kind": "file", "file": str(path)},
        "mesh": {"near": "1 nm"},
        "protocol": [{"mode": "press", "duration": "1 s", "pressure": "1 MPa"}],
    }
    errors = [error for text in overrides if (error := apply_override(data, text)) is not None]
    if errors:
        raise CaseError(errors, path)
    case = parse_case(data)
    whole = measured_heights_of(case)
    left = whole.length - case.roughness.offset
    if left <= 0:
        raise RoughnessError(f"{path}: is {whole.length:.4g} µm long: make roughness.offset smaller")
    stack = case.stack.unchecked(width=left)
    return _reading(case.unchecked(stack=stack), path.name)


def _reading(case: Case, title: str) -> SurfaceReport:
    face, width = _line(case), case.stack.width
    assert face is not None
    x, heights = roughness.sampled(face, width)
    used = roughness.statistics(x, heights)
    spectrum = SpectrumCurve(*roughness.power_spectrum(heights, width, periodic=case.stack.periodic), "as used")
    if case.roughness.kind == "file":
        return _measured(case, title, x, heights, used, spectrum)
    law = None
    if case.roughness.kind == "self-affine" and case.stack.dimension == 2:
        every = spectrum.wave_number[spectrum.wave_number <= 2 * np.pi * (1 + 1e-9) / case.roughness.cut_off]
        law = SpectrumCurve(
            every, law_of(case.roughness).spectrum(every, every[0]), f"self-affine law, H = {case.roughness.hurst:g}"
        )
    about = () if case.stack.dimension == 2 else (f"the line at y = {_across(case):.4g} µm of a map",)
    return SurfaceReport(title, x, heights, used, None, None, None, about, (spectrum,), law, heights)


def _line(case: Case) -> RoughFace | None:
    """The face of a plane stack; in 3-D the profile of its map at roughness.line, or in the
    middle."""
    if case.stack.dimension == 2:
        return face_of(case)
    heights = map_of(case)
    return None if heights is None else maps.LineOn(heights, _across(case) or 0.0)


def _across(case: Case) -> float | None:
    if case.stack.dimension == 2 or case.roughness.line is not None:
        return case.roughness.line
    return case.stack.extents[1] / 2


def _measured(case: Case, title: str, x: Floats, heights: Floats, used: Statistics, spectrum: SpectrumCurve) -> SurfaceReport:
    """Profile, spectrum (for a map the mean over its lines) and distribution of the part that is
    used."""
    rough, whole = case.roughness, measured_heights_of(case)
    part = measured_face.cropped(whole, rough.offset, case.stack.width)
    part = measured_face.resampled(part, len(part.x))
    if np.ptp(part.heights) < FLAT:
        raise RoughnessError(f"{rough.file}: all heights are equal once the {rough.tilt} is removed: the face is flat")
    line = measured_face.line_of(part, _across(case))
    about = face_sentences(case, whole)
    if whole.is_map and case.stack.dimension == 2:
        where = whole.y[-1] / 2 if rough.line is None else rough.line
        about = (*about, f"as used is the line at y = {where:.4g} µm (roughness.line)")
    before = SpectrumCurve(
        *roughness.power_spectrum(part.heights, part.length), "as measured, all lines" if part.is_map else "as measured"
    )
    longest, shortest = part.length / WHOLE_PERIODS, max(rough.cut_off, POINTS_PER_WAVE * part.spacing)
    fit, law = roughness.fitted_law(before.wave_number, before.power, longest, shortest), None
    if fit is not None and 0 < fit[0] <= 1:  # otherwise it is not a self-affine face, and has no Hurst exponent
        ends = 2 * np.pi / np.array([longest, shortest])
        law = SpectrumCurve(ends, fit[1] * ends ** -(1 + 2 * fit[0]), f"fit, H = {fit[0]:.2f}")
    statistics = roughness.statistics(line.x, line.heights)
    depth = None if case.stack.dimension == 2 else case.stack.extents[1]
    every = measured_face.statistics_of(whole, rough.offset, case.stack.width, depth) if whole.is_map else None
    return SurfaceReport(title, x, heights, used, line, statistics, every, about, (before, spectrum), law, part.heights.ravel())


def report(reading: SurfaceReport) -> list[str]:
    """Lines to print."""
    measured_as = "its line" if reading.whole is not None else "as measured"
    columns = [("whole map", reading.whole), (measured_as, reading.before), ("as used", reading.used)]
    columns = [(name, numbers) for name, numbers in columns if numbers is not None]
    rows: list[tuple[str, list[str]]] = [("", [name for name, _ in columns])]
    for name, unit, attribute in (
        ("length", "µm", "length"),
        ("rms height", "µm", "rms"),
        ("peak to valley", "µm", "peak_to_valley"),
        ("skewness", "", "skewness"),
        ("kurtosis", "", "kurtosis"),
        ("rms slope", "", "slope_rms"),
        ("largest slope", "", "slope_max"),
    ):
        rows.append(
            (name, [f"{getattr(numbers, attribute):.4g} {unit}".strip() for _, numbers in columns if numbers is not None])
        )
    lines = [line for line in (reading.title, *reading.about) if line]
    lines += [f"{name:<16}" + "".join(f"{value:>14}" for value in values) for name, values in rows]
    if reading.law is not None:
        lines.append(f"{'spectrum':<16}{reading.law.label}")
    if reading.used.slope_max > roughness.STEEPEST:
        lines.append("The largest slope is above 1, which a run refuses: make the cut-off longer or the heights smaller.")
    return lines


def draw(reading: SurfaceReport, path: Path) -> None:
    """Write the picture (PNG)."""
    line = None if reading.line is None else (reading.line.x, reading.line.heights)
    draw_surface(path, (reading.x, reading.heights), line, reading.curves, reading.law, reading.sample, title=reading.title)
