"""cellfem: where a lithium / LLZO interface loses contact under current, and what stack pressure
prevents it.

    import cellfem
    case = cellfem.Case.load("cases/strip-void").replace(pressure="2 MPa")
    result = cellfem.run(case, "results/two")
    result.verdict.text

Importing this package imports nothing else and sets nothing: each name below is fetched when it is
first used (docs/python.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellfem.api.case import Case
    from cellfem.api.heights import save_heights
    from cellfem.api.result import Result
    from cellfem.api.result import open as open  # not in __all__: a star import leaves Python's own
    from cellfem.api.running import GaveUpError, Simulation, resume, run
    from cellfem.api.sweeps import Sweep, need, sweep
    from cellfem.api.verdict import Verdict
    from cellfem.case.errors import CaseError
    from cellfem.errors import CellfemError, MissingExtraError, StoppedError
    from cellfem.materials.creep_fit import fit_creep
    from cellfem.physics.creep import CreepLaw, MatrixLaw
    from cellfem.physics.creep import register as register_creep_law
    from cellfem.process import configure

__version__ = "0.1.0"

EXPORTS = {
    "Case": "cellfem.api.case",
    "CaseError": "cellfem.case.errors",
    "CellfemError": "cellfem.errors",
    "CreepLaw": "cellfem.physics.creep",
    "GaveUpError": "cellfem.api.running",
    "MatrixLaw": "cellfem.physics.creep",
    "MissingExtraError": "cellfem.errors",
    "Result": "cellfem.api.result",
    "Simulation": "cellfem.api.running",
    "StoppedError": "cellfem.errors",
    "Sweep": "cellfem.api.sweeps",
    "Verdict": "cellfem.api.verdict",
    "configure": "cellfem.process",
    "need": "cellfem.api.sweeps",
    "open": "cellfem.api.result",
    "fit_creep": "cellfem.materials.creep_fit",
    "register_creep_law": "cellfem.physics.creep",
    "resume": "cellfem.api.running",
    "run": "cellfem.api.running",
    "save_heights": "cellfem.api.heights",
    "sweep": "cellfem.api.sweeps",
}
"""What Python programs use, and the module that has it; docs/python.md tells of each."""
OTHER_NAMES = {"register_creep_law": "register"}
"""Those that their module calls otherwise."""

__all__ = [
    "Case",
    "CaseError",
    "CellfemError",
    "CreepLaw",
    "GaveUpError",
    "MatrixLaw",
    "MissingExtraError",
    "Result",
    "Simulation",
    "StoppedError",
    "Sweep",
    "Verdict",
    "__version__",
    "configure",
    "fit_creep",
    "need",
    "register_creep_law",
    "resume",
    "run",
    "save_heights",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name not in EXPORTS:
        raise AttributeError(f"module 'cellfem' has no attribute {name!r}")
    found = getattr(import_module(EXPORTS[name]), OTHER_NAMES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *EXPORTS})
