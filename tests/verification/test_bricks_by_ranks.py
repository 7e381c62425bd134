"""Each rank makes its own part of a stack of bricks: the domain is that of the whole mesh handed out by rank 0."""

import pytest

from tests.mpi import ROOT, run_ranks

PROGRAM = ROOT / "tests" / "verification" / "bricks_by_ranks.py"
CELLS = {"flat": 240, "lens": 240, "rough": 240, "periodic": 200}


@pytest.mark.parametrize("ranks", [1, 2, 3, pytest.param(7, marks=pytest.mark.slow)])
def test_the_domain_is_that_of_the_whole_mesh(ranks: int) -> None:
    wanted = " | ".join(f"{name} {cells}" for name, cells in CELLS.items())
    assert run_ranks(ranks, PROGRAM, *CELLS).strip() == wanted
