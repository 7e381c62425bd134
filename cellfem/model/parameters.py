"""Parameters of the residual, in working units (µm, s, MPa, V, A/m²)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellfem.model.heterogeneity import Heterogeneity
from cellfem.physics.creep import CreepLaw
from cellfem.units import T_REFERENCE


@dataclass(frozen=True)
class PatchResistance:
    """A spot of Γ with another area-specific resistance: |x - centre| < half_width, edges of tanh
    length `edge` (µm); Ω m²."""

    centre: float
    half_width: float
    resistance: float
    edge: float = 0.5
    centre_y: float | None = None  # in 3-D an ellipse; without it a strip along y
    half_width_y: float | None = None
    electrode: int = 1

    def share(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 inside and 0 outside at the positions x (..., axes of Γ), with the edge in between; a
        sharp edge if `edge` is 0."""
        if self.centre_y is not None and x.shape[-1] == 2:
            across = self.half_width_y or self.half_width
            u = np.hypot((x[..., 0] - self.centre) / self.half_width, (x[..., 1] - self.centre_y) / across)
            inwards = (1 - u) * min(self.half_width, across)
            if self.edge > 0:
                return np.asarray(0.5 * (1 + np.tanh(inwards / self.edge)))
            return (inwards > 0).astype(np.float64)
        left, right = x[..., 0] - self.centre + self.half_width, x[..., 0] - self.centre - self.half_width
        if self.edge > 0:
            return np.asarray(0.5 * (np.tanh(left / self.edge) - np.tanh(right / self.edge)))
        return ((left > 0) & (right < 0)).astype(np.float64)


@dataclass(frozen=True)
class Structure:
    """Choices that change the equations, and so the compiled forms."""

    axisymmetric: bool = False
    flat: bool = False  # linearised kinematics: F = I, g' = d - v.n
    bonded: bool = False  # θ_g = 1, g = 0, tension allowed (flat kinematics only)
    vacancies: bool = True  # off: f = 0 and lattice is removed at the rate of the current
    removal: bool = True  # off: d = 0
    linear_removal: bool = False  # planes are removed at a rate of first order in f
    pressed_diffusion: bool = False  # D falls with pressure
    linear_kinetics: bool = False
    stress_potential: bool = True
    equipotential: bool = True  # equipotential far side of the electrolyte; False: uniform flux
    adhesion: bool = False
    friction: bool = False
    held_platen: bool = False  # lithium sticks to the platen: a boundary condition, the forms are unchanged
    gas: bool = False  # in voids
    varying_roughness: bool = False  # δ differs along Γ
    varying_diffusivity: bool = False  # D differs along Γ: grain boundaries of the lithium
    degree: int = 4  # quadrature
    quadratic_porosity: bool = True  # f of second degree and removal smoothed over a facet; False: f of first degree


@dataclass(frozen=True)
class Material:
    """Parameters at the present temperature."""

    creep: CreepLaw  # of lithium, with all its options: used by every reader
    diffusivity: float  # µm²/s
    conductivity: float  # A/m² per V/µm
    resistance_factor: float  # ASR(T)/ASR(25 degC)
    temperature: float  # K
    activation_volume: float = 0.0  # V/RT of the diffusivity, 1/MPa


@dataclass(frozen=True)
class Interface:
    """Γ: asperity layer, vacancies, surface tension."""

    resistance: float  # ASR0 at 25 degC, Ω m²
    delta: float = 0.01  # µm
    stiffness: float = 100.0  # r, MPa/µm
    half_pressure: float = 0.02  # p_1/2, MPa
    adhesion: float = 0.0  # σ_adh, MPa
    friction: float = 0.0  # MPa s/µm
    f_c: float = 0.2
    length: float = 1.0  # ℓ, µm
    surface_tension: float = 0.5  # γ, MPa µm
    removal_rate: float = 1e-3  # k_n, µm/s
    sink_rate: float = 1e-3  # k_s of linear removal, µm/s
    patches: tuple[PatchResistance, ...] = field(default_factory=tuple)
    random: Heterogeneity = field(default_factory=Heterogeneity)  # on which the patches lie
    gas_pressure: float = 0.1  # MPa, when the voids were shut
    gas_temperature: float = T_REFERENCE  # K, then
    diffusivity: float = 1.0  # of the grains at 25 degC, µm²/s: what grain boundaries are measured by


@dataclass(frozen=True)
class Flaws:
    """Flaws of the electrolyte's face, and its strength. Lengths in µm, K_Ic in MPa·µm^½, density
    in 1/µm²."""

    length: float = 1.0  # a, of the index; scale of the distribution
    half_opening: float = 0.05  # H of a slit, radius of a cylinder
    shape: Literal["slit", "cylinder"] = "slit"
    plated: Literal["tip", "walls"] = "tip"
    distribution: Literal["single", "power", "exponential"] = "power"
    exponent: float = 5.0  # of the power law
    density: float = 1e-4  # flaws per area
    depth: float = 1e3  # of a plane stack, out of the plane
    toughness: float = 1e3  # K_Ic
    poisson_ratio: float = 0.26  # of the electrolyte
    confined: bool = True  # lateral strain of the electrolyte is suppressed
    seed: int | None = None  # flaws are sampled individually
    on_grain_boundaries: bool = False
    grain_size: float = 5.0
    creep_activation: float = 37e3  # J/mol, temperature dependence of creep, conductivity and interface resistance
    conductivity_activation: float = 33.8e3
    resistance_activation: float = 33.8e3


@dataclass(frozen=True)
class Ceramic:
    """The electrolyte as an elastic and brittle body. MPa, µm; K_Ic in MPa·µm^½."""

    young: float
    poisson: float
    toughness: float  # K_Ic
    flaw: float  # depth a of a surface flaw
    strength: float  # Weibull's σ₀ of a body of the size `reference`; inf where not known
    modulus: float  # Weibull's m
    reference: float  # V₀, µm³, or S₀, µm²
    origin: Literal["volume", "surface"]  # where the flaws are: in the body, or on the face towards the lithium
    depth: float  # of a plane stack, out of the plane
    sides: Literal["mirror", "free"]  # lateral strain zero, or mean lateral stress zero
    support: Literal["roller", "fixed"]  # far face: slides, or is fixed


@dataclass(frozen=True)
class Cell:
    """The cell to which resistances in Ω refer: `times` the modelled Γ and `separator` µm of
    electrolyte on `area` µm².

    A half cell models one face, which counts once or twice. A symmetric cell is modelled
    completely: its Γ includes both faces, which count once. In both cases the separator replaces
    the modelled electrolyte.
    """

    area: float
    separator: float
    times: int
    interfaces: int  # faces of the cell


@dataclass(frozen=True)
class Numerics:
    """Regularisations and solver tolerances."""

    strain_rate_floor: float = 1e-8  # 1/s
    tolerance: float = 0.02  # local time error of f (over f_c) and of the gap (over δ + g/10) in a step, mean square over Γ
    newton_tolerance: float = 1e-6  # last correction in scaled unknowns
    newton_most: int = 80
    second_order: bool = True  # BDF2 rather than implicit Euler
    smallest_step: float = 1e-6  # s
    linear: Literal["auto", "direct", "iterative"] = "auto"
