"""Quantities: text with a unit in, exact floats in working units inside, text that reads back
exactly out."""

import math
import random
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import BaseModel, ValidationError

from cellfem.unit_factors import FACTORS, OFFSETS, from_working, to_working
from cellfem.units import KINDS, QuantityError, format_quantity, parse_quantity, parse_unit, quantity, registry


class Sample(BaseModel):
    pressure: Annotated[float, quantity("MPa", gt=0.0, le=1e3)] = 1.0
    temperature: Annotated[float, quantity("K", ge=273.15)] = 298.15
    friction: Annotated[float | str, quantity("MPa*s/um", gt=0.0, words=("slip",))] = "slip"


def message(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(values)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5 MPa", "MPa", 5.0),
        ("400 kPa", "MPa", 0.4),
        ("4bar", "MPa", 0.4),
        ("0.5 mA/cm^2", "A/m^2", 5.0),
        ("0.5 mA/cm²", "A/m^2", 5.0),
        ("25 degC", "K", 298.15),
        ("25 °C", "K", 298.15),
        ("300 K", "K", 300.0),
        ("10 ohm*cm^2", "ohm*m^2", 1e-3),
        ("10 Ω*cm^2", "ohm*m^2", 1e-3),
        ("10 nm", "um", 0.01),
        ("1 µm", "um", 1.0),
        ("1 h", "s", 3600.0),
        ("0.4 mS/cm", "S*um/m^2", 4e4),
        ("1 S/m", "S*um/m^2", 1e6),
        ("8e-15 m^2/s", "um^2/s", 8e-3),
        ("0.5 N/m", "MPa*um", 0.5),
        ("0.67 J/m^2", "MPa*um", 0.67),
        ("1 MPa*m^0.5", "MPa*um^0.5", 1e3),
        ("13e-6 m^3/mol", "cm^3/mol", 13.0),
        ("37 kJ/mol", "J/mol", 37e3),
        ("1e-8 1/s", "1/s", 1e-8),
        ("-0.2 V", "V", -0.2),
        ("0.5 mA/cm2", "A/m^2", 5.0),
        ("0.5 mA cm-2", "A/m^2", 5.0),
        ("0.5 mA·cm⁻²", "A/m^2", 5.0),
        ("0.5 mA.cm-2", "A/m^2", 5.0),
        ("0.5 mAh cm-2", "C/m^2", 18e3),
        ("10 Ohm cm2", "ohm*m^2", 1e-3),
        ("10 Ω cm2", "ohm*m^2", 1e-3),
        ("1 kOhm", "ohm", 1e3),
        ("1e-8 s-1", "1/s", 1e-8),
        ("37 kJ mol-1", "J/mol", 37e3),
        ("0.4 mS cm-1", "S*um/m^2", 4e4),
        ("1 MPa m^1/2", "MPa*um^0.5", 1e3),
        ("1 MPa√m", "MPa*um^0.5", 1e3),
        ("25 deg C", "K", 298.15),
        ("2 Sec", "s", 2.0),
    ],
)
def test_text_becomes_the_nearest_float_in_working_units(text: str, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


def test_electron_volts_are_per_particle() -> None:
    assert parse_quantity("1 eV", "J/mol") == pytest.approx(96485.33212, rel=1e-9)


@pytest.mark.parametrize("unit", KINDS)
def test_text_out_reads_back_exactly(unit: str) -> None:
    random.seed(1)
    for value in [0.0, 0.1 + 0.2, 298.15, *(random.uniform(1, 10) * 10 ** random.uniform(-12, 12) for _ in range(200))]:
        assert parse_quantity(format_quantity(value, unit), unit) == value


def test_text_out_has_the_unit_that_users_know() -> None:
    assert format_quantity(5.0, "A/m^2") == "0.5 mA/cm^2"
    assert format_quantity(298.15, "K") == "25 degC"
    assert format_quantity(0.4, "MPa") == "0.4 MPa"


@pytest.mark.parametrize("unit", KINDS)
def test_every_example_is_right(unit: str) -> None:
    assert math.isfinite(parse_quantity(KINDS[unit].example, unit))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("5 kg", '"5 kg" is a mass, not a pressure; write for example "0.4 MPa"'),
        ("5 N", '"5 N" is a force, not a pressure'),
        ("5 kg*MPa", '"5 kg*MPa" is of dimension'),
        ("5 mpsj", '"5 mpsj": cellfem does not know the unit "mpsj"; write for example "0.4 MPa"'),
        ("5 MPa/cm2", '"5 MPa/cm2" is of dimension'),
        ("0,4 MPa", '"0,4 MPa" has a decimal comma; write a point: "0.4 MPa"'),
        ("5 MPa**", 'does not know the unit "MPa**"'),
        ("5 (MPa", 'does not know the unit "(MPa"'),
        ("5 2 MPa", 'does not know the unit "2 MPa"'),
        ("0.4", '"0.4" has no unit; write for example "0.4 MPa"'),
        ("high", '"high" is not a number with a unit; write for example "0.4 MPa"'),
        ("", '"" is not a number with a unit'),
        ("nan MPa", '"nan MPa" is not a finite number'),
        ("-inf MPa", '"-inf MPa" is not a finite number'),
        ("1e400 MPa", '"1e400 MPa" is not a finite number'),
        ("1e99999999999999999999 MPa", "is not a finite number"),
        ("1e999999 TPa", '"1e999999 TPa" is not a finite number'),
        (0.4, '0.4 has no unit; write for example "0.4 MPa", in quotes'),
        (math.nan, 'NaN has no unit; write for example "0.4 MPa", in quotes'),
        (True, "true is not a pressure"),
        (["1 MPa"], '["1 MPa"] is not a pressure'),
    ],
)
def test_what_is_no_pressure_is_told(text: object, fault: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse_quantity(text, "MPa")
    assert fault in str(caught.value)


def test_coulombs_are_not_degrees_and_kilojoules_not_per_mole() -> None:
    with pytest.raises(QuantityError, match='is a charge, not a temperature; write for example "25 degC"'):
        parse_quantity("25 C", "K")
    with pytest.raises(QuantityError, match='is an energy, not an activation energy; write for example "37 kJ/mol"'):
        parse_quantity("37 kJ", "J/mol")


def test_range_is_shown_in_the_users_unit() -> None:
    assert message(pressure="0 MPa") == (
        '"0 MPa" is out of range: it must be above 0 MPa and at most 1000 MPa; write for example "0.4 MPa"'
    )
    assert '"2 GPa" is out of range' in message(pressure="2 GPa")
    assert "it must be at least 0 degC" in message(temperature="-1 degC")


def test_words_stand_beside_a_quantity() -> None:
    assert Sample(friction="slip").friction == "slip"
    assert Sample.model_validate({"friction": "1e3 MPa*s/um"}).friction == 1e3
    assert message(friction="slipp").endswith('write for example "1e3 MPa*s/um" or "slip"')


def test_dumped_as_text_in_json_mode_only() -> None:
    sample = Sample.model_validate({"pressure": "400 kPa"})
    assert sample.model_dump()["pressure"] == 0.4
    assert sample.model_dump(mode="json") == {"pressure": "0.4 MPa", "temperature": "25 degC", "friction": "slip"}


def test_schema_is_text_with_examples() -> None:
    properties = Sample.model_json_schema()["properties"]
    assert properties["pressure"]["type"] == "string"
    assert properties["pressure"]["examples"] == ["0.4 MPa"]
    assert properties["pressure"]["description"] == "a pressure with its unit, above 0 MPa and at most 1000 MPa"
    assert properties["friction"]["anyOf"][0] == {"enum": ["slip"]}


def test_unknown_working_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="furlong is no working unit"):
        quantity("furlong")


@pytest.mark.parametrize("unit", FACTORS)
def test_factors_of_the_usual_units_are_those_of_pint(unit: str) -> None:
    for symbol in [*FACTORS[unit], *OFFSETS.get(unit, {})]:
        written = parse_unit(symbol)
        for number in (Decimal("0.3"), Decimal("7.25e-3"), Decimal("4e4")):
            there, back = to_working(number, symbol, unit), from_working(number, symbol, unit)
            assert there is not None
            assert back is not None
            if symbol == "eV":
                per_particle = registry().Quantity(number, "eV").to("J").magnitude
                assert float(there) == float(per_particle * Decimal("6.02214076e23"))
            else:
                assert float(there) == float(registry().Quantity(number, written).to(unit).magnitude), symbol
                assert float(back) == float(registry().Quantity(number, unit).to(written).magnitude), symbol


def test_every_unit_that_users_are_shown_has_a_factor() -> None:
    assert set(FACTORS) == set(KINDS)
    for unit, kind in KINDS.items():
        shown = {*FACTORS[unit], *OFFSETS.get(unit, {})}
        assert {unit, kind.shown, kind.example.split(" ")[1]} <= shown
