"""The content of a checkpoint: the owner of a state declares it here by name, with functions that
read and restore it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from dolfinx import fem

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Field:
    """Any number of arrays, each the owned parts of functions on `spaces`, one after the other."""

    spaces: tuple[fem.FunctionSpace, ...]
    get: Callable[[], list[Array]]
    put: Callable[[list[Array]], None]


@dataclass(frozen=True)
class Value:
    """Plain data (`serialization.to_plain`). get: called on rank 0 alone; put: called on every rank
    with the same data."""

    get: Callable[[], Any]
    put: Callable[[Any], None]


@dataclass
class Registry:
    """State by name. On reading, values are restored first, then fields, both in the order of their
    declaration.

    files: files of rank 0 that only grow; a resumed run truncates them to their size at the
    checkpoint. digests: SHA-256 of the content of some of them, by which a resumed run detects
    changes made since.
    """

    fields: dict[str, Field] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    digests: dict[str, Callable[[], str]] = field(default_factory=dict)

    def declare_field(
        self,
        name: str,
        spaces: Sequence[fem.FunctionSpace],
        get: Callable[[], list[Array]],
        put: Callable[[list[Array]], None],
    ) -> None:
        """Declare arrays on spaces; put receives as many arrays as get returns."""
        self._new(name, self.fields)
        self.fields[name] = Field(tuple(spaces), get, put)

    def declare_functions(self, name: str, functions: Sequence[fem.Function]) -> None:
        """Declare functions; ghosts are updated when they are restored."""

        def get() -> list[Array]:
            return [np.concatenate([owned(function) for function in functions])]

        def put(arrays: list[Array]) -> None:
            set_owned(functions, arrays[0])

        self.declare_field(name, [function.function_space for function in functions], get, put)

    def declare_value(self, name: str, get: Callable[[], Any], put: Callable[[Any], None]) -> None:
        """Plain data."""
        self._new(name, self.values)
        self.values[name] = Value(get, put)

    def declare_file(self, name: str, path: Path, digest: Callable[[], str] | None = None) -> None:
        """Declare a file that only grows; digest: called on rank 0 alone."""
        self._new(name, self.files)
        self.files[name] = path
        if digest is not None:
            self.digests[name] = digest

    def _new(self, name: str, among: dict[str, Any]) -> None:
        if name in among:
            raise ValueError(f"checkpoint: {name!r} is declared twice")


def owned(function: fem.Function) -> Array:
    """The owned part of a function's array (a view)."""
    dofmap = function.function_space.dofmap
    return np.asarray(function.x.array[: dofmap.index_map.size_local * dofmap.index_map_bs])


def set_owned(functions: Sequence[fem.Function], values: Array) -> None:
    """Set functions from their owned parts, concatenated; ghosts are updated (collective)."""
    begin = 0
    for function in functions:
        part = owned(function)
        part[:] = values[begin : begin + len(part)]
        begin += len(part)
        function.x.scatter_forward()
