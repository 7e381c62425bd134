"""One value in one place."""

import re
from pathlib import Path

import pytest

import cellfem
from cellfem import materials
from cellfem.physics.kinetics import SPEED, STRESS_POTENTIAL
from cellfem.units import FARADAY

PACKAGE = Path(cellfem.__file__).parent
VALUES = {
    "Faraday's constant": (r"\b9648[45]\.?\d*", {"units.py", "unit_factors.py"}),
    "the gas constant": (r"\b8\.314", {"units.py"}),
    "0 degC": (r"\b273\.15\b", {"units.py", "unit_factors.py"}),
    "25 degC": (r"(?<![(\w] )\b298\.15\b(?! K\b)", {"units.py"}),
    "molar volume": (r"\b1(3\.0?e-6|\.3e-5)\b", set[str]()),
    "a void's threshold": (r"\b3(\.0)? ?\* ?(self\.)?delta", set[str]()),
    "mA/cm² per A/m²": (r"^(MA_CM2|A_M2|OHM_CM2|CELSIUS|KELVIN|SECONDS_PER_HOUR) = ", {"units.py"}),
}


def code_of(path: Path) -> str:
    """Without docstrings and comments, in which a value may be told."""
    text = re.sub(r'r?""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"#.*", "", text)


@pytest.mark.parametrize("what", VALUES)
def test_a_constant_is_written_once(what: str) -> None:
    pattern, places = VALUES[what]
    found = {path.name for path in PACKAGE.rglob("*.py") if re.search(pattern, code_of(path), re.MULTILINE)}
    assert found <= places


def test_the_physics_uses_the_molar_volume_of_the_data() -> None:
    """Ω/F of 13.0 cm³/mol: 0.485 µm/h per 0.1 mA/cm² (1 A/m²)."""
    assert SPEED == STRESS_POTENTIAL == materials.lithium().molar_volume / FARADAY
    assert pytest.approx(0.485, rel=1e-3) == 3600 * SPEED
