"""Energy release rate and K_I of a crack by integrals over a ring-shaped domain around its tip.

    G = ∫ [σ_ij u_j,1 - W δ_1i] ∂q/∂x_i dA - ∫_faces t_j u_j,1 q ds
    M = ∫ [σ_ij u'_j,1 + σ'_ij u_j,1 - σ_ij ε'_ij δ_1i] ∂q/∂x_i dA - ∫_faces t_j u'_j,1 q ds

x_1 points along the crack, q falls from 1 at the tip to 0. Primes: the field of K_I = 1 at the same
tip (Williams 1957). t is the traction on the faces: with this term the integrals do not depend on
the domain although lithium presses on the faces (Shih, Moran & Nakamura 1986, Int. J. Fract. 30,
79; Yau, Wang & Corten 1980, J. Appl. Mech. 47, 335). K_I = E' M/2 and G = K_I²/E' with E' =
E/(1-ν²), plane strain. Half a body, cut along the crack's plane, gives half of both integrals: by
symmetry the plane ahead of the tip contributes nothing.

If the lithium reaches the crack's end, the end is blunt (a notch). G is then the strain energy that
its surface releases as it advances, ∫ W dx_2 (Rice 1968), equal to that of a sharp crack if the
notch is slender; M has no meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import ufl
from ufl.core.expr import Expr

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.elastic import ElasticBody
from cellfem.physics import elasticity
from dolfinx import fem

DEGREE = 8  # of the quadrature: the tip field is not a polynomial


@dataclass(frozen=True)
class Tip:
    """A crack in the plane x = 0 of a half body x > 0, its tip at (0, y), running downwards."""

    y: float


@dataclass(frozen=True)
class Release:
    """G in MPa·µm (J/m²), K in MPa·µm^½; by_energy: K from G, which has no sign."""

    energy: float
    intensity: float
    by_energy: float


class CrackIntegral:
    """Integrals at one tip of an elastic body (plane strain, one rank), for one domain."""

    def __init__(
        self, body: ElasticBody, tip: Tip, inner: float, outer: float, faces: ufl.Measure | None, traction: Expr | None
    ) -> None:
        """q is 1 within `inner` and 0 beyond `outer` (µm). faces: loaded ones, a measure on the
        body's mesh; traction: on them (MPa)."""
        self.modulus = body.young / (1 - body.poisson**2)
        mesh = body.mesh
        q = fem.Function(fem.functionspace(mesh, ("Lagrange", 1)))
        q.interpolate(lambda x: np.clip((outer - np.hypot(x[0], x[1] - tip.y)) / (outer - inner), 0.0, 1.0))
        u, s, e = body.displacement, body.stress, body.strain
        aux_grad, aux_s, aux_e = _williams(mesh, tip, body.young, body.poisson)
        grad = ufl.grad(u)
        along = ufl.as_vector([-grad[0, 1], -grad[1, 1]])  # u_,1 with x_1 = -y
        aux_along = ufl.as_vector([-aux_grad[0, 1], -aux_grad[1, 1]])
        ahead = ufl.as_vector([0.0, -1.0])
        slope = ufl.grad(q)
        s2, aux_s2 = _plane(s), _plane(aux_s)
        work, mixed = 0.5 * ufl.inner(s, e), ufl.inner(s, aux_e)
        dx = ufl.dx(domain=mesh, metadata={"quadrature_degree": DEGREE})
        energy = (ufl.dot(ufl.dot(s2, along), slope) - work * ufl.dot(ahead, slope)) * dx
        cross = (ufl.dot(ufl.dot(s2, aux_along) + ufl.dot(aux_s2, along), slope) - mixed * ufl.dot(ahead, slope)) * dx
        if faces is not None:
            energy -= ufl.dot(traction, along) * q * faces
            cross -= ufl.dot(traction, aux_along) * q * faces
        self.energy, self.cross = fem.form(energy), fem.form(cross)

    def evaluate(self) -> Release:
        """Evaluate for the present displacement."""
        energy, cross = 2 * float(fem.assemble_scalar(self.energy)), 2 * float(fem.assemble_scalar(self.cross))
        by_energy = float(np.sqrt(max(energy, 0.0) * self.modulus))
        return Release(energy, self.modulus * cross / 2, by_energy)


def _plane(s: Expr) -> Expr:
    return ufl.as_matrix([[s[0, 0], s[0, 1]], [s[1, 0], s[1, 1]]])


def _williams(mesh: object, tip: Tip, young: float, poisson: float) -> tuple[Expr, Expr, Expr]:
    """Gradient of the displacement, stress and strain (3 × 3) of K_I = 1, plane strain, with x_1 =
    -(y - y_tip), x_2 = x ≥ 0."""
    x = ufl.SpatialCoordinate(mesh)
    one, two = -(x[1] - tip.y), x[0]
    r = ufl.sqrt(one**2 + two**2)
    angle = ufl.atan2(two, one)
    _, shear = elasticity.lame(young, poisson)
    kappa = 3 - 4 * poisson
    size = ufl.sqrt(r / (2 * ufl.pi)) / (2 * shear) * (kappa - ufl.cos(angle))
    u = ufl.as_vector([size * ufl.sin(angle / 2), -size * ufl.cos(angle / 2)])  # (x, y): (u_2, -u_1)
    grad = ufl.grad(u)
    e = elasticity.strain(u)
    lam, mu = elasticity.lame(young, poisson)
    return grad, elasticity.stress(e, lam, mu), e
