"""Random fields along the interface: moments, correlation, area shares, and that seed and place
alone decide."""

import numpy as np
import pytest

from cellfem.case import CaseError, parse_case
from cellfem.geometry.fields import GaussianField, LognormalField, Spots, Tessellation
from cellfem.model import from_case
from cellfem.model.heterogeneity import GrainBoundaries, Heterogeneity, Impurities
from cellfem.model.start import resistance_along

SEEDS = range(300)
LINE = np.linspace(0.0, 25.0, 11)[:, None]


def four_sigma(values: np.ndarray) -> float:
    """Bound on the mean of independent values, by their own scatter."""
    return 4 * float(values.std()) / np.sqrt(len(values))


def test_moments_and_correlation_of_a_gaussian_field() -> None:
    """Over independent seeds, each bound by four standard errors of a normal sample."""
    places = np.array([[0.0], [3.0], [6.0]])
    z = np.array([GaussianField(3.0, seed)(places) for seed in SEEDS])
    error = 4 / np.sqrt(len(z))
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=error)
    np.testing.assert_allclose(z.var(axis=0), 1.0, atol=error * np.sqrt(2))
    for other, correlation in ((1, np.exp(-1)), (2, np.exp(-4))):
        assert np.mean(z[:, 0] * z[:, other]) == pytest.approx(correlation, abs=error * np.sqrt(1 + correlation**2))


def test_mean_and_spread_of_a_lognormal_field() -> None:
    value = np.array([LognormalField(0.5, 2.0, seed)(np.array([7.0]))[None] for seed in range(2000)]).ravel()
    assert value.mean() == pytest.approx(1.0, abs=four_sigma(value))
    assert np.log(value).std() == pytest.approx(np.sqrt(np.log(1.25)), rel=4 / np.sqrt(2 * len(value)))


def test_grain_boundaries_stand_as_far_apart_as_asked() -> None:
    """Mean intercept: crossings along a long line are the local minima of the distance that reach
    zero."""
    x = np.linspace(0.0, 3000.0, 300_001)[:, None]
    distance = Tessellation(3.0, seed=5).distance(x)
    inner = distance[1:-1]
    crossings = np.sum((inner < distance[:-2]) & (inner <= distance[2:]) & (inner < 0.011))
    # The count over L = 3000 µm scatters by about √(L/spacing)/2: Poisson-Voronoi chords scatter
    # less than Poisson points.
    assert crossings == pytest.approx(1000, abs=4 * np.sqrt(1000))


def test_spots_cover_the_share_asked() -> None:
    x = np.linspace(0.0, 20_000.0, 40_001)[:, None]
    covered = Spots(0.2, 3.0, 0.5, seed=2).depth(x) > 0
    blocks = covered[:-1].reshape(100, -1).mean(axis=1)  # of 200 µm, long against a spot
    assert covered.mean() == pytest.approx(0.2, abs=four_sigma(blocks))


@pytest.mark.parametrize(
    "field",
    [GaussianField(3.0, 4), Tessellation(4.0, 4).distance, Spots(0.3, 2.0, 0.3, 4).depth],
    ids=["gaussian", "tessellation", "spots"],
)
def test_seed_and_place_alone_decide(field: object) -> None:
    """One place at a time gives what all at once give: on any mesh, on any rank. A line is the
    plane's cut at y = 0."""
    assert callable(field)
    at_once = field(LINE)
    one_by_one = np.array([field(place[None])[0] for place in LINE])
    # Spots far away are not seen by a single place: they are outside either way.
    np.testing.assert_allclose(np.maximum(one_by_one, -2.0), np.maximum(at_once, -2.0), rtol=0, atol=1e-12)
    plane = np.column_stack([LINE[:, 0], np.zeros(len(LINE))])
    np.testing.assert_array_equal(field(plane), at_once)
    assert field(LINE.reshape(11, 1, 1)).shape == (11, 1)


def test_seeds_and_streams_differ() -> None:
    same, other, stream = GaussianField(3.0, 4)(LINE), GaussianField(3.0, 5)(LINE), GaussianField(3.0, 4, 1)(LINE)
    assert np.abs(same - other).max() > 0.5
    assert np.abs(same - stream).max() > 0.5


