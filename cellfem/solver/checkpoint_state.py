"""State of the solver in a checkpoint: states, time scheme, and the origin of the factors that
Newton keeps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellfem.checkpoint.registry import Registry
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.model.creep_points import Rheology
from cellfem.solver.engine import Engine
from cellfem.solver.system import Origin

Array = NDArray[np.float64]


def declare_engine(engine: Engine, registry: Registry) -> None:
    """Declare all state that `Stepper`, `Newton` and `System` keep between accepted steps.

    Restored after `Engine.analyse` and `Engine.set` for the present segment, the run continues
    identically: the factors in use are computed again from the state from which they were made.
    """
    system, stepper, newton = engine.system, engine.stepper, engine.newton
    unknowns = [u.function_space for u in system.state.unknowns]
    histories = system.state.histories
    makings = [f.function_space for f in system.makings]
    read: dict[str, object] = {}

    def put_factors(arrays: list[Array]) -> None:
        data = read.pop("factors")
        if not arrays or not isinstance(data, dict):
            return
        present = system.now()
        rheology = from_plain(Rheology, {name: data[name] for name in ("creep", "floor")})
        system.put(Origin(arrays[0], data["constants"], rheology, data["motion"]))
        if system.gas is not None:
            system.gas.update()
        system.assemble_jacobian()
        system.factor()
        system.put(present)

    def kept_origin() -> Origin | None:
        return system.origin if newton.keep else None

    def factors() -> dict[str, object] | None:
        origin = kept_origin()
        if origin is None:
            return None
        return {"constants": origin.constants, **to_plain(origin.rheology), "motion": origin.motion}

    def put_stepper(data: dict[str, object]) -> None:
        read["times"] = data["times"]
        stepper.time, newton.keep = from_plain(float, data["time"]), bool(data["keep"])

    def put_past(arrays: list[Array]) -> None:
        times: list[float] = from_plain(list[float], read.pop("times"))
        stepper.past = list(zip(times, arrays, strict=True))
        system.set(arrays[-1])

    registry.declare_value("constants", system.residual.constants.values, system.residual.constants.put)
    registry.declare_value("factors", factors, lambda data: read.update(factors=data))
    registry.declare_value(
        "stepper", lambda: {"time": stepper.time, "times": [t for t, _ in stepper.past], "keep": newton.keep}, put_stepper
    )
    registry.declare_field("factors", makings, lambda: [o.functions] if (o := kept_origin()) else [], put_factors)
    registry.declare_field("past", unknowns, lambda: [x for _, x in stepper.past], put_past)
    registry.declare_functions("histories", histories)
