"""What is advised where no equilibrium is found fits what is asked for."""

from typing import Any

import pytest

from cellfem.case import CaseError, parse_case
from cellfem.runner.advice import PLAIN, advice

STRIP = {"mode": "strip", "duration": "10 s", "pressure": "0.8 MPa", "current": "0.5 mA/cm^2"}


def advised(step: dict[str, str] | None = None, **tables: Any) -> str:
    case = parse_case({"protocol": [STRIP | (step or {})], **tables})
    return advice(case, case.sequence[0].step)


def test_nothing_stands_out() -> None:
    assert advised() == PLAIN


def test_a_high_pressure_is_named_with_what_it_does_to_the_lithium() -> None:
    text = advised({"pressure": "500 MPa"}, lithium={"thickness": "6 um"})
    assert text.startswith("a pressure of 500 MPa presses the asperities of Γ in by 5 µm, and the lithium is 6 µm thick")
    assert "current" not in text


def test_a_current_of_next_to_nothing_is_not_to_be_smaller() -> None:
    text = advised({"current": "1e-9 mA/cm^2"})
    assert 'write mode = "rest", or at least' in text
    assert "smaller" not in text


@pytest.mark.parametrize(("asr", "current"), [("1000 ohm*cm^2", "100 mA/cm^2"), ("10 ohm*cm^2", "1e4 mA/cm^2")])
def test_a_large_current_is(asr: str, current: str) -> None:
    """asinh(i ASR F/2RT) 2RT/F: 0.426 V of 100 V in the linear law."""
    assert "needs 0.426 V at the face" in advised({"current": current}, interface={"asr": asr})
    assert "begin with a smaller current" in advised({"current": current}, interface={"asr": asr})


def test_other_causes_are_named() -> None:
    assert "only 33.3 % of a flat face touch at 0.01 MPa: raise the pressure" in advised({"pressure": "0.01 MPa"})
    assert "less than an atom" in advised(interface={"roughness": "1e-4 um", "stiffness": "1e5 MPa/um"})
    assert "10 to 1000 are usual" in advised({"pressure": "5 MPa"}, interface={"stiffness": "1e5 MPa/um"})
    assert "-50 degC: begin at a higher temperature" in advised({"temperature": "-50 degC"})
    held = {"mode": "hold-voltage", "duration": "1 s", "pressure": "0.8 MPa", "voltage": "36 V"}
    case = parse_case({"protocol": [held]})
    assert advice(case, case.sequence[0].step) == "a voltage of 36 V is 1.4e+03 times RT/F: hold less"


def test_lithium_thinner_than_its_asperities_are_pressed_in_is_refused() -> None:
    """1000 MPa over 100 MPa/µm are 10 µm: contact was told as kept, with a gap of -9.7 µm in 6 µm
    of lithium."""
    with pytest.raises(CaseError, match=r'protocol\.0\.pressure: "1000 MPa" presses the asperities in by 10 µm.*6 µm thick'):
        advised({"pressure": "1000 MPa"}, lithium={"thickness": "6 um"})
    assert advised({"pressure": "1000 MPa"}, lithium={"thickness": "6 um"}, interface={"stiffness": "1e5 MPa/um"})
