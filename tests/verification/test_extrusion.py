"""Lithium pressed out of a slit and of a cylinder: the thin-flow pressures of `extrusion` against
resolved creeping flow."""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.physics.creep import CreepLaw, PowerLaw, SinhLaw, WithDiffusion
from cellfem.physics.extrusion import Plated, Shape, extrusion_pressure
from cellfem.solver.newton import Newton
from dolfinx import fem, mesh
from tests.verification.creeping import CreepingBody

DENSE = 1e6
"""Porosity switch that leaves none: under 160 MPa with 1 MPa of shear even the law's floor of 1e-6
compacts and softens."""
HALF_OPENING, SPEED = 0.05, 6.7367e-4  # µm, µm/s: 0.5 mA/cm²
MASIAS = PowerLaw(7.7e-3, 6.56, DENSE)
CASES: list[tuple[Shape, Plated, CreepLaw]] = [
    ("slit", "tip", MASIAS),
    ("slit", "walls", MASIAS),
    ("cylinder", "tip", MASIAS),
    ("cylinder", "walls", PowerLaw(4.3e-4, 5.0, DENSE)),
    ("slit", "tip", WithDiffusion(SinhLaw(4.3e-4, 5.0, 2.8, DENSE), 1e-3)),
]


class Channel(CreepingBody):
    """Half of a flaw: 0 < x < H across, 0 < y < a from the open mouth to the tip."""

    def __init__(self, shape: Shape, plated: Plated, length: float, speed: float) -> None:
        body = mesh.create_rectangle(MPI.COMM_SELF, [np.zeros(2), np.ones(2)], [8, 60], diagonal=mesh.DiagonalType.crossed)
        x = body.geometry.x
        x[:, 0] = HALF_OPENING * (1 - (1 - x[:, 0]) ** 1.5)  # finer towards the wall, where the shear is
        x[:, 1] = length * x[:, 1]
        super().__init__(body, shape == "cylinder", 1e-9 * speed / HALF_OPENING)
        self.length, self.speed = length, speed
        H, tip_speed, wall_speed = HALF_OPENING, speed * (plated == "tip"), speed * (plated == "walls")
        conditions = [
            (0, lambda x: x[0] < 1e-9 * H, 0.0),
            (1, lambda x: x[1] > length * (1 - 1e-9), -tip_speed),
            (0, lambda x: x[0] > H * (1 - 1e-9), -wall_speed),
            (1, lambda x: x[0] > H * (1 - 1e-9), 0.0),  # last: the wall holds the corner of the tip
        ]
        body.topology.create_connectivity(1, 2)
        tip = np.sort(mesh.locate_entities_boundary(body, 1, conditions[1][1]))
        tags = mesh.meshtags(body, 1, tip, np.ones(len(tip), dtype=np.int32))
        ds = ufl.Measure("ds", domain=body, subdomain_data=tags)
        self.build(self.power * self.dx, [self._fixed(*condition) for condition in conditions])
        self.at_tip = fem.form(self.pressure_field * self.geometry.weight * ds(1))
        self.tip_area = fem.form(fem.Constant(body, 1.0) * self.geometry.weight * ds(1))

    def _fixed(self, axis: int, where: object, value: float) -> fem.DirichletBC:
        V = self.state.function_space.sub(0).sub(axis)
        collapsed, _ = V.collapse()
        function = fem.Function(collapsed)
        function.x.array[:] = value
        return fem.dirichletbc(function, fem.locate_dofs_geometrical((V, collapsed), where), V)

    def tip_pressure(self, law: CreepLaw, expected: float) -> float:
        for bc in self.bcs:
            bc.set(self.state.x.array)
        self.weigh(self.speed * max(1.0, self.length / HALF_OPENING), expected)
        newton = Newton(self, tolerance=1e-8, most=80)
        for n in (1.0, 2.0, 4.0):
            rate = self.speed / HALF_OPENING  # the prefactor that keeps the stress about the same
            stress = expected * HALF_OPENING / self.length
            self.solve_for(PowerLaw(rate / stress**n, n, DENSE), newton)
        self.solve_for(law, newton)
        return float(fem.assemble_scalar(self.at_tip) / fem.assemble_scalar(self.tip_area))


@pytest.mark.parametrize(("shape", "plated", "law"), CASES)
def test_pressure_at_the_tip(shape: Shape, plated: Plated, law: CreepLaw) -> None:
    """A flaw 200 times as long as its half-opening: what the ends add is of the order of H/a. Asked
    for: 1 %."""
    length = 200 * HALF_OPENING
    speed = SPEED if plated == "tip" else SPEED * HALF_OPENING / length  # the same current through the mouth
    expected = float(extrusion_pressure(shape, plated, length, HALF_OPENING, speed, law))
    found = Channel(shape, plated, length, speed).tip_pressure(law, expected)
    print(f"{shape}, {plated}: {found:.4f} MPa against {expected:.4f}, {100 * (found / expected - 1):+.3f} %")
    assert found == pytest.approx(expected, rel=0.01)
