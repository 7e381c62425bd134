"""Checks across the keys of a case: what each key alone cannot tell.

`problems` runs on a checked case or on a partial one, in which a value that failed its own check is
nan. Every comparison with nan is False, so a condition must be written such that it holds where
something is wrong: then a bad value causes no second error.
"""

import math
from collections.abc import Iterator

from cellfem.case.creep_checks import creep_problems
from cellfem.case.electrolyte import SAME
from cellfem.case.interface import Spot, Void
from cellfem.case.models import Case
from cellfem.case.overlaps import overlapping
from cellfem.case.periodic_checks import periodic_problems, spots_around
from cellfem.case.protocol_checks import protocol_problems, protocol_warnings
from cellfem.case.ready_mesh import near_of, near_words, ready_problems, ready_warnings
from cellfem.case.roughness_checks import roughness_problems
from cellfem.case.size_limits import bounded
from cellfem.case.solid_checks import spots_outside, stack_problems
from cellfem.case.stop_condition_checks import limit_warnings
from cellfem.materials import electrolyte, electrolyte_names
from cellfem.units import format_quantity

HOT, HOT_PRESSING = 373.15, (1173.15, 1373.15)
"""K: from here on pressing is hot; where the law of hot pressing is known."""
MOST_SAMPLED = 1e6
"""Most flaws that are sampled individually on a face."""
OFF_THE_FACE = 3.0
"""Gap over δ from which on the touching share is switched off, `physics.contact.touching_share`."""
ROUND_OFF = 1e-9
"""Relative to the width of the stack: ends nearer than this touch."""


def problems(case: Case) -> list[str]:
    """Everything that keeps the case from being run, each as `key: what is wrong; remedy`."""
    return [
        *stack_problems(case),
        *periodic_problems(case),
        *creep_problems(case),
        *_interface(case),
        *_spots(case, "void", case.void),
        *_spots(case, "patch", case.patch),
        *_voids(case),
        *roughness_problems(case),
        *_heterogeneity(case),
        *_flaw(case),
        *_densification(case),
        *_electrolyte(case),
        *_crack(case),
        *protocol_problems(case),
        *_mesh(case),
        *ready_problems(case),
        *_time_steps(case),
    ]


def warnings(case: Case) -> list[str]:
    """What the user should know about a checked case that can be run, each as `key: what and what
    to do`."""
    return bounded(
        [
            *ready_warnings(case),
            *_mesh_warnings(case),
            *protocol_warnings(case),
            *limit_warnings(case),
            *_stack_warnings(case),
            *_layer_warnings(case),
            *_densification_warnings(case),
        ]
    )


def _um(value: float) -> str:
    return format_quantity(value, "um")


def _interface(case: Case) -> Iterator[str]:
    interface = case.interface
    if interface.adhesion > 0 and interface.adhesion_work > 0:
        yield "interface.adhesion_work: interface.adhesion is given too, and one follows from the other; keep one of them"
    if interface.vacancies == "off" and interface.removal == "off":
        yield (
            'interface.removal: "off", and interface.vacancies is "off" too: nothing supplies the stripped lithium; '
            'switch one of them "on"'
        )
    if case.stack.cell == "symmetric":
        if case.impedance.interfaces == 1:
            yield 'impedance.interfaces: 1, but a symmetric cell has its own two; remove this key, or write stack.cell = "half"'
        if case.stack.dimension == 3:
            yield 'stack.cell: "symmetric" is built for dimension = 2; write cell = "half", or dimension = 2'
        if interface.contact == "bonded":
            yield 'interface.contact: a symmetric cell needs both gaps; write contact = "asperity", or stack.cell = "half"'
        if case.electrolyte.far_side == "flux":
            yield 'electrolyte.far_side: a symmetric cell has no far side; remove this key, or write stack.cell = "half"'
    if interface.contact == "bonded" and interface.void_gas == "gas" and not case.void:
        yield 'interface.void_gas: "gas" needs voids, a bonded face has none; write void_gas = "vacuum", or contact = "asperity"'
    if interface.contact == "bonded" and case.void:
        yield 'void: interface.contact = "bonded" has no gap and so no voids; remove [[void]], or write contact = "asperity"'


