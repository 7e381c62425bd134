"""ParaView files: one .pvd for the run, which lists for every time and part a .pvtu, which lists
one .vtu per writing rank.

Opens by double click in ParaView 5.11 and later with times, named parts and quadratic cells. Points
are Float64, fields Float32: the files are for viewing, records.csv has full precision.
"""

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkObject, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkUnstructuredGrid
from vtkmodules.vtkCommonMisc import vtkErrorCode
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridWriter

from cellfem.formatting import not_written
from cellfem.observe.arrays import Block, Snapshot, merge_snapshots
from cellfem.output.records import write_atomic
from cellfem.results.files import remove
from cellfem.results.manifest import list_files, listed

FIELDS = "fields"
_NUMBER = re.compile(r"_(\d{5})(?:_\d+)?\.[a-z]+$")  # number of an output in the name of a file


def _alone(value: Any) -> list[Any]:
    return [value]


class Series:
    """The ParaView files of one run: `folder/name.pvd` and the pieces in `folder/fields/`.

    rank, size, allgather: of the communicator (allgather(value) -> the values of all ranks); the
    defaults are for one rank. If fewer ranks write, size is their number, piece the group of this
    rank, and gather(value) returns the values of the group on its writing rank, and None on the
    others. The .pvd is replaced atomically after all pieces of a time are written, so that the
    files of a killed run can be viewed.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        rank: int = 0,
        size: int = 1,
        allgather: Callable[[Any], list[Any]] = _alone,
        *,
        gather: Callable[[Any], list[Any] | None] | None = None,
        piece: int | None = None,
    ) -> None:
        self._folder, self._name, self._rank, self._size, self._allgather = folder, name, rank, size, allgather
        self._gather, self._number = gather or _alone, rank if piece is None else piece
        self._datasets: list[str] = []
        self._count = 0
        (folder / FIELDS).mkdir(parents=True, exist_ok=True)

    @property
    def path(self) -> Path:
        """The file to open in ParaView."""
        return self._folder / f"{self._name}.pvd"

    @property
    def written(self) -> list[str]:
        """Entries of the .pvd, a line for each part and time; on rank 0."""
        return list(self._datasets)

    def go_on(self, written: list[str]) -> None:
        """Continue a series with these entries; files of later times are removed. Collective."""
        parts = {line.split(' name="')[1].split('"')[0] for line in written}
        self._datasets = list(written)
        self._count = len(written) // max(len(parts), 1)
        if self._rank == 0:
            remove_later(self._folder, self._count)
            write_atomic(self.path, _pvd(self._datasets))
        self._allgather(None)

    def write(self, snapshot: Snapshot) -> None:
        """Add one time. Collective. Raises OSError on all ranks if a piece could not be written on
        any of them."""
        error, pieces = None, self._gather(snapshot)
        try:
            if self._rank == 0:
                list_files(self._folder / name for part in snapshot.blocks for name in self._names(part))
        except OSError as problem:
            error = str(problem)
        self._raise_together(error)  # before any rank writes its piece
        try:
            for part, block in merge_snapshots(pieces).blocks.items() if pieces else ():
                _write_piece(self._folder / self._piece(part, self._number), block)
        except OSError as problem:
            error = not_written(problem)
        self._raise_together(error)
        if self._rank == 0:
            try:
                self._list(snapshot)
            except OSError as problem:
                error = not_written(problem)
        self._raise_together(error)
        self._count += 1

    def _list(self, snapshot: Snapshot) -> None:
        for number, (part, block) in enumerate(snapshot.blocks.items()):
            collection, *pieces = self._names(part)
            write_atomic(self._folder / collection, _pvtu(block, [Path(piece).name for piece in pieces]))
            self._datasets.append(
                f'    <DataSet timestep="{float(snapshot.time_s)!r}" part="{number}" name={quoteattr(part)} file="{collection}"/>'
            )
        write_atomic(self.path, _pvd(self._datasets))

    def _names(self, part: str) -> list[str]:
        """Files of a part at the present time: the collection, and the pieces of all ranks."""
        return [f"{FIELDS}/{part}_{self._count:05d}.pvtu", *(self._piece(part, rank) for rank in range(self._size))]

    def _piece(self, part: str, rank: int) -> str:
        return f"{FIELDS}/{part}_{self._count:05d}_{rank}.vtu"

    def _raise_together(self, error: str | None) -> None:
        errors = [text for text in self._allgather(error) if text]
        if errors:
            raise OSError(errors[0])


@contextmanager
def quiet_vtk() -> Iterator[None]:
    """Suppress VTK's messages on the terminal: the caller checks the result and reports it."""
    shown = vtkObject.GetGlobalWarningDisplay()
    vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtkObject.SetGlobalWarningDisplay(shown)


