"""The residual: assembles the equations of `equations/` into the rows of one system and compiles
them, with the Jacobian.

Rows are in the order of State.unknowns: lithium (v, p, f), the fields of Γ, the potential, the
global unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import SKIN, Domain
from cellfem.geometry.groups import BOTTOM, ELECTROLYTE, LITHIUM, TOP
from cellfem.model.constants import Constants, create_constants
from cellfem.model.creep_points import Hardness, LawPoints
from cellfem.model.equations.constraints import constraints
from cellfem.model.equations.electrolyte import electrolyte_equations
from cellfem.model.equations.interface import Interface, interface_equations
from cellfem.model.equations.lithium import Lithium, lithium_equations
from cellfem.model.equations.setting import Setting, radius_on, setting_of
from cellfem.model.gas import GasForms, gas_forms
from cellfem.model.load import MODE_NUMBERS
from cellfem.model.parameters import Structure
from cellfem.model.state import State
from cellfem.physics import contact, flow, kinematics
from dolfinx import fem


@dataclass(frozen=True, kw_only=True)
class Expressions:
    """Expressions that observers evaluate besides the unknowns; restricted to Γ where marked."""

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


@dataclass(frozen=True, kw_only=True)
class Residual:
    """Compiled forms. `rows` in the order of State.unknowns, `jacobian` a 4 x 4 list of forms or
    None."""

    rows: list[fem.Form]
    jacobian: list[list[fem.Form | None]]
    expressions: Expressions
    law: LawPoints
    pressure_mass: fem.Form  # ∫ δp/μ dV in the block of bulk: preconditions the pressure's Schur complement
    measures: list[fem.Form]  # ∫ δf dV and ∫ δm dA in the blocks of bulk and gamma: volume and area that belong to each node
    constants: Constants
    gas: GasForms | None = None


def build_residual(domain: Domain, state: State, s: Structure, jit: dict[str, Any] | None = None) -> Residual:
    """Build the equations and compile them (collective)."""
    at = setting_of(domain, state, s, create_constants(domain, MODE_NUMBERS))
    lithium, face = lithium_equations(at), interface_equations(at)
    rows, moved = _rows(at, lithium, face)
    jacobian = _jacobian(rows, moved, state, s)
    compiled = fem.form(rows, entity_maps=domain.entity_maps, jit_options=jit)
    forms = [
        [None if _is_zero(b) else fem.form(b, entity_maps=domain.entity_maps, jit_options=jit) for b in row] for row in jacobian
    ]
    on_lithium = kinematics.bulk(at.map, radius_on(domain.lithium, s), domain.dimension, at.side)
    hardness = Hardness(state.hardness, state.hardness_old, (at.k.c0, at.k.c1, at.k.c2))
    return Residual(
        rows=compiled,
        jacobian=forms,
        expressions=_expressions(on_lithium, lithium, face),
        law=LawPoints(state.law, flow.components(on_lithium, at.v), at.p, at.f, s.degree, hardness),
        pressure_mass=_softness(at, lithium, jit),
        measures=_measures(at, face),
        constants=at.k,
        gas=_gas(at, face, rows, jit) if s.gas else None,
    )


def _rows(at: Setting, lithium: Lithium, face: Interface) -> tuple[list[Any], list[Any]]:
    """The four rows, and the part of them that depends on the map."""
    dx, dG, ds = at.dx, at.dG, at.ds
    electrolyte, weight = electrolyte_equations(at, face), face.weight
    faces = face.on_lithium * weight * dG + lithium.pressed * at.weight * ds(TOP)
    if at.structure.vacancies:
        faces += lithium.leaving_top * at.tests.f * at.weight * ds(TOP)
    # The constrained nodes off Γ need diagonal entries: a term that is zero.
    gamma = face.surface * weight * dG + at.k.zero * ufl.inner(at.state.gamma, at.tests.gamma) * dx(SKIN)
    potential = electrolyte.volume * dx(ELECTROLYTE) - electrolyte.on_gamma * weight * dG
    if electrolyte.bottom is not None:
        potential += electrolyte.bottom * ds(BOTTOM)
    numbers = constraints(at, face) * weight * dG
    # The map follows gamma[0] on Γ only, so the bulk depends on it on the skin alone.
    rows, moved = ([lithium.volume * dx(body) + faces, gamma, potential, numbers] for body in (LITHIUM, SKIN))
    return rows, moved


def _expressions(on_lithium: kinematics.Bulk, lithium: Lithium, face: Interface) -> Expressions:
    return Expressions(
        bulk=on_lithium,
        gap=face.touch.gap,
        asperity=face.touch.asperity,
        contact_pressure=face.pressure,
        touching=face.touch.touching,
        carrying=face.carrying,
        current=face.current,
        overpotential=face.overpotential,
        resistance=face.resistance,
        leaving=face.leaving,
        leaving_top=lithium.leaving_top,
        gamma_weight=ufl.as_ufl(face.weight),
    )


def _measures(at: Setting, face: Interface) -> list[fem.Form]:
    forms = [at.tests.f * at.weight * at.dx(LITHIUM), at.tests.gamma[0]("+") * face.weight * at.dG]
    return list(fem.form(forms, entity_maps=at.domain.entity_maps))


def _softness(at: Setting, lithium: Lithium, jit: dict[str, Any] | None) -> fem.Form:
    softness = at.tests.p / lithium.creep.mu * at.body.J * at.body.weight * at.dx(LITHIUM)
    return fem.form(softness, entity_maps=at.domain.entity_maps, jit_options=jit)


def _gas(at: Setting, face: Interface, rows: list[Any], jit: dict[str, Any] | None) -> GasForms:
    dx, dG, tests, zero = at.dx, at.dG, at.tests, at.k.zero

    def volume(of: Any) -> Any:
        return of * contact.open_depth(face.touch.gap, face.touch.delta) * face.weight * dG

    nothing = [
        zero * tests.p * dx(LITHIUM),
        zero * tests.gamma[0] * dx(SKIN),
        zero * tests.potential * dx(ELECTROLYTE),
        zero * tests.numbers[0]("+") * face.weight * dG,
    ]
    return gas_forms(rows, volume, tests.blocks, at.state, at.domain, jit, nothing)


def _jacobian(rows: list[Any], moved: list[Any], state: State, s: Structure) -> list[list[Any]]:
    """Derivatives of the rows with respect to the unknowns; `moved` is the part of the rows that
    depends on the map."""
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
