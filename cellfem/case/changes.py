"""Changes to what a case file says, from Python: tables within tables, entries of lists by their
number, quantities as text or as pint has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from cellfem.case.overrides import EVERY_STEP, steps_of
from cellfem.units import as_written, plain_value


def with_changes(data: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The data of a case file with changes, and what is wrong with these; neither argument is
    changed.

    A mapping goes into the table that is there, and into a list by numbers from 0; None takes a key
    away, so that its default holds; all else takes the place of what is there. A key may be a path,
    as in "protocol.0.pressure"; pressure, current and temperature alone stand for those of every
    step (current for that of those which carry one).
    """
    errors: list[str] = []
    result = _table(data, {}, "", errors)
    for path, value in changes.items():
        keys = str(path).split(".")
        if keys[0] in EVERY_STEP and len(keys) == 1:
            _every_step(result, keys[0], value, errors)
            continue
        for key in reversed(keys[1:]):
            value = {key: value}
        result = _table(result, {keys[0]: value}, "", errors)
    return result, errors


def _table(old: Mapping[str, Any], new: Mapping[Any, Any], where: str, errors: list[str]) -> dict[str, Any]:
    found = {key: _plain(value) for key, value in old.items()}
    for key, value in new.items():
        name = str(key)
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _changed(found.get(name), value, f"{where}{name}", errors)
    return found


def _changed(old: Any, new: Any, where: str, errors: list[str]) -> Any:
    if not isinstance(new, Mapping):
        return _plain(new)
    numbered = bool(new) and all(isinstance(key, int) or str(key).isdecimal() for key in new)
    if not numbered:
        if isinstance(old, list):
            errors.append(f"{where}: is a list; write {{0: {{...}}}} for its first entry, or the whole list")
            return old
        return _table(old if isinstance(old, dict) else {}, new, f"{where}.", errors)
    entries = list(old) if isinstance(old, list) else []
    for key, value in new.items():
        place = int(key)
        if not 0 <= place < len(entries):
            errors.append(f"{where}.{place}: is not there; {where} has length {len(entries)}, counted from 0")
        else:
            entries[place] = _changed(entries[place], value, f"{where}.{place}", errors)
    return entries


def _every_step(data: dict[str, Any], key: str, value: Any, errors: list[str]) -> None:
    holders = [step for step in steps_of(data.get("protocol")) if key != "current" or "current" in step]
    if not holders:
        errors.append(f"{key}: no step of the protocol carries {key}; the case needs one that does")
    for step in holders:
        step[key] = _plain(value)


def _plain(value: Any) -> Any:
    """A copy in the types of a case file."""
    value = plain_value(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Sequence) or hasattr(value, "tolist"):
        return [_plain(item) for item in value]
    return as_written(value)
