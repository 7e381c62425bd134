"""Whether two cases are the same, how they differ, and which files they read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellfem.case.load import WITH_FILE
from cellfem.case.models import Case


def plain_case(case: Case, without: Sequence[str] = ()) -> dict[str, Any]:
    """The case as JSON data, without some keys, for example "output.pictures"."""
    data: dict[str, Any] = case.model_dump(mode="json", exclude_none=True)
    for key in without:
        table, name = key.split(".")
        data[table].pop(name, None)
    return data


def case_hash(case: Case, without: Sequence[str] = ()) -> str:
    """SHA-256 of a case, without some keys."""
    return hashlib.sha256(json.dumps(plain_case(case, without), sort_keys=True).encode()).hexdigest()


def differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Keys in which two plain cases differ, as in "mesh.near: was '1 um', is '2 um'"."""
    old, new = _flat(was), _flat(now)
    return [f"{key}: was {old.get(key)!r}, is {new.get(key)!r}" for key in sorted({*old, *new}) if old.get(key) != new.get(key)]


def files_read(case: Case, path: Path | None = None) -> dict[str, Path]:
    """Files that a case reads, keyed by their names in messages; includes the case's own file, or
    the folder that contains it."""
    found = {f"{name}.file": getattr(case, name).file for name in WITH_FILE}
    named = {what: Path(file) for what, file in found.items() if file is not None}
    return named if path is None else {"the case": path / "case.toml" if path.is_dir() else path} | named


def _flat(data: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(data, dict):
        return {key: item for name, part in data.items() for key, item in _flat(part, f"{prefix}{name}.").items()}
    if isinstance(data, list):
        return {key: item for k, part in enumerate(data) for key, item in _flat(part, f"{prefix}{k}.").items()}
    return {prefix.rstrip("."): data}
