"""cellfem impedance: the spectrum of a case, or of the face that a run left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cellfem.case import CaseError, load_case
from cellfem.case.identity import files_read
from cellfem.results import FolderError, adding, examine
from cellfem.results.options import Replace

BAD_CASE, GAVE_UP, STOPPED = 2, 3, 4
RESOLVED, SURFACE = "case.resolved.toml", "surface.npz"


def impedance(
    case: Annotated[
        Path, typer.Argument(metavar="CASE|DIR", help="A case, or the folder of results of a run.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; without it DIR itself, or results/NAME of a case.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as in --set impedance.double_layer='5 uF/cm^2'."),
    ] = None,
    replace: Replace = False,
) -> None:
    """Impedance spectrum at the end of a run: spectrum.csv (frequency, Z', Z''; impedance.py reads it) and a Nyquist plot.

    A case is run first. In a folder of results only the spectrum is made: keys of the table impedance can be
    changed at will.
    """
    done = (case / SURFACE).is_file() and (case / RESOLVED).is_file()
    try:
        checked = load_case(case / RESOLVED if done else case, overrides or [])
    except CaseError as error:
        _fail(str(error))
    from cellfem.backend import MPI
    from cellfem.geometry import MeshError
    from cellfem.observe.surface_state import SurfaceError
    from cellfem.results.lock import BusyError
    from cellfem.run import run_case
    from cellfem.run.spectrum import PICTURE, TABLE, cell_spectrum, model_at_end, write_files

    folder = out or (case if done else Path("results") / (case.resolve().name if case.is_dir() else case.stem))
    of_run = not done or folder.resolve() == case.resolve()  # else a folder of its own
    by, outputs, inputs = "run" if of_run else "impedance", (TABLE, PICTURE), files_read(checked, None if done else case)
    try:
        if done:
            examine(folder, by, outputs, inputs, replace, anywhere=of_run)
        else:
            later = checked.impedance.model_copy(update={"spectrum": False})
            result = run_case(checked.model_copy(update={"impedance": later}), folder, path=case, replace=replace)
            if result.end.kind in ("gave up", "interrupted") and not (folder / SURFACE).is_file():
                raise typer.Exit(GAVE_UP if result.end.kind == "gave up" else STOPPED)  # nothing was solved, which is told
            if result.end.kind == "gave up":
                typer.echo(f"{folder}: the solver gave up; the spectrum is that of its last state", err=True)
        model = model_at_end(checked, folder if not done else case, MPI.COMM_WORLD)
        found, files = cell_spectrum(checked, model), {}
        if MPI.COMM_WORLD.rank == 0:
            with adding(folder, by, outputs, inputs, replace, anywhere=of_run):
                files = write_files(found, checked, folder)
    except (MeshError, SurfaceError, FolderError, BusyError, OSError) as error:
        _fail(str(error))
    if files:
        typer.echo(found.sentence)
        for what, path in files.items():
            typer.echo(f"{what}: {path}")
    raise typer.Exit(0 if done or result.end.kind != "gave up" else GAVE_UP)


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(BAD_CASE)
