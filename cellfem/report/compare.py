"""What differs between runs: keys of their cases, verdicts, final values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.report.band import band_over, different
from cellfem.report.gather import Run, gather, number
from cellfem.report.page import COMPARED


@dataclass(frozen=True)
class Comparison:
    """runs: their names. keys: those in which the cases differ, with the text of each run. contact:
    the verdicts. values: final values by column of records.csv, nan where a run has none. band: a
    sentence where the creep set alone differs."""

    runs: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    contact: tuple[str, ...]
    values: Mapping[str, tuple[float, ...]]
    band: str

    def rows(self) -> list[tuple[str, ...]]:
        """The table: keys, verdict, values with the relative change from the first run to the last."""
        told = [(key, *texts, "") for key, texts in self.keys.items()]
        told += [("contact", *self.contact, "")]
        return told + [(name, *map(number, values), _change(values)) for name, values in self.values.items()]

    def plain(self) -> dict[str, Any]:
        """The same for JSON; null for what is not there."""
        values = {name: [value if math.isfinite(value) else None for value in found] for name, found in self.values.items()}
        return {"runs": self.runs, "case": self.keys, "contact": self.contact, "final": values, "band": self.band or None}


def compare(folders: Sequence[Path]) -> Comparison:
    """Compare runs; nothing is written. Raises ResultError where a folder holds no run."""
    names = [folder.resolve().name for folder in folders]
    labels = names if len(set(names)) == len(names) else [str(folder) for folder in folders]
    return _compared([gather(folder, label) for folder, label in zip(folders, labels)])


def _compared(runs: Sequence[Run]) -> Comparison:
    there = [name for name in COMPARED if any(not math.isnan(run.final.get(name, math.nan)) for run in runs)]
    return Comparison(
        runs=tuple(run.label for run in runs),
        keys=different(runs),
        contact=tuple(run.contact for run in runs),
        values={name: tuple(run.final.get(name, math.nan) for run in runs) for name in there},
        band=band_over(runs),
    )


def _change(values: Sequence[float]) -> str:
    first, last = values[0], values[-1]
    if not (math.isfinite(first) and math.isfinite(last)) or first == 0:
        return ""
    return "=" if last == first else f"{100 * (last / first - 1):+.3g} %"
