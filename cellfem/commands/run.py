"""cellfem run and cellfem resume: one run, on any number of ranks."""

from __future__ import annotations

import shlex
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cellfem.commands.shared import AsJson, CasePath, Overrides, Replace, load, note, print_json, quantity
from cellfem.ending import ending, fail, first_rank
from cellfem.errors import CellfemError, ExitCode
from cellfem.formatting import not_printed

if TYPE_CHECKING:
    from cellfem.runner import Result

EXIT_CODES = {
    "done": ExitCode.DONE,
    "stop": ExitCode.DONE,
    "gave up": ExitCode.GAVE_UP,
    "interrupted": ExitCode.STOPPED,
}
"""Exit codes by the kind of a run's end."""

Ranks = Annotated[int, typer.Option("-n", "--ranks", min=1, help="MPI ranks to start.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on the terminal.")]
MaxTime = Annotated[
    str | None,
    typer.Option("--max-time", metavar="TIME", help='Stop with a checkpoint within this wall time: "2 h".'),
]
PROGRESS = "10 s"
ProgressEvery = Annotated[
    str, typer.Option("--progress", metavar="TIME", help="Time between two lines in a batch log; 0 s: every step.")
]


def run(
    case: CasePath,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; default: results/NAME.")] = None,
    overrides: Overrides = None,
    ranks: Ranks = 1,
    quiet: Quiet = False,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", metavar="TIME", help='Short for --set output.checkpoint="TIME"; or off.')
    ] = None,
    max_time: MaxTime = None,
    progress: ProgressEvery = PROGRESS,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Run a case: records, ParaView files, pictures and a verdict in one folder."""
    overrides = [*(overrides or []), *([f"output.checkpoint={checkpoint}"] if checkpoint else [])]
    checked = load(case, overrides, {"output.checkpoint": "--checkpoint"} if checkpoint else {})
    limit, every = _seconds("--max-time", max_time), quantity("--progress", progress, "s", 0.0)
    folder = out or Path("results") / _name(case)
    if ranks > 1:
        words = ["run", str(case), "--out", str(folder), *(word for item in overrides for word in ("--set", item))]
        words += ["--replace"] if replace else []
        raise typer.Exit(_start_ranks(ranks, [*words, *_pace_words(quiet, max_time, progress, as_json)]))
    from cellfem.runner import Pace, run_case

    if first_rank() and not quiet:
        note(checked)
    _show(lambda: run_case(checked, folder, quiet, pace=Pace(limit, every), path=case, replace=replace), folder, as_json)


def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The results of a run that was stopped.", show_default=False)],
    ranks: Ranks = 1,
    quiet: Quiet = False,
    max_time: MaxTime = None,
    progress: ProgressEvery = PROGRESS,
    as_json: AsJson = False,
) -> None:
    """Go on with a run from its newest checkpoint, on any number of ranks; records and fields are appended to."""
    limit, every = _seconds("--max-time", max_time), quantity("--progress", progress, "s", 0.0)
    if ranks > 1:
        raise typer.Exit(_start_ranks(ranks, ["resume", str(folder), *_pace_words(quiet, max_time, progress, as_json)]))
    from cellfem.runner import Pace, resume_run

    _show(lambda: resume_run(folder, quiet, pace=Pace(limit, every)), folder, as_json)


def _show(start: Callable[[], Result], folder: Path, as_json: bool) -> NoReturn:
    """Run, print the result, and exit with its exit code."""
    from rich.console import Console

    from cellfem.output.summary import show

    with ending():
        try:
            result = start()
        except Exception as error:
            if not isinstance(error, CellfemError):  # the same on every rank
                _end_other_ranks(error)
            raise
    if result.files:
        try:
            if as_json:
                print_json({**result.summary, "files": result.files})
            else:
                show(Console(highlight=False), result.summary, result.files)
        except OSError as error:  # standard output is closed; the results are in their files
            typer.echo(not_printed(error), err=True)
    if result.end.kind == "interrupted" and first_rank():
        typer.echo(_how_to_go_on(folder), err=True)
    raise typer.Exit(EXIT_CODES[result.end.kind])


def _how_to_go_on(folder: Path) -> str:
    from cellfem.runner.checkpoints import FOLDER, START, numbered

    if numbered(folder) or (folder / FOLDER / START).exists():
        return f"stopped; to continue: cellfem resume {shlex.quote(str(folder))}"
    return "stopped before the first checkpoint: start it again"


def _name(case: Path) -> str:
    path = case.resolve()
    return path.name if path.is_dir() else path.parent.name if path.name == "case.toml" else path.stem


def _end_other_ranks(error: Exception) -> None:
    """End the other ranks after an error on one rank: they would wait for it forever."""
    from cellfem.backend import MPI

    if MPI.COMM_WORLD.size > 1:
        traceback.print_exception(error)
        MPI.COMM_WORLD.Abort(1)


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    seconds = quantity(option, text, "s")
    if not seconds > 0:
        fail(f'{option}: {text} is not a wall time; write for example {option} "2 h"')
    return seconds


def _pace_words(quiet: bool, max_time: str | None, progress: str, as_json: bool) -> list[str]:
    limit = ["--max-time", max_time] if max_time else []
    return [*limit, "--progress", progress, *(["--quiet"] if quiet else []), *(["--json"] if as_json else [])]


def _start_ranks(ranks: int, words: list[str]) -> int:
    """Run the same command on `ranks` MPI ranks; returns its exit code."""
    from cellfem.launch import check, run_on_ranks

    with ending():
        if note := check(ranks):
            typer.echo(f"note: {note}", err=True)
        return run_on_ranks(ranks, words, ExitCode.STOPPED)
