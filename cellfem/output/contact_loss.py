"""opening.csv, and the sentence on the first loss of contact."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellfem.formatting import time_text
from cellfem.observe.contact_loss import Openings, first_opening, opening_rows
from cellfem.output.records import write_atomic


def write_openings(path: Path, known: Openings) -> None:
    """opening.csv: a row per place of Γ, with the evidence where it opened; replaced atomically."""
    rows = opening_rows(known)
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue())


def opening_verdict(known: Openings) -> dict[str, Any]:
    """The first loss of contact for summary.json, as numbers and a sentence."""
    first = first_opening(known)
    return {"first": first, "text": "Contact was lost nowhere." if first is None else _sentence(first)}


def _sentence(first: Mapping[str, Any]) -> str:
    names = [name for name in ("x_um", "y_um") if name in first]
    place = ", ".join(f"{name[0]} = {first[name]:.3g} µm" for name in names)
    # plating and compaction make it negative, within the smooth start of the removal law
    saturation = f"vacancies at {100 * max(first['saturation'], 0.0):.0f} % of coalescence"
    current = "" if math.isnan(first["current"]) else f", {first['current']:.2g} times the mean current"
    why = {
        "void edge": f"at the edge of a void, {first['to_void_um']:.2g} µm away ({saturation}{current})",
        "plating": f"because lithium plated elsewhere lifts the block there ({first['load']:.2g} times the stack pressure)",
        "pillar": (
            f"beside a pillar that carries {first['pillar_load']:.3g} times the stack pressure and strips "
            f"{first['pillar_current']:.2g} times the mean; here {first['load']:.2g} times the pressure{current}, {saturation}"
        ),
        "vacancy saturation": f"by {saturation}{current}, with no pillar or void near",
        "flow": f"because lithium flows away ({saturation}{current}, {first['load']:.2g} times the stack pressure)",
    }[first["cause"]]
    return f"Contact was lost first at {place} after {time_text(first['time_s'])}, {why}."
