"""The grid of a sweep: its axes, its points, and the midpoints that refine it. Nothing is run
here."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfem.case import Case, CaseError, Step, load_case
from cellfem.case.errors import closest
from cellfem.units import MA_CM2, ZERO_CELSIUS, QuantityError, format_quantity, parse_quantity

PRESSURE, CURRENT, CREEP, SEED = "pressure", "current", "lithium.creep", "seed"
SHORT = {PRESSURE: "MPa", CURRENT: "A/m^2", "temperature": "K"}
"""Names that set the key of every protocol step, with the working unit. SEED sets every seed of the
case."""
DIGITS = 4
"""Significant digits of an inserted pressure."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_COMMA = re.compile(r",(?![^\[{]*[\]}])")  # separators outside lists and tables

Values = tuple[tuple[str, str], ...]
"""(name of the axis, value) for each axis in order."""


@dataclass(frozen=True)
class Axis:
    """One key and its values, written as after --set."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A case file, the overrides of every point, and the axes."""

    path: Path
    settings: tuple[str, ...]
    axes: tuple[Axis, ...]

    def has(self, name: str) -> bool:
        """Whether there is an axis of this name."""
        return any(axis.name == name for axis in self.axes)


@dataclass(frozen=True)
class Point:
    """One point: its values, all overrides that make it from the case file, and the checked
    case."""

    values: Values
    settings: tuple[str, ...]
    case: Case

    @property
    def name(self) -> str:
        """The folder: its values, as in pressure=0.4MPa_current=0.5mA-cm2."""
        return "_".join(f"{name}={word(value)}" for name, value in self.values)

    @property
    def label(self) -> str:
        """Its values, for messages."""
        return ", ".join(f"{name} {value}" for name, value in self.values)

    @property
    def step(self) -> Step:
        """The protocol step whose pressure and current place the point: the first that carries
        current, otherwise the first."""
        steps = [placed.step for placed in self.case.steps]
        return next((step for step in steps if step.current is not None), steps[0])

    @property
    def pressure(self) -> float:
        """MPa, at the start of the step."""
        return self.step.pressure

    @property
    def current(self) -> float:
        """mA/cm², absolute value; 0 if no step carries current."""
        return round((self.step.current or 0.0) * MA_CM2, 12)

    @property
    def temperature(self) -> float:
        """°C."""
        return round(self.step.temperature - ZERO_CELSIUS, 9)

    @property
    def slice(self) -> Values:
        """The values of all axes other than pressure and current: points of one slice share a
        map."""
        return tuple(pair for pair in self.values if pair[0] not in (PRESSURE, CURRENT))


def parse_axis(text: str) -> Axis:
    """Parse the axis `key=value, value, …`; a unit after the last value applies to all bare numbers
    before it. Raises CaseError.

    Values of pressure, current and temperature are converted to one unit, so that a point has the
    same name however it is written.
    """
    name, equals, listed = text.partition("=")
    name = name.strip()
    values = [value.strip() for value in _COMMA.split(listed)]
    if not equals or not name or not all(values):
        raise CaseError([f'--grid "{text}": is not an axis; write for example --grid pressure="0.1,0.4,1.6 MPa"'])
    unit = _unit(values[-1])
    values = [f"{value} {unit}" if unit and re.fullmatch(_NUMBER, value) else value for value in values]
    return axis_of(name, values, f'--grid "{text}"')


def axis_of(name: str, values: Sequence[str], said: str) -> Axis:
    """The axis of a key with these values, as they would be written after --set; said: who asks for
    it. Raises CaseError."""
    if name in SHORT:
        values = [_canonical(name, value) for value in values]
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise CaseError([f"{said}: {name} has {', '.join(twice)} more than once; keep one of them"])
    return Axis(name, tuple(values))


def word(value: str) -> str:
    """A value as part of a file or folder name."""
    return re.sub(r"[^\w.+-]", "", value.replace("/", "-"))


def grid_points(grid: Grid) -> tuple[Point, ...]:
    """Every point of the grid, the last axis varying fastest. Raises CaseError with each distinct
    error of any point."""
    base = load_case(grid.path, grid.settings)
    _check_axes(grid.axes, base)
    found, errors = [], dict[str, list[str]]()
    for combination in itertools.product(*(axis.values for axis in grid.axes)):
        values = tuple((axis.name, value) for axis, value in zip(grid.axes, combination, strict=True))
        try:
            found.append(make_point(grid, values, base))
        except CaseError as error:
            for line in error.errors:
                errors.setdefault(line, []).append(", ".join(f"{name} {value}" for name, value in values))
    if errors:
        raise CaseError([f"{line} (at {where[0]}{_others(len(where))})" for line, where in errors.items()])
    if len({point.name for point in found}) < len(found):
        raise CaseError(["--grid: two points would share a folder; write their values in letters and digits that differ"])
    return tuple(found)


