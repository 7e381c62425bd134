"""One checkpoint as one file: a zip of .npy arrays and JSON, each with its CRC-32, that `numpy.load` opens too.

    about.json     format, version of cellfem, case and its SHA-256, SHA-256 of the mesh, time, step, sizes of growing files
    values.json    values of the registry, arrays in values/*.npy
    spaces/S.L.npy keys of the nodes of element L of space S, in whatever order the ranks had them
    fields/F.J.L.npy   values of field F on its J-th space at the nodes of element L, (N, arrays·components)
    contents.json  names and checksums of all of these

Written by rank 0, which receives one rank's part at a time; read by rank 0 and passed on in pieces of bounded size, of which each
rank keeps what it needs. A file is written beside its place, flushed to disk and then renamed: it is there whole or not at all.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cellfem.backend import MPI
from cellfem.checkpoint.numbering import Leaf, Numbers, leaves
from cellfem.checkpoint.plain import to_plain
from cellfem.checkpoint.registry import Registry
from dolfinx import fem

FORMAT = "cellfem checkpoint 2"
ROWS = 1 << 18  # of a piece that is passed on when reading
ARRAY = "__array__"
PART = ".part"
CONTENTS = "contents.json"
VALUES = "values.json"


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the text says why and what to do."""


class Store:
    """Writes and reads checkpoints of one registry. Every method is collective unless it says otherwise."""

    def __init__(self, registry: Registry, numbers: Numbers, comm: MPI.Intracomm) -> None:
        self.registry, self.comm = registry, comm
        self._spaces: list[fem.FunctionSpace] = []
        self._leaves: list[tuple[Leaf, ...]] = []
        self._used: dict[str, list[int]] = {}
        for name, item in registry.fields.items():
            self._used[name] = [self._number_of(space, numbers) for space in item.spaces]

    def write(self, path: Path, about: dict[str, Any]) -> str:
        """Write everything that is declared; what went wrong in words, "" if nothing did (alike on every rank)."""
        file = ArrayFile(path, self.comm.rank == 0)
        file.json("about.json", {"format": FORMAT, **about})
        if self.comm.rank == 0:
            write_values(file, {name: to_plain(value.get()) for name, value in self.registry.values.items()})
        for s, parts in enumerate(self._leaves):
            for k, leaf in enumerate(parts):
                self._collect(file, f"spaces/{s}.{k}.npy", leaf.keys[:, None])
        for name, item in self.registry.fields.items():
            arrays_of = item.get()
            begin = 0
            for j, s in enumerate(self._used[name]):
                size = sum(leaf.places.size for leaf in self._leaves[s])
                for k, leaf in enumerate(self._leaves[s]):
                    rows = [array[begin : begin + size][leaf.places] for array in arrays_of]
                    table = np.concatenate(rows, axis=1) if rows else np.empty((len(leaf.keys), 0))
                    self._collect(file, f"fields/{name}.{j}.{k}.npy", np.ascontiguousarray(table))
                begin += size
        return str(self.comm.bcast(file.finish(), root=0))

    def read(self, path: Path) -> None:
        """Put back everything that is declared, from a file that `open_checked` has found sound. Raises CheckpointError."""
        source = zipfile.ZipFile(path) if self.comm.rank == 0 else None
        try:
            values, names = self.comm.bcast((read_values(source), source.namelist()) if source else None, root=0)
            self._compare(path, set(values), set(names))
            for name, value in self.registry.values.items():
                value.put(values[name])
            rows = [[self._rows(source, path, f"spaces/{s}.{k}.npy", leaf) for k, leaf in enumerate(parts)]
                    for s, parts in enumerate(self._leaves)]  # fmt: skip
            for name, item in self.registry.fields.items():
                blocks = []
                for j, s in enumerate(self._used[name]):
                    size = sum(leaf.places.size for leaf in self._leaves[s])
                    tables = [self._values(source, f"fields/{name}.{j}.{k}.npy", found) for k, found in enumerate(rows[s])]
                    count = tables[0].shape[1] // self._leaves[s][0].places.shape[1]
                    block = np.empty((count, size))
                    for leaf, table in zip(self._leaves[s], tables, strict=True):
                        block[:, leaf.places] = table.reshape(*leaf.places.shape[:1], count, leaf.places.shape[1]).transpose(
                            1, 0, 2
                        )
                    blocks.append(block)
                item.put(list(np.concatenate(blocks, axis=1)))
        finally:
            if source:
                source.close()

    def _number_of(self, space: fem.FunctionSpace, numbers: Numbers) -> int:
        for number, known in enumerate(self._spaces):
            if known == space:
                return number
        self._spaces.append(space)
        self._leaves.append(leaves(space, numbers))
        return len(self._spaces) - 1

    def _collect(self, file: ArrayFile, name: str, own: NDArray[Any]) -> None:
        """One array from the parts of all ranks, a rank at a time."""
        counts = self.comm.gather(len(own), root=0)
        if counts is None:
            self.comm.Send(own, dest=0)
            return
        file.begin(name, own.dtype, (sum(counts), own.shape[1]))
        file.add(own)
        for rank, count in enumerate(counts[1:], start=1):
            part = np.empty((count, own.shape[1]), dtype=own.dtype)
            self.comm.Recv(part, source=rank)
            file.add(part)

    def _compare(self, path: Path, values: set[str], names: set[str]) -> None:
        fields = {name.split("/")[1].split(".")[0] for name in names if name.startswith("fields/")}
        for kind, stored, declared in (
            ("value", values, set(self.registry.values)),
            ("field", fields, set(self.registry.fields)),
        ):
            if stored != declared:
                lacks, more = sorted(declared - stored), sorted(stored - declared)
                raise CheckpointError(
                    f"{path}: was written by another version of cellfem: it lacks {kind}s {lacks} and has {more} besides; "
                    "resume with the version that wrote it (about.json names it), or run the case anew"
                )

    def _rows(self, source: zipfile.ZipFile | None, path: Path, name: str, leaf: Leaf) -> NDArray[np.int64]:
        """Row in the file of each of this rank's nodes."""
        order = np.argsort(leaf.keys)
        mine = leaf.keys[order]
        rows = np.full(len(mine), -1, dtype=np.int64)
        total = 0
        for begin, piece in self._pieces(source, name):
            keys = piece[:, 0]
            at = np.minimum(np.searchsorted(mine, keys), max(len(mine) - 1, 0))
            hit = mine[at] == keys if len(mine) else np.zeros(len(keys), dtype=bool)
            rows[order[at[hit]]] = begin + np.flatnonzero(hit)
            total += len(keys)
        lost = self.comm.allreduce(int(np.sum(rows < 0)))
        if lost or total != self.comm.allreduce(len(mine)):
            raise CheckpointError(f"{path}: was made on another mesh ({name}); give the folder that it was written in")
        return rows

    def _values(self, source: zipfile.ZipFile | None, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        table: NDArray[np.float64] | None = None
        for begin, piece in self._pieces(source, name):
            if table is None:
                table = np.empty((len(rows), piece.shape[1]))
            here = (rows >= begin) & (rows < begin + len(piece))
            table[here] = piece[rows[here] - begin]
        assert table is not None
        return table

    def _pieces(self, source: zipfile.ZipFile | None, name: str) -> Iterator[tuple[int, NDArray[Any]]]:
        """(first row, rows) of a two-dimensional array, on every rank; one piece at least."""
        stream = source.open(name) if source else None
        head = self.comm.bcast(_header(stream) if stream else None, root=0)
        (count, width), dtype = head
        for begin in range(0, max(count, 1), ROWS):
            piece = np.empty((min(ROWS, count - begin), width), dtype=dtype)
            if stream:
                piece.reshape(-1)[:] = np.frombuffer(stream.read(piece.nbytes), dtype=dtype)
            self.comm.Bcast(piece, root=0)
            yield begin, piece
        if stream:
            stream.close()


def read_about(path: Path) -> dict[str, Any]:
    """about.json of a sound checkpoint, every byte of the file checked. Not collective. Raises CheckpointError."""
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
    if about.get("format") != FORMAT:
        raise CheckpointError(f"{path}: has the format {about.get('format')!r}, this cellfem reads {FORMAT!r}")
    if damaged is not None:
        raise CheckpointError(f"{path}: is damaged: {damaged} does not match its checksum")
    return about


class ArrayFile:
    """A zip of .npy arrays and JSON that grows piece by piece beside its place, and takes it in `finish`. Not collective.

    After an error it swallows the rest, so that all ranks get through. root: whether this rank writes at all.
    """

    def __init__(self, path: Path, root: bool = True) -> None:
        self.path, self.root = path, root
        self._beside = path.with_name(f".{path.name}.{os.getpid()}{PART}")
        self._error = ""
        self._member: IO[bytes] | None = None
        if root:
            self._guard(self._open)

    def json(self, name: str, data: Any) -> None:
        """A text of JSON."""
        if self.root:
            self._guard(lambda: self._zip.writestr(name, json.dumps(data, indent=1, ensure_ascii=False)))

    def array(self, name: str, values: NDArray[Any]) -> None:
        """A whole array."""
        self.begin(name, values.dtype, values.shape)
        self.add(values)

    def begin(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        """The next array, whose pieces follow."""
        self._guard(lambda: self._begin(name, dtype, shape))

    def add(self, piece: NDArray[Any]) -> None:
        """Rows of the array that was begun last."""
        if piece.size:
            self._guard(lambda: self._write(np.ascontiguousarray(piece)))

    def finish(self) -> str:
        """Close the file and put it in its place; the error if there was one, and then nothing is left of it."""
        if self.root:
            self._guard(self._close)
            if self._error:
                self._drop()
        return self._error

    def _open(self) -> None:
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
        # A damaged directory may lose a member without a sign: what must be there is told once more.
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
        """Close what is open, as far as it can be, and take the half-written file away."""
        with suppress(AttributeError, OSError, ValueError):
            self._end_member()
            self._zip.close()
        with suppress(AttributeError, OSError):
            self._file.close()
        self._beside.unlink(missing_ok=True)

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


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], str]:
    version = npy.read_magic(stream)
    shape, _, dtype = npy.read_array_header_2_0(stream) if version == (2, 0) else npy.read_array_header_1_0(stream)
    return shape, dtype.str


def write_values(file: ArrayFile, values: dict[str, Any]) -> None:
    """What `to_plain` has made: values.json, and values/*.npy for the arrays. Not collective."""
    arrays: dict[str, NDArray[Any]] = {}
    file.json(VALUES, {name: _lifted(value, name, arrays) for name, value in values.items()})
    for name, array in arrays.items():
        file.array(f"values/{name}.npy", array)


def read_values(source: zipfile.ZipFile) -> dict[str, Any]:
    """What `write_values` was given. Not collective."""

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
    """The item with each array put into `arrays` and named in its place."""
    if isinstance(item, np.ndarray):
        arrays[name] = item
        return {ARRAY: name}
    if isinstance(item, dict):
        return {key: _lifted(part, f"{name}.{key}", arrays) for key, part in item.items()}
    return [_lifted(part, f"{name}.{k}", arrays) for k, part in enumerate(item)] if isinstance(item, list) else item
