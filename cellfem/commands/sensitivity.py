"""cellfem sensitivity: dependence of the verdict on the parameters of a case, one at a time and
over all their ranges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.case import CaseError
from cellfem.commands.shared import CasePath, Overrides, Replace, plain_table
from cellfem.ending import ending


def sensitivity(
    case: CasePath,
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command continues a stopped study.")],
    factors: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Some of f_c,k_n,length,delta,p_half,D,asr_spread,creep."),
    ] = None,
    span: Annotated[
        list[str] | None,
        typer.Option(
            "--range",
            metavar="NAME=LOW,HIGH",
            help="Range of a factor: relative to the case's value, for example --range D=0.5,10; asr_spread: absolute.",
        ),
    ] = None,
    screening: Annotated[
        int,
        typer.Option(min=0, help="Points of a screening over all ranges (Morris); each takes one run per factor and one more."),
    ] = 4,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time.")] = 2,
    retry: Annotated[bool, typer.Option("--retry", help="Repeat the runs in which the solver gave up.")] = False,
    overrides: Overrides = None,
    replace: Replace = False,
) -> None:
    """Vary what is not known well, and show what contact, carrying fraction, time to failure and voltage owe to each."""
    from cellfem.campaign.find_sensitivity import find_sensitivity
    from cellfem.campaign.job_runner import exit_code
    from cellfem.campaign.sensitivity import table

    names = [name.strip() for name in (factors or "").split(",") if name.strip()]
    with ending():
        found = find_sensitivity(
            case, out, names, _ranges(span or []), screening, jobs, overrides or [], retry=retry, replace=replace
        )
    headings, *rows = table(found.effects)
    plain_table(headings, rows)
    for path in found.files:
        typer.echo(str(path))
    raise typer.Exit(exit_code(found.runs))


def _ranges(texts: list[str]) -> dict[str, tuple[float, float]]:
    """NAME=LOW,HIGH as numbers. Raises CaseError."""
    found = {}
    for text in texts:
        name, _, ends = text.partition("=")
        try:
            low, high = (float(end) for end in ends.split(","))
        except ValueError as error:
            raise CaseError([f'--range "{text}": is not a range; write for example --range D=0.5,10']) from error
        found[name.strip()] = (low, high)
    return found
