"""One checkpoint as one file: a zip of .npy arrays and JSON, each with its CRC-32, that
`numpy.load` opens too.

    about.json     format, version of cellfem, case and its SHA-256, SHA-256 of the mesh, time, step, sizes of growing files
    values.json    values of the registry, arrays in values/*.npy
    spaces/S.L.npy keys of the nodes of element L of space S, in whatever order the ranks had them
    fields/F.J.L.npy   values of field F on its J-th space at the nodes of element L, (N, arrays·components)
    contents.json  names and checksums of all of these

Written by rank 0, which receives one rank's part at a time; read by rank 0 and broadcast in pieces
of bounded size, of which each rank keeps its own rows. A file is written under a temporary name,
flushed to disk and then renamed: it is complete or absent.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from cellfem.backend import MPI
from cellfem.checkpoint.files import FORMAT, ArrayFile, CheckpointError, read_values, write_values
from cellfem.checkpoint.numbering import Leaf, Numbers, leaves
from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import to_plain
from dolfinx import fem

ROWS = 1 << 18  # bytes of a piece that is broadcast on reading


class Store:
    """Writes and reads checkpoints of one registry. Every method is collective unless stated
    otherwise."""

    def __init__(self, registry: Registry, numbers: Numbers, comm: MPI.Intracomm) -> None:
        self.registry, self.comm = registry, comm
        self._spaces: list[fem.FunctionSpace] = []
        self._leaves: list[tuple[Leaf, ...]] = []
        self._used: dict[str, list[int]] = {}
        for name, item in registry.fields.items():
            self._used[name] = [self._number_of(space, numbers) for space in item.spaces]

    def write(self, path: Path, about: dict[str, Any]) -> str:
        """Write all declared state; returns the error text, "" without one (the same on every
        rank)."""
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
        """Restore all declared state from a file that `open_checked` has checked. Raises
        CheckpointError."""
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
        """Write one array from the parts of all ranks, one rank at a time."""
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
                    f"{path}: was written by another version of cellfem: missing {kind}s {lacks}, additional {more}; "
                    "resume with the version that wrote it (about.json names it), or run the case again"
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
            raise CheckpointError(f"{path}: was written on another mesh ({name}); give the folder that it was written in")
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
        """(first row, rows) of a two-dimensional array, on every rank; at least one piece."""
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


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], str]:
    version = npy.read_magic(stream)
    shape, _, dtype = npy.read_array_header_2_0(stream) if version == (2, 0) else npy.read_array_header_1_0(stream)
    return shape, dtype.str