def remove_later(folder: Path, count: int) -> None:
    """Remove the field files of a run beyond the first `count` outputs. Not collective."""
    found = {name: _NUMBER.search(name) for name in listed(folder) if name.startswith(f"{FIELDS}/")}
    remove(folder, [name for name, match in found.items() if match and int(match[1]) >= count])
    (folder / FIELDS).mkdir(exist_ok=True)


def to_vtk(block: Block) -> vtkUnstructuredGrid:
    """The block as a vtk grid (copies; point data as Float32)."""
    grid = vtkUnstructuredGrid()
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(block.points, dtype=np.float64), deep=True))
    grid.SetPoints(points)
    count, width = block.cells.shape
    offsets = np.arange(0, count * width + 1, width, dtype=np.int64) if width else np.zeros(1, dtype=np.int64)
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_to_vtkIdTypeArray(np.ascontiguousarray(block.cells.ravel(), dtype=np.int64), deep=True),
    )
    grid.SetCells(block.cell_type, cells)
    for name, values in block.point_data.items():
        array = numpy_to_vtk(np.ascontiguousarray(values, dtype=np.float32), deep=True)
        array.SetName(name)
        grid.GetPointData().AddArray(array)
    return grid


def _write_piece(path: Path, block: Block) -> None:
    writer = vtkXMLUnstructuredGridWriter()
    writer.SetInputData(to_vtk(block))
    # A third larger than appended data, which ParaView before 5.12 cannot read with a recent expat
    # of the system (2.6, or patched against CVE-2023-52425, as on Debian 12 and Ubuntu 24.04): it
    # loses its position at the end of the header.
    writer.SetDataModeToBinary()
    writer.SetCompressorTypeToZLib()
    writer.SetCompressionLevel(1)  # twice as fast as the default for a tenth more bytes
    # Not written by VTK itself: on a full disk it ends the program (9.6, "double free or
    # corruption").
    writer.WriteToOutputStringOn()
    if not writer.Write():
        raise OSError(
            errno.EIO, f"VTK could not write it, {vtkErrorCode.GetStringFromErrorCode(writer.GetErrorCode())}", str(path)
        )
    write_atomic(path, writer.GetOutputString(), durable=False)


def _pvtu(block: Block, pieces: list[str]) -> str:
    arrays = "".join(
        f'      <PDataArray type="Float32" Name={quoteattr(name)} NumberOfComponents="{3 if values.ndim == 2 else 1}"/>\n'
        for name, values in block.point_data.items()
    )
    sources = "".join(f"    <Piece Source={quoteattr(piece)}/>\n" for piece in pieces)
    return (
        '<?xml version="1.0"?>\n<VTKFile type="PUnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt32">\n'
        f'  <PUnstructuredGrid GhostLevel="0">\n    <PPointData>\n{arrays}    </PPointData>\n'
        '    <PPoints>\n      <PDataArray type="Float64" NumberOfComponents="3"/>\n    </PPoints>\n'
        f"{sources}  </PUnstructuredGrid>\n</VTKFile>\n"
    )


def _pvd(datasets: list[str]) -> str:
    lines = "\n".join(datasets)
    return (
        '<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0" byte_order="LittleEndian">\n'
        f"  <Collection>\n{lines}\n  </Collection>\n</VTKFile>\n"
    )
