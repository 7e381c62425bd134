"""The factors of a sensitivity study and the runs that it needs. Nothing is run here.

One at a time: every factor at both ends of its range, the others as in the case. Screening (Morris
1991, Technometrics 33, 161) by radial steps (Campolongo, Saltelli & Cariboni 2011, Comput. Phys.
Commun. 182, 978): from each of several points spread over all ranges, one step in each factor; the
points are a Sobol' sequence (scipy). Its elementary effects give the mean size of a factor's effect
over all values of the others (μ*) and how much it depends on them (standard deviation σ).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.stats is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem import materials
from cellfem.campaign.grid import Grid, Point, settled
from cellfem.case import Case, CaseError
from cellfem.case.errors import closest
from cellfem.model import from_case
from cellfem.units import T_REFERENCE, format_quantity

LEAST_STEP = 0.25
"""Smallest step of the screening, as a share of the factor's range."""
LEAST_SPREAD = 0.5
"""Upper end of the range of the resistance's spread if the case has less than half of it."""
CREEP = "lithium.creep"
CREEP_SETS = ("anand_narayan_steady", "lepage", "masias")


@dataclass(frozen=True)
class Factor:
    """A key and its range. share: 0 at the lower end, 1 at the upper end. levels: the allowed
    shares; () allows all."""

    name: str
    key: str
    base: float
    value: Callable[[float], str]
    levels: tuple[float, ...] = ()

    def snapped(self, share: float) -> float:
        """The allowed share nearest to this one."""
        return min(self.levels, key=lambda level: abs(level - share)) if self.levels else share


@dataclass(frozen=True)
class Step:
    """A run of the design: the shares of all factors. moved: the factor that differs from the run
    `origin`, if any."""

    shares: tuple[float, ...]
    point: Point
    moved: int | None = None
    origin: str = ""


RANGES: dict[str, tuple[float, float]] = {
    "f_c": (0.5, 2.0),
    "k_n": (0.5, 2.0),
    "length": (0.5, 2.0),
    "delta": (1.0, 5.0),
    "p_half": (0.5, 2.0),
    "D": (0.5, 10.0),
}
"""Ends of the ranges relative to the value of the case. δ is 10 to 50 nm. D: grain boundaries
diffuse 1e3 to 1e6 times faster than the bulk (Yoon et al. 2023, doi 10.1039/d3ta03814a); 1 nm thick
and some 10 µm apart, they may raise the mean tenfold and more."""
OTHERS = ("asr_spread", "creep")


def factors_of(
    case: Case, chosen: Sequence[str] = (), ranges: dict[str, tuple[float, float]] | None = None
) -> tuple[Factor, ...]:
    """The chosen factors of a case, or all. ranges: replace those of RANGES. Raises CaseError for
    unknown names."""
    li, face = case.lithium, case.interface
    rate = from_case.interface(case).removal_rate
    plain: dict[str, tuple[str, float, str]] = {
        "f_c": ("lithium.f_c", li.f_c, ""),
        "k_n": ("lithium.removal_rate", rate, "um/s"),
        "length": ("lithium.length", li.length, "um"),
        "delta": ("interface.roughness", face.roughness, "um"),
        "p_half": ("interface.half_pressure", face.half_pressure, "MPa"),
        "D": ("lithium.D", li.D, "um^2/s"),
    }
    known = (*plain, *OTHERS)
    for name in (*chosen, *(ranges or {})):
        if name not in known:
            near = closest(name, known)
            hint = f'did you mean "{near}"?' if near else f"write one of {', '.join(known)}"
            raise CaseError([f"{name}: is not a factor of a sensitivity study; {hint}"])
    found = [_scaled(name, key, base, unit, (RANGES | (ranges or {}))[name]) for name, (key, base, unit) in plain.items()]
    found.append(_spread(case, (ranges or {}).get("asr_spread")))
    if (case.lithium.anand is None and case.lithium.own_law is None) or "creep" in chosen:
        found.append(_creep(case))
    return tuple(factor for factor in found if not chosen or factor.name in chosen)


def one_at_a_time(grid: Grid, factors: Sequence[Factor]) -> tuple[Step, ...]:
    """The case itself, then each factor at the lower and upper end of its range, unless the case is
    at that end."""
    base = tuple(factor.base for factor in factors)
    steps = [_step(grid, factors, base, "base", changed=())]
    for k, factor in enumerate(factors):
        for end, share in (("low", 0.0), ("high", 1.0)):
            if abs(share - factor.base) > 1e-9:
                shares = (*base[:k], share, *base[k + 1 :])
                steps.append(_step(grid, factors, shares, f"{factor.name}-{end}", (k,), k, "base"))
    return tuple(steps)


