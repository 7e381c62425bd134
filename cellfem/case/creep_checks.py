"""Checks of how lithium flows (see `checks`): laws that exclude each other, and lithium that does
not flow."""

import math
from collections.abc import Iterator

from cellfem.case.lithium import Anand, CreepTable, GrainBoundaries, OwnCreepLaw
from cellfem.case.models import Case
from cellfem.units import GAS_CONSTANT, T_REFERENCE, format_shown

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
    own = list(_own_law(case))
    yield from own
    if not own:
        yield from _flows(case)
    if not isinstance(creep, CreepTable):
        return
    if creep.A0 is None and creep.A298 is None:
        yield 'lithium.creep: has neither A0 nor A298; write for example A298 = "7.7e-3 1/s"'
    if creep.A0 is not None and creep.A298 is not None:
        yield "lithium.creep: has both A0 and A298; keep one of them"


def _own_law(case: Case) -> Iterator[str]:
    """What is wrong with [lithium.own_law]: its name, its parameters, what it stands beside."""
    own, li = case.lithium.own_law, case.lithium
    if not isinstance(own, OwnCreepLaw):
        return
    from cellfem.physics.creep import own_law, own_laws  # only where a case names one: laws need numpy

    beside = {
        "anand": li.anand is not None,
        "breakdown": not isinstance(li.breakdown, str),
        "diffusional": li.diffusional is not None,
        "size": li.size is not None,
        "law": li.law != "coupled",
    }
    for key, given in beside.items():
        if given:
            yield f"lithium.{key}: lithium.own_law is a law of its own; leave one of them out"
    try:
        units = own_law(own.name).units
    except KeyError:
        known = ", ".join(own_laws()) or "none"
        yield (
            f"lithium.own_law.name: no creep law {own.name!r} is registered (registered: {known}); call "
            "cellfem.physics.creep.register before the case is loaded, or install the package that does (docs/laws.md)"
        )
        return
    for key in sorted(units.keys() - own.parameters.keys()):
        unit = f', in a unit like "{units[key]}"' if units[key] else ", a number"
        yield f"lithium.own_law.parameters: lacks {key}{unit}"
    for key in sorted(own.parameters.keys() - units.keys()):
        yield f"lithium.own_law.parameters.{key}: the law {own.name!r} takes {', '.join(units)}; remove this key"
    if units.keys() != own.parameters.keys():
        return
    try:
        law = own_law(own.name).build(
            temperature=T_REFERENCE, porosity_switch=case.numerics.porosity_switch, **own.numbers
        )
        rate = law.rate(1.0)
    except ValueError as error:  # of a unit too
        yield f"lithium.own_law.parameters: {error}"
        return
    if not rate >= SLOWEST_CREEP:
        yield f"lithium.own_law: flows at {rate:.3g} 1/s under 1 MPa at 25 degC, which is not at all"


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
