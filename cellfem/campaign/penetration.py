"""Effect of pressure without current on flaws, compared with the times to short circuit measured by
Doux et al. 2020."""

from __future__ import annotations

import csv
import math
import statistics
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any

from cellfem.campaign.boundary import point_slopes
from cellfem.materials import creep_set, lithium
from cellfem.physics.creep import CreepLaw, PowerLaw, WithDiffusion
from cellfem.physics.extrusion import Shape
from cellfem.physics.penetration import implied_slenderness, nabarro_herring, opened_length, penetration_time
from cellfem.units import T_REFERENCE

SETS = ("masias", "lepage", "anand_narayan_steady")
GRAINS = (10.0, 3.0, 1.0)
"""Grain sizes of lithium in µm, from rolled foil down to deposits. Diffusion through such grains
adds linear creep, which dominates at low pressure; the grain size in a pellet's channels is not
known, so the results form a band."""
HOUR = 3600.0
OUTPUTS = ("penetration.json", "penetration.png")
NOTE = (
    "The time depends on the slenderness of the channel to the power n+1 and falls as P^-n: steeper than measured. The cells "
    "were cycled at 0.075 mA/cm² meanwhile, here no current flows. Diffusion through small grains makes it less steep; their "
    "size is not known. No parameter is fitted."
)


@dataclass(frozen=True)
class TimeToShort:
    """A cell at one pressure (MPa) and the hours until it shorted. censored: shorted at once (0 h),
    or not within the test."""

    pressure: float
    hours: float
    censored: bool


@dataclass(frozen=True)
class SetResult:
    """One creep set compared with the measured times: ℓ/H that each of them implies, and the times
    predicted for the middle one.
    """

    name: str
    grain: float | None
    slope: float
    implied: dict[float, float]
    middle: float
    times_h: dict[float, float]

    @property
    def spread(self) -> float:
        """Largest over smallest implied slenderness."""
        return max(self.implied.values()) / min(self.implied.values())


def measured_times() -> tuple[TimeToShort, ...]:
    """Doux et al. 2020, Li|Li6PS5Cl|Li at 75 µA/cm²; a short at once and no short within 1000 h are
    marked as censored."""
    text = files("cellfem.campaign").joinpath("data/doux2020_time_to_short.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    longest = max(float(row["hours"]) for row in rows)
    return tuple(
        TimeToShort(float(row["pressure_MPa"]), float(row["hours"]), float(row["hours"]) in (0.0, longest)) for row in rows
    )


def measured_slope() -> float:
    """d ln t/d ln P of the measured times by least squares, without censored ones."""
    return point_slopes({"": [(m.pressure, m.hours) for m in measured_times() if not m.censored]})[""]


def local_slopes() -> list[float]:
    """d ln t/d ln P between neighbouring measured times, without censored ones."""
    known = [m for m in measured_times() if not m.censored]
    return [math.log(b.hours / a.hours) / math.log(b.pressure / a.pressure) for a, b in pairwise(known)]


def law_of(name: str, grain: float | None = None) -> CreepLaw:
    """A creep set at 25 °C, plus diffusional creep through grains of this size (µm)."""
    creep = creep_set(name)
    linear = 0.0 if grain is None else nabarro_herring(lithium().D, grain, T_REFERENCE)
    law = PowerLaw(creep.A(T_REFERENCE), creep.n)
    return WithDiffusion(law, linear) if linear > 0 else law


def compare(name: str, grain: float | None = None, shape: Shape = "slit") -> SetResult:
    """Compare one creep set with the measured times."""
    law, measured = law_of(name, grain), measured_times()
    known = [m for m in measured if not m.censored]
    implied = {m.pressure: float(implied_slenderness(shape, HOUR * m.hours, m.pressure, law)) for m in known}
    middle = statistics.geometric_mean(implied.values())
    times = {m.pressure: float(penetration_time(shape, middle, m.pressure, law)) / HOUR for m in measured}
    ends = [float(penetration_time(shape, middle, m.pressure, law)) for m in (known[0], known[-1])]
    slope = math.log(ends[1] / ends[0]) / math.log(known[-1].pressure / known[0].pressure)
    return SetResult(name, grain, slope, implied, middle, times)


def plain_report(results: list[SetResult], material: str, toughness: float) -> dict[str, Any]:
    return {
        "measured": [asdict(m) for m in measured_times()],
        "measured_slope": measured_slope(),
        "measured_slopes_between_neighbours": local_slopes(),
        "electrolyte": material,
        "opened_length_um": {f"{m.pressure:g} MPa": float(opened_length(m.pressure, toughness)) for m in measured_times()},
        "creep_sets": [asdict(result) | {"spread_of_slenderness": result.spread} for result in results],
        "note": NOTE,
    }
