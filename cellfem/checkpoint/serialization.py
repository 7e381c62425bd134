"""Dataclasses to data that JSON and numpy files can contain, and back by their annotations, which
pydantic checks. No pickles: a checkpoint contains data, never code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter


def to_plain(value: Any) -> Any:
    """Equivalent dictionaries, lists, strings, numbers, None and arrays. Raises TypeError for
    anything else."""
    if hasattr(value, "as_data"):  # the type is stored with the fields
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
    raise TypeError(f"{type(value).__name__} cannot be written to a checkpoint")


def from_plain(hint: Any, data: Any) -> Any:
    """Inverse of `to_plain`: the value of the annotated type `hint`. Raises ValueError if the data
    do not fit it."""
    (value,) = _adapter(hint).validate_python((data,))
    return value


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    """The adapter of a one-element tuple, because a dataclass takes its configuration only from the
    type that contains it."""
    return TypeAdapter(tuple[hint], config=ConfigDict(arbitrary_types_allowed=True))
