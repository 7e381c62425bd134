"""The command line: check, mesh, run, doctor. Exit codes: 0 done, 2 bad case, 3 solver gave up, 4 stopped from outside."""

import errno
import json
import os
import shlex
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

from cellfem.pipes import outlive_readers
from cellfem.signals import listen

if __name__ == "__main__" or sys.argv[0].endswith("cellfem"):
    outlive_readers()
    listen(sys.argv)  # before the imports below, which take seconds

import typer
from rich.console import Console

import cellfem
from cellfem import doctor as diagnosis
from cellfem.campaign.command import sweep
from cellfem.campaign.penetration import penetration
from cellfem.campaign.sensitivity_command import sensitivity
from cellfem.campaign.window import window
from cellfem.case import Case, CaseError, json_schema, load_case, resolved_toml, warnings
from cellfem.case.identity import files_read
from cellfem.cluster.estimate import estimate
from cellfem.cluster.status import status
from cellfem.cluster.submit import collect, submit
from cellfem.commands.impedance import impedance
from cellfem.commands.overlay import overlay
from cellfem.commands.press import press
from cellfem.flaw.command import flaw
from cellfem.results import FolderError, new_file
from cellfem.results.options import Replace
from cellfem.scene.command import render, scene
from cellfem.units import QuantityError, parse_quantity

if TYPE_CHECKING:
    from cellfem.run import Result

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=cellfem.__doc__)

