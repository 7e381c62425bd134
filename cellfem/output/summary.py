"""summary.json: final, least and largest values of a run, its verdict as numbers and two sentences,
and its end."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cellfem.formatting import time_text
from cellfem.measured import distance_text
from cellfem.output.records import WHOLE, write_atomic
from cellfem.quantities import SECOND

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from cellfem.observe.voids import TrackedVoid

Row = Mapping[str, float]
Summary = dict[str, Any]
KEPT_OVER_PERFECT = 0.9  # contact counts as kept above this share of a perfect flat face's contact
WHAT_OF = {"index": "dendrite index", "resistance": "interface resistance"}
USED_UP = "lithium"
"""The condition that ends a run when the lithium is used up, down to the current collector."""
LOSS = ("voltage", "contact", "gap")
"""Stop conditions that mean lost contact."""
WHERE = {
    "void edge": "at the edge of a void",
    "plating": "where lithium plated around it lifts the block",
    "pillar": "propped open by a pillar that strips less",
    "vacancy saturation": "where vacancies have gathered",
    "flow": "where lithium flows away",
    "split": "as a piece of another",
}

KIND = {"pillar": "patch", "vacancy saturation": "heterogeneity", "flow": "heterogeneity"}
"""Meaning of a cause of `observe.contact_loss_causes` for the manufacturer of the interface: a
patch (a spot, given or random, that strips less and supports the load, so that the rest opens), the
edge of a void, or another non-uniformity. The other causes keep their names."""

NEGLIGIBLE = 1e-4
"""Constriction over charge transfer below which it counts as zero."""
BOTH_WAYS = 1e-6
"""Relative difference between passed and net charge above which current has flowed in both
directions."""
SHAPE: dict[str, Any] = {
    **dict.fromkeys(("final", "max", "verdict"), dict),
    **dict.fromkeys(("end_time_s", "wall_s"), (int, float)),
    **dict.fromkeys(("end", "end_kind", "condition"), str),
}
"""Required entries of a summary, and their types."""
ROUND_OFF = 1e-12
"""Smaller numbers in the table and the sentences (mAh/cm², mV, Ω cm², µm) are round-off."""


@dataclass(frozen=True)
class End:
    """How a run ended. condition: name of the stop condition met ("voltage", "contact", "gap", …),
    for kind "stop" only."""

    kind: Literal["done", "stop", "gave up", "interrupted"]
    time_s: float
    condition: str = ""
    place_um: float | None = None  # place where the lithium is used up
    at_once: bool = False  # the condition was met before anything was stripped or plated

    @property
    def used_up(self) -> bool:
        """Whether the lithium was used up, down to the current collector."""
        return self.condition == USED_UP

    def __str__(self) -> str:
        """ "done", or the reason with its time, such as "stop.voltage at 266 s" or "stop.voltage at
        once"."""
        stop = "lithium used up" if self.used_up else f"stop.{self.condition}"
        word = {"stop": stop, "gave up": "solver gave up", "interrupted": "stopped from outside"}
        return "done" if self.kind == "done" else f"{word[self.kind]} at {'once' if self.at_once else time_text(self.time_s)}"


def perfect_contact(pressure_MPa: float, half_pressure_MPa: float) -> float:
    """Contact fraction of a perfect flat face, P/(P + p_½)."""
    return pressure_MPa / (pressure_MPa + half_pressure_MPa)


def contact_verdict(contact_fraction: float, pressure_MPa: float, half_pressure_MPa: float, end: End) -> str:
    """Lost if a stop condition on contact ended the run (voltage, contact, gap), kept above 0.9
    P/(P + p_½), otherwise reduced.

    Untested if the voltage at the start was beyond its limit: that is due to resistance, not to
    lost contact.
    """
    if end.kind == "stop" and end.condition in LOSS:
        return "untested" if end.at_once and end.condition == "voltage" else "lost"
    return "kept" if contact_fraction >= KEPT_OVER_PERFECT * perfect_contact(pressure_MPa, half_pressure_MPa) else "reduced"


