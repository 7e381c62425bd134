"""A rough face pressed with lithium, from case file to records; and the start in contact
equilibrium."""

import csv
import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.case import parse_case
from cellfem.model.parameters import Interface
from cellfem.model.start import contact_shift
from cellfem.runner import run_case
from cellfem.runner.prepare import stack_of

BALANCES = ("balance_charge", "balance_lithium", "balance_force")


def case_data(pressure: str) -> dict[str, Any]:
    return {
        "stack": {"width": "10 um"},
        "lithium": {"thickness": "8 um"},
        "electrolyte": {"thickness": "10 um"},
        "interface": {"stiffness": "1000 MPa/um"},
        "roughness": {"kind": "self-affine", "rms": "0.1 um", "roll_off": "6 um", "seed": 2},
        "protocol": [{"mode": "press", "duration": "2 s", "pressure": pressure}],
        "mesh": {"near": "0.5 um", "far": "3 um"},
        "numerics": {"tolerance": 0.03},
        "output": {"pictures": False},
    }


@functools.cache
def records(pressure: str) -> dict[str, NDArray[np.float64]]:
    """The columns of records.csv of a run."""
    with tempfile.TemporaryDirectory() as folder:
        result = run_case(parse_case(case_data(pressure)), Path(folder), quiet=True)
        assert result.end.kind == "done"
        with (Path(folder) / "records.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def test_contact_grows_with_time() -> None:
    found = records("1 MPa")
    assert found["time_s"][-1] == pytest.approx(2.0)
    assert np.diff(found["contact_fraction"]).min() > -1e-6
    assert found["contact_fraction"][-1] > found["contact_fraction"][0] + 0.1
    assert np.diff(found["gap_max_um"]).max() < 0.0


def test_balances_hold() -> None:
    for pressure in ("1 MPa", "2 MPa"):
        for name in BALANCES:
            assert records(pressure)[name].max() <= 1e-8, (pressure, name)


def test_more_pressure_gives_more_contact() -> None:
    low, high = (records(p) for p in ("1 MPa", "2 MPa"))
    for share in (0.1, 0.5, 1.0):
        one, other = (np.interp(2 * share, r["time_s"], r["contact_fraction"]) for r in (low, high))
        assert other > one + 0.02


# --- the start


def mean_pressure(x: NDArray[np.float64], gap: NDArray[np.float64], i: Interface, axisymmetric: bool = False) -> float:
    """Mean contact pressure of a gap that is linear between nodes, by fine trapezoids."""
    fine = np.interp(np.linspace(0, len(x) - 1, 400 * (len(x) - 1) + 1), np.arange(len(x)), x)
    g = np.interp(fine, x, gap) / i.delta
    z = 0.25 * np.logaddexp(0, 8 * g)
    p = i.stiffness * i.delta * np.logaddexp(0, -g) - i.adhesion * z * np.exp(1 - z)
    weight = fine if axisymmetric else np.ones_like(fine)
    return float(np.trapezoid(p * weight, fine) / np.trapezoid(weight, fine))


def start_gap(
    x: NDArray[np.float64], gap: NDArray[np.float64], interface: Interface, pressure: float, axisymmetric: bool = False
) -> NDArray[np.float64]:
    """The gap in equilibrium, by the residual's quadrature: three Gauss points between nodes."""
    points, share = np.polynomial.legendre.leggauss(3)
    at = x[:-1, None] + np.diff(x)[:, None] * (1 + points) / 2
    weight = np.diff(x)[:, None] * share * (at if axisymmetric else 1.0)
    delta = np.full(at.shape, interface.delta)
    return gap + contact_shift(np.interp(at, x, gap), weight, delta, interface, pressure)


@pytest.mark.parametrize("pressure", [0.1, 1.0, 25.0])
def test_one_closed_level_starts_at_the_closed_form(pressure: float) -> None:
    """p_c = P/(closed share): g = -δ ln(exp(P/(C r δ)) - 1), within 1e-6 nm."""
    interface = Interface(1e-3)
    strength = interface.stiffness * interface.delta
    flat = start_gap(np.linspace(0, 25, 60), np.zeros(60), interface, pressure)
    assert flat == pytest.approx(-interface.delta * np.log(np.expm1(pressure / strength)), abs=1e-9)
    x = np.array([0.0, 5.0, 5.0 + 1e-9, 12.0, 25.0])
    step = start_gap(x, np.array([1.0, 1.0, 0.0, 0.0, 0.0]), interface, pressure)
    assert step[2:] == pytest.approx(-interface.delta * np.log(np.expm1(pressure / (0.8 * strength))), abs=1e-9)
    assert step[:2] == pytest.approx(step[2] + 1.0)


@pytest.mark.parametrize(
    ("adhesion", "axisymmetric", "pressure"), [(0.0, False, 0.1), (0.0, False, 25.0), (0.0, True, 1.0), (5.0, False, 1.0)]
)
def test_rough_face_starts_in_balance(adhesion: float, axisymmetric: bool, pressure: float) -> None:
    """Within 1 %: the residual's three points between nodes against fine trapezoids, where the gap
    spans many δ between nodes."""
    interface = Interface(1e-3, stiffness=1000.0, adhesion=adhesion)
    stack = stack_of(parse_case(case_data("1 MPa") | {"mesh": {"near": "0.1 um", "far": "3 um"}}))
    gap = start_gap(stack.gap_x, stack.gap, interface, pressure, axisymmetric)
    assert mean_pressure(stack.gap_x, gap, interface, axisymmetric) == pytest.approx(pressure, rel=0.01)
    assert np.ptp(gap - stack.gap) < 1e-12
