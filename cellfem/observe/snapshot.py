"""The whole stack as arrays for viewing: true geometry, quadratic cells, values at their nodes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain import Grid, body_grid, interface_grid
from cellfem.model.build import Model
from cellfem.model.parameters import Flaws
from cellfem.observe import cells
from cellfem.observe.arrays import Block, Snapshot
from cellfem.observe.cracks import CrackFields
from cellfem.observe.dendrite import DendriteFields, dendrite_fields, is_plating
from cellfem.observe.interface_profile import GammaValues, surroundings
from cellfem.physics import flow
from cellfem.physics.creep import CreepLaw
from cellfem.quantities import interface_fields
from cellfem.units import MA_CM2
from dolfinx import fem

Array = NDArray[np.float64]
FACE_TYPE = {2: cells.LINE, 3: cells.TRIANGLE, 4: cells.QUAD}
VOID_TYPE = {2: cells.QUAD, 3: cells.WEDGE, 4: cells.HEXAHEDRON}
OPEN_GAP = 3.0  # in δ: above this Γ counts as open (a void)


class _NodeValues:
    """Values of an expression at the P2 nodes of a mesh, averaged over the cells that share a
    node."""

    def __init__(self, space: fem.FunctionSpace, expression: ufl.core.expr.Expr) -> None:
        self.space = space
        self.expression = fem.Expression(expression, space.element.interpolation_points)
        self.dofs = np.asarray(space.dofmap.list)
        self.cells = np.arange(len(self.dofs), dtype=np.int32)
        self.count = np.bincount(self.dofs.ravel())

    def __call__(self) -> Array:
        values = self.expression.eval(self.space.mesh, self.cells)
        total = np.zeros((len(self.count), values.shape[-1]))
        np.add.at(total, self.dofs, values)
        return np.asarray(total / self.count[:, None])


@dataclass(frozen=True)
class InterfaceNodes:
    """Values at the skin nodes, from which the fields of the interface are read
    (`quantities.FIELDS`). current: mA/cm²; focusing: current over its mean; overpotential: mV;
    opened: opening time, s; gas: pressure in voids, MPa, None if none contains gas."""

    gamma: GammaValues
    current: Array
    focusing: Array
    overpotential: Array
    opened: Array
    gas: Array | None
    dendrites: DendriteFields


class SnapshotMaker:
    """Makes snapshots of one model; `take` is local to each rank except for the state it reads."""

    def __init__(self, model: Model, flaws: Flaws) -> None:
        self.model, self.flaws = model, flaws
        s, x = model.state, model.residual.expressions
        v, p, f = ufl.split(s.bulk)
        m = ufl.as_ufl(0.0) if model.structure.flat else s.map
        self.dimension = model.domain.dimension
        axes = range(self.dimension)
        lithium_space, electrolyte_space = fem.functionspace(model.domain.lithium, ("Lagrange", 2)), s.potential.function_space
        self.lithium = _NodeValues(lithium_space, ufl.as_vector([*(v[i] for i in axes), p, f, m, flow.shear_rate2(x.bulk, v)]))
        grad = ufl.grad(s.potential)
        self.electrolyte = _NodeValues(electrolyte_space, ufl.as_vector([s.potential, *(grad[i] for i in axes)]))
        self.cell_type = cells.QUADRATIC[model.domain.parent.basix_cell().name]
        self.lithium_grid, self.electrolyte_grid = (_in_vtk_order(model, s) for s in (lithium_space, electrolyte_space))
        self.face = _oriented(interface_grid(model.domain))

    def take(
        self,
        time: float,
        gamma: GammaValues,
        law: CreepLaw,
        floor: float,
        platen_speeds: tuple[float, ...],
        pressure: float,
        current: float,
        opened: Array,
        cracks: CrackFields | None = None,
    ) -> Snapshot:
        """Blocks of this rank.

        platen_speeds: µm/s, convert velocities from the platens' frames to the electrolyte's;
        pressure: of the stack, MPa; current: mean over Γ (of the first electrode), mA/cm²; opened:
        opening time of each skin node, s, nan if it has not opened; cracks: present stress of LLZO,
        if it is solved.
        """
        blocks = {
            "lithium": self._lithium(law, floor, platen_speeds),
            "void": self._void(gamma),
            "LLZO": self._electrolyte(cracks),
            "interface": self._interface(gamma, law, pressure, current, opened),
        }
        return Snapshot(time, blocks)

    def _lithium(self, law: CreepLaw, floor: float, platen_speeds: tuple[float, ...]) -> Block:
        *velocity, p, f, m, e2 = self.lithium().T
        grid = self.lithium_grid
        e2 = _filled(self.lithium.space.tabulate_dof_coordinates(), e2)
        resistance = {}
        if law.initial_resistance is not None:
            resistance = {"resistance_MPa": self._hardness()}
            law = law.at_resistance(resistance["resistance_MPa"])
        mu = law.points(e2 + floor**2, p, f).mu
        rate = np.sqrt(e2)
        points, up = grid.points.copy(), self.dimension - 1
        side = self.model.domain.sides(points[:, up])
        points[:, up] += side * (m[grid.of] + self.model.state.travel_at(side))
        moved = _vectors(velocity)[grid.of]
        moved[:, up] += np.where(side > 0, platen_speeds[0], -platen_speeds[-1])
        data = {
            "pressure_MPa": p,
            "von_mises_MPa": 3 * mu * rate,
            "creep_rate_1_s": rate,
            "porosity": f,
        }
        at_points = {name: values[grid.of] for name, values in (data | resistance).items()}
        return Block(points, grid.cells, self.cell_type, {"velocity_um_s": moved} | at_points)

    def _hardness(self) -> Array:
        """Resistance S at the nodes of the lithium, MPa: the mean of each cell, averaged over those
        that share a node."""
        s = self.model.state.hardness
        of_cell = s.x.array[np.asarray(s.function_space.dofmap.list)].mean(axis=1)
        dofs, count = self.lithium.dofs, self.lithium.count
        total = np.zeros(len(count))
        np.add.at(total, dofs, of_cell[:, None])
        return np.asarray(total / count)

    def _electrolyte(self, cracks: CrackFields | None) -> Block:
        potential, *gradient = self.electrolyte().T
        grid = self.electrolyte_grid
        scale = -MA_CM2 * float(self.model.residual.constants.conductivity.value)
        data = {
            "potential_mV": 1e3 * (potential + (0.0 if self.model.domain.electrodes == 2 else self._number(1))),
            "current_density_mA_cm2": scale * _vectors(gradient),
        }
        if cracks is not None:
            data |= {
                "displacement_um": cracks.displacement_um,
                "principal_tension_MPa": cracks.principal_tension_MPa,
                "von_mises_MPa": cracks.von_mises_MPa,
            }
        at_points = {name: values[grid.of] for name, values in data.items()}
        if cracks is not None:
            at_points["displacement_um"] += cracks.stretch * grid.shift(self.model.domain.periods)
        return Block(grid.points, grid.cells, self.cell_type, at_points)

    def _interface(self, g: GammaValues, creep: CreepLaw, stack_pressure: float, mean: float, opened: Array) -> Block:
        current, overpotential = MA_CM2 * g.column("current"), 1e3 * g.column("overpotential")
        side, around = self._side(), surroundings(self.model, creep, stack_pressure)
        pressure, plating = g.column("pressure"), is_plating(side * mean)
        dendrites = dendrite_fields(current, overpotential, pressure, self.flaws, around, g.compression, plating)
        focusing = side * current / mean if mean else np.zeros_like(current)
        gas = g.gas if self.model.structure.gas else None
        nodes = InterfaceNodes(g, current, focusing, overpotential, opened, gas, dendrites)
        at_points = {name: values[self.face.of] for name, values in interface_fields(nodes).items()}
        return Block(self.face.points, self.face.cells, FACE_TYPE[self.face.cells.shape[1]], at_points)

    def _void(self, g: GammaValues) -> Block:
        """Cells between the two faces where Γ is open; the upper nodes follow the lower ones."""
        face, up = self.face, self.dimension - 1
        gap = g.gap[face.of]
        open_ones = face.cells[(gap[face.cells] > OPEN_GAP * self.model.interface.delta).any(axis=1)]
        roof = face.points.copy()
        roof[:, up] += self.model.domain.sides(face.points[:, up]) * np.maximum(gap, 0.0)
        above = (open_ones[:, ::-1] if self.dimension == 2 else open_ones) + len(roof)
        points, cells = np.concatenate([face.points, roof]), np.column_stack([open_ones, above])
        return _compact(points, cells, VOID_TYPE[face.cells.shape[1]], {"gap_um": np.tile(gap, 2)})

    def _side(self) -> Array:
        """1 or -1 by the electrode of each skin node."""
        at = self.model.state.gamma.function_space.tabulate_dof_coordinates()
        return self.model.domain.sides(at[:, self.dimension - 1])

    def _number(self, which: int) -> float:
        x = self.model.state.numbers.x.array
        return float(x[which]) if len(x) else 0.0


def _vectors(components: list[Array]) -> Array:
    """(N, 3) from two or three components."""
    return np.column_stack([*components, *(np.zeros_like(components[0]) for _ in range(3 - len(components)))])


def _in_vtk_order(model: Model, space: fem.FunctionSpace) -> Grid:
    """Nodes of a quadratic space as seen from its owned cells."""
    grid = body_grid(model.domain, space)
    order = cells.quadratic_order(space.mesh.basix_cell().name, space.element.basix_element.points)
    return replace(grid, cells=grid.cells[:, order])


def _oriented(face: Grid) -> Grid:
    """Facets of Γ in VTK order: left to right, or counter-clockwise from above."""
    facets = cells.vtk_order(face.cells)
    x = face.points[facets]
    if facets.shape[1] == 2:
        turned = x[:, 0, 0] > x[:, 1, 0]
    else:
        a, b = x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]
        turned = a[:, 0] * b[:, 1] < a[:, 1] * b[:, 0]
    facets[turned] = facets[turned][:, ::-1]
    return replace(face, cells=facets)


def _filled(points: Array, values: Array) -> Array:
    """The values, with those that are nan (v/r on the axis) taken from the nearest node."""
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    nearest = scipy.spatial.cKDTree(points[known]).query(points[~known])[1]
    values = values.copy()
    values[~known] = values[known][nearest]
    return values


def _compact(points: Array, nodes: NDArray[np.int64], cell_type: int, data: dict[str, Array]) -> Block:
    """Only the points that the cells use."""
    used, inverse = np.unique(nodes, return_inverse=True)
    return Block(
        points[used].astype(np.float64),
        inverse.reshape(nodes.shape).astype(np.int64),
        cell_type,
        {k: a[used] for k, a in data.items()},
    )