def summarise(
    rows: Sequence[Row],
    voids: Sequence[TrackedVoid],
    end: End,
    *,
    half_pressure_MPa: float,
    wall_s: float,
    version: str,
    has_volume: bool = False,
    verdicts: Mapping[str, Any] | None = None,
) -> Summary:
    """The complete summary.json.

    rows: those of records.csv. voids: all ever known, from `track`. half_pressure_MPa: p_½. wall_s:
    wall time of the run. has_volume: the size of voids is a volume. verdicts: entries that
    diagnostics add to `verdict` besides contact and voids. min and max ignore nan. Raises
    ValueError without rows.
    """
    if not rows:
        raise ValueError("a run without a single record has no summary")
    final = dict(rows[-1])
    more = dict(verdicts or {})
    plates_alone = max(row["current_mA_cm2"] for row in rows) <= 0 and final["throughput_mAh_cm2"] > 0
    about = "pressing" if more.get("pressing") else "dendrite" if plates_alone else "contact"
    return {
        "final": final,
        "min": _extreme(rows, min),
        "max": _extreme(rows, max),
        "verdict": _verdict(final, voids, end, half_pressure_MPa, has_volume)
        | {"dendrite": None, "crack": None, "pressing": None, "opening": None}
        | {"measured": distance_text(about)}
        | more,
        **_end(end),
        "end_time_s": end.time_s,
        "wall_s": wall_s,
        "steps": int(final["step"]),
        "newton_iterations": int(sum(row["newton_iterations"] for row in rows)),
        "version": version,
    }


def unsolved(end: End, reason: str, *, wall_s: float, version: str) -> Summary:
    """summary.json of a run that found no initial state: how it ended and why. There are no values
    and no verdict."""
    values = dict.fromkeys(("final", "min", "max", "verdict"))
    effort = {"wall_s": wall_s, "steps": 0, "newton_iterations": 0, "version": version}
    return values | _end(end) | {"end_time_s": end.time_s, "reason": reason} | effort


def _end(end: End) -> dict[str, str]:
    """The end as text and as data."""
    return {"end": str(end), "end_kind": end.kind, "condition": end.condition}


def second_rows(rows: Sequence[Row]) -> list[dict[str, float]]:
    """The rows with the values of the second electrode in the columns of the first."""
    return [
        dict(row) | {name.removesuffix(SECOND): value for name, value in row.items() if name.endswith(SECOND)} for row in rows
    ]


def electrode_verdict(
    rows: Sequence[Row], voids: Sequence[TrackedVoid], end: End, half_pressure_MPa: float, has_volume: bool
) -> dict[str, Any]:
    """`verdict` of summary.json for one electrode, from its rows and its voids."""
    return _verdict(dict(rows[-1]), voids, end, half_pressure_MPa, has_volume)


