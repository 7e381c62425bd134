"""Dendrite fields, reading and verdict from made-up values along Γ."""

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from cellfem.case import CaseError, parse_case, resolved_toml
from cellfem.model import from_case
from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import profile_fields, read_dendrite
from cellfem.output.dendrite_picture import draw_dendrites
from cellfem.output.dendrites import Plated, dendrite_verdict, worse
from cellfem.output.summary import End, contact_verdict
from cellfem.physics import fracture
from cellfem.physics.kinetics import STRESS_POTENTIAL
from cellfem.quantities import COLUMNS
from cellfem.runner.prepare import segments_of
from tests.support.plated import AROUND, STEP, along

FLAWS = Flaws()


def test_fields_at_a_node_by_hand() -> None:
    fields = profile_fields(along(), FLAWS, AROUND)
    far = -1  # 0.5 mA/cm², -5 mV: 37.1 MPa and 0.125 mV (0.928 MPa) to the tip; 16.04 MPa to extrude
    assert fields.drive_overpotential_MPa[far] == pytest.approx((5e-3 + 1.25e-4) / STRESS_POTENTIAL, rel=1e-6)
    assert fields.drive_extrusion_MPa[far] == pytest.approx(16.04, rel=2e-3)
    assert fields.flaw_compression_MPa[far] == pytest.approx(0.26 / 0.74 * 0.4)
    driving = 0.4 + fields.drive_extrusion_MPa[far] - 0.26 / 0.74 * 0.4
    assert fields.stress_intensity_MPa_m0_5[far] == pytest.approx(1.12e-3 * driving * math.sqrt(math.pi))
    assert fields.dendrite_index[far] == pytest.approx(fields.stress_intensity_MPa_m0_5[far])  # K_Ic 1 MPa·m^½
    # extrusion grows with the length, the overpotential hardly: K_I of the critical length is K_Ic
    critical = (1e-4 / fields.likelihood_density_1_um2[far]) ** (1 / 5)
    tip = -1e-3 * along().overpotential_mV[far] + 5 * critical / 4e4
    pressure = 0.4 * (1 - 0.26 / 0.74) + min(tip / STRESS_POTENTIAL, fields.drive_extrusion_MPa[far] * critical)
    assert 1.12 * pressure * math.sqrt(math.pi * critical) == pytest.approx(1e3, rel=1e-8)


def test_zero_where_nothing_is_plated() -> None:
    open_part = along().x_um < 5.0
    for array in vars(profile_fields(along(), FLAWS, AROUND)).values():
        assert not np.any(array[open_part])
        assert np.all(array[~open_part] > 0)
    for profile in (along(current=0.5, overpotential=5.0), along(current=0.0, overpotential=0.0)):
        assert not any(np.any(array) for array in vars(profile_fields(profile, FLAWS, AROUND)).values())
        assert read_dendrite(profile, FLAWS, AROUND) is None


def test_currents_in_circles_fill_no_flaw() -> None:
    """At rest and while the electrode is stripped lithium is plated here and there, from places
    under unlike pressure."""
    x = along().x_um
    for mean in (0.0, 0.5):
        circles = along(current_mA_cm2=mean + 2.0 * np.cos(np.pi * x / 25.0), overpotential_mV=-5.0 * np.ones_like(x))
        assert circles.current_mA_cm2.min() < -1.0
        assert read_dendrite(circles, FLAWS, AROUND) is None
        assert not any(np.any(array) for array in vars(profile_fields(circles, FLAWS, AROUND)).values())


def test_a_uniform_index_has_no_place() -> None:
    x = along().x_um
    current = -0.5 * (1 + 1e-5 * np.cos(x))
    even = along(current_mA_cm2=current, overpotential_mV=-5.0 * np.ones_like(x))
    reading = read_dendrite(even, FLAWS, AROUND)
    assert reading is not None
    assert reading.uniform
    verdict = dendrite_verdict(Plated(1500.0, reading))
    assert (verdict["uniform"], verdict["place_um"]) == (True, None)
    assert "uniform along the interface" in verdict["text"]
    (place,) = (column for column in COLUMNS if column.name == "dendrite_place_um")
    assert math.isnan(place.read(SimpleNamespace(dendrite=reading)))
    rim = read_dendrite(along(), FLAWS, AROUND)
    assert rim is not None
    assert not rim.uniform


def test_drives_vanish_with_the_current() -> None:
    tiny = profile_fields(along(current=-1e-3, overpotential=-1e-5), FLAWS, AROUND)
    assert tiny.governing_MPa.max() < 5e-3
    assert tiny.dendrite_index.max() == pytest.approx(1.12e-3 * 0.4 * (1 - 0.26 / 0.74) * math.sqrt(math.pi), rel=2e-2)


