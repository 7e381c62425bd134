"""Checks of how lithium flows (see `checks`): laws that exclude each other, and lithium that does
not flow."""

import math
from collections.abc import Iterator

from cellfem.case.lithium import Anand, CreepTable, GrainBoundaries
from cellfem.case.models import Case
from cellfem.units import GAS_CONSTANT, format_shown

SLOWEST_CREEP = 1e-30
"""1/s under 1 MPa: less is no flow in any time, and its powers leave the range of numbers."""


def creep_problems(case: Case) -> Iterator[str]:
    """What is wrong with how lithium flows."""
    creep = case.lithium.creep
    if case.lithium.law == "uncoupled":
        if isinstance(case.lithium.breakdown, float) and not math.isnan(case.lithium.breakdown):
            yield 'lithium.breakdown: needs the coupled law; write lithium.law = "coupled", or breakdown = "off"'
        if case.lithium.diffusional is not None:
            yield 'lithium.diffusional: needs the coupled law; write lithium.law = "coupled", or remove this key'
    yield from _laws(case)
    yield from _flows(case)
    if not isinstance(creep, CreepTable):
        return
    if creep.A0 is None and creep.A298 is None:
        yield 'lithium.creep: has neither A0 nor A298; write for example A298 = "7.7e-3 1/s"'
    if creep.A0 is not None and creep.A298 is not None:
        yield "lithium.creep: has both A0 and A298; keep one of them"


def _flows(case: Case) -> Iterator[str]:
    """Lithium of the user's own that does not flow at all: neither the law nor the fields are
    finite then."""
    li, temperatures = case.lithium, [placed.step.temperature for placed in case.steps]
    if not temperatures:
        return
    coldest = min(temperatures)
    at = format_shown(coldest, "K") if math.isfinite(coldest) else ""
    if isinstance(li.creep, CreepTable) and (li.creep.A298 is not None or li.creep.A0 is not None) and li.anand is None:
        rate = li.creep_set.A(coldest)
        if rate < SLOWEST_CREEP:
            yield (
                f"lithium.creep: flows at {rate:.3g} 1/s under 1 MPa at {at}, less than {SLOWEST_CREEP:g} 1/s, which is not at "
                "all; lithium flows at 1e-8 to 1e-2 1/s at 25 degC: make A298 (or A0) larger or Q smaller"
            )
    elif isinstance(li.anand, Anand):
        rate = li.anand.A * math.exp(-li.anand.Q / (GAS_CONSTANT * coldest)) * li.anand.S0 ** (-1 / li.anand.m)
        if rate < SLOWEST_CREEP:
            yield (
                f"lithium.anand: flows at {rate:.3g} 1/s under 1 MPa at {at}, less than {SLOWEST_CREEP:g} 1/s, which is not at "
                "all; make A larger, or Q or S0 smaller"
            )


def _laws(case: Case) -> Iterator[str]:
    """Laws that exclude each other."""
    li = case.lithium
    numbers = {"breakdown": li.breakdown, "diffusional": li.diffusional}
    others = [(key, isinstance(value, float) and not math.isnan(value)) for key, value in numbers.items()]
    anand = isinstance(li.anand, Anand)
    if li.law == "leblond":
        for key, given in [*others, ("anand", anand)]:
            if given:
                yield f'lithium.{key}: the law of Leblond takes a power law; write lithium.law = "coupled", or leave this out'
    if anand:
        if li.law == "uncoupled":
            yield 'lithium.anand: needs the coupled law; write lithium.law = "coupled", or remove this table'
        for key, given in others:
            if given:
                yield f"lithium.{key}: lithium.anand is a law of its own; leave one of them out"
    grains = li.grain_boundaries
    if isinstance(grains, GrainBoundaries) and grains.size < 3 * grains.width:
        yield (
            f"lithium.grain_boundaries.size: {grains.size:g} um is less than three widths of a boundary ({grains.width:g} um); "
            "make the grains larger"
        )
