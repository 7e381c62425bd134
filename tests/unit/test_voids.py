"""Voids found on profiles with known answers, and their identities over time."""

from dataclasses import replace

import numpy as np
import pytest

from cellfem.observe.arrays import Array, Profile
from cellfem.observe.contact_loss_causes import Cause
from cellfem.observe.voids import VoidSnapshot, events, find_voids, open_voids, places_of, start_voids, track

DELTA = 0.01


def no_matter(_: VoidSnapshot) -> Cause:
    """For births whose cause does not matter."""
    return "flow"


X = np.linspace(0.0, 25.0, 251)


def profile(gap: Array, asr: Array | float = 10.0, weight: Array | None = None) -> Profile:
    if weight is None:
        weight = np.full_like(X, X[1])
        weight[[0, -1]] /= 2
    zero = np.zeros_like(X)
    return Profile(X, weight, gap, zero, zero, zero, zero, zero, zero, np.broadcast_to(asr, X.shape).astype(float))


def lens(center: float, half_width: float, depth: float) -> Array:
    return np.maximum(depth * (1 - ((X - center) / half_width) ** 2), 0.0)


def void(left: float, right: float, depth: float = 0.1) -> VoidSnapshot:
    return VoidSnapshot(left, right, 0.5 * (left + right), right - left, depth, depth * (right - left))


def test_closed_interface_has_no_voids() -> None:
    assert find_voids(profile(np.full_like(X, 2.9 * DELTA)), DELTA) == ()


def test_lens_inside() -> None:
    (found,) = find_voids(profile(lens(12.0, 5.0, 1.0)), DELTA)
    half = 5.0 * np.sqrt(1 - 3 * DELTA)  # where the parabola is 3δ deep
    assert found.place_um == pytest.approx(12.0, abs=1e-9)
    assert found.width_um == pytest.approx(2 * half, rel=1e-4)
    assert found.depth_um == 1.0
    assert found.area == pytest.approx(2 * (half - half**3 / 75), rel=1e-4)


def test_lens_on_mirror_plane_counts_its_visible_half() -> None:
    (left,) = find_voids(profile(lens(0.0, 5.0, 1.0)), DELTA)
    (right,) = find_voids(profile(lens(25.0, 5.0, 1.0)), DELTA)
    (inside,) = find_voids(profile(lens(12.0, 5.0, 1.0)), DELTA)
    assert (left.place_um, right.place_um) == (0.0, 25.0)
    assert left.width_um == pytest.approx(inside.width_um / 2)
    assert left.area == pytest.approx(inside.area / 2)
    assert right.area == pytest.approx(left.area)


def test_all_open() -> None:
    (found,) = find_voids(profile(np.full_like(X, 0.1)), DELTA)
    assert (found.place_um, found.width_um) == (12.5, 25.0)
    assert found.area == pytest.approx(2.5)


def test_axisymmetric_volume_through_the_weights() -> None:
    edges = np.concatenate((X[:1], 0.5 * (X[1:] + X[:-1]), X[-1:]))
    weight = np.pi * np.diff(edges**2)
    (found,) = find_voids(profile(lens(0.0, 5.0, 1.0), weight=weight), DELTA)
    assert found.area == pytest.approx(np.pi * 25 / 2, rel=2e-3)  # π R² depth/2, less the rim below 3δ


def test_size_varies_continuously_as_the_void_moves_over_the_nodes() -> None:
    shifts = np.linspace(0.0, 0.1, 201)
    found = [find_voids(profile(lens(12.0 + s, 1.03, 0.2)), DELTA)[0] for s in shifts]
    for name in ("left_um", "right_um", "place_um", "width_um", "area"):
        jumps = np.abs(np.diff([getattr(f, name) for f in found]))
        assert jumps.max() < 2.5 * (shifts[1] - shifts[0]), name


