"""The load protocol: loops, charge, springs, conditions; what keeps it from being run."""

import math
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import cast, get_args

import pytest

from cellfem.campaign.grid import Grid, grid_points, parse_axis
from cellfem.case import Case, CaseError, json_schema, load_case, parse_case, resolved_toml
from cellfem.case.protocol import DRIVE_EXAMPLES, DRIVEN_BY, SIGN, Mode, Step, stripped_range
from cellfem.model import from_case
from cellfem.model.constants import Constants
from cellfem.model.control import CONTROLS, Control, Current, Voltage, acting_control
from cellfem.model.fixture import FIXTURES, FixedPlaten, Fixture, Platen, UniformPressure, acting_fixture
from cellfem.model.load import MODE_NUMBERS, Load
from cellfem.runner.prepare import segments_of
from cellfem.solver.march import Place, Stop

STRIP = {"mode": "strip", "current": "0.5 mA/cm^2", "capacity": "0.25 mAh/cm^2", "pressure": "2 MPa"}
PLATE = STRIP | {"mode": "plate", "pressure": "4 MPa", "spring": "0.5 MPa/um", "until": {"voltage": "0.1 V"}}
REST = {"mode": "rest", "duration": "10 min", "pressure": "2 MPa"}
HOLD = {"mode": "hold-voltage", "voltage": "-20 mV", "duration": "1 h", "capacity": "0.1 mAh/cm^2", "pressure": "2 MPa"}


def loop(*steps: dict[str, object], repeat: int = 3) -> dict[str, object]:
    return {"repeat": repeat, "step": list(steps)}


def case_of(*entries: dict[str, object], **more: object) -> Case:
    return parse_case({"protocol": list(entries), **more})


def test_loops_are_unrolled() -> None:
    case = case_of(REST, loop(STRIP, PLATE), HOLD)
    assert [placed.key for placed in case.steps] == ["protocol.0", "protocol.1.step.0", "protocol.1.step.1", "protocol.2"]
    assert [placed.step.mode for placed in case.sequence] == ["rest", *["strip", "plate"] * 3, "hold-voltage"]
    assert [placed.cycle for placed in case.sequence] == [0, 1, 1, 2, 2, 3, 3, 0]
    assert case.total_duration == pytest.approx(600 + 6 * 1800 + 3600)
    assert len(segments_of(case)) == 8


@pytest.mark.parametrize("repeat", [1, 2, 7])
def test_charge_over_loops_is_that_of_their_steps_in_turn(repeat: int) -> None:
    """Largest and least of all partial sums, without running through the repetitions."""
    back = PLATE | {"capacity": "0.2 mAh/cm^2"}
    far = PLATE | {"capacity": "0.3 mAh/cm^2"}
    for entries in (
        (loop(STRIP, back, repeat=repeat), REST),
        (STRIP, loop(far, STRIP, repeat=repeat), loop(STRIP, HOLD, repeat=2)),
    ):
        case = case_of(*entries)
        sums = [0.0]
        for placed in case.sequence:
            charge = placed.step.signed_current * placed.step.seconds
            sums.append(sums[-1] + (charge if math.isfinite(charge) else 0.0))
        assert stripped_range(case.protocol) == pytest.approx((max(sums), min(sums)))
        assert case.total_duration == pytest.approx(sum(placed.step.seconds for placed in case.sequence))


def test_charge_and_areal_capacity_are_one_quantity() -> None:
    in_mah, in_coulomb = (case_of(STRIP | {"capacity": text}) for text in ("0.25 mAh/cm^2", "0.9 C/cm^2"))
    assert in_mah.steps[0].step.capacity == in_coulomb.steps[0].step.capacity == 9000.0
    assert in_mah.steps[0].step.seconds == 1800.0
    shorter = case_of(STRIP | {"duration": "10 min"})
    assert shorter.steps[0].step.seconds == 600.0


def test_resolved_case_with_a_loop_reads_back() -> None:
    case = case_of(REST, loop(STRIP, PLATE), HOLD)
    assert parse_case(tomllib.loads(resolved_toml(case))) == case


def test_schema_knows_steps_and_loops() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(json_schema()).is_valid
    assert check({"protocol": [REST, loop(STRIP, PLATE)]})
    assert not check({"protocol": [loop(STRIP, {"mode": "strip"})]})


def test_overrides_reach_into_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(resolved_toml(case_of(REST, loop(STRIP, PLATE))), encoding="utf-8")
    case = load_case(path, ["protocol.1.repeat=2", 'protocol.1.step.1.spring="1 MPa/um"', "protocol.1.step.0.pressure=3 MPa"])
    assert len(case.sequence) == 5
    assert [placed.step.pressure for placed in case.steps] == [2.0, 3.0, 4.0]
    assert case.steps[2].step.spring == 1.0
    with pytest.raises(CaseError, match=r"there is no protocol\.1\.step\.2; protocol\.1\.step has length 2"):
        load_case(path, ["protocol.1.step.2.pressure=3 MPa"])


def test_sweep_reaches_into_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(resolved_toml(case_of(REST, loop(STRIP, PLATE))), encoding="utf-8")
    point, _ = grid_points(Grid(path, (), (parse_axis("pressure=1,3 MPa"), parse_axis("current=0.2 mA/cm^2"))))
    assert [placed.step.pressure for placed in point.case.steps] == [1.0, 1.0, 1.0]
    assert [placed.step.current for placed in point.case.steps] == [None, 2.0, 2.0]
    assert (point.pressure, point.current) == (1.0, 0.2)


