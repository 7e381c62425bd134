"""Symbols shared by all equations of a model: unknowns, test functions, geometry and constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import Domain
from cellfem.model.constants import Constants
from cellfem.model.equations.layout import Layout, layout_of
from cellfem.model.parameters import Structure
from cellfem.model.state import State
from cellfem.physics import kinematics


@dataclass(frozen=True, kw_only=True)
class Tests:
    """Test functions: of velocity, pressure and porosity, of Γ's four fields, of the potential and
    of the global unknowns."""

    v: Expr
    p: Expr
    f: Expr
    gamma: Expr
    potential: Expr
    numbers: Expr
    blocks: tuple[Any, ...]  # in the order of State.unknowns


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Symbols of the forms. Integrands are over the reference block, so the volume element is
    `body.J * body.weight`."""

    domain: Domain
    state: State
    structure: Structure
    k: Constants
    layout: Layout
    tests: Tests
    v: Expr
    p: Expr
    f: Expr
    normal: Expr
    radius: Expr | None  # None unless axisymmetric
    map: Any  # m in the lithium; None in flat kinematics
    side: Any  # 1, or with two electrodes 1 and -1 by cell
    body: kinematics.Bulk
    dx: ufl.Measure  # by body
    dG: ufl.Measure  # over Γ, "+" is the lithium
    ds: ufl.Measure  # by face

    @property
    def last(self) -> int:
        """Number of the axis across Γ."""
        return self.domain.dimension - 1

    @property
    def weight(self) -> Expr | float:
        """1 or 2πr."""
        return weight_of(self.radius)

    @property
    def side_gamma(self) -> Any:
        """`side` on Γ."""
        return self.side("+") if self.domain.electrodes == 2 else 1.0

    def travel_of(self, numbers: Any) -> Expr:
        """U of this electrode."""
        return self.layout.travel_of(self.side, numbers)

    @property
    def rate_travel(self) -> Expr:
        """U' of this electrode, by the time scheme."""
        scheme = (self.k.c0, self.k.c1, self.k.c2)
        numbers = (self.state.numbers, *self.state.travel_old)
        return sum(c * self.travel_of(x) for c, x in zip(scheme, numbers, strict=True))


def setting_of(domain: Domain, state: State, structure: Structure, k: Constants) -> Setting:
    """The symbols of a model."""
    v, p, f = ufl.split(state.bulk)
    blocks = ufl.TestFunctions(ufl.MixedFunctionSpace(*(u.function_space for u in state.unknowns)))
    (tv, tp, tf), gamma, potential, numbers = ufl.split(blocks[0]), blocks[1], blocks[2], blocks[3]
    radius = radius_on(domain.parent, structure)
    m = None if structure.flat else state.map
    side: Any = domain.side if domain.electrodes == 2 else 1.0
    dx, dG, ds = domain.measures(structure.degree)
    return Setting(
        domain=domain,
        state=state,
        structure=structure,
        k=k,
        layout=layout_of(domain.electrodes, structure.equipotential),
        tests=Tests(v=tv, p=tp, f=tf, gamma=gamma, potential=potential, numbers=numbers, blocks=tuple(blocks)),
        v=v,
        p=p,
        f=f,
        normal=ufl.FacetNormal(domain.parent),
        radius=radius,
        map=m,
        side=side,
        body=kinematics.bulk(m, radius, domain.dimension, side),
        dx=dx,
        dG=dG,
        ds=ds,
    )


def radius_on(mesh: Any, structure: Structure) -> Expr | None:
    """The radius as a coordinate of a mesh; None unless axisymmetric."""
    return ufl.SpatialCoordinate(mesh)[0] if structure.axisymmetric else None


def weight_of(radius: Expr | None) -> Expr | float:
    """1 or 2πr."""
    return 1.0 if radius is None else 2 * ufl.pi * radius