def test_identity_growth_and_closing() -> None:
    start = start_voids([void(0, 5), void(20, 22)])
    assert [(v.id, v.cause) for v in start] == [(1, "start"), (2, "start")]
    later = track(start, [void(1, 6)], 10.0, no_matter)
    assert [(v.id, v.is_open) for v in later] == [(1, True), (2, False)]
    assert (later[0].birth, later[0].last) == (void(0, 5), void(1, 6))
    assert (later[1].area, later[1].merged_into) == (0.0, 0)
    again = track(later, [void(1, 6), void(20.5, 21)], 20.0, no_matter)
    assert [(v.id, v.is_open) for v in again] == [(1, True), (2, True)], "the same place opens again under the same id"
    assert open_voids(later) == later[:1]


def test_merging_and_splitting() -> None:
    start = start_voids([void(0, 5), void(10, 20)])
    merged = track(start, [void(0, 20)], 10.0, no_matter)
    assert [(v.id, v.is_open, v.merged_into) for v in merged] == [(1, True, 0), (2, False, 1)]
    split = track(merged, [void(0, 5), void(10, 20)], 20.0, no_matter)
    assert {v.id: v.last.left_um for v in split} == {1: 0, 2: 10}
    assert all(v.is_open and not v.merged_into for v in split)
    pieces = track(start, [void(0, 1), void(2, 5), void(10, 20)], 30.0, no_matter)
    assert {v.id: v.last.left_um for v in pieces} == {1: 2, 2: 10, 3: 0}
    assert (pieces[2].cause, pieces[2].birth_time_s) == ("split", 30.0)


def test_life_of_a_void_trapped_by_plating_and_closed_by_pressure() -> None:
    start = start_voids([void(0, 5, 1.0)])
    plated = track(start, [void(0, 5, 1.05)], 10.0, no_matter, stripped_um=-0.05, plating=True)
    assert events(start, plated) == []
    trapped = track(plated, [void(0, 5, 1.2)], 20.0, no_matter, stripped_um=-0.2, plating=True)
    assert [(event, v.trapped_time_s) for event, v in events(plated, trapped)] == [("trapped", 20.0)]
    closed = track(trapped, [], 30.0, no_matter, stripped_um=-0.2)
    ((event, dead),) = events(trapped, closed)
    assert (event, dead.death, dead.death_time_s, dead.trapped_time_s) == ("closed", "creep", 30.0, 20.0)
    again = track(closed, [void(1, 2, 0.1)], 40.0, no_matter, stripped_um=-0.2)
    assert [event for event, _ in events(closed, again)] == ["reopened"]
    assert again[0].death_time_s is None


def test_stripping_levels_a_void_when_it_removes_half_its_depth() -> None:
    start = start_voids([void(0, 5, 1.0)])
    deaths = [track(start, [], 9.0, no_matter, stripped_um=stripped)[0].death for stripped in (0.4, 0.6)]
    assert deaths == ["creep", "stripping"]


def test_merging_is_an_event() -> None:
    start = start_voids([void(0, 5), void(10, 20)])
    merged = track(start, [void(0, 20)], 10.0, no_matter)
    assert [(event, v.id, v.merged_into) for event, v in events(start, merged)] == [("merged", 2, 1)]


def test_what_is_new_has_the_cause_that_is_found_for_it() -> None:
    known = start_voids([void(0, 2)])

    def why(birth: VoidSnapshot) -> Cause:
        return "pillar" if birth.left_um > 10 else "void edge"

    births = track(known, [void(0, 2), void(2.5, 3), void(13.5, 14.5)], 5.0, why)
    assert [v.cause for v in births] == ["start", "void edge", "pillar"]
    assert births[-1].birth_time_s == 5.0


def test_places_of_a_void() -> None:
    gap = np.where((X > 3) & (X < 6), 1.0, 0.0)
    (found,) = find_voids(profile(gap), DELTA)
    np.testing.assert_array_equal(places_of(found, profile(gap), DELTA), np.flatnonzero(gap))