def _electrolyte(case: Case) -> Iterator[str]:
    for key, others in SAME.items():
        for other in others:
            section, _, name = other.partition(".")
            if getattr(case.electrolyte, key) is not None and getattr(getattr(case, section), name) is not None:
                yield f"electrolyte.{key}: {other} says the same, and is given too; keep one of them"


def _spots(case: Case, name: str, spots: tuple[Spot, ...]) -> Iterator[str]:
    if case.stack.cell == "half":
        for k in (k for k, spot in enumerate(spots) if spot.electrode == 2):
            yield f'{name}.{k}.electrode: a half cell has one electrode; remove this key, or write stack.cell = "symmetric"'
    if case.stack.periodic:
        yield from spots_around(case, name, spots)
        return
    if case.stack.dimension == 3:
        yield from spots_outside(case, name, spots)
        return
    width = case.stack.width
    tolerance = ROUND_OFF * width
    spans = [spot.span(width) for spot in spots]
    overlaps = overlapping([(spot.electrode, *span) for spot, span in zip(spots, spans, strict=True)], tolerance)
    for k, (left, right) in enumerate(spans):
        if left < -tolerance or right > width + tolerance:
            yield (
                f"{name}.{k}: reaches from {_um(left)} to {_um(right)}, outside the stack from 0 um to {_um(width)}; "
                f"move it, make half_width smaller or {'the mesh wider' if case.mesh.file else 'stack.width larger'}"
            )
        for j in overlaps.get(k, ()):
            other_left, other_right = spans[j]
            yield (
                f"{name}.{k}: from {_um(left)} to {_um(right)} overlaps {name}.{j} "
                f"from {_um(other_left)} to {_um(other_right)}; move one of them or make it narrower"
            )


def _voids(case: Case) -> Iterator[str]:
    width, thickness = case.stack.width, case.lithium.thickness
    spans = [(v.electrode, v.span(width, periodic=case.stack.periodic)) for v in case.void if v.center_y is None]
    covered = max(sum(right - left for electrode, (left, right) in spans if electrode == number) for number in (1, 2))
    if covered >= width * (1 - ROUND_OFF) and not list(_spots(case, "void", case.void)):
        yield f"void: voids take the whole width of {_um(width)} and leave nothing in contact; make half_width smaller"
    for k, void in enumerate(case.void):
        if void.depth > thickness / 2:
            yield (
                f"void.{k}.depth: {_um(void.depth)} is more than half of lithium.thickness, {_um(thickness)}; "
                "make the void shallower or the lithium thicker"
            )
        slope = steepest(void, near_of(case))
        if slope > 1:
            yield (
                f"void.{k}.depth: {_um(void.depth)} on a half_width of {_um(void.half_width)} gives the {void.profile} a "
                f"slope of {slope:.3g}; the surface of lithium is a height over the interface, with slopes up to 1: "
                "make the void shallower or wider"
            )


def steepest(void: Void, near: float) -> float:
    """Largest slope of the void's surface; nan where the profile is unknown.

    The rim of an ellipse is vertical: there it is the mean slope over one mesh size `near` (µm).
    """
    half_width = min(void.half_width, void.half_width_y or void.half_width)
    aspect = void.depth / half_width
    rim = min(near / half_width, 1.0)
    slopes = {"parabola": 2 * aspect, "cosine": math.pi / 2 * aspect, "ellipse": aspect * math.sqrt(2 / rim - 1)}
    return slopes.get(void.profile, math.nan)


