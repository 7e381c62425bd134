"""cellfem penetration: effect of pressure alone on flaws, compared with measured times to a short."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.campaign.penetration import NOTE, OUTPUTS, TimeToShort, measured_slope, measured_times
from cellfem.commands.shared import Replace
from cellfem.ending import ending, fail
from cellfem.materials import electrolyte
from cellfem.materials.parameters import UnknownMaterialError
from cellfem.physics.penetration import opened_length


def penetration(
    out: Annotated[Path, typer.Option(help="Folder for penetration.json and penetration.png.")] = Path("results/penetration"),
    material: Annotated[str, typer.Option(metavar="NAME", help="Electrolyte whose toughness resists the pressure.")] = "Li6PS5Cl",
    replace: Replace = False,
) -> None:
    """Pressure without current: flaws that it opens and times to creep through them, over measured times to a short."""
    try:
        properties = electrolyte(material)
    except UnknownMaterialError as error:
        fail(f"--material: {error}")
    from cellfem.campaign.penetration_report import penetration_report

    with ending():
        results = penetration_report(out, material, properties.fracture_toughness, replace)
    for measured in measured_times():
        typer.echo(f"{measured.pressure:g} MPa: {_words(measured)}; {_opened(measured.pressure, properties.fracture_toughness)}")
    for result in results:
        small = "" if result.grain is None else f", grains of {result.grain:g} µm"
        low, high = min(result.implied.values()), max(result.implied.values())
        typer.echo(
            f"{result.name}{small}: t ∝ P^{result.slope:.2f} (measured {measured_slope():.2f}); the measured times imply "
            f"channels {low:.0f} to {high:.0f} times as long as their half-opening; one of {result.middle:.0f} takes "
            f"{result.times_h[75.0]:.2g} h at 75 MPa and {result.times_h[5.0]:.2g} h at 5 MPa"
        )
    typer.echo(NOTE)
    for name in OUTPUTS:
        typer.echo(str(out / name))


def _words(measured: TimeToShort) -> str:
    if not measured.censored:
        return f"shorted after {measured.hours:g} h"
    return "shorted at once" if measured.hours == 0 else f"no short within {measured.hours:g} h"


def _opened(pressure: float, toughness: float) -> str:
    return f"opens filled flaws longer than {float(opened_length(pressure, toughness)):.2g} µm"
