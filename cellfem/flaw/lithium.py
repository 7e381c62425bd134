"""Lithium in a flaw while it is plated: quasi-static creep, wall plating and secondary current
distribution, one Newton system.

    lithium   ∇·σ = 0, ∇·v = 0, incompressible creep by the point law of the case; σ·n = -p_m n at the mouth
    walls     v = s n, s = iΩ/F < 0 (stick), or v·n = s alone (slip); Λ = -σ·n, the traction on LLZO
    LLZO      ∇·(κ∇φ) = 0; κ ∂φ/∂n = i on walls and face;  i = i₀ [exp(Fη/2RT) - exp(-Fη/2RT)],  η = -φ + Ω Λ·n/F (lithium at 0)
    far face  one potential Φ, ∫ i dA = I |face and mouth|

n points from the lithium into LLZO; i < 0 plates. Coordinates (x, y), or (r, y) about the axis x =
0 (a round channel).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import basix.ufl
import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.errors import CellfemError, ExitCode
from cellfem.flaw.shape import CERAMIC, FACE, LITHIUM, MOUTH, ROOT, WALL, FlawMesh
from cellfem.model.creep_points import LawPoints, Rheology
from cellfem.model.parameters import Material
from cellfem.physics import flow, kinematics, kinetics
from cellfem.physics.creep import CreepLaw, PowerLaw
from cellfem.solver.block_problem import BlockProblem
from cellfem.solver.linear import Direct
from cellfem.solver.newton import Newton
from cellfem.units import FARADAY, GAS_CONSTANT
from dolfinx import fem, mesh

Array = NDArray[np.float64]
BOTH = 21  # tag of wall and round end in dS
PIVOTING = {14: 1000}  # of MUMPS, %: workspace for the pivoting that the multipliers need
FLOORS = (1.0, 1e-2)
"""Smallest strain rates relative to |s|/H, the rate at the closed end: they keep the viscosity of
the plug in the middle finite. At the walls of a slender flaw rates are larger by (n+2) a/H. The
last value is the one of the result."""
BLOCKED = 1e-6  # smallest share of the face's lithium plated in a flaw, as a scale of its balance
TOLERANCE = 1e-8  # last correction
MOST = 60  # most corrections for one creep exponent
EXPONENTS = (1.0, 2.0, 4.0)


class FlawError(CellfemError, RuntimeError):
    """No state of the flaw was found."""

    exit_code = ExitCode.GAVE_UP


@dataclass(frozen=True)
class Plating:
    """Load of a flaw. current: mean over face and mouth, A/m², < 0 plates; pressure: of the stack,
    and so at the mouth, MPa."""

    current: float
    pressure: float
    resistance: float  # ASR of face and walls at the temperature, Ω m²


@dataclass(frozen=True)
class Scale:
    """Typical sizes: velocity (µm/s) and pressure (MPa) of the lithium, its shear stress at the
    walls (MPa), half-opening (µm)."""

    velocity: float
    pressure: float
    shear: float
    width: float


@dataclass(frozen=True)
class Walls:
    """Values along the walls and the round end, starting at the mouth; all (N,). weight: ∫ of the
    node's hat function, µm (µm² if axisymmetric)."""

    x: Array
    y: Array
    pressure: Array  # Λ·n, MPa
    current: Array  # A/m²
    weight: Array


