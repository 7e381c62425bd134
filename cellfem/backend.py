"""The finite element libraries, imported in the one order that is safe.

Every module that uses dolfinx, petsc4py or mpi4py imports this one first. The wheel from PyPI needs
`dolfinx_solver` imported before any of them; where dolfinx is installed another way (conda, the
official image) there is none, and none is needed.
"""

import importlib.util
from pathlib import Path

from cellfem.process import configure

configure()  # the first use of the solver: one thread per rank, before any BLAS is loaded

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401

from mpi4py import MPI

from cellfem.signals import deferred

with deferred():  # PETSc installs its own signal handlers while it loads; a signal that arrives meanwhile is handled afterwards
    from petsc4py import PETSc

import dolfinx
import dolfinx.jit
from cellfem import form_cache

if PETSc.ScalarType != PETSc.RealType:
    raise ImportError("cellfem needs PETSc with real numbers: install dolfinx-solver-real, not dolfinx-solver-complex")

form_cache.install()

# PETSc computes inner products of many vectors by one matrix product if they are evenly spaced in
# memory, and one by one otherwise. The last digits would then depend on earlier allocations, and a
# resumed run would not be identical to the last bit. The option is read right after it is set:
# PETSc warns at exit about options that were never read.
for name in ("vec_mdot_use_gemv", "vec_maxpy_use_gemv"):
    PETSc.Options().setValue(name, "0")
    PETSc.Options().getBool(name)

__all__ = ["MPI", "form_cache_folder", "versions"]


def form_cache_folder() -> Path:
    """Where compiled forms are kept."""
    return Path(dolfinx.jit.get_options()["cache_dir"])


def versions() -> dict[str, str]:
    """Versions of the numerical libraries, for the record of a run."""
    return {
        "dolfinx": dolfinx.__version__,
        "petsc": ".".join(str(part) for part in PETSc.Sys.getVersion()),
        "mpi": MPI.Get_library_version().split("\n")[0].strip(),
    }
