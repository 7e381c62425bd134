"""Cracking of the electrolyte, from its stress: the largest tension and its place, an index, a
likelihood, fields for viewing.

index = σ₁/σ_a, σ_a = K_Ic/(1.12 √(πa)): the largest principal tension over the strength with a
surface flaw of length a. likelihood = 1 - exp(-∫ Σ(σ_k₊/σ₀)^m dV/V₀), Weibull's weakest link over
the body, or over its face towards the lithium. Both concern the ceramic under external load; for a
flaw with lithium inside see `observe.dendrite`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from cellfem.model.build import Model
from cellfem.model.cracks import ElasticElectrolyte
from cellfem.model.parameters import Ceramic
from cellfem.observe.arrays import Array
from cellfem.physics import elasticity, fracture

ROUND_OFF = 1e-9  # µm, of a place


@dataclass(frozen=True)
class CrackReading:
    """Cracking of LLZO at one time; the same on every rank.

    tension: largest principal stress (MPa, negative if nothing is in tension) at `place` (µm; x, y
    and z); displacement: the largest, µm. likelihood: nan if the strength of the material is
    unknown.
    """

    tension_MPa: float
    place_um: tuple[float, float, float]
    index: float
    likelihood: float
    displacement_um: float


@dataclass(frozen=True, eq=False)
class CrackFields:
    """Values at the quadratic nodes of the electrolyte on this rank, in the order of the
    displacement's nodes."""

    displacement_um: Array  # (N, 3); for joined nodes on the low side
    stretch: Array  # (3,) uniform strain along each axis
    principal_tension_MPa: Array  # (N,) largest principal stress
    von_mises_MPa: Array  # (N,)


class CrackObserver:
    """Solves the stress of the electrolyte of one model. `read` is collective; `seconds` and
    `count` give its cost."""

    def __init__(self, model: Model, ceramic: Ceramic) -> None:
        self.ceramic = ceramic
        self.electrolyte = ElasticElectrolyte(model, ceramic)
        self.comm = model.domain.parent.comm
        space = self.electrolyte.body.space
        self.at = space.tabulate_dof_coordinates()
        self.at[:, : model.domain.dimension] = model.domain.places(space)
        self.seconds, self.count = 0.0, 0
        self.reading: CrackReading | None = None
        self.fields: CrackFields | None = None

    def read(self) -> CrackReading:
        """Solve for the present state; the reading and the fields are also stored."""
        begin = time.perf_counter()
        llzo = self.electrolyte
        llzo.solve()
        added = llzo.extra()
        stress, moved = llzo.node_stress(added), llzo.node_displacement(added)
        tension = elasticity.principal_stresses(stress)[..., -1]
        self.fields = CrackFields(moved, llzo.stretch(added), tension, elasticity.von_mises(stress))
        largest, place = self._largest(tension)
        far = float(np.sqrt((moved**2).sum(axis=1)).max(initial=0.0))
        self.reading = CrackReading(
            largest,
            place,
            max(largest, 0.0) / float(fracture.critical_pressure(self.ceramic.flaw, self.ceramic.toughness)),
            float(fracture.weakest_link(llzo.risk(added))) if np.isfinite(self.ceramic.strength) else np.nan,
            max(self.comm.allgather(far)),
        )
        self.seconds += time.perf_counter() - begin
        self.count += 1
        return self.reading

    def compression(self) -> Array:
        """Solve for the present state; returns the compression of the electrolyte along its face at
        skin nodes, MPa."""
        begin = time.perf_counter()
        self.electrolyte.solve()
        compression = self.electrolyte.face_compression(self.electrolyte.extra())
        self.seconds += time.perf_counter() - begin
        return compression

    def _largest(self, tension: Array) -> tuple[float, tuple[float, float, float]]:
        here = int(np.argmax(tension)) if len(tension) else -1
        candidate = (float(tension[here]), tuple(map(float, self.at[here]))) if here >= 0 else (-np.inf, (0.0, 0.0, 0.0))
        # equal values on several ranks (shared nodes): the first position
        value, place = max(self.comm.allgather(candidate), key=lambda pair: (pair[0], tuple(-c for c in pair[1])))
        x, y, z = (0.0 if abs(c) < ROUND_OFF else c for c in place)
        return value, (x, y, z)


def cracking_pressure(pressures_MPa: list[float], likelihoods: list[float], indices: list[float]) -> float | None:
    """Lowest pressure above which LLZO is likely to crack: likelihood ½ or index 1, whichever comes
    first; None if neither.

    Rows in order of rising pressure (a ramp, or several runs); nan where LLZO was not solved.
    Linear between neighbours.
    """
    crossings = [_crossing(pressures_MPa, likelihoods, 0.5), _crossing(pressures_MPa, indices, 1.0)]
    return min((p for p in crossings if p is not None), default=None)


def _crossing(pressures: list[float], values: list[float], limit: float) -> float | None:
    known = [(p, v) for p, v in zip(pressures, values, strict=True) if np.isfinite(v)]
    for k, (p, v) in enumerate(known):
        if v >= limit:
            if k == 0 or v == known[k - 1][1]:
                return p
            before, low = known[k - 1]
            return before + (p - before) * (limit - low) / (v - low)
    return None
