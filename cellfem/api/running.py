"""Runs from Python: at once, step by step, on several ranks, and gone on with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from cellfem.api.case import Case
from cellfem.api.frames import along_gamma
from cellfem.api.result import Result
from cellfem.case.errors import CaseError
from cellfem.errors import CellfemError, ExitCode
from cellfem.launch import check, run_on_ranks
from cellfem.units import QuantityError, parse_quantity, plain_value

if TYPE_CHECKING:
    import xarray as xr

    from cellfem.observe.arrays import Profile
    from cellfem.runner import Pace
    from cellfem.runner import Result as Ran
    from cellfem.runner.execute import Stepping

RESULTS = Path("results")
"""Where a run goes that is given no folder, as on the command line."""

type Progress = bool | Callable[[Step], object]


class GaveUpError(CellfemError, RuntimeError):
    """The solver found no state to begin with, so that there are no results; str() says why and
    what to change."""

    exit_code = ExitCode.GAVE_UP


@dataclass(frozen=True)
class Step:
    """An accepted time step; number 0 is the start. values: its row of records.csv
    (docs/output-columns.md). share: of the protocol's time, 0 to 1."""

    number: int
    time_s: float
    share: float
    values: Mapping[str, float]
    profiles: tuple[Profile, ...]

    @property
    def profile(self) -> xr.Dataset:
        """Γ at this time, as `Result.profile` has it. Raises MissingExtraError."""
        return along_gamma([(self.time_s, self.profiles)], "Step.profile")


def run(
    case: Case | str | Path,
    folder: str | Path | None = None,
    *,
    ranks: int = 1,
    progress: Progress = False,
    max_time: object = None,
    replace: bool = False,
) -> Result:
    """Run a case into a folder (results/NAME without one), and wait for it.

    An earlier run there is replaced once this one has found its initial state; a folder that holds
    other files is refused, unless `replace`. ranks: more than one start processes by mpiexec; then
    creep laws of one's own must be those of an installed package (docs/laws.md). progress: True
    prints as the command does; or a function that is called with each `Step` (on one rank). max_time: of
    the wall ("2 h"), after which it stops with a checkpoint.

    The solver may give up or be interrupted on the way: `Result.verdict.end_kind` says so. Raises
    CaseError, FolderError, BusyError, MeshError, LaunchError, FormError, CannotWriteError, and
    GaveUpError where there is no initial state.
    """
    settled = case if isinstance(case, Case) else Case.load(case)
    out = _folder(settled, folder)
    if ranks > 1:
        if callable(progress):
            raise CaseError(["progress: a function is called on one rank only; give ranks=1, or progress=True"])
        return _on_ranks(settled, out, ranks, bool(progress), max_time, replace)
    with Simulation(settled, out, progress=progress is True, max_time=max_time, replace=replace) as simulation:
        for step in simulation:
            if callable(progress):
                progress(step)
    return simulation.result


def resume(folder: str | Path, *, progress: bool = False, max_time: object = None) -> Result:
    """Go on with a run that was stopped or killed, from its newest checkpoint. Raises as `run`, and
    CheckpointError."""
    from cellfem.runner import resume_run

    return _concluded(resume_run(Path(folder), not progress, pace=_pace(max_time)), Path(folder))


class Simulation:
    """A run that goes on step by step: iterate over it, or call `step`.

        with cellfem.Simulation(case, "results/steps") as simulation:
            for step in simulation:
                if step.values["contact_fraction"] < 0.5:
                    break
        simulation.result.records

    The first step is the equilibrium at t = 0. Leaving it early ends the run there: with all its
    files, pictures and a checkpoint, from which `resume` goes on. The folder is held until then, and
    Ctrl-C ends the run after the step at work. Arguments and errors as those of `run`.
    """

    def __init__(
        self,
        case: Case | str | Path,
        folder: str | Path | None = None,
        *,
        progress: bool = False,
        max_time: object = None,
        replace: bool = False,
    ) -> None:
        self.case = case if isinstance(case, Case) else Case.load(case)
        self.folder = _folder(self.case, folder)
        from cellfem.runner import run_steps

        checked = self.case.checked
        self._steps: Stepping = run_steps(
            checked, self.folder, not progress, pace=_pace(max_time), path=self.case.path, replace=replace
        )
        self._ended: Ran | None = None
        self._begun = False

    def step(self) -> Step | None:
        """The next accepted step; None once the run has ended."""
        return self._go(None)

    def stop(self) -> Result:
        """End the run here; it can be resumed."""
        while self._go(True) is not None:
            pass
        return self.result

    @property
    def result(self) -> Result:
        """What the run has left. Raises GaveUpError where it found no state to begin with."""
        return Result(self.folder) if self._ended is None else _concluded(self._ended, self.folder)

    def _go(self, stop: bool | None) -> Step | None:
        if self._ended is not None:
            return None
        try:
            accepted = self._steps.send(stop if self._begun else None)
        except StopIteration as ended:
            self._ended = ended.value
            return None
        self._begun = True
        row, total = accepted.row, self.case.checked.total_duration
        profiles = tuple(e.profile for e in accepted.reading.electrodes if e.profile is not None)
        return Step(int(row["step"]), accepted.time, min(accepted.time / total, 1.0), dict(row), profiles)

    def __iter__(self) -> Iterator[Step]:
        while (step := self.step()) is not None:
            yield step

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._begun and self._ended is None:
            self.stop()


def _folder(case: Case, folder: str | Path | None) -> Path:
    if folder is not None:
        return Path(folder)
    if case.path is None:
        raise CaseError(["folder: a case made or changed in Python has no name; give the folder for its results"])
    path = case.path.resolve()
    return RESULTS / (path.parent.name if path.name == "case.toml" else path.stem)


def _pace(max_time: object) -> Pace:
    from cellfem.runner import Pace

    return Pace(None if max_time is None else _seconds(max_time))


def _seconds(max_time: object) -> float:
    try:
        return parse_quantity(plain_value(max_time), "s")
    except QuantityError as error:
        raise CaseError([f"max_time: {error}"]) from error


def _concluded(ran: Ran, folder: Path) -> Result:
    if ran.end.kind == "gave up" and not ran.files:
        summary = Result(folder).summary
        raise GaveUpError(f"{folder}: {summary.get('reason', ran.end)}")
    return Result(folder)


def _on_ranks(case: Case, folder: Path, ranks: int, progress: bool, max_time: object, replace: bool) -> Result:
    """By the command line, whose exit code tells how it ended."""
    if note := check(ranks):
        print(f"note: {note}", file=sys.stderr)
    with TemporaryDirectory(prefix="cellfem-") as own:
        path = case.path or case.save(Path(own) / "case.toml")
        words: list[Any] = ["run", path, "--out", folder, *([] if progress else ["--quiet"]), *(["--replace"] if replace else [])]
        words += [] if max_time is None else ["--max-time", f"{_seconds(max_time)!r} s"]
        code = run_on_ranks(ranks, [str(word) for word in words], ExitCode.STOPPED)
    if code == ExitCode.BAD_CASE:
        raise RanksError(f"{folder}: the ranks refused to run; what they said is above")
    if code not in (ExitCode.DONE, ExitCode.GAVE_UP, ExitCode.STOPPED):
        raise RanksError(f"{folder}: the ranks ended with exit code {code}; see log.txt there")
    result = Result(folder)
    if code == ExitCode.GAVE_UP and result.summary["verdict"] is None:
        raise GaveUpError(f"{folder}: {result.summary['reason']}")
    return result


class RanksError(CellfemError, RuntimeError):
    """Ranks that were started ended in error."""