def test_what_lies_on_what() -> None:
    """Impurities lie on grain boundaries, these on the random field; the diffusion factor is D of
    the boundaries over D."""
    cells, spots = Tessellation(4.0, 3), Spots(0.5, 4.0, 0.0, 3)
    face = Heterogeneity(
        LognormalField(0.3, 5.0, 3), None, GrainBoundaries(cells, 1.0, 5e-3, 8.0), Impurities(spots, 0.1, edge=0.01)
    )
    x = np.linspace(0, 200, 4001)[:, None]
    value = face.resistance_at(x, 1e-3)
    inside, on_face = spots.depth(x) > 0.05, cells.distance(x) < 0.05
    np.testing.assert_allclose(value[inside], 0.1, rtol=1e-3)
    np.testing.assert_allclose(value[on_face & (spots.depth(x) < -0.05)], 5e-3, rtol=0.05)
    far = (cells.distance(x) > 1.5) & (spots.depth(x) < -0.05)
    np.testing.assert_allclose(value[far], 1e-3 * LognormalField(0.3, 5.0, 3)(x[far]), rtol=1e-2)
    factor = face.diffusion_factor(x, 8e-3)
    assert (factor.min(), factor.max()) == (pytest.approx(1.0, rel=0.01), pytest.approx(1000.0, rel=0.05))
    assert Heterogeneity().resistance_at(x, 1e-3).tolist() == [1e-3] * len(x)


# --- fields that repeat themselves

PERIODS = (12.0, 9.0)
PLACES = np.random.default_rng(1).uniform(0.0, 9.0, (200, 2))


@pytest.mark.parametrize("periods", [PERIODS[:1], PERIODS], ids=["along x", "both"])
def test_periodic_fields_repeat_themselves(periods: tuple[float, ...]) -> None:
    fields = (
        GaussianField(3.0, 4, periods=periods),
        LognormalField(0.5, 3.0, 4, periods=periods),
        Tessellation(3.0, 4, periods=periods).distance,
        Spots(0.3, 2.0, 0.3, 4, periods=periods).depth,
    )
    for field in fields:
        value = field(PLACES)
        for axis, period in enumerate(periods):
            moved = field(PLACES + np.eye(2)[axis] * period)
            assert np.maximum(moved, -2.0) == pytest.approx(np.maximum(value, -2.0), abs=1e-9)
        if len(periods) == 1:
            assert np.abs(field(PLACES + np.array([0.0, 9.0])) - value).max() > 0.1
        assert np.std(value) > 0.05


def test_correlation_of_a_periodic_gaussian_field() -> None:
    """As the docstring says, for a third of the period, the longest length that a case may have;
    variance 1."""
    period, length = 9.0, 3.0
    r = np.array([0.0, 1.0, 3.0, 4.5, 8.0])
    z = np.array([GaussianField(length, seed, periods=(period,))(r[:, None]) for seed in range(600)])
    apart = r[:, None] + period * np.arange(-8, 9)
    expected = np.sum(np.exp(-((apart / length) ** 2)) * np.sinc(apart / period), axis=1)
    assert expected[0] == pytest.approx(1.0, abs=1e-12)
    assert expected[1] == pytest.approx(expected[4], abs=1e-12)  # 8 µm is 1 µm around
    error = 4 / np.sqrt(len(z))
    assert z.var(axis=0) == pytest.approx(1.0, abs=error * np.sqrt(2))
    for k in range(1, len(r)):
        assert np.mean(z[:, 0] * z[:, k]) == pytest.approx(expected[k], abs=error * np.sqrt(1 + expected[k] ** 2))


def test_rounded_waves_are_near_those_of_a_field_without_a_period() -> None:
    """Mean square of the difference at distance r, wave vectors being off by up to π/L: 2[1 -
    sin(πr/L)/(πr/L)]."""
    at = np.array([[3.0]])
    off = [GaussianField(3.0, seed, periods=(60.0,))(at)[0] - GaussianField(3.0, seed)(at)[0] for seed in range(600)]
    assert np.mean(np.square(off)) == pytest.approx(2 * (1 - np.sinc(3.0 / 60.0)), rel=4 * np.sqrt(2 / 600))


