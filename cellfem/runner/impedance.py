"""The impedance spectrum of a case, which is run first, or of an existing run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellfem.backend import MPI
from cellfem.case import Case, load_case
from cellfem.case.identity import files_read
from cellfem.output.summary import End
from cellfem.results import adding, examine
from cellfem.runner.execute import BY as RUN
from cellfem.runner.execute import run_case
from cellfem.runner.output_names import RESOLVED
from cellfem.runner.spectrum import PICTURE, SURFACE, TABLE, CellSpectrum, cell_spectrum, model_at_end, write_files

BY = "impedance"
OUTPUTS = (TABLE, PICTURE)


@dataclass(frozen=True, eq=False)
class Impedance:
    """A spectrum and its files (on rank 0).

    spectrum: None if the run found no state. end: of that run; None for an existing run.
    """

    folder: Path
    spectrum: CellSpectrum | None
    files: dict[str, Path] = field(default_factory=dict)
    end: End | None = None


def holds_run(folder: Path) -> bool:
    """Whether `folder` contains the final face of a run, from which a spectrum can be computed."""
    return (folder / SURFACE).is_file() and (folder / RESOLVED).is_file()


def impedance_of_case(
    case: Case,
    folder: Path,
    *,
    path: Path | None = None,
    replace: bool = False,
    quiet: bool = False,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
) -> Impedance:
    """Run the case into `folder`, then compute the spectrum of its last state. Collective.

    path, replace: as in `run_case`. If the run gave up, the spectrum is of its last state. Raises
    as `run_case`, and OSError.
    """
    later = case.impedance.model_copy(update={"spectrum": False})
    result = run_case(case.model_copy(update={"impedance": later}), folder, quiet, comm, path=path, replace=replace)
    if result.end.kind in ("gave up", "interrupted") and not (folder / SURFACE).is_file():
        return Impedance(folder, None, end=result.end)
    found, files = _made(case, folder, folder, RUN, path, replace, comm)
    return Impedance(folder, found, files, result.end)


def impedance_of_run(
    run: Path,
    overrides: Sequence[str] = (),
    folder: Path | None = None,
    *,
    replace: bool = False,
    comm: MPI.Intracomm = MPI.COMM_WORLD,
) -> Impedance:
    """The spectrum of the final face of a run in its folder. Collective.

    overrides: "KEY=VALUE", of the table impedance. folder: for the files; None: that of the run.
    replace: as in `results.examine`. Raises CaseError, FolderError, SurfaceError, MeshError and
    OSError.
    """
    case, into = load_case(run / RESOLVED, overrides), folder or run
    by = RUN if into.resolve() == run.resolve() else BY
    examine(into, by, OUTPUTS, files_read(case, None), replace, anywhere=by == RUN)
    return Impedance(into, *_made(case, run, into, by, None, replace, comm))


def _made(
    case: Case, run: Path, folder: Path, by: str, path: Path | None, replace: bool, comm: MPI.Intracomm
) -> tuple[CellSpectrum, dict[str, Path]]:
    """Compute the spectrum of the face in `run`, and write its files to `folder`."""
    found, files = cell_spectrum(case, model_at_end(case, run, comm)), {}
    if comm.rank == 0:
        with adding(folder, by, OUTPUTS, files_read(case, path), replace, anywhere=by == RUN):
            files = write_files(found, case, folder)
    return found, files
