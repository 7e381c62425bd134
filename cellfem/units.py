"""Unit conversion, in this module only. Text with a unit outside, floats in working units (µm, s,
MPa, V, A/m², K, J/mol) inside.

Conversion is decimal, so that "10 nm" is exactly the float 0.01 and a value written out reads back
as the same float. The usual units are in a table (`unit_factors`); pint, which takes a third of a
second to load, is used for all others.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from cellfem.unit_factors import from_working, to_working

if TYPE_CHECKING:
    import pint

FARADAY = 96485.33212
"""C/mol (CODATA 2018, exact)."""
GAS_CONSTANT = 8.31446261815324
"""J/(mol K) (CODATA 2018, exact)."""
ZERO_CELSIUS = 273.15
"""K."""
MA_CM2 = 0.1
"""mA/cm² per A/m²."""
A_M2 = 10.0
"""A/m² per mA/cm²."""
OHM_CM2 = 1e4
"""Ω cm² per Ω m²."""
SECONDS_PER_HOUR = 3600.0
T_REFERENCE = 298.15
"""K, the 25 degC to which temperature-dependent parameters refer."""

_AVOGADRO = Decimal("6.02214076e23")

LONGEST_SHOWN, LONGEST_QUANTITY = 300, 200
"""Most characters of a value in error texts, and of a quantity."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER}|[+-]?(?:nan|inf(?:inity)?)\b)\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)
_DECIMAL_COMMA = re.compile(r"\s*([+-]?\d+),(\d+.*)", re.DOTALL)
_DEGREES = re.compile(r"°\s+C\b|\bdeg\s+C\b")
_AS_WRITTEN = (
    (re.compile(r"(?<![A-Za-zµμ])([numµμkMG]?)(?:Ohm|OHM|Ω)s?(?![A-Za-z])"), r"\1ohm"),
    (re.compile(r"\b(?:Sec|SEC|sec)s?\b\.?"), "s"),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), "*"),  # mA.h, mA.cm-2
    (re.compile(r"\^\s*\(?1/2\)?"), "^0.5"),
    (re.compile(r"\s*√\s*\(?([A-Za-zµμ]+)\)?"), r"*\1^0.5"),
    (re.compile(r"(?<=[A-Za-zµμΩÅ])([+-]?\d+(?:\.\d+)?)(?![\d.])"), r"**\1"),  # cm2, cm-2
)
"""Common notations that pint does not know, and pint's notation."""
_PATTERN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*(1/)?[A-Za-zµμΩ°Å].*$"


class QuantityError(ValueError):
    """The text is not a quantity of the required kind; str() gives reason and remedy."""


@dataclass(frozen=True)
class Kind:
    """A kind of quantity: its name, an example, and the unit in which users see it."""

    name: str
    example: str
    shown: str


KINDS: dict[str, Kind] = {
    "um": Kind("a length", "25 um", "um"),
    "s": Kind("a time", "1 h", "s"),
    "MPa": Kind("a pressure", "0.4 MPa", "MPa"),
    "A/m^2": Kind("a current density", "0.5 mA/cm^2", "mA/cm^2"),
    "C/m^2": Kind("a charge per area", "0.5 mAh/cm^2", "mAh/cm^2"),
    "V": Kind("a voltage", "0.2 V", "V"),
    "K": Kind("a temperature", "25 degC", "degC"),
    "ohm*m^2": Kind("an area-specific resistance", "10 ohm*cm^2", "ohm*cm^2"),
    "S*um/m^2": Kind("a conductivity", "0.4 mS/cm", "mS/cm"),
    "ohm": Kind("a resistance", "100 ohm", "ohm"),
    "F/m^2": Kind("a capacitance per area", "1 uF/cm^2", "uF/cm^2"),
    "um^2/s": Kind("a diffusivity", "8e-15 m^2/s", "m^2/s"),
    "um/s": Kind("a velocity", "1e-3 um/s", "um/s"),
    "Hz": Kind("a frequency", "1 kHz", "Hz"),
    "1/s": Kind("a rate", "1e-8 1/s", "1/s"),
    "MPa*um": Kind("a surface tension or energy per area", "0.5 N/m", "N/m"),
    "MPa/um": Kind("a stiffness (pressure per length)", "100 MPa/um", "MPa/um"),
    "MPa*s/um": Kind("a friction coefficient (pressure per velocity)", "1e3 MPa*s/um", "MPa*s/um"),
    "MPa*um^0.5": Kind("a fracture toughness", "1.0 MPa*m^0.5", "MPa*m^0.5"),
    "um^2": Kind("an area", "10 mm^2", "mm^2"),
    "um^3": Kind("a volume", "1 mm^3", "mm^3"),
    "1/um^2": Kind("a number per area", "1e4 1/cm^2", "1/cm^2"),
    "cm^3/mol": Kind("a molar volume", "13.0 cm^3/mol", "cm^3/mol"),
    "J/mol": Kind("an activation energy", "37 kJ/mol", "kJ/mol"),
}
"""Every working unit that cellfem uses. 1 cm³/mol = 1 µm·m²/mol = 1 J/mol/MPa, so it serves both
iΩ/F in µm/s and Ωp in J/mol."""

