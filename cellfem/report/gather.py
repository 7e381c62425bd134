"""What a report tells of one run, gathered from its folder; a run at work or killed has less of
it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellfem.api.result import RESOLVED, Result, ResultError
from cellfem.case.errors import CaseError
from cellfem.formatting import time_text
from cellfem.quantities import COLUMNS, SECOND, unit_of

LOG = "log.txt"
TOLD = ("dendrite", "crack", "opening", "pressing", "second_electrode")
"""Parts of a verdict that have a sentence of their own (docs/results.md)."""
KEY_NUMBERS = (
    *("time_s", "pressure_MPa", "current_mA_cm2", "capacity_mAh_cm2", "voltage_mV", "contact_fraction", "carrying_fraction"),
    *("asr_ohm_cm2", "asr_small_signal_ohm_cm2", "cell_resistance_ohm", "gap_max_um", "void_count", "void_area_um2"),
    *("void_volume_um3", "porosity_max", "focusing_max", "lithium_um", "dendrite_index_max", "crack_tension_MPa"),
)
"""Columns of records.csv that the table of final values has, where the run has them."""
BALANCES = ("balance_charge", "balance_lithium", "balance_force")
MEANINGS = {column.name: column.meaning for column in COLUMNS}


@dataclass(frozen=True)
class Row:
    """A number of the table: its name in words, value, unit, and meaning."""

    name: str
    value: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Source:
    """A parameter of the materials. kind: "read" in its source, "recalled", or a choice of the
    "model"; "" where the case itself gives it."""

    name: str
    value: str
    kind: str
    source: str


@dataclass(frozen=True)
class Run:
    """One run as a report shows it. rows: records.csv. verdict: in plain words, or what keeps it
    from being there. case: all keys as text by their path."""

    result: Result
    label: str
    title: str
    contact: str
    verdict: str
    remarks: tuple[str, ...]
    rows: Sequence[Mapping[str, float]]
    voids: Sequence[Mapping[str, Any]]
    case: Mapping[str, str]
    case_text: str
    sources: tuple[Source, ...]
    versions: tuple[str, ...]
    effort: str
    refused: int
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.result.folder

    @property
    def final(self) -> Mapping[str, float]:
        """The last row; empty before the first."""
        return self.rows[-1] if self.rows else {}

    @property
    def numbers(self) -> tuple[Row, ...]:
        """Final values, nan left out."""
        there = [name for name in KEY_NUMBERS if not math.isnan(self.final.get(name, math.nan))]
        meaning = {name: MEANINGS.get(name, "").replace("`", "") for name in there}
        return tuple(Row(words(name), number(self.final[name]), unit_of(name), meaning[name]) for name in there)

    @property
    def worst_balances(self) -> Mapping[str, float]:
        """Largest share of charge, lithium and force that is not accounted for, over all steps."""
        return {name: max((row[name] for row in self.rows), default=math.nan) for name in BALANCES}


def gather(folder: Path, label: str | None = None) -> Run:
    """The run in a folder. Raises ResultError where there is none."""
    result = Result(folder)
    text = (folder / RESOLVED).read_text(encoding="utf-8") if (folder / RESOLVED).exists() else ""
    comments = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    try:
        title, case = result.case.title, flat(result.case.resolved)
    except CaseError:
        title, case = folder.name, {}
    try:
        rows = result.rows
    except ResultError:
        rows = []
    summary: dict[str, Any] = {}
    try:
        summary = result.summary
    except ResultError as error:
        missing = str(error)
    found = summary.get("verdict")
    verdict = found["text"] if found else summary.get("reason") or missing
    remarks = [(found.get(name) or {}).get("text") for name in TOLD] + [found.get("measured")] if found else []
    effort = "" if not summary else f"{summary['steps']} time steps, {summary['newton_iterations']} Newton corrections, "
    return Run(
        result=result,
        label=label or folder.resolve().name,
        title=title,
        contact=found["contact"] if found else result.status.state,
        verdict=verdict,
        remarks=tuple(text for text in remarks if text),
        rows=rows,
        voids=found["voids"] if found else [],
        case=case,
        case_text="\n".join(line for line in text.splitlines() if not line.startswith("# ")).strip(),
        sources=tuple(_source(line) for line in comments[2:] if ":" in line),
        versions=tuple(comments[:2]),
        effort=effort + (f"{time_text(summary['wall_s'])} by the clock" if summary else ""),
        refused=_refused(folder / LOG),
        summary=summary,
    )


def words(name: str) -> str:
    """A column's name without its unit: "contact_fraction" is "contact fraction"."""
    if name.endswith(SECOND):
        return f"{words(name.removesuffix(SECOND))}, electrode 2"
    parts, unit = name.split("_"), unit_of(name)
    ends = ["_".join(parts[k:]) for k in reversed(range(1, len(parts)))]
    end = next((end for end in ends if unit and unit_of(f"x_{end}") == unit), "")  # the shortest that is the whole unit
    return name.removesuffix(f"_{end}").replace("_", " ").replace("asr", "ASR")


def headed(*names: str) -> str:
    """Columns of one unit in words, with it."""
    unit = unit_of(names[0])
    return ", ".join(words(name) for name in names) + (f" ({unit})" if unit else "")


def number(value: float) -> str:
    """Four digits; "–" for nan."""
    return "–" if math.isnan(value) else f"{value:.4g}"


def flat(data: Any, path: str = "") -> dict[str, str]:
    """A nested case as text by path: {"protocol.0.pressure": "0.4 MPa"}."""
    if isinstance(data, Mapping):
        items = [(str(key), value) for key, value in data.items()]
    elif isinstance(data, list) and any(isinstance(value, Mapping) for value in data):
        items = [(str(k), value) for k, value in enumerate(data)]
    else:
        return {path: str(data)}
    found: dict[str, str] = {}
    for key, value in items:
        found |= flat(value, f"{path}.{key}" if path else key)
    return found


def _source(line: str) -> Source:
    """A comment of case.resolved.toml, "lithium D: 8e-15 m^2/s (recalled); bulk self-diffusion",
    as cellfem.case.write writes it."""
    name, _, rest = line.partition(": ")
    before, _, source = rest.partition("; ")
    for kind in ("read", "recalled", "model"):
        if before.endswith(f" ({kind})"):
            return Source(name, before.removesuffix(f" ({kind})"), kind, source)
    value, _, own = before.partition(" (this case, ")
    return Source(name, value, "", f"this case, {own.removesuffix(')')}" if own else source)


def _refused(path: Path) -> int:
    """Time steps that were tried and cut, by the log."""
    try:
        return sum(" refused: " in line for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return 0
