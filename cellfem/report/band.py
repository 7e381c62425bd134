"""How far a verdict reaches: what other sets of creep would give, by their rates, or by the runs
that a report has of them."""

from __future__ import annotations

from collections.abc import Sequence

from cellfem import materials
from cellfem.report.gather import Run, number
from cellfem.units import ZERO_CELSIUS

CREEP = "lithium.creep"


def band_of(run: Run) -> str:
    """One or two sentences on the creep sets at the run's final stress and temperature.

    Rates are A(T) (P/MPa)ⁿ at the stack pressure P, over that of the run's set. "" where the run
    has no row, or a law that is no set of the library.
    """
    if not run.final or run.case.get(CREEP) not in materials.creep_names():
        return ""
    pressure, celsius, own = run.final["pressure_MPa"], run.final["temperature_C"], run.case[CREEP]
    sets = {name: materials.creep_set(name) for name in materials.creep_names()}
    rates = {name: item.A(celsius + ZERO_CELSIUS) * pressure**item.n for name, item in sets.items()}
    if not rates[own] > 0:
        return ""
    others = {name: rate / rates[own] for name, rate in rates.items() if name != own}
    listed = ", ".join(f"{name} {number(ratio)}" for name, ratio in sorted(others.items(), key=lambda item: item[1]))
    return (
        f"The verdict holds for the creep set {own} and the parameters below. At {number(pressure)} MPa and {number(celsius)} °C "
        f"the other sets creep at these multiples of its rate: {listed}. Repeat the run with --set {CREEP}=NAME and give both "
        "folders to cellfem report before you draw a conclusion."
    )


def band_over(runs: Sequence[Run]) -> str:
    """What several runs span that differ in the creep set alone; "" where they differ otherwise."""
    ended = [run for run in runs if run.summary.get("verdict")]
    if len(ended) < 2 or set(different(ended)) != {CREEP}:
        return ""
    contact = [run.final["contact_fraction"] for run in ended]
    said = {run.contact for run in ended}
    verdict = f"contact is {' or '.join(sorted(said))}{'' if len(said) == 1 else ', as the set has it'}"
    return (
        f"Band over {len(ended)} creep sets ({', '.join(run.case[CREEP] for run in ended)}): {verdict}; the contact fraction at "
        f"the end lies between {number(min(contact))} and {number(max(contact))}."
    )


def different(runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """Keys in which the cases differ, with the value of each; title aside."""
    keys = dict.fromkeys(key for run in runs for key in run.case)
    values = {key: tuple(run.case.get(key, "–") for run in runs) for key in keys if key != "title"}
    return {key: found for key, found in values.items() if len(set(found)) > 1}