class FlawSystem(BlockProblem):
    """Unknowns (v, p), Λ, φ - Φ and Φ of one flaw; a `Problem` for Newton. One rank."""

    def __init__(
        self,
        made: FlawMesh,
        axisymmetric: bool = False,
        stick: bool = True,
        stress_potential: bool = True,
        walls_plate: bool = True,
        degree: int = 4,
    ) -> None:
        """stress_potential: the pressure shifts the equilibrium by Ωp/F; walls_plate: if false,
        only the round end is plated."""
        self.made, self.stress_potential = made, stress_potential
        parent = made.mesh
        parent.topology.create_connectivity(1, 2)
        parent.topology.create_connectivity(2, 1)
        self.lithium, lithium_map = mesh.create_submesh(parent, 2, made.cells.find(LITHIUM))[:2]
        self.ceramic, ceramic_map = mesh.create_submesh(parent, 2, made.cells.find(CERAMIC))[:2]
        facets = np.sort(np.concatenate([made.facets.find(WALL), made.facets.find(ROOT)])).astype(np.int32)
        self.wall, wall_map = mesh.create_submesh(parent, 1, facets)[:2]  # its cells, in the order of the facets
        self.maps = [lithium_map, ceramic_map, wall_map]
        cell = parent.basix_cell()
        velocity = basix.ufl.element("Lagrange", cell, 2, shape=(2,))
        self.flow = fem.Function(
            fem.functionspace(self.lithium, basix.ufl.mixed_element([velocity, basix.ufl.element("Lagrange", cell, 1)]))
        )
        self.traction = fem.Function(fem.functionspace(self.wall, ("Lagrange", 1, (2,))))
        self.potential = fem.Function(fem.functionspace(self.ceramic, ("Lagrange", 2)))
        self.far = fem.Function(fem.functionspace(self.ceramic, basix.ufl.real_element(cell, ())))
        self.share = fem.Function(fem.functionspace(self.wall, ("DG", 0)))
        inert = [] if walls_plate else made.facets.find(WALL)
        self.share.x.array[:] = ~np.isin(facets, inert)
        names = ("current", "pressure", "resistance", "temperature", "conductivity")
        self.k = {name: fem.Constant(parent, 1.0) for name in names}
        self.floor = 1.0
        self.creep: CreepLaw = PowerLaw(1.0, 1.0)
        blocks = [self.flow, self.traction, self.potential, self.far]
        rows, jacobian = self._write(blocks, facets, axisymmetric, stick, degree)
        super().__init__(blocks, rows, jacobian, partial(Direct, controls=PIVOTING))
        self.set_conditions(self._conditions())

    # --- equations

    def _write(
        self, blocks: list[fem.Function], facets: NDArray[np.int32], axisymmetric: bool, stick: bool, degree: int
    ) -> tuple[list[fem.Form], list[list[fem.Form | None]]]:
        """Rows and Jacobian."""
        parent, k = self.made.mesh, self.k
        tests = ufl.TestFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in blocks)))
        (tv, tp), tt, tphi, tn = ufl.split(tests[0]), tests[1], tests[2], tests[3]
        v, p = ufl.split(self.flow)
        tangents = fem.Function(
            fem.functionspace(self.lithium, basix.ufl.quadrature_element(parent.basix_cell(), (flow.numbers(2),), degree=degree))
        )
        radius = ufl.SpatialCoordinate(parent)[0] if axisymmetric else None
        body = kinematics.bulk(None, radius)
        zero = ufl.as_ufl(0.0)
        law = replace(flow.flow(tangents, body, v, zero, zero), c=zero)
        meta = {"quadrature_degree": degree}
        dx = ufl.Measure("dx", domain=parent, subdomain_data=self.made.cells, metadata=meta)
        ds = ufl.Measure("ds", domain=parent, subdomain_data=self.made.facets, metadata=meta)
        sides = self._sides(facets)
        dS = ufl.Measure("dS", domain=parent, subdomain_data=[(BOTH, sides.ravel())], subdomain_id=BOTH, metadata=meta)
        weight = 1.0 if radius is None else 2 * ufl.pi * radius
        on_wall = 1.0 if radius is None else 2 * ufl.pi * radius("+")
        n = ufl.FacetNormal(parent)
        out = n("+")  # of the lithium
        along = ufl.as_vector([-out[1], out[0]])
        # Pressure and shear are the unknowns, not the components of Λ: the test functions of the
        # pressure then contain the constants, so that lithium is conserved on a round end too.
        normal, shear = self.traction[0]("+"), self.traction[1]("+")
        load = normal * out + shear * along
        free = ufl.dot(v("+"), along) if stick else shear

        def current(share: Any, overpotential: Any, pressure: Any) -> Any:
            eta = overpotential + (kinetics.STRESS_POTENTIAL * pressure if self.stress_potential else 0.0)
            return kinetics.butler_volmer(share, eta, k["resistance"], k["temperature"])

        i_wall = current(self.share("+"), -(self.potential("-") + self.far("-")), normal)
        i_face = current(ufl.as_ufl(1.0), -(self.potential + self.far), k["pressure"])
        s = kinetics.SPEED * i_wall
        rows = [
            flow.virtual_power(body, law, v, p, tv, tp) * dx(LITHIUM)
            + ufl.dot(load, tv("+")) * on_wall * dS
            + k["pressure"] * ufl.dot(tv, n) * weight * ds(MOUTH),
            (tt[0]("+") * (ufl.dot(v("+"), out) - s) + tt[1]("+") * free) * on_wall * dS,
            k["conductivity"] * ufl.inner(ufl.grad(self.potential), ufl.grad(tphi)) * weight * dx(CERAMIC)
            - i_wall * tphi("-") * on_wall * dS
            - i_face * tphi * weight * ds(FACE),
            i_wall * tn("-") * on_wall * dS + (i_face - k["current"]) * tn * weight * ds(FACE),
        ]
        trials = ufl.TrialFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in blocks)))
        jacobian = [[ufl.derivative(row, u, t) for u, t in zip(blocks, trials, strict=True)] for row in rows]
        compiled = fem.form(rows, entity_maps=self.maps)
        forms = [
            [None if ufl.algorithms.expand_derivatives(b).empty() else fem.form(b, entity_maps=self.maps) for b in row]
            for row in jacobian
        ]
        own = ufl.SpatialCoordinate(self.lithium)[0] if axisymmetric else None
        self.law = LawPoints(tangents, flow.components(kinematics.bulk(None, own), v), zero, zero, degree)
        hats = fem.functionspace(self.wall, ("Lagrange", 1, (3,)))
        self.hats = hats
        values = ufl.as_vector([1.0, normal, i_wall])
        self.along = fem.form(ufl.inner(values, ufl.TestFunction(hats)("+")) * on_wall * dS, entity_maps=self.maps)
        self.areas = [fem.form(weight * ds(part)) for part in (FACE, MOUTH)]
        self.reshaped()
        self.totals = {
            "out": fem.form(ufl.dot(v, n) * weight * ds(MOUTH), entity_maps=self.maps),
            "wall": fem.form(i_wall * on_wall * dS, entity_maps=self.maps),
            "face": fem.form(i_face * weight * ds(FACE), entity_maps=self.maps),
        }
        return compiled, forms

    def reshaped(self) -> None:
        """Update the areas of face and mouth; call it when nodes of the mesh have moved."""
        self.face_area, mouth = (float(fem.assemble_scalar(form)) for form in self.areas)
        self.mean_over = (self.face_area + mouth) / self.face_area

    def _sides(self, facets: NDArray[np.int32]) -> NDArray[np.int32]:
        """(K, 4): lithium cell, its local facet, ceramic cell, its local facet."""
        topology = self.made.mesh.topology
        of_facet, of_cell = topology.connectivity(1, 2), topology.connectivity(2, 1)
        body = np.zeros(topology.index_map(2).size_local, dtype=np.int32)
        body[self.made.cells.indices] = self.made.cells.values
        rows = []
        for facet in facets:
            row: list[int] = []
            for cell in sorted(of_facet.links(facet), key=lambda c: body[c]):  # LITHIUM < CERAMIC
                row += [int(cell), int(np.flatnonzero(of_cell.links(cell) == facet)[0])]
            rows.append(row)
        return np.array(rows, dtype=np.int32).reshape(-1, 4)

    def _conditions(self) -> list[tuple[int, fem.DirichletBC]]:
        """No flow across the symmetry plane; φ = Φ on the far face."""
        W, S = self.flow.function_space, self.potential.function_space
        across = W.sub(0).sub(0)
        collapsed, _ = across.collapse()
        tiny = 1e-9
        on_axis = fem.locate_dofs_geometrical((across, collapsed), lambda x: np.abs(x[0]) < tiny)
        low = float(self.ceramic.geometry.x[:, 1].min())
        on_far = fem.locate_dofs_geometrical(S, lambda x: np.abs(x[1] - low) < tiny * abs(low))
        return [(0, fem.dirichletbc(fem.Function(collapsed), on_axis, across)), (2, fem.dirichletbc(0.0, on_far, S))]

    # --- required by `BlockProblem`

    def prepare(self) -> None:
        """Evaluate the creep law at the points."""
        self.law.update(Rheology(self.creep, self.floor))

    def imbalance(self) -> tuple[float, float]:
        """Balances of charge and lithium: the lithium plated on the walls leaves through the
        mouth."""
        total = {name: float(fem.assemble_scalar(form)) for name, form in self.totals.items()}
        imposed = float(self.k["current"].value) * self.face_area
        charge = abs(total["wall"] + total["face"] - imposed) / max(abs(imposed), 1e-300)
        plated = kinetics.SPEED * total["wall"]
        # almost nothing is plated in a blocked flaw
        least = BLOCKED * kinetics.SPEED * abs(imposed)
        lithium = abs(total["out"] + plated) / max(abs(plated), least, 1e-300)
        return charge, lithium

    # --- solving

    def solve(self, plating: Plating, material: Material, scale: Scale) -> None:
        """Find the state: from the present one if there is one, otherwise by continuation in the
        creep exponent.

        Raises FlawError.
        """
        if not (self.flow.x.array.any() and self.follow(plating, material, scale)):
            self.begin(plating, material, scale)

    def follow(self, plating: Plating, material: Material, scale: Scale) -> bool:
        """Find the state from the present one; if none is found, the present one is restored."""
        self._set(plating, material, scale)
        self.floor = FLOORS[-1] * self._slow(plating, scale)
        before = self.get()
        self.creep = material.creep.dense
        if Newton(self, TOLERANCE, MOST).solve().converged:
            return True
        self.set(before)
        return False

    def begin(self, plating: Plating, material: Material, scale: Scale) -> None:
        """Find a state without initial guess, by softer laws that agree with the true one at the
        stress of the walls. Raises FlawError."""
        self._set(plating, material, scale)
        for u in self.unknowns:
            u.x.array[:] = 0.0
        newton, exact = Newton(self, TOLERANCE, MOST), material.creep.dense
        n = exact.exponent
        for k, floor in [*((e, FLOORS[0]) for e in EXPONENTS if e < n), *((n, floor) for floor in FLOORS)]:
            self.creep = exact if k == n else exact.easier(k, scale.shear)
            self.floor = floor * self._slow(plating, scale)
            newton.keep = False
            outcome = newton.solve()
            if not outcome.converged:
                raise FlawError(f"no state of the flaw with creep exponent {k:g}: {outcome.reason}")

    @staticmethod
    def _slow(plating: Plating, scale: Scale) -> float:
        """Strain rate at the closed end, 1/s."""
        return kinetics.SPEED * abs(plating.current) / scale.width

    def _set(self, plating: Plating, material: Material, scale: Scale) -> None:
        """Set the constants of the forms, and the sizes by which corrections are scaled."""
        for name, value in (
            ("current", plating.current * self.mean_over), ("pressure", plating.pressure), ("resistance", plating.resistance),
            ("temperature", material.temperature), ("conductivity", material.conductivity),
        ):  # fmt: skip
            self.k[name].value = value
        self._set_weights(scale, material.temperature)

    def _set_weights(self, scale: Scale, temperature: float) -> None:
        thermal = GAS_CONSTANT * temperature / FARADAY
        self.set_sizes(
            [
                (scale.pressure, self.part(1)),
                (thermal, self.part(2)),
                (thermal, self.part(3)),
            ]
        )
        self.set_sizes_each([(scale.velocity, self.part(0, 0)), (scale.pressure, self.part(0, 1))])

    # --- results

    def walls(self) -> Walls:
        """Pressure on the walls and current through them, from the mouth to the end."""
        b = fem.create_vector(self.hats)
        b.array[:] = 0.0
        fem.assemble_vector(b.array, self.along)
        weight, pressure, current = b.array.reshape(-1, 3).T
        at = self.hats.tabulate_dof_coordinates()
        order = np.lexsort((-at[:, 0], -at[:, 1]))
        w = weight[order]
        return Walls(at[order, 0], at[order, 1], pressure[order] / w, current[order] / w, w)

    def potential_at_end(self) -> float:
        """φ - φ_Li in LLZO at the lowest point of the lithium, V."""
        at = self.potential.function_space.tabulate_dof_coordinates()
        x, y = self.hats.tabulate_dof_coordinates()[:, :2].T
        end = int(np.argmin(y))
        node = int(np.argmin(np.hypot(at[:, 0] - x[end], at[:, 1] - y[end])))
        return float(self.potential.x.array[node]) + float(self.far.x.array[0])

    def tractions(self) -> tuple[Array, Array]:
        """(coordinates (N, 3), (N, 2): pressure and shear of Λ = λ n + τ t at the nodes of walls
        and round end, t = (-n_y, n_x))."""
        return self.traction.function_space.tabulate_dof_coordinates(), self.traction.x.array.reshape(-1, 2)
