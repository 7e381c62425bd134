"""Time and cause of contact loss at each place of Γ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.checkpoint.registry import Registry, set_owned
from cellfem.checkpoint.serialization import from_plain
from cellfem.model.build import Model
from cellfem.observe.contact_loss import Openings, advance, start_openings
from cellfem.observe.contact_loss_causes import Scales, Span, crossing_time, face_of
from cellfem.output.contact_loss import opening_verdict, write_openings
from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended
from dolfinx import fem


def scales_of(model: Model) -> Scales:
    """Scales of a model by which openings and voids are judged."""
    return Scales(model.interface.delta, model.interface.length, model.interface.f_c)


def span_of(step: Accepted, number: int) -> Span:
    """Γ of an electrode over a step other than the start; on rank 0."""
    assert step.before is not None
    was, now = step.before.reading.electrodes[number].profile, step.reading.electrodes[number].profile
    assert was is not None
    assert now is not None
    old = step.before.row
    sign = 1 - 2 * number  # the second electrode is plated while the first is stripped
    load = (old["pressure_MPa"], sign * old["current_mA_cm2"])
    return Span(face_of(was), face_of(now), old["time_s"], step.row["time_s"], *load)


class ContactLoss(Diagnostic):
    """opening_time: s, of each skin node on this rank, nan where it has not opened. openings: the
    causes along Γ of the first electrode, on rank 0."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.path = folder / "opening.csv"
        self.scales = scales_of(model)
        self.places = model.state.roughness.function_space  # P1 on the skin
        self.root = model.domain.parent.comm.rank == 0
        self.opening_time: NDArray[np.float64] = np.zeros(0)
        self.openings: Openings | None = None

    def commit(self, step: Accepted) -> None:
        gap, time = step.reading.gamma.gap, step.row["time_s"]
        if step.before is None:
            self.opening_time = np.where(gap > self.scales.open_gap, time, np.nan)
            if step.reading.profile is not None:
                self.openings = start_openings(face_of(step.reading.profile), self.scales, time)
            return
        span = (step.before.row["time_s"], time)
        crossed = crossing_time(step.before.reading.gamma.gap, gap, *span, self.scales.open_gap)
        self.opening_time = np.where(np.isnan(self.opening_time), crossed, self.opening_time)
        if self.openings is not None:
            self.openings = advance(self.openings, span_of(step, 0), self.scales)

    def write_output(self, time: float) -> None:
        if self.openings is not None:
            write_openings(self.path, self.openings)

    def declare(self, registry: Registry) -> None:
        def get_times() -> list[NDArray[np.float64]]:
            return [self.opening_time[: self.places.dofmap.index_map.size_local]]

        def put_times(arrays: list[NDArray[np.float64]]) -> None:
            function = fem.Function(self.places)
            set_owned([function], arrays[0])
            self.opening_time = function.x.array.copy()

        def put(data: Any) -> None:
            self.openings = from_plain(Openings | None, data) if self.root else None

        registry.declare_value("openings", lambda: self.openings, put)
        registry.declare_field("opening time", [self.places], get_times, put_times)

    def restart(self, step: Accepted, solved_anew: bool) -> None:
        if solved_anew:
            self.commit(step)

    def verdict(self, run: Ended) -> dict[str, Any]:
        return {"opening": None if self.openings is None else opening_verdict(self.openings)}

    def drawing(self) -> dict[str, Any]:
        return {"openings": self.openings}
