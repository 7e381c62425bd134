"""Overrides from the command line: `key.path=value` is put into the data of a case file."""

import tomllib
from collections.abc import Iterator
from typing import Any

from cellfem.case.models import LISTS
from cellfem.case.size_limits import DEEPEST, UnfitError, parse_toml, printable, wrong_text
from cellfem.units import shortened

LONGEST_SHOWN, LONGEST_INDEX = 300, 9
"""Longest override shown in error texts, and most digits of a list index (characters)."""

EVERY_STEP = ("pressure", "current", "temperature")
"""Names that set the key of every protocol step, as on the axes of a sweep; current only in steps
that carry one."""


def apply_override(data: dict[str, Any], text: str) -> str | None:
    """Put `key.path=value` into `data` in place; lists are counted from 0. Returns an error text,
    or None.

    A bare name of EVERY_STEP is put into every step. The value is TOML if it parses as TOML,
    otherwise text. Unknown keys are left to the check of the case.
    """
    said = f'--set "{shortened(printable(text), LONGEST_SHOWN)}"'
    path, equals, value = text.partition("=")
    if wrong := wrong_text(text):
        return f"{said}: {wrong}"
    keys = [key.strip() for key in path.split(".", DEEPEST)]
    if not equals or not all(keys) or len(keys) > DEEPEST:
        return f'{said}: is not an override; write for example --set protocol.0.pressure="2 MPa"'
    if keys[0] in EVERY_STEP and len(keys) == 1:
        holders: list[Any] = [step for step in steps_of(data.get("protocol")) if keys[0] != "current" or "current" in step]
        if not holders:
            return f"{said}: no step of the protocol carries {keys[0]}; the file needs a [[protocol]] that does"
        return _put(holders, keys[0], value, said)
    if len(keys) > 1 and keys[0] in LISTS and keys[0] not in data:
        return f"{said}: the file has no [[{keys[0]}]]; add one there first"
    holder: Any = data
    for depth, key in enumerate(keys[:-1]):
        if isinstance(holder, dict) and key not in holder:
            holder[key] = {}
        if error := _wrong_step(holder, key, ".".join(keys[:depth]), said):
            return error
        holder = holder[int(key)] if isinstance(holder, list) else holder[key]
    if error := _wrong_step(holder, keys[-1], ".".join(keys[:-1]), said):
        return error
    return _put([holder], int(keys[-1]) if isinstance(holder, list) else keys[-1], value, said)


def _put(holders: list[Any], key: str | int, text: str, said: str) -> str | None:
    try:
        value = _value(text.strip())
    except UnfitError as error:
        return f"{said}: {error}"
    for holder in holders:
        holder[key] = value
    return None


def steps_of(entries: Any) -> Iterator[dict[str, Any]]:
    """The tables of steps in the file, including those inside loops."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and "step" in entry:
            yield from steps_of(entry["step"])
        elif isinstance(entry, dict):
            yield entry


def _wrong_step(holder: Any, key: str, where: str, said: str) -> str | None:
    if isinstance(holder, dict):
        return None
    if not isinstance(holder, list):
        return f"{said}: {where} is a value, not a table; override {where} itself"
    if not key.isdecimal():
        return f"{said}: {where} is a list; write {where}.0.{shortened(key, LONGEST_SHOWN)} for its first entry"
    if len(key) > LONGEST_INDEX or int(key) >= len(holder):
        return f"{said}: there is no {where}.{shortened(key, LONGEST_INDEX)}; {where} has length {len(holder)}, counted from 0"
    return None


def _value(text: str) -> Any:
    try:
        parsed = parse_toml(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if parsed.keys() == {"value"} else text
