"""Pressing: the verdict, the search for a pressure, targets, the spectrum's file, work of adhesion,
sinh creep by default."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from cellfem.campaign.bisection import rounded
from cellfem.campaign.target import TargetRun, parse_target, point_at, pressure_keys, search
from cellfem.case import CaseError, load_case, parse_case, resolved_toml
from cellfem.model import from_case
from cellfem.output.nyquist import draw_nyquist
from cellfem.output.pressing import press_verdict
from cellfem.output.spectra import read_spectrum, write_spectrum
from cellfem.physics.creep import PowerLaw, SinhLaw
from cellfem.physics.smallsignal import VACUUM, layered_impedance

PRESS = {"mode": "press", "duration": "10 s", "pressure": "5 MPa"}
STRIP = {"mode": "strip", "duration": "10 s", "pressure": "1 MPa", "current": "0.5 mA/cm^2"}


def row(time: float, pressure: float, contact: float) -> dict[str, float]:
    closed = min(contact + 0.1, 1.0)
    return {
        "time_s": time,
        "pressure_MPa": pressure,
        "contact_fraction": contact,
        "closed_fraction": closed,
        "protocol_step": 0.0,
    }


def test_hold_time_by_similarity() -> None:
    """Full after 8 s at 2 MPa with a rate ∝ P³: in 1 s at 4 MPa."""
    rows = [row(t, 2.0, min(0.1 + 0.1 * t, 0.999)) for t in range(12)]
    found = press_verdict(rows, lambda pressure, _: 0.01 * pressure**3, 1.0)
    assert found is not None
    assert found["full"]
    assert found["full_time_s"] == 8
    assert found["hold_meaningless_from_MPa"] == pytest.approx(4.0, rel=1e-3)
    assert "above about 4 MPa" in found["text"]


def test_a_face_that_is_not_full_gives_a_lower_bound() -> None:
    found = press_verdict([row(t, 2.0, 0.5) for t in range(9)], lambda pressure, _: pressure**3, 1.0)
    assert found is not None
    assert not found["full"]
    assert found["hold_meaningless_from_MPa"] == pytest.approx(4.0, rel=1e-3)
    assert found["touching_of_closed"] == pytest.approx(0.5 / 0.6)


def test_rates_beyond_numbers_are_no_trouble() -> None:
    law = SinhLaw(7.7e-3, 6.56, 2.8)
    with np.errstate(over="ignore"):
        found = press_verdict([row(0, 5.0, 0.1), row(1, 5.0, 1.0)], lambda pressure, _: law.rate(pressure), 1.0)
    assert found is not None
    assert found["hold_meaningless_from_MPa"] == pytest.approx(5.0, rel=1e-3)


@pytest.mark.parametrize(("start", "expected"), [(25.0, 3.0), (0.5, 3.0), (3.0, 3.0)])
def test_search_brackets_the_pressure(start: float, expected: float) -> None:
    calls = []

    def evaluate(pressure: float) -> TargetRun:
        calls.append(pressure)
        return TargetRun(pressure, 30.0 / pressure, 0.5, "done", Path())

    trials = search(start, 0.2, 100.0, 30.0 / expected, 0.05, evaluate)
    good = min(t.pressure for t in trials if t.value <= 30.0 / expected)
    assert expected <= good <= expected * 1.05
    assert len(calls) == len(set(calls)) <= 12


def test_search_ends_at_its_range_and_where_a_run_fails() -> None:
    never = search(25.0, 0.2, 100.0, 1.0, 0.05, lambda p: TargetRun(p, 2.0, 0.5, "done", Path()))
    assert [t.pressure for t in never] == [25.0, 50.0, 100.0]
    always = search(1.0, 0.2, 100.0, 3.0, 0.05, lambda p: TargetRun(p, 2.0, 0.5, "done", Path()))
    assert [t.pressure for t in always] == [1.0, 0.5, 0.25, 0.2]
    assert len(search(1.0, 0.2, 100.0, 3.0, 0.05, lambda p: TargetRun(p, math.nan, 0.5, "solver gave up", Path()))) == 1
    assert rounded(math.pi) == 3.142


def test_targets() -> None:
    case = parse_case({"protocol": [PRESS], "impedance": {"area": "1 cm^2", "separator": "1 mm"}})
    kappa = 4e4  # 0.4 mS/cm: 250 Ω for 1 mm on 1 cm²
    assert parse_target("50 ohm*cm^2", case, kappa).value == pytest.approx(50)
    cell = parse_target("350 ohm", case, kappa)
    assert (cell.column, cell.value) == ("cell_resistance_ohm", 350)
    assert cell.interface == pytest.approx(50e-4)
    for bad, word in (("200 ohm", "electrolyte alone"), ("50", "no unit"), ("5 MPa", "pressure")):
        with pytest.raises(CaseError, match=word):
            parse_target(bad, case, kappa)


def test_the_cell_beside_what_is_modelled_of_it() -> None:
    """A half cell stands for one of two faces and 1 mm; a symmetric cell is modelled whole, its
    faces count once."""
    layer = {"electrolyte": {"thickness": "500 um"}}
    half = from_case.cell(parse_case({"protocol": [PRESS], **layer}))
    assert (half.times, half.interfaces, half.separator) == (2, 2, 1000.0)
    symmetric = {"protocol": [STRIP], "stack": {"cell": "symmetric"}, **layer}
    case = parse_case(symmetric)
    whole = from_case.cell(case)
    assert (whole.times, whole.interfaces, whole.separator) == (1, 2, 500.0)
    assert 'separator = "500 um"' in resolved_toml(case, "")
    thick = from_case.cell(parse_case(symmetric | {"impedance": {"separator": "1 mm"}}))
    assert thick.separator == 1000.0
    with pytest.raises(CaseError, match="a symmetric cell has its own two"):
        parse_case(symmetric | {"impedance": {"interfaces": 1}})


def test_the_highest_pressure_is_what_is_varied(tmp_path: Path) -> None:
    ramp = PRESS | {"pressure": "0.1 MPa", "pressure_end": "25 MPa"}
    case = parse_case({"protocol": [ramp, PRESS | {"pressure": "25 MPa", "pressure_end": "5 MPa"}]})
    assert pressure_keys(case) == ("protocol.0.pressure_end", "protocol.1.pressure")
    with pytest.raises(CaseError, match="press"):
        pressure_keys(parse_case({"protocol": [STRIP]}))
    path = tmp_path / "case.toml"
    path.write_text('[[protocol]]\nmode = "press"\nduration = "1 s"\npressure = "25 MPa"\n', encoding="utf-8")
    point = point_at(path, [], 3.5)
    assert point.case.steps[0].step.pressure == 3.5
    assert point.name == "pressure=3.5MPa"


def test_spectrum_file_is_what_impedance_py_reads(tmp_path: Path) -> None:
    """impedance.py 1.7 reads numpy.genfromtxt(file, delimiter=","): columns f, Z', Z''."""
    frequency = np.geomspace(1e6, 1, 13)
    z = layered_impedance(frequency, [(1e3, 1e-2)], 4e4, 50 * VACUUM, 20.0)
    write_spectrum(tmp_path / "z.csv", frequency, z, "a cell, with commas")
    data = np.genfromtxt(tmp_path / "z.csv", delimiter=",")
    assert data.shape == (13, 3)
    back = read_spectrum(tmp_path / "z.csv")
    np.testing.assert_array_equal(back[0], frequency)
    np.testing.assert_array_equal(back[1], z)
    draw_nyquist(tmp_path / "z.png", frequency, z, z)
    assert (tmp_path / "z.png").stat().st_size > 10_000


