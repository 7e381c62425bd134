"""Limits of the description of the lithium: a surface too steep for a height function, an electrode
used up."""

import basix
import numpy as np
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Domain
from cellfem.model.state import State
from cellfem.physics import kinematics
from dolfinx import fem

STEEPEST = 1.0  # |∇g| above which the surface may fold over
THINNEST = 2e-3  # share of a lithium cell's first height


class MapLimits:
    """Checks the map x = X + m e of a state, at the centre of simplices and the corners of other
    cells. Collective."""

    def __init__(self, domain: Domain, state: State) -> None:
        self.comm, self.mesh = domain.parent.comm, domain.lithium
        cell, last = self.mesh.basix_cell(), domain.dimension - 1
        corners = basix.geometry(cell)
        points = corners.mean(axis=0, keepdims=True) if len(corners) == last + 2 else corners
        slope = ufl.as_vector(kinematics.along_gamma(state.map, domain.dimension))
        side = 1.0 if domain.side is None else domain.side
        self.gradient = fem.Expression(ufl.as_vector([ufl.sqrt(ufl.dot(slope, slope)), 1 + side * state.map.dx(last)]), points)
        self.cells = np.arange(self.mesh.topology.index_map(domain.dimension).size_local, dtype=np.int32)
        inside = domain.lithium_map.sub_topology_to_topology(domain.interface[:, 0].copy(), True)
        self.on_gamma = np.asarray(inside, dtype=np.int32)

    def violation(self) -> str:
        """The limit that the present state violates, as text; empty if none."""
        slope = self.gradient.eval(self.mesh, self.on_gamma)[..., 0].max(initial=0.0) if len(self.on_gamma) else 0.0
        height = self.gradient.eval(self.mesh, self.cells)[..., 1].min(initial=1.0) if len(self.cells) else 1.0
        steepest = self.comm.allreduce(float(np.nan_to_num(slope, nan=np.inf)), op=MPI.MAX)
        thinnest = self.comm.allreduce(float(np.nan_to_num(height, nan=-np.inf)), op=MPI.MIN)
        if steepest > STEEPEST:
            return (
                f"the lithium surface has a slope of {steepest:.2f}: above 1 it may not remain a height function: it may "
                "fold over, and there is no remeshing; start with lower or longer heights and voids, or end the step earlier"
            )
        if thinnest < THINNEST:
            return (
                f"the lithium's mesh is compressed to {100 * thinnest:.1f} % of its height somewhere: "
                "almost no lithium is left there; make lithium.thickness larger"
            )
        return ""