def test_reading_finds_the_rim() -> None:
    reading = read_dendrite(along(), FLAWS, AROUND)
    assert reading is not None
    assert (reading.place_um, reading.mechanism) == (5.0, "creep")
    assert reading.area_um2 == pytest.approx(25e3)
    # K_I ∝ a^1.5 and i^(1/n) H^-(n+1)/n A^(-1/n) / K_Ic where creep governs and 0.26 of 18 MPa
    # comes from outside
    levers = [reading.levers[name] for name in ("flaw length", "flaw opening", "current", "creep rate", "toughness")]
    assert levers == pytest.approx([1.5, -7.56 / 6.56, 1 / 6.56, -1 / 6.56, -1.0], rel=0.02)


def test_moves_by_hand() -> None:
    """Creep governs at the rim: 17.8 MPa of it, and 0.26 of the stack's 0.4 MPa."""
    reading = read_dendrite(along(), FLAWS, AROUND)
    assert reading is not None
    creep, outside = reading.drive_extrusion_MPa, 0.4 * (1 - 0.26 / 0.74)
    faster = math.exp(37e3 / 8.31446 * (1 / 298.15 - 1 / 328.15))  # 3.9 times at 30 K more
    ratios = {name: move.ratio for name, move in reading.moves.items()}
    assert reading.moves["temperature"].factor == pytest.approx(328.15 / 298.15)
    assert ratios["temperature"] == pytest.approx((creep * faster ** (-1 / 6.56) + outside) / (creep + outside), rel=1e-3)
    assert ratios["pressure"] == pytest.approx((creep + outside / 2) / (creep + outside), rel=1e-6)
    assert ratios["toughness"] == pytest.approx(0.5)
    assert ratios["current"] == pytest.approx((creep * 0.5 ** (1 / 6.56) + outside) / (creep + outside), rel=1e-6)
    assert reading.levers["pressure"] == pytest.approx(outside / (creep + outside), rel=1e-4)


def test_what_warms_the_interface_lowers_the_overpotential() -> None:
    """Where the overpotential governs, 30 K divide it by the factor by which the interface's
    resistance falls."""
    narrow = replace(FLAWS, half_opening=0.005, length=0.5)
    reading = read_dendrite(along(), narrow, AROUND)
    assert reading is not None
    assert reading.mechanism == "overpotential"
    less = math.exp(33.8e3 / 8.31446 * (1 / 298.15 - 1 / 328.15))
    outside = 0.4 * (1 - 0.26 / 0.74)
    drive = reading.drive_overpotential_MPa
    assert reading.moves["temperature"].ratio == pytest.approx((drive / less + outside) / (drive + outside), rel=2e-3)


def test_mechanisms() -> None:
    narrow = read_dendrite(along(), replace(FLAWS, half_opening=0.005), AROUND)
    assert narrow is not None
    assert narrow.mechanism == "overpotential"
    assert narrow.levers["current"] == pytest.approx(1.0, rel=0.01)
    pressed = read_dendrite(along(pressure=200.0), FLAWS, replace(AROUND, pressure=200.0))
    assert pressed is not None
    assert pressed.mechanism == "pressure"


def test_local_pressure_fills_and_shuts_alike() -> None:
    """Where the contact pressure is above its mean, mouth and face are pressed alike: the index is
    that of the mean."""
    even, uneven = along(), along(contact_pressure_MPa=np.linspace(0.0, 8.0, 251))
    indices = [profile_fields(profile, FLAWS, AROUND).dendrite_index for profile in (even, uneven)]
    assert indices[0] == pytest.approx(indices[1], rel=1e-12)


@pytest.mark.parametrize("distribution", ["power", "exponential"])
def test_likelihood_does_not_depend_on_the_mesh(distribution: fracture.Distribution) -> None:
    flaws = Flaws(distribution=distribution, length=2.0, density=1e-2)
    values = []
    for nodes in (126, 251, 501, 1001):
        reading = read_dendrite(along(nodes, overpotential=-60.0), flaws, AROUND)
        assert reading is not None
        values.append(-math.log1p(-reading.likelihood))
    errors = np.abs(np.array(values) / values[-1] - 1)
    assert errors[0] < 0.03
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.006


def test_likelihood_scales_with_the_area() -> None:
    def count(profile: Profile, flaws: Flaws, axisymmetric: bool = False) -> float:
        reading = read_dendrite(profile, flaws, AROUND, axisymmetric)
        assert reading is not None
        return -math.log1p(-reading.likelihood)

    profile, flaws = along(overpotential=-60.0), Flaws(density=1.0)
    once = count(profile, flaws)
    assert once > 1e-3
    assert count(profile, replace(flaws, depth=3e3)) == pytest.approx(3 * once)
    assert count(profile, replace(flaws, density=0.1)) == pytest.approx(0.1 * once)
    wider = along(overpotential=-60.0, gap_um=np.zeros(251))
    assert count(replace(wider, weight=2 * wider.weight), flaws) == pytest.approx(2 * once)
    disc = replace(profile, weight=2 * math.pi * profile.x_um * profile.weight)
    assert count(disc, flaws, axisymmetric=True) == pytest.approx(count(disc, replace(flaws, depth=1.0)))


