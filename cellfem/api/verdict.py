"""The verdict of a run as an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Contact = Literal["kept", "reduced", "lost", "untested"]


@dataclass(frozen=True)
class Verdict:
    """What a run says of its interface (docs/results.md).

    contact: "lost" where a limit of voltage, contact or gap ended the run; "kept" from 0.9 of a
    perfect flat face's contact on; "untested" where the start was beyond the limit; else "reduced".
    contact_fraction, perfect_contact_fraction: shares of Γ at the end. capacity_mAh_cm2: stripped
    less plated. text: the same in two sentences. end: how the run ended, in words; end_kind:
    "done", "stop", "gave up" or "interrupted"; condition: of the stop. end_time_s: of the protocol,
    s. measured: how far such numbers lie from measured ones. voids: what became of each void.
    dendrite, crack, pressing, opening, second_electrode: what else was asked for, as summary.json
    has it; None where it was not.
    """

    contact: Contact
    contact_fraction: float
    perfect_contact_fraction: float
    capacity_mAh_cm2: float
    text: str
    end: str
    end_kind: str
    condition: str
    end_time_s: float
    voids: tuple[Mapping[str, Any], ...]
    measured: str = ""
    dendrite: Mapping[str, Any] | None = None
    crack: Mapping[str, Any] | None = None
    pressing: Mapping[str, Any] | None = None
    opening: Mapping[str, Any] | None = None
    second_electrode: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Verdict:
        """From what summary.json holds."""
        found = summary["verdict"]
        plain = ("contact", "contact_fraction", "perfect_contact_fraction", "capacity_mAh_cm2", "text")
        more = ("dendrite", "crack", "pressing", "opening", "second_electrode")
        end = ("end", "end_kind", "condition", "end_time_s")
        return cls(
            **{name: found[name] for name in plain},
            **{name: summary[name] for name in end},
            voids=tuple(found["voids"]),
            measured=found.get("measured", ""),
            **{name: found.get(name) for name in more},
        )

    def __str__(self) -> str:
        return self.text