def test_loads_of_the_steps() -> None:
    case = case_of(STRIP, PLATE, HOLD, REST | {"top": "fixed"}, REST | {"top": "uniform"})
    strip, plate, hold, fixed, uniform = (from_case.load(placed.step, 0.0) for placed in case.steps)
    assert strip == Load(2.0, Current(5.0))
    assert plate == Load(4.0, Current(-5.0), Platen(spring=0.5))
    assert hold == Load(2.0, Voltage(-0.02))
    assert fixed == Load(2.0, Current(0.0), FixedPlaten())
    assert uniform == Load(2.0, Current(0.0), UniformPressure())
    # held: 20 mV over 10 Ω cm² and 25 µm of 0.4 mS/cm (6.25 Ω cm²) drive at most 1.23 mA/cm²
    assert case.current_max == pytest.approx(0.02 / 16.25 * 1e4)


def test_every_mode_and_every_top_has_its_object() -> None:
    """One control for each mode, one fixture for each top, and a key that drives each mode."""
    modes = sorted(get_args(Mode))
    assert sorted(mode for kind in CONTROLS for mode in kind.modes) == sorted(DRIVEN_BY) == sorted(SIGN) == modes
    assert {key for key in DRIVEN_BY.values() if key} == set(DRIVE_EXAMPLES) <= set(Step.model_fields)
    assert sorted(kind.top for kind in FIXTURES) == sorted(get_args(Step.model_fields["top"].annotation))


@pytest.mark.parametrize("control", [Current(5.0), Current(0.0), Voltage(-0.02)])
@pytest.mark.parametrize("fixture", [Platen(), Platen(0.5, 0.1), FixedPlaten(), UniformPressure()])
def test_numbers_tell_what_acts(control: Control, fixture: Fixture) -> None:
    """What was put into the forms is read back from them: so a checkpoint holds it."""
    numbers = dict.fromkeys(MODE_NUMBERS, 0.0) | Load(1.0, control, fixture).mode_numbers()
    constants = cast(Constants, SimpleNamespace(mode_values=lambda: numbers))
    assert acting_control(constants) == control
    assert acting_fixture(constants) == fixture


def test_conditions_of_the_segments() -> None:
    strip, plate, hold = segments_of(case_of(STRIP | {"stop": {"contact": 0.5}}, PLATE, HOLD | {"until": {"current": "1 A/m^2"}}))
    assert strip.stops[:-1] == (Stop("contact", 0.5, above=False),)
    assert (strip.stops[-1].name, strip.stops[-1].limit) == ("lithium", pytest.approx(0.02 * 20))
    assert strip.until == ()
    assert plate.until == (Stop("voltage", 0.1),)
    assert [stop.name for stop in hold.until] == ["current", "charge"]
    charge = hold.until[1]
    assert charge.value({"charge": -4000.0}, {"charge": -1000.0}) == 3000.0
    assert charge.excess(3600.0) == pytest.approx(0.0)
    assert Place().segment == 0


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        (STRIP | {"voltage": "1 V"}, 'protocol.0.voltage: is for mode = "hold-voltage" only; remove this key'),
        (
            {k: v for k, v in HOLD.items() if k != "voltage"},
            'protocol.0.voltage: is missing, a step with mode = "hold-voltage" needs it',
        ),
        (HOLD | {"current": "1 A/m^2"}, "protocol.0.current: where the voltage is held, the current is a result"),
        ({k: v for k, v in HOLD.items() if k != "duration"}, "protocol.0.duration: is missing; write for example duration"),
        (REST | {"capacity": "1 mAh/cm^2"}, 'protocol.0.capacity: a step with mode = "rest" passes no charge'),
        (STRIP | {"until": {"current": "1 A/m^2"}}, 'protocol.0.until.current: is for mode = "hold-voltage" only'),
        (PLATE | {"top": "uniform"}, "protocol.0.spring: needs a platen that travels"),
        (REST | {"top": "fixed", "pressure_end": "3 MPa"}, "protocol.0.pressure_end: a fixed platen has no given pressure"),
        (STRIP | {"capacity": "1 mAh"}, 'protocol.0.capacity: "1 mAh" is a charge, not a charge per area; write for example'),
        (loop(STRIP | {"presure": "1 MPa"}), 'protocol.0.step.0.presure: unknown key; did you mean "pressure"?'),
        (loop(STRIP | {"pressure": "0 MPa"}), 'protocol.0.step.0.pressure: "0 MPa" leaves no contact'),
        (loop(STRIP, repeat=0), "protocol.0.repeat: 0 is out of range: it must be at least 1"),
        (loop(), "protocol.0.step: is empty; give at least one [[protocol.step]]"),
        ({"repeat": 2}, "protocol.0.step: is missing; write for example [[protocol.step]]"),
        ({"repeat": 2, "step": 5}, "protocol.0.step: 5 is not a list of tables; write [[protocol.step]]"),
        ({"step": [STRIP]}, "protocol.0.repeat: is missing; write for example repeat = 10"),
    ],
)
def test_bad_protocols(entry: dict[str, object], error: str) -> None:
    with pytest.raises(CaseError) as caught:
        case_of(entry)
    (line,) = caught.value.errors
    assert line.startswith(error)


def test_held_voltage_needs_an_equipotential_far_side() -> None:
    with pytest.raises(CaseError, match="needs an equipotential far side"):
        case_of(HOLD, electrolyte={"far_side": "flux"})
