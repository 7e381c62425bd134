"""What geometry and solver need of a case."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from cellfem.case import Case
from cellfem.geometry import Patch, StackMesh, Void, build_stack, read_mesh, with_voids
from cellfem.model import from_case
from cellfem.solver.march import Segment, Stop

STEPS = 30  # time steps of a protocol step, at least, without `numerics.dt_max`


def stack_of(case: Case) -> StackMesh:
    """The mesh of a case: a ready file, or gmsh's. Not collective: rank 0 only. Raises MeshError."""
    voids = [Void(v.center, v.half_width, v.depth, v.profile) for v in case.void]
    if case.mesh.file is not None:
        stack = read_mesh(Path(case.mesh.file))
        return with_voids(stack, voids) if voids else stack
    features = [*voids, *(Patch(p.center, p.half_width) for p in case.patch)]
    return build_stack(
        case.stack.width, case.lithium.thickness, case.electrolyte.thickness, case.mesh.near, case.mesh.far, features
    )


def segments_of(case: Case) -> list[Segment]:
    """The load protocol as the solver takes it."""
    found = []
    for step in case.protocol:
        limits = (
            ("voltage", step.stop.voltage, True),
            ("contact", step.stop.contact, False),
            ("gap", step.stop.gap, True),
            ("index", step.stop.index, True),
        )
        stops = tuple(Stop(name, limit, above) for name, limit, above in limits if limit is not None)
        largest = case.numerics.dt_max or step.duration / STEPS
        found.append(
            Segment(
                step.duration,
                partial(from_case.load, step),
                from_case.material(case, step),
                stops,
                case.numerics.dt_initial,
                largest,
                case.numerics.dt,
            )
        )
    return found
