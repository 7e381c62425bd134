"""Every choice that a case offers, on a small stack for a few steps: it runs to its end, and every
row's balances hold."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.system.small import run_here

BALANCE = 1e-8


def protocol(*steps: Mapping[str, str]) -> str:
    """Steps as an override; without a value of their own they last 20 s under 0.8 MPa."""
    tables = [{"duration": "20 s", "pressure": "0.8 MPa"} | dict(step) for step in steps]
    return f"protocol=[{', '.join(_inline(table) for table in tables)}]"


def _inline(table: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + " }"


STRIP, PLATE = ({"mode": mode, "current": "0.5 mA/cm^2"} for mode in ("strip", "plate"))
REST, PRESS = {"mode": "rest"}, {"mode": "press"}
BONDED = ("interface.contact=bonded", "void=[]")
AXISYMMETRIC = "stack.symmetry=axisymmetric"

RUNS: dict[str, tuple[str, ...]] = {
    "true geometry": (),
    "flat": ("numerics.kinematics=flat",),
    "euler": ("numerics.scheme=euler",),
    "axisymmetric": (AXISYMMETRIC,),
    "bonded": BONDED,
    "bonded under no pressure": (*BONDED, "protocol.0.pressure=0 MPa"),
    "without vacancies": ("interface.vacancies=off",),
    "without removal": ("interface.removal=off",),
    "uncoupled law": ("lithium.law=uncoupled",),
    "law of Leblond": ("lithium.law=leblond",),
    "evolving resistance": ("lithium.anand={}",),
    "linear removal, diffusion along boundaries and under pressure": (
        "interface.removal=linear",
        'lithium.grain_boundaries={ size = "5 um", D = "1e-9 m^2/s" }',
        "lithium.activation_volume=3.6 cm^3/mol",
    ),
    "linear removal and plating": ("interface.removal=linear", protocol(STRIP, PLATE)),
    "gas in the void": ("interface.void_gas=gas",),
    "other creep": ("lithium.creep=anand_narayan_steady",),
    "creep of one's own": ('lithium.creep={ n = 1.0, Q = "0 J/mol", A298 = "1e-3 1/s" }',),
    "uniform flux below": ("electrolyte.far_side=flux",),
    "uniform pressure on top": ("protocol.0.top=uniform",),
    "stick": ("interface.friction=stick",),
    "Navier slip": ("interface.friction=1e3 MPa*s/um",),
    "adhesion": ("interface.adhesion=1 MPa",),
    "no surface tension": ("lithium.surface_tension=0 N/m",),
    "rough": ("interface.roughness=50 nm",),
    "flat face": ("void=[]", "patch=[]"),
    "two voids, no patch": (
        (
            'void=[{ center = "0 um", half_width = "2 um", depth = "0.3 um" }, '
            '{ center = "7 um", half_width = "2 um", depth = "0.3 um", profile = "cosine" }]'
        ),
        "patch=[]",
    ),
    "ellipse at the other side": ("void.0.center=10 um", "void.0.profile=ellipse", "void.0.depth=0.2 um", "patch=[]"),
    "low pressure": ("protocol.0.pressure=0.05 MPa",),
    "high pressure": ("protocol.0.pressure=20 MPa", "interface.stiffness=1000 MPa/um", "protocol.0.duration=2 s"),
    "high current": ("protocol.0.current=5 mA/cm^2", "protocol.0.duration=4 s"),
    "cold": ("protocol.0.temperature=-20 degC",),
    "hot": ("protocol.0.temperature=120 degC",),
    "plating": (protocol(PLATE),),
    "press": (protocol(PRESS | {"pressure": "3 MPa"}),),
    "rest": (protocol(REST),),
    "ramp up": (protocol(PRESS | {"pressure": "0.2 MPa", "pressure_end": "3 MPa"}),),
    "ramp down while stripping": (protocol(STRIP | {"pressure": "2 MPa", "pressure_end": "0.3 MPa"}),),
    "strip, rest hot, plate": (
        protocol(
            STRIP,
            REST | {"temperature": "60 degC"},
            PLATE | {"temperature": "60 degC", "pressure": "2 MPa"},
        ),
    ),
    "platen and uniform pressure in turn": (
        protocol(STRIP | {"top": "uniform"}, REST, PRESS | {"top": "uniform", "pressure": "2 MPa"}),
    ),
}
# Structures that only combine others, each with forms of its own to compile.
RARE: dict[str, tuple[str, ...]] = {
    "gas in the void, axisymmetric and flat": ("interface.void_gas=gas", AXISYMMETRIC, "numerics.kinematics=flat"),
    "axisymmetric and flat": (AXISYMMETRIC, "numerics.kinematics=flat"),
    "axisymmetric and bonded": (AXISYMMETRIC, *BONDED),
    "axisymmetric without vacancies": (AXISYMMETRIC, "interface.vacancies=off"),
    "axisymmetric with friction": (AXISYMMETRIC, "interface.friction=1e3 MPa*s/um"),
    "bonded without vacancies": (*BONDED, "interface.vacancies=off"),
    "flat without vacancies": ("numerics.kinematics=flat", "interface.vacancies=off"),
    "flat, uniform above and below": ("protocol.0.top=uniform", "electrolyte.far_side=flux", "numerics.kinematics=flat"),
    "linear kinetics": ("interface.kinetics=linear",),
    "no stress potential": ("interface.stress_potential=off",),
    "quadrature of degree 6": ("numerics.quadrature_degree=6",),
}


@pytest.mark.parametrize("name", [*RUNS, *(pytest.param(name, marks=pytest.mark.slow) for name in RARE)])
def test_runs_to_its_end_in_balance(name: str, tmp_path: Path) -> None:
    ran = run_here(tmp_path, *(RUNS | RARE)[name])
    assert (ran.end, ran.summary["end"]) == ("done", "done")
    assert len(ran.rows) >= 3
    assert ran.worst_balance() <= BALANCE
    for row in ran.rows:
        assert {key for key, value in row.items() if not math.isfinite(value)} <= undefined(row)


def undefined(row: dict[str, float]) -> set[str]:
    """What a row may leave open: resistance and focusing without current, a place where no dendrite
    may start, stress between outputs."""
    names = {key for key in row if key.startswith("crack_")}
    names |= set() if row["current_mA_cm2"] else {"asr_ohm_cm2", "focusing_max"}
    return names | (set() if row["current_mA_cm2"] < 0 else {"dendrite_place_um"})


def test_every_step_of_a_protocol_is_as_long_as_written(tmp_path: Path) -> None:
    ran = run_here(tmp_path, protocol(STRIP, REST | {"duration": "10 s"}, PLATE | {"duration": "5 s"}))
    ends = [b["time_s"] for a, b in zip(ran.rows[1:-1], ran.rows[2:]) if a["current_mA_cm2"] != b["current_mA_cm2"]]
    starts = [a["time_s"] for a, b in zip(ran.rows[1:-1], ran.rows[2:]) if a["current_mA_cm2"] != b["current_mA_cm2"]]
    assert starts == pytest.approx([20.0, 30.0])
    assert max(end - start for end, start in zip(ends, starts)) < 2e-3, "the load jumps within an instant"
    assert ran.rows[-1]["time_s"] == pytest.approx(35.0, rel=1e-12)
    currents = {row["current_mA_cm2"] for row in ran.rows}
    assert currents == {0.5, 0.0, -0.5}
    assert ran.rows[-1]["capacity_mAh_cm2"] == pytest.approx(0.5 * (20.0 - 5.0) / 3600, rel=1e-9)


def test_pressure_ramp_is_followed(tmp_path: Path) -> None:
    ran = run_here(tmp_path, protocol(PRESS | {"pressure": "0.2 MPa", "pressure_end": "1 MPa", "duration": "10 s"}))
    for row in ran.rows:
        assert row["pressure_MPa"] == pytest.approx(0.2 + 0.8 * row["time_s"] / 10, rel=1e-12)
