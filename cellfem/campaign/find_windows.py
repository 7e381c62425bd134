"""The runs of windows of stack pressure, their tables and picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfem.campaign.penetration import measured_times
from cellfem.campaign.sweep import BY as SWEEP
from cellfem.campaign.sweep import OUTPUTS as MAPS
from cellfem.campaign.sweep import SweepReport, plan_of, report, run_grid
from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.sweep_results import published_points
from cellfem.campaign.window import BY, CRITERIA, OUTPUTS, Window, after_stripping, check_protocol, plain_windows, windows_of
from cellfem.campaign.window_picture import draw_window
from cellfem.case import load_case
from cellfem.case.identity import files_read
from cellfem.output.records import write_atomic
from cellfem.results import adding, examine


@dataclass(frozen=True)
class WindowsResult:
    """windows: one for each combination of the axes other than pressure and current. runs: all
    points. maps: those of the sweep."""

    windows: tuple[Window, ...]
    runs: tuple[Outcome, ...]
    maps: SweepReport


def find_windows(
    path: Path,
    axes: Sequence[str],
    out: Path,
    jobs: int = 2,
    creep: str | None = None,
    overrides: Sequence[str] = (),
    replace: bool = False,
) -> WindowsResult:
    """Run the points of the grid that are not done into `out`; write map, window.json and
    window.png.

    Arguments as of `cellfem window`. Raises CaseError, FolderError, BusyError, StoppedError,
    OSError.
    """
    asked = load_case(path, overrides)
    check_protocol(asked)
    inputs = files_read(asked, path)
    examine(out, BY, OUTPUTS, inputs, replace)
    plan = plan_of(path, axes, creep, overrides)
    ran = run_grid(plan, out, jobs, replace=replace)
    outcomes = [after_stripping(outcome, out) for outcome in ran]
    with adding(out, SWEEP, MAPS, inputs, replace):
        maps = report(plan, out, outcomes, criteria=CRITERIA)
    windows = windows_of(outcomes, out)
    with adding(out, BY, OUTPUTS, inputs, replace):
        text = json.dumps(plain_windows(windows), indent=2, ensure_ascii=False, allow_nan=False)
        write_atomic(out / "window.json", text + "\n")
        draw_window(out / "window.png", windows, published_points(), measured_times(), title=windows[0].label)
    return WindowsResult(windows, tuple(ran), maps)
