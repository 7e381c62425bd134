"""Dataclasses to what JSON and numpy files hold, and back by their annotations, which pydantic
checks. No pickles: a checkpoint is data, never code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter


def to_plain(value: Any) -> Any:
    """Dictionaries, lists, strings, numbers, None and arrays that hold the same. Raises TypeError
    for anything else."""
    if hasattr(value, "as_data"):  # which type it is matters beside its fields
        return to_plain(value.as_data())
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
    """The value that `to_plain` has taken apart, of the annotated type `hint`. Raises ValueError
    where the data are no such value."""
    (value,) = _adapter(hint).validate_python((data,))
    return value


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    """Of a tuple of one, because a dataclass takes no configuration from outside but that of what
    holds it."""
    return TypeAdapter(tuple[hint], config=ConfigDict(arbitrary_types_allowed=True))
