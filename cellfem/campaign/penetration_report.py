"""Effect of pressure without current on flaws, written as penetration.json and a picture."""

from __future__ import annotations

import json
from pathlib import Path

from cellfem.campaign.penetration import GRAINS, OUTPUTS, SETS, SetResult, compare, plain_report
from cellfem.campaign.penetration_picture import draw_penetration
from cellfem.output.records import write_atomic
from cellfem.results import replacing


def penetration_report(out: Path, material: str, toughness: float, replace: bool = False) -> list[SetResult]:
    """Compare all creep sets and grain sizes with the measured times; writes penetration.json and
    its picture to `out`. toughness: of the electrolyte, MPa µm^½. Raises FolderError, BusyError,
    OSError."""
    results = [compare(name, grain) for grain in (None, *GRAINS) for name in SETS]
    with replacing(out, "penetration", OUTPUTS, replace=replace):
        report = plain_report(results, material, toughness)
        write_atomic(out / "penetration.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        draw_penetration(out / "penetration.png", material, toughness)
    return results