DONE, BAD_CASE, GAVE_UP, STOPPED = 0, 2, 3, 4
EXIT_CODES = {"done": DONE, "stop": DONE, "gave up": GAVE_UP, "interrupted": STOPPED}
RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""What launchers set: the rank is known before MPI starts, so that messages are said once."""

CasePath = Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help='Override a key, as in --set protocol.0.pressure="2 MPa"; as often as wanted.'
    ),
]
Ranks = Annotated[int, typer.Option("-n", min=1, help="MPI ranks to start.")]
ReplaceFile = Annotated[bool, typer.Option("--replace", help="Overwrite a file that cellfem did not write.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress on the terminal.")]
MaxTime = Annotated[
    str | None,
    typer.Option("--max-time", metavar="TIME", help='Stop by itself, with a checkpoint, within this wall time: "2 h".'),
]
PROGRESS_S = 10.0
ProgressEvery = Annotated[float, typer.Option("--progress", metavar="SECONDS", min=0.0, help="Between two lines in a batch log.")]


@app.command()
def check(
    case: Annotated[Path | None, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)] = None,
    overrides: Overrides = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of case files, for editors.")] = False,
) -> None:
    """Check a case and print it with all defaults; nothing is meshed."""
    if schema:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    elif case is None:
        _fail("check needs a case: write cellfem check CASE, or cellfem check --schema")
    else:
        checked = _load(case, overrides)
        _note(checked)
        print(resolved_toml(checked), end="")


@app.command()
def mesh(
    case: CasePath,
    out: Annotated[Path, typer.Option("--out", help="The mesh file to write.")] = Path("mesh.msh"),
    overrides: Overrides = None,
    replace: ReplaceFile = False,
) -> None:
    """Make the mesh of a case alone: lithium, void and LLZO in true geometry, for gmsh, ParaView or another run."""
    checked = _load(case, overrides)
    _note(checked)
    from cellfem.geometry import MeshError, write_msh
    from cellfem.geometry.files import is_ours
    from cellfem.output.formatting import cannot_write
    from cellfem.run.prepare import stack_of

    try:
        new_file(out, files_read(checked, case), is_ours(out), replace)
        stack = stack_of(checked)
        write_msh(stack, out)
    except (MeshError, FolderError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(cannot_write(error))
    print(f"{out}: {len(stack.points)} nodes, {len(stack.cells)} {stack.cell_name}")


@app.command()
def surface(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|CASE", help="A file of heights, or a case with a rough face.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The picture to write (PNG).")] = Path("surface.png"),
    overrides: Overrides = None,
    replace: ReplaceFile = False,
) -> None:
    """Show a rough face: rms, slopes, spectrum, picture; a file as the table roughness reads it, with --set roughness.unit=nm."""
    from cellfem.geometry import MeshError
    from cellfem.output.style import is_ours
    from cellfem.run.surface import draw, files_of, read_surface, report

    try:
        new_file(out, files_of(path, overrides or []), is_ours(out), replace)
        reading = read_surface(path, overrides or [])
        draw(reading, out)
    except (CaseError, MeshError, FolderError, OSError) as error:
        _fail(str(error))
    print("\n".join([*report(reading), f"picture: {out}"]))


@app.command()
def run(
    case: CasePath,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; results/NAME without it.")] = None,
    overrides: Overrides = None,
    ranks: Ranks = 1,
    quiet: Quiet = False,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", metavar="TIME", help='Short for --set output.checkpoint="TIME"; or off.')
    ] = None,
    max_time: MaxTime = None,
    progress: ProgressEvery = PROGRESS_S,
    replace: Replace = False,
) -> None:
    """Run a case: records, ParaView files, pictures and a verdict in one folder."""
    overrides = [*(overrides or []), *([f"output.checkpoint={checkpoint}"] if checkpoint else [])]
    checked = _load(case, overrides, {"output.checkpoint": "--checkpoint"} if checkpoint else {})
    limit = _seconds("--max-time", max_time)
    folder = out or Path("results") / _name(case)
    if ranks > 1:
        words = ["run", str(case), "--out", str(folder), *(word for item in overrides for word in ("--set", item))]
        words += ["--replace"] if replace else []
        raise typer.Exit(_start_ranks(ranks, [*words, *_pace_words(quiet, max_time, progress)]))
    from cellfem.run import Pace, run_case

    if _first_rank() and not quiet:
        _note(checked)
    _show(lambda: run_case(checked, folder, quiet, pace=Pace(limit, progress), path=case, replace=replace), folder)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The results of a run that was stopped.", show_default=False)],
    ranks: Ranks = 1,
    quiet: Quiet = False,
    max_time: MaxTime = None,
    progress: ProgressEvery = PROGRESS_S,
) -> None:
    """Go on with a run from its newest checkpoint, on any number of ranks; records and fields are appended to."""
    limit = _seconds("--max-time", max_time)
    if ranks > 1:
        raise typer.Exit(_start_ranks(ranks, ["resume", str(folder), *_pace_words(quiet, max_time, progress)]))
    from cellfem.run import Pace, resume_run

    _show(lambda: resume_run(folder, quiet, pace=Pace(limit, progress)), folder)


def _show(start: Callable[[], "Result"], folder: Path) -> NoReturn:
    """Run, print what came of it, and leave with the exit code that belongs to it."""
    from cellfem.checkpoint import CheckpointError
    from cellfem.form_cache import FormError
    from cellfem.geometry import MeshError
    from cellfem.output.formatting import cannot_write
    from cellfem.output.summary import show
    from cellfem.results.lock import BusyError
    from cellfem.run.write_errors import CannotWriteError

    try:
        result = start()
    except (CaseError, MeshError, CheckpointError, FolderError, BusyError) as error:
        _fail(str(error))
    except CannotWriteError as error:
        _fail(str(error), GAVE_UP if error.again else BAD_CASE)
    except FormError as error:
        _fail(str(error), GAVE_UP)
    except Exception as error:
        _end_other_ranks(error)
        if isinstance(error, OSError):
            _fail(cannot_write(error))
        raise
    if result.files:
        try:
            show(Console(highlight=False), result.summary, result.files)
        except OSError as error:  # of the terminal or pipe; the results are in their files
            typer.echo(_not_printed(error), err=True)
    if result.end.kind == "interrupted" and _first_rank():
        typer.echo(_how_to_go_on(folder), err=True)
    raise typer.Exit(EXIT_CODES[result.end.kind])


def _how_to_go_on(folder: Path) -> str:
    from cellfem.run.checkpoints import FOLDER, START, numbered

    if numbered(folder) or (folder / FOLDER / START).exists():
        return f"stopped; to go on: cellfem resume {shlex.quote(str(folder))}"
    return "stopped before there was a checkpoint: start it anew"


app.command()(sweep)
app.command()(sensitivity)
app.command()(impedance)
app.command()(press)
app.command()(overlay)
app.command()(flaw)
app.command()(penetration)
app.command()(window)
app.command()(scene)
app.command()(render)
app.command()(submit)
app.command()(collect)
app.command()(status)
app.command()(estimate)


@app.command()
def doctor() -> None:
    """Check compiler, Python, system libraries, MPI, graphics and caches; each finding in one sentence, with the remedy."""
    raise typer.Exit(diagnosis.main())


@app.command()
def version() -> None:
    """Print the version."""
    print(cellfem.__version__)


def _name(case: Path) -> str:
    path = case.resolve()
    return path.name if path.is_dir() else path.parent.name if path.name == "case.toml" else path.stem


def _load(path: Path, overrides: list[str] | None, options: Mapping[str, str] | None = None) -> Case:
    """options: those that stand for a key; what is wrong with the key is told of the option."""
    try:
        return load_case(path, overrides or ())
    except CaseError as error:
        lines = [line.split(": ", 1) for line in error.errors]
        _fail("\n".join(": ".join([(options or {}).get(key, key), *rest]) for key, *rest in lines))


def _note(checked: Case) -> None:
    for warning in warnings(checked):
        typer.echo(f"note: {warning}", err=True)


def _fail(text: str, code: int = BAD_CASE) -> NoReturn:
    if _first_rank():
        typer.echo(text, err=True)
    raise typer.Exit(code)


def _end_other_ranks(error: Exception) -> None:
    """An error that one rank alone has met would leave the others waiting for it for ever."""
    from cellfem.backend import MPI

    if MPI.COMM_WORLD.size > 1:
        traceback.print_exception(error)
        MPI.COMM_WORLD.Abort(1)


def _first_rank() -> bool:
    return all(os.environ.get(name, "0") == "0" for name in RANK_VARIABLES)


def _seconds(option: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = parse_quantity(text, "s")
    except QuantityError as error:
        _fail(f"{option}: {error}")
    if not seconds > 0:
        _fail(f'{option}: {text} is no time to run in; write for example {option} "2 h"')
    return seconds


def _pace_words(quiet: bool, max_time: str | None, progress: float) -> list[str]:
    limit = ["--max-time", max_time] if max_time else []
    return [*limit, "--progress", str(progress), *(["--quiet"] if quiet else [])]


def _start_ranks(ranks: int, words: list[str]) -> int:
    """The same command on `ranks` MPI ranks; its exit code."""
    from cellfem.launch import LaunchError, check, run_on_ranks

    try:
        if note := check(ranks):
            typer.echo(f"note: {note}", err=True)
        return run_on_ranks(ranks, words, STOPPED)
    except LaunchError as error:
        _fail(str(error))


def main() -> NoReturn:
    """The command line. A name that is no text, or a standard output that takes nothing, ends it in a sentence."""
    for word in sys.argv[1:]:
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            _end(f"{word!a}: is not written in UTF-8, as names must be here; rename it, or give another")
    code: object = 0
    problem: OSError | None = None
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        problem = error
    try:
        sys.stdout.flush()
    except OSError as error:
        problem = problem or error
    if problem is not None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  nothing is tried again at exit
        print(_not_printed(problem), file=sys.stderr)
    raise SystemExit(code or (GAVE_UP if problem else 0))


def _not_printed(error: OSError) -> str:
    return f"standard output takes nothing more ({error.strerror}): what was to be printed is lost, files are as they should be"


def _end(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(BAD_CASE)


if __name__ == "__main__":
    main()
