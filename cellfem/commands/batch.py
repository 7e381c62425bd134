"""cellfem submit, collect and estimate: batch jobs, results of a submitted sweep, resources that a
job needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellfem.commands.shared import AsJson, CasePath, Overrides, plain_table, print_json
from cellfem.ending import ending
from cellfem.formatting import time_text

if TYPE_CHECKING:
    from cellfem.cluster.estimate import Estimate

Text = str | None


def submit(
    case: CasePath,
    out: Annotated[Path, typer.Option(help="Folder for the results, on a file system that all nodes share.")],
    time: Annotated[
        str, typer.Option(metavar="TIME", help='Wall time of one turn, "2 h"; the job queues itself again until it is done.')
    ],
    nodes: Annotated[int, typer.Option(min=1, help="Nodes.")] = 1,
    tasks: Annotated[int, typer.Option("-n", "--tasks", "--ranks", min=1, help="MPI ranks, all nodes together.")] = 1,
    account: Annotated[str, typer.Option(metavar="NAME", help="Account to charge.")] = "",
    partition: Annotated[str, typer.Option(metavar="NAME", help="Partition or queue.")] = "",
    image: Annotated[Text, typer.Option(metavar="FILE", help="Apptainer image to run in.")] = None,
    container: Annotated[
        Text, typer.Option(metavar="COMMAND", help='Command that runs a program in a container, for example "ch-run ./image --".')
    ] = None,
    launcher: Annotated[
        Text,
        typer.Option(
            metavar="COMMAND",
            help='Command that starts MPI ranks, for example "srun --mpi=pmi2"; default: mpiexec of the installation.',
        ),
    ] = None,
    setup: Annotated[str, typer.Option(metavar="COMMAND", help='A line for the script, for example "module load mpich".')] = "",
    option: Annotated[
        list[str] | None, typer.Option(metavar="LINE", help='A further line of options, for example "#SBATCH --mem=8G".')
    ] = None,
    margin: Annotated[
        str, typer.Option(metavar="TIME", help="Part of a turn reserved for the last checkpoint and the pictures.")
    ] = "2 min",
    restarts: Annotated[int, typer.Option(min=0, help="Restarts after failures: a lost node, out of memory.")] = 3,
    system: Annotated[str, typer.Option(metavar="NAME", help="Batch system, slurm or pbs.")] = "slurm",
    grid: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUES", help="An axis of a sweep, as for cellfem sweep; a job array then.")
    ] = None,
    creep: Annotated[Text, typer.Option(metavar="NAMES", help="Creep sets to compare, as for cellfem sweep.")] = None,
    each: Annotated[int, typer.Option(min=1, help="Points of a sweep that one task of the array runs.")] = 1,
    at_a_time: Annotated[int, typer.Option(min=0, help="Tasks of the array that run at a time; 0: no limit.")] = 0,
    dry: Annotated[bool, typer.Option("--dry", help="Write the script, submit nothing.")] = False,
    overrides: Overrides = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Run this case in place of another one's job or results in the folder.")
    ] = False,
) -> None:
    """Write a batch script and submit it: it runs the case, resumes it after each time limit, and ends when the run is done."""
    from cellfem.cluster.jobs import JobRequest, submit_job, write_job

    asked = JobRequest(
        out=out,
        time=time,
        system=system,
        nodes=nodes,
        tasks=tasks,
        account=account,
        partition=partition,
        image=image,
        container=container,
        launcher=launcher,
        setup=setup,
        options=tuple(option or ()),
        margin=margin,
        restarts=restarts,
        axes=tuple(grid or ()),
        creep=creep,
        each=each,
        at_a_time=at_a_time,
    )
    with ending():
        job = write_job(case, asked, overrides or (), replace)
        if dry:
            typer.echo(f"{job.script} is written, nothing submitted")
            return
        typer.echo(submit_job(job))
    typer.echo(f"cellfem status {job.script.parent} shows its progress")


def collect(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a submitted sweep.", show_default=False)],
) -> None:
    """Gather what the tasks of a submitted sweep have found so far: map.csv, map.json and maps, at any time."""
    from cellfem.campaign.job_runner import exit_code, say
    from cellfem.cluster.jobs import collect_sweep

    with ending():
        found = collect_sweep(folder, say)
    missing = f"; missing: {found.waiting[0].label}" if found.waiting else ""
    typer.echo(f"{len(found.outcomes)} of {found.points} points have ended{missing}")
    if len(found.waiting) > 1:
        typer.echo(f"  and {len(found.waiting) - 1} more; cellfem status {folder} shows their progress")
    for line in (*found.lines, *found.files):
        typer.echo(str(line))
    raise typer.Exit(exit_code(found.outcomes))


def estimate(
    case: CasePath,
    ranks: Annotated[int, typer.Option("-n", "--ranks", min=1, help="Largest number of ranks in the table.")] = 8,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Say how many unknowns a case has, and what memory and wall time it will take on 1 to N ranks."""
    from rich.console import Console

    from cellfem.case import load_case
    from cellfem.cluster.estimate import COMPILING_S, estimate_cost

    with ending():
        found = estimate_cost(load_case(case, overrides or ()), ranks)
    if as_json:
        print_json({**vars(found), "wall_s": [found.wall_s(one) for one in found.costs], "compiling_s": COMPILING_S})
        return
    console = Console(highlight=False, soft_wrap=True)
    if not found.costs:
        console.print(
            f"{found.unknowns} unknowns; the cost of a step in {found.dimension}-D has not been measured: try a few steps"
        )
        return
    least, most = found.steps
    between = str(least) if least == most else f"{least} to {most}"
    console.print(
        f"{found.unknowns} unknowns, {between} time steps" + ("" if least == most else " (a guess: error control decides)")
    )
    plain_table(("ranks", "memory", "start", "a step", "wall time", "speed-up"), _rows(found))
    if any(one.extrapolated for one in found.costs):
        low, high = found.measured_unknowns
        console.print(f"measured: {low} to {high} unknowns on 1 to {found.measured_ranks} ranks; * is extrapolated")
    if found.measured_ranks == 1:
        console.print(
            'several ranks have not been measured on a quiet machine: try --max-time "2 min" on the number that you plan to use'
        )
    console.print(f"in addition: {COMPILING_S:g} s if forms must be compiled")


def _rows(found: Estimate) -> Iterator[tuple[str, ...]]:
    """One row for each number of ranks."""
    for one in found.costs:
        yield (
            f"{one.ranks}{'*' if one.extrapolated else ''}",
            f"{one.memory_MB / 1024:.2g} GB",
            time_text(one.start),
            " to ".join(time_text(seconds) for seconds in one.step_s),
            " to ".join(time_text(seconds) for seconds in found.wall_s(one)),
            f"{one.speedup:.2g}",
        )
