"""Overrides from the command line: `key.path=value` put into the data of a case file."""

import tomllib
from collections.abc import Iterator
from typing import Any

from cellfem.case.models import LISTS

EVERY_STEP = ("pressure", "current", "temperature")
"""Names that stand for the key of every protocol step, as on the axes of a sweep; current for those that carry one."""


def apply_override(data: dict[str, Any], text: str) -> str | None:
    """Put `key.path=value` into `data` in place; lists are counted from 0. Returns what is wrong, or None.

    One of EVERY_STEP alone is put into every step. The value is TOML if it parses as such, else text. Unknown keys are left for
    the check of the case to find.
    """
    path, equals, value = text.partition("=")
    keys = [key.strip() for key in path.split(".")]
    if not equals or not all(keys):
        return f'--set "{text}": is no override; write for example --set protocol.0.pressure="2 MPa"'
    if keys[0] in EVERY_STEP and len(keys) == 1:
        return _in_every_step(data, keys[0], _value(value.strip()), text)
    if len(keys) > 1 and keys[0] in LISTS and keys[0] not in data:
        return f'--set "{text}": the file has no [[{keys[0]}]]; add one there first'
    holder: Any = data
    for depth, key in enumerate(keys[:-1]):
        if isinstance(holder, dict) and key not in holder:
            holder[key] = {}
        if error := _wrong_step(holder, key, ".".join(keys[:depth]), text):
            return error
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    if error := _wrong_step(holder, keys[-1], ".".join(keys[:-1]), text):
        return error
    holder[int(keys[-1]) if isinstance(holder, list) else keys[-1]] = _value(value.strip())
    return None


def _in_every_step(data: dict[str, Any], name: str, value: Any, text: str) -> str | None:
    steps = [step for step in _steps(data.get("protocol")) if name != "current" or "current" in step]
    if not steps:
        return f'--set "{text}": no step of the protocol carries {name}; the file needs a [[protocol]] that does'
    for step in steps:
        step[name] = value
    return None


def _steps(entries: Any) -> Iterator[dict[str, Any]]:
    """The tables of steps as the file has them, those inside loops too."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and "step" in entry:
            yield from _steps(entry["step"])
        elif isinstance(entry, dict):
            yield entry


def _wrong_step(holder: Any, key: str, where: str, text: str) -> str | None:
    if isinstance(holder, dict):
        return None
    if not isinstance(holder, list):
        return f'--set "{text}": {where} is a value, not a table; override {where} itself'
    if not key.isdecimal():
        return f'--set "{text}": {where} is a list; write {where}.0.{key} for its first entry'
    if int(key) >= len(holder):
        return f'--set "{text}": there is no {where}.{key}; {where} has length {len(holder)}, counted from 0'
    return None


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if parsed.keys() == {"value"} else text
