"""Creep fitted from rows: exact rows give the law back, errors are those of least squares, bad rows are told."""

import json
import math
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cellfem.case import parse_case
from cellfem.cli import app
from cellfem.materials import creep_set
from cellfem.materials.creep_fit import FitError, fit_creep
from cellfem.tables import TableError
from cellfem.tables.creep import read_creep

MASIAS = Path(str(files("cellfem.campaign").joinpath("data/masias2019_tension.csv")))
STRESS, KELVIN = (grid.ravel() for grid in np.meshgrid([0.3, 0.8, 2.0], [298.15, 333.15, 373.15]))


def rates(scatter: float = 0.0, seed: int = 0) -> np.ndarray:
    law = creep_set("lepage")
    exact = np.array([law.A(T) * s**law.n for s, T in zip(STRESS, KELVIN)])
    return exact * np.exp(scatter * np.random.default_rng(seed).standard_normal(len(exact)))


def test_exact_rows_give_the_law_back() -> None:
    law, found = creep_set("lepage"), fit_creep(STRESS, rates(), KELVIN)
    assert (found.n, found.Q, found.A298) == pytest.approx((law.n, law.Q, law.A298), rel=1e-9)
    assert found.scatter == pytest.approx(1.0, abs=1e-9)
    assert found.n_error < 1e-9


def test_errors_are_as_large_as_the_estimates_scatter() -> None:
    """Over many samples the standard error told is the standard deviation found."""
    fits = [fit_creep(STRESS, rates(0.3, seed), KELVIN) for seed in range(400)]
    for value, error in (("n", "n_error"), ("Q", "Q_error")):
        seen = np.std([getattr(fit, value) for fit in fits])
        told = math.sqrt(np.mean([getattr(fit, error) ** 2 for fit in fits]))
        assert told == pytest.approx(seen, rel=0.12), value


def test_the_published_rows_give_the_published_set() -> None:
    """Masias et al. 2019 at 26 °C; the set of that name is a fit of them, read with two digits."""
    rows, law = read_creep(MASIAS, temperature="26 degC"), creep_set("masias")
    found = fit_creep(rows.stress, rows.rate, rows.temperature, law.Q)
    assert found.n == pytest.approx(law.n, abs=0.01)
    assert pytest.approx(1.0, abs=0.06) == found.A298 / law.A298
    assert 1.3 < found.scatter < 1.4
    assert math.isnan(found.Q_error)


def test_the_table_is_one_that_a_case_takes() -> None:
    found = fit_creep(STRESS, rates(), KELVIN)
    table = tomllib.loads(found.toml)["creep"]
    rest = {"mode": "rest", "duration": "1 s", "pressure": "1 MPa"}
    law = parse_case({"lithium": {"creep": table}, "protocol": [rest]}).lithium.creep_set
    assert (law.n, law.Q, law.A298) == pytest.approx((found.n, found.Q, found.A298), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("stress (kPa),strain rate (1/h),T (°C)\n500,3.6,25\n800,7.2,60\n", {}),
        ("stress/kPa;rate/h-1;temperature/degC\n500;3,6;25\n800;7,2;60\n", {}),
        ("stress_kPa\trate_per_h\ttemperature_C\n500\t3.6\t25\n800\t7.2\t60\n", {}),
        (
            "a (kPa),b (1/h),c (K)\n500,3.6,298.15\n800,7.2,333.15\n",
            {"stress": "a (kPa)", "rate": "b (1/h)", "temperature": "c (K)"},
        ),
    ],
)
def test_columns_and_units_are_read(text: str, given: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    rows = read_creep(path, given)
    np.testing.assert_allclose(rows.stress, [0.5, 0.8])
    np.testing.assert_allclose(rows.rate, [1e-3, 2e-3])
    np.testing.assert_allclose(rows.temperature, [298.15, 333.15])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stress (MPa),rate (1/s)\n1,1e-3\n2,1e-2\n", "no column that may be the temperature"),
        ("stress (MPa),load (MPa),rate (1/s),T (K)\n1,1,1e-3,300\n2,2,1e-2,300\n", "several columns that may be the stress"),
        ("stress,rate (1/s),T (K)\n1,1e-3,300\n2,1e-2,310\n", "without a unit that is known"),
        ("stress (s),rate (1/s),T (K)\n1,1e-3,300\n2,1e-2,310\n", "is a time, not a pressure"),
    ],
)
def test_what_cannot_be_told_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=said):
        read_creep(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((STRESS, rates(), np.full(9, 298.15)), "tells no activation energy"),
        ((np.ones(9), rates(), KELVIN), "tells no exponent"),
        ((STRESS[:3], rates()[:3], KELVIN[[0, 3, 6]]), "cannot tell 3 numbers"),
        ((STRESS, -rates(), KELVIN), "above zero"),
        ((STRESS, 1 / rates(), KELVIN), "no creep of lithium"),
    ],
)
def test_rows_that_tell_no_law(rows: tuple[np.ndarray, ...], said: str) -> None:
    with pytest.raises(FitError, match=said):
        fit_creep(*rows)


def test_the_command() -> None:
    words = ["fit-creep", str(MASIAS), "--temperature", "26 degC"]
    done = CliRunner().invoke(app, [*words, "--Q", "37 kJ/mol"])
    assert done.exit_code == 0
    assert 'creep = { n = 6.5619, Q = "37 kJ/mol"' in done.stdout
    assert json.loads(CliRunner().invoke(app, [*words, "--Q", "37 kJ/mol", "--json"]).stdout)["rows"] == 7
    lost = CliRunner().invoke(app, words)
    assert lost.exit_code == 2
    assert "give one, as in --Q" in lost.stderr
