"""A flaw in the face of the electrolyte, filled with lithium, and its mesh: half of it, the crack's plane being x = 0.

The electrolyte fills 0 < x < W, -L < y < 0 but for the cavity, which is open at y = 0 and full of lithium:

    crack   constant half-opening H, the end round with radius H
    notch   tapers from H at the mouth to the tip's radius ρ < H, the end round with radius ρ
    pore    a channel of half-opening H and the length ℓ that ends in a round pore of radius R

Ahead of the lithium a sharp, empty crack of length `dry` goes on along x = 0 (Ning et al. 2023: dendrites fill cracks only in
part). Beyond it both halves hold together. All lengths in µm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.build import gmsh_model
from dolfinx import mesh
from dolfinx.io import gmsh as gmsh_io

LITHIUM, CERAMIC = 1, 2
WALL, ROOT, MOUTH, AXIS, FACE, SIDE, FAR, DRY, WHOLE = 11, 12, 13, 14, 15, 16, 17, 18, 19
"""Facets: the straight walls of the cavity and its round end; its mouth and middle plane; the electrolyte's face, right side, far
face; on x = 0 the empty crack and the part that holds together."""
ACROSS = 8  # cells from the middle plane to the wall
NARROWING = 1.25  # each cell is narrower by this towards the wall, where power-law flow shears


@dataclass(frozen=True)
class Flaw:
    """The cavity and the block around it; µm."""

    shape: Literal["crack", "notch", "pore"]
    length: float  # crack, notch: from the face to the end of the lithium; pore: of the channel
    half_opening: float  # H
    tip_radius: float  # notch: ρ
    pore_radius: float  # pore: R
    dry: float  # empty crack ahead of the lithium; 0: none
    width: float  # W
    thickness: float  # L

    @property
    def filled(self) -> float:
        """Depth of the lithium's end below the face."""
        if self.shape != "pore":
            return self.length
        return self.length + math.sqrt(self.pore_radius**2 - self.half_opening**2) + self.pore_radius

    @property
    def tip(self) -> float:
        """Depth of the crack's tip."""
        return self.filled + self.dry

    @property
    def end_radius(self) -> float:
        """Radius of the cavity's round end."""
        return {"crack": self.half_opening, "notch": self.tip_radius, "pore": self.pore_radius}[self.shape]

    @property
    def corner(self) -> tuple[float, float]:
        """(x, y) where the straight wall meets the round end."""
        centre, radius = self.filled - self.end_radius, self.end_radius
        if self.shape == "pore":
            return self.half_opening, -self.length
        if self.shape == "crack":
            return self.half_opening, -centre
        # the tangent from (H, 0) to the circle about (0, -centre)
        reach = math.hypot(self.half_opening, centre)
        angle = math.atan2(self.half_opening, centre) + math.acos(radius / reach)
        return radius * math.sin(angle), -centre + radius * math.cos(angle)


@dataclass(frozen=True)
class FlawMesh:
    """Mesh of both bodies with its tags."""

    mesh: mesh.Mesh
    cells: mesh.MeshTags
    facets: mesh.MeshTags