_OTHER_KINDS = {
    "kg": "a mass", "N": "a force", "J": "an energy", "A": "a current", "C": "a charge", "S": "a conductance",
    "ohm*m": "a resistivity", "mol": "an amount", "W": "a power", "MPa*s": "a viscosity",
    "kg/m^3": "a density", "K/s": "a heating rate", "dimensionless": "a number without unit",
    "S/m^2": "a conductance per area", "m/s^2": "an acceleration", "MPa/s": "a pressure rate",
}  # fmt: skip


@cache
def registry() -> pint.UnitRegistry[Decimal]:
    """All units of pint, with decimal factors; loaded on first use."""
    import pint

    return pint.UnitRegistry(non_int_type=Decimal)


@cache
def _kind_names() -> dict[Any, str]:
    """Names of quantities by dimension, for error texts."""
    others = {registry().parse_units(unit).dimensionality: name for unit, name in _OTHER_KINDS.items()}
    return others | {registry().parse_units(unit).dimensionality: kind.name for unit, kind in KINDS.items()}


def shortened(text: str, most: int) -> str:
    """The text, or if it is longer than `most` characters its beginning and its length."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def as_written(value: object) -> str:
    """A value in TOML notation, for error texts; only the beginning of a long one."""
    return shortened(json.dumps(value, ensure_ascii=False, default=str), LONGEST_SHOWN)


def parse_quantity(text: object, unit: str) -> float:
    """The value of `text` ("0.4 MPa", "25 degC") in the working unit `unit`, one of KINDS.

    For "J/mol" an energy in eV is taken per particle. Raises QuantityError for anything but text
    with a finite number and a unit of the right dimension.
    """
    kind = KINDS[unit]
    remedy = f'write for example "{kind.example}"'
    if not isinstance(text, str):
        what = "has no unit" if isinstance(text, int | float) and not isinstance(text, bool) else f"is not {kind.name}"
        raise QuantityError(f"{as_written(text)} {what}; {remedy}, in quotes")
    if len(text) > LONGEST_QUANTITY:
        raise QuantityError(f"a text of {len(text)} characters is not {kind.name}; {remedy}")
    return _parsed(text, unit)


@lru_cache(maxsize=4096)
def _parsed(text: str, unit: str) -> float:
    kind = KINDS[unit]
    remedy = f'write for example "{kind.example}"'
    if comma := _DECIMAL_COMMA.fullmatch(text):
        raise QuantityError(f'{as_written(text)} has a decimal comma; write a point: "{comma[1]}.{comma[2]}"')
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise QuantityError(f"{as_written(text)} is not a number with a unit; {remedy}")
    number, symbol = match.groups()
    if not symbol:
        raise QuantityError(f"{as_written(text)} has no unit; {remedy}")
    try:
        usual = to_working(Decimal(number), symbol, unit)
        value = float(_convert(Decimal(number), _parse_unit(text, symbol, remedy), unit, text) if usual is None else usual)
    except DecimalException:  # beyond what even decimals hold
        value = math.inf
    if not math.isfinite(value):
        raise QuantityError(f"{as_written(text)} is not a finite number; {remedy}")
    return value


def _parse_unit(text: str, symbol: str, remedy: str) -> pint.Unit:
    try:
        return parse_unit(symbol)
    except QuantityError as error:
        raise QuantityError(f"{as_written(text)}: {error}; {remedy}") from error


@lru_cache(maxsize=256)
def parse_unit(symbol: str) -> pint.Unit:
    """The unit that people write as mA/cm^2, mA/cm2, mA cm-2, mA.cm-2, Ohm, s-1, ... Raises
    QuantityError.

    Notations that pint reads are left to it; the others are first converted.
    """
    words = _DEGREES.sub("degC", symbol)  # a degree and a coulomb in pint
    try:
        return registry().parse_units(words)
    except Exception as error:  # pint's parser passes on any error of its tokeniser or the unit's arithmetic
        reason = error
    for pattern, better in _AS_WRITTEN:
        words = pattern.sub(better, words)
    try:
        return registry().parse_units(words)
    except Exception:
        raise QuantityError(f'cellfem does not know the unit "{symbol}"') from reason


def _convert(number: Decimal, symbol: pint.Unit, unit: str, text: str) -> Decimal:
    kind = KINDS[unit]
    if unit == "J/mol" and "electron_volt" in str(symbol) and symbol.dimensionality == parse_unit("J").dimensionality:
        return registry().Quantity(number, symbol).to("J").magnitude * _AVOGADRO
    if symbol.dimensionality != parse_unit(unit).dimensionality:
        found = _kind_names().get(symbol.dimensionality, f"of dimension {symbol.dimensionality}")
        raise QuantityError(f'{as_written(text)} is {found}, not {kind.name}; write for example "{kind.example}"')
    return registry().Quantity(number, symbol).to(unit).magnitude


def plain_value(value: Any) -> Any:
    """A value from Python as a case file has it: a quantity of pint as text with its unit, a number
    of numpy as Python's own."""
    if hasattr(value, "magnitude") and hasattr(value, "units"):
        number = plain_value(value.magnitude)
        return number if str(value.units) in ("", "dimensionless") else f"{number!r} {value.units}"
    if type(value).__module__ == "numpy" and not getattr(value, "shape", ()):
        return value.item()
    return value


