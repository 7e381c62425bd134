"""The moving lithium pulled back to its flat reference block (vertical map x = X + m e_y), in plane strain or axisymmetry.

Coordinates (x, y) or (r, y); Γ is y = 0 with lithium above, its outward reference normal is -e_y. `m` is None for flat kinematics
(F = I, J = 1). All results are UFL in reference coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import ufl
from ufl.core.expr import Expr


@dataclass(frozen=True)
class Bulk:
    """Map of the lithium: J, F^-1, hoop radius (None in plane strain) and the weight 1 or 2πr of the volume element."""

    J: Expr
    Finv: Expr
    radius: Expr | None

    @property
    def weight(self) -> Expr | float:
        return 1.0 if self.radius is None else 2 * ufl.pi * self.radius

    def gradient(self, a: Expr) -> Expr:
        """∇ in true coordinates."""
        return ufl.dot(ufl.grad(a), self.Finv)

    def strain_rate(self, v: Expr) -> Expr:
        """Symmetric velocity gradient, 3 × 3, with the hoop rate v_r/r where axisymmetric."""
        L = self.gradient(v)
        hoop = 0 if self.radius is None else v[0] / self.radius
        shear = (L[0, 1] + L[1, 0]) / 2
        return ufl.as_matrix([[L[0, 0], shear, 0], [shear, L[1, 1], 0], [0, 0, hoop]])

    def divergence(self, v: Expr) -> Expr:
        L = self.gradient(v)
        return L[0, 0] + L[1, 1] + (0 if self.radius is None else v[0] / self.radius)


def bulk(m: Expr | None, radius: Expr | None) -> Bulk:
    """Geometry of the map x = X + m e_y: F = [[1, 0], [m_x, 1 + m_y]]."""
    if m is None:
        return Bulk(ufl.as_ufl(1.0), ufl.Identity(2), radius)
    J = 1 + m.dx(1)
    return Bulk(J, ufl.as_matrix([[1, 0], [-m.dx(0) / J, 1 / J]]), radius)


@dataclass(frozen=True)
class Surface:
    """Γ of the lithium: area vector N dA = cof dA₀ (from lithium into electrolyte), its length `stretch`, slope g_x."""

    slope: Expr
    cof: Expr
    stretch: Expr
    radius: Expr | None

    @property
    def weight(self) -> Expr | float:
        return 1.0 if self.radius is None else 2 * ufl.pi * self.radius

    @property
    def sine(self) -> Expr:
        """sin of the slope angle: H = ∂sin/∂x (about an axis ∂(r sin)/r∂r) is the curvature.

        H > 0 where lithium bulges towards the electrolyte. Flat kinematics keep the linear term, H = ∇²g.
        """
        return self.slope / self.stretch


def surface(m: Expr | None, slope: Expr, radius: Expr | None) -> Surface:
    """Surface geometry from the slope g_x = m_x; `m` None means flat kinematics (cof = n, stretch 1)."""
    if m is None:
        return Surface(slope, ufl.as_vector([0.0, -1.0]), ufl.as_ufl(1.0), radius)
    return Surface(slope, ufl.as_vector([slope, -1.0]), ufl.sqrt(1 + slope * slope), radius)