def test_layered_impedance_has_its_limits() -> None:
    z = layered_impedance(np.array([1e-6, 1e16]), [(1e3, 1e-2)], 4e4, 50 * VACUUM, 20.0)
    assert z[0] == pytest.approx(1e-3 + 5e-4, rel=1e-6)
    assert z[1] * 2j * np.pi * 1e16 == pytest.approx(100 + 20 / (50 * VACUUM), rel=1e-6)


def test_sinh_creep_is_the_default_of_a_press_and_said() -> None:
    pressed, stripped = (parse_case({"protocol": [step]}) for step in (PRESS, STRIP))
    assert (pressed.lithium.breakdown, stripped.lithium.breakdown) == (2.8, "off")
    assert 'breakdown = "2.8 MPa"' in resolved_toml(pressed)
    assert 'breakdown = "off"' in resolved_toml(stripped)
    assert parse_case({"protocol": [PRESS], "lithium": {"breakdown": "off"}}).lithium.breakdown == "off"
    assert parse_case({"protocol": [PRESS], "lithium": {"law": "uncoupled"}}).lithium.breakdown == "off"


def test_resolved_press_case_reads_back(tmp_path: Path) -> None:
    case = parse_case({"protocol": [PRESS]})
    path = tmp_path / "case.toml"
    path.write_text(resolved_toml(case), encoding="utf-8")
    assert load_case(path) == case


