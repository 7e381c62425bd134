"""The runs of a sensitivity study, its tables and picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfem.campaign.design import factors_of, one_at_a_time
from cellfem.campaign.design import screening as screen
from cellfem.campaign.grid import Grid
from cellfem.campaign.job_runner import JobRunner, note_warnings, run_all
from cellfem.campaign.sensitivity import Effect, effects_of, write_effects
from cellfem.campaign.sweep_points import Outcome, only_sweep, stop_on_signal
from cellfem.campaign.tornado import draw_tornado
from cellfem.case import load_case
from cellfem.case.identity import files_read
from cellfem.errors import StoppedError
from cellfem.results import adding
from cellfem.results.lock import CAMPAIGN as LOCK

BY = "sensitivity"
FILES = ("sensitivity.csv", "sensitivity.json", "tornado.png")
OUTPUTS = (LOCK, *FILES)


@dataclass(frozen=True)
class SensitivityResult:
    """The effect of each factor on each number, all runs, and the files written."""

    effects: tuple[Effect, ...]
    runs: tuple[Outcome, ...]
    files: tuple[Path, ...]


def find_sensitivity(
    path: Path,
    out: Path,
    factors: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
    screening: int = 4,
    jobs: int = 2,
    overrides: Sequence[str] = (),
    *,
    retry: bool = False,
    replace: bool = False,
) -> SensitivityResult:
    """Vary factors one at a time and over all their ranges; tables and picture go into `out`.

    factors: names; all factors of the case if empty. ranges: relative to the case's value.
    screening: number of points of the Morris design. Raises CaseError, FolderError, BusyError,
    OSError, and StoppedError.
    """
    base = load_case(path, overrides)
    plan = Grid(path, tuple(overrides), ())
    chosen = factors_of(base, list(factors), dict(ranges or {}))
    steps = (*one_at_a_time(plan, chosen), *screen(plan, chosen, screening))
    points = [step.point for step in steps]
    note_warnings(points)
    inputs = files_read(base, path)
    with adding(out, BY, OUTPUTS, inputs, replace), only_sweep(out) as lock, stop_on_signal() as stopped:

        def write(known: Sequence[Outcome]) -> None:
            write_effects(out, effects_of(chosen, steps, known))

        outcomes = run_all(JobRunner(plan, out, jobs, lock, stopped, retry, write, replace), points)
        if stopped():
            raise StoppedError(f"stopped with {len(outcomes)} of {len(points)} runs done; the same command continues")
        effects = effects_of(chosen, steps, outcomes)
        draw_tornado(out / FILES[2], effects, base.title)
    return SensitivityResult(effects, outcomes, tuple(out / name for name in FILES))
