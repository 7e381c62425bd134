"""cellfem overlay: a measured voltage curve over a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cellfem.results import FolderError, adding

BAD_INPUT = 2
OUTPUTS = ("measured.png", "measured.json")


def overlay(
    results: Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)],
    curve: Annotated[
        Path,
        typer.Argument(
            help="Text of a cycler (csv, .txt, .mpt, .DTA), units in its header: time (h), voltage (mV).", show_default=False
        ),
    ],
    x: Annotated[str | None, typer.Option(help="Header of the column of time or areal capacity.")] = None,
    voltage: Annotated[str | None, typer.Option(help="Header of the column of voltage.")] = None,
    x_unit: Annotated[str | None, typer.Option(help="Unit of x, where its header does not tell.")] = None,
    voltage_unit: Annotated[str | None, typer.Option(help="Unit of the voltage, where its header does not tell.")] = None,
    series: Annotated[str, typer.Option(help="Resistance of what the cell has and the model has not.")] = "0 ohm*cm^2",
) -> None:
    """Lay a measured voltage curve over a run: measured.png and measured.json in its folder, with the rms difference."""
    from pydantic import ValidationError

    from cellfem.case.measured_curve import CurveError, MeasuredCurve, read_curve
    from cellfem.output.comparison import verdict
    from cellfem.output.overlay import lay_over
    from cellfem.output.records import RecordsError

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
        typer.echo(f"{curve}: {measured.understood}")
        with adding(results, "run", OUTPUTS, {"the curve": curve, "records.csv": results / "records.csv"}, anywhere=True):
            found = lay_over(results, measured, table.series)
    except CurveError as error:
        _fail(f"{curve} {error}")
    except ValidationError as error:
        _fail(f"--series: {error.errors()[0]['msg']}")
    except (RecordsError, FolderError) as error:
        _fail(str(error))
    except (OSError, ValueError) as error:
        _fail(f"{results}: {error}")
    typer.echo(str(verdict(found)["text"]))
    for name in OUTPUTS:
        typer.echo(str(results / name))


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(BAD_INPUT)