def test_work_of_adhesion_is_that_of_the_traction() -> None:
    """W = ∫ T dg of physics.contact's law, T = σ z e^(1-z); softened at z = 0."""
    case = parse_case({"protocol": [PRESS], "interface": {"adhesion_work": "0.1 J/m^2"}})
    strength = from_case.interface(case).adhesion
    assert strength == pytest.approx(0.685 * 0.1 / 0.01, rel=1e-3)
    g = np.linspace(-0.1, 0.2, 200_001)
    z = 0.25 * np.logaddexp(0, 2 * g / 0.01 / 0.25)
    assert np.trapezoid(strength * z * np.exp(1 - z), g) == pytest.approx(0.1, rel=1e-5)
    with pytest.raises(CaseError, match="adhesion_work"):
        parse_case({"protocol": [PRESS], "interface": {"adhesion_work": "0.1 J/m^2", "adhesion": "5 MPa"}})


def test_flow_stress_and_rate_are_inverse() -> None:
    for law in (PowerLaw(7.7e-3, 6.56), SinhLaw(7.7e-3, 6.56, 2.8)):
        assert law.rate(law.flow_stress(1e3)) == pytest.approx(1e3, rel=1e-12)


def test_a_rise_is_short_against_the_step() -> None:
    steps = [PRESS, PRESS | {"duration": "1 h"}, PRESS | {"rise": "2 s"}]
    assert [placed.step.rise_time for placed in parse_case({"protocol": steps}).steps] == [1.0, 1.0, 2.0]
    assert parse_case({"protocol": [PRESS | {"duration": "1 s"}]}).steps[0].step.rise_time == pytest.approx(0.1)


@pytest.mark.parametrize("mode", ["press", "strip"])
def test_a_jump_of_pressure_rises_with_a_current_or_without(mode: str) -> None:
    """From what the highest asperity bears, at the start and at a jump; the first time step is
    never below the smallest."""
    from cellfem.runner.prepare import segments_of
    from cellfem.runner.pressure_ramp import with_pressure_ramps

    driven = {"current": "0.1 mA/cm^2"} if mode == "strip" else {}
    steps = [{"mode": mode, "pressure": p, "duration": "0.001 s"} | driven for p in ("2 MPa", "4 MPa", "5 MPa")]
    case = parse_case({"protocol": steps})
    model = SimpleNamespace(
        structure=SimpleNamespace(bonded=False),
        interface=SimpleNamespace(adhesion=0.0),
        numerics=SimpleNamespace(smallest_step=1e-6),
        highest_pressure=lambda pressure: 100 * pressure,
    )
    rises = [placed.step.rise_time for placed in case.sequence]
    segments, notes = with_pressure_ramps(segments_of(case), rises, model)  # type: ignore[arg-type]
    first, second, third = segments
    assert first.load(0.0).pressure < 1.0
    assert first.load(1e-4).pressure == pytest.approx(2.0)
    assert [second.load(t).pressure for t in (0.0, 5e-5, 1e-4)] == pytest.approx([2.0, 8**0.5, 4.0])
    assert third.load(0.0).pressure == 5.0
    assert first.first == second.first == 1e-6
    assert len(notes) == 2
