"""Nodes, triangles and element sets of Abaqus input files.

meshio reads these files too, but version 5.3.5 does not know elements of plane strain (CPE3) or
axisymmetric ones (CAX3), and returns wrong lists for sets that consist of other sets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cellfem.geometry.stack import Floats, Ints, MeshError

TRIANGLES = re.compile(r"(CPS|CPE|CPEG|CAX|CGAX|DC2D|DCAX|AC2D|ACAX|S|STRI|R3D|SFM3D|M3D)3[A-Z]*")
"""Element types with three nodes, with any letters for their formulation."""
LINES = re.compile(r"(T2D|T3D|B2|B3|R2D|RAX|SAX|MAX|SFMAX|FRAME|CONN)\w*|RB\w+|MASS|SPRING\w*")
"""Elements without area, which are ignored."""


@dataclass
class _Found:
    nodes: dict[int, list[float]] = field(default_factory=dict)
    triangles: dict[int, list[int]] = field(default_factory=dict)  # nodes of each element
    sets: dict[str, list[int | str]] = field(default_factory=dict)  # elements, and names of other sets
    names: dict[str, str] = field(default_factory=dict)  # as written, keyed by the name in capitals


def read_inp(file: Path) -> tuple[Floats, dict[str, Ints]]:
    """Points (N, 3) and triangles (M, 3) of each element set; names are case-insensitive. Raises
    MeshError, ValueError."""
    found = _Found()
    for keyword, options, lines in _blocks(file):
        if keyword == "NODE":
            _nodes(found, lines)
        elif keyword == "ELEMENT":
            _elements(found, options, lines)
        elif keyword == "ELSET":
            _set(found, options, lines)
    if not found.nodes or not found.triangles:
        raise MeshError("the file has no nodes or no triangles (*NODE, *ELEMENT): export the mesh, not only the analysis")
    numbers = sorted(found.nodes)
    index = {number: k for k, number in enumerate(numbers)}
    groups = {}
    for key, name in found.names.items():
        cells = [found.triangles[number] for number in sorted(_members(found, key, ())) if number in found.triangles]
        groups[name] = np.array([[index[node] for node in cell] for cell in cells], dtype=np.int64).reshape(-1, 3)
    points = np.zeros((len(numbers), 3))
    for k, number in enumerate(numbers):
        at = found.nodes[number]
        points[k, : len(at)] = at
    return points, groups


def _blocks(file: Path) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """Keyword, options and data lines of each block; included files are inserted."""
    keyword, options, lines = "", dict[str, str](), list[str]()
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("**") or not line.strip():
            continue
        if not line.startswith("*"):
            lines.append(line)
            continue
        yield keyword, options, lines
        head, *rest = (part.strip() for part in line[1:].split(","))
        pairs = (part.partition("=") for part in rest if part)
        options = {key.strip().upper(): value.strip().strip('"') for key, _, value in pairs}
        keyword, lines = head.upper(), []
        if keyword == "INCLUDE":
            yield from _blocks(file.parent / options.get("INPUT", ""))
    yield keyword, options, lines


def _nodes(found: _Found, lines: list[str]) -> None:
    for line in lines:
        number, *at = (part.strip() for part in line.split(",") if part.strip())
        if int(number) in found.nodes:
            raise MeshError(f"node {number} is defined twice: export one part in one instance")
        found.nodes[int(number)] = [float(value) for value in at[:3]]


def _elements(found: _Found, options: dict[str, str], lines: list[str]) -> None:
    kind = options.get("TYPE", "").upper()
    if LINES.fullmatch(kind):
        return
    if not TRIANGLES.fullmatch(kind):
        raise MeshError(f"the mesh has elements of type {kind}: save it with triangles of first order only, as CPS3 or CPE3")
    data = [int(part) for line in lines for part in line.split(",") if part.strip()]
    if len(data) % 4:
        raise MeshError(f"the elements of type {kind} do not have a number and three nodes each: export the mesh again")
    members: list[int | str] = list(data[::4])
    for k, number in enumerate(data[::4]):
        if number in found.triangles:
            raise MeshError(f"element {number} is defined twice: export one part in one instance")
        found.triangles[number] = data[4 * k + 1 : 4 * k + 4]
    if "ELSET" in options:
        _add(found, options["ELSET"], members)


def _set(found: _Found, options: dict[str, str], lines: list[str]) -> None:
    entries = [part.strip().strip('"') for line in lines for part in line.split(",") if part.strip()]
    members: list[int | str] = []
    if "GENERATE" in options:
        for line in lines:
            first, last, *step = (int(part) for part in line.split(",") if part.strip())
            members += range(first, last + 1, *step)
    else:
        members += [int(entry) if entry.isdecimal() else entry.upper() for entry in entries]
    _add(found, options.get("ELSET", ""), members)


def _add(found: _Found, name: str, members: list[int | str]) -> None:
    found.names.setdefault(name.upper(), name)
    found.sets.setdefault(name.upper(), []).extend(members)


def _members(found: _Found, key: str, above: tuple[str, ...]) -> set[int]:
    """Elements of a set, including those of its member sets."""
    if key not in found.sets:
        raise MeshError(f"the set {above[-1]} contains a set {key} that is not in the file: export the mesh again")
    if key in above:
        raise MeshError(f"the set {key} contains itself: export the mesh again")
    whole: set[int] = set()
    for member in found.sets[key]:
        whole |= {member} if isinstance(member, int) else _members(found, member, (*above, key))
    return whole