def write_summary(path: Path, summary: Summary) -> None:
    """Write summary.json atomically; nan and inf, which JSON does not have, become null."""
    write_atomic(path, json.dumps(_plain(summary), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


class SummaryError(ValueError):
    """A summary.json is damaged: str() gives the file and the remedy."""


def read_summary(path: Path) -> Summary:
    """Inverse of `write_summary`. Raises SummaryError if it is not the summary of a run, OSError if
    there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SummaryError(f"{path}: is not JSON ({error}); {WHOLE}") from error
    if not isinstance(data, dict):
        raise SummaryError(f"{path}: is not a summary of a run; {WHOLE}")
    values = ("final", "max", "verdict")
    none = all(name in data and data[name] is None for name in values)  # no state was found
    wrong = [name for name, kind in SHAPE.items() if not (isinstance(data.get(name), kind) or (none and name in values))]
    if wrong:
        raise SummaryError(f"{path}: is not a complete summary of a run, {', '.join(wrong)} is not as cellfem writes it; {WHOLE}")
    return data


def show(console: Console, summary: Summary, files: Mapping[str, Path]) -> None:
    """Print the results and the files (description -> path), each path on a line that can be
    copied."""
    from rich.text import Text

    if summary:
        console.print(_table(summary))
    for shows, path in files.items():
        console.print(f"[bold]{shows}[/bold]:", Text(str(path)), soft_wrap=True)


def _table(summary: Summary) -> Table:
    final, verdict = summary["final"], summary["verdict"]
    from rich.table import Table

    result = Table(title=None, show_header=False, box=None, padding=(0, 2, 0, 0))
    result.add_column(style="bold", no_wrap=True)
    result.add_column(overflow="fold")
    perfect = f"{_percent(verdict['perfect_contact_fraction'])} for a perfect flat face"
    result.add_row("contact", f"{verdict['contact']}: {_percent(final['contact_fraction'])} ({perfect})")
    result.add_row("carrying current", _percent(final["carrying_fraction"]))
    result.add_row("end", f"{summary['end']}, {_charge(final)}")
    result.add_row("voltage", f"{_number(final['voltage_mV'])} mV")
    result.add_row("interface resistance", _resistance(final))
    result.add_row("largest gap", f"{_number(final['gap_max_um'])} µm")
    result.add_row("effort", f"{summary['steps']} steps, {summary['newton_iterations']} iterations, {summary['wall_s']:.0f} s")
    result.add_row("verdict", verdict["text"])
    if verdict["pressing"]:
        result.add_row("pressing", verdict["pressing"]["text"])
    if verdict["opening"] and verdict["opening"]["first"]:
        result.add_row("lost first", verdict["opening"]["text"])
    if second := verdict.get("second_electrode"):
        result.add_row("second electrode", second["text"])
    if verdict["dendrite"] and verdict["dendrite"]["time_s"] is not None:
        result.add_row("dendrites", verdict["dendrite"]["text"])
    if verdict["crack"]:
        result.add_row("LLZO", verdict["crack"]["text"])
    if measured := verdict.get("measured"):
        result.add_row("measured", measured)
    return result


def _resistance(final: Row) -> str:
    """The small-signal resistance, which exists at rest too, and that under current if current
    flows."""
    transfer, crowding = (final[f"asr_{part}_ohm_cm2"] for part in ("charge_transfer", "constriction"))
    total = _number(final["asr_small_signal_ohm_cm2"])
    constriction = "no" if crowding < NEGLIGIBLE * transfer else _number(crowding)
    text = f"{total} Ω cm² to a small signal ({_number(transfer)} charge transfer, {constriction} constriction)"
    if not math.isnan(final["asr_ohm_cm2"]):
        text += f", {_number(final['asr_ohm_cm2'])} to the current"
    return f"{text}; cell {_number(final['cell_resistance_ohm'])} Ω"


def _extreme(rows: Sequence[Row], pick: Any) -> dict[str, float]:
    columns = {name: [row[name] for row in rows if not math.isnan(row[name])] for name in rows[0]}
    return {name: pick(values, default=math.nan) for name, values in columns.items()}


def _verdict(final: Row, voids: Sequence[TrackedVoid], end: End, half_pressure_MPa: float, axisymmetric: bool) -> dict[str, Any]:
    contact, pressure = final["contact_fraction"], final["pressure_MPa"]
    verdict = contact_verdict(contact, pressure, half_pressure_MPa, end)
    unit = "volume_um3" if axisymmetric else "area_um2"
    return {
        "contact": verdict,
        "contact_fraction": contact,
        "perfect_contact_fraction": perfect_contact(pressure, half_pressure_MPa),
        "capacity_mAh_cm2": final["capacity_mAh_cm2"],
        "voids": [_void_verdict(void, unit) for void in voids],
        "text": f"{_contact_sentence(verdict, final, end, half_pressure_MPa)} {_void_sentence(voids)}",
    }


def _void_verdict(void: TrackedVoid, unit: str) -> dict[str, Any]:
    verdict: dict[str, Any] = {"id": void.id, "change": _change(void), "place_um": void.birth.place_um}
    if void.cause != "start":
        verdict |= {"time_s": void.birth_time_s, "cause": KIND.get(void.cause, void.cause), "mechanism": void.cause}
    verdict |= {f"start_{unit}": void.birth.area, f"end_{unit}": void.area}
    if void.death_time_s is not None:
        verdict |= {"death": void.death, "death_time_s": void.death_time_s}
    if void.trapped_time_s is not None:
        verdict |= {"trapped_time_s": void.trapped_time_s}
    return verdict | ({"merged_into": void.merged_into} if void.merged_into else {})


def _change(void: TrackedVoid) -> str:
    if void.cause != "start":
        return "opened"
    if void.merged_into:
        return "grew"  # it continues as part of a larger one
    if not void.is_open:
        return "closed"
    return "grew" if void.area > void.birth.area else "shrank"


def _contact_sentence(verdict: str, final: Row, end: End, half_pressure_MPa: float) -> str:
    if verdict == "untested":
        return (
            f"Contact was not tested: the {end.condition} limit was exceeded at once, before anything was stripped or plated, "
            f"with {_percent(final['contact_fraction'])} of the interface in contact and {_number(final['voltage_mV'])} mV; "
            "the start requires more than the limit allows."
        )
    what = {
        "done": "the protocol ended",
        "stop": "the lithium was used up" + (f" at {end.place_um:.3g} µm" if end.place_um is not None else "")
        if end.used_up
        else f"the {WHAT_OF.get(end.condition, end.condition)} limit was reached",
        "gave up": "the solver gave up",
        "interrupted": "the run was stopped from outside",
    }[end.kind]
    so_far = " so far" if end.kind in ("gave up", "interrupted") else ""
    perfect = perfect_contact(final["pressure_MPa"], half_pressure_MPa)
    return (
        f"Contact was {verdict}{so_far}: {what} after {time_text(end.time_s)} ({_charge(final)}) "
        f"with {_percent(final['contact_fraction'])} of the interface in contact, against {_percent(perfect)} of a perfect flat "
        f"face at {_number(final['pressure_MPa'])} MPa."
    )


def _void_sentence(voids: Sequence[TrackedVoid]) -> str:
    old = [void for void in voids if void.cause == "start"]
    new = sorted((void for void in voids if void.cause != "start"), key=lambda void: void.birth_time_s)
    if len(old) == 1:
        first = f"The void at {old[0].birth.place_um:.3g} µm {_change(old[0])}{_fate(old[0])}"
    elif old:
        changes = [_change(void) for void in old]
        counts = [f"{changes.count(change)} {change}" for change in ("closed", "shrank", "grew") if change in changes]
        first = f"Of the {len(old)} voids of the start {', '.join(counts)}"
    else:
        first = "There was no void at the start"
    if not new:
        return f"{first}, and no new one opened."
    count = "a new one opened" if len(new) == 1 else f"{len(new)} new ones opened, the first"
    where = WHERE[new[0].cause]
    still = sum(void.is_open for void in new)
    left = "" if still == len(new) else "; none is open at the end" if not still else f"; {still} of them open at the end"
    return f"{first}, and {count} at {new[0].birth.place_um:.3g} µm after {time_text(new[0].birth_time_s)} {where}{left}."


def _fate(void: TrackedVoid) -> str:
    """In brackets: when plating trapped the void, and what closed it."""
    by = {"creep": "closed by creep", "stripping": "levelled by stripping"}
    parts = [f"trapped by plating around it after {time_text(void.trapped_time_s)}"] if void.trapped_time_s is not None else []
    if void.death in by and void.death_time_s is not None:
        parts.append(f"{by[void.death]} after {time_text(void.death_time_s)}")
    return f" ({', '.join(parts)})" if parts else ""


def _charge(final: Row) -> str:
    """Stripped minus plated charge, and if both occurred, the charge passed."""
    net, passed = final["capacity_mAh_cm2"], final["throughput_mAh_cm2"]
    if passed - abs(net) <= ROUND_OFF + BOTH_WAYS * passed:
        return f"{_number(net)} mAh/cm²"
    return f"{_number(net if abs(net) > BOTH_WAYS * passed else 0.0)} mAh/cm² net, {_number(passed)} passed"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"


def _number(value: float) -> str:
    """Three digits; round-off becomes 0, an undefined value (a resistance without current) a
    dash."""
    return "–" if math.isnan(value) else f"{value if abs(value) > ROUND_OFF else 0.0:.3g}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
