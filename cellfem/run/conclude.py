"""What is left to do when a run has ended: summary, verdict, pictures."""

from __future__ import annotations

import time
from pathlib import Path

import cellfem
from cellfem.backend import MPI
from cellfem.case import Case
from cellfem.case.measured import CurveError, read_curve
from cellfem.model import from_case
from cellfem.observe.arrays import merge_snapshots
from cellfem.output.crack_picture import draw_cracks
from cellfem.output.cracks import crack_verdict
from cellfem.output.dendrite_picture import draw_dendrites
from cellfem.output.dendrites import dendrite_verdict
from cellfem.output.openings import draw_openings, opening_verdict
from cellfem.output.overlay import lay_over, verdict
from cellfem.output.pictures import Scene, draw_history, draw_interface, draw_stack
from cellfem.output.solid_picture import draw_maps, draw_solid
from cellfem.output.summary import End, Summary, electrode_verdict, second_rows, summarise, write_summary
from cellfem.run.prepare import relief_of
from cellfem.run.pressing import pressing_of
from cellfem.run.recorder import Moment, Recorder

PICTURES = ("stack", "interface", "interface-2", "history", "dendrites", "cracks", "opening", "measured")


def conclude(case: Case, folder: Path, recorder: Recorder, end: End, begin: float) -> tuple[Summary, dict[str, Path]]:
    """Write summary and pictures; what was written, on rank 0 (empty elsewhere). Collective: pictures need the whole fields."""
    comm, first, last = recorder.comm, recorder.first, recorder.last
    assert first is not None
    assert last is not None
    scenes = [_gathered(moment, comm) for moment in (first, last, recorder.tensest) if moment] if case.output.pictures else []
    if comm.rank != 0 or recorder.root is None:
        return {}, {}
    summary = summarise(
        recorder.rows,
        recorder.voids[0],
        end,
        half_pressure_MPa=case.interface.half_pressure,
        wall_s=time.monotonic() - begin,
        version=cellfem.__version__,
        axisymmetric=recorder.has_volume,
        dendrite=dendrite_verdict(recorder.dendrite),
        crack=crack_verdict(recorder.pressed, from_case.ceramic(case), recorder.rows),
        pressing=pressing_of(case, recorder.rows),
        opening=None if recorder.openings is None else opening_verdict(recorder.openings),
    )
    for voids in recorder.voids[1:]:
        second = electrode_verdict(second_rows(recorder.rows), voids, end, case.interface.half_pressure, recorder.has_volume)
        summary["verdict"]["second_electrode"] = second
    write_summary(folder / "summary.json", summary)
    files = {"ParaView": recorder.series.path}
    if case.output.pictures:
        files |= _pictures(case, folder, recorder, end, [scene for scene in scenes if scene])
    files |= _measured(case, folder, recorder)
    files |= {"records": folder / "records.csv", "summary": folder / "summary.json", "log": folder / "log.txt"}
    recorder.root.progress.close()
    return summary, files


def _measured(case: Case, folder: Path, recorder: Recorder) -> dict[str, Path]:
    """The measured curve of the case over the run, if there is one that it can be held against."""
    if case.measured.file is None:
        return {}
    try:
        curve = read_curve(case.measured)
        recorder.note(f"{curve.source}: {curve.understood}")
        found = lay_over(folder, curve, case.measured.series, case.title)
    except (CurveError, ValueError) as error:
        recorder.note(f"measured.file: {error}")
        return {}
    recorder.note(str(verdict(found)["text"]))
    return {"measured curve": folder / "measured.png", "difference": folder / "measured.json"}


def _gathered(moment: Moment, comm: MPI.Intracomm) -> list[Scene]:
    """A scene for each electrode, on rank 0."""
    pieces = comm.gather(moment.snapshot, root=0)
    if pieces is None:
        return []
    whole = merge_snapshots(pieces)
    profiles = [profile for profile in moment.profiles if profile is not None]
    return [Scene(whole, profile, *(profiles[1:] if number == 0 else ())) for number, profile in enumerate(profiles)]


def _pictures(case: Case, folder: Path, recorder: Recorder, end: End, moments: list[list[Scene]]) -> dict[str, Path]:
    paths = {name: folder / f"{name}.png" for name in PICTURES}
    delta, axisymmetric = recorder.delta, recorder.axisymmetric
    scenes = [moment[0] for moment in moments]
    if recorder.solid:
        draw_solid(paths["stack"], *scenes[:2], delta_um=delta, title=case.title, note=recorder.note)
        draw_maps(paths["interface"], *scenes[:2], delta_um=delta, title=case.title)
    else:
        draw_stack(
            paths["stack"],
            *scenes[:2],
            delta_um=delta,
            title=case.title,
            axisymmetric=axisymmetric,
            relief=relief_of(case),
            note=recorder.note,
        )
        draw_interface(paths["interface"], *scenes[:2], delta_um=delta, title=case.title, axisymmetric=axisymmetric)
    draw_history(
        paths["history"],
        recorder.rows,
        half_pressure_MPa=case.interface.half_pressure,
        title=case.title,
        end=str(end) if end.kind == "stop" else "",
        axisymmetric=recorder.has_volume,
    )
    drawn = {
        "picture of the stack": paths["stack"],
        "picture along the interface": paths["interface"],
        "curves": paths["history"],
    }
    if recorder.pressed is not None and len(moments) == 3 and case.stack.dimension == 2:
        draw_cracks(paths["cracks"], moments[2][0].snapshot, recorder.rows, title=case.title, axisymmetric=axisymmetric)
        drawn |= {"picture of LLZO's stress": paths["cracks"]}
    if len(moments[0]) == 2:
        path, title = folder / "interface-2.png", f"{case.title}, second electrode".removeprefix(", ")
        draw_interface(path, *(moment[1] for moment in moments[:2]), delta_um=delta, title=title, axisymmetric=axisymmetric)
        drawn["picture along the second interface"] = path
    last = scenes[1].profile if len(scenes) > 1 else None
    if recorder.openings is not None and last is not None:
        draw_openings(paths["opening"], recorder.openings, last, title=case.title, axisymmetric=axisymmetric)
        drawn["picture of where contact is lost"] = paths["opening"]
    if recorder.dendrite is None or recorder.last_plated is None or recorder.solid:
        return drawn
    draw_dendrites(
        paths["dendrites"],
        recorder.dendrite,
        recorder.last_plated,
        recorder.flaws,
        title=case.title,
        axisymmetric=axisymmetric,
        drawn=recorder.observer.drawn,
    )
    return drawn | {"picture of dendrites": paths["dendrites"]}
