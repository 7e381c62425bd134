"""Linear elasticity of the electrolyte, and the risk of rupture of a ceramic under stress. Stresses
in MPa, lengths in µm.

σ = λ tr(ε) 1 + 2μ ε, always as 3 × 3 tensors: plane strain (ε_zz = 0), axisymmetric (ε_zz = u_r/r,
the third component is the hoop direction) or three-dimensional. The strains of LLZO are 1e-3 at
most: the reference geometry is used.
"""

from __future__ import annotations

import numpy as np
import ufl
from numpy.typing import ArrayLike, NDArray
from ufl.core.expr import Expr

Array = NDArray[np.float64]
AXIS = 1e-9
"""Radius (µm) below which a point is on the axis."""


def lame(young: float, poisson: float) -> tuple[float, float]:
    """(λ, μ) of Young's modulus and Poisson's ratio."""
    return young * poisson / ((1 + poisson) * (1 - 2 * poisson)), young / (2 * (1 + poisson))


def strain(u: Expr, radius: Expr | None = None, at_axis: bool = False) -> Expr:
    """ε, 3 × 3, of a displacement in two dimensions (plane strain, or axisymmetric if `radius` is
    given) or in three.

    at_axis: for evaluation at points on the axis too; not for forms, whose quadrature points are
    off the axis.
    """
    L = ufl.grad(u)
    if u.ufl_shape == (3,):
        return ufl.sym(L)
    shear = (L[0, 1] + L[1, 0]) / 2
    hoop = 0 if radius is None else u[0] / radius
    if radius is not None and at_axis:
        hoop = ufl.conditional(ufl.lt(radius, AXIS), L[0, 0], hoop)
    return ufl.as_matrix([[L[0, 0], shear, 0], [shear, L[1, 1], 0], [0, 0, hoop]])


def stress(e: Expr, lam: Expr | float, mu: Expr | float) -> Expr:
    """σ of a 3 × 3 strain."""
    return lam * ufl.tr(e) * ufl.Identity(3) + 2 * mu * e


def principal_stresses(s: Array) -> Array:
    """Principal stresses (..., 3), largest last, of symmetric tensors (..., 3, 3)."""
    return np.asarray(np.linalg.eigvalsh(s))


def von_mises(s: Array) -> Array:
    """√(3/2 σ':σ') of tensors (..., 3, 3)."""
    mean = np.trace(s, axis1=-2, axis2=-1) / 3
    deviator = s - mean[..., None, None] * np.eye(3)
    return np.asarray(np.sqrt(1.5 * np.sum(deviator**2, axis=(-2, -1))))


def weibull_risk(principal: Array, strength: float, modulus: float) -> Array:
    """Σ_k (σ_k₊/σ₀)^m, which is integrated over the body (or a face) and divided by V₀ (S₀) to give
    the risk of rupture.

    principal: (..., 3). The principal tensions act independently (Barnett, Connors et al. 1967; the
    usual approximation, slightly non-conservative in biaxial tension). Likelihood of rupture 1 -
    exp(-risk): `fracture.weakest_link`.
    """
    return np.asarray(np.sum((np.maximum(principal, 0.0) / strength) ** modulus, axis=-1))


def hertz_cylinder(load: float, radius: float, modulus: float) -> tuple[float, float]:
    """(half-width b, largest pressure p₀) of a rigid cylinder pressed onto a half-plane by `load`
    per length (MPa·µm).

    b = √(4 F R/(π E*)), p₀ = 2F/(πb), p = p₀ √(1 - x²/b²); modulus: E* = E/(1-ν²) (Johnson, Contact
    Mechanics, 1985).
    """
    half = float(np.sqrt(4 * load * radius / (np.pi * modulus)))
    return half, 2 * load / (np.pi * half)


def hertz_sphere(load: float, radius: float, modulus: float) -> tuple[float, float]:
    """(radius a, largest pressure p₀) of a rigid sphere under `load` (MPa·µm²): a³ = 3FR/(4E*), p₀
    = 3F/(2πa²)."""
    a = float((0.75 * load * radius / modulus) ** (1 / 3))
    return a, 1.5 * load / (np.pi * a**2)


def hertz_cylinder_axis(depth: ArrayLike, half_width: float, peak: float) -> tuple[Array, Array]:
    """(σ_xx, σ_yy) below the centre of the contact of a cylinder, at `depth` z > 0 (Johnson 1985,
    eq. 4.46)."""
    z = np.asarray(depth, dtype=float)
    root = np.sqrt(half_width**2 + z**2)
    lateral = -peak / half_width * ((half_width**2 + 2 * z**2) / root - 2 * z)
    return np.asarray(lateral), np.asarray(-peak * half_width / root)


def hertz_sphere_edge_tension(peak: float, poisson: float) -> float:
    """Largest tension of the contact of a sphere, radial, at its edge, where ring cracks start: (1
    - 2ν) p₀/3."""
    return (1 - 2 * poisson) * peak / 3