def build_flaw(flaw: Flaw, fineness: float = 1.0) -> FlawMesh:
    """Mesh by gmsh. fineness: 2 halves all sizes. One rank. Raises MeshError."""
    import gmsh

    with gmsh_model("cellfem flaw"):
        geo = gmsh.model.geo
        xc, yc = flaw.corner
        centre = flaw.filled - flaw.end_radius
        ends = {
            "mouth": (0, 0), "rim": (flaw.half_opening, 0), "corner": (xc, yc), "throat": (0, yc), "end": (0, -flaw.filled),
            "centre": (0, -centre), "right": (flaw.width, 0), "low right": (flaw.width, -flaw.thickness),
            "low": (0, -flaw.thickness),
        }  # fmt: skip
        if flaw.dry > 0:
            ends["tip"] = (0, -flaw.tip)
        at = {name: geo.addPoint(x, y, 0) for name, (x, y) in ends.items()}

        def line(a: str, b: str) -> int:
            return int(geo.addLine(at[a], at[b]))

        mouth, wall, throat, upper = (
            line("mouth", "rim"),
            line("corner", "rim"),
            line("throat", "corner"),
            line("mouth", "throat"),
        )
        round_end = _arc(geo, at, flaw)
        lower = line("throat", "end")
        face, side, far = line("rim", "right"), line("right", "low right"), line("low right", "low")
        ahead = [line("low", "tip"), line("tip", "end")] if flaw.dry > 0 else [line("low", "end")]
        channel = geo.addPlaneSurface([geo.addCurveLoop([mouth, -wall, -throat, -upper])])
        end = geo.addPlaneSurface([geo.addCurveLoop([throat, *(-a for a in reversed(round_end)), -lower])])
        body = geo.addPlaneSurface([geo.addCurveLoop([wall, face, side, far, *ahead, *round_end])])
        along = max(8, round(fineness * min(-yc / (1.0 * flaw.half_opening), 240)))
        for curve, sense in ((mouth, 1 / NARROWING), (throat, 1 / NARROWING)):
            geo.mesh.setTransfiniteCurve(curve, round(fineness * ACROSS) + 1, "Progression", sense ** (1 / fineness))
        for curve in (wall, upper):
            geo.mesh.setTransfiniteCurve(curve, along + 1)
        geo.mesh.setTransfiniteSurface(channel, "Alternate", [at[k] for k in ("mouth", "rim", "corner", "throat")])
        geo.synchronize()
        _sizes(flaw, along, fineness)
        groups: list[tuple[int, list[int], int]] = [
            (2, [channel, end], LITHIUM), (2, [body], CERAMIC), (1, [wall], WALL), (1, round_end, ROOT), (1, [mouth], MOUTH),
            (1, [upper, lower], AXIS), (1, [face], FACE), (1, [side], SIDE), (1, [far], FAR), (1, [ahead[0]], WHOLE),
        ]  # fmt: skip
        if flaw.dry > 0:
            groups.append((1, [ahead[1]], DRY))
        for dim, entities, tag in groups:
            gmsh.model.addPhysicalGroup(dim, entities, tag)
        gmsh.model.mesh.generate(2)
        data = gmsh_io.model_to_mesh(gmsh.model, MPI.COMM_SELF, 0, gdim=2)
    return FlawMesh(data.mesh, data.cell_tags, data.facet_tags)


def _arc(geo: Any, at: dict[str, int], flaw: Flaw) -> list[int]:
    """The round end from its lowest point up to the corner, in arcs below half a turn."""
    if flaw.shape != "pore":
        return [int(geo.addCircleArc(at["end"], at["centre"], at["corner"]))]
    at["equator"] = geo.addPoint(flaw.pore_radius, -(flaw.filled - flaw.pore_radius), 0)
    return [
        int(geo.addCircleArc(at["end"], at["centre"], at["equator"])),
        int(geo.addCircleArc(at["equator"], at["centre"], at["corner"])),
    ]


def _sizes(flaw: Flaw, along: int, fineness: float) -> None:
    """Fine at the tip of the crack, the round end and the walls, graded by a fifth of the distance."""
    import gmsh

    step = -flaw.corner[1] / along
    coarse = max(flaw.width, flaw.thickness) / (12 * fineness)
    end, centre = flaw.end_radius / (8 * fineness), flaw.filled - flaw.end_radius
    at_tip = flaw.dry / (40 * fineness)

    def size(dim: int, tag: int, x: float, y: float, z: float, lc: float) -> float:
        sizes = [
            (abs(math.hypot(x, y + centre) - flaw.end_radius), end),
            (math.hypot(x - flaw.half_opening, y), flaw.half_opening / (4 * fineness)),
            (max(x - flaw.half_opening, y, -y + flaw.corner[1]), step),
        ]
        if flaw.dry > 0:
            sizes.append((math.hypot(x, y + flaw.tip), at_tip))
        return min(coarse, *(least + 0.2 * max(distance, 0.0) for distance, least in sizes))

    gmsh.model.mesh.setSizeCallback(size)
