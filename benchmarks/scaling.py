"""One Newton correction of a 3-D stack by size, solver and ranks: unknowns, Krylov iterations,
seconds, memory.

    python benchmarks/scaling.py NEAR SOLVER          (or mpiexec -n 2 python …); prints a line of CSV

SOLVER: iterative, direct, or direct-TOLERANCE for MUMPS with blocks of low rank dropped below that.

A box of 10 × 10 × (8 + 10) µm with a quarter of a lens, 0.4 MPa and 0.5 mA/cm². The state is that
of linear creep in balance, the Jacobian that of exponent 6.56 in it: the contrast of viscosity of a
real step, without the many corrections of its start. Memory: peak of all ranks, less that of a
process with all libraries loaded (`base_MB`); mesh, history and all else counts.
"""

import resource
import sys
import time
from dataclasses import replace
from typing import Literal

from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import Box, StackMesh, VoidShape, build_solid
from cellfem.model.build import build_model
from cellfem.model.control import Current
from cellfem.model.load import Load
from cellfem.model.parameters import Interface, Material, Numerics, Structure
from cellfem.physics.creep import PowerLaw
from cellfem.solver.engine import Engine
from cellfem.solver.linear import Direct, Linear

HEADER = "ranks,solver,unknowns,iterations,assembly_s,setup_s,solve_s,correction_s,clock_s,base_MB,memory_kB_per_unknown"
SOLVERS: dict[str, Literal["direct", "iterative"]] = {"direct": "direct", "iterative": "iterative"}
STEP = 20.0  # s
LITHIUM = Material(PowerLaw(7.7e-3, 6.56), 8e-3, 4e4, 1.0, 298.15)
LINEAR = replace(LITHIUM, creep=PowerLaw(1e-3, 1.0))


def main(near: float, solver: str) -> None:
    comm = MPI.COMM_WORLD
    stack = lens(3.0) if comm.rank == 0 else None  # loads what loads late
    base = memory(comm)
    stack = lens(near) if comm.rank == 0 else None
    structure, face = Structure(quadratic_porosity=False), Interface(1e-3, removal_rate=0.3)
    name, _, dropped = solver.partition("-")
    linear = SOLVERS[name]
    engine = Engine(build_model(stack, structure, face, Numerics(linear=linear), comm))
    system = engine.system
    if dropped:
        low_rank(system.linear, float(dropped))
    engine.model.place_surface(0.4)
    engine.set(Load(0.4, Current(5.0)), LINEAR)
    engine.stepper.begin()
    engine.stepper.set_scheme(STEP)
    for _ in range(2):  # linear creep: the second correction is the contact's
        correction(engine)
    engine.set(Load(0.4, Current(5.0)), LITHIUM)
    taken, begin = system.linear.iterations, time.perf_counter()
    found = [timed(engine, name) for name in ("assembly", "setup", "solve")]
    clock = time.perf_counter() - begin
    iterations = system.linear.iterations - taken
    size = system.R.getSize()
    used = (memory(comm) - base) / size
    if comm.rank == 0:
        numbers = ",".join(f"{value:.2f}" for value in (*found, sum(found), clock, base / 1e3, used))
        print(f"{comm.size},{solver},{size},{iterations},{numbers}", flush=True)


def lens(near: float) -> StackMesh:
    return build_solid(Box(10, 10, 8, 10), near, 1.6 * near, [VoidShape(0.0, 4.0, 0.8, center_y=0.0)])


def low_rank(linear: Linear, dropped: float) -> None:
    """Have MUMPS compress blocks of its factors, with errors below `dropped`."""
    assert isinstance(linear, Direct)
    factors = linear.lu.ksp.getPC().getFactorMatrix()
    factors.setMumpsIcntl(35, 2)
    factors.setMumpsCntl(7, dropped)


def timed(engine: Engine, what: str) -> float:
    """Processor seconds of one part, the busiest rank's (a rank that waits is busy): on a shared
    machine the clock tells less."""
    system = engine.system
    begin = time.process_time()
    if what == "assembly":
        system.assemble_residual()
        system.assemble_jacobian()
    elif what == "setup":
        system.factor()
    else:
        system.correction()
    return float(system.comm.allreduce(time.process_time() - begin, op=MPI.MAX))


def correction(engine: Engine) -> None:
    for what in ("assembly", "setup", "solve"):
        timed(engine, what)
    engine.system.add(engine.system.delta.array)


def memory(comm: MPI.Intracomm) -> float:
    """Largest memory so far, all ranks together, kB."""
    return float(comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2])
