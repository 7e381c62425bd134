"""The text of batch scripts. Pure: nothing is written or submitted here."""

from __future__ import annotations

import math
import re
import shlex
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from cellfem.errors import CellfemError
from cellfem.results.manifest import MARK

System = Literal["slurm", "pbs"]
PLAIN = re.compile(r"[\w./+@,:=%-]+", re.ASCII)
PROGRESS_S = 60.0
"""Seconds between two lines in the job's log."""
SINGLE = """advance %{arguments}
code=$?"""
ARRAY = """code=0
while IFS=$'\\t' read -r folder wanted words; do
    eval "set -- $words"
    advance "$folder" "$wanted" "$@"
    ended=$?
    case $ended in
        0 | 3) ;; # the other points are worth their while
        4) code=4 && break ;;
        *) code=$ended ;;
    esac
done < <(sed -n "$((SLURM_ARRAY_TASK_ID * %{each} + 1)),$(((SLURM_ARRAY_TASK_ID + 1) * %{each}))p" %{points})"""


class _Text(Template):
    """%{name} in shell scripts, which are full of $."""

    delimiter = "%"


@dataclass(frozen=True)
class Job:
    """A job for the batch system.

    seconds: wall time of one turn, after which the job resubmits itself. margin: the part of it
    reserved for the last checkpoint and pictures. launcher: command that starts a program on all
    ranks, "" for one rank. container: command that runs a program in the image, "" without. These
    three, program and setup are shell text, quoted if necessary. extra: further directives of the
    batch system, such as "#SBATCH --mem=8G". most: restarts after failures, which are counted in a
    file next to the script.
    """

    name: str
    nodes: int
    tasks: int
    seconds: float
    account: str = ""
    partition: str = ""
    launcher: str = ""
    container: str = ""
    program: str = "cellfem"
    cache: str = '"${XDG_CACHE_HOME:-$HOME/.cache}"'
    setup: str = ""
    extra: tuple[str, ...] = ()
    margin: float = 60.0
    most: int = 3


def single_script(job: Job, system: System, out: Path, case: Path, sha256: str, script: Path, options: Sequence[str] = ()) -> str:
    """A job that runs one case into `out`. sha256: of the case; results of another case are not
    taken for this job's. options: of `run`."""
    work = _Text(SINGLE).substitute(arguments=shlex.join([str(out), sha256, str(case), *options]))
    return _script(job, system, work, out, "job.log" if system == "pbs" else "job-%j.log", script, [])


def array_script(job: Job, out: Path, count: int, each: int, at_a_time: int, script: Path) -> str:
    """A Slurm array whose tasks run `each` of `count` points, the lines of points.txt in `out`."""
    work = _Text(ARRAY).substitute(each=each, points=shlex.quote(str(out / "points.txt")))
    last = math.ceil(count / each) - 1
    array = f"#SBATCH --array=0-{last}" + (f"%{at_a_time}" if at_a_time else "")
    return _script(job, "slurm", work, out, "job-%A_%a.log", script, [array])


def point_line(folder: Path, case: Path, sha256: str, settings: Sequence[str], options: Sequence[str] = ()) -> str:
    """A line of points.txt: the folder, the SHA-256 of the point's case, and the arguments of
    `cellfem run`, quoted for the shell.

    Raises ScriptError if a setting contains a line break.
    """
    words = [str(case), *options, *(word for setting in settings for word in ("--set", one_line(repr(setting), setting)))]
    return f"{folder}\t{sha256}\t{shlex.join(words)}"


class ScriptError(CellfemError, ValueError):
    """A text that cannot be written in a batch script."""


def one_line(what: str, text: str) -> str:
    """The text, if it can be written in a script. Raises ScriptError: a line break in it would
    begin a new command."""
    if wrong := next((letter for letter in text if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")), None):
        raise ScriptError(f"{what}: holds the control character {wrong!r}, which cannot be written in a batch script; remove it")
    return text


def log_directive(system: System, folder: Path, name: str) -> str:
    """The output file of a job as written in a directive. name: with the patterns of the batch
    system."""
    if system == "slurm":  # quotes and backslashes as in a shell, % begins a pattern
        word = f"{folder}/".replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + name
        return word if PLAIN.fullmatch(word) else f'"{word}"'
    plain = PLAIN.fullmatch(str(folder)) is not None and ":" not in str(folder)
    return f"{folder}/{name}.pbs" if plain else "/dev/null"  # how qsub reads anything else is nowhere laid down


def _script(job: Job, system: System, work: str, out: Path, log: str, script: Path, more: Sequence[str]) -> str:
    mark = {"slurm": "#SBATCH", "pbs": "#PBS"}[system]
    options = {
        "slurm": [("--account=", job.account), ("--partition=", job.partition)],
        "pbs": [("-A ", job.account), ("-q ", job.partition)],
    }[system]
    extra = [f"{mark} {option}{value}" for option, value in options if value] + [*more, *job.extra]
    body = _Text(_template("body")).substitute(
        cache=job.cache,
        setup=job.setup,
        seconds=max(int(job.seconds - job.margin), 1),
        progress=f"{PROGRESS_S:g}",
        launcher=" ".join(part for part in (job.launcher, job.container, job.program) if part),
        work=work,
        most=job.most,
        mark=MARK,
        accidents=f"{shlex.quote(str(script.with_suffix('.accidents')))}${{SLURM_ARRAY_TASK_ID:+-$SLURM_ARRAY_TASK_ID}}",
    )
    hours, rest = divmod(math.ceil(job.seconds), 3600)
    return _Text(_template(system)).substitute(
        name=job.name,
        nodes=job.nodes,
        tasks=job.tasks,
        tasks_per_node=math.ceil(job.tasks / job.nodes),
        minutes=math.ceil(job.seconds / 60),
        walltime=f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}",
        margin=math.ceil(job.margin),
        log=log_directive(system, out, log),
        log_word=shlex.quote(str(out / log)),
        extra="\n".join(extra),
        script=shlex.quote(str(script)),
        body=body,
    )


def _template(name: str) -> str:
    return files("cellfem.cluster").joinpath(f"templates/{name}.sh").read_text(encoding="utf-8").rstrip("\n")
