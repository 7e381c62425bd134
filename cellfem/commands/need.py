"""cellfem need: the pressure, temperature or time that an interface needs, as one sentence with its band."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.commands.shared import AsJson, CasePath, Overrides, Replace, end_with_need
from cellfem.ending import ending


def need(
    case: CasePath,
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command continues a stopped search.")],
    current: Annotated[
        str | None, typer.Option(metavar="CURRENT", help='Current of all steps that carry one, as in "1 mA/cm^2".')
    ] = None,
    asr: Annotated[
        str | None, typer.Option(metavar="RESISTANCE", help='Ask for this at the end: "50 ohm*cm^2", or "120 ohm" of the cell.')
    ] = None,
    contact: Annotated[float | None, typer.Option(help="Ask for this share of the interface in contact at the end.")] = None,
    life: Annotated[str | None, typer.Option(metavar="TIME", help='Ask for contact through this time: "10 h".')] = None,
    vary: Annotated[str, typer.Option(metavar="NAME", help="What is looked for: pressure, temperature or time.")] = "pressure",
    creep: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Creep sets of the band; anand_narayan_steady,lepage,masias without it.")
    ] = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="Each choice of the model at both ends of its range, too (9 more searches).")
    ] = False,
    low: Annotated[str | None, typer.Option("--from", metavar="VALUE", help="Lowest value to try.")] = None,
    high: Annotated[str | None, typer.Option("--to", metavar="VALUE", help="Highest value to try.")] = None,
    precision: Annotated[float, typer.Option(min=1e-3, max=1.0, help="Relative width of each answer.")] = 0.1,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 2,
    overrides: Overrides = None,
    as_json: AsJson = False,
    replace: Replace = False,
) -> None:
    """Find what an interface needs to keep contact: bisection over pressure for each creep set, the answer in one sentence.

    Without --asr, --contact or --life: that no stop condition on contact is met through the protocol.
    """
    from cellfem.campaign.run_need import run_need

    names = None if creep is None else [name.strip() for name in creep.split(",") if name.strip()]
    with ending():
        found, files = run_need(
            case, out, current, asr, contact, life, vary, names, choices, (low, high), precision, jobs, overrides or [], replace
        )
    end_with_need(found, files, as_json)
