"""The text of batch scripts. Pure: nothing is written or submitted here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

System = Literal["slurm", "pbs"]
PROGRESS_S = 60.0
"""Between two lines in the job's log."""
SINGLE = """advance %{arguments}
code=$?"""
ARRAY = """code=0
while IFS=$'\\t' read -r folder words; do
    eval "set -- $words"
    advance "$folder" "$@"
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
    """What a job asks of the batch system.

    seconds: wall time of one turn, after which the job queues itself again. margin: what is kept of it for the last checkpoint
    and pictures. launcher: what starts a program on all ranks, "" where there is one. container: what runs a program in the
    image, "" without. extra: further lines of the batch system, as in "#SBATCH --mem=8G". most: restarts after accidents,
    which are counted in a file beside the script.
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


def single_script(job: Job, system: System, out: Path, case: Path, script: Path) -> str:
    """A job that runs one case into `out`."""
    work = _Text(SINGLE).substitute(arguments=shlex.join([str(out), str(case)]))
    log = out / ("job.log" if system == "pbs" else "job-%j.log")
    return _script(job, system, work, log, script, [])


def array_script(job: Job, out: Path, count: int, each: int, at_a_time: int, script: Path) -> str:
    """A Slurm array whose tasks run `each` of `count` points, the lines of points.txt in `out`."""
    work = _Text(ARRAY).substitute(each=each, points=shlex.quote(str(out / "points.txt")))
    last = math.ceil(count / each) - 1
    array = f"#SBATCH --array=0-{last}" + (f"%{at_a_time}" if at_a_time else "")
    return _script(job, "slurm", work, out / "job-%A_%a.log", script, [array])


def point_line(folder: Path, case: Path, settings: Sequence[str]) -> str:
    """A line of points.txt: the folder, a tab, and what `cellfem run` needs, quoted for the shell."""
    words = [str(case), *(word for setting in settings for word in ("--set", setting))]
    return f"{folder}\t{shlex.join(words)}"


def _script(job: Job, system: System, work: str, log: Path, script: Path, more: Sequence[str]) -> str:
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
        log=log,
        log_word=shlex.quote(str(log)),
        extra="\n".join(extra),
        script=shlex.quote(str(script)),
        body=body,
    )


def _template(name: str) -> str:
    return files("cellfem.cluster").joinpath(f"templates/{name}.sh").read_text(encoding="utf-8").rstrip("\n")
