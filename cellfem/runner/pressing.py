"""The verdict on pressing of a case that presses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellfem.case import Case
from cellfem.case.protocol import PRESS_TIME
from cellfem.model import from_case
from cellfem.output.pressing import Row, press_verdict


def pressing_of(case: Case, rows: Sequence[Row]) -> dict[str, Any] | None:
    """None if no step presses. Uses the rate of dense, fresh lithium with all options of the creep
    law of each step."""
    if all(placed.step.mode != "press" for placed in case.steps):
        return None
    laws = [from_case.material(case, placed.step).creep.dense for placed in case.sequence]
    return press_verdict(rows, lambda pressure, step: laws[step].rate(pressure), PRESS_TIME)