def test_profile_refuses_unsorted_places() -> None:
    good = profile(X * 0)
    with pytest.raises(ValueError, match="increasing"):
        replace(good, x_um=X[::-1])
    with pytest.raises(ValueError, match="gap_um"):
        replace(good, gap_um=X[:5])


# --- maps


def lens_map(center: tuple[float, float], half_width: float, depth: float, quads: bool) -> Profile:
    """A lens on a map of 10 × 8 µm."""
    nx, ny = 51, 41
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(0, 10, nx), np.linspace(0, 8, ny), indexing="ij"))
    i, j = (a.ravel() for a in np.meshgrid(np.arange(nx - 1), np.arange(ny - 1), indexing="ij"))
    a = i * ny + j
    ring = np.column_stack([a, a + ny, a + ny + 1, a + 1])
    facets = ring if quads else np.concatenate([ring[:, [0, 1, 2]], ring[:, [0, 2, 3]]])
    gap = np.maximum(depth * (1 - ((x - center[0]) ** 2 + (y - center[1]) ** 2) / half_width**2), 0.0)
    flat = np.zeros_like(x)
    return Profile(x, flat + 80 / len(x), gap, flat, flat, flat, flat, flat, flat, flat + 10.0, y_um=y, facets=facets)


@pytest.mark.parametrize("quads", [False, True])
def test_lens_on_a_map(quads: bool) -> None:
    (found,) = find_voids(lens_map((5.0, 4.0), 3.0, 1.0, quads), DELTA)
    mouth = 3.0 * np.sqrt(1 - 3 * DELTA)
    assert (found.place_um, found.place_y_um) == pytest.approx((5.0, 4.0), abs=0.01)  # a facet is 0.2 µm
    assert found.width_um == pytest.approx(2 * mouth, rel=0.01)
    assert found.area == pytest.approx(np.pi * 9 / 2, rel=0.01)
    (quarter,) = find_voids(lens_map((10.0, 0.0), 3.0, 1.0, quads), DELTA)
    assert (quarter.place_um, quarter.place_y_um) == (10.0, 0.0)
    assert quarter.area == pytest.approx(found.area / 4, rel=0.01)


def test_lenses_of_a_map_keep_their_identity() -> None:
    def both(left: float, right: float) -> Profile:
        one, other = lens_map((2.5, 4.0), left, 0.5, False), lens_map((7.0, 4.0), right, 0.5, False)
        return replace(one, gap_um=np.maximum(one.gap_um, other.gap_um))

    start = both(1.5, 1.5)
    voids = start_voids(find_voids(start, DELTA))
    assert [void.id for void in voids] == [1, 2]
    grown = both(2.8, 2.4)
    voids = track(voids, find_voids(grown, DELTA), 1.0, no_matter)
    assert [(void.is_open, void.merged_into) for void in voids] == [(True, 0), (False, 1)]
    third = replace(start, gap_um=lens_map((7.0, 7.6), 0.6, 0.5, False).gap_um)
    voids = track(voids, find_voids(third, DELTA), 2.0, no_matter)
    assert voids[-1].id == 3
    assert voids[-1].is_open


# --- periodic sides


def ring(gap: Array) -> Profile:
    """A line that closes upon itself: the first node and the last are one."""
    one_with = np.arange(len(X))
    one_with[-1] = 0
    return replace(profile(gap), one_with=one_with, periods=(25.0,))


def on_ring(center: float, half_width: float, depth: float) -> Array:
    apart = (X - center + 12.5) % 25.0 - 12.5
    return np.maximum(depth * (1 - (apart / half_width) ** 2), 0.0)


