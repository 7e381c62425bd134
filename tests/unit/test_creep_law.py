"""The creep law of a case, with all its options, wherever one is read: none may be left out on the
way from the case."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.campaign.window import flat_index
from cellfem.case import Case, parse_case
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.flaw.analysis import flaw_problem_of, thin_pressure
from cellfem.model import from_case
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Material
from cellfem.physics.creep import (
    AnandLaw,
    CreepLaw,
    LeblondLaw,
    PowerLaw,
    SinhLaw,
    UncoupledPowerLaw,
    WithDiffusion,
)
from cellfem.physics.hardening import Hardening
from cellfem.physics.kinetics import SPEED
from cellfem.runner.pressing import pressing_of
from cellfem.runner.pressure_ramp import CONSTRAINT, gentle
from cellfem.solver.engine import INSTANT
from cellfem.solver.march import Segment

POWER = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
ANAND = Hardening(0.014, 6.0, 10.0, 2.0, 1.1, 2.0, 0.05)
PLATE = {"mode": "plate", "duration": "10 s", "pressure": "1 MPa", "current": "0.5 mA/cm^2"}
PRESS = {"mode": "press", "duration": "10 s", "pressure": "1 MPa"}


def case(step: dict[str, Any], **lithium: Any) -> Case:
    return parse_case({"protocol": [step], "lithium": lithium})


LAWS: list[CreepLaw] = [
    PowerLaw(7.7e-3, 6.56),
    UncoupledPowerLaw(7.7e-3, 6.56),
    SinhLaw(7.7e-3, 6.56, 2.8),
    WithDiffusion(PowerLaw(7.7e-3, 6.56), 1e-3),
    WithDiffusion(SinhLaw(4.3e-4, 5.0, 2.8), 1e-5),
    LeblondLaw(7.7e-3, 6.56),
    AnandLaw(ANAND.prefactor, ANAND.exponent, ANAND),
]


@pytest.mark.parametrize(
    ("keys", "law"),
    [
        ({}, PowerLaw),
        ({"law": "uncoupled"}, UncoupledPowerLaw),
        ({"law": "leblond"}, LeblondLaw),
        ({"breakdown": "2.8 MPa"}, SinhLaw),
        ({"diffusional": "1e-3 1/s"}, WithDiffusion),
        ({"diffusional": "1e-3 1/s", "breakdown": "2.8 MPa"}, WithDiffusion),
        ({"anand": {}}, AnandLaw),
    ],
)
def test_a_case_names_its_law_by_its_keys(keys: dict[str, Any], law: type[CreepLaw]) -> None:
    made = parse_case({"protocol": [PLATE], "lithium": keys, "numerics": {"porosity_switch": 2e-4}})
    found = from_case.material(made, made.steps[0].step).creep
    assert type(found) is law
    inner = found.law if isinstance(found, WithDiffusion) else found
    assert inner.porosity_switch == 2e-4  # type: ignore[attr-defined]
    assert isinstance(inner, SinhLaw) == ("breakdown" in keys)


def test_dense_lithium_keeps_what_no_pore_changes() -> None:
    sinh = WithDiffusion(SinhLaw(7.7e-3, 6.56, 2.8), 1e-3)
    assert sinh.dense == WithDiffusion(SinhLaw(7.7e-3, 6.56, 2.8, 0.0), 1e-3)
    for law in LAWS:
        assert law.dense.initial_resistance is None
        assert law.dense.rate(1.5) == law.rate(1.5)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_scaling_and_the_way_to_a_law(law: CreepLaw) -> None:
    """Twice as fast at a stress; as fast at three times the stress; an easier law with the rate of
    this one at a stress."""
    assert law.faster(2.0).rate(1.5) == pytest.approx(2 * law.rate(1.5), rel=1e-12)
    strong = law.stronger(3.0)
    if isinstance(law, WithDiffusion):  # which no size makes stronger
        assert isinstance(strong, WithDiffusion)
        assert (strong.law.rate(4.5), strong.diffusional) == (pytest.approx(law.law.rate(1.5)), law.diffusional)
    else:
        assert strong.rate(4.5) == pytest.approx(law.rate(1.5), rel=1e-12)
    assert law.stronger(1.0) == law
    easy = law.easier(2.0, 1.5)
    assert easy.exponent == 2.0
    assert easy.rate(1.5) == pytest.approx(law.rate(1.5), rel=1e-12)
    assert law.easier(law.exponent, 1.5) == law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_a_checkpoint_brings_the_law_back(law: CreepLaw) -> None:
    back = from_plain(CreepLaw, json.loads(json.dumps(to_plain(law))))
    assert back == law
    assert type(back) is type(law)


@pytest.mark.parametrize(
    "law",
    [
        *LAWS,
        SinhLaw(7.7e-3, 6.56, 2.8),
        WithDiffusion(PowerLaw(7.7e-3, 6.56), 1e-2),
        WithDiffusion(PowerLaw(7.7e-3, 6.56), 1e3),
        WithDiffusion(SinhLaw(4.3e-4, 5.0, 2.8), 1e-5),
    ],
)
@pytest.mark.parametrize("rate", [1e-9, 1e-3, 1e3])
def test_flow_stress_is_where_lithium_flows_at_the_rate(law: CreepLaw, rate: float) -> None:
    assert law.rate(law.flow_stress(rate)) == pytest.approx(rate, rel=1e-10)


@pytest.mark.parametrize(("pressure", "times"), [(1.0, 17.7 / 7.7), (0.5, 62.2)])
def test_the_verdict_on_pressing_counts_diffusional_flow(pressure: float, times: float) -> None:
    """1e-2 1/s/MPa beside 7.7e-3 1/s at 1 MPa: 2.3 times the rate of the power law, and 62 times at
    0.5 MPa."""
    rows = [
        {"time_s": t, "pressure_MPa": pressure, "protocol_step": 0.0, "closed_fraction": 0.5, "contact_fraction": 0.5}
        for t in (0.0, 10.0)
    ]
    step = PRESS | {"pressure": f"{pressure} MPa"}
    plain, found = (pressing_of(case(step, breakdown="off", **more), rows) for more in ({}, {"diffusional": "1e-2 1/s"}))
    assert plain is not None
    assert found is not None
    assert plain["fill_strain"] == pytest.approx(10 * 7.7e-3 * pressure**6.56, rel=2e-3)
    assert found["fill_strain"] / plain["fill_strain"] == pytest.approx(times, rel=5e-3)
    # The rate that would fill the face in the second of a press is met at a pressure that knows of
    # both, too.
    law = WithDiffusion(PowerLaw(7.7e-3, 6.56), 1e-2)
    assert law.rate(found["hold_meaningless_from_MPa"]) == pytest.approx(found["fill_strain"], rel=5e-3)


def test_a_press_rises_from_what_lithium_with_all_its_options_bears() -> None:
    """On asperities that bear a hundred times the load: from 3 times the stress of flow at
    1/INSTANT, a hundredth of it."""
    model: Any = SimpleNamespace(structure=SimpleNamespace(bonded=False), highest_pressure=lambda pressure: 100 * pressure)
    power = PowerLaw(7.7e-3, 6.56)
    for law, stress in (
        (power, (1e3 / 7.7e-3) ** (1 / 6.56)),
        (SinhLaw(7.7e-3, 6.56, 2.8), 2.8 * np.arcsinh((1e3 / 7.7e-3) ** (1 / 6.56) / 2.8)),
        (WithDiffusion(power, 1e6), 1e-3),
    ):
        segment = Segment(1.0, lambda _: Load(5.0, Current(0.0)), replace(POWER, creep=law), (), 0.1, 1.0, None)
        assert CONSTRAINT * stress / 100 == pytest.approx(gentle(model, segment), rel=2e-3)
    assert pytest.approx(1e-3) == INSTANT


def test_flaws_let_lithium_out_by_diffusional_flow_too() -> None:
    """Flow of the constant viscosity 1/(3 A₁) between plates: Δp = a² s/(2 A₁ H³) where the walls
    are plated at s."""
    A1 = 1e3
    question = flaw_problem_of(
        parse_case(
            {"protocol": [PLATE], "lithium": {"diffusional": f"{A1} 1/s"}, "resolved_flaw": {}, "stack": {"width": "25 um"}}
        )
    )
    flaw = question.flaw
    expected = flaw.filled**2 * SPEED * 5.0 / (2 * A1 * flaw.half_opening**3)
    assert thin_pressure(question, 5.0) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(("lithium", "changes"), [({"diffusional": "1e-2 1/s"}, True), ({"breakdown": "1 MPa"}, True),
                                                  ({"law": "leblond"}, False), ({"law": "uncoupled"}, False)])  # fmt: skip
def test_the_limit_of_a_flat_face_knows_what_makes_dense_lithium_flow(lithium: dict[str, str], changes: bool) -> None:
    """Where creep out of the flaw is what limits the index."""
    flaw = {"half_opening": "1 um", "length": "10 um"}

    def index(**law: str) -> float:
        made = parse_case({"protocol": [PLATE], "lithium": law, "flaw": flaw})
        return float(flat_index(made, 0.1, np.array([5.0]))[0])

    assert (index(**lithium) < 0.99 * index()) == changes
    assert changes or index(**lithium) == index()
