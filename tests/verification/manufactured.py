"""Manufactured solutions: sources that make given smooth fields the solution, and a system that
carries them.

The sources are what the strong form leaves over; they enter the residual as extra linear forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import basix
import numpy as np
import ufl
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry import build_stack
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM, TOP
from cellfem.model.build import Model, build_model
from cellfem.model.control import Current
from cellfem.model.creep_points import Rheology
from cellfem.model.fixture import Platen, UniformPressure
from cellfem.model.load import Load
from cellfem.model.parameters import Numerics, Structure
from cellfem.model.scales import Scales
from cellfem.model.start import BULK, GAMMA, POTENTIAL, boundary_conditions
from cellfem.model.time_error import TimeError
from cellfem.solver.newton import Newton
from cellfem.solver.stepper import Stepper
from cellfem.solver.system import System
from dolfinx import fem
from tests.verification.stacks import Array
from tests.verification.strong_form import (
    FARADAY,
    FLOOR,
    INTERFACE,
    MATERIAL,
    OMEGA,
    THICKNESS,
    WIDTH,
    Exact,
    StrongForm,
    derivative,
    gradient,
)

ROOT = {"v": 3, "p": 2, "f": 2, "m": 2, "ω": 2, "H": 2, "r": 2, "φ": 3}
"""Order in L2 that each unknown's space allows; f is P2, on a map that is P1. r: removal, evened
out over a facet. H is never pinned: it follows m; its norm is that of the form, in which an axis
weighs nothing."""


@dataclass
class Sources:
    """Source functions on the lithium, its skin and the electrolyte (P3, cell by cell), and the
    linear forms made of them.

    polygon: the surface is the polygon of the discrete map, not the smooth one; the sources are
    then those of the problem on the polygon, in which the map costs no accuracy.
    """

    model: Model
    strong: StrongForm
    polygon: bool
    values: dict[str, fem.Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        domain, s = self.model.domain, self.model.structure
        for name, mesh, shape in (
            ("momentum", domain.lithium, (2,)),
            ("volume", domain.lithium, ()),
            ("lithium", domain.lithium, ()),
            ("top", domain.lithium, (3,)),
            ("traction", domain.lithium, (2,)),
            ("leaving", domain.lithium, ()),
            ("kinematic", domain.lithium, ()),
            ("openness", domain.lithium, ()),
            ("force", domain.lithium, ()),
            ("charge", domain.electrolyte, ()),
            ("current", domain.electrolyte, ()),
            ("total", domain.lithium, ()),
        ):
            self.values[name] = fem.Function(fem.functionspace(mesh, ("DG", 3, shape)), name=name)
        q, state = self.values, self.model.state
        self.points = {mesh: q[name].function_space for mesh, name in (("lithium", "volume"), ("electrolyte", "charge"))}
        tests = ufl.TestFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in state.unknowns)))
        (tv, tp, tf), tg, tpot, tn = ufl.split(tests[0]), tests[1], tests[2], tests[3]
        dx, dG, ds = domain.measures(8)
        w = 2 * ufl.pi * ufl.SpatialCoordinate(domain.parent)[0] if s.axisymmetric else ufl.as_ufl(1.0)
        wg = w("+")
        bulk = (ufl.inner(q["momentum"], tv) - q["volume"] * tp + q["lithium"] * tf) * w * dx(LITHIUM)
        bulk += (ufl.inner(q["traction"], tv) + q["leaving"] * tf)("+") * wg * dG
        bulk += (ufl.dot(ufl.as_vector([q["top"][0], q["top"][1]]), tv) + q["top"][2] * tf) * w * ds(TOP)
        gamma = (q["kinematic"] * tg[0] + q["openness"] * tg[1])("+") * wg * dG
        potential = q["charge"] * tpot * w * dx(ELECTROLYTE) + (q["current"] * tpot)("-") * wg * dG
        numbers = (q["force"] * tn[0] + q["total"] * tn[1])("+") * wg * dG
        self.forms = fem.form([bulk, gamma, potential, numbers], entity_maps=domain.entity_maps)
        cells = np.arange(domain.lithium.topology.index_map(2).size_local, dtype=np.int32)
        points = q["volume"].function_space.element.interpolation_points
        self.map_at = fem.Expression(ufl.as_vector([state.map, state.map.dx(0), state.map.dx(1)]), points)
        self.rate = fem.Function(state.map.function_space)
        self.rate_at = fem.Expression(self.rate, points)
        self.cells = cells

    def update(self, t: float) -> None:
        """Evaluate all sources at time t (the map at hand is that of t)."""
        q, strong, exact = self.values, self.strong, self.strong.exact
        k = self.model.residual.constants
        X, Y = _points(q["volume"].function_space)
        if self.polygon:
            nodes = self.rate.function_space.tabulate_dof_coordinates()
            self.rate.x.array[:] = derivative(lambda s: exact.map(nodes[:, 0], nodes[:, 1], s), np.full(len(nodes), t))
            m, m_x, m_y = (a.ravel() for a in np.moveaxis(self.map_at.eval(self.model.domain.lithium, self.cells), -1, 0))
            m_t, bulge = self.rate_at.eval(self.model.domain.lithium, self.cells).ravel(), np.zeros_like(m)
        else:
            m, (m_x, m_y) = exact.map(X, Y, t), gradient(exact.map, X, Y, t)
            m_t = derivative(lambda s: exact.map(X, Y, s), np.full_like(X, t))
            m_xx = derivative(lambda a: gradient(exact.map, a, Y, t)[0], X)
            stretch = np.sqrt(1 + m_x**2)
            bulge = m_xx / stretch**3 + strong.over_radius(m_x, _off_axis(X)) / stretch
        x, y, J = _off_axis(X), Y + m, 1 + m_y
        stress, volume = strong.law(x, y, t)
        f, v = exact.porosity(x, y, t), exact.velocity(x, y, t)
        f_x, f_y = gradient(exact.porosity, x, y, t)
        _fill(q["momentum"], J * strong.momentum(x, y, t))
        _fill(q["volume"], J * volume)
        _fill(q["lithium"], J * (strong.lithium(x, y, t) - volume))
        D = MATERIAL.diffusivity
        _fill(q["top"], np.stack([stress[3], stress[1] + k.pressure.value, -D * f_y]))
        # On Γ: the same points, of which the forms see those on Γ only.
        on = Y < 1e-9
        gap = m + exact.travel
        gap_on, f_on, x_on = gap[on], f[on], x[on]
        pressure, _, opened = strong.contact(gap)
        current = np.zeros_like(x)
        removed = np.zeros_like(x)
        current[on] = strong.current(x_on, gap_on, f_on, t)
        removed[on] = strong.removal(x_on, f_on, t)
        cof = np.stack([m_x, -np.ones_like(x)])  # N dA over dA₀
        stressed = np.stack([stress[0] * cof[0] + stress[3] * cof[1], stress[3] * cof[0] + stress[1] * cof[1]])
        _fill(q["traction"], stressed + (pressure + exact.tension * bulge) * cof)
        through = (1 - f) * (v[0] * cof[0] + (v[1] - m_t) * cof[1]) + D * (f_x * cof[0] + f_y * cof[1])
        kinematic = m_t - removed * np.sqrt(1 + m_x**2) + v[0] * cof[0] + v[1] * cof[1]
        _fill(q["leaving"], OMEGA / FARADAY * 1e6 * current - through + kinematic)
        _fill(q["kinematic"], kinematic)
        omega_x = derivative(lambda a: exact.openness(a, t), x)
        omega_xx = derivative(lambda a: derivative(lambda b: exact.openness(b, t), a), x)
        _fill(q["openness"], exact.openness(x, t) - opened - INTERFACE.length**2 * (omega_xx + strong.over_radius(omega_x, x)))
        _fill(
            q["force"], k.modes["platen"].value * (pressure - k.pressure.value)
        )  # without a platen the travel stays what it was
        _fill(q["total"], current - k.modes["current"].value)
        X, Y = _points(q["charge"].function_space)
        x = _off_axis(X)
        _fill(q["charge"], strong.charge(x, Y, t))
        on = np.abs(Y) < 1e-9
        leak = MATERIAL.conductivity * gradient(exact.potential, x, Y, t)[1]
        # Γ as the electrolyte sees it: the lithium's side of the same places.
        order = np.argsort(x_on)
        leak[on] -= np.interp(x[on], x_on[order], strong.current(x_on, gap_on, f_on, t)[order])
        _fill(q["current"], leak)


def _points(space: fem.FunctionSpace) -> tuple[Array, Array]:
    at = space.tabulate_dof_coordinates()
    return at[:, 0].copy(), at[:, 1].copy()


def _off_axis(x: Array) -> Array:
    """The axis itself, where v_r/r is 0/0, weighs nothing: a point beside it serves."""
    return np.maximum(x, 1e-3)


def _fill(target: fem.Function, values: Array) -> None:
    """Values (points,) or (components, points) at the points of the space."""
    target.x.array[:] = np.atleast_2d(values).T.ravel()


class ManufacturedSystem(System):
    """The residual less the sources."""

    def __init__(self, model: Model, sources: Sources) -> None:
        super().__init__(model)
        self.sources = sources
        self.S = self.R.duplicate()

    def assemble_sources(self) -> None:
        self.S.array[:] = np.concatenate([fem.assemble_vector(form).array for form in self.sources.forms])

    def assemble_residual(self) -> Array:
        R = super().assemble_residual()
        R -= self.S.array
        R[self.constrained] = 0.0
        return R


@dataclass
class Prescribed:
    """Stands in for the map's extension: what is prescribed (the inner map, pinned unknowns,
    sources) at the time set."""

    system: ManufacturedSystem
    time: float = 0.0

    def extend(self) -> None:
        system, model = self.system, self.system.sources.model
        now = system.get()
        now[system.constrained] = exact_vector(model, self.system.sources, self.time)[system.constrained]
        system.set(now)
        system.sources.update(self.time)
        system.assemble_sources()


def exact_vector(model: Model, sources: Sources, t: float) -> Array:
    """The exact fields at the nodes, in the order of `System.get`; the map of the lithium is set on
    the way."""
    state, exact = model.state, sources.strong.exact
    at = state.map.function_space.tabulate_dof_coordinates()
    state.map.x.array[:] = exact.map(at[:, 0], at[:, 1], t)
    W, K, S = (u.function_space for u in state.unknowns[:3])
    bulk, gamma = np.zeros_like(state.bulk.x.array), np.zeros_like(state.gamma.x.array)
    for i, value in enumerate((exact.velocity, exact.pressure, exact.porosity)):
        collapsed, dofs = W.sub(i).collapse()
        nodes = collapsed.tabulate_dof_coordinates()
        m = exact.map(nodes[:, 0], nodes[:, 1], t)
        if sources.polygon:
            scalar = collapsed.sub(0).collapse()[0] if i == 0 else collapsed
            carried = fem.Function(scalar)
            carried.interpolate(state.map)
            assert np.allclose(scalar.tabulate_dof_coordinates(), nodes)
            m = carried.x.array
        bulk[np.ravel(dofs)] = np.atleast_2d(value(nodes[:, 0], nodes[:, 1] + m, t)).T.ravel()
    nodes = K.tabulate_dof_coordinates()
    on, per_node = state.gamma_nodes, K.dofmap.index_map_bs
    x, y = nodes[on, 0], nodes[on, 1]
    fields = (exact.map(x, y, t), exact.openness(x, t), None, sources.strong.lost(x, t))
    for i, values in enumerate(fields):
        if values is not None:
            gamma[per_node * on + i] = values
    nodes = S.tabulate_dof_coordinates()
    return np.concatenate([bulk, gamma, exact.potential(nodes[:, 0], nodes[:, 1], t), [exact.travel, exact.far]])


def pinned(model: Model, free: str) -> list[tuple[int, fem.DirichletBC]]:
    """Conditions that hold every field but those named in `free` (letters of `ROOT`)."""
    state = model.state
    W, K, S = (u.function_space for u in state.unknowns[:3])
    found = []
    for letter, block, space in (
        ("v", BULK, W.sub(0)),
        ("p", BULK, W.sub(1)),
        ("f", BULK, W.sub(2)),
        ("m", GAMMA, K.sub(0)),
        ("ω", GAMMA, K.sub(1)),
        ("r", GAMMA, K.sub(3)),
    ):
        if letter not in free:
            collapsed = space.collapse()[0]
            dofs = fem.locate_dofs_geometrical((space, collapsed), _everywhere)
            found.append((block, fem.dirichletbc(fem.Function(collapsed), dofs, space)))
    if "φ" not in free:
        found.append((POTENTIAL, fem.dirichletbc(fem.Function(S), fem.locate_dofs_geometrical(S, _everywhere))))
    return found


def _everywhere(x: Array) -> Array:
    return np.full(x.shape[1], True)


@dataclass(frozen=True)
class Run:
    """One mesh: errors in L2 over the reference domain, by field; H at the node at x = 0, 1/µm."""

    h: float
    errors: dict[str, float]
    first_curvature: float


def solve(
    h: float,
    free: str,
    exact: Exact,
    *,
    polygon: bool = False,
    axisymmetric: bool = False,
    steps: int = 1,
    end: float = 0.5,
) -> Run:
    """March the fields named in `free` from exact states to `end` by BDF2 in equal steps; the
    others stay exact."""
    structure = Structure(axisymmetric=axisymmetric)
    stack = build_stack(WIDTH, THICKNESS, THICKNESS, h, h, structured=True)
    model = build_model(
        stack, structure, replace(INTERFACE, surface_tension=exact.tension), Numerics(second_order=True), MPI.COMM_WORLD
    )
    everything = set(free) == set(ROOT)
    model.set_material(MATERIAL)
    model.set_load(Load(0.5, Current(100.0), Platen() if everything else UniformPressure()))
    sources = Sources(model, StrongForm(exact, axisymmetric), polygon)
    system = ManufacturedSystem(model, sources)
    system.rheology = Rheology(MATERIAL.creep, FLOOR)
    conditions = boundary_conditions(model.domain, model.state, structure, platen=True)
    system.set_conditions(conditions + pinned(model, free))
    system.set_scales(
        Scales(
            velocity=0.1,
            pressure=1.0,
            porosity=0.1,
            gap=1.0,
            openness=1.0,
            curvature=1.0,
            potential=0.05,
            travel=1.0,
            far=0.05,
            force=1.0,
            current=1000.0,
        )
    )
    held = Prescribed(system)
    stepper = Stepper(
        system,
        Newton(system, 1e-9),
        held,  # type: ignore[arg-type]  # all that the stepper asks of it is extend()
        tolerance=1.0,
        error=TimeError(state=model.state, at=system.at, weight=system.shares(1.0), delta=1.0, f_c=1.0),
        second_order=True,
    )
    dt = end / steps
    stepper.time = -dt
    for t in (-dt, 0.0):
        system.set(exact_vector(model, sources, t))
        if t < 0:
            stepper.begin()
        else:
            stepper.accept(dt)
    for step in range(1, steps + 1):
        held.time = step * dt
        trial = stepper.attempt(dt)
        assert trial.newton.converged, trial.reason
        stepper.accept(dt)
    found = {name: error for name, error in _errors(model, sources, held.time).items() if name in free}
    return Run(h, found, float(_along_gamma(model)[1][2, 0]))


def _along_gamma(model: Model) -> tuple[Array, Array]:
    """x of the nodes of Γ in order, and there m, ω, H, r."""
    on, per_node = model.state.gamma_nodes, model.state.gamma.function_space.dofmap.index_map_bs
    x = model.state.gamma.function_space.tabulate_dof_coordinates()[on, 0]
    order = np.argsort(x)
    return x[order], model.state.gamma.x.array.reshape(-1, per_node)[on][order].T


def _errors(model: Model, sources: Sources, t: float) -> dict[str, float]:
    exact, state, domain = sources.strong.exact, model.state, model.domain
    v, p, f = ufl.split(state.bulk)
    at = ufl.SpatialCoordinate(domain.lithium)
    (X, Y, m, *values), weights = _sampled(domain.lithium, [at[0], at[1], state.map, v[0], v[1], p, f])
    y = Y + (m if sources.polygon else exact.map(X, Y, t))
    wanted = [*exact.velocity(X, y, t), exact.pressure(X, y, t), exact.porosity(X, y, t)]
    square = [float(np.sum(weights * (a - b) ** 2)) for a, b in zip(values, wanted)]
    at = ufl.SpatialCoordinate(domain.electrolyte)
    (X, Y, phi), weights = _sampled(domain.electrolyte, [at[0], at[1], state.potential])
    s, w = np.polynomial.legendre.leggauss(5)
    ends, nodal = _along_gamma(model)
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    z, dz = (middle[:, None] + half[:, None] * s).ravel(), (half[:, None] * w).ravel()
    m, omega, curvature, removed = (np.interp(z, ends, values) for values in nodal)
    share = z / WIDTH if model.structure.axisymmetric else 1.0
    return {
        "v": np.sqrt(square[0] + square[1]),
        "p": np.sqrt(square[2]),
        "f": np.sqrt(square[3]),
        "m": np.sqrt(np.sum(dz * (m - exact.map(z, 0 * z, t)) ** 2)),
        "ω": np.sqrt(np.sum(dz * (omega - exact.openness(z, t)) ** 2)),
        "H": np.sqrt(np.sum(dz * share * (curvature - sources.strong.curvature(_off_axis(z), t)) ** 2)),
        "r": np.sqrt(np.sum(dz * (removed - sources.strong.lost(z, t)) ** 2)),
        "φ": np.sqrt(np.sum(weights * (phi - exact.potential(X, Y, t)) ** 2)),
    }


def _sampled(mesh: Any, values: list[Any]) -> tuple[Array, Array]:
    """Values (components, points) at quadrature points of degree 8, and the weights dX."""
    points, weights = basix.make_quadrature(mesh.basix_cell(), 8)
    cells = np.arange(mesh.topology.index_map(2).size_local, dtype=np.int32)
    sampled = fem.Expression(ufl.as_vector([*values, ufl.JacobianDeterminant(mesh)]), points).eval(mesh, cells)
    *found, det = (a for a in np.moveaxis(sampled, -1, 0))
    return np.stack([a.ravel() for a in found]), (np.abs(det) * weights).ravel()


def orders(runs: list[Run]) -> dict[str, float]:
    """Slope of log error against log h by least squares, by field."""
    h = np.log([run.h for run in runs])
    return {name: float(np.polyfit(h, np.log([run.errors[name] for run in runs]), 1)[0]) for name in runs[0].errors}