def make_point(grid: Grid, values: Values, base: Case) -> Point:
    """The point with these values. base: the case without them. Pictures are off; fields are
    written at start and end only.

    Raises CaseError.
    """
    own = [f"{path}={value}" for name, value in values for path in _paths(name, base)]
    return Point(values, *settled(grid.path, (*grid.settings, *own)))


def settled(path: Path, overrides: Sequence[str]) -> tuple[tuple[str, ...], Case]:
    """The overrides of one of many runs (pictures off, fields at start and end only), and its case.
    Raises CaseError."""
    duration = load_case(path, overrides).total_duration
    settings = (*overrides, "output.pictures=false", f"output.interval={format_quantity(duration, 's')}")
    return settings, load_case(path, settings)


def seeds(case: Case, count: int) -> Axis:
    """The axis of `count` realisations: the seed of the case and the following ones. Raises
    CaseError if nothing is random."""
    if not _seed_keys(case):
        text = "--realisations: nothing in this case is random; give [heterogeneity], or a [roughness] with a seed"
        raise CaseError([text])
    first = case.heterogeneity.seed
    return Axis(SEED, tuple(str(seed) for seed in range(first, first + count)))


def midpoints(
    grid: Grid, verdicts: Sequence[tuple[Point, str]], skip: Iterable[str] = ("untested", "failed")
) -> tuple[Point, ...]:
    """Points to insert: the geometric mean of pressure between neighbours of different verdict, all
    other values equal.

    verdicts: each known point with its verdict; verdicts in `skip` are ignored. Raises CaseError.
    """
    base = load_case(grid.path, grid.settings)
    known, unsaid = {point.name for point, _ in verdicts}, set(skip)
    lines: dict[Values, list[tuple[Point, str]]] = {}
    for point, verdict in verdicts:
        if verdict not in unsaid and point.pressure > 0:
            lines.setdefault(_without_pressure(point.values), []).append((point, verdict))
    found = []
    for line in lines.values():
        line.sort(key=lambda pair: pair[0].pressure)
        for (low, before), (high, after) in itertools.pairwise(line):
            middle = float(f"{math.sqrt(low.pressure * high.pressure):.{DIGITS}g}")
            if before == after or not low.pressure < middle < high.pressure:
                continue
            text = format_quantity(middle, SHORT[PRESSURE])
            point = make_point(grid, tuple((name, text if name == PRESSURE else value) for name, value in low.values), base)
            if point.name not in known:
                found.append(point)
    return tuple(found)


def _unit(value: str) -> str:
    """The text after the number; "" for a bare number or a word."""
    if re.fullmatch(_NUMBER, value):
        return ""
    match = re.fullmatch(rf"{_NUMBER}\s*(\D.*|1/.*)", value)
    return match[1] if match else ""


def _canonical(name: str, text: str) -> str:
    unit = SHORT[name]
    try:
        return format_quantity(parse_quantity(text, unit), unit)
    except QuantityError as error:
        raise CaseError([f"--grid {name}: {error}"]) from error


def _check_axes(axes: Sequence[Axis], base: Case) -> None:
    owner: dict[str, str] = {}
    for axis in axes:
        if axis.name.partition(".")[0] not in {*SHORT, SEED, *Case.model_fields}:
            near = closest(axis.name, [*SHORT, SEED, *Case.model_fields])
            hint = f'did you mean "{near}"?' if near else f"write a key by its path, or one of {', '.join(SHORT)}"
            raise CaseError([f"--grid {axis.name}: unknown key; {hint}"])
        for path in _paths(axis.name, base):
            if path in owner:
                raise CaseError([f"--grid {axis.name}: {path} is set by {owner[path]} already; keep one of the two axes"])
            owner[path] = axis.name


def _paths(name: str, base: Case) -> tuple[str, ...]:
    """The keys that an axis sets."""
    if name == SEED:
        return _seed_keys(base)
    if name not in SHORT:
        return (name,)
    steps = [placed.key for placed in base.steps if name != CURRENT or placed.step.current is not None]
    if not steps:
        raise CaseError([f'--grid {name}: no step of the protocol carries {name}; use a case with mode = "strip" or "plate"'])
    return tuple(f"{key}.{name}" for key in steps)


def _seed_keys(case: Case) -> tuple[str, ...]:
    h = case.heterogeneity
    varies = h.asr.spread > 0 or h.roughness.spread > 0 or h.grains.spacing is not None or h.impurities.share > 0
    rough = case.roughness.kind in ("self-affine", "pores")
    return (*(["heterogeneity.seed"] if varies else []), *(["roughness.seed"] if rough else []))


def _without_pressure(values: Values) -> Values:
    return tuple(pair for pair in values if pair[0] != PRESSURE)


def _others(count: int) -> str:
    return f", and {count - 1} more point{'s' if count > 2 else ''}" if count > 1 else ""
