"""The interface of any creep law of lithium, `CreepLaw`, and the registry of laws.

A law applies to one temperature and one size of the deforming volume. It is a frozen dataclass,
constructed once where a case becomes a model (`model.from_case.material`), and all users share that
object: the finite-element forms (`points`), the pressure ramp (`flow_stress`), the verdict on
pressing (`rate`), extrusion from flaws (`fluidity`), the start (`easier`).
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
"""Bounds of porosity in which a law is evaluated: b(f) has an infinite slope at 0 and a pole at 1.
"""
LARGEST_STRESS = 1e5
"""MPa: upper end of the tables of a law."""


@dataclass(frozen=True)
class PointLaw:
    """Viscosity mu (MPa s; sigma_dev = 2 mu D') and compaction rate c (1/s; tr D = -c), each with
    derivatives with respect to e2, p and f."""

    mu: Array
    mu_e: Array
    mu_p: Array
    mu_f: Array
    c: Array
    c_e: Array
    c_p: Array
    c_f: Array

    def tangents(self, D: Array, p: Array, f: Array) -> Array:
        """Tangent planes of sigma_dev and c at points with these D' (..., K), p and f (...); shape
        (..., 9 + K), as required by `physics.flow.flow`.

        D: `physics.flow.COMPONENTS` of the deviator, without the last normal one, which is minus
        the sum of the others.
        """
        square = contraction(D, D)
        k_e, k_p, k_f, c_e = 8 / 3 * self.mu_e, 2 * self.mu_p, 2 * self.mu_f, 4 / 3 * self.c_e
        k_0 = -(k_e * square + k_p * p + k_f * f)
        c_0 = self.c - c_e * square - self.c_p * p - self.c_f * f
        numbers = np.stack([self.mu, k_e, k_p, k_f, k_0, c_e, self.c_p, self.c_f, c_0], axis=-1)
        return np.concatenate([numbers, D], axis=-1)


def contraction(S: Array, T: Array) -> Array:
    """S:T of deviators given by xx, yy and shears (..., K): the third normal component is -xx - yy.
    """
    third = (S[..., 0] + S[..., 1]) * (T[..., 0] + T[..., 1])
    return np.asarray(S[..., 0] * T[..., 0] + S[..., 1] * T[..., 1] + third + 2 * (S[..., 2:] * T[..., 2:]).sum(axis=-1))


class CreepLaw(ABC):
    """Creep of porous lithium: rate = F(Q) Q of the matrix, and the effect of pores on it.

    A subclass is a frozen dataclass. It must define `exponent`, `points`, `fluidity`,
    `flow_stress`, `dense`, `faster`, `stronger` and `easier`; the methods after them have defaults.
    Units: MPa, 1/s.
    """

    exponent: float
    """n, the slope d ln rate/d ln stress of the power law that it is, or approximates."""

    kinds: ClassVar[dict[str, type[CreepLaw]]] = {}
    """All classes by name: checkpoints identify the law by it."""

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
        """Inverse of `as_data`. Raises ValueError if no such class is imported."""
        if (kind := CreepLaw.kinds.get(data["kind"])) is None:
            raise ValueError(f"the creep law {data['kind']!r} is unknown; import the package that defines it")
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
        """How a field of this type is read from a checkpoint."""
        from pydantic_core.core_schema import no_info_plain_validator_function

        return no_info_plain_validator_function(
            lambda data: data if isinstance(data, CreepLaw) else CreepLaw.from_data(data)
        )

    @abstractmethod
    def points(self, e2: Array, p: Array, f: Array) -> PointLaw:
        """The law at points: e2 = (2/3) D':D' + floor² (1/s², > 0), p (MPa, compression > 0), f;
        all of the same shape. Outside `POROSITY_FLOOR`, `POROSITY_CEILING` it is constant in f."""

    @abstractmethod
    def fluidity(self, stress: Array) -> tuple[Array, Array]:
        """F = rate/stress (1/s/MPa) of dense lithium and dF/dstress at uniaxial stresses > 0."""

    @abstractmethod
    def flow_stress(self, rate: float) -> float:
        """Uniaxial stress (MPa) at which dense lithium flows at `rate` > 0 (1/s)."""

    @property
    @abstractmethod
    def dense(self) -> CreepLaw:
        """The same law without pores and without history: lithium that hardens is fresh."""

    @abstractmethod
    def faster(self, by: float) -> CreepLaw:
        """The law with all rates at the same stress multiplied by `by`, for example by temperature.
        """

    @abstractmethod
    def stronger(self, by: float) -> CreepLaw:
        """The law with all stresses at the same rate multiplied by `by`, for example by a smaller
        size."""

    @abstractmethod
    def easier(self, exponent: float, stress: float) -> CreepLaw:
        """A law of the same kind with a smaller exponent and the same rate at about `stress`: a
        start solves a sequence of them."""

    def rate(self, stress: float) -> float:
        """Uniaxial rate (1/s) of dense lithium under `stress` > 0 (MPa)."""
        return float(self.fluidity(np.array(stress))[0] * stress)

    @property
    def least_exponent(self) -> float:
        """Exponent at vanishing stress."""
        return self.exponent

    @property
    def largest_stress(self) -> float:
        """Uniaxial stress (MPa) up to which the rate can be represented as a number."""
        return LARGEST_STRESS

    # --- laws with history: a resistance S (MPa) at each point

    @property
    def initial_resistance(self) -> float | None:
        """S of fresh lithium; None for a law without history."""
        return None

    def advanced(self, e2: Array, p: Array, f: Array, history: History) -> tuple[PointLaw, Array]:
        """`points` of a law with history, and S at the end of the step described by `history`."""
        raise NotImplementedError(f"{type(self).__name__} has no history")

    def at_resistance(self, resistance: Array) -> CreepLaw:
        """The law without history at these resistances, one for each point."""
        raise NotImplementedError(f"{type(self).__name__} has no history")


def within_bounds(f: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The porosity inside its bounds, and where it is inside."""
    inside = (f > POROSITY_FLOOR) & (f < POROSITY_CEILING)
    return np.clip(f, POROSITY_FLOOR, POROSITY_CEILING), inside


def of_planes(planes: tuple[Array, ...], inside: NDArray[np.bool_]) -> PointLaw:
    """Values and derivatives in the order of `PointLaw`; outside the bounds of f all are constant
    in f."""
    mu, mu_e, mu_p, mu_f, c, c_e, c_p, c_f = planes
    return PointLaw(mu, mu_e, mu_p, mu_f * inside, c, c_e, c_p, c_f * inside)


# --- laws named by a case


@dataclass(frozen=True)
class OwnLaw:
    """A law named in [lithium.own_law].

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
    """Register a law under a name; units: of its parameters, each "" or one of `units.KINDS`.
    Raises ValueError for other units, and if the name is taken."""
    if unknown := sorted(set(units.values()) - set(KINDS) - {""}):
        raise ValueError(f"creep law {name!r}: units {', '.join(unknown)}; known are {', '.join(KINDS)}")
    if name in _OWN and _OWN[name].build is not build:
        raise ValueError(f"a creep law {name!r} is registered already")
    _OWN[name] = OwnLaw(dict(units), build)


def own_law(name: str) -> OwnLaw:
    """The law with this name; if it is unknown, installed packages are asked for it. Raises
    KeyError."""
    if name not in _OWN:
        from importlib.metadata import entry_points

        for point in entry_points(group=ENTRY_POINTS):
            point.load()()
    return _OWN[name]


def own_laws() -> tuple[str, ...]:
    """Names of all registered laws."""
    return tuple(_OWN)
