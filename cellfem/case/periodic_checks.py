"""Checks of stacks with periodic sides (see `checks`)."""

from collections.abc import Iterator

from cellfem.case.interface import Spot
from cellfem.case.models import Case
from cellfem.case.overlaps import overlapping
from cellfem.units import format_quantity

ROUND_OFF = 1e-9
"""Relative to the period."""
CELLS_AROUND = 3
"""Fewest cells from side to side."""
NEAR_BAND, GROWTH = 0.2, 0.4
"""Up to this distance from the interface (µm) the cells of gmsh's meshes have the size mesh.near;
then they grow by so much per distance."""
LONGEST = 1 / 3
"""Largest correlation length, mean spacing, size or edge width, relative to the period."""


def _um(value: float) -> str:
    return format_quantity(value, "um")


def periodic_problems(case: Case) -> Iterator[str]:
    """Keys that are incompatible with periodic sides."""
    if not case.stack.periodic:
        return
    if case.stack.symmetry == "axisymmetric":
        yield 'stack.sides: "periodic" sides are not possible about an axis; write sides = "mirror", or symmetry = "plane"'
    if case.lithium.platen == "slip" and case.interface.friction == "slip":
        yield (
            'lithium.platen: "slip" with periodic sides and interface.friction = "slip" leaves lithium free to '
            'slide along the interface; write platen = "stick", or friction = "stick"'
        )
    if case.roughness.kind == "file":
        yield (
            'roughness.kind: "file", a measured face, is not periodic, as stack.sides = "periodic" requires; '
            'write kind = "self-affine" with its rms, hurst and roll_off, or sides = "mirror"'
        )
    yield from _mesh(case)
    yield from _lengths(case)


def _mesh(case: Case) -> Iterator[str]:
    mesh, period = case.mesh, min(case.stack.extents)
    thickest = max(case.lithium.thickness, case.electrolyte.thickness / (2 if case.stack.cell == "symmetric" else 1))
    if mesh.file is not None:
        return
    if mesh.cells == "bricks":
        if CELLS_AROUND * mesh.near > period * (1 + ROUND_OFF):
            yield (
                f"mesh.near: {_um(mesh.near)} is more than a third of {_um(period)} from side to side: with periodic sides three "
                "columns must fit; make near smaller"
            )
        return
    far = mesh.coarsest
    reach = NEAR_BAND + (far - mesh.near) / GROWTH
    largest = min(far, mesh.near + GROWTH * max(thickest - NEAR_BAND, 0.0))
    if CELLS_AROUND * largest > period * (1 + ROUND_OFF):
        reached = "" if thickest >= reach else f", grown to {_um(float(f'{largest:.3g}'))} in {_um(thickest)},"
        yield (
            f"mesh.far: {_um(far)}{reached} is more than a third of {_um(period)} from side to side: with periodic sides "
            f"three cells must fit; make far at most {_um(float(f'{period / CELLS_AROUND:.3g}'))}"
        )


def _lengths(case: Case) -> Iterator[str]:
    """Lengths of random or smoothed features, relative to the period."""
    h, period = case.heterogeneity, min(case.stack.extents)
    key = "width" if period == case.stack.width else "depth"
    lengths = {f"patch.{k}.edge": patch.edge for k, patch in enumerate(case.patch)}
    lengths |= {f"heterogeneity.{n}.length": f.length for n, f in (("asr", h.asr), ("roughness", h.roughness)) if f.spread > 0}
    lengths |= {"heterogeneity.grains.spacing": h.grains.spacing} if h.grains.spacing is not None else {}
    lengths |= {"heterogeneity.impurities.size": h.impurities.size} if h.impurities.share > 0 else {}
    if case.flaw.seed is not None and case.flaw.sites == "grain boundaries":
        lengths |= {"flaw.grain_size": case.flaw.grain_size}
    for name, length in lengths.items():
        if length > LONGEST * period * (1 + ROUND_OFF):
            yield (
                f"{name}: {_um(length)} is more than a third of stack.{key}, {_um(period)}, the period of the stack; "
                "make it shorter or the stack larger"
            )


def spots_around(case: Case, name: str, spots: tuple[Spot, ...]) -> Iterator[str]:
    """Spots outside the stack, spots that overlap themselves across the periodic sides, and in
    dimension 2 spots that overlap each other."""
    extents = case.stack.extents
    overlaps = _overlapping_around(spots, extents[0]) if case.stack.dimension == 2 else {}
    for k, spot in enumerate(spots):
        places = [("x", "half_width", spot.center, spot.half_width)]
        if spot.center_y is not None:
            across = "half_width" if spot.half_width_y is None else "half_width_y"
            places.append(("y", across, spot.center_y, spot.half_width_y or spot.half_width))
        for (axis, key, center, half), size in zip(places, extents, strict=False):
            side = {"x": "width", "y": "depth"}[axis]
            if center > size * (1 + ROUND_OFF):
                yield (
                    f"{name}.{k}.{'center' if axis == 'x' else 'center_y'}: {axis} = {_um(center)} lies outside the stack, "
                    f"which extends from 0 um to {_um(size)}; move it, or make stack.{side} larger"
                )
            if 2 * half > size * (1 + ROUND_OFF):
                yield (
                    f"{name}.{k}.{key}: {_um(half)} makes it wider than the stack, {_um(size)}: it would overlap "
                    f"itself across the periodic sides; make it at most {_um(size / 2)}, or stack.{side} larger"
                )
        for j in overlaps.get(k, ()):
            (left, right), (other_left, other_right) = (one.span(extents[0], periodic=True) for one in (spot, spots[j]))
            yield (
                f"{name}.{k}: from {_um(left)} to {_um(right)} overlaps {name}.{j} from {_um(other_left)} to "
                f"{_um(other_right)}, or its image {_um(extents[0])} away; move one of them or make it narrower"
            )


def _overlapping_around(spots: tuple[Spot, ...], period: float) -> dict[int, list[int]]:
    """As `overlapping`, on a circle: each spot and its image one period away."""
    count, spans = len(spots), [spot.span(period, periodic=True) for spot in spots]
    lines = [
        (spot.electrode, left % period + shift, left % period + shift + right - left)
        for shift in (0.0, period)
        for spot, (left, right) in zip(spots, spans, strict=True)
    ]
    pairs = {(a % count, b % count) for a, others in overlapping(lines, ROUND_OFF * period).items() for b in others}
    found: dict[int, list[int]] = {}
    for j, k in sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}):
        found.setdefault(k, []).append(j)
    return found
