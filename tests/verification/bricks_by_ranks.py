"""The domain of a stack of bricks made rank by rank against that of its `StackMesh`, rank for rank;
run under mpiexec.

Prints the numbers of cells that all ranks together own.
"""

import sys
from typing import Any

import numpy as np
from mpi4py import MPI

from cellfem.case import parse_case
from cellfem.domain import Domain, build_domain
from cellfem.geometry import Hexahedra
from cellfem.runner.prepare import source_of, stack_of

SIZES: dict[str, Any] = {
    "stack": {"dimension": 3, "width": "6 um", "depth": "5 um"},
    "lithium": {"thickness": "4 um"},
    "electrolyte": {"thickness": "5 um"},
    "mesh": {"near": "1 um", "far": "2.5 um", "cells": "bricks"},
    "protocol": [{"mode": "rest", "duration": "1 s", "pressure": "0.8 MPa"}],
}
LENS = {"center": "6 um", "center_y": "1.5 um", "half_width": "2.5 um", "half_width_y": "1 um", "depth": "0.4 um"}
ROUGH = {"kind": "self-affine", "rms": "30 nm", "cut_off": "4 um", "roll_off": "6 um", "seed": 3}
CASES = {
    "flat": {},
    "lens": {"void": [LENS]},
    "rough": {"void": [LENS], "roughness": ROUGH},
    "periodic": {"void": [LENS], "roughness": ROUGH | {"cut_off": "4.5 um"}},
}


def compare(name: str, comm: MPI.Intracomm) -> int:
    """Raises AssertionError on a rank where the two differ; how many cells it owns."""
    sides = {"sides": "periodic"} if name == "periodic" else {}
    case = parse_case(SIZES | CASES[name] | {"stack": SIZES["stack"] | sides})
    source = source_of(case) if comm.rank == 0 else None
    assert comm.rank > 0 or isinstance(source, Hexahedra)
    one = build_domain(source, comm)
    other = build_domain(stack_of(case) if comm.rank == 0 else None, comm)
    assert (one.extents, one.lithium_thickness, one.electrolyte_thickness) == (
        other.extents,
        other.lithium_thickness,
        other.electrolyte_thickness,
    )
    assert one.periodic == other.periodic == (name == "periodic")
    assert comm.allreduce(one.gap.max(initial=0.0), op=MPI.MAX) > 0.3 or name == "flat"
    assert same(facts(one), facts(other)), name
    return int(one.parent.topology.index_map(3).size_local)


def facts(domain: Domain) -> list[np.ndarray]:
    """What this rank has, in the order of the numbers of cells and nodes."""
    parent, order = domain.parent, np.argsort(domain.numbers)
    owned = np.arange(len(order)) < parent.topology.index_map(3).size_local
    group = np.zeros(len(order), dtype=int)
    group[domain.cells.indices] = domain.cells.values
    facets = parent.topology.connectivity(3, 2).array.reshape(len(order), 6)
    side = np.zeros(facets.max() + 1, dtype=int)
    side[domain.facets.indices] = domain.facets.values
    places = parent.geometry.x[parent.geometry.dofmaps[0]]
    found = [part[order] for part in (domain.numbers, owned, group, side[facets], domain.corners, places)]
    for body in (domain.lithium, domain.electrolyte, domain.skin):
        numbers, inside = domain.original_cells(body), body.topology.index_map(3).size_local
        by_number = np.argsort(numbers)
        found += [numbers[by_number], by_number < inside, domain.original_corners(body)[by_number]]
    gamma = domain.interface.copy()
    gamma[:, [0, 2]] = domain.numbers[gamma[:, [0, 2]]]
    by_number = np.argsort(gamma[:, 0])
    return [*found, gamma[by_number], domain.gap[domain.gamma_facets][by_number], np.sort(domain.gap)]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """To round-off of a gap of some 0.1 µm."""
    return len(one) == len(other) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=0.0, atol=1e-14 if a.dtype == np.float64 else 0.0)
        for a, b in zip(one, other)
    )


if __name__ == "__main__":
    world = MPI.COMM_WORLD
    counts = {name: world.allreduce(compare(name, world)) for name in sys.argv[1:]}
    if world.rank == 0:
        print(" | ".join(f"{name} {count}" for name, count in counts.items()))
