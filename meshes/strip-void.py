"""gmsh input of the reference stack of cases/strip-void, in µm: `python strip-void.py [SIZE]`
writes strip-void.msh.

Lithium over LLZO, half a period of 25 µm; a parabolic void, 5 µm half-width and 1 µm deep, on the
left mirror plane; the edges of a patch at 15 and 20 µm. SIZE (0.4 µm as in the case; the ready mesh
has 1) is that of the cells at the interface.
"""

import sys
from pathlib import Path

from cellfem.geometry import PatchShape, VoidShape, build_stack, write_msh

near = float(sys.argv[1]) if len(sys.argv) > 1 else 0.4
stack = build_stack(25, 20, 20, near, max(2.0, 4 * near), [VoidShape(0, 5, 1), PatchShape(17.5, 2.5)])
write_msh(stack, Path(__file__).with_suffix(".msh"))
print(f"{len(stack.cells)} triangles, {len(stack.gap_x)} nodes on the interface")
