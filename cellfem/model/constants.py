"""Constants of the compiled forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import Domain
from cellfem.physics import kinetics
from dolfinx import fem


@dataclass(frozen=True)
class Constants:
    """Constants of the forms that change without recompilation."""

    pressure: fem.Constant
    modes: dict[str, fem.Constant]  # constants of `Control` and `Fixture`, by name
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
    steepest: fem.Constant  # overpotential over 2RT/F beyond which charge transfer continues along its tangent
    zero: fem.Constant

    def values(self) -> dict[str, float]:
        """All by name."""
        return {name: float(constant.value) for name, constant in self._by_name().items()}

    def put(self, values: dict[str, float]) -> None:
        """Set the named constants."""
        found = self._by_name()
        for name, value in values.items():
            found[name].value = value

    def soften(self, most: float | None) -> None:
        """Let charge transfer continue along its tangent beyond `most` times 2RT/F; None: no
        limit."""
        self.steepest.value = kinetics.STEEPEST if most is None else most

    def mode_values(self) -> dict[str, float]:
        """Constants of control and fixture, by name."""
        return {name: float(constant.value) for name, constant in self.modes.items()}

    def put_modes(self, values: dict[str, float]) -> None:
        """Set the constants of control and fixture; those not named are 0."""
        for name, constant in self.modes.items():
            constant.value = values.get(name, 0.0)

    def _by_name(self) -> dict[str, fem.Constant]:
        own = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "modes"}
        return own | self.modes


def create_constants(domain: Domain, modes: Iterable[str]) -> Constants:
    """All zero, except the one that only a start changes; `model.start` sets them. modes: names of
    the constants of controls and fixtures."""

    def number() -> fem.Constant:
        return fem.Constant(domain.parent, 0.0)

    # FFCx identifies compiled forms by the order in which their constants were made.
    pressure, by_mode = number(), {name: number() for name in modes}
    others = [name for name in Constants.__dataclass_fields__ if name not in ("pressure", "modes")]
    found = Constants(pressure=pressure, modes=by_mode, **{name: number() for name in others})
    found.soften(None)
    return found
