"""LLZO under the interface: the elastic body of a model, loaded by the contact pressure and
friction of the lithium."""

from __future__ import annotations

import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import BOTTOM
from cellfem.model.build import Model
from cellfem.model.elastic import ElasticBody, FixedPoints, NodeMean, Where
from cellfem.model.parameters import Ceramic
from cellfem.physics import elasticity
from dolfinx import fem, la

Array = NDArray[np.float64]
ENTRIES = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))
"""Components of the stress tensor in storage order."""


class ElasticElectrolyte:
    """Displacement and stress of the electrolyte for the present state of a model. All methods are
    collective.

    Load on Γ, whose normal out of the electrolyte is n: -p_c n, and the friction k θ_g v_τ of the
    sliding lithium (velocities are those of the lithium; the ceramic's are negligible). The
    lithium's surface tension acts within its own surface: the pressure that it adds in the lithium
    where the surface is curved is balanced by the surface itself. The total force is therefore
    P|Γ|, as on the platen. Sides are mirror planes, or periodic; with sides = "free" they may move
    apart (as planes, and out of the plane too) until the mean lateral stress is zero: a uniform
    stress is added. Far face: no normal displacement, and with support = "fixed" none at all; on a
    roller it takes the net lateral friction as a uniform traction, if there are no mirror planes to
    take it.
    """

    def __init__(self, model: Model, ceramic: Ceramic) -> None:
        self.model, self.ceramic = model, ceramic
        domain, s = model.domain, model.structure
        body = domain.electrolyte
        self.dim = body.geometry.dim
        up = self.dim - 1
        tiny = 1e-6 * max(domain.width, domain.electrolyte_thickness)
        points = body.geometry.x
        low, high = (
            np.array([domain.parent.comm.allreduce(v, op=op) for v in edge])
            for edge, op in (
                (points.min(axis=0, initial=np.inf), MPI.MIN),
                (points.max(axis=0, initial=-np.inf), MPI.MAX),
            )
        )
        self.low = low
        below = _at(up, (low[up],), tiny)
        held = [FixedPoints(up, below)]
        if ceramic.support == "fixed":
            held += [FixedPoints(k, below) for k in range(up)]
        ends = [_at(side, (low[side], high[side]), tiny) for side in range(up)]
        if not domain.periodic:
            held += [FixedPoints(side, end) for side, end in enumerate(ends)]
        elif ceramic.support != "fixed":  # no net lateral load remains; one fixed corner prevents rigid motion
            held += [FixedPoints(side, lambda x: np.all([below(x), *(end(x) for end in ends)], axis=0)) for side in range(up)]
        self.body = ElasticBody(body, ceramic.young, ceramic.poisson, held, s.axisymmetric)
        _, gamma, outside = domain.measures(s.degree)
        test = self.body.test()("-")
        normal = ufl.FacetNormal(domain.parent)("-")
        x = model.residual.expressions
        work = -x.contact_pressure * ufl.dot(normal, test)
        if s.friction:
            v = ufl.split(model.state.bulk)[0]("+")
            drag = model.residual.constants.friction * x.touching * (v - ufl.dot(v, normal) * normal)
            work += ufl.dot(drag, test)
        load = work * x.gamma_weight * gamma
        self.shear, self.drags = fem.Constant(domain.parent, np.zeros(self.dim)), []
        if s.friction and domain.periodic and ceramic.support != "fixed":
            load -= ufl.dot(self.shear, self.body.test()) * outside(BOTTOM)
            self.drags = [fem.form(drag[k] * gamma, entity_maps=domain.entity_maps) for k in range(up)]
        self.load = fem.form(load, entity_maps=domain.entity_maps)
        stress = ufl.as_vector([self.body.stress[i, j] for i, j in ENTRIES])
        self.at_nodes = NodeMean(body, stress, len(ENTRIES))
        self.points = _Points(self.body, stress)
        density, self.density_dofs = self.at_nodes.sum.function_space.sub(0).collapse()
        self.density = fem.Function(density)
        self.on_face = fem.form(self.density("-") * x.gamma_weight * gamma, entity_maps=domain.entity_maps)
        self.added = fem.Constant(domain.parent, np.zeros(3))
        nodes = fem.functionspace(domain.skin, ("Lagrange", 1, (2,)))
        values = ufl.as_vector([1.0, -_largest_along(self.body.stress, self.added, self.dim, s.axisymmetric)])
        along = ufl.inner(values, ufl.TestFunction(nodes)("+")) * x.gamma_weight * gamma
        self.along_face, self.at_skin = fem.form(along, entity_maps=domain.entity_maps), fem.create_vector(nodes)

    def solve(self) -> None:
        """Solve under the present load."""
        comm, area = self.body.mesh.comm, self.model.domain.area(False)
        for k, drag in enumerate(self.drags):
            self.shear.value[k] = comm.allreduce(fem.assemble_scalar(drag)) / area
        self.body.solve(self.load)

    def extra(self) -> Array:
        """The uniform stress (3, 3) that frees the sides: minus the mean of the lateral stresses,
        zero between mirror planes."""
        added = np.zeros((3, 3))
        if self.ceramic.sides == "free":
            mean = self.points.mean()
            lateral = [0, 2] if self.dim == 2 else [0, 1]
            if self.body.radius is not None:  # radial and hoop stress change together
                mean[0, 0] = mean[2, 2] = 0.5 * (mean[0, 0] + mean[2, 2])
            for k in lateral:
                added[k, k] = -mean[k, k]
        return added

    def face_compression(self, added: Array) -> Array:
        """Compression at skin nodes, zero off Γ, MPa: normal to a flaw that is perpendicular to the
        face, in three dimensions (or axisymmetry) in the direction of least compression. Node
        values are means, ∫ σ φ dA/∫ φ dA."""
        self.added.value = added.diagonal()
        b = self.at_skin
        b.array[:] = 0.0
        fem.assemble_vector(b.array, self.along_face)
        b.scatter_reverse(la.InsertMode.add)
        b.scatter_forward()
        weight, compression = b.array.reshape(-1, 2).T
        return np.asarray(np.divide(compression, weight, out=np.zeros_like(weight), where=weight > 0))

    def node_stress(self, added: Array) -> Array:
        """Stress (N, 3, 3) at the nodes of the displacement."""
        return _tensor(self.at_nodes()) + added

    def stretch(self, added: Array) -> Array:
        """Strains (3,) along the axes due to the uniform stress."""
        strain = ((1 + self.body.poisson) * added - self.body.poisson * np.trace(added) * np.eye(3)) / self.body.young
        return np.asarray(np.where(np.arange(3) < self.dim, strain.diagonal(), 0.0))

    def node_displacement(self, added: Array) -> Array:
        """Displacement (N, 3) at the nodes; for joined nodes that on the low side."""
        values = self.body.displacement.x.array.reshape(-1, self.dim)
        result = np.zeros((len(values), 3))
        result[:, : self.dim] = values
        at = self.model.domain.places(self.body.space) - np.array([0.0, *self.low[1 : self.dim]] if self.dim == 2 else self.low)
        result[:, : self.dim] += self.stretch(added)[: self.dim] * at
        return result

    def risk(self, added: Array) -> float:
        """Risk of rupture, the same on all ranks: ∫ Σ(σ_k₊/σ₀)^m over the body, or over its face on
        Γ, divided by the reference size."""
        c = self.ceramic
        depth = c.depth if self.dim == 2 and self.body.radius is None else 1.0
        if c.origin == "volume":
            total = self.points.total(self._density(self.points.stress() + added))
        else:
            # the entries of a blocked space are numbered node by node
            nodes = np.asarray(self.density_dofs) // len(ENTRIES)
            self.density.x.array[:] = self._density(self.node_stress(added))[nodes]
            total = float(self.body.mesh.comm.allreduce(fem.assemble_scalar(self.on_face)))
        return total * depth / c.reference

    def _density(self, stress: Array) -> Array:
        return elasticity.weibull_risk(elasticity.principal_stresses(stress), self.ceramic.strength, self.ceramic.modulus)


