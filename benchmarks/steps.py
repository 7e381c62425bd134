"""What a time step costs by size and ranks, for `cellfem estimate`: prints a line of cellfem/cluster/steps.csv.

    python benchmarks/steps.py CASE NEAR [DURATION [DT]]     (or mpiexec -n 2 python …)

The case's first protocol step is run for DURATION by prescribed steps DT (30 s and 1 s without) on a mesh of size NEAR. Seconds
are those of the processor, the busiest rank's: they tell more than the clock where the machine is shared.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from mpi4py import MPI

from cellfem.backend import form_cache_folder
from cellfem.case import load_case
from cellfem.cluster.size import unknowns
from cellfem.model import from_case
from cellfem.output.records import read_records
from cellfem.run import run_case, stack_of


def main(path: str, near: str, duration: str = "30 s", dt: str = "1 s") -> None:
    comm = MPI.COMM_WORLD
    far = f"{4 * float(near.split()[0])} um"
    settings = (
        f"mesh.near={near}", f"mesh.far={far}", "lithium.length=4 um", f"protocol.0.duration={duration}",
        f'numerics.dt=["{dt}"]', f"numerics.dt_initial={dt}", "output.pictures=false", "output.checkpoint=off",
    )  # fmt: skip
    case = load_case(path, settings)
    count = unknowns(stack_of(case), from_case.structure(case).quadratic_porosity) if comm.rank == 0 else 0
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(comm.bcast(scratch, root=0)) / "out"
        run_case(case, out, quiet=True)  # compiles, and warms up
        begin = time.process_time()
        run_case(case, out, quiet=True)
        busy = float(comm.allreduce(time.process_time() - begin, op=MPI.MAX))
        if comm.rank == 0:
            rows = read_records(out / "records.csv")
    memory = float(comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)) / 1024
    if comm.rank == 0:
        iterations = sum(row["newton_iterations"] for row in rows) / (len(rows) - 1)
        print(
            f"{case.stack.dimension},{comm.size},{count},{busy / (len(rows) - 1):.3f},{iterations:.1f},{memory:.0f}", flush=True
        )
    assert form_cache_folder().is_dir()


if __name__ == "__main__":
    main(*sys.argv[1:])
