"""Folders of runs that were never run."""

import json
from pathlib import Path

from cellfem.campaign.grid import Point
from cellfem.case import resolved_toml


def write_run(folder: Path, point: Point, end: str) -> None:
    folder.mkdir(parents=True)
    final = dict.fromkeys(("contact_fraction", "carrying_fraction", "voltage_mV", "capacity_mAh_cm2", "gap_max_um"), 0.5)
    final |= {"asr_ohm_cm2": None, "void_area_um2": 0.5}
    verdict = {"contact": "lost" if end.startswith("stop.") else "kept", "perfect_contact_fraction": 0.95}
    kinds = {"done": "done", "stop": "stop", "solver": "gave up", "stopped": "interrupted", "lithium": "stop"}
    kind = next(kinds[word] for word in kinds if end.split(" ")[0].split(".")[0] == word)
    condition = {"stop": end.partition(".")[2].split(" ")[0], "lithium": "lithium"}.get(end.split(" ")[0].split(".")[0], "")
    summary = {"final": final, "max": {"focusing_max": 3.0}, "verdict": verdict, "end": end, "end_time_s": 60.0, "wall_s": 5.0}
    summary |= {"end_kind": kind, "condition": condition}
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "case.resolved.toml").write_text(resolved_toml(point.case, "cellfem 1, commit a"), encoding="utf-8")
