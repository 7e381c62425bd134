"""Rough faces: random, grooved, with pores, measured; their statistics, files, gaps, and errors."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem.case import CaseError, parse_case
from cellfem.geometry import RoughnessError, VoidShape, build_stack, roughness, with_face
from cellfem.geometry.measured_face import (
    MeasuredHeights,
    cropped,
    levelled,
    line_of,
    measured_face,
    resampled,
)
from cellfem.geometry.roughness import Grooves, SelfAffine, pores, power_spectrum, sampled, self_affine, statistics
from cellfem.runner.prepare import face_of, stack_of
from cellfem.runner.surface import draw, read_surface, report
from tests.support.rough_maps import rough_map

WIDTH = 100.0
LAW = SelfAffine(rms=0.2, hurst=0.8, roll_off=20.0, cut_off=0.5, seed=3)
PRESS = [{"mode": "press", "duration": "1 s", "pressure": "1 MPa"}]


def law(**changed: float) -> SelfAffine:
    return SelfAffine(**{**LAW.__dict__, **changed})  # type: ignore[arg-type]


# --- random faces


@pytest.mark.parametrize("mirror", [True, False])
def test_rms_is_met_exactly(mirror: bool) -> None:
    face = self_affine(LAW, WIDTH, mirror)
    x, h = sampled(face, WIDTH)
    assert face.rms == pytest.approx(0.2, rel=1e-12)
    assert statistics(x, h).rms == pytest.approx(0.2, rel=1e-6)
    assert face.shortest == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("hurst", [0.3, 0.5, 0.8, 1.0])
def test_spectrum_falls_as_the_law_says(hurst: float) -> None:
    """The mean over seeds of the power, between roll-off and cut-off ∝ κ^-(1+2H), constant above
    the roll-off wavelength."""
    faces = [self_affine(law(hurst=hurst, seed=seed), WIDTH) for seed in range(400)]
    k = faces[0].wave_numbers
    mean = np.mean([face.cosines**2 for face in faces], axis=0) / (2 * k[0])
    inside = k > 2 * np.pi / LAW.roll_off * 1.01
    slope = np.polyfit(np.log(k[inside]), np.log(mean[inside]), 1)[0]
    assert slope == pytest.approx(-(1 + 2 * hurst), abs=0.05)
    # Scaling every face to the same rms lifts the mean power of the fine waves: by 2/N, N = 10
    # being the long ones.
    assert np.exp(np.mean(np.log(mean / law(hurst=hurst).spectrum(k, float(k[0]))))) == pytest.approx(1.0, abs=0.12)
    assert np.mean(mean[~inside]) == pytest.approx(float(law(hurst=hurst).spectrum(k[0], float(k[0]))), rel=0.2)
    assert k[-1] == pytest.approx(2 * np.pi / LAW.cut_off)


def test_spectrum_integrates_to_the_mean_square() -> None:
    face = self_affine(LAW, WIDTH)
    k, power = power_spectrum(sampled(face, WIDTH)[1], WIDTH)
    assert np.sum(power) * k[0] == pytest.approx(LAW.rms**2, rel=1e-10)
    count = len(face.cosines)
    assert power[:count] == pytest.approx(face.cosines**2 / (2 * k[0]), abs=1e-12)
    assert power[count:].max() < 1e-20


def test_seed_makes_the_face() -> None:
    x = np.linspace(0, WIDTH, 1000)
    one, same, other = (self_affine(law(seed=s), WIDTH).heights(x) for s in (3, 3, 4))
    assert np.array_equal(one, same)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.6
    # The first numbers of seed 1 as they were when this was written: a face of a published case
    # must not change.
    assert self_affine(law(seed=1), WIDTH).cosines[:3] == pytest.approx(FIRST_OF_SEED_1, rel=1e-12)


FIRST_OF_SEED_1 = (0.002741590680621741, -0.09822481180104595, -0.045389735063514895)


def test_shorter_cut_off_adds_waves_only() -> None:
    coarse, fine = self_affine(law(cut_off=2.0), WIDTH), self_affine(law(cut_off=1.0), WIDTH)
    ratio = fine.cosines[: len(coarse.cosines)] / coarse.cosines
    assert np.ptp(ratio) < 1e-12
    assert 0.95 < ratio[0] < 1.0


def test_mirror_planes_and_period() -> None:
    x = np.linspace(0, 5, 50)
    even, periodic = self_affine(LAW, WIDTH), self_affine(LAW, WIDTH, mirror=False)
    assert even.heights(-x) == pytest.approx(even.heights(x), abs=1e-12)
    assert even.heights(WIDTH - x) == pytest.approx(even.heights(WIDTH + x), abs=1e-12)
    assert periodic.heights(x + WIDTH) == pytest.approx(periodic.heights(x), abs=1e-12)
    assert np.abs(periodic.heights(-x) - periodic.heights(x)).max() > 0.05


def test_spectrum_of_a_periodic_face_is_that_of_its_waves() -> None:
    face = self_affine(LAW, WIDTH, mirror=False)
    k, power = power_spectrum(sampled(face, WIDTH)[1], WIDTH, periodic=True)
    count = len(face.cosines)
    assert k[:count] == pytest.approx(face.wave_numbers, rel=1e-12)
    assert power[:count] == pytest.approx((face.cosines**2 + face.sines**2) / (2 * k[0]), abs=1e-12)
    assert power[count:].max() < 1e-20
    assert np.sum(power) * k[0] == pytest.approx(LAW.rms**2, rel=1e-10)


def test_cut_off_of_a_periodic_face_adds_waves_only() -> None:
    coarse, fine = (self_affine(law(cut_off=length), WIDTH, mirror=False) for length in (2.0, 1.0))
    count = len(coarse.cosines)
    ratio = np.concatenate([fine.cosines[:count] / coarse.cosines, fine.sines[:count] / coarse.sines])
    assert np.ptp(ratio) < 1e-12


def test_impossible_laws_are_told() -> None:
    with pytest.raises(RoughnessError, match="roll-off"):
        self_affine(law(roll_off=0.1), WIDTH)
    with pytest.raises(RoughnessError, match="no wave"):
        self_affine(law(cut_off=300.0, roll_off=300.0), WIDTH)


# --- grooves, pores, statistics


@pytest.mark.parametrize(("shape", "rms", "slope"), [("sine", 0.5 / 8**0.5, np.pi / 20), ("triangle", 0.5 / 12**0.5, 0.1)])
def test_grooves(shape: roughness.Shape, rms: float, slope: float) -> None:
    grooves = Grooves(10.0, 0.5, shape)
    x, h = sampled(grooves, 25.0)
    found = statistics(x[x <= 20.0], h[x <= 20.0])
    assert grooves.heights([0.0, 5.0, 10.0]) == pytest.approx([0.0, -0.5, 0.0], abs=1e-12)
    assert found.rms == pytest.approx(rms, rel=1e-2)
    assert found.slope_max == pytest.approx(slope, rel=1e-2)
    assert grooves.steepest == pytest.approx(slope)
    assert found.peak_to_valley == pytest.approx(0.5)


def test_lands_of_the_trapezoid_are_flat() -> None:
    grooves = Grooves(8.0, 0.4, "trapezoid")
    assert grooves.heights([0.0, 0.9, 1.0, 2.0, 3.0, 4.0]) == pytest.approx([0, 0, 0, -0.2, -0.4, -0.4], abs=1e-12)
    assert grooves.steepest == pytest.approx(0.2)


def test_pores_are_whole_and_apart() -> None:
    face = pores(4.0, 0.3, 0.5, WIDTH, seed=7)
    assert len(face.centres) == 12
    assert face.centres[0] >= 2.0
    assert face.centres[-1] <= WIDTH - 2.0
    assert np.diff(face.centres).min() >= 4.0
    assert face.heights(face.centres) == pytest.approx(-0.3)
    _, h = sampled(face, WIDTH)
    assert np.mean(h < -1e-9) == pytest.approx(0.48, abs=0.005)
    with pytest.raises(RoughnessError, match="leave nothing"):
        pores(60.0, 0.3, 0.9, WIDTH, seed=7)


def test_statistics_of_known_heights() -> None:
    x = np.linspace(0, 2 * np.pi, 4001)
    wave, ramp = statistics(x, np.cos(x)), statistics(x, 0.3 * x)
    assert wave.rms == pytest.approx(0.5**0.5, rel=1e-6)
    assert wave.skewness == pytest.approx(0.0, abs=1e-6)
    assert wave.kurtosis == pytest.approx(1.5, rel=1e-5)
    assert wave.slope_rms == pytest.approx(0.5**0.5, rel=1e-5)
    assert ramp.slope_max == pytest.approx(0.3)
    assert statistics(x, np.exp(-(((x - 3) / 0.3) ** 2))).skewness > 1


# --- measured faces


def test_tilt_and_curvature_are_removed() -> None:
    x, y = 0.5 * np.arange(40), 0.5 * np.arange(30)
    plane = 1.0 + 0.02 * x[:, None] - 0.01 * y
    bowl = plane + 0.003 * x[:, None] ** 2 + 0.001 * x[:, None] * y
    assert np.abs(levelled(MeasuredHeights(x, y, plane), "plane").heights).max() < 1e-12
    assert np.abs(levelled(MeasuredHeights(x, y, bowl), "curvature").heights).max() < 1e-12
    assert np.abs(levelled(MeasuredHeights(x, y, bowl), "plane").heights).max() > 0.05
    level = levelled(MeasuredHeights(x, np.empty(0), plane[:, 0]), "mean").heights
    assert level.mean() == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(level) == pytest.approx(0.02 * 19.5)


def test_cropping_and_resampling() -> None:
    surface = rough_map()
    part = cropped(surface, 2.3, 10.0)
    assert part.length == pytest.approx(10.0)
    assert part.heights[0] == pytest.approx(0.4 * surface.heights[4] + 0.6 * surface.heights[5])
    assert line_of(surface, 3.25).heights == pytest.approx((surface.heights[:, 6] + surface.heights[:, 7]) / 2)
    again = resampled(line_of(part, 3.0), 21)
    assert np.diff(again.x) == pytest.approx(np.full(20, 0.5))
    with pytest.raises(RoughnessError, match="ends before"):
        cropped(surface, 12.0, 10.0)
    with pytest.raises(RoughnessError, match="is outside"):
        line_of(surface, 40.0)


def test_measured_face_keeps_long_waves_and_drops_short_ones() -> None:
    x = np.linspace(0, 20, 401)
    line = MeasuredHeights(x, np.empty(0), 0.2 * np.cos(np.pi * x / 5) + 0.05 * np.cos(np.pi * x / 0.5))
    face = measured_face(line, 2.0)
    where = np.linspace(0, 20, 77)
    assert face.heights(where) == pytest.approx(0.2 * np.cos(np.pi * where / 5), abs=1e-4)
    assert measured_face(line, 0.5).heights(x) == pytest.approx(line.heights, abs=1e-3)


# --- the gap of a case


def case(rough: dict[str, object], **more: object) -> dict[str, object]:
    return {"roughness": rough, "protocol": PRESS, "stack": {"width": "20 um"}, **more}


def gap_of(data: dict[str, object]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    stack = stack_of(parse_case(data))
    return stack.gap_x, stack.gap


def test_highest_asperity_touches() -> None:
    data = case({"kind": "self-affine", "rms": "0.1 um"})
    x, gap = gap_of(data)
    face = face_of(parse_case(data))
    assert face is not None
    assert gap.min() == 0.0
    assert gap == pytest.approx(face.heights(x).max() - face.heights(x), abs=1e-12)


def test_voids_and_valleys_add_up() -> None:
    void = {"center": "5 um", "half_width": "2 um", "depth": "0.4 um"}
    grooves = {"kind": "grooves", "period": "10 um", "depth": "0.3 um"}
    x, gap = gap_of(case(grooves, void=[void]))
    u = np.minimum(np.abs(x - 5) / 2, 1)
    assert gap == pytest.approx(0.15 * (1 - np.cos(2 * np.pi * x / 10)) + 0.4 * (1 - u**2), abs=1e-9)


def test_face_of_a_file(tmp_path: Path) -> None:
    x = np.linspace(0, 32, 641)  # eight waves: even about the middle, so that they have no tilt
    np.savetxt(tmp_path / "face.txt", np.column_stack([x, 0.1 * np.cos(np.pi * x / 4) + 0.05 * x]))
    rough: dict[str, object] = {"kind": "file", "file": str(tmp_path / "face.txt"), "unit": "um", "offset": "4 um"}
    nodes, gap = gap_of(case(rough))
    assert gap == pytest.approx(0.1 + 0.1 * np.cos(np.pi * nodes / 4), abs=5e-3)


@pytest.mark.parametrize(
    ("rough", "key"),
    [
        ({"kind": "self-affine", "cut_off": "1 um"}, "mesh.near: "),
        ({"kind": "self-affine", "roll_off": "1.8 um"}, "roughness.roll_off: "),
        ({"kind": "grooves", "period": "7 um"}, "roughness.period: "),
        ({"kind": "grooves", "period": "4 um", "depth": "11 um"}, "roughness.depth: "),
        ({"kind": "file"}, "roughness.file: "),
        ({"kind": "pores", "size": "1 um"}, "mesh.near: "),
        ({"kind": "self-affin"}, "roughness.kind: "),
    ],
)
def test_bad_tables_of_a_case(rough: dict[str, object], key: str) -> None:
    with pytest.raises(CaseError) as caught:
        parse_case(case(rough))
    assert [error for error in caught.value.errors if error.startswith(key)] == list(caught.value.errors)


def test_steep_faces_are_refused() -> None:
    """Also where no case has checked them, as measured ones."""
    steep = self_affine(SelfAffine(2.0, 0.8, 10.0, 2.0, 1), 20.0)
    with pytest.raises(RoughnessError, match="has a slope of"):
        with_face(build_stack(20.0, 10.0, 10.0, 0.4, 2.0), steep)
    with pytest.raises(RoughnessError, match="needs 4 nodes"):
        with_face(build_stack(20.0, 10.0, 10.0, 1.0, 2.0, [VoidShape(0.0, 2.0, 0.1)]), Grooves(2.5, 0.1))


# --- what is shown


def test_surface_of_a_case_is_shown(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(
        'stack.width = "20 um"\nroughness.kind = "self-affine"\n'
        '[[protocol]]\nmode = "press"\nduration = "1 s"\npressure = "1 MPa"\n'
    )
    reading = read_surface(tmp_path, ["roughness.rms=50 nm"])
    lines = report(reading)
    assert reading.used.rms == pytest.approx(0.05, rel=1e-6)
    assert [line.split() for line in lines if line.startswith("rms height")] == [["rms", "height", "0.05", "µm"]]
    draw(reading, tmp_path / "face.png")
    assert (tmp_path / "face.png").stat().st_size > 20_000


def test_surface_of_a_file_is_shown(tmp_path: Path) -> None:
    x, h = sampled(self_affine(LAW, WIDTH), WIDTH)
    np.savetxt(tmp_path / "face.csv", np.column_stack([x, h + 0.03 * x]) * 1e3, delimiter=",")
    reading = read_surface(tmp_path / "face.csv", ["roughness.unit=nm", "roughness.cut_off=1 um"])
    assert reading.before is not None
    assert reading.before.length == pytest.approx(WIDTH)
    assert reading.before.rms == pytest.approx(LAW.rms, rel=0.1)
    assert reading.used.slope_rms < 0.9 * reading.before.slope_rms
    assert reading.law is not None
    assert float(reading.law.label.removeprefix("fit, H = ")) == pytest.approx(LAW.hurst, abs=0.25)
    draw(reading, tmp_path / "face.png")
    assert (tmp_path / "face.png").stat().st_size > 20_000
    with pytest.raises(RoughnessError, match="there is no such file"):
        read_surface(tmp_path / "none.csv", [])


@pytest.mark.parametrize("dimension", [2, 3])
def test_surface_of_a_periodic_case_is_shown(dimension: int, tmp_path: Path) -> None:
    """Spectrum by waves of the whole period, which sum up to the mean square of the face (the line)
    itself."""
    (tmp_path / "case.toml").write_text(
        f'stack = {{ width = "20 um", sides = "periodic", dimension = {dimension} }}\nroughness.kind = "self-affine"\n'
        '[[protocol]]\nmode = "press"\nduration = "1 s"\npressure = "1 MPa"\n'
    )
    reading = read_surface(tmp_path, ["roughness.rms=50 nm"])
    (spectrum,) = reading.curves
    assert spectrum.wave_number[0] == pytest.approx(2 * np.pi / 20)
    assert np.sum(spectrum.power) * spectrum.wave_number[0] == pytest.approx(reading.used.rms**2, rel=1e-6)
    assert reading.heights[0] == pytest.approx(reading.heights[-1], abs=1e-12)
    if dimension == 2:
        assert reading.used.rms == pytest.approx(0.05, rel=1e-6)
        assert reading.law is not None
        assert np.sum(reading.law.power) * spectrum.wave_number[0] == pytest.approx(0.05**2, rel=1e-9)
    draw(reading, tmp_path / "face.png")
    assert (tmp_path / "face.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    "rough",
    [
        {"kind": "self-affine", "rms": "0.1 um"},
        {"kind": "grooves", "period": "10 um", "depth": "0.3 um"},
        {"kind": "pores", "size": "4 um", "depth": "0.3 um", "share": 0.4},
    ],
    ids=["self-affine", "grooves", "pores"],
)
def test_gap_of_a_periodic_face_goes_on_over_the_side(rough: dict[str, object]) -> None:
    void = {"center": "0 um", "half_width": "2 um", "depth": "0.4 um"}
    data = case(rough, void=[void]) | {"stack": {"width": "20 um", "sides": "periodic"}}
    mesh = stack_of(parse_case(data))
    gap = dict(zip(mesh.gap_x, mesh.gap, strict=True))
    assert mesh.periodic
    assert gap[0.0] == pytest.approx(gap[20.0], abs=1e-9)
    assert gap[0.0] >= 0.4
