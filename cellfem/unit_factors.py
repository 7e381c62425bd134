"""The usual units of case files and data files, with their exact factors to the working units.

pint reads any unit, but it takes a third of a second to load and to read its definitions. The units
in this table need no pint; `units` uses pint for all others. A test compares every factor with
pint.
"""

from decimal import Decimal

FACTORS: dict[str, dict[str, Decimal]] = {
    unit: {symbol: Decimal(factor) for symbol, factor in symbols.items()}
    for unit, symbols in {
        "um": {"um": "1", "µm": "1", "nm": "1e-3", "mm": "1e3", "cm": "1e4", "m": "1e6"},
        "s": {"s": "1", "ms": "1e-3", "min": "60", "h": "3600"},
        "MPa": {"MPa": "1", "Pa": "1e-6", "kPa": "1e-3", "GPa": "1e3", "bar": "0.1"},
        "A/m^2": {"A/m^2": "1", "mA/cm^2": "10", "uA/cm^2": "0.01", "A/cm^2": "1e4"},
        "C/m^2": {"C/m^2": "1", "C/cm^2": "1e4", "mAh/cm^2": "36000"},
        "V": {"V": "1", "mV": "1e-3"},
        "K": {"K": "1"},
        "ohm*m^2": {"ohm*m^2": "1", "ohm*cm^2": "1e-4"},
        "S*um/m^2": {"S*um/m^2": "1", "S/m": "1e6", "S/cm": "1e8", "mS/cm": "1e5", "uS/cm": "1e2"},
        "ohm": {"ohm": "1", "kohm": "1e3"},
        "F/m^2": {"F/m^2": "1", "uF/cm^2": "1e-2"},
        "um^2/s": {"um^2/s": "1", "m^2/s": "1e12", "cm^2/s": "1e8"},
        "um/s": {"um/s": "1"},
        "Hz": {"Hz": "1", "mHz": "1e-3", "kHz": "1e3", "MHz": "1e6", "GHz": "1e9"},
        "1/s": {"1/s": "1"},
        "MPa*um": {"MPa*um": "1", "N/m": "1", "J/m^2": "1"},
        "MPa/um": {"MPa/um": "1"},
        "MPa*s/um": {"MPa*s/um": "1"},
        "MPa*um^0.5": {"MPa*um^0.5": "1", "MPa*m^0.5": "1e3"},
        "um^2": {"um^2": "1", "mm^2": "1e6", "cm^2": "1e8"},
        "um^3": {"um^3": "1", "mm^3": "1e9"},
        "1/um^2": {"1/um^2": "1", "1/cm^2": "1e-8"},
        "cm^3/mol": {"cm^3/mol": "1"},
        "J/mol": {"J/mol": "1", "kJ/mol": "1e3", "eV": "96485.3321233100184"},
    }.items()
}
"""Value in the working unit = factor × value in the unit written. An eV is per particle: e N_A
(CODATA 2018, exact)."""

OFFSETS = {"K": {"degC": Decimal("273.15"), "°C": Decimal("273.15")}}
"""Value in the working unit = value in the unit written + offset."""


def to_working(number: Decimal, symbol: str, unit: str) -> Decimal | None:
    """`number` of `symbol` in the working unit; None if the table has no such pair."""
    if (factor := FACTORS[unit].get(symbol)) is not None:
        return number * factor
    offset = OFFSETS.get(unit, {}).get(symbol)
    return None if offset is None else number + offset


def from_working(number: Decimal, symbol: str, unit: str) -> Decimal | None:
    """`number` of the working unit in `symbol`; None if the table has no such pair."""
    if (factor := FACTORS[unit].get(symbol)) is not None:
        return number / factor
    offset = OFFSETS.get(unit, {}).get(symbol)
    return None if offset is None else number - offset