def _heterogeneity(case: Case) -> Iterator[str]:
    h, near = case.heterogeneity, near_of(case)
    fields = {name: getattr(h, name) for name in ("asr", "roughness")}
    lengths = {f"{name}.length": field.length for name, field in fields.items() if field.spread > 0}
    if h.grains.spacing is not None:
        lengths |= {"grains.width": h.grains.width}
        if h.grains.asr is None and h.grains.D is None:
            yield (
                "heterogeneity.grains: grain boundaries have neither asr nor D and would be as the grains; "
                'write for example asr = "100 ohm*cm^2", or remove spacing'
            )
        if h.grains.spacing <= h.grains.width:
            yield (
                f"heterogeneity.grains.spacing: {_um(h.grains.spacing)} leaves no grains between boundaries of width "
                f"{_um(h.grains.width)}; make it larger"
            )
    if h.impurities.share > 0:
        lengths |= {"impurities.size": h.impurities.size}
    if lengths and case.stack.symmetry == "axisymmetric":
        yield (
            'heterogeneity: random spots would be rings about the axis; write stack.symmetry = "plane", or remove [heterogeneity]'
        )
    for key, length in lengths.items():
        if near > length / 2 * (1 + ROUND_OFF):
            made = "make near" if case.mesh.file is None else "draw mesh.file with nodes on the interface"
            yield (
                f"heterogeneity.{key}: {_um(length)} has fewer than two mesh sizes, {_um(near)} each; "
                f"{made} at most {_um(length / 2)}{' apart' if case.mesh.file else ''}, or {key.split('.')[1]} larger"
            )
    if h.roughness.spread > 0 and case.interface.contact == "bonded":
        yield (
            'heterogeneity.roughness.spread: interface.contact = "bonded" has no asperities; '
            'remove it, or write contact = "asperity"'
        )


def _flaw(case: Case) -> Iterator[str]:
    flaw = case.flaw
    if flaw.half_opening >= flaw.length:
        yield (
            f"flaw.half_opening: {_um(flaw.half_opening)} is not below flaw.length, {_um(flaw.length)}; "
            "the extrusion pressure holds for slender flaws: make half_opening smaller"
        )
    if flaw.seed is None and flaw.sites == "grain boundaries":
        yield 'flaw.sites: "grain boundaries" is for individually sampled flaws; give flaw.seed, or leave sites out'
    if flaw.seed is not None:
        stack = case.stack
        across = flaw.depth if stack.dimension == 2 else stack.depth or stack.width
        area = math.pi * stack.width**2 if stack.symmetry == "axisymmetric" else stack.width * across
        if flaw.density * area > MOST_SAMPLED:
            yield (
                f"flaw.seed: {flaw.density * area:.3g} flaws would be sampled on {1e-6 * area:.3g} mm², more than "
                f"{MOST_SAMPLED:g}; make density or depth smaller, or leave seed out"
            )


def _densification(case: Case) -> Iterator[str]:
    d, name = case.densification, case.electrolyte.material
    if d.density is not None and d.pressure is not None:
        yield "densification.density: is given beside densification.pressure, from which it would follow; keep one of them"
    if (
        d.pressure is not None
        and d.time > 0
        and d.temperature > HOT
        and name in electrolyte_names()
        and electrolyte(name).pressing.hot_rate is None
    ):
        yield (
            f"densification.temperature: how {name} densifies when hot is not known; "
            "leave temperature and time out (cold pressing), or give densification.density"
        )


def _crack(case: Case) -> Iterator[str]:
    if case.crack.sides == "free" and case.crack.support == "fixed":
        yield (
            'crack.sides: "free" sides move apart, which crack.support = "fixed" does not allow; '
            'write support = "roller", or sides = "mirror"'
        )


def _mesh(case: Case) -> Iterator[str]:
    mesh = case.mesh
    if mesh.file is None and mesh.near > mesh.coarsest:
        yield f"mesh.near: {_um(mesh.near)} is coarser than mesh.far, {_um(mesh.coarsest)}; make near smaller or far larger"
    if near_of(case) > case.stack.width / 4:
        smaller = "make near smaller" if mesh.file is None else "draw it finer"
        yield f"{near_words(case)} is more than a quarter of stack.width, {_um(case.stack.width)}; {smaller}"


