"""cellfem submit and cellfem collect: batch jobs that resume themselves, sweeps as job arrays, and what the arrays have found."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace as with_changes
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellfem.campaign.grid import CREEP, Grid, Point, grid_points, parse_axis
from cellfem.campaign.job_runner import exit_code
from cellfem.case import Case, CaseError, load_case, resolved_toml
from cellfem.case.identity import case_hash, differences, files_read, plain_case
from cellfem.cluster.scripts import PLAIN, Job, ScriptError, System, array_script, one_line, point_line, single_script
from cellfem.ending import ending, fail
from cellfem.output.records import write_atomic
from cellfem.results import FolderError, adding
from cellfem.results.lock import holder
from cellfem.results.manifest import read_manifest
from cellfem.units import QuantityError, parse_quantity

if TYPE_CHECKING:
    from cellfem.campaign.sweep_points import Outcome

BY, RESOLVED = "submit", "case.resolved.toml"
OUTPUTS = CASE, SCRIPT, POINTS, PLAN = "job.case.toml", "job.sh", "points.txt", "plan.json"
EXAMPLES = {"slurm": "#SBATCH --mem=8G", "pbs": "#PBS -l place=scatter"}
SHOWN = 3
COMMANDS = {"slurm": "sbatch", "pbs": "qsub"}
SHORTEST_S = 30.0
"""A turn must leave time for more than set-up and a checkpoint."""

Text = str | None


def submit(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the results, on a file system that all nodes share.")],
    time: Annotated[str, typer.Option(help='Wall time of one turn, "2 h"; the job queues itself again until it is done.')],
    nodes: Annotated[int, typer.Option(min=1, help="Nodes.")] = 1,
    tasks: Annotated[int, typer.Option(min=1, help="MPI ranks, all nodes together.")] = 1,
    account: Annotated[str, typer.Option(help="Account to charge.")] = "",
    partition: Annotated[str, typer.Option(help="Partition or queue.")] = "",
    image: Annotated[Text, typer.Option(help="Apptainer image to run in.")] = None,
    container: Annotated[Text, typer.Option(help='What runs a program in a container, as "ch-run ./image --".')] = None,
    launcher: Annotated[
        Text, typer.Option(help='What starts MPI ranks, as "srun --mpi=pmi2"; mpiexec of the installation without it.')
    ] = None,
    setup: Annotated[str, typer.Option(help='A line for the script, as "module load mpich".')] = "",
    option: Annotated[list[str] | None, typer.Option(help='A further line of options, as "#SBATCH --mem=8G".')] = None,
    margin: Annotated[str, typer.Option(help="Time of a turn kept for the last checkpoint and the pictures.")] = "2 min",
    restarts: Annotated[int, typer.Option(min=0, help="Restarts after accidents: a lost node, no memory.")] = 3,
    system: Annotated[str, typer.Option(help="Batch system, slurm or pbs.")] = "slurm",
    grid: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUES", help="An axis of a sweep, as for cellfem sweep; a job array then.")
    ] = None,
    creep: Annotated[Text, typer.Option(metavar="NAMES", help="Creep sets to compare, as for cellfem sweep.")] = None,
    each: Annotated[int, typer.Option(min=1, help="Points of a sweep that one task of the array runs.")] = 1,
    at_a_time: Annotated[
        int, typer.Option(min=0, help="Tasks of the array that run at a time; 0: as many as there is room.")
    ] = 0,
    dry: Annotated[bool, typer.Option("--dry", help="Write the script, submit nothing.")] = False,
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Run this case in place of another one's job or results in the folder.")
    ] = False,
) -> None:
    """Write a batch script and submit it: it runs the case, resumes it after each time limit, and ends when the run is done."""
    if system not in COMMANDS:
        fail(f"--system {system}: is not a known batch system; write slurm or pbs")
    if grid and system == "pbs":
        fail("--grid: job arrays are written for Slurm alone; run cellfem sweep in one job, or submit the points one by one")
    if image and container:
        fail("--image and --container: give one of them")
    turn, kept = _seconds("--time", time), _seconds("--margin", margin)
    if turn - kept < SHORTEST_S:
        fail(f"--time {time}: leaves less than {SHORTEST_S:g} s beside --margin {margin}; ask for more time")
    out = out.resolve()
    script, lines = out / SCRIPT, tuple(option or ())
    texts = {"--account": account, "--partition": partition, "--image": image, "--container": container, "--launcher": launcher}
    with ending():
        for what, text in {"CASE": str(case), "--out": str(out), "--setup": setup, **texts}.items():
            one_line(what, text or "")
        _refuse_words(_system(system), out, account, partition, image, lines)
        job = Job(
            re.sub(r"[^\w.-]", "-", out.name, flags=re.ASCII).lstrip("-.") or "cellfem",
            nodes,
            tasks,
            turn,
            account,
            partition,
            _launcher(tasks, launcher, system, container=bool(image or container)),
            shlex.join(["apptainer", "exec", "--bind", str(out), image]) if image else container or "",
            "cellfem" if image or container else f"{shlex.quote(sys.executable)} -m cellfem.cli",
            setup=setup,
            extra=lines,
            margin=kept,
            most=restarts,
        )
        checked = load_case(case, overrides or ())
        _refuse_other_case(out, checked, replace)
        with adding(out, BY, OUTPUTS, files_read(checked, case), replace):
            # The case as it is now: a file that is edited while the job waits changes nothing.
            write_atomic(out / CASE, resolved_toml(checked, f"from {case}"))
            options = ["--replace"] if replace else []
            if grid or creep:
                count = _write_plan(out, grid or [], creep, options)
                text = array_script(job, out, count, each, at_a_time, script)
            else:
                text = single_script(job, _system(system), out, out / CASE, case_hash(checked), script, options)
            write_atomic(script, text + "\n")
    if dry:
        typer.echo(f"{script} is written, nothing submitted")
        return
    _hand_in(COMMANDS[system], script)


def _refuse_words(system: System, out: Path, account: str, partition: str, image: str | None, options: tuple[str, ...]) -> None:
    """What cannot stand in a line of the batch system. Raises ScriptError."""
    for what, text in (("--account", account), ("--partition", partition)):
        if text and not PLAIN.fullmatch(text):
            raise ScriptError(f"{what} {text}: may hold letters, digits and . / + @ , : = % _ - alone")
    mark = "#SBATCH " if system == "slurm" else "#PBS "
    for line in options:
        if not one_line("--option", line).startswith(mark):
            example = EXAMPLES[system]
            raise ScriptError(f'--option {line}: is not an option of {system}; it begins with "{mark}", as in "{example}"')
    if system == "slurm" and "\\" in str(out):
        raise ScriptError(f"--out {out}: Slurm takes a backslash in the name of a log for its own; give a folder without")
    if image and set(str(out)) & set(":,"):
        raise ScriptError(f"--out {out}: apptainer --bind takes : and , for its own; give a folder without")


def _refuse_other_case(out: Path, case: Case, replace: bool) -> None:
    """The folder may hold a job or results of this very case, or be asked to be replaced. Raises FolderError."""
    if (at_work := holder(out)) is not None:
        who = f"process {at_work.get('pid', '?')} on {at_work.get('host', '?')}"
        raise FolderError(f"{out}: a run is at work in this folder ({who}); wait until it ends, or give another --out")
    known = read_manifest(out)
    if replace or known is None:
        return
    earlier = out / (CASE if CASE in known.files else RESOLVED)
    wanted, done = case_hash(case), known.runs.get("run")
    try:
        was = load_case(earlier)
    except CaseError:
        was = None
    if (done is None or done[1] == wanted) and (was is None or case_hash(was) == wanted):
        return
    changed = [] if was is None else differences(plain_case(was), plain_case(case))
    keys = "; ".join(changed[:SHOWN]) + (f"; and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
    raise FolderError(
        f"{out}: holds a job or results of another case{f' ({keys})' if keys else ''}; give another --out, or --replace to have "
        "this case run in its place"
    )


def collect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a submitted sweep.", show_default=False)],
) -> None:
    """Gather what the tasks of a submitted sweep have found so far: map.csv, map.json and maps, at any time."""
    from cellfem.campaign.sweep import BY as SWEEP
    from cellfem.campaign.sweep import OUTPUTS as MAPS
    from cellfem.campaign.sweep_points import known_outcome

    try:
        plan = _read_plan(folder)
        points = grid_points(plan)
    except (CaseError, OSError, ValueError, KeyError) as error:
        fail(f"{folder}: is not a sweep that cellfem submit has written ({error})")
    told = partial(typer.echo, err=True)
    found: list[Outcome] = [known for point in points if (known := known_outcome(point, folder, told)) is not None]
    with ending(), adding(folder, SWEEP, MAPS, anywhere=True):
        _tell(plan, folder, points, found)
    raise typer.Exit(exit_code(found))


def _tell(plan: Grid, folder: Path, points: Sequence[Point], found: Sequence[Outcome]) -> None:
    """The map of what has ended, and how much that is."""
    from cellfem.campaign.sweep import report
    from cellfem.campaign.sweep_results import write_table

    waiting = [point for point in points if point.name not in {outcome.point.name for outcome in found}]
    write_table(folder / "map.csv", found)
    typer.echo(f"{len(found)} of {len(points)} points have ended" + (f"; missing: {waiting[0].label}" if waiting else ""))
    if len(waiting) > 1:
        typer.echo(f"  and {len(waiting) - 1} more; cellfem status {folder} says how far they are")
    if found:
        report(plan, folder, found)


def _write_plan(out: Path, axes: list[str], creep: str | None, options: list[str]) -> int:
    """points.txt and plan.json of a sweep of the case in `out`; how many points it has. Raises CaseError."""
    parsed = tuple(parse_axis(text) for text in [*axes, *([f"{CREEP}={creep}"] if creep else [])])
    plan = Grid(out / CASE, (), parsed)
    points = grid_points(plan)
    lines = [point_line(out / point.name, out / CASE, case_hash(point.case), point.settings, options) for point in points]
    write_atomic(out / POINTS, "\n".join(lines) + "\n")
    write_atomic(out / PLAN, json.dumps({axis.name: axis.values for axis in parsed}, indent=1) + "\n")
    return len(points)


def _read_plan(folder: Path) -> Grid:
    data: dict[str, Any] = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    axes = (parse_axis(f"{name}={', '.join(values)}") for name, values in data.items())
    return Grid(folder / CASE, (), tuple(with_changes(axis, values=tuple(data[axis.name])) for axis in axes))


def _launcher(tasks: int, given: str | None, system: str, container: bool) -> str:
    """What starts the ranks. Raises nothing: a launcher that does not fit is found out by the run itself."""
    if given is not None:
        return f"{given} -n {tasks}" if given else ""
    if tasks == 1:
        return ""
    if container:
        return f"srun --mpi=pmi2 -n {tasks}" if system == "slurm" else f"mpiexec -n {tasks}"
    from cellfem.launch import mpiexec

    return f"{shlex.quote(str(mpiexec() or 'mpiexec'))} -n {tasks}"


def _hand_in(command: str, script: Path) -> None:
    if shutil.which(command) is None:
        fail(f"{command} is not here: {script} is written; submit it by {command} {script} where the batch system is")
    done = subprocess.run([command, str(script)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(f"{command} {script}: {(done.stderr or done.stdout).strip()}")
    typer.echo(done.stdout.strip())
    typer.echo(f"cellfem status {script.parent} says how far it is")


def _seconds(option: str, text: str) -> float:
    try:
        return parse_quantity(text, "s")
    except QuantityError as error:
        fail(f"{option}: {error}")


def _system(name: str) -> System:
    return "pbs" if name == "pbs" else "slurm"
