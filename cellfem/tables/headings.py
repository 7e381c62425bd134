"""Name, unit and kind of quantity of a column, from its heading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from cellfem.units import QuantityError, parse_unit, registry

CLOCK_TEXT = "h:min:s"
"""Unit of columns whose cells are hours:minutes:seconds."""
_FORMS = (
    re.compile(r"^(.*?)\s*[(\[{]\s*([^()\[\]{}]+?)\s*[)\]}]$"),  # time (h), voltage [mV]
    re.compile(r"^(.*?)\s*/\s*(.+)$"),  # time/h, Ewe / V
    re.compile(r"^(.*)[_\s,]+(\S+)$"),  # time_s, time, h
    re.compile(r"^(.*?)[_\s,]+(\S+)$"),  # capacity_mAh_cm2
)
_HMS = re.compile(r"h+\s*:\s*m(?:in|m)?\s*:\s*s.*", re.IGNORECASE)
_VERSUS = re.compile(r"\s+vs\.?\s.*$", re.IGNORECASE)
_NO_UNIT = ("", "#", "-", "--", "1", "bits", "None", "a.u.", "n/a")
_ALONE = {
    **dict.fromkeys(("v", "volt", "volts"), "V"),
    **dict.fromkeys(("mv", "millivolts"), "mV"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minutes"), "min"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
}
"""Headings that are units themselves; others that pint knows (t, U, a, d) are names."""

KINDS = {"time": "s", "capacity": "mA*hour/cm^2", "charge": "mA*hour", "voltage": "mV", "current": "mA", "length": "um"}
"""Kinds of quantity with the unit in which they are stored."""


@dataclass(frozen=True)
class Heading:
    """title: as in the file. name: without the unit. unit, kind: "" if the title has no unit of one
    of KINDS."""

    title: str
    name: str
    unit: str
    kind: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the name in lower case: ("total", "time"), ("ewe",)."""
        apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", self.name)  # TestTime
        return tuple(re.findall(r"[^\W\d_]+", apart.lower()))


def heading(title: str, unit: str = "") -> Heading:
    """Parse a title. unit: from a row of units, "" without one."""
    title = title.strip()
    if unit:
        given = _unit(unit)
        return Heading(title, title, given, kind_of(given)) if kind_of(given) else Heading(title, title, "", "")
    for form in _FORMS:
        if match := form.match(title):
            for text in (match[2], match[2].replace("_", "/")):
                candidate = _unit(text)
                if kind := kind_of(candidate):
                    return Heading(title, match[1].strip(" _-,") or title, candidate, kind)
    alone = _ALONE.get(title.lower(), "")
    if alone:
        return Heading(title, title, alone, kind_of(alone))
    return Heading(title, title, "", "")


def _unit(text: str) -> str:
    text = _VERSUS.sub("", text.strip())
    return CLOCK_TEXT if _HMS.fullmatch(text) else text


def kind_of(unit: str) -> str:
    """Kind of quantity of the unit, "" if it is none of KINDS."""
    if unit == CLOCK_TEXT:
        return "time"
    try:
        return _kinds_by_dimension().get(parse_unit(unit).dimensionality, "") if unit else ""
    except QuantityError:
        return ""


@cache
def _kinds_by_dimension() -> dict[Any, str]:
    return {parse_unit(unit).dimensionality: kind for kind, unit in KINDS.items()}


def is_unit(text: str) -> bool:
    """Whether a cell may be part of a row of units."""
    if text.strip() in _NO_UNIT:
        return True
    try:
        parse_unit(_unit(text))
    except QuantityError:
        return False
    return True


def factor(unit: str, kind: str) -> float:
    """Factor from `unit` to the unit of KINDS."""
    if unit == CLOCK_TEXT:
        return 1.0
    return float(registry().Quantity(1, parse_unit(unit)).to(KINDS[kind]).magnitude)
