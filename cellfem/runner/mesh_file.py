"""The mesh with which a run was begun, stored with its checkpoints: arrays of a `StackMesh`, or the
description of hexahedra."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.checkpoint import CheckpointError
from cellfem.checkpoint.files import VALUES, ArrayFile, read_values, write_values
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.geometry import Hexahedra, Source, StackMesh, maps

FACES: dict[str, type] = {kind.__name__: kind for kind in (maps.WaveMap, maps.PeriodicMap, maps.GrooveMap, maps.PoreMap)}
"""Rough faces that bricks may have."""
BRICKS, KIND = "bricks", "kind"


def write_source(path: Path, source: Source) -> None:
    """Not collective. Raises OSError."""
    file = ArrayFile(path)
    if isinstance(source, Hexahedra):
        write_values(file, {BRICKS: _plain(source)})
    else:
        for name, array in _arrays(source).items():
            file.array(f"{name}.npy", array)
    error = file.finish()
    if error:
        raise OSError(error)


def read_source(path: Path, sha256: str) -> Source:
    """Inverse of `write_source`, if the file has this hash. Not collective. Raises
    CheckpointError."""
    try:
        source = _read(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: the mesh of the run is damaged or missing ({error}); run the case again") from error
    if source_hash(source) != sha256:
        raise CheckpointError(f"{path}: is not the mesh of this checkpoint; give the folder that both were written in")
    return source


def _read(path: Path) -> Source:
    with zipfile.ZipFile(path) as file:
        if VALUES in file.namelist():
            return _bricks(read_values(file)[BRICKS])
    with np.load(path) as arrays:
        found = {item.name: arrays[item.name] for item in fields(StackMesh) if item.name in arrays.files}
    return StackMesh(**{name: array if array.ndim else array.item() for name, array in found.items()})


def source_hash(source: Source) -> str:
    """SHA-256 of a mesh, or of the description of bricks."""
    digest = hashlib.sha256()
    for name, array in (_flat(_plain(source)) if isinstance(source, Hexahedra) else _arrays(source)).items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _arrays(stack: StackMesh) -> dict[str, Any]:
    """Mirror planes are not stored, so that meshes and hashes from before periodic sides remain
    valid."""
    return {item.name: np.asarray(getattr(stack, item.name)) for item in fields(stack) if stack.periodic or item.name != "joined"}


def _plain(bricks: Hexahedra) -> dict[str, Any]:
    """With the kind of the face; complex amplitudes unchanged."""
    face = bricks.face
    if face is not None and type(face).__name__ not in FACES:
        raise TypeError(f"{type(face).__name__} cannot be written to a checkpoint: add it to FACES")
    found: dict[str, Any] = to_plain(bricks)
    return found | {"face": None if face is None else found["face"] | {KIND: type(face).__name__}}


def _bricks(data: dict[str, Any]) -> Hexahedra:
    found: Hexahedra = from_plain(Hexahedra, data | {"face": None})
    if data["face"] is None:
        return found
    face = from_plain(FACES[data["face"][KIND]], {name: item for name, item in data["face"].items() if name != KIND})
    return replace(found, face=face)


def _flat(data: Any, name: str = "") -> dict[str, Any]:
    if isinstance(data, (Mapping, list)):
        parts = data.items() if isinstance(data, Mapping) else enumerate(data)
        return {key: array for part, item in parts for key, array in _flat(item, f"{name}.{part}").items()}
    return {name: np.asarray(data if data is not None else "")}
