"""Making the distributed mesh of a stack of hexahedra: seconds, and the memory of every rank.

    mpiexec -n RANKS python benchmarks/domain.py NEAR WAY          prints a line of CSV

WAY: parts (every rank makes its own) or whole (rank 0 makes all and hands it out, as it must with
gmsh's meshes). A box of 10 × 10 × (8 + 10) µm with a quarter of a lens, as in scaling.py. Memory:
each rank's peak, less what it was after a small domain.
"""

import resource
import sys
import time

from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.cluster.size import unknowns
from cellfem.domain import build_domain
from cellfem.geometry import Box, Source, VoidShape, build_hexahedra, build_solid

HEADER = "ranks,way,unknowns,seconds,MB_of_each_rank"


def main(near: float, way: str) -> None:
    comm = MPI.COMM_WORLD
    build_domain(lens(2.0, way) if comm.rank == 0 else None, comm)  # loads what loads late
    base = peak()
    comm.barrier()
    begin = time.perf_counter()
    domain = build_domain(lens(near, way) if comm.rank == 0 else None, comm)
    comm.barrier()
    seconds = time.perf_counter() - begin
    used = comm.gather(peak() - base, root=0)
    assert domain.parent.topology.index_map(3).size_local > 0
    if used is not None:
        size = unknowns(lens(near, "parts"), quadratic_porosity=False)
        print(f"{comm.size},{way},{size},{seconds:.2f},{' '.join(f'{one:.0f}' for one in used)}", flush=True)


def lens(near: float, way: str) -> Source:
    box, voids = Box(10, 10, 8, 10), [VoidShape(0.0, 4.0, 0.8, center_y=0.0)]
    return (
        build_hexahedra(box, near, 1.6 * near, voids)
        if way == "parts"
        else build_solid(box, near, 1.6 * near, voids, bricks=True)
    )


def peak() -> float:
    """Largest memory of this rank so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