def test_single_size_fails_where_the_index_exceeds_one() -> None:
    flaws = Flaws(distribution="single", toughness=33.0)
    fields = profile_fields(along(), flaws, AROUND)
    assert 0 < np.sum(fields.dendrite_index >= 1) < len(fields.dendrite_index)
    assert np.array_equal(fields.likelihood_density_1_um2 > 0, fields.dendrite_index >= 1)


def test_verdict_in_words() -> None:
    reading = read_dendrite(along(), FLAWS, AROUND)
    assert reading is not None
    first, second = Plated(60.0, reading), Plated(120.0, replace(reading, index=0.5 * reading.index))
    worst = worse(worse(None, first), second)
    assert worst is first
    assert worse(second, first) is first
    verdict = dendrite_verdict(worst)
    assert (verdict["place_um"], verdict["mechanism"], verdict["lever"]) == (5.0, "creep", "flaws half as long")
    assert verdict["text"] == (
        "A flaw of 1 µm has the largest index at 5 µm, after 60 s: K_I is 3.6 % of K_Ic, so it does not grow. Creep governs: "
        "lithium is extruded at 17.8 MPa, below the 76.1 MPa that the overpotential can build up. The most effective change is "
        "flaws half as long (index −64 %); of what a running cell can change, 30 K warmer (−19 %). The likelihood that a "
        "flaw fails is 2.8e-08 over 0.025 mm²."
    )
    assert "it grows there" in dendrite_verdict(replace(worst, reading=replace(reading, index=1.2)))["text"]
    assert dendrite_verdict(None)["text"] == "No lithium was plated, so no dendrite was driven."


def test_picture(tmp_path: Path) -> None:
    profile = along()
    reading = read_dendrite(profile, FLAWS, AROUND)
    assert reading is not None
    draw_dendrites(
        tmp_path / "dendrites.png", Plated(60.0, reading, profile), Plated(120.0, reading, profile), FLAWS, title="Rim"
    )
    picture = imread(tmp_path / "dendrites.png")
    assert picture.shape == (1280, 920, 4)
    assert picture[..., :3].std() > 0.05
    with pytest.raises(ValueError, match="profile"):
        draw_dendrites(tmp_path / "none.png", Plated(60.0, reading), Plated(60.0, reading), FLAWS)


def test_dendrite_limit_is_no_loss_of_contact() -> None:
    assert contact_verdict(0.95, 0.4, 0.02, End("stop", 60.0, "index")) == "kept"
    assert contact_verdict(0.5, 0.4, 0.02, End("stop", 60.0, "index")) == "reduced"


def test_flaw_table_of_a_case() -> None:
    default = parse_case({"protocol": [STEP]})
    default_flaws = from_case.flaws(default)
    assert default_flaws == replace(
        Flaws(),
        conductivity_activation=pytest.approx(Flaws.conductivity_activation, rel=2e-3),
        resistance_activation=pytest.approx(Flaws.resistance_activation, rel=2e-3),
    )
    assert parse_case(tomllib.loads(resolved_toml(default))) == default
    table = {
        "length": "500 nm", "half_opening": "2 nm", "shape": "cylinder", "plated": "walls", "distribution": "exponential",
        "density": "1 1/um^2", "depth": "4 mm", "toughness": "0.5 MPa*m^0.5", "seed": 3, "sites": "grain boundaries",
        "grain_size": "2 um",
    }  # fmt: skip
    case = parse_case({"protocol": [STEP | {"stop": {"index": 1.0}}], "flaw": table})
    assert from_case.flaws(case) == Flaws(
        length=0.5, half_opening=0.002, shape="cylinder", plated="walls", distribution="exponential", density=1.0, depth=4e3,
        toughness=500.0, seed=3, on_grain_boundaries=True, grain_size=2.0, creep_activation=37e3,
        conductivity_activation=default_flaws.conductivity_activation, resistance_activation=default_flaws.resistance_activation,
    )  # fmt: skip
    stop, _ = segments_of(case)[0].stops
    assert (stop.name, stop.limit, stop.above) == ("index", 1.0, True)


def test_toughness_is_the_materials() -> None:
    case = parse_case({"protocol": [STEP], "electrolyte": {"material": "Li6PS5Cl"}})
    assert (from_case.flaws(case).toughness, from_case.flaws(case).poisson_ratio) == (230.0, 0.30)


def test_errors_of_the_flaw_table() -> None:
    with pytest.raises(CaseError, match=r"flaw\.half_opening: 2 um is not below flaw\.length, 1 um"):
        parse_case({"protocol": [STEP], "flaw": {"half_opening": "2 um"}})
    with pytest.raises(CaseError, match=r"flaw\.density.*not a number per area"):
        parse_case({"protocol": [STEP], "flaw": {"density": "1e4 um"}})
