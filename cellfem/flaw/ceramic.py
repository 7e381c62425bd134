"""The electrolyte around a flaw: its stress under the pressures of lithium and stack, and the
driving force of the crack ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.flaw.integral import CrackIntegral, Tip
from cellfem.flaw.shape import DRY, FACE, ROOT, WALL, Flaw
from cellfem.model.cracks import ENTRIES
from cellfem.model.elastic import ElasticBody, FixedPoints, NodeMean
from cellfem.physics import elasticity
from dolfinx import fem, mesh

Array = NDArray[np.float64]
TINY = 1e-7  # of the size of the block
SINGULAR = 40  # degree of quadrature on the empty crack, where Williams' field is r^-½
RINGS = ((0.25, 0.5), (0.4, 0.8))
"""Inner and outer radius of the two domains of the crack integral, relative to the distance to the
nearest outer boundary (or the dry length)."""


@dataclass(frozen=True)
class Preload:
    """Compression of LLZO normal to the crack's plane, independent of the lithium: residual, or
    applied (Fincher et al. 2022).

    compression: MPa, < 0 in tension; begins: depth below which it acts, µm. The stack pressure adds
    its own between mirror planes.
    """

    compression: float = 0.0
    begins: float = 0.0

    def __bool__(self) -> bool:
        return self.compression != 0


NO_PRELOAD = Preload()


@dataclass(frozen=True)
class Cracking:
    """Driving force of the crack ahead of a flaw. MPa·µm^½, MPa·µm.

    intensity: K_I, negative if the crack is closed; by_energy: K from the energy release rate;
    spread: difference of K_I between two domains, over K_I. tension: largest principal stress of
    LLZO and its position (µm).
    """

    intensity: float
    energy: float
    by_energy: float
    spread: float
    tension_MPa: float
    place_um: tuple[float, float]


class FlawCeramic:
    """Elastic electrolyte (plane strain) around a flaw; fixed in normal direction (sliding) on the
    far face, on x = 0 beyond the crack, and on the right side if that is a mirror plane. One rank.

    A preload is superposed: the uncracked body under it has no crack field, and cutting it is
    equivalent to the traction c n_x e_x on all faces of the cavity and of the empty crack (Bueckner
    1958).
    """

    def __init__(
        self,
        body: mesh.Mesh,
        flaw: Flaw,
        young: float,
        poisson: float,
        sides: Literal["mirror", "free"] = "mirror",
        preload: Preload = NO_PRELOAD,
    ) -> None:
        self.flaw, self.preload = flaw, preload
        tiny = TINY * max(flaw.width, flaw.thickness)
        held = [
            FixedPoints(1, lambda x: np.abs(x[1] + flaw.thickness) < tiny),
            FixedPoints(0, lambda x: (np.abs(x[0]) < tiny) & (x[1] < -flaw.tip + tiny)),
        ]
        if sides == "mirror":
            held.append(FixedPoints(0, lambda x: np.abs(x[0] - flaw.width) < tiny))
        self.body = ElasticBody(body, young, poisson, held)
        self.pressed = fem.Function(fem.functionspace(body, ("Lagrange", 1, (2,))))  # pressure and shear on the walls
        self.stack = fem.Constant(body, 0.0)
        self.nodes = self.pressed.function_space.tabulate_dof_coordinates()
        faces = ufl.Measure("ds", domain=body, subdomain_data=_tags(body, flaw, tiny), metadata={"quadrature_degree": 8})
        n = ufl.FacetNormal(body)
        # Normal and tangent of LLZO on the walls are opposite to those of the lithium: Λ = λ n_Li +
        # τ t_Li = -λ n - τ t.
        along = ufl.as_vector([-n[1], n[0]])
        deep = ufl.lt(ufl.SpatialCoordinate(body)[1], -preload.begins)
        shut = ufl.conditional(deep, preload.compression, 0.0) * n[0] * ufl.as_vector([1.0, 0.0])
        self.traction = -self.pressed[0] * n - self.pressed[1] * along + shut
        test = self.body.test()
        work = ufl.dot(self.traction, test) * faces((WALL, ROOT)) - self.stack * ufl.dot(n, test) * faces(FACE)
        if preload:
            work += ufl.dot(shut, test) * faces(DRY)
        self.load = fem.form(work)
        reach = min(flaw.width, flaw.thickness - flaw.tip)
        reach = min(reach, flaw.dry) if flaw.dry > 0 else min(reach, 0.8 * flaw.filled)
        if flaw.dry > 0:
            sizes = [(inner * reach, outer * reach) for inner, outer in RINGS]
            around = faces(DRY, metadata={"quadrature_degree": SINGULAR}) if preload else None
            on_faces = shut
        else:
            # A blunt end: ring domains around it that meet the straight walls.
            start = 2.5 * flaw.end_radius
            sizes = [(start + inner * (reach - start), start + outer * (reach - start)) for inner, outer in RINGS]
            around, on_faces = faces((WALL, ROOT)), self.traction
        tip = Tip(-flaw.tip)
        self.integrals = [CrackIntegral(self.body, tip, a, b, around, on_faces) for a, b in sizes]
        self.stress = NodeMean(body, ufl.as_vector([self.body.stress[i, j] for i, j in ENTRIES]), len(ENTRIES))

    def solve(self, places: Array, tractions: Array, stack_pressure: float) -> Cracking:
        """`press`, then `cracking`."""
        self.press(places, tractions, stack_pressure)
        return self.cracking()

    def press(self, places: Array, tractions: Array, stack_pressure: float) -> None:
        """Solve the displacement under pressure and shear (N, 2) at the positions (N, 3) of walls
        and end, and the stack pressure on the face (MPa)."""
        distance, node = scipy.spatial.cKDTree(self.nodes).query(places)
        if distance.max(initial=0.0) > TINY * self.flaw.width:
            raise ValueError("the walls of the lithium are not those of the electrolyte")
        values = np.zeros((len(self.nodes), 2))
        values[node] = tractions
        self.pressed.x.array[:] = values.ravel()
        self.stack.value = stack_pressure
        self.body.solve(self.load)

    def cracking(self) -> Cracking:
        """Evaluate the present displacement."""
        found = [integral.evaluate() for integral in self.integrals]
        values = self.stress()
        tensor = np.zeros((len(values), 3, 3))
        for k, (i, j) in enumerate(ENTRIES):
            tensor[:, i, j] = tensor[:, j, i] = values[:, k]
        deep = self.body.space.tabulate_dof_coordinates()[:, 1] < -self.preload.begins
        tensor[deep, 0, 0] -= self.preload.compression
        self.principal = elasticity.principal_stresses(tensor)[:, -1]
        at = self.body.space.tabulate_dof_coordinates()
        here = int(np.argmax(self.principal))
        first, second = found[0], found[-1]
        use = [f.intensity if self.flaw.dry > 0 else f.by_energy for f in (first, second)]
        spread = abs(use[1] - use[0]) / max(abs(use[0]), 1e-300)
        return Cracking(
            use[0], first.energy, first.by_energy, spread, float(self.principal[here]), (float(at[here, 0]), float(at[here, 1]))
        )


def _tags(body: mesh.Mesh, flaw: Flaw, tiny: float) -> mesh.MeshTags:
    """Facets of the walls, the round end, the empty crack and the face towards the electrode, found
    by position."""
    corner = flaw.corner[1]

    def cavity(x: Array) -> NDArray[np.bool_]:
        return np.asarray((x[0] < flaw.widest + tiny) & (x[1] > -flaw.filled - tiny))

    straight = mesh.locate_entities_boundary(body, 1, lambda x: cavity(x) & (x[1] > corner - tiny))
    curved = mesh.locate_entities_boundary(body, 1, lambda x: cavity(x) & (x[1] < corner + tiny))
    face = mesh.locate_entities_boundary(body, 1, lambda x: np.abs(x[1]) < tiny)
    dry = mesh.locate_entities_boundary(
        body, 1, lambda x: (x[0] < tiny) & (x[1] > -flaw.tip - tiny) & (x[1] < -flaw.filled + tiny)
    )
    straight = np.setdiff1d(straight, face)
    facets = np.concatenate([straight, curved, face, dry]).astype(np.int32)
    values = np.repeat([WALL, ROOT, FACE, DRY], [len(straight), len(curved), len(face), len(dry)]).astype(np.int32)
    order = np.argsort(facets)
    return mesh.meshtags(body, 1, facets[order], values[order])
