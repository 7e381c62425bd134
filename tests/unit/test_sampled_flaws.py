"""Flaws drawn one by one: numbers, places and lengths as they should be, and nothing but the seed
and the face behind them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from cellfem.case import CaseError, parse_case
from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import flaw_block, profile_fields, read_dendrite
from cellfem.observe.sampled_flaws import SampledFlaws, _grains, _periodic_grains, _to_boundaries, expected_count, sample_flaws
from cellfem.output.dendrites import Plated, dendrite_verdict
from tests.support.plated import AROUND, STEP, along

MANY = Flaws(seed=1, density=1e-1, distribution="power", exponent=4.0)  # 2500 flaws on 25 µm × 1 mm


def drawn(flaws: Flaws, axisymmetric: bool = False) -> SampledFlaws:
    found = sample_flaws(flaws, (25.0,), axisymmetric)
    assert found is not None
    return found


def test_none_without_a_seed_and_the_same_with_the_same() -> None:
    assert sample_flaws(Flaws(), (25.0,)) is None
    first, again, other = drawn(MANY), drawn(MANY), drawn(Flaws(seed=2, density=1e-1))
    assert np.array_equal(first.x, again.x)
    assert np.array_equal(first.length, again.length)
    assert len(first) != len(other) or not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("axisymmetric", [False, True])
def test_numbers_and_places(axisymmetric: bool) -> None:
    """Within four standard deviations of Poisson's and of the mean of even places."""
    flaws = Flaws(seed=5, density=1.0 if axisymmetric else 0.1)
    mean = expected_count(flaws, (25.0,), axisymmetric)
    found = drawn(flaws, axisymmetric)
    assert abs(len(found) - mean) < 4 * np.sqrt(mean)
    share = (found.x / 25.0) ** (2 if axisymmetric else 1)  # even over the area
    assert abs(share.mean() - 0.5) < 4 / np.sqrt(12 * len(found))
    assert found.x.min() >= 0
    assert found.x.max() <= 25.0


def test_lengths_follow_the_distribution() -> None:
    lengths = drawn(MANY).length
    assert lengths.min() >= 1.0
    longer = np.mean(lengths > 2.0)  # 2^-4
    assert longer == pytest.approx(1 / 16, abs=4 * np.sqrt(1 / 16 / len(lengths)))
    exponential = drawn(Flaws(seed=1, density=1e-1, distribution="exponential", length=2.0)).length
    assert exponential.mean() == pytest.approx(2.0, abs=8 / np.sqrt(len(exponential)))
    assert set(drawn(Flaws(seed=1, density=1e-2, distribution="single")).length) == {1.0}


def test_grain_boundaries_are_half_way_between_the_two_nearest_grains() -> None:
    numbers = np.random.default_rng(3)
    low, high = np.zeros(2), np.array([50.0, 80.0])
    grains = _grains(low, high, 5.0, numbers)
    places = _to_boundaries(high * numbers.random((500, 2)), grains)
    distance, _ = cKDTree(grains).query(places, k=2)
    assert np.mean(np.abs(distance[:, 1] - distance[:, 0]) < 1e-9) > 0.99  # near a triple point some hop on
    on_boundaries = drawn(Flaws(seed=1, density=1e-2, on_grain_boundaries=True, grain_size=5.0))
    assert 0 <= on_boundaries.x.min() <= on_boundaries.x.max() <= 25.0


def test_periodic_faces_have_their_flaws_and_grains_over_the_sides() -> None:
    """Even over the face, and on boundaries of grains that go on at the other side (those of the
    face itself, and no more)."""
    flaws = Flaws(seed=5, density=0.5, on_grain_boundaries=True, grain_size=5.0)
    found, between = sample_flaws(flaws, (25.0, 20.0), periodic=True), sample_flaws(flaws, (25.0, 20.0))
    assert found is not None
    assert between is not None
    assert len(found) == len(between)  # number and lengths do not ask for the sides
    assert np.array_equal(found.length, between.length)
    numbers = np.random.default_rng(5)
    count = int(numbers.poisson(0.5 * 25 * 20))
    numbers.random(3 * count)
    grains = _periodic_grains(np.zeros(2), np.array([25.0, 20.0]), 5.0, numbers)
    assert len(grains) % 9 == 0
    distance, _ = cKDTree(grains).query(np.column_stack([found.x, found.across]), k=2)
    assert np.mean(distance[:, 1] - distance[:, 0] < 1e-9) > 0.97  # near a triple point some hop on
    for place, size in ((found.x, 25.0), (found.across, 20.0)):
        assert 0 <= place.min() <= place.max() <= size
        assert abs(place.mean() / size - 0.5) < 4 / np.sqrt(12 * len(found)) * 2  # boundaries gather them: of twice the scatter


