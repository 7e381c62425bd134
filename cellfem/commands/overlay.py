"""cellfem overlay: a measured voltage curve over a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.ending import fail
from cellfem.errors import CellfemError
from cellfem.results import adding

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
        fail(f"{curve} {error}")
    except ValidationError as error:
        fail(f"--series: {error.errors()[0]['msg']}")
    except CellfemError as error:
        fail(str(error))
    except (OSError, ValueError) as error:
        fail(f"{results}: {error}")
    typer.echo(str(verdict(found)["text"]))
    for name in OUTPUTS:
        typer.echo(str(results / name))
