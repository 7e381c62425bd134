"""Batch jobs that resume themselves, sweeps as job arrays, and collection of their results."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellfem.campaign.grid import CREEP, Grid, Point, grid_points, parse_axis
from cellfem.case import Case, CaseError, load_case, resolved_toml
from cellfem.case.identity import case_hash, differences, files_read, plain_case
from cellfem.cluster.scripts import PLAIN, Job, ScriptError, System, array_script, one_line, point_line, single_script
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
"""Shortest useful turn (s): it must leave time beyond set-up and a checkpoint."""


@dataclass(frozen=True)
class JobRequest:
    """Options of `cellfem submit`, as text.

    time, margin: wall time of one turn, and its reserve for the last checkpoint, with units. out:
    on a file system shared by all nodes. axes, creep: of a sweep, which becomes a job array; each:
    points per task; at_a_time: most tasks that run at once, 0 for no limit.
    """

    out: Path
    time: str
    system: str = "slurm"
    nodes: int = 1
    tasks: int = 1
    account: str = ""
    partition: str = ""
    image: str | None = None
    container: str | None = None
    launcher: str | None = None
    setup: str = ""
    options: tuple[str, ...] = ()
    margin: str = "2 min"
    restarts: int = 3
    axes: tuple[str, ...] = ()
    creep: str | None = None
    each: int = 1
    at_a_time: int = 0

    @property
    def batch_system(self) -> System:
        return "pbs" if self.system == "pbs" else "slurm"


@dataclass(frozen=True)
class WrittenJob:
    """A batch script, ready to be submitted. points: number of points of a sweep; 1 for a single
    case."""

    script: Path
    system: System
    points: int


@dataclass(frozen=True)
class Collected:
    """Results of a submitted sweep so far. points: number of all points; waiting: those that have
    not ended; lines: summary of the map; files: the map and its pictures."""

    points: int
    outcomes: tuple[Outcome, ...]
    waiting: tuple[Point, ...]
    lines: tuple[str, ...]
    files: tuple[Path, ...]


def write_job(case: Path, asked: JobRequest, overrides: Sequence[str] = (), replace: bool = False) -> WrittenJob:
    """Write the script of a job that runs a case, or the points of a sweep of it, into the folder
    of its results.

    replace: run this case in place of another one's job or results there. Raises ScriptError for
    invalid options, CaseError, FolderError and OSError.
    """
    turn, kept = _turn(asked)
    out, script = asked.out.resolve(), asked.out.resolve() / SCRIPT
    _refuse_words(case, out, asked)
    job = _job(asked, out, turn, kept)
    checked, count = load_case(case, overrides), 1
    _refuse_other_case(out, checked, replace)
    with adding(out, BY, OUTPUTS, files_read(checked, case), replace):
        # The case as it is now: later edits of the file do not affect the waiting job.
        write_atomic(out / CASE, resolved_toml(checked, f"from {case}"))
        options = ["--replace"] if replace else []
        if asked.axes or asked.creep:
            count = _write_plan(out, asked.axes, asked.creep, options)
            text = array_script(job, out, count, asked.each, asked.at_a_time, script)
        else:
            text = single_script(job, asked.batch_system, out, out / CASE, case_hash(checked), script, options)
        write_atomic(script, text + "\n")
    return WrittenJob(script, asked.batch_system, count)


def submit_job(job: WrittenJob) -> str:
    """Submit the script; returns the answer of the batch system. Raises ScriptError."""
    command, script = COMMANDS[job.system], job.script
    if shutil.which(command) is None:
        raise ScriptError(
            f"{command} was not found on this machine; {script} is written: submit it with {command} {script} on the cluster"
        )
    done = subprocess.run([command, str(script)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ScriptError(f"{command} {script}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def collect_sweep(folder: Path, tell: Callable[[str], None] = lambda _: None) -> Collected:
    """Collect the results so far of a submitted sweep into map.csv, map.json and maps.

    tell: called with a line for each point whose results cannot be read. Raises ScriptError if the
    folder contains no submitted sweep, FolderError and OSError.
    """
    from cellfem.campaign.sweep import BY as SWEEP
    from cellfem.campaign.sweep import OUTPUTS as MAPS
    from cellfem.campaign.sweep import report
    from cellfem.campaign.sweep_points import known_outcome
    from cellfem.campaign.sweep_results import write_table

    try:
        plan = _read_plan(folder)
        points = grid_points(plan)
    except (CaseError, OSError, ValueError, KeyError) as error:
        raise ScriptError(f"{folder}: is not a sweep that cellfem submit has written ({error})") from error
    found = tuple(known for point in points if (known := known_outcome(point, folder, tell)) is not None)
    ended = {outcome.point.name for outcome in found}
    waiting = tuple(point for point in points if point.name not in ended)
    with adding(folder, SWEEP, MAPS, anywhere=True):
        write_table(folder / "map.csv", found)
        said = report(plan, folder, found) if found else None
    return Collected(len(points), found, waiting, said.lines if said else (), said.files if said else ())


def _turn(asked: JobRequest) -> tuple[float, float]:
    """Wall time of a turn and its margin, s. Raises ScriptError for invalid values and incompatible
    options."""
    if asked.system not in COMMANDS:
        raise ScriptError(f"--system {asked.system}: is not a known batch system; write slurm or pbs")
    if asked.axes and asked.system == "pbs":
        raise ScriptError(
            "--grid: job arrays are written for Slurm alone; run cellfem sweep in one job, or submit the points one by one"
        )
    if asked.image and asked.container:
        raise ScriptError("--image and --container: give one of them")
    turn, kept = _seconds("--time", asked.time), _seconds("--margin", asked.margin)
    if turn - kept < SHORTEST_S:
        raise ScriptError(
            f"--time {asked.time}: leaves less than {SHORTEST_S:g} s beside --margin {asked.margin}; ask for more time"
        )
    return turn, kept


def _job(asked: JobRequest, out: Path, turn: float, kept: float) -> Job:
    in_container = bool(asked.image or asked.container)
    bound = shlex.join(["apptainer", "exec", "--bind", str(out), asked.image]) if asked.image else asked.container or ""
    return Job(
        re.sub(r"[^\w.-]", "-", out.name, flags=re.ASCII).lstrip("-.") or "cellfem",
        asked.nodes,
        asked.tasks,
        turn,
        asked.account,
        asked.partition,
        _launcher(asked.tasks, asked.launcher, asked.system, in_container),
        bound,
        "cellfem" if in_container else f"{shlex.quote(sys.executable)} -m cellfem.cli",
        setup=asked.setup,
        extra=asked.options,
        margin=kept,
        most=asked.restarts,
    )


def _refuse_words(case: Path, out: Path, asked: JobRequest) -> None:
    """Raises ScriptError for text that cannot be written in a script or in a directive of the batch
    system."""
    texts = {
        "--account": asked.account,
        "--partition": asked.partition,
        "--image": asked.image,
        "--container": asked.container,
        "--launcher": asked.launcher,
    }
    for what, text in {"CASE": str(case), "--out": str(out), "--setup": asked.setup, **texts}.items():
        one_line(what, text or "")
    for what, text in (("--account", asked.account), ("--partition", asked.partition)):
        if text and not PLAIN.fullmatch(text):
            raise ScriptError(f"{what} {text}: may contain only letters, digits and . / + @ , : = % _ -")
    mark = "#SBATCH " if asked.system == "slurm" else "#PBS "
    for line in asked.options:
        if not one_line("--option", line).startswith(mark):
            example = EXAMPLES[asked.system]
            raise ScriptError(f'--option {line}: is not an option of {asked.system}; it begins with "{mark}", as in "{example}"')
    if asked.system == "slurm" and "\\" in str(out):
        raise ScriptError(f"--out {out}: Slurm interprets a backslash in the name of a log; give a folder without one")
    if asked.image and set(str(out)) & set(":,"):
        raise ScriptError(f"--out {out}: apptainer --bind interprets : and ,; give a folder without them")


def _refuse_other_case(out: Path, case: Case, replace: bool) -> None:
    """Raises FolderError if the folder contains a job or results of another case, unless it is to
    be replaced."""
    if (at_work := holder(out)) is not None:
        who = f"process {at_work.get('pid', '?')} on {at_work.get('host', '?')}"
        raise FolderError(f"{out}: a run is using this folder ({who}); wait until it ends, or give another --out")
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


def _write_plan(out: Path, axes: Sequence[str], creep: str | None, options: Sequence[str]) -> int:
    """Write points.txt and plan.json of a sweep of the case in `out`; returns the number of points.
    Raises CaseError."""
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
    """The command that starts the ranks. Raises nothing: an unsuitable launcher is reported by the
    run itself."""
    if given is not None:
        return f"{given} -n {tasks}" if given else ""
    if tasks == 1:
        return ""
    if container:
        return f"srun --mpi=pmi2 -n {tasks}" if system == "slurm" else f"mpiexec -n {tasks}"
    from cellfem.launch import mpiexec

    return f"{shlex.quote(str(mpiexec() or 'mpiexec'))} -n {tasks}"


def _seconds(option: str, text: str) -> float:
    try:
        return parse_quantity(text, "s")
    except QuantityError as error:
        raise ScriptError(f"{option}: {error}") from error
