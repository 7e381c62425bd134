"""A flaw in the face of the electrolyte, filled with lithium, and the mesh of one half; the crack's
plane is x = 0.

The electrolyte fills 0 < x < W, -L < y < 0 without the cavity, which is open at y = 0 and full of
lithium:

    crack   constant half-opening H, the end round with radius H
    notch   tapers from H at the mouth to the tip's radius ρ < H, the end round with radius ρ
    pore    a channel of half-opening H and the length ℓ that ends in a round pore of radius R; from the pore's bottom a slit of
            half-opening H may go on, the crack that it has sent out

Ahead of the lithium, a sharp empty crack of length `dry` continues along x = 0 (Ning et al. 2023:
dendrites fill cracks only in part). Beyond it the two halves are bonded. All lengths in µm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.build import gmsh_model
from dolfinx import mesh
from dolfinx.io import gmsh as gmsh_io

LITHIUM, CERAMIC = 1, 2
WALL, ROOT, MOUTH, AXIS, FACE, SIDE, FAR, DRY, WHOLE = 11, 12, 13, 14, 15, 16, 17, 18, 19
"""Facets: the straight walls of the cavity and its round end; its mouth and symmetry plane; the
electrolyte's face, right side, far face; on x = 0 the empty crack and the bonded part."""
LONGEST = 240  # most cells along a slit
ACROSS = 8  # cells from the middle plane to the wall
NARROWING = 1.25  # ratio of cell widths towards the wall, where power-law flow shears


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
    crack: float = 0.0  # pore: full length of the slit below it

    @property
    def bottom(self) -> float:
        """Depth of a pore's lowest point."""
        return self.length + math.sqrt(self.pore_radius**2 - self.half_opening**2) + self.pore_radius

    @property
    def filled(self) -> float:
        """Depth of the lithium's end below the face."""
        return self.length if self.shape != "pore" else self.bottom + self.crack

    @property
    def tip(self) -> float:
        """Depth of the crack's tip."""
        return self.filled + self.dry

    @property
    def widest(self) -> float:
        """Largest half width of the cavity."""
        return self.pore_radius if self.shape == "pore" else self.half_opening

    @property
    def end_radius(self) -> float:
        """Radius of the cavity's round end."""
        if self.shape == "pore" and self.crack > 0:
            return self.half_opening
        return {"crack": self.half_opening, "notch": self.tip_radius, "pore": self.pore_radius}[self.shape]

    def longer(self, by: float) -> Flaw:
        """The flaw after its lithium has advanced by this length: a pore gets a crack at its
        bottom."""
        return replace(self, crack=self.crack + by) if self.shape == "pore" else replace(self, length=self.length + by)

    @property
    def corner(self) -> tuple[float, float]:
        """(x, y) where the straight wall from the mouth meets the round end, or the pore."""
        if self.shape == "pore":
            return self.half_opening, -self.length
        centre, radius = self.filled - self.end_radius, self.end_radius
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
        cut = _Cut(geo, flaw)
        cut.add(right=(flaw.width, 0), low_right=(flaw.width, -flaw.thickness), low=(0, -flaw.thickness), tip=(0, -flaw.tip))
        if flaw.shape == "pore" and flaw.crack > 0:
            cut.slit("mouth", "rim", "throat", "corner")
            cut.belly("throat", "corner", "neck_axis", "neck")
            cut.slit("neck_axis", "neck", "low_throat", "low_corner")
            cut.end("low_throat", "low_corner")
        else:
            cut.slit("mouth", "rim", "throat", "corner")
            cut.end("throat", "corner")
        face, side, far = (cut.line(*ends) for ends in (("rim", "right"), ("right", "low_right"), ("low_right", "low")))
        ahead = [cut.line("low", "tip"), cut.line("tip", "end")] if flaw.dry > 0 else [cut.line("low", "end")]
        # the cavity's outline from its end up to the mouth
        outline = [curve for part in reversed(cut.outline) for curve in part]
        body = geo.addPlaneSurface([geo.addCurveLoop([face, side, far, *ahead, *outline])])
        cut.divide(fineness)
        geo.synchronize()
        _sizes(flaw, cut.slits, fineness)
        groups: list[tuple[int, list[int], int]] = [
            (2, cut.surfaces, LITHIUM), (2, [body], CERAMIC), (1, cut.walls, WALL), (1, cut.arcs, ROOT),
            (1, [cut.across[0]], MOUTH), (1, cut.axis, AXIS), (1, [face], FACE), (1, [side], SIDE), (1, [far], FAR),
            (1, [ahead[0]], WHOLE),
        ]  # fmt: skip
        if flaw.dry > 0:
            groups.append((1, [ahead[1]], DRY))
        for dim, entities, tag in groups:
            gmsh.model.addPhysicalGroup(dim, entities, tag)
        gmsh.model.mesh.generate(2)
        data = gmsh_io.model_to_mesh(gmsh.model, MPI.COMM_SELF, 0, gdim=2)
    return FlawMesh(data.mesh, data.cell_tags, data.facet_tags)


