"""Conversion of a case to the input of geometry and solver."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellfem.case import Case, Step, faces
from cellfem.case import protocol as case_protocol
from cellfem.geometry import (
    Box,
    Hexahedra,
    MeshError,
    PatchShape,
    RoughFace,
    Source,
    StackMesh,
    VoidShape,
    build_hexahedra,
    build_solid,
    build_stack,
    maps,
    measured_face,
    read_mesh,
    roughness,
    with_face,
    with_voids,
    write_msh,
)
from cellfem.geometry.heights import read_measured
from cellfem.geometry.periodic import joined
from cellfem.geometry.symmetric import mirrored
from cellfem.model import from_case
from cellfem.results.manifest import list_files
from cellfem.solver.march import Segment, Stop

CHARGE_WITHIN = 1e-3  # share by which a step of held voltage may exceed its charge
USED_UP_WITHIN = 0.1  # share of the smallest thickness by which lithium may be thinner when the run stops
WHOLE = 100_000  # most hexahedra for which a run writes its mesh as one file
MUCH_MISSING = 0.03  # share of points without measurement above which a warning is given
STEPS = 30  # fewest time steps of a protocol step, without `numerics.dt_max`
OUTPUTS = 30  # of fields in a run without `output.interval`
FEW_STEPS = 3  # largest steps in an interval above which steps end on its outputs by default


def source_of(case: Case) -> Source:
    """The mesh input of a case: coordinates of hexahedra in 3-D, of which every rank makes its
    part; otherwise `stack_of`.

    Not collective: rank 0 only. Raises MeshError.
    """
    if case.stack.dimension == 2 or case.mesh.cells != "bricks":
        return stack_of(case)
    box, features, periodic = _box(case), _features(case), case.stack.periodic
    return build_hexahedra(box, case.mesh.near, case.mesh.coarsest, features, map_of(case), periodic=periodic)


def write_mesh(case: Case, source: Source, path: Path) -> None:
    """The mesh as a gmsh file, unless it is `too_large`. Not collective: rank 0 only."""
    if not isinstance(source, Hexahedra):
        list_files([path])
        write_msh(source, path)
    elif not too_large(source):
        list_files([path])
        write_msh(stack_of(case), path)


def too_large(source: Source | None) -> bool:
    """Whether there are too many hexahedra for a single mesh file, which one process would have to
    hold."""
    return isinstance(source, Hexahedra) and math.prod(source.cells) > WHOLE


def stack_of(case: Case) -> StackMesh:
    """The mesh of a case: a ready file, or gmsh's, with voids and rough face. Not collective: rank
    0 only. Raises MeshError."""
    stack = _unjoined(case)
    if not case.stack.periodic:
        return stack
    try:
        return joined(stack)
    except MeshError as error:
        raise MeshError(f"{'mesh' if case.mesh.file is None else case.mesh.file}: {error}") from None


def _unjoined(case: Case) -> StackMesh:
    """The same without joining periodic sides."""
    half, periodic = _stack(case), case.stack.periodic
    if case.stack.dimension == 3:
        heights = map_of(case)
        return half if heights is None else maps.with_map(half, heights)
    face, electrodes = face_of(case), []
    for number in (1, 2) if case.stack.cell == "symmetric" else (1,):
        voids = _voids(case, number)
        stack = with_voids(half, voids, periodic=periodic) if voids or case.mesh.file is None else half
        electrodes.append(stack if face is None else with_face(stack, face))
    return electrodes[0] if len(electrodes) == 1 else mirrored(*electrodes)


def face_of(case: Case) -> RoughFace | None:
    """The rough face of a case; None when flat. Raises RoughnessError, which is a MeshError."""
    rough, width = case.roughness, case.stack.width
    if rough.kind != "file":
        return faces.line_face(rough, width, case.stack.periodic)
    whole = measured_heights_of(case)
    line = measured_face.line_of(measured_face.cropped(whole, rough.offset, width), rough.line)
    return measured_face.measured_face(line, rough.cut_off)


def relief_of(case: Case) -> Callable[[NDArray[np.float64]], NDArray[np.float64]] | None:
    """Heights (µm) of the rough face of a plane case below its highest asperity, as a function of
    x; None when flat."""
    face = face_of(case)
    if face is None:
        return None
    highest = float(roughness.sampled(face, case.stack.width)[1].max())
    return lambda x: np.minimum(face.heights(x) - highest, 0.0)


def map_of(case: Case) -> maps.MapFace | None:
    """The rough face of a case of dimension 3; None when flat. Raises RoughnessError."""
    rough, (width, depth) = case.roughness, case.stack.extents
    if rough.kind != "file":
        return faces.map_face(rough, width, depth, case.stack.periodic)
    part = measured_face.cropped(measured_heights_of(case), rough.offset, width)
    return maps.measured_map(part, width, depth, rough.cut_off)


def measured_heights_of(case: Case) -> measured_face.MeasuredHeights:
    """The whole measurement in `roughness.file`, levelled. Raises RoughnessError."""
    rough = case.roughness
    if rough.file is None:
        raise roughness.RoughnessError("the case names no file of heights: give roughness.file")
    return measured_face.levelled(read_measured(rough.file, rough.unit, rough.spacing, rough.channel), rough.tilt)


def face_sentences(case: Case, whole: measured_face.MeasuredHeights) -> tuple[str, ...]:
    """Sentences on a measured face: what it is, how it was interpreted, what was not measured."""
    size = f"{whole.size}, {case.roughness.tilt} removed, {100 * whole.undefined:.2f} % not measured"
    if whole.undefined <= MUCH_MISSING:
        return size, whole.about
    warning = (
        f"note: {100 * whole.undefined:.1f} % of the points were not measured and are interpolated along x: the face as used is "
        "smoother there than the real one, so that rms and slopes come out too small"
    )
    return size, whole.about, warning


def _stack(case: Case) -> StackMesh:
    """The mesh of one electrode on the electrolyte, on half of it in a symmetric cell."""
    voids, periodic = [*_voids(case, 1), *_voids(case, 2)], case.stack.periodic
    if case.mesh.file is not None:
        stack = read_mesh(Path(case.mesh.file), case.mesh.unit)
        return with_voids(stack, voids, periodic=periodic) if voids else stack
    features = _features(case)
    near, far, bricks = case.mesh.near, case.mesh.coarsest, case.mesh.cells == "bricks"
    if case.stack.dimension == 3:
        return build_solid(_box(case), near, far, features, bricks=bricks, periodic=periodic)
    below = case.electrolyte.thickness / (2 if case.stack.cell == "symmetric" else 1)
    return build_stack(
        case.stack.width,
        case.lithium.thickness,
        below,
        near,
        far,
        features,
        structured=bricks,
        quadrilaterals=bricks,
        periodic=periodic,
    )


def _box(case: Case) -> Box:
    width, depth = case.stack.extents
    return Box(width, depth, case.lithium.thickness, case.electrolyte.thickness)


def _features(case: Case) -> list[VoidShape | PatchShape]:
    patches = [PatchShape(p.center, p.half_width, center_y=p.center_y, half_width_y=p.half_width_y) for p in case.patch]
    return [*_voids(case, 1), *_voids(case, 2), *patches]


def _voids(case: Case, electrode: int) -> list[VoidShape]:
    return [
        VoidShape(v.center, v.half_width, v.depth, v.profile, center_y=v.center_y, half_width_y=v.half_width_y)
        for v in case.void
        if v.electrode == electrode
    ]


def segments_of(case: Case) -> list[Segment]:
    """The load protocol as segments for the solver, loops unrolled."""
    found = []
    used_up = Stop("lithium", case.lithium.used_up * case.lithium.thickness, above=False, within=USED_UP_WITHIN)
    for placed in case.sequence:
        step = placed.step
        until = _conditions(step.until)
        if step.current_follows and step.capacity is not None:
            until = (*until, Stop("charge", step.capacity, since_begin=True, within=CHARGE_WITHIN))
        found.append(
            Segment(
                step.seconds,
                partial(from_case.load, step),
                from_case.material(case, step),
                (*_conditions(step.stop), used_up),
                case.numerics.dt_initial,
                largest_step(case, step),
                case.numerics.dt,
                until,
                output_interval(case) if lands_on_outputs(case, step) else None,
            )
        )
    return found


def output_interval(case: Case) -> float:
    """Seconds between two outputs of fields."""
    return case.output.interval or case.total_duration / OUTPUTS


def largest_step(case: Case, step: Step) -> float:
    """Largest time step within a step of the protocol, s."""
    return case.numerics.dt_max or step.seconds / STEPS


def lands_on_outputs(case: Case, step: Step) -> bool:
    """Whether time steps of this protocol step end on output times: by `output.exact`, or by
    default if that costs little."""
    if case.numerics.dt is not None:
        return False
    if case.output.exact is not None:
        return case.output.exact
    return case.output.interval is not None and case.output.interval >= FEW_STEPS * largest_step(case, step)


def _conditions(stop: case_protocol.Stop) -> tuple[Stop, ...]:
    limits = (
        ("voltage", stop.voltage, True),
        ("contact", stop.contact, False),
        ("gap", stop.gap, True),
        ("index", stop.index, True),
        ("current", stop.current, False),
        ("resistance", None if stop.resistance is None else 1 / stop.resistance, True),
    )
    return tuple(Stop(name, limit, above) for name, limit, above in limits if limit is not None)
