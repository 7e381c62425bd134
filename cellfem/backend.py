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

from cellfem.signals import held_back

with held_back():  # PETSc takes signals over as it is loaded: one that comes meanwhile is heard afterwards
    from petsc4py import PETSc

import dolfinx
import dolfinx.jit
from cellfem import form_cache

if PETSc.ScalarType != PETSc.RealType:
    raise ImportError("cellfem needs PETSc with real numbers: install dolfinx-solver-real, not dolfinx-solver-complex")

form_cache.install()

# PETSc takes inner products of many vectors by one matrix product where these lie evenly in memory,
# one by one where not:
# the last digits would depend on what the process has allocated before, and a resumed run would not
# be the same to the last bit. Asked for as soon as set: PETSc complains at the end about options
# that nobody has asked for.
for name in ("vec_mdot_use_gemv", "vec_maxpy_use_gemv"):
    PETSc.Options().setValue(name, "0")
    PETSc.Options().getBool(name)

__all__ = ["MPI", "form_cache_folder", "versions"]


def form_cache_folder() -> Path:
    """Where compiled forms are kept."""
    return Path(dolfinx.jit.get_options()["cache_dir"])


def versions() -> dict[str, str]:
    """Versions of what computes, for the record of a run."""
    return {
        "dolfinx": dolfinx.__version__,
        "petsc": ".".join(str(part) for part in PETSc.Sys.getVersion()),
        "mpi": MPI.Get_library_version().split("\n")[0].strip(),
    }
