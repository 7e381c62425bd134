"""Lithium pressed into flaws without current, against what can be worked out by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cellfem.cli import app
from cellfem.physics.creep import PowerLaw, SinhLaw, WithDiffusion
from cellfem.physics.penetration import implied_slenderness, nabarro_herring, opened_length, penetration_time

MASIAS = PowerLaw(7.7e-3, 6.56)


def test_opened_length_by_hand() -> None:
    # Li6PS5Cl, 0.23 MPa·m^½ = 230 MPa·µm^½ at 75 MPa: (230/84)²/π
    assert opened_length(75.0, 230.0) == pytest.approx((230 / 84) ** 2 / math.pi)
    assert opened_length(25.0, 230.0) == pytest.approx(9 * float(opened_length(75.0, 230.0)))
    held = 1 - 0.3 / 0.7
    assert opened_length(75.0, 230.0, 0.3, confined=True) == pytest.approx(float(opened_length(75.0, 230.0)) / held**2)


@pytest.mark.parametrize(("shape", "k"), [("slit", 2), ("cylinder", 3)])
@pytest.mark.parametrize("n", [1.0, 5.0, 6.56])
def test_power_law_time(shape, k: int, n: float) -> None:
    """L dL^n = …: t = (n+k)/(n+1) (ℓ/H)^(n+1)/(B (P/(k-1))^n): a cylinder's wall bears half the
    stress."""
    law, pressure, slender = PowerLaw(1e-3, n), np.array([5.0, 20.0]), 80.0
    B = 3 ** ((n + 1) / 2) * 1e-3
    exact = (n + k) / (n + 1) * slender ** (n + 1) / (B * (pressure / (k - 1)) ** n)
    assert penetration_time(shape, slender, pressure, law) == pytest.approx(exact, rel=1e-8)


def test_implied_slenderness_gives_the_time_back() -> None:
    law = WithDiffusion(SinhLaw(7.7e-3, 6.56, 2.8), 1e-6)
    times, pressures = np.array([1e2, 1e5, 1e7]), np.array([75.0, 25.0, 1.0])
    slender = implied_slenderness("slit", times, pressures, law)
    assert penetration_time("slit", slender, pressures, law) == pytest.approx(times, rel=1e-6)


def test_diffusional_creep_makes_low_pressure_count() -> None:
    """The slope in pressure goes from n at high to 1 at low stress."""
    law = WithDiffusion(PowerLaw(4.3e-4, 5.0), 1e-5)

    def slope(pressure: float) -> float:
        times = penetration_time("slit", 300.0, np.array([pressure, 1.01 * pressure]), law)
        return float(np.log(times[1] / times[0]) / np.log(1.01))

    assert slope(1.0) == pytest.approx(-1.0, abs=0.02)
    assert slope(2000.0) == pytest.approx(-5.0, abs=0.1)


def test_diffusion_through_grains_by_hand() -> None:
    """docs/slope.md: 6e-4, 6e-6 and 6e-8 1/(s MPa) for grains of 1, 10 and 100 µm with 8e-15
    m²/s."""
    assert nabarro_herring(8e-3, 1.0, 298.15) == pytest.approx(5.87e-4, rel=0.01)
    assert nabarro_herring(8e-3, 100.0, 298.15) == pytest.approx(5.87e-8, rel=0.01)


def test_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["penetration", "--out", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert "75 MPa: shorted at once; opens filled flaws longer than 2.4 µm" in done.output
    assert "No parameter is fitted" in done.output
    report = json.loads((tmp_path / "new" / "penetration.json").read_text(encoding="utf-8"))
    names = ["masias", "lepage", "anand_narayan_steady"]
    assert [(e["name"], e["grain"]) for e in report["creep_sets"]] == [(n, g) for g in (None, 10.0, 3.0, 1.0) for n in names]
    assert (tmp_path / "new" / "penetration.png").stat().st_size > 20_000


def test_unknown_material_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["penetration", "--material", "LLZ0", "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert done.stderr == '--material: "LLZ0" is not a known electrolyte; did you mean "LLZO"? (known: LLZO, Li6PS5Cl)\n'
    assert not (tmp_path / "out").exists()
