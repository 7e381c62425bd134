"""The cavity as opened by its lithium: the meshes of a flaw follow the elastic displacement of
LLZO.

A crack of length a under the uniform pressure p opens by 5.8 (1-ν²) p a/E at its mouth (Tada), 45
nm on each side at 250 MPa and 10 µm: more than the width of typical flaws. The pressure therefore
opens the flaw, and the open flaw lets its lithium out more easily. LLZO's nodes move by its
displacement; the lithium is stretched with the walls at the same depth.
"""

from __future__ import annotations

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.flaw.ceramic import FlawCeramic
from cellfem.flaw.lithium import FlawError, FlawSystem

Array = NDArray[np.float64]
NEAR = 1e-9  # of the block's size: tolerance for coincident nodes of two meshes
SHUT = 0.1  # of its half width: a cavity compressed further counts as closed


class FlawShut(FlawError):
    """The walls of the flaw would meet."""


class Opening:
    """Moves the meshes of a flaw by a displacement of its ceramic, from their initial positions.
    One rank."""

    def __init__(self, system: FlawSystem, ceramic: FlawCeramic) -> None:
        self.system = system
        self.meshes = (system.made.mesh, system.lithium)
        self.cut = [m.geometry.x.copy() for m in self.meshes]
        nodes = ceramic.body.space.tabulate_dof_coordinates()
        self.displacement = np.zeros((len(nodes), 2))
        tree = scipy.spatial.cKDTree(nodes)
        distance, self.of_ceramic = tree.query(self.cut[0])
        self.in_ceramic = distance < NEAR * ceramic.flaw.thickness
        walls = system.hats.tabulate_dof_coordinates()
        walls = walls[np.argsort(walls[:, 1])]  # upwards
        self.y = walls[:, 1]
        # The lowest node lies on the axis but for round-off (1e-20 µm): a width of that size would
        # take all relaxation of the walls' motion.
        self.half = np.where(walls[:, 0] > NEAR * ceramic.flaw.thickness, walls[:, 0], 0.0)
        self.walls = tree.query(walls)[1]
        self.lowest = int(scipy.spatial.cKDTree(self.cut[0]).query(walls[0])[1])

    @property
    def at_mouth(self) -> float:
        """Half of the opening at the mouth, µm."""
        return float(self.half[-1] + self.displacement[self.walls[-1], 0])

    @property
    def width(self) -> Array:
        """Half of the opening at the nodes of the walls, without the lowest node, whose width is
        zero; µm."""
        across = self.half + self.displacement[self.walls, 0]
        return np.where(self.half > 0, across, across.max())

    def change(self, displacement: Array) -> Array:
        """Change of the walls' position across the flaw (N,), from the present meshes to this
        displacement (nodes, 2); µm."""
        return np.asarray((displacement - self.displacement)[self.walls, 0])

    def move(self, displacement: Array) -> None:
        """Apply this displacement of the ceramic's nodes (nodes, 2). Raises FlawShut."""
        across, along = displacement[self.walls].T
        inside = self.half > 0  # all but the lowest point
        stretch = 1 + across[inside] / self.half[inside]
        if stretch.min() < SHUT:
            at = -self.y[inside][np.argmin(stretch)]
            raise FlawShut(
                f"compression closes the flaw at a depth of {at:.3g} µm; lower resolved_flaw.compression or widen the flaw"
            )
        self.displacement = displacement.copy()
        for moved, cut in zip(self.meshes, self.cut, strict=True):
            x = cut.copy()
            x[:, 0] *= np.interp(cut[:, 1], self.y[inside], stretch)
            x[:, 1] += np.interp(cut[:, 1], self.y, along)
            if moved is self.meshes[0]:
                x[self.in_ceramic, :2] = cut[self.in_ceramic, :2] + displacement[self.of_ceramic[self.in_ceramic]]
                x[self.lowest, 0] = 0.0  # the empty crack opens there; the lithium still ends at a point
            moved.geometry.x[:] = x
        self.system.reshaped()
