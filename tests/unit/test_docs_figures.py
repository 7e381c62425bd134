"""Figures in tables of the documentation that follow from formulas alone."""

import numpy as np
import pytest

from cellfem.campaign.penetration import SETS, law_of
from cellfem.materials import electrolyte
from cellfem.physics import extrusion, fracture
from cellfem.physics.kinetics import SPEED
from cellfem.units import FARADAY, GAS_CONSTANT, MA_CM2

THERMAL = GAS_CONSTANT * 298.15 / FARADAY
KAPPA = 0.04 * 1e6  # 0.4 mS/cm, A/m² per V/µm
TOUGHNESS = 1.0 * 1e3  # 1 MPa·m^½ in MPa·µm^½
OPENINGS = (0.005, 0.02, 0.05, 0.2)
BEYOND = 100.0  # "–" in the table


def critical(length: float, opening: float, name: str, asr: float = 10.0) -> float:
    """Critical plating current (mA/cm²) of a slit plated at its tip, without outer pressure."""
    exchange = THERMAL / (asr * 1e-4)
    needed = float(fracture.critical_pressure(length, TOUGHNESS))
    by_creep = extrusion.critical_speed("slit", "tip", length, opening, needed, law_of(name)) / SPEED
    found = fracture.critical_current(
        length, TOUGHNESS, lambda i: 2 * THERMAL * float(np.arcsinh(i / (2 * exchange))), KAPPA, by_creep
    )
    return found * MA_CM2


@pytest.mark.parametrize(
    ("length", "row"),
    [
        (0.1, [(None, None, None)] * 4),
        (1.0, [(91, 11, 8.5), (None, None, None), (None, None, None), (None, None, None)]),
        (10.0, [(1.7, 1.7, 1.7), (1.7, 1.7, 1.7), (1.7, 1.7, 1.7), (None, None, 81)]),
    ],
)
def test_critical_plating_currents_of_dendrites_md(length: float, row: list[tuple[float | None, ...]]) -> None:
    for opening, told in zip(OPENINGS, row, strict=True):
        for name, value in zip(("masias", "lepage", "anand_narayan_steady"), told, strict=True):
            found = critical(length, opening, name)
            assert found > BEYOND if value is None else found == pytest.approx(value, rel=0.05), (opening, name)
    assert set(SETS) == {"masias", "lepage", "anand_narayan_steady"}


def test_critical_current_of_a_better_face_in_dendrites_md() -> None:
    assert critical(10.0, 0.02, "masias", asr=2.0) == pytest.approx(4.8, rel=0.02)


@pytest.mark.parametrize(
    ("material", "toughness", "lengths"),
    [
        ("LLZO", 1.0, [(6000, 6e5), (120, 12000), (9.7, 970), (1.1, 110)]),
        ("Li6PS5Cl", 0.23, [(410, 41000), (8.4, 840), (0.66, 66), (0.07, 7.3)]),
    ],
)
def test_lengths_at_which_the_wedge_counts_in_dendrites_md(
    material: str, toughness: float, lengths: list[tuple[float, float]]
) -> None:
    nu = electrolyte(material).poisson_ratio
    wedge = (1 - 2 * nu) / (1 - nu)
    for pressure, told in zip((1.0, 7.0, 25.0, 75.0), lengths, strict=True):
        found = [(share * 1e3 * toughness / (1.12 * wedge * pressure)) ** 2 / np.pi for share in (0.1, 1.0)]
        assert found == pytest.approx(told, rel=0.06), pressure


def test_floors_of_a_finite_test_in_slope_md() -> None:
    """i_S = (F/Ω)(f_c/4)√(πD/t)"""
    floors = [0.2 / 4 * np.sqrt(np.pi * 8e-3 / (3600 * hours)) / SPEED * MA_CM2 for hours in (0.1, 1.0, 10.0)]
    assert floors == pytest.approx([0.31, 0.098, 0.031], rel=0.02)
