"""The moving lithium pulled back to its flat reference block (map x = X + m e, e the last axis):
plane, axisymmetric or 3-D.

Coordinates (x, y), (r, y) or (x, y, z). Γ is where the last one is 0, with lithium above; its
outward reference normal is -e. `m` is None for flat kinematics (F = I, J = 1). All results are UFL
in reference coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr


def along_gamma(a: Expr, dimension: int) -> list[Expr]:
    """Derivatives of a scalar along Γ: all coordinates except the last."""
    return [a.dx(i) for i in range(dimension - 1)]


@dataclass(frozen=True)
class Bulk:
    """Map of the lithium: J, F^-1, hoop radius (None unless axisymmetric) and the weight 1 or 2πr
    of the volume element."""

    J: Expr
    Finv: Expr
    radius: Expr | None

    @property
    def dimension(self) -> int:
        return int(self.Finv.ufl_shape[0])

    @property
    def weight(self) -> Expr | float:
        return 1.0 if self.radius is None else 2 * ufl.pi * self.radius

    def gradient(self, a: Expr) -> Expr:
        """∇ in true coordinates."""
        return ufl.dot(ufl.grad(a), self.Finv)

    def strain_rate(self, v: Expr) -> Expr:
        """Symmetric velocity gradient, 3 × 3; the out-of-plane component is zero, or the hoop rate
        v_r/r."""
        L = self.gradient(v)
        if self.dimension == 3:
            return ufl.sym(L)
        hoop = 0 if self.radius is None else v[0] / self.radius
        shear = (L[0, 1] + L[1, 0]) / 2
        return ufl.as_matrix([[L[0, 0], shear, 0], [shear, L[1, 1], 0], [0, 0, hoop]])

    def divergence(self, v: Expr) -> Expr:
        L = self.gradient(v)
        return sum(L[i, i] for i in range(self.dimension)) + (0 if self.radius is None else v[0] / self.radius)


def bulk(m: Expr | None, radius: Expr | None, dimension: int = 2, side: Expr | float = 1.0) -> Bulk:
    """Geometry of the map x = X + m e: F = I + e ⊗ ∇m differs from the identity only in its last
    row, and so does F^-1.

    side: 1, or -1 in an electrode below its Γ that recedes along -e.
    """
    if m is None:
        return Bulk(ufl.as_ufl(1.0), ufl.Identity(dimension), radius)
    last = dimension - 1
    J = 1 + side * m.dx(last)
    rows: list[list[Expr | int]] = [[int(i == j) for j in range(dimension)] for i in range(last)]
    rows.append([*(-side * slope / J for slope in along_gamma(m, dimension)), 1 / J])
    return Bulk(J, ufl.as_matrix(rows), radius)


@dataclass(frozen=True)
class Surface:
    """Γ of the lithium: slope ∇_Γ g (a vector), area vector N dA = cof dA₀ (from lithium into
    electrolyte), length `stretch`."""

    slope: Expr
    cof: Expr
    stretch: Expr
    radius: Expr | None

    @property
    def weight(self) -> Expr | float:
        return 1.0 if self.radius is None else 2 * ufl.pi * self.radius

    @property
    def sine(self) -> Expr:
        """Slope over stretch, along Γ: H = ∇_Γ·sine (if axisymmetric ∂(r sine)/r∂r) is the
        curvature (twice the mean curvature in 3-D).

        H > 0 where lithium bulges towards the electrolyte. Flat kinematics keep the linear term, H
        = ∇²g.
        """
        return self.slope / self.stretch


def surface(m: Expr | None, slope: list[Expr], radius: Expr | None, side: Expr | float = 1.0) -> Surface:
    """Surface geometry from the slopes ∇_Γ g = ∇_Γ m; `m` None means flat kinematics (cof = n,
    stretch 1); side as in `bulk`."""
    s = ufl.as_vector(slope)
    if m is None:
        return Surface(s, ufl.as_vector([*(0.0 for _ in slope), -side]), ufl.as_ufl(1.0), radius)
    return Surface(s, ufl.as_vector([*slope, -side]), ufl.sqrt(1 + ufl.dot(s, s)), radius)
