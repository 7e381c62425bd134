"""What a time step costs by size and ranks, for `cellfem estimate`: prints a line of
cellfem/cluster/steps.csv.

    python benchmarks/steps.py CASE NEAR [STEPS]     (or mpiexec -n 2 python …)

The case's first protocol step is run twice by prescribed steps of 1 s on a mesh of size NEAR: one
step, and STEPS more (30 without). The difference is what steps cost, the rest what the start costs:
libraries, mesh, and finding equilibrium. Seconds are those of the processor, the busiest rank's:
they tell more than the clock where the machine is shared.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from cellfem.backend import MPI
from cellfem.case import load_case
from cellfem.cluster.size import unknowns
from cellfem.model import from_case
from cellfem.output.records import read_records
from cellfem.runner import run_case, source_of


def main(path: str, near: str, steps: str = "30") -> None:
    comm = MPI.COMM_WORLD
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(comm.bcast(scratch, root=0)) / "out"
        run(path, near, 1, out)  # compiles, and warms up
        short, few, _ = run(path, near, 1, out)
        long, many, count = run(path, near, 1 + int(steps), out)
    seconds = (long - short) / int(steps)
    memory = float(comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)) / 1024
    if comm.rank == 0:
        dimension = load_case(path).stack.dimension
        iterations = (many - few) / int(steps)
        print(f"{dimension},{comm.size},{count},{short - seconds:.1f},{seconds:.3f},{iterations:.1f},{memory:.0f}", flush=True)


def run(path: str, near: str, steps: int, out: Path) -> tuple[float, int, int]:
    """Seconds of the busiest rank, corrections of Newton's method (of rank 0), unknowns."""
    comm = MPI.COMM_WORLD
    settings = (
        f"mesh.near={near}", f"mesh.far={4 * float(near.split()[0])} um", "lithium.length=4 um", f"protocol.0.duration={steps} s",
        'numerics.dt=["1 s"]', "numerics.dt_initial=1 s", "output.pictures=false", "output.checkpoint=off",
    )  # fmt: skip
    case = load_case(path, settings)
    begin = time.process_time()
    run_case(case, out, quiet=True)
    busy = float(comm.allreduce(time.process_time() - begin, op=MPI.MAX))
    if comm.rank > 0:
        return busy, 0, 0
    corrections = sum(int(row["newton_iterations"]) for row in read_records(out / "records.csv"))
    return busy, corrections, unknowns(source_of(case), from_case.structure(case).quadratic_porosity)


if __name__ == "__main__":
    main(*sys.argv[1:])
