"""cellfem overlay: a measured voltage curve compared with a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.ending import ending, fail


def overlay(
    results: Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)],
    curve: Annotated[
        Path,
        typer.Argument(
            help="Text file of a cycler (csv, .txt, .mpt, .DTA), units in its header: time (h), voltage (mV).", show_default=False
        ),
    ],
    x: Annotated[str | None, typer.Option(metavar="HEADER", help="Header of the column of time or areal capacity.")] = None,
    voltage: Annotated[str | None, typer.Option(metavar="HEADER", help="Header of the column of voltage.")] = None,
    x_unit: Annotated[str | None, typer.Option(metavar="UNIT", help="Unit of x, if its header does not give it.")] = None,
    voltage_unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="Unit of the voltage, if its header does not give it.")
    ] = None,
    series: Annotated[
        str, typer.Option(metavar="RESISTANCE", help="Resistance of the parts of the cell that are not modelled.")
    ] = "0 ohm*cm^2",
) -> None:
    """Lay a measured voltage curve over a run: measured.png and measured.json in its folder, with the rms difference."""
    from pydantic import ValidationError

    from cellfem.case.measured_curve import CurveError, MeasuredCurve, read_curve
    from cellfem.output.overlay import overlay_run

    try:
        table = MeasuredCurve.model_validate(
            {
                "file": str(curve),
                "x": x,
                "voltage": voltage,
                "x_unit": x_unit,
                "voltage_unit": voltage_unit,
                "series": series,
            }
        )
        measured = read_curve(table, lambda key: f"--{key.replace('_', '-')}")
    except ValidationError as error:
        fail(f"--series: {error.errors()[0]['msg']}")
    except CurveError as error:
        fail(f"{curve} {error}")
    typer.echo(f"{curve}: {measured.understood}")
    with ending():
        found = overlay_run(results, measured, table.series, curve)
    typer.echo(found.sentence)
    for path in found.files:
        typer.echo(str(path))