def screening(grid: Grid, factors: Sequence[Factor], count: int, seed: int = 1) -> tuple[Step, ...]:
    """`count` points spread over all ranges, and from each of them a step in every factor: count
    (factors + 1) runs."""
    if not count:
        return ()
    size, steps = len(factors), []
    # A power of two keeps the sequence balanced; the first `count` points are run.
    table = scipy.stats.qmc.Sobol(2 * size, rng=seed).random_base2(math.ceil(math.log2(max(count, 2))))[:count]
    for number, row in enumerate(table):
        origin = tuple(factor.snapped(float(share)) for factor, share in zip(factors, row[:size], strict=True))
        name = f"screen{number}"
        steps.append(_step(grid, factors, origin, f"{name}-base", range(size)))
        for k, factor in enumerate(factors):
            moved = (*origin[:k], _moved(factor, origin[k], float(row[size + k])), *origin[k + 1 :])
            steps.append(_step(grid, factors, moved, f"{name}-{factor.name}", range(size), k, f"{name}-base"))
    return tuple(steps)


def elementary_effects(steps: Sequence[Step], results: dict[str, float]) -> dict[int, NDArray[np.float64]]:
    """Effects of each factor on a result, per whole range of the factor. results: by the name of
    the point."""
    by_name = {step.point.name: step for step in steps}
    effects: dict[int, list[float]] = {}
    for step in steps:
        if step.moved is None or step.point.name not in results or step.origin not in results:
            continue
        by = step.shares[step.moved] - by_name[step.origin].shares[step.moved]
        effects.setdefault(step.moved, []).append((results[step.point.name] - results[step.origin]) / by)
    return {k: np.array(values) for k, values in effects.items()}


def _step(
    grid: Grid,
    factors: Sequence[Factor],
    shares: tuple[float, ...],
    name: str,
    changed: Sequence[int],
    moved: int | None = None,
    origin: str = "",
) -> Step:
    own = tuple(f"{factors[k].key}={factors[k].value(shares[k])}" for k in changed)
    settings, case = settled(grid.path, (*grid.settings, *own))
    return Step(shares, Point((("run", name),), settings, case), moved, f"run={origin}" if origin else "")


def _moved(factor: Factor, share: float, wanted: float) -> float:
    """Another share of the factor, at least LEAST_STEP away."""
    if abs(wanted - share) < LEAST_STEP:
        wanted = (share + 0.5) % 1.0
    other = factor.snapped(wanted)
    if other == share:
        other = factor.levels[(factor.levels.index(share) + 1) % len(factor.levels)]
    return other


def _scaled(name: str, key: str, base: float, unit: str, ends: tuple[float, float]) -> Factor:
    low, high = ends
    if not 0 < low <= 1 <= high or low == high:
        raise CaseError([f"{name}: the range {low:g} to {high:g} times the case's value must include 1 and must not be empty"])
    width = math.log(high / low)

    def value(share: float) -> str:
        number = float(f"{base * low * math.exp(width * share):.4g}")
        return f'"{format_quantity(number, unit)}"' if unit else repr(number)

    return Factor(name, key, -math.log(low) / width, value)


def _spread(case: Case, ends: tuple[float, float] | None) -> Factor:
    own = case.heterogeneity.asr.spread
    low, high = ends or (0.0, max(2 * own, LEAST_SPREAD))
    if not 0 <= low <= own <= high or low == high:
        raise CaseError([f"asr_spread: the range {low:g} to {high:g} must include the case's, {own:g}, and must not be empty"])
    return Factor(
        "asr_spread",
        "heterogeneity.asr.spread",
        (own - low) / (high - low),
        lambda share: repr(round(low + (high - low) * share, 4)),
    )


def _creep(case: Case) -> Factor:
    """The creep sets, sorted from the slowest to the fastest at 1 MPa; a user-defined set is sorted
    in."""
    for key, given in (("anand", case.lithium.anand), ("own_law", case.lithium.own_law)):
        if given is not None:
            raise CaseError([f"creep: lithium.{key} replaces lithium.creep; leave one of them out"])
    own = case.lithium.creep_set
    names = sorted({*CREEP_SETS, *([own.name] if isinstance(case.lithium.creep, str) else [])}, key=_rate)
    levels = tuple(k / (len(names) - 1) for k in range(len(names)))
    rates = [_rate(name) for name in names]
    near = min(range(len(names)), key=lambda k: abs(math.log(rates[k] / own.A(T_REFERENCE))))

    def value(share: float) -> str:
        return f'"{names[round(share * (len(names) - 1))]}"'

    return Factor("creep", CREEP, levels[near], value, levels)


def _rate(name: str) -> float:
    return materials.creep_set(name).A(T_REFERENCE)
