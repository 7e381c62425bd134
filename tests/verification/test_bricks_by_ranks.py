"""Each rank makes its own part of a stack of bricks: the domain is that of the whole mesh handed
out by rank 0."""

import pytest
from mpi4py import MPI

from cellfem.domain import build_domain
from cellfem.geometry import Box, RoughnessError, build_hexahedra
from cellfem.geometry.maps import GrooveMap
from cellfem.geometry.roughness import Grooves
from tests.mpi import ROOT, run_ranks

PROGRAM = ROOT / "tests" / "verification" / "bricks_by_ranks.py"
CELLS = {"flat": 180, "lens": 180, "rough": 180, "periodic": 150}


@pytest.mark.parametrize("ranks", [1, 2, 3, pytest.param(7, marks=pytest.mark.slow)])
def test_the_domain_is_that_of_the_whole_mesh(ranks: int) -> None:
    wanted = " | ".join(f"{name} {cells}" for name, cells in CELLS.items())
    assert run_ranks(ranks, PROGRAM, *CELLS).strip() == wanted


def test_a_face_that_is_too_steep_is_found_where_its_heights_are_known() -> None:
    """By whoever owns the edge; along y nothing is steep."""
    bricks = build_hexahedra(Box(6.0, 5.0, 4.0, 5.0), 1.0, 2.5, face=GrooveMap(Grooves(6.0, 3.6, "triangle")))
    with pytest.raises(RoughnessError, match=r"slope of 1\.2;"):
        build_domain(bricks, MPI.COMM_SELF)
