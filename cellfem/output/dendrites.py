"""The verdict on dendrites: place, index, likelihood, the governing mechanism and the most
effective change, as numbers and text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellfem.formatting import time_text
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import OPERATING, DendriteReading, Lever, Mechanism

LEVER_WORDS: dict[Lever, tuple[str, str]] = {
    "current": ("half the current", "twice the current"),
    "pressure": ("half the stack pressure", "twice the stack pressure"),
    "temperature": ("30 K colder", "30 K warmer"),
    "flaw length": ("flaws half as long", "flaws twice as long"),
    "flaw opening": ("flaws half as wide", "flaws twice as wide"),
    "creep rate": ("lithium that creeps half as fast", "lithium that creeps twice as fast"),
    "toughness": ("half the toughness", "twice the toughness"),
}
"""Names of a parameter's change down or up."""


@dataclass(frozen=True, eq=False)
class Plated:
    """A dendrite reading at one time; the profile on rank 0 only."""

    time_s: float
    reading: DendriteReading
    profile: Profile | None = None


def worse(before: Plated | None, now: Plated) -> Plated:
    """The one with the larger index, the earlier of equals."""
    return before if before is not None and before.reading.index >= now.reading.index else now


def dendrite_verdict(worst: Plated | None) -> dict[str, Any]:
    """`verdict.dendrite` of summary.json, with nulls if nothing was plated (worst None)."""
    if worst is None:
        text = "No lithium was plated, so no dendrite was driven."
        return {"index": 0.0, "likelihood": 0.0, "place_um": None, "time_s": None, "mechanism": None, "lever": None, "text": text}
    reading = worst.reading
    lever, operating = best_lever(reading), best_lever(reading, OPERATING)
    sampled = {} if reading.sampled is None else {"flaws_sampled": reading.sampled, "flaws_critical": reading.critical}
    sentences = (
        _place_sentence(worst),
        *((_mechanism_sentence(reading), _lever_sentence(reading, lever, operating)) if reading.index > 0 else ()),
        _likelihood_sentence(reading),
    )
    return {
        "index": reading.index,
        "likelihood": reading.likelihood,
        "place_um": None if reading.uniform else reading.place_um,
        "uniform": reading.uniform,
        **({} if reading.place_y_um is None else {"place_y_um": reading.place_y_um}),
        "time_s": worst.time_s,
        "mechanism": reading.mechanism,
        "lever": lever_text(reading, lever) if lever else None,
        "operating_lever": lever_text(reading, operating) if operating else None,
        "index_changes": {lever_text(reading, name): move.ratio - 1 for name, move in reading.moves.items()},
        "sensitivities": dict(reading.levers),
        "overpotential_mV": reading.overpotential_mV,
        "drive_overpotential_MPa": reading.drive_overpotential_MPa,
        "drive_extrusion_MPa": reading.drive_extrusion_MPa,
        "driving_pressure_MPa": reading.pressure_MPa,
        "flaw_compression_MPa": reading.flaw_compression_MPa,
        "stress_intensity_MPa_m0_5": reading.intensity_MPa_m0_5,
        "flaw_length_um": reading.length_um,
        "area_um2": reading.area_um2,
        **sampled,
        "text": " ".join(sentences),
    }


def best_lever(reading: DendriteReading, among: Sequence[Lever] = tuple(LEVER_WORDS)) -> Lever | None:
    """The parameter whose change lowers the index most, None if none does."""
    best = min(among, key=lambda name: reading.moves[name].ratio)
    return best if reading.moves[best].ratio < 1 else None


def lever_text(reading: DendriteReading, lever: Lever) -> str:
    """The change that lowers the index, for example "flaws half as long"."""
    return LEVER_WORDS[lever][0 if reading.moves[lever].factor < 1 else 1]


def _place_sentence(worst: Plated) -> str:
    reading = worst.reading
    if reading.sampled == 0:
        return "The sample has no flaw on this face: no dendrite can start."
    after = f"after {time_text(worst.time_s)}"
    if reading.index == 0:
        return f"All flaws are closed: the compression of the electrolyte exceeds the pressure in the lithium, also {after}."
    grows = "it grows there" if reading.index >= 1 else "it does not grow"
    if reading.uniform:
        grows = "it grows everywhere" if reading.index >= 1 else "it does not grow"
        share = f"K_I of a flaw of {reading.length_um:.3g} µm is {_percent(reading.index)} of K_Ic {after}"
        return f"The index is uniform along the interface: {share}, so {grows}."
    which = (
        f"A flaw of {reading.length_um:.3g} µm"
        if reading.sampled is None
        else f"Of {reading.sampled} sampled flaws that of {reading.length_um:.3g} µm"
    )
    return (
        f"{which} has the largest index at {_place(reading)} µm, {after}: K_I is {_percent(reading.index)} of K_Ic, so {grows}."
    )


def _place(reading: DendriteReading) -> str:
    if reading.place_y_um is None:
        return f"{reading.place_um:.3g}"
    return f"({reading.place_um:.3g}, {reading.place_y_um:.3g})"


def _mechanism_sentence(reading: DendriteReading) -> str:
    overpotential, creep = f"{reading.drive_overpotential_MPa:.3g} MPa", f"{reading.drive_extrusion_MPa:.3g} MPa"
    sentences: dict[Mechanism, str] = {
        "creep": f"Creep governs: lithium is extruded at {creep}, below the {overpotential} that the overpotential can build up.",
        "overpotential": f"The overpotential governs: it can build up {overpotential}; extrusion by creep would need {creep}.",
        "pressure": f"Pressure on the flaw's mouth governs, over overpotential ({overpotential}) and creep ({creep}).",
    }
    return sentences[reading.mechanism]


def _likelihood_sentence(reading: DendriteReading) -> str:
    area = f"over {1e-6 * reading.area_um2:.3g} mm²"
    if reading.sampled is not None:
        return f"{reading.critical} of {reading.sampled} flaws grow {area}."
    return f"The likelihood that a flaw fails is {reading.likelihood:.2g} {area}."


def _lever_sentence(reading: DendriteReading, lever: Lever | None, operating: Lever | None) -> str:
    if lever is None:
        return "No single change lowers the index."
    sentence = f"The most effective change is {lever_text(reading, lever)} (index {_change(reading, lever)})"
    if operating is None or operating == lever:
        return f"{sentence}."
    return f"{sentence}; of what a running cell can change, {lever_text(reading, operating)} ({_change(reading, operating)})."


def _change(reading: DendriteReading, lever: Lever) -> str:
    return f"−{_percent(1 - reading.moves[lever].ratio)}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 1 else f"{100 * share:.0f} %"
