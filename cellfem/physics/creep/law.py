"""What a creep law of lithium must tell, whatever it is: `CreepLaw`, and the registry of laws.

A law holds at one temperature and one size of what deforms. It is a frozen dataclass, made once
where a case becomes a model (`model.from_case.material`), and every reader uses that one object:
the finite-element forms (`points`), the pressure ramp (`flow_stress`), the verdict on pressing
(`rate`), extrusion from flaws (`fluidity`), the start (`easier`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cellfem.physics.ellipse import Array
from cellfem.physics.hardening import Hardening, History
from cellfem.units import KINDS

POROSITY_FLOOR, POROSITY_CEILING = 1e-6, 0.95
"""Bounds inside which a law is evaluated: b(f) has an infinite slope at 0 and a pole at 1."""
LARGEST_STRESS = 1e5
"""MPa: beyond it no table of a law is needed."""


@dataclass(frozen=True)
class PointLaw:
    """Viscosity mu (MPa s; sigma_dev = 2 mu D') and compaction rate c (1/s; tr D = -c), each with
    derivatives by e2, p and f."""

    mu: Array
    mu_e: Array
    mu_p: Array
    mu_f: Array
    c: Array
    c_e: Array
    c_p: Array
    c_f: Array

    def tangents(self, D: Array, p: Array, f: Array) -> Array:
        """Tangent planes of sigma_dev and c at points of these D' (..., K), p and f (...); shape
        (..., 9 + K), as `physics.flow.flow` takes them.

        D: `physics.flow.COMPONENTS` of the deviator, the last normal one being less the others.
        """
        square = contraction(D, D)
        k_e, k_p, k_f, c_e = 8 / 3 * self.mu_e, 2 * self.mu_p, 2 * self.mu_f, 4 / 3 * self.c_e
        k_0 = -(k_e * square + k_p * p + k_f * f)
        c_0 = self.c - c_e * square - self.c_p * p - self.c_f * f
        numbers = np.stack([self.mu, k_e, k_p, k_f, k_0, c_e, self.c_p, self.c_f, c_0], axis=-1)
        return np.concatenate([numbers, D], axis=-1)


def contraction(S: Array, T: Array) -> Array:
    """S:T of deviators given by xx, yy and shears (..., K): the third normal component is -xx -
    yy."""
    third = (S[..., 0] + S[..., 1]) * (T[..., 0] + T[..., 1])
    return np.asarray(S[..., 0] * T[..., 0] + S[..., 1] * T[..., 1] + third + 2 * (S[..., 2:] * T[..., 2:]).sum(axis=-1))


class CreepLaw(ABC):
    """Creep of porous lithium: rate = F(Q) Q of the matrix, and what pores make of it.

    A subclass is a frozen dataclass. It needs `exponent`, `points`, `fluidity`, `flow_stress`,
    `dense`, `faster`, `stronger` and `easier`; what is below them has a default. Units: MPa, 1/s.
    """

    exponent: float
    """n, the slope d ln rate/d ln stress of the power law that it is, or is near."""

    kinds: ClassVar[dict[str, type[CreepLaw]]] = {}
    """All classes by name: checkpoints tell by it which law it was."""

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        CreepLaw.kinds[cls.__name__] = cls

    def as_data(self) -> dict[str, Any]:
        """The law as plain data, with its kind, for a checkpoint."""
        found: dict[str, Any] = {"kind": type(self).__name__}
        for field in fields(self):  # type: ignore[arg-type]  # every law is a dataclass
            value = getattr(self, field.name)
            if isinstance(value, CreepLaw):
                value = value.as_data()
            found[field.name] = asdict(value) if isinstance(value, Hardening) else value
        return found

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> CreepLaw:
        """The law that `as_data` has taken apart. Raises ValueError where no such class is
        imported."""
        if (kind := CreepLaw.kinds.get(data["kind"])) is None:
            raise ValueError(f"there is no creep law {data['kind']!r} here; import the package that has it")
        hints = get_type_hints(kind)
        values: dict[str, Any] = {}
        for name, item in data.items():
            if isinstance(item, Mapping):
                values[name] = CreepLaw.from_data(item) if "kind" in item else hints[name](**item)
            elif name != "kind":
                values[name] = item
        return kind(**values)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """How a field of this type is read back from a checkpoint."""
        from pydantic_core.core_schema import no_info_plain_validator_function

        return no_info_plain_validator_function(
            lambda data: data if isinstance(data, CreepLaw) else CreepLaw.from_data(data)
        )

    @abstractmethod
    def points(self, e2: Array, p: Array, f: Array) -> PointLaw:
        """The law at points: e2 = (2/3) D':D' + floor² (1/s², > 0), p (MPa, compression > 0), f;
        all of one shape. Outside `POROSITY_FLOOR`, `POROSITY_CEILING` nothing depends on f."""

    @abstractmethod
    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        """F = rate/stress (1/s/MPa) of dense lithium and dF/dstress at uniaxial stresses > 0."""

    @abstractmethod
    def flow_stress(self, rate: float) -> float:
        """Uniaxial stress (MPa) at which dense lithium flows at `rate` > 0 (1/s)."""

    @property
    @abstractmethod
    def dense(self) -> CreepLaw:
        """The same without pores and without a past: lithium that hardens is fresh."""

    @abstractmethod
    def faster(self, by: float) -> CreepLaw:
        """All rates `by` times those at the same stress, as by another temperature."""

    @abstractmethod
    def stronger(self, by: float) -> CreepLaw:
        """All stresses `by` times those at the same rate, as by a smaller size."""

    @abstractmethod
    def easier(self, exponent: float, stress: float) -> CreepLaw:
        """A law of the same kind with a smaller exponent and the same rate at about `stress`: a
        start goes through some of them."""

    def rate(self, stress: float) -> float:
        """Uniaxial rate (1/s) of dense lithium under `stress` > 0 (MPa)."""
        return float(self.fluidity(np.array(stress))[0] * stress)

    @property
    def least_exponent(self) -> float:
        """Exponent at vanishing stress."""
        return self.exponent

    @property
    def largest_stress(self) -> float:
        """Uniaxial stress (MPa) up to which the rate is a number that computes."""
        return LARGEST_STRESS

    # --- laws with a past: a resistance S (MPa) at each point

    @property
    def initial_resistance(self) -> float | None:
        """S of fresh lithium; None for a law without a past."""
        return None

    def advanced(self, e2: Array, p: Array, f: Array, history: History) -> tuple[PointLaw, Array]:
        """`points` of a law with a past, and S at the end of the step that `history` describes."""
        raise NotImplementedError(f"{type(self).__name__} has no past")

    def at_resistance(self, resistance: Array) -> CreepLaw:
        """The law without a past at these resistances, one for each point."""
        raise NotImplementedError(f"{type(self).__name__} has no past")


def within_bounds(f: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The porosity inside its bounds, and where it is inside."""
    inside = (f > POROSITY_FLOOR) & (f < POROSITY_CEILING)
    return np.clip(f, POROSITY_FLOOR, POROSITY_CEILING), inside


def of_planes(planes: tuple[Array, ...], inside: NDArray[np.bool_]) -> PointLaw:
    """Values and derivatives in the order of `PointLaw`; outside the bounds of f nothing depends on
    it."""
    mu, mu_e, mu_p, mu_f, c, c_e, c_p, c_f = planes
    return PointLaw(mu, mu_e, mu_p, mu_f * inside, c, c_e, c_p, c_f * inside)


# --- laws that a case names


@dataclass(frozen=True)
class OwnLaw:
    """A law that a case names in [lithium.own_law].

    units: of each parameter, "" for a plain number. build: called with the temperature (K), the
    porosity switch f_s and each parameter in working units (MPa, s, J/mol) by name.
    """

    units: Mapping[str, str]
    build: Callable[..., CreepLaw]


_OWN: dict[str, OwnLaw] = {}
ENTRY_POINTS = "cellfem.creep_laws"
"""Group of entry points by which an installed package registers its laws: each names a function
without arguments that calls `register`."""


def register(name: str, units: Mapping[str, str], build: Callable[..., CreepLaw]) -> None:
    """Make a law known by name; units: of its parameters, each "" or one of `units.KINDS`. Raises
    ValueError for other units, and where another law has the name."""
    if unknown := sorted(set(units.values()) - set(KINDS) - {""}):
        raise ValueError(f"creep law {name!r}: units {', '.join(unknown)}; known are {', '.join(KINDS)}")
    if name in _OWN and _OWN[name].build is not build:
        raise ValueError(f"a creep law {name!r} is registered already")
    _OWN[name] = OwnLaw(dict(units), build)


def own_law(name: str) -> OwnLaw:
    """The law of this name; packages that are installed are asked where it is not known. Raises
    KeyError."""
    if name not in _OWN:
        from importlib.metadata import entry_points

        for point in entry_points(group=ENTRY_POINTS):
            point.load()()
    return _OWN[name]


def own_laws() -> tuple[str, ...]:
    """Names of all laws that are registered."""
    return tuple(_OWN)
