"""A flaw at a given current: pressure, current and K_I; the current at which its crack grows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellfem.case import Case
from cellfem.case.protocol import Step
from cellfem.flaw.ceramic import NO_PRELOAD, Cracking, FlawCeramic, Preload
from cellfem.flaw.lithium import FlawError, FlawSystem, Plating, Scale, Walls
from cellfem.flaw.opening import FlawShut, Opening
from cellfem.flaw.shape import Flaw, build_flaw
from cellfem.model import from_case
from cellfem.model.ceramics import Ceramics, ceramics_of
from cellfem.model.parameters import Material
from cellfem.physics.extrusion import Plated, extrusion_pressure
from cellfem.physics.kinetics import SPEED, STRESS_POTENTIAL
from cellfem.units import MA_CM2

Array = NDArray[np.float64]
RATIO = 4.0  # factor by which a current is raised or lowered to bracket the one at which a crack grows
LARGEST = 1e5  # A/m²: largest current in the search for the critical current
SMALLEST = 1e-3
CLOSE = 1e-3  # relative error of the critical current
LEAST_PRESSURE, LEAST_SHEAR = 0.1, 0.05  # MPa, of the typical sizes of a flaw with almost no load
WIDTH = 1e-3  # of the half-opening: error of the walls' position
MOST_OPENINGS = 30
STAGES = 4  # most bisections of the way to a current
LEAST_RELAXED = 0.05
MOST_WIDENED = 0.4  # of the width, per iteration


@dataclass(frozen=True)
class FlawProblem:
    """A flaw without its current: geometry, materials, load."""

    flaw: Flaw
    material: Material
    ceramics: Ceramics
    pressure: float  # of the stack, MPa
    resistance: float  # Ω m²
    sides: Literal["mirror", "free"]
    stick: bool
    walls_plate: bool
    fineness: float
    opens: bool = True
    preload: Preload = NO_PRELOAD


@dataclass(frozen=True)
class FlawState:
    """A flaw at one current. mouth, tip: current densities (A/m²) at the first and last node of the
    walls.

    focusing: the largest current density over the mean of the face; pressure: the largest on the
    walls (MPa); index: K_I/K_Ic; drive: the largest pressure that the overpotential at the end of
    the flaw can sustain, F(φ - φ_Li)/Ω (MPa); thin: pressure by the formula of a slender slit or
    channel of fixed width; mouth: half of the opening at the mouth (µm).
    """

    current: float
    walls: Walls
    cracking: Cracking
    index: float
    pressure: float
    drive: float
    thin: float
    mouth: float
    imbalance: float

    @property
    def mouth_current(self) -> float:
        return float(self.walls.current[0])

    @property
    def tip_current(self) -> float:
        return float(self.walls.current[-1])

    @property
    def focusing(self) -> float:
        return float(np.abs(self.walls.current).max() / abs(self.current))


def flaw_problem_of(case: Case) -> FlawProblem:
    """From a case: the flaw of [resolved_flaw], with load and temperature of the first plating
    step."""
    f, step = case.resolved_flaw, plating_step(case)
    material = from_case.material(case, step)
    flaw = Flaw(
        f.shape, f.length, f.half_opening, f.tip_radius, f.pore_radius, f.dry, case.stack.width, case.electrolyte.thickness,
        f.crack,
    )  # fmt: skip
    return FlawProblem(
        flaw,
        material,
        ceramics_of(case),
        step.pressure_at(0.0),
        case.interface.asr * material.resistance_factor,
        case.crack.sides,
        f.walls == "stick",
        f.plating == "walls",
        f.fineness,
        f.opens,
        Preload(f.compression, f.compression_from),
    )


def plating_step(case: Case) -> Step:
    """The first step of the protocol that plates at a given current. Raises FlawError."""
    for placed in case.sequence:
        if placed.step.mode == "plate":
            return placed.step
    raise FlawError('protocol: no step plates; cellfem flaw needs one with mode = "plate" and a current')


class FlawModel:
    """Solver for a flaw of one geometry at any current."""

    def __init__(self, problem: FlawProblem) -> None:
        q = self.problem = problem
        self.system = FlawSystem(build_flaw(q.flaw, q.fineness), stick=q.stick, walls_plate=q.walls_plate)
        c = q.ceramics
        self.ceramic = FlawCeramic(self.system.ceramic, q.flaw, c.young, c.poisson, q.sides, q.preload)
        self.opening = Opening(self.system, self.ceramic)
        self.reached = 0.0  # A/m²: the current of the present state, 0 if there is none

    def solve(self, current: float) -> FlawState:
        """Solve at a plating current density (absolute value of the mean over the face, A/m²).
        Raises FlawError."""
        q, system = self.problem, self.system
        thin = thin_pressure(q, current)
        self._reach(current, STAGES)
        walls, cracking = system.walls(), self.ceramic.cracking()
        if not np.isfinite(cracking.intensity):
            raise FlawError(f"K_I of the flaw is not a number at {MA_CM2 * current:.4g} mA/cm²")
        return FlawState(
            current,
            walls,
            cracking,
            cracking.intensity / q.ceramics.toughness,
            float(walls.pressure.max()),
            max(system.potential_at_end(), 0.0) / STRESS_POTENTIAL,
            thin,
            self.opening.at_mouth,
            float(np.max(system.imbalance())),
        )

    def _reach(self, current: float, stages: int) -> None:
        """The state at a current, with intermediate currents if it is not found directly. Raises
        FlawError."""
        before = self.system.get(), self.opening.displacement
        try:
            self._equilibrium(current)
        except FlawShut:
            raise
        except FlawError:
            self.system.set(before[0])
            self.opening.move(before[1])
            if not stages:
                raise
        else:
            self.reached = current
            return
        self._reach(math.sqrt(self.reached * current) if self.reached else current / RATIO, stages - 1)
        self._reach(current, stages - 1)

    def _equilibrium(self, current: float) -> None:
        """Lithium in the flaw, whose width follows from its own pressure: a fixed point, relaxed by
        Aitken's rule (Küttler & Wall 2008). Raises FlawError."""
        q, system, opening = self.problem, self.system, self.opening
        plating, scale = Plating(-current, q.pressure, q.resistance), self._scale(current)
        if not self.reached:
            system.begin(plating, q.material, scale)
        settled: Array | None = None
        change: Array | None = None
        share = 1.0
        for _ in range(MOST_OPENINGS):
            if not system.follow(plating, q.material, scale):
                if settled is None:
                    raise FlawError(f"no state of the flaw at {MA_CM2 * current:.4g} mA/cm²")
                opening.move(0.5 * (settled + opening.displacement))
                continue
            settled = opening.displacement
            self.ceramic.press(*system.tractions(), q.pressure)
            if not q.opens:
                return
            found = self.ceramic.body.displacement.x.array.reshape(-1, 2)
            before, change = change, opening.change(found)
            if np.abs(change).max() < WIDTH * q.flaw.half_opening:
                return
            if before is not None:
                turn = change - before
                share = min(max(-share * float(before @ turn) / float(turn @ turn), LEAST_RELAXED), 1.0)
            # The flow depends on a high power of the width: in one iteration no node moves by more
            # than a share of it.
            share = min(share, MOST_WIDENED / float(np.abs(change / opening.width).max()))
            opening.move(settled + share * (found - settled))
        raise FlawError(f"the width of the flaw did not converge in {MOST_OPENINGS} iterations at {MA_CM2 * current:.4g} mA/cm²")

    def _scale(self, current: float) -> Scale:
        """Typical sizes at a current, from thin-film flow and from the overpotential."""
        q = self.problem
        pressure = max(min(thin_pressure(q, current), q.resistance * current / STRESS_POTENTIAL), LEAST_PRESSURE)
        shear = max(math.sqrt(3) * pressure * q.flaw.half_opening / q.flaw.filled, LEAST_SHEAR)
        return Scale(SPEED * current * q.flaw.filled / q.flaw.half_opening, pressure, shear, q.flaw.half_opening)


