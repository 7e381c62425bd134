"""cellfem flaw: does a lithium-filled flaw in the electrolyte crack, from which current, and how
far."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.commands.shared import CasePath, Overrides, Replace
from cellfem.ending import ending
from cellfem.measured import distance_text


def flaw(
    case: CasePath,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; default: results/NAME-flaw.")] = None,
    overrides: Overrides = None,
    critical: Annotated[bool, typer.Option(help="Find the current at which the crack grows.")] = True,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUES",
            help='Critical current for several values of a key: --vary resolved_flaw.length="1,2,5 um"; repeatable.',
        ),
    ] = None,
    growth: Annotated[
        bool, typer.Option("--grow", help="Let the crack grow at the current of the case until growth ends.")
    ] = False,
    replace: Replace = False,
) -> None:
    """A resolved flaw full of lithium while plating: pressure, current and K_I in it, critical current, growth."""
    from cellfem.flaw.study import flaw_study_of, study_flaw

    with ending():
        asked = flaw_study_of(case, overrides or (), vary or (), critical=critical, growth=growth)
        found = study_flaw(asked, out or Path("results") / f"{_name(case)}-flaw", replace, typer.echo)
    typer.echo(found.text)
    typer.echo(distance_text("dendrite"))
    for shows, path in found.files.items():
        typer.echo(f"{shows}: {path}")


def _name(case: Path) -> str:
    path = case.resolve()
    return path.parent.name if path.name == "case.toml" else path.stem
