"""The field files of a run, whichever format it wrote: times, parts, and the grids for pyvista."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PVD, HDF = "cellfem.pvd", "cellfem.vtkhdf.series"


class SceneError(RuntimeError):
    """A folder holds no run of which a scene could be made, or the machine cannot draw it."""


@dataclass(frozen=True)
class FieldFiles:
    """series: name of the file to open in ParaView. places: (time in s, part) -> file; part "" holds all parts in one file."""

    series: str
    places: dict[tuple[float, str], Path]

    @property
    def times(self) -> tuple[float, ...]:
        """All outputs, sorted."""
        return tuple(sorted({time for time, _ in self.places}))

    def read(self, time: float) -> dict[str, Any]:
        """pyvista grids by part. Raises SceneError."""
        import pyvista  # late: costs a second, and the window class must be chosen first

        from cellfem.output.vtkhdf import read_file

        found: dict[str, Any] = {}
        for (moment, part), path in self.places.items():
            if moment != time:
                continue
            try:
                if part:
                    found[part] = pyvista.read(path)
                else:
                    found |= {name: pyvista.wrap(grid) for name, grid in read_file(path).items()}
            except (OSError, ValueError) as error:
                raise SceneError(f"{path}: cannot be read ({error}); was it removed?") from error
        return found


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
        raise SceneError(f"{folder}: holds no fields that can be read ({error}); name the folder of a run") from error
    if not files.places:
        raise SceneError(f"{folder / files.series}: lists no output yet; wait for the first one")
    return files
