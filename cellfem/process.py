"""What cellfem sets in the process that it computes in. Importing cellfem sets nothing: the command
line does, the first use of the solver does (`backend`), or whoever calls `cellfem.configure()`.

Imports nothing that takes time.
"""

from __future__ import annotations

import os
from pathlib import Path

from cellfem import fonts
from cellfem.errors import CellfemError

THREADS, FORMS = "OMP_NUM_THREADS", "CELLFEM_FORMS"
"""Threads of BLAS per process, read once as it is loaded; the folder of forms that were compiled
before (`form_cache`)."""


class ConfigureError(CellfemError, ValueError):
    """A setting of the process that cannot be; str() says why and what to do."""


def configure(*, threads: int | None = None, forms: str | Path | None = None) -> None:
    """Settle this process for computing: to be called before numpy is imported, where `threads` is
    to hold for numpy too.

    threads: of BLAS per process, 1 unless the environment (OMP_NUM_THREADS) says otherwise: idle
    threads spin on the processors of others. forms: a folder of compiled forms to take from, as
    CELLFEM_FORMS names one. matplotlib's folder is copied where it may only be read. What belongs
    to the libraries (PETSc's options, the cache of forms, what glibc does with freed memory) is set
    as these are first used. Raises ConfigureError.
    """
    if threads is not None and (isinstance(threads, bool) or threads < 1):
        raise ConfigureError(f"threads: {threads!r} is not a number of threads; give 1 or more")
    if forms is not None and not Path(forms).is_dir():
        raise ConfigureError(f"forms: there is no folder {forms}; cellfem.runner.precompile makes one")
    if threads is not None:
        os.environ[THREADS] = str(threads)
    os.environ.setdefault(THREADS, "1")
    if forms is not None:
        os.environ[FORMS] = str(Path(forms).resolve())
    fonts.settle()
