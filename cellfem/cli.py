"""The command line: check, mesh, run, doctor. Exit codes: 0 done, 2 bad case, 3 solver gave up, 4 stopped from outside."""

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

import cellfem
from cellfem import doctor as diagnosis
from cellfem.campaign.command import sweep
from cellfem.campaign.penetration import penetration
from cellfem.campaign.sensitivity_command import sensitivity
from cellfem.campaign.window import window
from cellfem.case import Case, CaseError, json_schema, load_case, resolved_toml, warnings
from cellfem.commands.impedance import impedance
from cellfem.commands.overlay import overlay
from cellfem.commands.press import press
from cellfem.flaw.command import flaw
from cellfem.scene.command import render, scene

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
        print(resolved_toml(_load(case, overrides)), end="")


@app.command()
def mesh(
    case: CasePath,
    out: Annotated[Path, typer.Option("--out", help="The mesh file to write.")] = Path("mesh.msh"),
    overrides: Overrides = None,
) -> None:
    """Make the mesh of a case alone: lithium, void and LLZO in true geometry, for gmsh, ParaView or another run."""
    checked = _load(case, overrides)
    from cellfem.geometry import MeshError, write_msh
    from cellfem.output.words import cannot_write
    from cellfem.run.prepare import stack_of

    try:
        stack = stack_of(checked)
        write_msh(stack, out)
    except MeshError as error:
        _fail(str(error))
    except OSError as error:
        _fail(cannot_write(error))
    print(f"{out}: {len(stack.points)} nodes, {len(stack.cells)} triangles")


@app.command()
def surface(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|CASE", help="A file of heights, or a case with a rough face.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The picture to write (PNG).")] = Path("surface.png"),
    overrides: Overrides = None,
) -> None:
    """Show a rough face: rms, slopes, spectrum, picture; a file as [roughness] reads it, with --set roughness.unit=nm."""
    from cellfem.geometry import MeshError
    from cellfem.run.surface import draw, read_surface, report

    try:
        reading = read_surface(path, overrides or [])
        draw(reading, out)
    except (CaseError, MeshError, OSError) as error:
        _fail(str(error))
    print("\n".join([*report(reading), f"picture: {out}"]))


@app.command()
def run(
    case: CasePath,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results; results/NAME without it.")] = None,
    overrides: Overrides = None,
    ranks: Annotated[int, typer.Option("-n", min=1, help="MPI ranks to start.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on the terminal.")] = False,
) -> None:
    """Run a case: records, ParaView files, pictures and a verdict in one folder."""
    checked = _load(case, overrides)
    folder = out or Path("results") / _name(case)
    if ranks > 1:
        raise typer.Exit(_start_ranks(ranks, case, folder, overrides or [], quiet))
    from cellfem.geometry import MeshError
    from cellfem.output.summary import show
    from cellfem.output.words import cannot_write
    from cellfem.run import run_case

    if _first_rank() and not quiet:
        for warning in warnings(checked):
            typer.echo(f"note: {warning}", err=True)
    try:
        result = run_case(checked, folder, quiet)
    except MeshError as error:
        _fail(str(error))
    except Exception as error:
        _end_other_ranks(error)
        if isinstance(error, OSError):
            _fail(cannot_write(error))
        raise
    if result.files:
        show(Console(highlight=False), result.summary, result.files)
    raise typer.Exit(EXIT_CODES[result.end.kind])


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


def _load(path: Path, overrides: list[str] | None) -> Case:
    try:
        return load_case(path, overrides or ())
    except CaseError as error:
        _fail(str(error))


def _fail(text: str) -> NoReturn:
    if _first_rank():
        typer.echo(text, err=True)
    raise typer.Exit(BAD_CASE)


def _end_other_ranks(error: Exception) -> None:
    """An error that one rank alone has met would leave the others waiting for it for ever."""
    from cellfem.backend import MPI

    if MPI.COMM_WORLD.size > 1:
        traceback.print_exception(error)
        MPI.COMM_WORLD.Abort(1)


def _first_rank() -> bool:
    return all(os.environ.get(name, "0") == "0" for name in RANK_VARIABLES)


def _start_ranks(ranks: int, case: Path, folder: Path, overrides: list[str], quiet: bool) -> int:
    """The same command on `ranks` MPI ranks; its exit code. SIGTERM is passed on, Ctrl-C reaches the ranks by itself."""
    launcher = diagnosis.mpiexec()
    if launcher is None:
        _fail(
            "-n needs mpiexec, and none was found: install the package dolfinx-solver-real, "
            "or start cellfem under your MPI's launcher"
        )
    command = [str(launcher), "-n", str(ranks), sys.executable, "-m", "cellfem.cli", "run", str(case), "--out", str(folder)]
    command += [word for override in overrides for word in ("--set", override)] + (["--quiet"] if quiet else [])
    with subprocess.Popen(command) as started:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, _: started.send_signal(number))
        return started.wait()


if __name__ == "__main__":
    app()
