"""Numbers of the compiled forms."""

from __future__ import annotations

from dataclasses import dataclass

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import Domain
from cellfem.physics import kinetics
from dolfinx import fem


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