@pytest.mark.parametrize("center", [0.0, 2.0, 12.0, 24.0])
def test_a_void_over_the_side_is_one_and_whole(center: float) -> None:
    (inside,) = find_voids(profile(lens(12.0, 5.0, 1.0)), DELTA)
    (found,) = find_voids(ring(on_ring(center, 5.0, 1.0)), DELTA)
    assert found.place_um == pytest.approx(center, abs=1e-9)
    assert (found.area, found.width_um, found.depth_um) == pytest.approx((inside.area, inside.width_um, inside.depth_um))
    assert found.right_um - found.left_um == pytest.approx(found.width_um)
    open_places = X[places_of(found, ring(on_ring(center, 5.0, 1.0)), DELTA)]
    assert len(open_places) == np.sum(on_ring(center, 5.0, 1.0) > 3 * DELTA)


def test_an_interface_that_is_open_all_around_is_one_void() -> None:
    (found,) = find_voids(ring(np.full_like(X, 0.2)), DELTA)
    assert (found.width_um, found.area) == pytest.approx((25.0, 5.0))


def test_a_void_keeps_its_name_when_it_moves_over_the_side() -> None:
    known = start_voids(find_voids(ring(on_ring(23.0, 3.0, 1.0)), DELTA))
    for time, center in enumerate((24.5, 1.0, 2.0), start=1):
        known = track(known, find_voids(ring(on_ring(center % 25.0, 3.0, 1.0)), DELTA), float(time), no_matter)
    assert [(v.id, v.is_open, v.last.place_um) for v in known] == [(1, True, pytest.approx(2.0, abs=1e-9))]


def closed_map(center: tuple[float, float], half_width: float) -> Profile:
    """A map of 20 × 12 µm in unit squares whose opposite sides are one, with a round lens 1 µm
    deep."""
    nx, ny = 21, 13
    x, y = (a.ravel() for a in np.meshgrid(np.arange(nx, dtype=float), np.arange(ny, dtype=float)))
    apart = np.hypot((x - center[0] + 10) % 20 - 10, (y - center[1] + 6) % 12 - 6)
    gap = np.maximum(1 - (apart / half_width) ** 2, 0.0)
    i, j = (a.ravel() for a in np.meshgrid(np.arange(nx - 1), np.arange(ny - 1)))
    corner = j * nx + i
    facets = np.column_stack([corner, corner + 1, corner + nx + 1, corner + nx])
    one_with = ((np.arange(nx * ny) // nx) % (ny - 1)) * nx + (np.arange(nx * ny) % nx) % (nx - 1)
    nothing = np.zeros(nx * ny)
    return Profile(
        x, np.ones(nx * ny), gap, *([nothing] * 7), y_um=y, facets=facets, one_with=one_with, periods=(20.0, 12.0)
    )  # fmt: skip


@pytest.mark.parametrize("center", [(0.0, 0.0), (19.0, 5.0), (6.0, 11.0), (2.0, 1.0)])
def test_a_lens_over_sides_and_edges_is_one_and_whole(center: tuple[float, float]) -> None:
    (wanted,) = find_voids(closed_map((10.0, 6.0), 4.0), DELTA)
    (found,) = find_voids(closed_map(center, 4.0), DELTA)
    assert (found.area, found.width_um, found.depth_um) == pytest.approx((wanted.area, wanted.width_um, wanted.depth_um))
    assert found.place_um == pytest.approx(center[0], abs=1e-9)
    assert found.place_y_um == pytest.approx(center[1], abs=1e-9)
    assert 0 <= found.left_um < 20
    assert found.right_um - found.left_um == pytest.approx(wanted.right_um - wanted.left_um)


def test_a_strip_over_the_whole_width_of_a_closed_map_is_one_void() -> None:
    across = closed_map((10.0, 6.0), 4.0)
    strip = replace(across, gap_um=np.where(np.abs(np.asarray(across.y_um) - 6) < 1.5, 0.5, 0.0))
    (found,) = find_voids(strip, DELTA)
    assert (found.left_um, found.right_um) == (0.0, 20.0)
    assert found.place_y_um == pytest.approx(6.0)
