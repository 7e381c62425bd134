"""cellfem impedance: the spectrum of a case, or of the face that a run left."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.case import load_case
from cellfem.case.identity import files_read
from cellfem.ending import ending
from cellfem.errors import ExitCode
from cellfem.results import adding, examine
from cellfem.results.options import Replace

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
    with ending():
        checked = load_case(case / RESOLVED if done else case, overrides or [])
    from cellfem.backend import MPI
    from cellfem.run import run_case
    from cellfem.run.spectrum import PICTURE, TABLE, cell_spectrum, model_at_end, write_files

    folder = out or (case if done else Path("results") / (case.resolve().name if case.is_dir() else case.stem))
    of_run = not done or folder.resolve() == case.resolve()  # else a folder of its own
    by, outputs, inputs = "run" if of_run else "impedance", (TABLE, PICTURE), files_read(checked, None if done else case)
    with ending():
        if done:
            examine(folder, by, outputs, inputs, replace, anywhere=of_run)
        else:
            later = checked.impedance.model_copy(update={"spectrum": False})
            result = run_case(checked.model_copy(update={"impedance": later}), folder, path=case, replace=replace)
            if result.end.kind in ("gave up", "interrupted") and not (folder / SURFACE).is_file():
                gave_up = result.end.kind == "gave up"  # nothing was solved, which is told
                raise typer.Exit(ExitCode.GAVE_UP if gave_up else ExitCode.STOPPED)
            if result.end.kind == "gave up":
                typer.echo(f"{folder}: the solver gave up; the spectrum is that of its last state", err=True)
        model = model_at_end(checked, folder if not done else case, MPI.COMM_WORLD)
        found, files = cell_spectrum(checked, model), {}
        if MPI.COMM_WORLD.rank == 0:
            with adding(folder, by, outputs, inputs, replace, anywhere=of_run):
                files = write_files(found, checked, folder)
    if files:
        typer.echo(found.sentence)
        for what, path in files.items():
            typer.echo(f"{what}: {path}")
    raise typer.Exit(ExitCode.DONE if done or result.end.kind != "gave up" else ExitCode.GAVE_UP)
