"""The creep law of a case, with all its options, wherever one is read: none may be left out on the
way from the case."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.campaign.window import flat_index
from cellfem.case import Case, parse_case
from cellfem.flaw.analysis import flaw_problem_of, thin_pressure
from cellfem.model.parameters import Load, Material
from cellfem.physics.creep import PorousCreep
from cellfem.physics.hardening import Hardening
from cellfem.physics.kinetics import SPEED
from cellfem.run.pressing import pressing_of
from cellfem.run.pressure_ramp import CONSTRAINT, gentle
from cellfem.solver.engine import INSTANT
from cellfem.solver.march import Segment

POWER = Material(7.7e-3, 6.56, 8e-3, 4e4, 1.0, 298.15)
ANAND = Hardening(0.014, 6.0, 10.0, 2.0, 1.1, 2.0, 0.05)
PLATE = {"mode": "plate", "duration": "10 s", "pressure": "1 MPa", "current": "0.5 mA/cm^2"}
PRESS = {"mode": "press", "duration": "10 s", "pressure": "1 MPa"}


def case(step: dict[str, Any], **lithium: Any) -> Case:
    return parse_case({"protocol": [step], "lithium": lithium})


def test_every_option_of_a_material_is_in_its_creep_law() -> None:
    material = replace(POWER, breakdown=2.8, diffusional=1e-3, leblond=True, hardening=ANAND)
    law, plain = material.creep_law(2e-4, coupled=False), PorousCreep(1.0, 1.0)
    assert all(getattr(law, field.name) != getattr(plain, field.name) for field in fields(PorousCreep))
    assert (law.breakdown, law.diffusional, law.leblond, law.hardening) == (2.8, 1e-3, True, ANAND)
    # Every number of a material whose name tells of creep is in it, those that are yet to come too.
    in_law = {"creep_prefactor", "creep_exponent", "breakdown", "diffusional", "leblond", "hardening"}
    others = {"diffusivity", "conductivity", "resistance_factor", "temperature", "activation_volume"}
    assert {field.name for field in fields(Material)} == in_law | others


def test_dense_lithium_keeps_what_no_pore_changes() -> None:
    dense = replace(POWER, breakdown=2.8, diffusional=1e-3, leblond=True, hardening=ANAND).dense_creep
    assert dense == PorousCreep(7.7e-3, 6.56, 0.0, breakdown=2.8, diffusional=1e-3)


@pytest.mark.parametrize(
    "law",
    [
        PorousCreep(7.7e-3, 6.56),
        PorousCreep(7.7e-3, 6.56, breakdown=2.8),
        PorousCreep(7.7e-3, 6.56, diffusional=1e-2),
        PorousCreep(7.7e-3, 6.56, diffusional=1e3),
        PorousCreep(4.3e-4, 5.0, breakdown=2.8, diffusional=1e-5),
    ],
)
@pytest.mark.parametrize("rate", [1e-9, 1e-3, 1e3])
def test_flow_stress_is_where_lithium_flows_at_the_rate(law: PorousCreep, rate: float) -> None:
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
    law = PorousCreep(7.7e-3, 6.56, diffusional=1e-2)
    assert law.rate(found["hold_meaningless_from_MPa"]) == pytest.approx(found["fill_strain"], rel=5e-3)


def test_a_press_rises_from_what_lithium_with_all_its_options_bears() -> None:
    """On asperities that bear a hundred times the load: from 3 times the stress of flow at
    1/INSTANT, a hundredth of it."""
    model: Any = SimpleNamespace(structure=SimpleNamespace(bonded=False), highest_pressure=lambda pressure: 100 * pressure)
    for more, stress in (
        ({}, (1e3 / 7.7e-3) ** (1 / 6.56)),
        ({"breakdown": 2.8}, 2.8 * np.arcsinh((1e3 / 7.7e-3) ** (1 / 6.56) / 2.8)),
        ({"diffusional": 1e6}, 1e-3),
    ):
        segment = Segment(1.0, lambda _: Load(5.0, 0.0), replace(POWER, **more), (), 0.1, 1.0, None)
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