def thin_pressure(problem: FlawProblem, current: float) -> float:
    """Pressure above that of the mouth, by thin-film flow in a slender slit with uniform plating,
    MPa."""
    m, flaw = problem.material, problem.flaw
    plated: Plated = "walls" if problem.walls_plate else "tip"
    speed = SPEED * current * (1.0 if problem.walls_plate else math.pi / 2)
    return float(extrusion_pressure("slit", plated, flaw.filled, flaw.half_opening, speed, m.creep.dense))


def critical_current(
    model: FlawModel, guess: float, tell: Callable[[str], None] = lambda _: None
) -> tuple[float, list[FlawState]]:
    """Plating current density (A/m²) at which K_I reaches K_Ic, and the states computed; inf if
    there is none up to 1e4 mA/cm².

    K_I increases with the current. It is bracketed by factors of 4 from the initial guess, because
    each value is a solution and distant ones are hard to find; then Brent's method is used in the
    logarithm.
    """
    from scipy.optimize import brentq

    asked: list[FlawState] = []

    @cache
    def excess(log_current: float) -> float:
        i = math.exp(log_current)
        asked.append(model.solve(i))
        tell(f"{MA_CM2 * i:.4g} mA/cm²: K_I/K_Ic {asked[-1].index:.4g}, {asked[-1].pressure:.4g} MPa")
        return asked[-1].index - 1.0

    low = high = math.log(guess)
    while excess(high) < 0:
        low, high = high, high + math.log(RATIO)
        if high > math.log(LARGEST):
            return math.inf, asked
    while excess(low) > 0:
        low, high = low - math.log(RATIO), low
        if low < math.log(SMALLEST):
            return 0.0, asked
    return math.exp(brentq(excess, low, high, xtol=CLOSE)), asked
