"""Checks of the load protocol across its keys. As in `checks`, a bad value is nan here and causes
no second error."""

import math
from collections.abc import Iterable, Iterator

from cellfem.case.models import Case
from cellfem.case.protocol import DRIVE_EXAMPLES, DRIVEN_BY, SIGN, Placed, Step, Stop, counted, stripped_range
from cellfem.materials import lithium
from cellfem.units import FARADAY, format_quantity

FIRST_TOUCH = math.log1p(math.exp(-6))
"""Contact pressure over stiffness times roughness at a gap of 6 roughnesses; below it nothing
touches."""

MOST_STEPS = 1_000_000
"""Most steps of a protocol with its loops unrolled."""


def protocol_problems(case: Case) -> Iterator[str]:
    """Errors that prevent the protocol from being run."""
    many = sum(times for _, times in counted(case.protocol))
    if many > MOST_STEPS:
        yield f"protocol: its loops run {many} steps, more than {MOST_STEPS}; make repeat smaller"
    for placed in case.steps:
        yield from _driven(placed)
        yield from _length(placed)
        yield from _fixture(placed)
        if case.stack.cell == "symmetric" and placed.step.top == "fixed":
            yield (
                f'{placed.key}.top: "fixed" is for a half cell; the two platens of a symmetric cell are held together by '
                'a stiff spring, write for example spring = "1e6 MPa/um"'
            )
        if placed.step.current_follows and case.electrolyte.far_side == "flux":
            yield (
                f'{placed.key}.mode: "{placed.step.mode}" needs an equipotential far side; '
                'write electrolyte.far_side = "equipotential"'
            )
        if case.interface.contact == "asperity":
            yield from _contact(case, placed)
        elif placed.step.spring is not None or placed.step.top == "fixed":
            key = "spring" if placed.step.spring is not None else "top"
            yield f'{placed.key}.{key}: interface.contact = "bonded" has a platen under constant pressure only; remove this key'


def protocol_warnings(case: Case) -> Iterator[str]:
    """Warnings about a protocol that can be run."""
    layer = case.interface.stiffness * case.interface.roughness
    for placed in case.steps:
        pressure = placed.step.pressure_range[1]
        if case.interface.contact == "asperity" and pressure > 3 * layer:
            yield (
                f"{placed.key}.pressure: {format_quantity(pressure, 'MPa')} is more than 3 times stiffness times roughness, "
                f"{layer:.3g} MPa: the asperity layer is pressed far below its thickness; make interface.stiffness larger"
            )
    thickness = lithium().molar_volume / FARADAY
    largest, least = (thickness * charge for charge in stripped_range(case.protocol))
    if largest > case.lithium.thickness / 2:
        yield (
            f"lithium.thickness: the protocol strips {largest:.3g} um of {format_quantity(case.lithium.thickness, 'um')}: "
            "the run stops where lithium is used up; make the lithium thicker or the protocol shorter"
        )
    if -least > case.lithium.thickness:
        yield (
            f"lithium.thickness: the protocol plates {-least:.3g} um on {format_quantity(case.lithium.thickness, 'um')}: "
            f"the mesh is stretched with it, cells at the interface too; make mesh.near {1 - least / case.lithium.thickness:.2g} "
            "times finer or the lithium thicker"
        )


def _driven(placed: Placed) -> Iterator[str]:
    """The key that drives the mode is present, and no other."""
    step = placed.step
    for key, example in DRIVE_EXAMPLES.items() if step.mode in DRIVEN_BY else ():
        here, needed = f"{placed.key}.{key}", DRIVEN_BY[step.mode]
        modes = _quoted(mode for mode, by in DRIVEN_BY.items() if by == key)
        if key == needed:
            if getattr(step, key) is None:
                yield f'{here}: is missing, a step with mode = "{step.mode}" needs it; write for example {key} = "{example}"'
        elif getattr(step, key) is not None:
            if key != "current":
                instead = f", or end the step by until.{key}" if key in Stop.model_fields else ""
                yield f"{here}: is for mode = {modes} only; remove this key{instead}"
            elif step.current_follows:
                why = f"where the {needed} is held, the current is a result"
                yield f"{here}: {why}; remove this key, or write mode = {modes}"
            else:
                why = f'a step with mode = "{step.mode}" carries no current'
                yield f"{here}: {why}; remove this key, or write mode = {modes}"
    following = _quoted(mode for mode, sign in SIGN.items() if math.isnan(sign))
    for name, conditions in (("stop", step.stop), ("until", step.until)):
        if step.mode in SIGN and not step.current_follows and conditions.current is not None:
            yield f"{placed.key}.{name}.current: is for mode = {following} only; remove this key"


def _quoted(modes: Iterable[str]) -> str:
    return " or ".join(f'"{mode}"' for mode in modes)


def _length(placed: Placed) -> Iterator[str]:
    step, key = placed.step, placed.key
    by_current = DRIVEN_BY.get(step.mode) == "current"
    if SIGN.get(step.mode) == 0 and step.capacity is not None:
        yield f'{key}.capacity: a step with mode = "{step.mode}" passes no charge; give its duration instead'
    if step.duration is None and (step.capacity is None or not by_current):
        by_charge = ', or capacity = "0.5 mAh/cm^2"' if by_current else ""
        yield f'{key}.duration: is missing; write for example duration = "1 h"{by_charge}'


def _fixture(placed: Placed) -> Iterator[str]:
    step, key = placed.step, placed.key
    if step.spring is not None and step.top in ("uniform", "fixed"):
        yield f'{key}.spring: needs a platen that travels; remove this key, or write top = "platen"'
    if step.pressure_end is not None and step.top == "fixed":
        yield f'{key}.pressure_end: a fixed platen has no given pressure; remove this key, or write top = "platen"'


def _contact(case: Case, placed: Placed) -> Iterator[str]:
    step: Step = placed.step
    least = FIRST_TOUCH * case.interface.stiffness * case.interface.roughness
    for key, pressure in (("pressure", step.pressure), ("pressure_end", step.pressure_end)):
        if pressure == 0:
            yield (
                f'{placed.key}.{key}: "0 MPa" leaves no contact; '
                'give a pressure above 0, for example "0.1 MPa", or write interface.contact = "bonded"'
            )
        elif pressure is not None and pressure <= least:
            yield (
                f'{placed.key}.{key}: "{format_quantity(pressure, "MPa")}" leaves no contact: asperities begin to touch '
                f"at {FIRST_TOUCH:g} times stiffness times roughness, {least:.3g} MPa; "
                "give a higher pressure or make interface.stiffness smaller"
            )
        elif pressure is not None and pressure >= case.interface.stiffness * case.lithium.thickness:
            pressed_in = pressure / case.interface.stiffness
            yield (
                f'{placed.key}.{key}: "{format_quantity(pressure, "MPa")}" presses the asperities in by {pressed_in:.3g} µm, '
                f"pressure over stiffness, and the lithium is {case.lithium.thickness:.3g} µm thick; "
                "give a lower pressure or make interface.stiffness larger"
            )
