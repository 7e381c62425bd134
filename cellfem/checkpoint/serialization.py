"""Dataclasses to what JSON and numpy files hold, and back by their annotations. No pickles: a
checkpoint is data, never code."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np


def to_plain(value: Any) -> Any:
    """Dictionaries, lists, strings, numbers, None and arrays that hold the same. Raises TypeError
    for anything else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value) if field.init}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [to_plain(item) for item in (sorted(value) if isinstance(value, frozenset) else value)]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, bool, int, float, np.ndarray)):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a checkpoint")


def from_plain(hint: Any, data: Any) -> Any:
    """The value that `to_plain` has taken apart, of the annotated type `hint`."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return from_plain(arguments[0], data)
    if origin in (typing.Union, types.UnionType):
        if data is None:
            return None
        return from_plain(next(option for option in arguments if option is not type(None)), data)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = typing.get_type_hints(hint)
        return hint(**{name: from_plain(hints[name], item) for name, item in data.items()})
    if origin is tuple:
        items = [arguments[0]] * len(data) if arguments[-1] is Ellipsis else list(arguments)
        return tuple(from_plain(item, part) for item, part in zip(items, data, strict=True))
    if origin is frozenset:
        return frozenset(from_plain(arguments[0], part) for part in data)
    if origin is list:
        return [from_plain(arguments[0], part) for part in data]
    if origin is dict:
        return {key: from_plain(arguments[1], part) for key, part in data.items()}
    return data