class _Cut:
    """The cavity in gmsh, assembled from the mouth down: slits, the belly of a pore, a round
    end."""

    def __init__(self, geo: Any, flaw: Flaw) -> None:
        self.geo, self.flaw = geo, flaw
        self.at: dict[str, int] = {}
        self.surfaces: list[int] = []
        self.walls: list[int] = []
        self.arcs: list[int] = []
        self.axis: list[int] = []
        self.across: list[int] = []  # lines from the middle plane to the wall
        self.outline: list[list[int]] = []  # of each part, upwards
        self.slits: list[tuple[float, float]] = []  # depths
        self._structured: list[tuple[int, int, int, list[int]]] = []
        (xc, yc), H, depth = flaw.corner, flaw.half_opening, flaw.filled - flaw.end_radius
        self.depths = {"mouth": 0.0, "throat": -yc, "low_throat": depth}
        self.add(mouth=(0, 0), rim=(H, 0), corner=(xc, yc), throat=(0, yc), end=(0, -flaw.filled), centre=(0, -depth))
        if flaw.shape == "pore":
            R = flaw.pore_radius
            self.add(equator=(R, R - flaw.bottom), middle=(0, R - flaw.bottom))
            if flaw.crack > 0:
                neck = flaw.bottom - R + math.sqrt(R**2 - H**2)
                self.depths["neck_axis"] = neck
                self.add(neck=(H, -neck), neck_axis=(0, -neck), low_corner=(H, -depth), low_throat=(0, -depth))

    def add(self, **places: tuple[float, float]) -> None:
        self.at |= {name: self.geo.addPoint(x, y, 0) for name, (x, y) in places.items()}

    def line(self, a: str, b: str) -> int:
        return int(self.geo.addLine(self.at[a], self.at[b]))

    def arc(self, a: str, centre: str, b: str) -> int:
        return int(self.geo.addCircleArc(self.at[a], self.at[centre], self.at[b]))

    def slit(self, top: str, rim: str, bottom: str, corner: str) -> None:
        """Between straight walls, in a structured mesh."""
        upper = self.across[-1] if self.across else self._crossing(top, rim)
        wall, axis, lower = self.line(corner, rim), self.line(top, bottom), self._crossing(bottom, corner)
        self._surface([upper, -wall, -lower, -axis])
        self._structured.append((self.surfaces[-1], wall, axis, [self.at[name] for name in (top, rim, corner, bottom)]))
        self.walls.append(wall)
        self.axis.append(axis)
        self.outline.append([wall])
        self.slits.append((self.depths[top], self.depths[bottom]))

    def belly(self, top: str, corner: str, bottom: str, neck: str) -> None:
        """A pore between two slits."""
        arcs = [self.arc(neck, "middle", "equator"), self.arc("equator", "middle", corner)]
        upper, axis, lower = self.across[-1], self.line(top, bottom), self._crossing(bottom, neck)
        self._surface([upper, -arcs[1], -arcs[0], -lower, -axis])
        self._curved(arcs, axis)

    def end(self, top: str, corner: str) -> None:
        """The round end, or the pore at the end of a channel; in arcs of less than half a turn."""
        if self.flaw.shape == "pore" and self.flaw.crack == 0:
            arcs = [self.arc("end", "middle", "equator"), self.arc("equator", "middle", corner)]
        else:
            arcs = [self.arc("end", "centre", corner)]
        axis = self.line(top, "end")
        self._surface([self.across[-1], *(-a for a in reversed(arcs)), -axis])
        self._curved(arcs, axis)

    def divide(self, fineness: float) -> None:
        """Cells of the slits: narrower towards the walls, as long as the opening is wide unless
        that gives too many."""
        for curve in self.across:
            self.geo.mesh.setTransfiniteCurve(
                curve, round(fineness * ACROSS) + 1, "Progression", (1 / NARROWING) ** (1 / fineness)
            )
        for (surface, wall, axis, corners), (high, low) in zip(self._structured, self.slits, strict=True):
            for curve in (wall, axis):
                self.geo.mesh.setTransfiniteCurve(curve, _along(low - high, self.flaw.half_opening, fineness) + 1)
            self.geo.mesh.setTransfiniteSurface(surface, "Alternate", corners)

    def _crossing(self, axis: str, wall: str) -> int:
        self.across.append(self.line(axis, wall))
        return self.across[-1]

    def _surface(self, loop: list[int]) -> None:
        self.surfaces.append(self.geo.addPlaneSurface([self.geo.addCurveLoop(loop)]))

    def _curved(self, arcs: list[int], axis: int) -> None:
        self.arcs += arcs
        self.axis.append(axis)
        self.outline.append(arcs)


def _along(length: float, half_opening: float, fineness: float) -> int:
    """Cells along a slit."""
    return max(8, round(fineness * min(length / half_opening, LONGEST)))


def _sizes(flaw: Flaw, slits: list[tuple[float, float]], fineness: float) -> None:
    """Fine at the tip of the crack, the round end and the walls; the size grows by a fifth of the
    distance."""
    import gmsh

    H = flaw.half_opening
    steps = [(high, low, (low - high) / _along(low - high, H, fineness)) for high, low in slits]
    coarse = max(flaw.width, flaw.thickness) / (12 * fineness)
    circles = [(flaw.filled - flaw.end_radius, flaw.end_radius)]
    if flaw.end_radius != flaw.widest and flaw.shape == "pore":
        circles.append((flaw.bottom - flaw.pore_radius, flaw.pore_radius))
    at_tip = flaw.dry / (40 * fineness)

    def size(dim: int, tag: int, x: float, y: float, z: float, lc: float) -> float:
        sizes = [(abs(math.hypot(x, y + depth) - radius), radius / (8 * fineness)) for depth, radius in circles]
        sizes.append((math.hypot(x - H, y), H / (4 * fineness)))
        sizes += [(max(x - H, y + high, -y - low), step) for high, low, step in steps]
        if flaw.dry > 0:
            sizes.append((math.hypot(x, y + flaw.tip), at_tip))
        return min(coarse, *(least + 0.2 * max(distance, 0.0) for distance, least in sizes))

    gmsh.model.mesh.setSizeCallback(size)
