"""The residual: physics assembled on a domain, block by block, with its Jacobian.

Bulk lithium (seen from the platen, pulled back; w = mesh velocity): momentum, compaction and lithium content

    ∫ σ(v,p):D(δv) + ∫_Γ (p_c + γH) δv·N dA + ∫_top P δv·n = 0
    ∫ δp (∇·v + c) = 0
    ∂t ∫ J(1-f) δf - ∫ J F⁻¹[(1-f)(v-w) + D∇f]·∇δf + ∫_Γ [s + r - (1-f) d|N|] δf + ∫_top (1-f) (v-w)·n δf = 0

Γ: ∫ [∂t m - r/(1-f) + v·N] δm = 0 (the gap is g = m + U) and ∫ (ω - open(g)) δω + ℓ² ∇ω·∇δω = 0,
∫ (r - (1-f) d|N|) δr + ε² ∇r·∇δr = 0 (lithium of the planes removed, on a flat face evened out over a facet of size h, ε² = ½h²,
on a steep one not: what a node takes too much or too little because of the cells around it would stay in the surface for good;
r - (1-f) d|N| goes along Γ, ∫ of it is 0),
∫ H δH + ∇m/√(1+|∇m|²)·∇δH = 0 with ∇ along Γ (curvature: as an unknown in the space of m it is spread over the facets, where a
polygon would push at its corners; and the work of the tension is the change of the surface);
electrolyte: ∫ κ∇φ·∇δφ - ∫_Γ i δφ (+ ∫_bottom I δφ) = 0;
numbers: ∫_Γ (p_c - P) = 0 for the platen's travel U, where P = P₀ + k_s (U - U₀) with a spring; ∫_Γ (i - I) = 0, or Φ = -V where
the voltage is held, for the far potential Φ.

With two electrodes lithium and Γ are the unions of both; a constant `side` of each cell, 1 or -1, turns the normal and the map,
and (1 ± side)/2 tells whose number is meant: U₁, U₂, and φ_Li2 in place of Φ, for which ∫_Γ₂ (i + I) = 0; φ_Li1 = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import SKIN, Domain
from cellfem.geometry.groups import BOTTOM, ELECTROLYTE, LITHIUM, TOP
from cellfem.model.creep_points import Hardness, LawPoints
from cellfem.model.gas import GasForms, gas_forms
from cellfem.model.parameters import Structure
from cellfem.model.state import State
from cellfem.physics import contact, fixture, flow, kinematics, kinetics, vacancies
from dolfinx import fem

EVENED = 0.5
"""Square of the length over which removal is evened out on a flat Γ, over the squared size of a facet: it goes with the mesh."""
UNEVEN = 0.05
"""Rise of the face over a facet, in δ, at which half as much is evened out: what is left flat by unevenness of the mesh lies far
below, the edges of pillars and voids lie far above and must stay sharp."""


@dataclass(frozen=True)
class Constants:
    """Numbers of the forms that change without compiling anew."""

    pressure: fem.Constant
    current: fem.Constant
    platen: fem.Constant  # 1 rigid platen under a load; 0 uniform pressure or a platen that stays
    spring: fem.Constant  # k_s of the fixture, 0 without
    rest_travel: fem.Constant  # U₀, travel at which the spring has the pressure P₀
    held: fem.Constant  # 1 the far potential is given, 0 the current is
    far: fem.Constant  # that potential, V
    c0: fem.Constant  # time scheme: rate(x) = c0 x + c1 x_n + c2 x_{n-1}
    c1: fem.Constant
    c2: fem.Constant
    diffusivity: fem.Constant
    activation_volume: fem.Constant  # V/RT of the diffusivity, 1/MPa
    conductivity: fem.Constant
    temperature: fem.Constant
    resistance_factor: fem.Constant
    delta: fem.Constant
    stiffness: fem.Constant
    half_pressure: fem.Constant
    adhesion: fem.Constant
    friction: fem.Constant
    f_c: fem.Constant
    length: fem.Constant
    surface_tension: fem.Constant
    removal_rate: fem.Constant
    sink_rate: fem.Constant  # k_s of linear removal
    steepest: fem.Constant  # overpotential over 2RT/F from which on charge transfer goes on along its tangent
    zero: fem.Constant

    def values(self) -> dict[str, float]:
        """All by name."""
        return {name: float(getattr(self, name).value) for name in self.__dataclass_fields__}

    def put(self, values: dict[str, float]) -> None:
        """Set those named."""
        for name, value in values.items():
            getattr(self, name).value = value


def create_constants(domain: Domain) -> Constants:
    """All zero but the one that only a start changes; `model.start` sets them."""
    found = Constants(**{name: fem.Constant(domain.parent, 0.0) for name in Constants.__dataclass_fields__})
    found.steepest.value = kinetics.STEEPEST
    return found


@dataclass(frozen=True)
class Expressions:
    """What observers read besides the unknowns; restricted to Γ where marked."""

    bulk: kinematics.Bulk  # on the lithium's own mesh
    gap: Expr  # Γ
    asperity: Expr  # Γ, repulsive pressure
    contact_pressure: Expr  # Γ, with adhesion and, where Γ is open, that of gas
    touching: Expr  # Γ
    carrying: Expr  # Γ
    current: Expr  # Γ
    overpotential: Expr  # Γ
    resistance: Expr  # Γ
    leaving: Expr  # Γ, lithium through it, µm/s per area of the reference
    leaving_top: Expr  # upper face, likewise
    gamma_weight: Expr  # 1 or 2πr


@dataclass(frozen=True)
class Residual:
    """Compiled forms. `rows` in the order of State.unknowns, `jacobian` a 4 x 4 list of forms or None."""

    rows: list[fem.Form]
    jacobian: list[list[fem.Form | None]]
    expressions: Expressions
    law: LawPoints
    pressure_mass: fem.Form  # ∫ δp/μ dV in the block of bulk: what precedes the pressure in its Schur complement
    measures: list[fem.Form]  # ∫ δf dV and ∫ δm dA in the blocks of bulk and gamma: volume and area that belong to each node
    constants: Constants
    gas: GasForms | None = None


def build_residual(domain: Domain, state: State, s: Structure, jit: dict[str, Any] | None = None) -> Residual:
    """Write the equations and compile them (collective)."""
    k = create_constants(domain)
    dx, dG, ds = domain.measures(s.degree)
    dimension = domain.dimension
    last = dimension - 1
    v, p, f = ufl.split(state.bulk)
    tests = ufl.TestFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in state.unknowns)))
    (tv, tp, tf), tg, tpot, tn = ufl.split(tests[0]), tests[1], tests[2], tests[3]
    n = ufl.FacetNormal(domain.parent)

    def radius(mesh: Any) -> Expr | None:
        return ufl.SpatialCoordinate(mesh)[0] if s.axisymmetric else None

    def weight(r: Expr | None) -> Expr | float:
        return 1.0 if r is None else 2 * ufl.pi * r

    r = radius(domain.parent)
    r_gamma = None if r is None else r("+")
    m = None if s.flat else state.map
    symmetric = domain.electrodes == 2
    side: Any = domain.side if symmetric else 1.0
    side_g = side("+") if symmetric else 1.0
    first, second = (1 + side_g) / 2, (1 - side_g) / 2
    body = kinematics.bulk(m, r, dimension, side)

    def travel_of(numbers: Any) -> Expr:
        """U of the electrode at hand."""
        return (1 + side) / 2 * numbers[0] + (1 - side) / 2 * numbers[2] if symmetric else numbers[0]

    # --- lithium
    rate_travel = sum(c * travel_of(x) for c, x in zip((k.c0, k.c1, k.c2), (state.numbers, *state.travel_old), strict=True))
    creep = flow.flow(state.law, flow.shear_rate2(body, v), p, f)
    if not s.vacancies:
        creep = flow.Flow(creep.mu, ufl.as_ufl(0.0))  # the law's smallest porosity would compact: 1e-5 of the lithium lost
    bulk = flow.virtual_power(body, creep, v, p, tv, tp)
    diffusivity = k.diffusivity * state.diffusion if s.varying_diffusivity else k.diffusivity
    if s.pressed_diffusion:
        diffusivity = diffusivity * ufl.exp(-k.activation_volume * p)
    if s.vacancies:
        f_n, f_b = state.porosity_old
        m_n, m_b = state.map_old
        # Rate of J(1-f), written for J(1-f) - 1 = ∂m/∂y - Jf (y the last axis): the coefficients of the scheme sum to zero, and
        # the 1 would leave a round-off of 1e-16/dt that outgrows the balance of lithium in short steps.
        swelling = (0.0, 0.0, 0.0) if s.flat else tuple(side * a.dx(last) for a in (state.map, m_n, m_b))
        stored = sum(c * (e - (1 + e) * x) for c, e, x in zip((k.c0, k.c1, k.c2), swelling, (f, f_n, f_b), strict=True))
        rate_m = 0.0 if s.flat else k.c0 * state.map + k.c1 * m_n + k.c2 * m_b
        # Flat kinematics leave the block where it is: seen from the platen, which goes down with the lithium, it moves up at -U'.
        mesh_v = ufl.as_vector([*(0.0 for _ in range(last)), side * (-rate_travel if s.flat else rate_m)])
        flux = body.J * ufl.dot(body.Finv, (1 - f) * (v - mesh_v) + diffusivity * body.gradient(f))
        bulk += (stored * tf - ufl.dot(flux, ufl.grad(tf))) * body.weight
        if s.quadratic_porosity:
            # ∇·v + c vanishes against linear functions only. Less it the quadratic part of f is compacted by c, not moved by what
            # ∇·v is between the nodes of p; the balance stays exact, because a constant is linear.
            bulk -= (body.divergence(v) + creep.c) * body.J * tf * body.weight
    else:
        bulk += f * tf

    # --- Γ
    v_g, f_g, tv_g, tf_g = v("+"), f("+"), tv("+"), tf("+")
    openness = state.gamma[1]("+")
    potential, travel = state.potential("-"), travel_of(state.numbers)("+")
    far = state.numbers[1]("+")
    slope = [ufl.as_ufl(0.0)] * last if s.bonded else [a("+") for a in kinematics.along_gamma(state.map, dimension)]
    face = kinematics.surface(m, slope, r_gamma, side_g)
    delta = state.roughness("+") if s.varying_roughness else k.delta
    if s.bonded:
        gap, asperity, touching = ufl.as_ufl(0.0), state.gamma[0]("+"), ufl.as_ufl(1.0)
        pressure = asperity
        rate_m = -rate_travel("+")
    else:
        gap = state.map("+") + travel
        asperity = contact.asperity_pressure(gap, delta, k.stiffness)
        pressure = asperity + contact.adhesive_traction(gap, delta, k.adhesion) if s.adhesion else asperity
        touching = contact.touching_share(asperity, gap, delta, k.half_pressure)
        rate_m = k.c0 * state.map("+") + k.c1 * state.map_old[0]("+") + k.c2 * state.map_old[1]("+")
    carrying = vacancies.carrying_share(touching, f_g, k.f_c) if s.vacancies else touching
    eta = second * far - potential if symmetric else -(potential + far)
    if s.stress_potential:
        eta = eta + kinetics.STRESS_POTENTIAL * pressure
    if s.gas:  # after the potential: no current passes where it presses
        pressure = pressure + state.gas("+") * contact.open_share(gap, delta)
    resistance = ufl.exp(state.log_resistance("+")) * k.resistance_factor
    current = (
        kinetics.linear_kinetics(carrying, eta, resistance)
        if s.linear_kinetics
        else kinetics.butler_volmer(carrying, eta, resistance, k.temperature, k.steepest)
    )
    injected = kinetics.SPEED * current
    # Removal is per area of the lithium's own surface, `stretch` times Γ's; without vacancies per area of Γ, as the current.
    lost = evened = ufl.as_ufl(0.0)
    if not s.vacancies:
        removed = injected
    elif not s.removal:
        removed = lost
    else:
        removed = face.stretch * (
            vacancies.linear_removal_rate(f_g, openness, k.removal_rate, k.sink_rate)
            if s.linear_removal
            else vacancies.removal_rate(f_g, openness, k.f_c, k.removal_rate)
        )
        if s.quadratic_porosity:
            lost, evened = (1 - f_g) * removed, state.gamma[3]("+")
            removed = evened / (1 - f_g)
    leaving = injected + evened - lost
    if s.flat:
        leaving -= (1 - f_g) * (rate_m + rate_travel("+"))
    leaving_top = (1 - f) * (ufl.dot(v, n) + rate_travel if s.flat else ufl.dot(v, n))
    g_weight = face.weight
    on_gamma_bulk = pressure * ufl.dot(tv_g, face.cof)
    if not s.bonded:
        on_gamma_bulk += k.surface_tension * state.gamma[2]("+") * ufl.dot(tv_g, face.cof)
    if s.friction:
        on_gamma_bulk += k.friction * touching * sum(v_g[i] * tv_g[i] for i in range(last))
    kinematic = rate_m - removed + ufl.dot(v_g, face.cof)
    if s.vacancies:
        # The kinematic equation, as ∇·v + c above, vanishes against linear functions only.
        on_gamma_bulk += (leaving + kinematic if s.quadratic_porosity else leaving) * tf_g
    smooth = (openness - contact.open_share(gap, delta)) * tg[1]("+")
    smooth += state.gamma[2]("+") * tg[2]("+") + (state.gamma[3]("+") - lost) * tg[3]("+")
    reach2 = ufl.as_ufl(0.0)
    if s.quadratic_porosity:
        # By the face of the last step: known in this one, so that Newton's method does not feel how sharply it falls.
        size2 = ufl.FacetArea(domain.parent)("+") ** (2 / last)
        rise2 = size2 * sum(state.map_old[0].dx(i)("+") ** 2 for i in range(last)) / delta**2
        reach2 = EVENED * size2 / (1 + rise2 / UNEVEN**2)
    for i in range(last):
        smooth += k.length**2 * state.gamma[1].dx(i)("+") * tg[1].dx(i)("+") + face.sine[i] * tg[2].dx(i)("+")
        smooth += reach2 * state.gamma[3].dx(i)("+") * tg[3].dx(i)("+")

    # --- the four rows
    faces = on_gamma_bulk * g_weight * dG + k.pressure * ufl.dot(tv, n) * weight(r) * ds(TOP)
    if s.vacancies:
        faces += leaving_top * tf * weight(r) * ds(TOP)
    # The pinned nodes off Γ need room on the diagonal: a term that is zero.
    row_gamma = (kinematic * tg[0]("+") + smooth) * g_weight * dG + k.zero * ufl.inner(state.gamma, tg) * dx(SKIN)
    row_potential = (
        k.conductivity * ufl.inner(ufl.grad(state.potential), ufl.grad(tpot)) * weight(r) * dx(ELECTROLYTE)
        - current * tpot("-") * g_weight * dG
    )
    # A free upper face has no travel of its own, a fixed platen none: U stays what it was.
    together = (state.numbers[0] + state.numbers[2])("+") if symmetric else travel
    load = fixture.spring_pressure(k.pressure, k.spring, together - k.rest_travel)
    force = k.platen * (pressure - load) + (1 - k.platen) * (travel - travel_of(state.travel_old[0])("+"))
    if symmetric:
        charge = k.held * (far - k.far) + (1 - k.held) * second * (current + k.current)
    elif s.equipotential:
        charge = k.held * (far - k.far) + (1 - k.held) * (current - k.current)
    else:
        charge = far
        row_potential += k.current * tpot * weight(r) * ds(BOTTOM)
    of_force = first * tn[0]("+") + second * tn[2]("+") if symmetric else tn[0]("+")
    row_numbers = (force * of_force + charge * tn[1]("+")) * g_weight * dG

    rows = [bulk * dx(LITHIUM) + faces, row_gamma, row_potential, row_numbers]
    # The map follows gamma[0] on Γ only, so the bulk feels it on the skin alone.
    moved = [bulk * dx(SKIN) + faces, row_gamma, row_potential, row_numbers]
    jacobian = _jacobian(rows, moved, state, s)
    compiled = fem.form(rows, entity_maps=domain.entity_maps, jit_options=jit)
    forms = [
        [None if _is_zero(b) else fem.form(b, entity_maps=domain.entity_maps, jit_options=jit) for b in row] for row in jacobian
    ]
    on_lithium = kinematics.bulk(m, radius(domain.lithium), dimension, side)
    hardness = Hardness(state.hardness, state.hardness_old, (k.c0, k.c1, k.c2))
    law = LawPoints(state.law, flow.shear_rate2(on_lithium, v), p, f, s.degree, hardness)
    expressions = Expressions(
        on_lithium,
        gap,
        asperity,
        pressure,
        touching,
        carrying,
        current,
        eta,
        resistance,
        leaving,
        leaving_top,
        ufl.as_ufl(g_weight),
    )
    measures = fem.form([tf * weight(r) * dx(LITHIUM), tg[0]("+") * g_weight * dG], entity_maps=domain.entity_maps)
    softness = fem.form(tp / creep.mu * body.J * body.weight * dx(LITHIUM), entity_maps=domain.entity_maps, jit_options=jit)
    gas = None
    if s.gas:

        def volume(of: Any) -> Any:
            return of * contact.open_depth(gap, delta) * g_weight * dG

        nothing = [
            k.zero * tp * dx(LITHIUM),
            k.zero * tg[0] * dx(SKIN),
            k.zero * tpot * dx(ELECTROLYTE),
            k.zero * tn[0]("+") * g_weight * dG,
        ]
        gas = gas_forms(rows, volume, tests, state, domain, jit, nothing)
    return Residual(compiled, forms, expressions, law, softness, measures, k, gas)


def _jacobian(rows: list[Any], moved: list[Any], state: State, s: Structure) -> list[list[Any]]:
    """Derivatives of the rows by the unknowns; `moved` are the rows where they depend on the map."""
    trials = ufl.TrialFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in state.unknowns)))
    blocks = []
    for row, with_map in zip(rows, moved, strict=True):
        by = [ufl.derivative(row, unknown, trial) for unknown, trial in zip(state.unknowns, trials, strict=True)]
        if not s.bonded:
            by[1] = by[1] + ufl.derivative(with_map, state.map, trials[1][0])
        blocks.append(by)
    return blocks


def _is_zero(form: Any) -> bool:
    return bool(ufl.algorithms.expand_derivatives(form).empty())
