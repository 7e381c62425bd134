"""Voids: connected sets of gap > 3δ along Γ, their size, and their identity from one output to the
next.

Mirror planes: Γ is half a period, and its two ends are mirror planes (or the axis). A void that
touches an end counts with its modelled half: width and area are those inside the stack. Its place
is the mirror plane, the centre of void and image together.

Periodic sides: a void across a side is one whole void. Its ends are then on both sides of the width
(right > width), its place inside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.observe.arrays import Array, Profile
from cellfem.observe.cells import reference_samples
from cellfem.observe.contact_loss_causes import Cause
from cellfem.physics.definitions import VOID_AT

Death = Literal["", "merged", "stripping", "creep"]
Event = Literal["birth", "reopened", "trapped", "merged", "closed"]
DEEPER = 1.1  # ratio of depths above which plating around a void has deepened it
ROUND_OFF = 1e-9  # of the size of a map
SAMPLES = 8  # parts of a facet of a map, in each direction


@dataclass(frozen=True)
class VoidSnapshot:
    """A connected set of gap > 3δ at one time. left, right, place, width, depth: µm; area: µm²
    (axisymmetric, 3-D: volume, µm³); gas_MPa: pressure of its gas.

    In 3-D left and right are its ends in x, (place, place_y) the centre of its mouth, width the
    diameter of a disc with the area of the mouth, and `nodes` those of Γ in it, with their
    positions (k, 2). period_um: of Γ in x; inf if not periodic.
    """

    left_um: float
    right_um: float
    place_um: float
    width_um: float
    depth_um: float
    area: float
    gas_MPa: float = 0.0
    place_y_um: float | None = None
    nodes: frozenset[int] = frozenset()
    places: Array | None = field(default=None, compare=False, repr=False)
    period_um: float = np.inf


@dataclass(frozen=True)
class TrackedVoid:
    """A void with its history.

    birth, last: when first and last seen open; peak: when deepest; merged_into: id of the void that
    absorbed it, 0 if none. death: how it ended: absorbed by another, levelled by lithium that
    recedes around it, or closed by creep (a void does not conduct, so it is not plated shut).
    trapped_time_s: when lithium plated around it had made it deeper by a tenth.
    """

    id: int
    birth: VoidSnapshot
    last: VoidSnapshot
    cause: Cause
    birth_time_s: float
    is_open: bool = True
    merged_into: int = 0
    death: Death = ""
    death_time_s: float | None = None
    trapped_time_s: float | None = None
    peak: VoidSnapshot | None = None  # None: as at birth
    peak_stripped_um: float = 0.0  # net lithium stripped when it was deepest
    plated_from_um: float | None = None  # depth when the present plating began

    @property
    def deepest(self) -> VoidSnapshot:
        """Its snapshot when it was deepest."""
        return self.peak or self.birth

    @property
    def area(self) -> float:
        """Present area, µm² (axisymmetric: volume, µm³); zero once closed or merged."""
        return self.last.area if self.is_open else 0.0


def find_voids(profile: Profile, delta_um: float) -> tuple[VoidSnapshot, ...]:
    """Connected sets of gap > 3δ, from left to right; of a map by `find_lenses`.

    The ends of a void are where the gap, linear between nodes, crosses 3δ; its area is Σ
    weight·share·gap, where share is the part of the node's section of Γ (up to half-way to its
    neighbours) inside the void. All numbers therefore vary continuously with the gap. delta_um:
    roughness δ, µm. Returns () if all is closed.
    """
    x, gap, threshold = profile.x_um, profile.gap_um, VOID_AT * delta_um
    if profile.is_map:
        return find_lenses(profile, threshold)
    is_open = np.concatenate(([False], gap > threshold, [False])).astype(np.int8)
    first = np.flatnonzero(np.diff(is_open) == 1)
    last = np.flatnonzero(np.diff(is_open) == -1) - 1
    middles = np.concatenate((x[:1], 0.5 * (x[1:] + x[:-1]), x[-1:]))
    voids = []
    for a, b in zip(first, last, strict=True):
        left = float(x[0]) if a == 0 else _crossing(x, gap, int(a) - 1, threshold)
        right = float(x[-1]) if b == len(x) - 1 else _crossing(x, gap, int(b), threshold)
        inside = np.minimum(middles[1:], right) - np.maximum(middles[:-1], left)
        share = np.clip(inside / np.diff(middles), 0.0, 1.0)
        area = float(np.sum(profile.weight * share * gap))
        place = 0.5 * (left + right) if profile.periods else _place(left, right, float(x[0]), float(x[-1]))
        voids.append(
            VoidSnapshot(left, right, place, right - left, float(gap[a : b + 1].max()), area, _gas(profile, slice(a, b + 1)))
        )
    return _closed(voids, *profile.periods) if profile.periods else tuple(voids)


def _closed(voids: Sequence[VoidSnapshot], period: float) -> tuple[VoidSnapshot, ...]:
    """Voids along a periodic line: the last continues as the first if both reach the seam."""
    found = [replace(void, period_um=period) for void in voids]
    if len(found) > 1 and found[0].left_um == 0.0 and found[-1].right_um == period:
        first, last = found[0], found.pop()
        right = period + first.right_um
        whole = replace(
            last,
            right_um=right,
            place_um=0.5 * (last.left_um + right) % period,
            width_um=right - last.left_um,
            depth_um=max(first.depth_um, last.depth_um),
            area=first.area + last.area,
            gas_MPa=max(first.gas_MPa, last.gas_MPa),
        )
        found = [*found[1:], whole]
    return tuple(found)


def find_lenses(profile: Profile, threshold: float) -> tuple[VoidSnapshot, ...]:
    """Connected sets of gap > threshold (µm) on a map, from left to right.

    Nodes are connected by facets. Mouth and volume are those of the part where the gap, linear
    between nodes, is above the threshold, by centres of 64 parts of each facet: they vary nearly
    continuously with the gap.
    """
    facets, gap = profile.facets, profile.gap_um
    assert facets is not None
    assert profile.y_um is not None
    at = np.column_stack([profile.x_um, profile.y_um])
    is_open = gap > threshold
    pairs = np.concatenate([facets[:, [k, (k + 1) % facets.shape[1]]] for k in range(facets.shape[1])])
    pairs = pairs[is_open[pairs].all(axis=1)]
    if profile.one_with is not None:
        pairs = np.concatenate([pairs, np.column_stack([np.arange(len(gap)), profile.one_with])])
    links = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(gap), len(gap)))
    piece = np.where(is_open, scipy.sparse.csgraph.connected_components(links, directed=False)[1], -1)
    touched = facets[is_open[facets].any(axis=1)]
    owner = piece[touched].max(axis=1)
    shape = reference_samples(facets.shape[1], SAMPLES)
    between, middle = gap[touched] @ shape.T, at[touched].mean(axis=1)
    part = _facet_areas(at[touched])[:, None] / len(shape) * (between > threshold)
    found = []
    for number in np.unique(owner):
        mine, nodes = owner == number, np.flatnonzero(piece == number)
        mouth = part[mine].sum(axis=1)
        area = float(mouth.sum())
        weight = mouth if area > 0 else np.ones(len(mouth))
        if profile.periods:
            spans = [_around(middle[mine, k], weight, at[nodes, k], period) for k, period in enumerate(profile.periods)]
        else:
            spans = [_between(middle[mine, k], weight, at[nodes, k], float(at[:, k].max())) for k in (0, 1)]
        (x, left, right), (y, _, _) = spans
        volume = float((part[mine] * between[mine]).sum())
        width = float(2 * np.sqrt(area / np.pi))
        lens = VoidSnapshot(left, right, x, width, float(gap[nodes].max()), volume, _gas(profile, nodes), y)
        period = profile.periods[0] if profile.periods else np.inf
        found.append(replace(lens, nodes=frozenset(nodes.tolist()), places=at[nodes], period_um=period))
    return tuple(sorted(found, key=lambda void: (void.left_um, void.place_y_um)))


def _gas(profile: Profile, nodes: slice | NDArray[np.int64]) -> float:
    """Pressure of the gas in the void at these nodes, MPa."""
    return 0.0 if profile.gas_MPa is None else float(profile.gas_MPa[nodes].max())


def _between(facets: Array, weight: Array, nodes: Array, end: float) -> tuple[float, float, float]:
    """Centre of a mouth along one axis, and its ends; if the void touches one of the mirror planes,
    0 or end, that plane."""
    at_first, at_last = nodes.min() < ROUND_OFF * end, nodes.max() > (1 - ROUND_OFF) * end
    middle = float(np.average(facets, weights=weight)) if at_first == at_last else 0.0 if at_first else end
    return middle, float(nodes.min()), float(nodes.max())


def _around(facets: Array, weight: Array, nodes: Array, period: float) -> tuple[float, float, float]:
    """Centre of a mouth along a periodic axis, and its ends, the left one inside.

    The mouth is unrolled at the longest section without any of its nodes; one that goes all around
    begins at 0.
    """
    known = np.unique(np.concatenate([nodes % period, facets % period]))
    free = np.diff(np.concatenate([known, known[:1] + period]))
    all_around = len(known) > 1 and free.max() < 2 * np.median(free)
    begin = 0.0 if all_around else known[(int(np.argmax(free)) + 1) % len(known)]
    unrolled, at = (begin + (places - begin) % period for places in (facets, nodes))
    middle = float(np.average(unrolled, weights=weight)) % period
    return (middle, 0.0, period) if all_around else (middle, float(at.min()), float(at.max()))


def _facet_areas(corners: Array) -> Array:
    """Areas of plane polygons (K, n, 2)."""
    x, y = corners[..., 0], corners[..., 1]
    return np.asarray(0.5 * np.abs(np.sum(x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1), axis=1)))


def start_voids(found: Sequence[VoidSnapshot], time_s: float = 0.0) -> tuple[TrackedVoid, ...]:
    """Number the voids of the start: ids 1, 2, … from left to right, cause "start"."""
    return tuple(TrackedVoid(number, void, void, "start", time_s) for number, void in enumerate(found, start=1))


def track(
    known: Sequence[TrackedVoid],
    found: Sequence[VoidSnapshot],
    time_s: float,
    why: Callable[[VoidSnapshot], Cause],
    stripped_um: float = 0.0,
    plating: bool = False,
) -> tuple[TrackedVoid, ...]:
    """Match the voids found now with all voids ever known; returns all ever known, by id.

    A known void continues as the found void that overlaps it most, older ones first. When voids
    merge the oldest continues, the others are closed with `merged_into`. When one splits, the voids
    that it has absorbed reappear first, then it continues as its largest overlap. An unmatched part
    that overlaps the last extent of a closed void is that void again.

    The rest is new, with time_s as birth time and the cause given by `why`
    (`contact_loss_causes.cause_of_birth`), or "split" if it is a part of a void that was open.

    stripped_um: net lithium stripped since the start, mean over Γ; a void that closes after at
    least half of its greatest depth was stripped was levelled by stripping, otherwise closed by
    creep.
    """
    heir: dict[int, int] = {}  # index of a found void -> id of the known void that continues as it
    merged: dict[int, int] = {}  # id of an absorbed void -> id of the absorbing one
    for void in sorted(known, key=lambda v: (not v.is_open, v.id)):
        if void.id in heir.values():
            continue
        touching = [j for j, f in enumerate(found) if _overlap(void.last, f) > 0]
        free = [j for j in touching if j not in heir]
        for swallowed in known:
            if void.is_open and swallowed.merged_into == void.id and len(free) > 1:
                _claim(swallowed, found, free, heir)
        if free:
            _claim(void, found, free, heir)
        elif touching and void.is_open:
            merged[void.id] = heir[max(touching, key=lambda j: _overlap(void.last, found[j]))]
    present = {number: found[j] for j, number in heir.items()}
    moment = _Moment(time_s, stripped_um, plating)
    now = [_carry_on(void, present.get(void.id), merged.get(void.id, void.merged_into), moment) for void in known]
    next_id = max((void.id for void in known), default=0) + 1
    births = [f for j, f in enumerate(found) if j not in heir]
    for number, birth in enumerate(births, start=next_id):
        split = any(void.is_open and _overlap(birth, void.last) > 0 for void in known)
        cause: Cause = "split" if split else why(birth)
        now.append(TrackedVoid(number, birth, birth, cause, time_s, peak_stripped_um=stripped_um))
    return tuple(sorted(now, key=lambda void: void.id))


def events(before: Sequence[TrackedVoid], now: Sequence[TrackedVoid]) -> list[tuple[Event, TrackedVoid]]:
    """Events of the voids between two calls of `track`, by id."""
    known = {void.id: void for void in before}
    found: list[tuple[Event, TrackedVoid]] = []
    for void in now:
        was = known.get(void.id)
        if was is None:
            found.append(("birth", void))
            continue
        if void.trapped_time_s is not None and was.trapped_time_s is None:
            found.append(("trapped", void))
        if was.is_open and not void.is_open:
            found.append(("merged" if void.death == "merged" else "closed", void))
        elif void.is_open and not was.is_open:
            found.append(("reopened", void))
    return found


def places_of(found: VoidSnapshot, profile: Profile, delta_um: float) -> NDArray[np.int64]:
    """The nodes of Γ in a void, as indices into the profile."""
    if profile.is_map:
        return np.array(sorted(found.nodes), dtype=np.int64)
    x, is_open = profile.x_um, profile.gap_um > VOID_AT * delta_um
    inside = (x >= found.left_um) & (x <= found.right_um)
    return np.flatnonzero(is_open & (inside | (x <= found.right_um - found.period_um)))


def open_voids(voids: Sequence[TrackedVoid]) -> tuple[TrackedVoid, ...]:
    """The voids that are open now."""
    return tuple(void for void in voids if void.is_open)


def _crossing(x: Array, gap: Array, i: int, threshold: float) -> float:
    return float(x[i] + (threshold - gap[i]) / (gap[i + 1] - gap[i]) * (x[i + 1] - x[i]))


def _place(left: float, right: float, first: float, last: float) -> float:
    at_first, at_last = left == first, right == last
    if at_first != at_last:
        return first if at_first else last
    return 0.5 * (left + right)


def _overlap(a: VoidSnapshot, b: VoidSnapshot) -> float:
    """Common length (in 3-D number of common nodes), or minus their distance (µm) if they are
    apart."""
    if a.places is not None and b.places is not None:
        common = len(a.nodes & b.nodes)
        return float(common) if common else -float(scipy.spatial.cKDTree(a.places).query(b.places)[0].min())
    turns = (0.0,) if np.isinf(a.period_um) else (-a.period_um, 0.0, a.period_um)
    return max(min(a.right_um, b.right_um + turn) - max(a.left_um, b.left_um + turn) for turn in turns)


def _claim(void: TrackedVoid, found: Sequence[VoidSnapshot], free: list[int], heir: dict[int, int]) -> None:
    """Let the void continue as the free found void that it overlaps most, if any."""
    best = max(free, key=lambda j: _overlap(void.last, found[j]))
    if _overlap(void.last, found[best]) > 0:
        heir[best] = void.id
        free.remove(best)


@dataclass(frozen=True)
class _Moment:
    time_s: float
    stripped_um: float
    plating: bool


def _carry_on(void: TrackedVoid, found: VoidSnapshot | None, merged_into: int, now: _Moment) -> TrackedVoid:
    if found is None:
        if not void.is_open:
            return replace(void, merged_into=merged_into)
        levelled = now.stripped_um - void.peak_stripped_um >= void.deepest.depth_um / 2
        death: Death = "merged" if merged_into else "stripping" if levelled else "creep"
        return replace(void, is_open=False, merged_into=merged_into, death=death, death_time_s=now.time_s)
    later = replace(void, last=found, is_open=True, merged_into=0, death="", death_time_s=None)
    if not void.is_open or found.depth_um >= void.deepest.depth_um:
        later = replace(later, peak=found, peak_stripped_um=now.stripped_um)
    if not now.plating:
        return replace(later, plated_from_um=None)
    from_um = void.last.depth_um if void.plated_from_um is None else void.plated_from_um
    trapped = void.trapped_time_s is None and found.depth_um > DEEPER * from_um
    return replace(later, plated_from_um=from_um, trapped_time_s=now.time_s if trapped else void.trapped_time_s)