@lru_cache(maxsize=4096)
def format_quantity(value: float, unit: str) -> str:
    """`value` (working unit) as text: in the users' unit if that reads back exactly, otherwise in
    the working unit."""
    shown = KINDS[unit].shown
    if shown == unit:
        return f"{_short(value)} {unit}"
    text = f"{_short(shown_value(value, unit))} {shown}"
    return text if parse_quantity(text, unit) == value else f"{_short(value)} {unit}"


def format_shown(value: float, unit: str) -> str:
    """`value` (working unit) with three digits in the users' unit, for sentences."""
    return f"{shown_value(value, unit):.3g} {KINDS[unit].shown}"


def shown_value(value: float, unit: str) -> float:
    """`value` (working unit) in the users' unit; all of these are in the table."""
    shown = from_working(Decimal(repr(value)), KINDS[unit].shown, unit)
    assert shown is not None
    return float(shown)


def _short(value: float) -> str:
    return repr(value).removesuffix(".0")


@dataclass(frozen=True)
class QuantityType:
    """Pydantic metadata of a quantity field, made by `quantity`."""

    unit: str
    gt: float | None
    ge: float | None
    lt: float | None
    le: float | None
    words: tuple[str, ...]
    why: str = ""

    @property
    def example(self) -> str:
        """An example text for the field."""
        return KINDS[self.unit].example

    def validate(self, value: object) -> float | str:
        """The value in the working unit, or one of `words` unchanged. Raises
        PydanticCustomError."""
        if isinstance(value, str) and value in self.words:
            return value
        try:
            number = parse_quantity(value, self.unit)
            self._check_range(value, number)
        except QuantityError as error:
            choice = " or " + " or ".join(as_written(word) for word in self.words) if self.words else ""
            raise PydanticCustomError("quantity", "{text}", {"text": f"{error}{choice}"}) from error
        return number

    def _check_range(self, value: object, number: float) -> None:
        below = (self.gt is not None and not number > self.gt) or (self.ge is not None and not number >= self.ge)
        above = (self.lt is not None and not number < self.lt) or (self.le is not None and not number <= self.le)
        if below or above:
            why = f" ({self.why})" if self.why else ""
            raise QuantityError(
                f'{as_written(value)} is out of range: it must be {self.range_text()}{why}; write for example "{self.example}"'
            )

    def range_text(self) -> str:
        """The allowed range as text, in the users' unit."""
        limits = [("above", self.gt), ("at least", self.ge), ("below", self.lt), ("at most", self.le)]
        return " and ".join(f"{word} {format_quantity(limit, self.unit)}" for word, limit in limits if limit is not None)

    def serialize(self, value: float | str) -> str:
        """Text that `validate` reads back as `value`."""
        return value if isinstance(value, str) else format_quantity(value, self.unit)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate,
            serialization=core_schema.plain_serializer_function_ser_schema(self.serialize, when_used="json"),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kind = KINDS[self.unit]
        limits = self.range_text()
        description = f"{kind.name} with its unit" + (f", {limits}" if limits else "")
        text: JsonSchemaValue = {"type": "string", "description": description, "examples": [kind.example], "pattern": _PATTERN}
        if not self.words:
            return text
        return {"anyOf": [{"enum": list(self.words)}, text], "examples": [*self.words, kind.example]}


def quantity(
    unit: str,
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    words: tuple[str, ...] = (),
    why: str = "",
) -> QuantityType:
    """Pydantic metadata of a quantity field: `Pressure = Annotated[float, quantity("MPa",
    ge=0.0)]`.

    The field takes text with a unit ("0.4 MPa"), holds a float in the working unit `unit` (one of
    KINDS) and is dumped in JSON mode as text that reads back exactly. Bounds are in the working
    unit; error texts show them in the users' unit. `words` are plain words allowed in place of a
    quantity (annotate the field `float | Literal[...]` then), `why` the reason of the bounds where
    it is not plain, for the error text. Bare numbers, other dimensions, nan and inf are errors.
    Raises ValueError for a unit that is not in KINDS.
    """
    if unit not in KINDS:
        raise ValueError(f"{unit} is no working unit of cellfem: add it to units.KINDS")
    return QuantityType(unit, gt, ge, lt, le, words, why)