def test_shares_and_intercepts_of_periodic_fields() -> None:
    """Means over seeds, each bound by four standard errors of its own scatter."""
    x = np.arange(0.0, 12.0, 0.01)[:, None]
    covered = np.array([np.mean(Spots(0.2, 3.0, 0.5, seed, periods=(12.0,)).depth(x) > 0) for seed in range(400)])
    assert covered.mean() == pytest.approx(0.2, abs=four_sigma(covered))
    crossings = []
    for seed in range(400):
        distance = Tessellation(3.0, seed, periods=PERIODS).distance(np.column_stack([x[:, 0], np.zeros(len(x))]))
        before, after = np.roll(distance, 1), np.roll(distance, -1)
        crossings.append(np.sum((distance < before) & (distance <= after) & (distance < 0.011)))
    count = np.array(crossings)
    assert count.mean() == pytest.approx(4.0, abs=four_sigma(count))


def test_periodic_fields_of_a_case() -> None:
    case = parse_case(
        {
            "stack": {"sides": "periodic", "width": "24 um", "depth": "20 um", "dimension": 3},
            "heterogeneity": {
                "seed": 7,
                "asr": {"spread": 0.5, "length": "4 um"},
                "grains": {"spacing": "6 um", "D": "8e-12 m^2/s"},
                "impurities": {"share": 0.1},
            },
            "protocol": [STRIP],
        }
    )
    face = from_case.heterogeneity(case)
    assert face.resistance == LognormalField(0.5, 4.0, 7, 0, (24.0, 20.0))
    assert face.grains is not None
    assert face.impurities is not None
    assert face.grains.cells.periods == face.impurities.spots.periods == (24.0, 20.0)


def test_patches_of_a_periodic_case_show_their_edges_on_the_other_side() -> None:
    patch = {"center": "23 um", "half_width": "1.5 um", "asr": "90 ohm*cm^2", "edge": "1 um"}
    data = {"stack": {"sides": "periodic", "width": "24 um"}, "patch": [patch], "protocol": [STRIP]}
    interface = from_case.interface(parse_case(data))
    x = np.linspace(0.0, 24.0, 241)[:, None]
    value = resistance_along(x, interface)
    assert value[0] == pytest.approx(value[-1], rel=1e-12)
    around = np.abs((x[:, 0] - 23.0 + 12.0) % 24.0 - 12.0)
    share = 0.5 * (np.tanh(around + 1.5) - np.tanh(around - 1.5))
    assert value == pytest.approx(1e-3 + 8e-3 * share, rel=1e-6)
    assert len(from_case.interface(parse_case(data | {"stack": {"width": "25 um"}})).patches) == 1


STRIP = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa"}


def test_from_a_case() -> None:
    case = parse_case(
        {
            "heterogeneity": {
                "seed": 7,
                "asr": {"spread": 0.5, "length": "4 um"},
                "grains": {"spacing": "8 um", "D": "8e-12 m^2/s"},
            },
            "protocol": [STRIP],
        }
    )
    face = from_case.interface(case).random
    assert face.resistance == LognormalField(0.5, 4.0, 7, 0)
    assert face.grains is not None
    assert (face.grains.cells, face.grains.resistance, face.grains.diffusivity) == (Tessellation(8.0, 7, 2), None, 8.0)
    assert (face.roughness, face.impurities) == (None, None)
    structure = from_case.structure(case)
    assert (structure.varying_roughness, structure.varying_diffusivity) == (False, True)


@pytest.mark.parametrize(
    ("table", "stack", "says"),
    [
        ({"grains": {"spacing": "8 um"}}, {}, "heterogeneity.grains: grain boundaries have neither asr nor D"),
        ({"grains": {"spacing": "1 um", "asr": "90 ohm*cm^2"}}, {}, "heterogeneity.grains.spacing: 1 um leaves no grains"),
        ({"asr": {"spread": 0.5, "length": "0.5 um"}}, {}, "heterogeneity.asr.length: 0.5 um has fewer than two mesh sizes"),
        ({"impurities": {"share": 0.1}}, {"symmetry": "axisymmetric"}, "heterogeneity: random spots would be rings"),
        ({"asr": {"spread": -1.0}}, {}, "heterogeneity.asr.spread"),
        ({"asr": {"sprad": 1.0}}, {}, 'did you mean "spread"'),
    ],
)
def test_bad_tables(table: dict[str, object], stack: dict[str, object], says: str) -> None:
    with pytest.raises(CaseError) as error:
        parse_case({"heterogeneity": table, "stack": stack, "protocol": [STRIP]})
    assert len(error.value.errors) == 1
    assert says in str(error.value)
