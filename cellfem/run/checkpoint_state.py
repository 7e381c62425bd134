"""What of observer and recorder must be in a checkpoint: sums, voids, worst moments, when the next output is due."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.checkpoint.registry import Registry, set_owned
from cellfem.checkpoint.serialization import from_plain
from cellfem.observe.arrays import nothing_of
from cellfem.observe.contact_loss import Openings
from cellfem.observe.voids import TrackedVoid
from cellfem.output.cracks import Pressed
from cellfem.output.dendrites import Plated
from cellfem.output.records import read_records
from cellfem.run.recorder import Moment, Recorder
from dolfinx import fem

CARRIED = ("contents", "moved", "empty")
"""What an `Electrode` keeps of earlier steps."""


def declare_recorder(recorder: Recorder, registry: Registry) -> None:
    """Declare all that `Observer` and `Recorder` carry from one accepted step to the next."""
    observer, root = recorder.observer, recorder.comm.rank == 0
    places = recorder.engine.model.state.roughness.function_space  # P1 on the skin

    def sums() -> dict[str, Any]:
        of_each = [{name: getattr(electrode, name) for name in CARRIED} for electrode in observer.electrodes]
        return {"charges": observer.charges, "throughput": observer.throughput, "electrodes": of_each}

    def put_sums(data: dict[str, Any]) -> None:
        observer.charges, observer.throughput = data["charges"], data["throughput"]
        for electrode, of_it in zip(observer.electrodes, data["electrodes"], strict=True):
            for name in CARRIED:
                setattr(electrode, name, of_it[name])

    def outputs() -> dict[str, Any]:
        last, speeds = recorder.last.time if recorder.last else None, recorder.kept.platen_speeds
        series, factored = recorder.series.written, signal.factored[1] if signal.factored else None
        return {"next": recorder.next_output, "last": last, "series": series, "speeds": speeds, "factored": factored}

    def put_outputs(data: dict[str, Any]) -> None:
        recorder.next_output, recorder.restored = data["next"], data

    def put_plated(data: list[Any]) -> None:
        recorder.dendrite, recorder.last_plated = (from_plain(Plated | None, item) for item in data)

    def cracked() -> dict[str, Any]:
        return {"pressed": recorder.pressed, "tension": recorder.tension, "tensest": recorder.tensest_whole}

    def put_cracked(data: dict[str, Any]) -> None:
        recorder.pressed, recorder.tension = from_plain(Pressed | None, data["pressed"]), data["tension"]
        moment = from_plain(Moment | None, data["tensest"])
        recorder.tensest = moment if moment is None or root else replace(moment, snapshot=nothing_of(moment.snapshot))

    def opened() -> list[NDArray[np.float64]]:
        return [recorder.opening_time[: places.dofmap.index_map.size_local]]

    def put_opened(arrays: list[NDArray[np.float64]]) -> None:
        function = fem.Function(places)
        set_owned([function], arrays[0])
        recorder.opening_time = function.x.array.copy()

    def put_openings(data: Any) -> None:
        recorder.openings = from_plain(Openings | None, data) if root else None

    model, signal = recorder.engine.model, observer.small_signal
    functions = [*model.state.unknowns, *model.state.histories]

    def put_factored(arrays: list[NDArray[np.float64]]) -> None:
        if not arrays:
            return
        present = model.moment()
        model.put_moment(arrays[0], recorder.restored["factored"])
        signal.factor_again()
        model.put_moment(*present)

    def put_rows(count: int) -> None:
        rows = read_records(recorder.folder / "records.csv") if root else []
        recorder.rows = recorder.comm.bcast(rows, root=0)[:count]

    def put_voids(data: list[Any]) -> None:
        recorder.voids = from_plain(list[tuple[TrackedVoid, ...]], data)

    registry.declare_value("observer", sums, put_sums)
    registry.declare_value("segment", lambda: recorder.segment, lambda number: setattr(recorder, "segment", number))
    registry.declare_value("rows", lambda: len(recorder.rows), put_rows)
    registry.declare_value("voids", lambda: list(recorder.voids), put_voids)
    registry.declare_value("dendrite", lambda: [recorder.dendrite, recorder.last_plated], put_plated)
    registry.declare_value("cracks", cracked, put_cracked)
    registry.declare_value("openings", lambda: recorder.openings, put_openings)
    registry.declare_value("outputs", outputs, put_outputs)
    spaces = [f.function_space for f in functions]
    registry.declare_field("signal factors", spaces, lambda: [signal.factored[0]] if signal.factored else [], put_factored)
    registry.declare_functions("signal", [signal.signal])
    registry.declare_field("opening time", [places], opened, put_opened)
    for name, writer in (("records.csv", recorder.root.records), ("voids.csv", recorder.root.voids)) if recorder.root else ():
        registry.declare_file(name, recorder.folder / name, writer.digest)
    registry.declare_file("log.txt", recorder.folder / "log.txt")
