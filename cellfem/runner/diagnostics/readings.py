"""Contact, resistance, lithium and balances of each step, evaluated by `observe.Observer`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem.case import Case
from cellfem.checkpoint.registry import Registry
from cellfem.model import from_case
from cellfem.model.build import Model
from cellfem.observe.step_record import Observer
from cellfem.runner.diagnostics.base import Accepted, Diagnostic

CARRIED = ("contents", "moved", "empty")
"""State of an `Electrode` between steps."""


class Readings(Diagnostic):
    """The sums that balances need from earlier steps, and the factors of the small-signal problem.

    restored_constants: constants of the forms with which a restored small-signal problem was
    factored; None without factors. In a checkpoint they are among the recorder's outputs.
    """

    def __init__(self, case: Case, model: Model) -> None:
        self.model, self.flaws = model, from_case.flaws(case)
        self.observer = Observer(model, self.flaws, from_case.cell(case))
        self.restored_constants: Any = None

    @property
    def constants(self) -> Any:
        """Constants of the forms when the small signal was factored."""
        factored = self.observer.small_signal.factored
        return factored[1] if factored else None

    def commit(self, step: Accepted) -> None:
        self.observer.commit(step.reading)

    def declare(self, registry: Registry) -> None:
        observer, signal, model = self.observer, self.observer.small_signal, self.model

        def sums() -> dict[str, Any]:
            of_each = [{name: getattr(electrode, name) for name in CARRIED} for electrode in observer.electrodes]
            return {"charges": observer.charges, "throughput": observer.throughput, "electrodes": of_each}

        def put_sums(data: dict[str, Any]) -> None:
            observer.charges, observer.throughput = data["charges"], data["throughput"]
            for electrode, of_it in zip(observer.electrodes, data["electrodes"], strict=True):
                for name in CARRIED:
                    setattr(electrode, name, of_it[name])

        def put_factored(arrays: list[NDArray[np.float64]]) -> None:
            if not arrays:
                return
            present = model.moment()
            model.put_moment(arrays[0], self.restored_constants)
            signal.factor_again()
            model.put_moment(*present)

        registry.declare_value("observer", sums, put_sums)
        spaces = [f.function_space for f in (*model.state.unknowns, *model.state.histories)]
        registry.declare_field("signal factors", spaces, lambda: [signal.factored[0]] if signal.factored else [], put_factored)
        registry.declare_functions("signal", [signal.signal])

    def drawing(self) -> dict[str, Any]:
        return {"sampled_flaws": self.observer.sampled}