def test_reading_is_that_of_the_worst_flaw_and_does_not_depend_on_the_mesh() -> None:
    readings = [read_dendrite(along(nodes), MANY, AROUND, sampled=drawn(MANY)) for nodes in (251, 501, 1001)]
    assert all(reading is not None for reading in readings)
    first, second, third = (reading for reading in readings if reading is not None)
    assert first.sampled == len(drawn(MANY))
    assert first.place_um == second.place_um == third.place_um
    assert first.length_um == third.length_um
    assert second.index == pytest.approx(third.index, rel=1e-3)
    assert (first.likelihood, first.critical) == (0.0, 0)
    assert first.index > profile_fields(along(), MANY, AROUND).dendrite_index.max()  # it is longer than 1 µm
    weak = Flaws(seed=1, density=1e-1, exponent=4.0, toughness=first.intensity_MPa_m0_5 * 0.9e3)
    failed = read_dendrite(along(), weak, AROUND, sampled=drawn(weak))
    assert failed is not None
    assert failed.likelihood == 1.0
    assert failed.critical is not None
    assert failed.critical >= 1
    text = dendrite_verdict(Plated(60.0, failed))["text"]
    assert f"Of {failed.sampled} sampled flaws that of {failed.length_um:.3g} µm has the largest index" in text
    assert f"{failed.critical} of {failed.sampled} flaws grow" in text


def test_no_flaw_no_dendrite() -> None:
    none = Flaws(seed=1, density=0.0)
    reading = read_dendrite(along(), none, AROUND, sampled=drawn(none))
    assert reading is not None
    assert (reading.index, reading.likelihood, reading.sampled) == (0.0, 0.0, 0)
    assert "The sample has no flaw" in dendrite_verdict(Plated(60.0, reading))["text"]


def test_block_of_flaws_for_viewing() -> None:
    found = drawn(MANY)
    block = flaw_block(along(), found, MANY, AROUND)
    assert block.points[len(found) :, 1] == pytest.approx(-found.length)
    assert block.points[: len(found), 0] == pytest.approx(found.x)
    assert block.cells.shape == (len(found), 2)
    reading = read_dendrite(along(), MANY, AROUND, sampled=found)
    assert reading is not None
    assert block.point_data["dendrite_index"].max() == pytest.approx(reading.index)
    empty = flaw_block(None, found, MANY, AROUND)
    assert empty.points.shape == (0, 3)
    assert empty.point_data.keys() == block.point_data.keys()


def test_flaws_on_a_map_in_three_dimensions() -> None:
    """Values are linear between nodes, places two numbers, lines go down along z."""
    x, y = (values.ravel() for values in np.meshgrid(np.linspace(0, 25, 26), np.linspace(0, 10, 11)))
    corner = (np.arange(10)[:, None] * 26 + np.arange(25)).ravel()
    one = np.ones(len(x))
    fields = dict.fromkeys(("gap_um", "contact", "carrying", "porosity", "asr_ohm_cm2"), one)
    profile = Profile(
        x_um=x, weight=one, current_mA_cm2=-0.5 - 0.1 * y, overpotential_mV=-5 * one, contact_pressure_MPa=0.4 * one, y_um=y,
        facets=np.column_stack([corner, corner + 1, corner + 27, corner + 26]), **fields,
    )  # fmt: skip
    flaws = Flaws(seed=1, density=0.2, distribution="single", length=2.0)
    found = sample_flaws(flaws, (25.0, 10.0))
    assert found is not None
    assert found.across.max() <= 10.0
    reading = read_dendrite(profile, flaws, AROUND, sampled=found)
    assert reading is not None
    assert reading.place_y_um == found.across.max()  # the current grows with y
    assert f"({reading.place_um:.3g}, {reading.place_y_um:.3g}) µm" in dendrite_verdict(Plated(60.0, reading))["text"]
    block = flaw_block(profile, found, flaws, AROUND)
    assert block.points[len(found) :, 2] == pytest.approx(-2.0)
    everywhere = read_dendrite(profile, replace(flaws, seed=None), AROUND)
    assert everywhere is not None
    assert everywhere.place_y_um == 10.0


def test_errors() -> None:
    with pytest.raises(CaseError, match=r"flaw\.sites: .*give flaw\.seed"):
        parse_case({"protocol": [STEP], "flaw": {"sites": "grain boundaries"}})
    with pytest.raises(CaseError, match=r"flaw\.seed: 2\.5e\+10 flaws would be sampled"):
        parse_case({"protocol": [STEP], "flaw": {"seed": 1, "density": "1e6 1/um^2"}})
