"""Effect of pressing and porosity on the electrolyte: properties at the density of a case."""

from __future__ import annotations

from dataclasses import dataclass

from cellfem.case import Case
from cellfem.physics import densification
from cellfem.units import format_shown

GREEN = 0.90
"""Relative density below which the verdict calls it a green body: pores are connected (closed above
about 0.92)."""


@dataclass(frozen=True)
class Ceramics:
    """The electrolyte of a case at 25 degC. density: None if the material's data are used
    unchanged.

    conductivity in A/m² per V/µm, young and strength in MPa, toughness in MPa·µm^½; strength is
    None if unknown.
    """

    density: float | None
    conductivity: float
    young: float
    poisson: float
    toughness: float
    strength: float | None


def density_of(case: Case) -> float | None:
    """Relative density after pressing; None for the material as measured."""
    d, e = case.densification, case.electrolyte.properties
    if d.density is not None:
        return d.density
    if d.pressure is None:
        return None
    p = e.pressing
    green = densification.heckel(d.pressure, p.heckel_start, p.heckel_pressure)
    if p.hot_rate is None or p.hot_exponent is None or p.hot_activation is None:
        return green
    return densification.hot_pressed(green, d.pressure, d.temperature, d.time, p.hot_rate, p.hot_exponent, p.hot_activation)


def ceramics_of(case: Case) -> Ceramics:
    """Properties at that density, each scaled from the density of the material's data.

    The strength scales with the toughness: flaws of the same size. Values given by the case are
    those of its electrolyte and are not scaled.
    """
    e, f, own = case.electrolyte.properties, case.flaw, case.electrolyte
    density, strength = density_of(case), case.crack.strength or e.flexural_strength
    toughness, young, conductivity = e.fracture_toughness, e.young_modulus, case.electrolyte.conductivity
    if density is not None:
        p = e.pressing
        law = {"bruggeman": densification.bruggeman, "percolation": densification.percolation}
        of = law[case.densification.conductivity_law]
        conductivity *= of(density) / of(p.reference_density)
        if p.young_porosity is not None and own.young_modulus is None:
            young *= densification.spriggs(density, p.young_porosity) / densification.spriggs(
                p.reference_density, p.young_porosity
            )
        if p.toughness_trend is not None:
            at_density = densification.exponential_between(density, *p.toughness_trend)
            at_reference = densification.exponential_between(p.reference_density, *p.toughness_trend)
            if own.toughness is None:
                toughness = at_density
            if strength is not None and case.crack.strength is None and own.strength is None:
                strength *= at_density / at_reference
    return Ceramics(density, conductivity, young, e.poisson_ratio, toughness if f.toughness is None else f.toughness, strength)


def densification_text(case: Case) -> str | None:
    """A sentence on the density and its effects on the electrolyte; None if the material is used as
    measured."""
    density = density_of(case)
    if density is None:
        return None
    c = ceramics_of(case)
    oxide = case.electrolyte.properties.pressing.hot_rate is not None  # needs sintering
    loose = "a green body: open pores, hardly any strength, conductivity an upper bound" if oxide else "a pressed powder"
    what = loose if density < GREEN else "a dense ceramic"
    return (
        f"The electrolyte is {100 * density:.3g} % dense, {what}: {format_shown(c.conductivity, 'S*um/m^2')}, "
        f"E {1e-3 * c.young:.3g} GPa, K_Ic {format_shown(c.toughness, 'MPa*um^0.5')}."
    )
