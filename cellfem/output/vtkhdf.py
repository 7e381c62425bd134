"""VTKHDF files: one per output with all parts, for any number of ranks; for ParaView 5.13 and
later.

`folder/name.vtkhdf.series` lists the files in `folder/fields/` with their times; both are replaced
atomically, so that the files of a killed run can be viewed. The first rank gathers each output and
writes it.
"""

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vtkmodules.vtkCommonDataModel import (
    vtkCompositeDataSet,
    vtkDataAssembly,
    vtkPartitionedDataSet,
    vtkPartitionedDataSetCollection,
)
from vtkmodules.vtkIOHDF import vtkHDFReader, vtkHDFWriter

from cellfem.formatting import not_written
from cellfem.observe.arrays import Snapshot, merge_snapshots
from cellfem.output.paraview import FIELDS, Series, quiet_vtk, remove_later, to_vtk
from cellfem.output.records import write_atomic
from cellfem.results.manifest import list_files

CHUNK = 2000  # rows of a chunk: the default of 25000 would turn kilobytes into megabytes
COMPRESSION = 1
OVERHEAD = 100_000  # bytes of a file besides its values
COMPLAINT, COMPLAINTS = b"HDF5-DIAG", 4096  # first words of an HDF5 error message; bytes of it that are searched


class HdfSeries(Series):
    """The series of one run as VTKHDF; the interface of `Series`. gather(value): all values on rank
    0, None elsewhere."""

    @property
    def path(self) -> Path:
        """The file to open in ParaView."""
        return self._folder / f"{self._name}.vtkhdf.series"

    def go_on(self, written: list[str]) -> None:
        """Continue a series with these entries; files of later times are removed. Collective."""
        self._datasets, self._count = list(written), len(written)
        if self._rank == 0:
            remove_later(self._folder, self._count)
            write_atomic(self.path, _series(self._datasets))
        self._allgather(None)

    def write(self, snapshot: Snapshot) -> None:
        """Add one time. Collective. Raises OSError on all ranks if it could not be written."""
        pieces, error = self._gather(snapshot), None
        if pieces is not None:
            try:
                name = f"{FIELDS}/{self._name}_{self._count:05d}.vtkhdf"
                list_files([self._folder / name])
                _write_file(self._folder / name, merge_snapshots(pieces))
                self._datasets.append(json.dumps({"name": name, "time": float(snapshot.time_s)}))
                write_atomic(self.path, _series(self._datasets))
            except OSError as problem:
                error = not_written(problem)
        self._raise_together(error)
        self._count += 1


def read_file(path: Path) -> dict[str, Any]:
    """vtk grids of a file by part. Raises OSError."""
    if not path.exists():
        raise OSError(f"{path} is not there")
    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    reader.Update()
    parts = reader.GetOutputDataObject(0)
    if parts is None or not parts.IsA("vtkPartitionedDataSetCollection"):
        raise OSError(f"{path} contains no named parts")
    return {name: parts.GetPartition(k, 0) for name, k in part_names(parts).items()}


def part_names(parts: vtkPartitionedDataSetCollection) -> dict[str, int]:
    """Index of each named part, from the assembly in the file: readers up to vtk 9.6 lose the names
    of the parts themselves."""
    tree: vtkDataAssembly | None = parts.GetDataAssembly()
    if tree is None:
        return {}
    nodes = tree.GetChildNodes(tree.GetRootNode())
    return {tree.GetNodeName(node): index for node in nodes for index in tree.GetDataSetIndices(node, False)}


def _write_file(path: Path, snapshot: Snapshot) -> None:
    parts, tree = vtkPartitionedDataSetCollection(), vtkDataAssembly()
    tree.SetRootNodeName("cellfem")
    for k, (name, block) in enumerate(snapshot.blocks.items()):
        part = vtkPartitionedDataSet()
        part.SetNumberOfPartitions(1)
        part.SetPartition(0, to_vtk(block))
        parts.SetPartitionedDataSet(k, part)
        parts.GetMetaData(k).Set(vtkCompositeDataSet.NAME(), name)
        tree.AddDataSetIndex(tree.AddNode(name), k)
    parts.SetDataAssembly(tree)
    beside = path.with_name(f".{path.name}.part")
    writer = vtkHDFWriter()
    writer.SetFileName(str(beside))
    writer.SetInputDataObject(parts)
    writer.SetChunkSize(CHUNK)
    writer.SetCompressionLevel(COMPRESSION)
    try:
        # On a full disk the writer (VTK 9.6) reports success and leaves a broken file.
        _make_room(path.parent, snapshot)
        with quiet_vtk(), _standard_error() as said:
            whole = writer.Write() and beside.exists() and COMPLAINT not in said()
        if not whole:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.replace(beside, path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        error.filename = str(path)
        raise


def _make_room(folder: Path, snapshot: Snapshot) -> None:
    """Raises OSError unless the disk has space for all uncompressed values."""
    arrays = [a for block in snapshot.blocks.values() for a in (block.points, block.cells, *block.point_data.values())]
    disk = os.statvfs(folder)
    if sum(array.nbytes for array in arrays) + OVERHEAD > disk.f_bavail * disk.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _standard_error() -> Iterator[Callable[[], bytes]]:
    """Capture what libraries write to the standard error of the process; the function returns it
    afterwards."""
    sys.stderr.flush()
    shown, caught = os.dup(2), os.memfd_create("stderr")
    os.dup2(caught, 2)
    try:
        yield lambda: os.pread(caught, COMPLAINTS, 0)
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(caught)


def _series(lines: list[str]) -> str:
    entries = ",\n".join(f"    {line}" for line in lines)
    return f'{{\n  "file-series-version": "1.0",\n  "files": [\n{entries}\n  ]\n}}\n'


def make_series(
    kind: str,
    folder: Path,
    name: str,
    *,
    rank: int,
    size: int,
    writers: int,
    allgather: Callable[[Any], list[Any]],
    split: Callable[[int], Any],
) -> Series:
    """The series for a case's `output.format`. Collective.

    writers: most ranks that write ("pvd"). split(colour): the communicator of the ranks of one
    colour, as MPI's Split.
    """
    if kind == "vtkhdf":
        return HdfSeries(folder, name, rank, size, allgather, gather=split(0).gather)
    groups = min(writers, size)
    group = rank * groups // size
    gather = None if groups == size else split(group).gather
    return Series(folder, name, rank, groups, allgather, gather=gather, piece=group)