def _time_steps(case: Case) -> Iterator[str]:
    numerics = case.numerics
    if numerics.dt is not None and case.output.exact:
        yield (
            "output.exact: numerics.dt prescribes where steps end; remove one of them, and with dt choose output.interval such "
            "that steps end there"
        )
    if numerics.dt_min > numerics.dt_initial:
        yield (
            f'numerics.dt_min: "{format_quantity(numerics.dt_min, "s")}" is more than numerics.dt_initial, '
            f'"{format_quantity(numerics.dt_initial, "s")}"; make dt_min smaller'
        )
    if numerics.dt_max is not None and numerics.dt_initial > numerics.dt_max:
        yield (
            f'numerics.dt_initial: "{format_quantity(numerics.dt_initial, "s")}" is more than numerics.dt_max, '
            f'"{format_quantity(numerics.dt_max, "s")}"; make dt_initial smaller'
        )


def _mesh_warnings(case: Case) -> Iterator[str]:
    near, rate = near_of(case), case.s_max
    if near > case.lithium.length / 2:
        yield (
            f"{near_words(case)} is more than half of lithium.length, {_um(case.lithium.length)}: "
            "where voids open is not resolved"
        )
    if rate > 0 and case.interface.vacancies == "on" and near > (layer := case.lithium.f_c * case.lithium.D / rate / 3):
        yield (
            f"{near_words(case)} is more than f_c D/(3 s), {layer:.2g} um: "
            "the layer of vacancies below the interface is not resolved"
        )
    for k, void in enumerate(case.void):
        if void.half_width < 4 * near:
            size = "mesh.near" if case.mesh.file is None else "the largest distance of nodes on the interface"
            yield (
                f"void.{k}.half_width: {_um(void.half_width)} is less than 4 times {size}, {_um(near)}: "
                "the void is hardly resolved"
            )


def _densification_warnings(case: Case) -> Iterator[str]:
    d = case.densification
    if d.pressure is not None and d.time > 0 and HOT < d.temperature < HOT_PRESSING[0]:
        yield (
            f"densification.temperature: {format_quantity(d.temperature, 'K')} lies below the 900 to 1100 degC that the law of "
            "hot pressing is known for: its density is an extrapolation"
        )


def _layer_warnings(case: Case) -> Iterator[str]:
    """A layer so stiff that it holds flat lithium off, where θ_g already lets go
    (physics.contact)."""
    i = case.interface
    if i.contact == "bonded" or i.adhesion_strength > 0:
        return
    strength = i.stiffness * i.roughness
    lowest = min(placed.step.pressure_at(placed.step.seconds) for placed in case.steps)
    gap = -math.log(math.expm1(lowest / strength)) if 0 < lowest < strength else 0.0  # over δ
    if gap > OFF_THE_FACE:
        most = lowest / math.log1p(math.exp(-OFF_THE_FACE)) / i.roughness
        yield (
            f"interface.stiffness: r delta = {format_quantity(strength, 'MPa')} holds even a flat face {gap:.1f} delta apart at "
            f"{lowest:.3g} MPa, and contact is lost from {OFF_THE_FACE:g} to 6 delta: contact loss at this "
            f"pressure is an artefact of the asperity layer; make it at most {format_quantity(float(f'{most:.2g}'), 'MPa/um')}"
        )


def _stack_warnings(case: Case) -> Iterator[str]:
    half, name = (case.stack.width / 2, "stack.width/2") if case.stack.periodic else (case.stack.width, "stack.width")
    if case.stack.cell == "half" and case.electrolyte.far_side == "equipotential" and case.electrolyte.thickness < half:
        yield (
            f"electrolyte.thickness: {_um(case.electrolyte.thickness)} is less than half a period "
            f"({name}, {_um(half)}): the equipotential far side evens out the current"
        )
