"""Results of pressing: when the face was full, above which pressure the hold time has no effect,
and the share of the asperity layer.

Creep follows the stress without delay, so contact on a given face is a function of S = ∫ ε̇(P) dt
alone, where ε̇(P) is the uniaxial rate at the stack pressure: exactly for a power law on a face
without surface tension and asperity layer (similarity of power-law creep), approximately otherwise.
The hold time that fills the face at a pressure P is then S/ε̇(P), from a single run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cellfem.formatting import time_text

Row = Mapping[str, float]
FULL = 0.99
"""Share of the face without resolved valleys above which it counts as full."""
PRECISION = 1e-4
"""Relative tolerance of the pressure."""
HIGHEST = 1e4
"""MPa: upper end of the search for a pressure."""


def press_verdict(rows: Sequence[Row], rate: Callable[[float, int], float], press_time_s: float) -> dict[str, Any] | None:
    """Numbers and sentences; None for a run with a single record.

    rows: those of records.csv. rate(pressure in MPa, protocol step): uniaxial creep rate (1/s) at
    the temperature of the step. press_time_s: time in which a press reaches its load: shorter holds
    have no meaning.
    """
    if len(rows) < 2:
        return None
    strain, full = 0.0, None
    for before, now in itertools.pairwise(rows):
        middle = math.sqrt(before["pressure_MPa"] * now["pressure_MPa"])
        strain += rate(middle, int(now["protocol_step"])) * (now["time_s"] - before["time_s"])
        if now["closed_fraction"] >= FULL:
            full = now
            break
    last = rows[-1]
    end = full or last
    meaningless = _pressure_of(strain / press_time_s, lambda pressure: rate(pressure, int(end["protocol_step"])))
    closed, contact = last["closed_fraction"], last["contact_fraction"]
    found: dict[str, Any] = {
        "full": full is not None,
        "full_time_s": end["time_s"] if full else None,
        "full_pressure_MPa": end["pressure_MPa"] if full else None,
        "fill_strain": strain,
        "hold_meaningless_from_MPa": meaningless,
        "closed_fraction": closed,
        "touching_of_closed": contact / closed if closed > 0 else 0.0,
    }
    return found | {"text": _text(found, contact, press_time_s)}


def _pressure_of(wanted: float, rate: Callable[[float], float]) -> float:
    """The pressure (MPa) at which creep has the rate `wanted`; limited to 1e-6 MPa and
    `HIGHEST`."""
    from scipy.optimize import brentq

    def excess(log_pressure: float) -> float:
        return math.log(rate(math.exp(log_pressure)) / wanted) if wanted > 0 else math.inf

    low, high = math.log(1e-6), math.log(HIGHEST)
    if excess(low) >= 0:
        return math.exp(low)
    return math.exp(brentq(excess, low, high, xtol=PRECISION)) if excess(high) > 0 else HIGHEST


def _text(found: Mapping[str, Any], contact: float, press_time_s: float) -> str:
    limit = f"{found['hold_meaningless_from_MPa']:.2g} MPa"
    if found["full"]:
        filled = (
            f"The face was full (valleys left on less than {100 * (1 - FULL):.0f} %) at "
            f"{found['full_pressure_MPa']:.3g} MPa after {time_text(found['full_time_s'])}; above about {limit} it fills within "
            f"the {time_text(press_time_s)} that a press takes to reach its load, and the hold time has no effect."
        )
    else:
        filled = f"The face was not full at the end; at least below about {limit} the hold time has an effect."
    return (
        f"{filled} Valleys that the mesh resolves leave {100 * (1 - found['closed_fraction']):.1f} % of the face open at "
        f"the end; of the closed part {100 * found['touching_of_closed']:.1f} % touches by the asperity law, which represents "
        f"finer roughness (contact {100 * contact:.1f} % in all)."
    )
