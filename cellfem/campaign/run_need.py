"""`cellfem need` as a function: from a question to its answer, in a folder."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from cellfem.campaign.criterion import criterion_of, varied_of
from cellfem.campaign.job_runner import note_warnings
from cellfem.campaign.need import BY, PICTURE, REPORT, TABLE, Need, Plan, find_need, plain_need, variants_of
from cellfem.campaign.need_picture import draw_need
from cellfem.case import load_case
from cellfem.case.identity import files_read
from cellfem.output.records import write_atomic
from cellfem.results import adding
from cellfem.results.lock import CAMPAIGN as LOCK


def run_need(
    path: Path,
    out: Path,
    current: str | None = None,
    asr: str | None = None,
    contact: float | None = None,
    life: str | None = None,
    vary: str = "pressure",
    creep: Sequence[str] | None = None,
    choices: bool = False,
    limits: tuple[str | None, str | None] = (None, None),
    precision: float = 0.1,
    jobs: int = 2,
    overrides: Sequence[str] = (),
    replace: bool = False,
) -> tuple[Need, tuple[Path, ...]]:
    """The answer, and the files that show it. Arguments as of the command; raises CaseError,
    FolderError, BusyError, OSError, StoppedError."""
    settings = (*overrides, *([f"current={current}"] if current is not None else []))
    case = load_case(path, settings)
    criterion = criterion_of(case, asr, contact, life)
    settings = (*settings, *criterion.settings)
    varied = varied_of(load_case(path, settings), vary, *limits)
    plan = Plan(path, settings, criterion, varied, variants_of(case, creep, choices), precision)
    note_warnings([plan.point(plan.variants[0], varied.inward(varied.start))])
    with adding(out, BY, (TABLE, REPORT, PICTURE, LOCK), files_read(case, path), replace):
        found = find_need(plan, out, jobs, replace)
        files = write_need(out, found)
    return found, files


def write_need(out: Path, need: Need) -> tuple[Path, ...]:
    """need.csv (a row for each run), need.json and the picture; their paths. Raises OSError."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    plan = need.plan
    table.writerow(["variant", plan.varied.name, "holds", plan.criterion.column, "verdict", "end", "folder"])
    for answer in need.answers:
        for value, outcome in sorted(answer.runs, key=lambda run: run[0]):
            holds = plan.criterion.holds(outcome)
            told = "" if holds is None else int(holds)
            number = plan.criterion.value(outcome)
            row = [answer.variant.label, plan.varied.shown(value), told, number, outcome.verdict, outcome.end, outcome.point.name]
            table.writerow(row)
    write_atomic(out / TABLE, text.getvalue())
    write_atomic(out / REPORT, json.dumps(plain_need(need), indent=2, ensure_ascii=False) + "\n")
    draw_need(out / PICTURE, need, load_case(plan.path, plan.settings).title)
    return out / TABLE, out / REPORT, out / PICTURE
