"""Which rank gets which cell."""

import numpy as np
import pytest

from cellfem.domain.partition import destinations, owners
from cellfem.geometry import Box, VoidShape, build_solid, build_stack


@pytest.mark.parametrize("parts", [2, 3, 5, 16])
def test_every_rank_has_its_share_of_every_body(parts: int) -> None:
    stack = build_stack(10.0, 8.0, 12.0, 1.0, 2.0, [VoidShape(0.0, 3.0, 0.5)])
    found = owners(stack.points[stack.cells].mean(axis=1), stack.cell_group, parts)
    for body in np.unique(stack.cell_group):
        counts = np.bincount(found[stack.cell_group == body], minlength=parts)
        assert counts.max() - counts.min() <= np.ceil(np.log2(parts)), "half a cell a cut"


def test_owner_and_owners_across_facets_see_a_cell() -> None:
    stack = build_solid(Box(4.0, 4.0, 3.0, 3.0), 1.5, 3.0)
    owner = owners(stack.points[stack.cells].mean(axis=1), stack.cell_group, 3)
    ranks, begin = destinations(stack.cells, owner, "tetrahedron")
    nodes = [set(map(int, cell)) for cell in stack.cells]
    for cell, own in enumerate(nodes):
        across = {int(owner[k]) for k, other in enumerate(nodes) if len(own & other) == 3}
        seen = ranks[begin[cell] : begin[cell + 1]].tolist()
        assert seen[0] == owner[cell]
        assert len(set(seen)) == len(seen)
        assert set(seen) == across | {int(owner[cell])}
