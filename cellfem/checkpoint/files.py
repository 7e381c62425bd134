"""A zip of .npy arrays and JSON, each with its CRC-32, written and read piece by piece; independent
of meshes and ranks."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cellfem.errors import CellfemError
from cellfem.results.manifest import list_files

FORMAT = "cellfem checkpoint 5"
ARRAY = "__array__"
PART = ".part"
CONTENTS = "contents.json"
VALUES = "values.json"


class CheckpointError(CellfemError, ValueError):
    """A checkpoint cannot be used; the text gives reason and remedy."""


def read_about(path: Path, wanted: str = FORMAT) -> dict[str, Any]:
    """about.json of an undamaged file of this format; every byte is checked. Not collective. Raises
    CheckpointError."""
    try:
        with zipfile.ZipFile(path) as file:
            about: dict[str, Any] = json.loads(file.read("about.json"))
            contents = json.loads(file.read(CONTENTS)) | {CONTENTS: file.getinfo(CONTENTS).CRC}
            whole = contents == {info.filename: info.CRC for info in file.infolist()}
            damaged = file.testzip() or (None if whole else "its list of contents")
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: there is no such checkpoint") from error
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise CheckpointError(f"{path}: is damaged, cut short or no checkpoint of cellfem ({error})") from error
    if about.get("format") != wanted:
        raise CheckpointError(f"{path}: has the format {about.get('format')!r}, this cellfem reads {wanted!r}")
    if damaged is not None:
        raise CheckpointError(f"{path}: is damaged: {damaged} does not match its checksum")
    return about


class ArrayFile:
    """A zip of .npy arrays and JSON that is written under a temporary name and renamed by `finish`.
    Not collective.

    After an error further calls do nothing, so that all ranks complete the loop. root: whether this
    rank writes.
    """

    def __init__(self, path: Path, root: bool = True) -> None:
        self.path, self.root = path, root
        self._beside = path.with_name(f".{path.name}.{os.getpid()}{PART}")
        self._error = ""
        self._member: IO[bytes] | None = None
        if root:
            self._guard(self._open)

    def json(self, name: str, data: Any) -> None:
        """Write data as JSON."""
        if self.root:
            self._guard(lambda: self._zip.writestr(name, json.dumps(data, indent=1, ensure_ascii=False)))

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write a whole array."""
        self.begin(name, values.dtype, values.shape)
        self.add(values)

    def begin(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        """Begin the next array; its pieces follow."""
        self._guard(lambda: self._begin(name, dtype, shape))

    def add(self, piece: NDArray[Any]) -> None:
        """Append rows to the array begun last."""
        if piece.size:
            self._guard(lambda: self._write(np.ascontiguousarray(piece)))

    def finish(self) -> str:
        """Close the file and rename it into place; returns the error, if there was one, after
        removing the file."""
        if self.root:
            self._guard(self._close)
            if self._error:
                self._drop()
        return self._error

    def _open(self) -> None:
        list_files([self.path])
        self._file = self._beside.open("wb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)

    def _begin(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self._end_member()
        self._member = self._zip.open(name, "w", force_zip64=True)
        head = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_2_0(self._member, head)

    def _write(self, piece: NDArray[Any]) -> None:
        assert self._member is not None
        self._member.write(piece.reshape(-1).view(np.uint8).data)

    def _close(self) -> None:
        self._end_member()
        # A damaged directory may lose a member without an error: required members are therefore
        # listed a second time.
        self._zip.writestr(CONTENTS, json.dumps({info.filename: info.CRC for info in self._zip.infolist()}))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._beside.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _drop(self) -> None:
        """Close what is open, as far as possible, and remove the incomplete file."""
        with suppress(AttributeError, OSError, ValueError):
            self._end_member()
            self._zip.close()
        with suppress(AttributeError, OSError):
            self._file.close()
        with suppress(OSError):
            self._beside.unlink()

    def _end_member(self) -> None:
        if self._member:
            self._member.close()
            self._member = None

    def _guard(self, action: Callable[[], None]) -> None:
        if self._error:
            return
        try:
            action()
        except OSError as error:
            self._error = f"{self.path}: {error.strerror or error}"


def write_values(file: ArrayFile, values: dict[str, Any]) -> None:
    """Write the output of `to_plain`: values.json, and values/*.npy for the arrays. Not
    collective."""
    arrays: dict[str, NDArray[Any]] = {}
    file.json(VALUES, {name: _lifted(value, name, arrays) for name, value in values.items()})
    for name, array in arrays.items():
        file.array(f"values/{name}.npy", array)


def read_values(source: zipfile.ZipFile) -> dict[str, Any]:
    """Read what `write_values` has written. Not collective."""

    def lowered(item: Any) -> Any:
        if isinstance(item, dict):
            if ARRAY in item:
                with source.open(f"values/{item[ARRAY]}.npy") as stream:
                    return npy.read_array(stream, allow_pickle=False)
            return {key: lowered(part) for key, part in item.items()}
        return [lowered(part) for part in item] if isinstance(item, list) else item

    values: dict[str, Any] = lowered(json.loads(source.read(VALUES)))
    return values


def _lifted(item: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """The item with each array moved to `arrays` and replaced by its name."""
    if isinstance(item, np.ndarray):
        arrays[name] = item
        return {ARRAY: name}
    if isinstance(item, dict):
        return {key: _lifted(part, f"{name}.{key}", arrays) for key, part in item.items()}
    return [_lifted(part, f"{name}.{k}", arrays) for k, part in enumerate(item)] if isinstance(item, list) else item
