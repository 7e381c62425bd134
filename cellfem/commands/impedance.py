"""cellfem impedance: the spectrum of a case, or of the final state of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.case import load_case
from cellfem.commands.run import EXIT_CODES
from cellfem.commands.shared import AsJson, Replace, print_json
from cellfem.ending import ending
from cellfem.errors import ExitCode


def impedance(
    case: Annotated[
        Path, typer.Argument(metavar="CASE|DIR", help="A case, or the folder of results of a run.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; default: DIR itself, or results/NAME for a case.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key, for example --set impedance.double_layer='5 uF/cm^2'."),
    ] = None,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Impedance spectrum at the end of a run: spectrum.csv (frequency, Z', Z''; impedance.py reads it) and a Nyquist plot.

    A case is run first. In a folder of results only the spectrum is computed; the keys of the table
    impedance can be changed.
    """
    from cellfem.runner.impedance import holds_run, impedance_of_case, impedance_of_run

    with ending():
        if holds_run(case):
            found = impedance_of_run(case, overrides or [], out, replace=replace)
        else:
            checked = load_case(case, overrides or [])
            folder = out or Path("results") / (case.resolve().name if case.is_dir() else case.stem)
            found = impedance_of_case(checked, folder, path=case, replace=replace)
    if found.spectrum is None:  # the run has no solved state; a message says so
        raise typer.Exit(EXIT_CODES[found.end.kind] if found.end else ExitCode.GAVE_UP)
    gave_up = found.end is not None and found.end.kind == "gave up"
    if gave_up:
        typer.echo(f"{found.folder}: the solver gave up; the spectrum is of its last state", err=True)
    if found.files and as_json:
        z = found.spectrum.impedance
        spectrum = {
            "frequency_Hz": found.spectrum.frequency.tolist(),
            "real_ohm": z.real.tolist(),
            "imaginary_ohm": z.imag.tolist(),
        }
        print_json({**spectrum, "cell": found.spectrum.cell, "files": found.files})
    elif found.files:
        typer.echo(found.spectrum.sentence)
        for what, path in found.files.items():
            typer.echo(f"{what}: {path}")
    raise typer.Exit(ExitCode.GAVE_UP if gave_up else ExitCode.DONE)
