"""The verdict on dendrites: place, index, likelihood, what governs and which lever helps most, in numbers and in plain words."""

from dataclasses import dataclass
from typing import Any

from cellfem.model.parameters import Flaws
from cellfem.observe.arrays import Profile
from cellfem.observe.dendrite import DendriteReading, Lever, Mechanism
from cellfem.output.words import time_text

LEVER_WORDS: dict[Lever, tuple[str, str]] = {
    "current": ("more current", "less current"),
    "flaw length": ("longer flaws", "shorter flaws"),
    "flaw opening": ("wider flaws", "narrower flaws"),
    "creep rate": ("faster creep (warmer or softer lithium)", "slower creep"),
    "toughness": ("a tougher electrolyte", "a less tough electrolyte"),
}
"""What raises and what lowers each parameter of the levers."""


@dataclass(frozen=True, eq=False)
class Plated:
    """What was read at a time of plating; the profile on rank 0 only."""

    time_s: float
    reading: DendriteReading
    profile: Profile | None = None


def worse(before: Plated | None, now: Plated) -> Plated:
    """The one with the larger index, the earlier of equals."""
    return before if before is not None and before.reading.index >= now.reading.index else now


def dendrite_verdict(worst: Plated | None, flaws: Flaws) -> dict[str, Any]:
    """`verdict.dendrite` of summary.json, with nulls where nothing was plated (worst None). flaws: those of the case."""
    if worst is None:
        text = "No lithium was plated, so no dendrite was driven."
        return {"index": 0.0, "likelihood": 0.0, "place_um": None, "time_s": None, "mechanism": None, "lever": None, "text": text}
    reading = worst.reading
    lever = best_lever(reading)
    return {
        "index": reading.index,
        "likelihood": reading.likelihood,
        "place_um": reading.place_um,
        "time_s": worst.time_s,
        "mechanism": reading.mechanism,
        "lever": lever_text(reading, lever),
        "sensitivities": dict(reading.levers),
        "drive_overpotential_MPa": reading.drive_overpotential_MPa,
        "drive_extrusion_MPa": reading.drive_extrusion_MPa,
        "flaw_compression_MPa": reading.flaw_compression_MPa,
        "flaw_length_um": flaws.length,
        "area_um2": reading.area_um2,
        "text": f"{_place_sentence(worst, flaws)} {_mechanism_sentence(reading)} {_likelihood_sentence(reading, lever)}",
    }


def best_lever(reading: DendriteReading) -> Lever:
    """The parameter on which the index depends most strongly."""
    return max(reading.levers, key=lambda name: abs(reading.levers[name]))


def lever_text(reading: DendriteReading, lever: Lever) -> str:
    """What to do about the index, as in "wider flaws"."""
    return LEVER_WORDS[lever][0 if reading.levers[lever] < 0 else 1]


def _place_sentence(worst: Plated, flaws: Flaws) -> str:
    reading = worst.reading
    grows = "it grows there" if reading.index >= 1 else "it does not grow"
    return (
        f"A flaw of {flaws.length:.3g} µm is nearest to growing at {reading.place_um:.3g} µm, after {time_text(worst.time_s)}: "
        f"K_I is {100 * reading.index:.2g} % of K_Ic, so {grows}."
    )


def _mechanism_sentence(reading: DendriteReading) -> str:
    overpotential, creep = f"{reading.drive_overpotential_MPa:.3g} MPa", f"{reading.drive_extrusion_MPa:.3g} MPa"
    sentences: dict[Mechanism, str] = {
        "creep": f"Creep governs: it lets the lithium out at {creep}, below the {overpotential} that the overpotential can push.",
        "overpotential": f"The overpotential governs: it can push no more than {overpotential}, where creep would need {creep}.",
        "pressure": f"Pressure on the flaw's mouth governs, over overpotential ({overpotential}) and creep ({creep}).",
    }
    return sentences[reading.mechanism]


def _likelihood_sentence(reading: DendriteReading, lever: Lever) -> str:
    return (
        f"The likelihood that a flaw fails is {reading.likelihood:.2g} over {1e-6 * reading.area_um2:.3g} mm²; "
        f"what helps most is {lever_text(reading, lever)} (index ∝ {lever}^{reading.levers[lever]:.2g})."
    )
