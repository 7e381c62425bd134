"""The field files of a run in either format: times, parts, and the grids for pyvista."""

from __future__ import annotations

import json
import warnings
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.errors import CellfemError

PARTS = ("lithium", "LLZO", "interface")
"""Parts of every output."""
PVD, HDF = "cellfem.pvd", "cellfem.vtkhdf.series"


class SceneError(CellfemError, RuntimeError):
    """The folder contains no run with fields, or the machine cannot draw."""


@dataclass(frozen=True)
class FieldFiles:
    """series: name of the file to open in ParaView. places: (time in s, part) -> file; part ""
    contains all parts in one file."""

    series: str
    places: dict[tuple[float, str], Path]

    @property
    def times(self) -> tuple[float, ...]:
        """All outputs, sorted."""
        return tuple(sorted({time for time, _ in self.places}))

    def read(self, time: float) -> dict[str, Any]:
        """pyvista grids by part. Raises SceneError."""
        import pyvista  # imported late: costs a second, and the window class must be chosen first

        from cellfem.output.paraview import quiet_vtk
        from cellfem.output.vtkhdf import read_file

        found: dict[str, Any] = {}
        for (moment, part), path in self.places.items():
            if moment != time:
                continue
            try:
                with quiet_vtk(), warnings.catch_warnings(action="ignore"):
                    if part:
                        found[part] = _whole(path, pyvista.read(path))
                    else:
                        found |= {name: pyvista.wrap(grid) for name, grid in read_file(path).items()}
            except (OSError, ValueError, KeyError, AttributeError, RuntimeError, ET.ParseError) as error:
                raise SceneError(f"{path}: cannot be read ({error}); was it removed or cut short?") from error
        if missing := [part for part in PARTS if part not in found]:
            raise SceneError(f"{self.series}: lists no {', '.join(missing)} at t = {time:g} s; was it changed?")
        return found


def _whole(path: Path, grid: Any) -> Any:
    """The grid, if it has all points and arrays listed in its .pvtu and .vtu files. Raises OSError
    and ET.ParseError."""
    root = ET.parse(path).getroot()
    names = {str(array.get("Name")) for array in root.iter("PDataArray") if array.get("Name")}
    count = 0
    for piece in root.iter("Piece"):
        source = path.parent / str(piece.get("Source"))
        try:
            count += sum(int(part.get("NumberOfPoints", 0)) for part in ET.parse(source).iter("Piece"))
        except ET.ParseError as error:
            raise OSError(f"{source.name} is cut short or damaged") from error
    if count != grid.n_points or (count and not names <= set(grid.point_data)):
        raise OSError("its pieces are damaged")
    return grid


def field_files(folder: Path) -> FieldFiles:
    """The field files in the folder of a run. Raises SceneError."""
    try:
        if (folder / HDF).exists():
            entries = json.loads((folder / HDF).read_text(encoding="utf-8"))["files"]
            files = FieldFiles(HDF, {(float(entry["time"]), ""): folder / entry["name"] for entry in entries})
        else:
            root = ET.fromstring((folder / PVD).read_text(encoding="utf-8"))
            found = [entry.attrib for entry in root.iter("DataSet")]
            files = FieldFiles(PVD, {(float(e["timestep"]), e["name"]): folder / e["file"] for e in found})
    except (OSError, ET.ParseError, ValueError, KeyError) as error:
        raise SceneError(f"{folder}: contains no readable fields ({error}); name the folder of a run") from error
    if not files.places:
        raise SceneError(f"{folder / files.series}: has no output yet; wait for the first one")
    return files