def _largest_along(stress: Expr, added: Expr, dim: int, axisymmetric: bool) -> Expr:
    """Largest tension along the face, on the LLZO side."""
    along = (0, 1) if dim == 3 else (0, 2)
    first, second = (stress[k, k]("-") + added[k]("-") for k in along)
    if dim == 2 and not axisymmetric:
        return first
    shear = stress[0, 1]("-") if dim == 3 else 0.0
    return 0.5 * (first + second) + ufl.sqrt(0.25 * (first - second) ** 2 + shear**2)


class _Points:
    """Stress at quadrature points of the owned cells, and integrals over them."""

    def __init__(self, body: ElasticBody, stress: ufl.core.expr.Expr, degree: int = 4) -> None:
        import basix

        self.mesh = body.mesh
        at, weights = basix.make_quadrature(self.mesh.basix_cell(), degree)
        self.expression = fem.Expression(stress, at)
        cells = self.mesh.topology.index_map(self.mesh.topology.dim).size_local
        self.cells = np.arange(cells, dtype=np.int32)
        measure = ufl.JacobianDeterminant(self.mesh) * (1.0 if body.radius is None else 2 * ufl.pi * body.radius)
        self.weights = np.abs(fem.Expression(measure, at).eval(self.mesh, self.cells).reshape(cells, len(weights))) * weights

    def stress(self) -> Array:
        """(cells, points, 3, 3)."""
        values = self.expression.eval(self.mesh, self.cells)
        return _tensor(values.reshape(*self.weights.shape, len(ENTRIES)))

    def total(self, density: Array) -> float:
        return float(self.mesh.comm.allreduce(float(np.sum(self.weights * density))))

    def mean(self) -> Array:
        """Mean stress (3, 3) over the body."""
        local = np.einsum("cp,cpij->ij", self.weights, self.stress())
        return np.asarray(self.mesh.comm.allreduce(local)) / self.total(np.ones_like(self.weights))


def _at(component: int, values: tuple[float, ...], tiny: float) -> Where:
    """Where a coordinate has one of the values."""

    def where(x: Array) -> NDArray[np.bool_]:
        return np.asarray(np.any([np.abs(x[component] - value) < tiny for value in values], axis=0))

    return where


def _tensor(values: Array) -> Array:
    """Tensors (..., 3, 3) from components (..., entries)."""
    result = np.empty((*values.shape[:-1], 3, 3))
    for k, (i, j) in enumerate(ENTRIES):
        result[..., i, j] = result[..., j, i] = values[..., k]
    return result
