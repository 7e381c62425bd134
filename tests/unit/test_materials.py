"""Parameter sets: values in working units, inside their ranges, each with a source."""

import math

import pytest

from cellfem.materials import UnknownMaterialError, creep_names, creep_set, electrolyte, electrolyte_names, lithium, pillars
from cellfem.materials.parameters import in_unit, parameter, read_data
from cellfem.units import FARADAY, GAS_CONSTANT


def test_lithium_in_working_units() -> None:
    metal = lithium()
    assert (metal.molar_volume, metal.D, metal.D_activation) == (13.0, 8e-3, 53e3)
    assert (metal.f_c, metal.length, metal.surface_tension) == (0.2, 1.0, 0.5)


def test_molar_volume_gives_the_rate_and_the_stress_potential() -> None:
    assert 1.0 * lithium().molar_volume / FARADAY * 3600 == pytest.approx(0.485, rel=1e-3)  # µm/h at 0.1 mA/cm²
    assert 1.0 * lithium().molar_volume / FARADAY * 1e3 == pytest.approx(0.135, abs=5e-4)  # mV/MPa


@pytest.mark.parametrize(
    ("name", "n", "at_298"),
    [
        ("anand_narayan_steady", 5.0, 4.3e-4),
        ("lepage", 6.6, 9.2e-4),
        ("masias", 6.56, 7.7e-3),
        ("anand_narayan_fixed_S", 6.67, 7.4e-3),
    ],
)
def test_creep_sets(name: str, n: float, at_298: float) -> None:
    law = creep_set(name)
    assert (law.n, law.A298, law.Q) == (n, at_298, 37e3)
    assert law.A(298.15) == at_298
    assert law.A(333.15) / at_298 == pytest.approx(math.exp(37e3 / GAS_CONSTANT * (1 / 298.15 - 1 / 333.15)))


def test_small_lithium_is_as_strong_as_pillars_at_their_rate() -> None:
    for name in creep_names():
        law = creep_set(name)
        for size, strength in ((1.0, 105.0), (10.0, 105 * 10**-0.68)):
            factor = pillars().factor(size, law)
            assert law.A298 * (strength / factor) ** law.n == pytest.approx(pillars().rate)
        assert pillars().factor(1e5, law) == 1.0  # 0.04 MPa by the law of the pillars, less than in bulk


def test_creep_sets_agree_with_the_constants_of_their_papers() -> None:
    arrhenius = math.exp(-37e3 / (GAS_CONSTANT * 298.15))
    lepage, anand = creep_set("lepage"), creep_set("anand_narayan_steady")
    assert pytest.approx((3e5 / 1e6) ** -6.6 * arrhenius, rel=0.02) == lepage.A298
    assert pytest.approx(4.25e4 * arrhenius / 2.0**5, rel=0.02) == anand.A298


def test_creep_sets_span_the_stated_band_and_have_sources() -> None:
    band = read_data("lithium.toml")["creep"]
    sets = [creep_set(name) for name in creep_names()]
    assert [min(s.A298 for s in sets), max(s.A298 for s in sets)] == [in_unit(text, "1/s") for text in band["A298_range"]]
    assert [min(s.n for s in sets), max(s.n for s in sets)] == band["n_range"]
    assert all(s.source and s.quality in ("read", "recalled") for s in sets)


def test_electrolytes_in_working_units() -> None:
    llzo, argyrodite = electrolyte("LLZO"), electrolyte("Li6PS5Cl")
    assert (llzo.conductivity, llzo.young_modulus, llzo.poisson_ratio, llzo.fracture_toughness) == (4e4, 150e3, 0.26, 1e3)
    assert llzo.conductivity_activation == pytest.approx(0.35 * FARADAY)
    assert (llzo.flexural_strength, llzo.asr_clean, llzo.adhesion_energy_clean) == (150.0, 2e-4, 0.67)
    assert (argyrodite.conductivity, argyrodite.young_modulus, argyrodite.fracture_toughness) == (1.6e5, 22e3, 230.0)
    assert argyrodite.flexural_strength is None


def test_every_parameter_has_range_quality_and_source() -> None:
    tables = [lithium().parameters, *(electrolyte(name).parameters for name in electrolyte_names())]
    for item in (entry for table in tables for entry in table.values()):
        assert item.low < item.high
        assert item.quality in ("read", "recalled", "model")
        assert item.source


def test_value_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="lies outside its range"):
        parameter({"value": "3 MPa", "range": ["1 MPa", "2 MPa"], "quality": "read", "source": "-"}, "MPa")


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownMaterialError, match='"masia" is not a known creep set; did you mean "masias"'):
        creep_set("masia")
    with pytest.raises(UnknownMaterialError, match='did you mean "LLZO"'):
        electrolyte("llzo")
