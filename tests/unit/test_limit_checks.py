"""Limits that the start exceeds are told before the run."""

import math

import pytest

from cellfem.case import parse_case, warnings
from cellfem.case.stop_condition_checks import drop_at_start


def case_of(current: str, **tables: object):
    step = {"mode": "strip", "current": current, "duration": "10 s", "pressure": "1 MPa", "stop": {"voltage": "5 mV"}}
    data = {"electrolyte": {"thickness": "4 um"}, "protocol": [step]}
    return parse_case(data | tables)


def said(case) -> list[str]:
    return [text for text in warnings(case) if "at once" in text]


def test_the_drop_of_the_start_by_hand() -> None:
    """1 mA/cm² through 10 Ω cm² on 1/1.02 of the face are 10.2 mV, less a little by asinh; 4 µm at
    0.4 mS/cm 1 mV."""
    case = case_of("1 mA/cm^2")
    face, layer = drop_at_start(case, case.steps[0])
    thermal = 2 * 25.693e-3
    assert face == pytest.approx(thermal * math.asinh(10.2e-3 / thermal), rel=1e-3)
    assert layer == pytest.approx(1e-3, rel=1e-9)
    double = case_of("1 mA/cm^2", stack={"cell": "symmetric"})
    assert drop_at_start(double, double.steps[0]) == pytest.approx((2 * face, layer))


def test_a_limit_below_it_is_told_with_both_parts() -> None:
    (text,) = said(case_of("1 mA/cm^2"))
    assert text.startswith("protocol.0.stop.voltage: 5 mV is below the 11.1 mV that 1 mA/cm^2 drops at 1 MPa")
    assert said(case_of("0.2 mA/cm^2")) == []


def test_a_limit_of_contact_above_that_of_a_perfect_face_is_told() -> None:
    step = {"mode": "strip", "current": "0.2 mA/cm^2", "duration": "10 s", "pressure": "0.1 MPa"}
    assert "0.9 is above the 0.833" in said(case_of("1 mA/cm^2", protocol=[step | {"stop": {"contact": 0.9}}]))[0]
    assert said(case_of("1 mA/cm^2", protocol=[step | {"stop": {"contact": 0.8}}])) == []
