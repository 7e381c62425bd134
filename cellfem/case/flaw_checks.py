"""Checks of [resolved_flaw] for `cellfem flaw`; a run does not use that table."""

from collections.abc import Iterator

from cellfem.case.models import Case
from cellfem.units import format_quantity

LEAST_SLIT = 4  # half-openings: the shortest slit below a pore


def flaw_problems(case: Case) -> list[str]:
    """Everything wrong with the resolved flaw of a checked case, each as `key: what is wrong;
    remedy`."""
    return list(_problems(case))


def _problems(case: Case) -> Iterator[str]:
    flaw, thickness = case.resolved_flaw, case.electrolyte.thickness
    if case.stack.dimension != 2 or case.stack.symmetry != "plane":
        yield 'stack.symmetry: a resolved flaw is a plane one; write dimension = 2 and symmetry = "plane"'
    if case.stack.periodic:
        yield 'stack.sides: a resolved flaw lies on a mirror plane, between mirror planes; write sides = "mirror"'
    if not any(placed.step.mode == "plate" for placed in case.steps):
        yield 'protocol: no step plates; add one with mode = "plate" and a current'
    if flaw.half_opening >= flaw.length / 2:
        yield (
            f"resolved_flaw.half_opening: {_um(flaw.half_opening)} is not below half of resolved_flaw.length, "
            f"{_um(flaw.length)}; make it smaller"
        )
    if flaw.shape == "notch" and flaw.tip_radius >= flaw.half_opening:
        yield (
            f"resolved_flaw.tip_radius: {_um(flaw.tip_radius)} is not below resolved_flaw.half_opening, "
            f"{_um(flaw.half_opening)}; "
            'make it smaller, or write shape = "crack"'
        )
    if flaw.shape == "pore" and flaw.pore_radius <= flaw.half_opening:
        yield (
            f"resolved_flaw.pore_radius: {_um(flaw.pore_radius)} is not above that of its channel, {_um(flaw.half_opening)}; "
            'make it larger, or write shape = "crack"'
        )
    if flaw.shape == "pore" and flaw.dry == 0:
        yield 'resolved_flaw.dry: a round pore has no tip; give the crack at its bottom, for example dry = "0.3 um"'
    if flaw.shape != "pore" and flaw.crack > 0:
        yield f'resolved_flaw.crack: a {flaw.shape} has no pore above it; give its length alone, or write shape = "pore"'
    for key, slit in (("crack", flaw.crack), ("growth_step", flaw.growth_step)):
        if flaw.shape == "pore" and 0 < slit < LEAST_SLIT * flaw.half_opening:
            yield (
                f"resolved_flaw.{key}: {_um(slit)} is below {LEAST_SLIT} times resolved_flaw.half_opening, too short for a slit; "
                "make it longer"
            )
    if flaw.dry == 0 and flaw.compression:
        yield (
            "resolved_flaw.compression: without an empty crack ahead, K_I follows from the energy release rate, "
            'which has no sign; give one, for example dry = "0.1 um"'
        )
    deep = flaw.length + (2 * flaw.pore_radius + flaw.crack if flaw.shape == "pore" else 0.0) + flaw.dry
    if deep >= 0.9 * thickness:
        yield (
            f"resolved_flaw.length: the flaw is {_um(deep)} deep and reaches into the last tenth of electrolyte.thickness, "
            f"{_um(thickness)}; make it shorter or the electrolyte thicker"
        )
    widest = flaw.pore_radius if flaw.shape == "pore" else flaw.half_opening
    if widest >= case.stack.width / 2:
        yield f"stack.width: {_um(case.stack.width)} is less than twice the flaw's half width, {_um(widest)}; make it wider"


def _um(value: float) -> str:
    return format_quantity(value, "um")
