"""Made-up runs and maps for reports."""

import csv
from pathlib import Path

import numpy as np

from cellfem.case import parse_case, resolved_toml
from cellfem.observe.arrays import Block, Snapshot
from cellfem.output.paraview import Series
from cellfem.output.records import RecordWriter
from cellfem.output.summary import End, summarise, write_summary
from cellfem.quantities import record_columns
from cellfem.scene.moments import ON_GAMMA
from tests.support.scene_grids import section

TIMES = (0.0, 30.0, 60.0)
MAP_ROWS = [
    {
        "pressure_MPa": pressure,
        "current_mA_cm2": current,
        "temperature_degC": "25.0",
        "creep": "masias",
        "verdict": verdict,
        "end": "done",
        "contact_fraction": contact,
        "time_to_failure_s": "",
        "folder": f"point-{pressure}-{current}",
    }
    for pressure, current, verdict, contact in (
        *(("0.2", "0.3", "reduced", "0.74"), ("0.8", "0.3", "kept", "0.9")),
        *(("0.2", "1", "lost", "0.31"), ("0.8", "1", "reduced", "0.79")),
    )
]


def write_run(
    folder: Path,
    contact: float,
    creep: str = "masias",
    pressure: str = "0.4 MPa",
    title: str = "A made-up run",
    solid: bool = False,
) -> Path:
    """A run that has ended with this contact fraction, with records and fields; solid: of a stack
    in 3-D."""
    folder.mkdir(parents=True)
    step = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 min", "pressure": pressure}
    stack = {"dimension": 3, "width": "25 um", "depth": "25 um"} if solid else {}
    case = parse_case({"title": title, "stack": stack, "lithium": {"creep": creep}, "protocol": [step]})
    header = "cellfem 0.1.0, commit made up\ndolfinx 0, petsc 0, mpi 0"
    (folder / "case.resolved.toml").write_text(resolved_toml(case, header), encoding="utf-8")
    (folder / "log.txt").write_text("step of 1 s at t = 0 s refused: time error 2\n", encoding="utf-8")
    columns = record_columns()
    writer, rows = RecordWriter(folder / "records.csv", columns), []
    for step_number, time in enumerate(TIMES):
        row = dict.fromkeys(columns, 1.0) | {"time_s": time, "step": step_number, "pressure_MPa": case.protocol[0].pressure}
        row |= {"temperature_C": 25.0, "balance_charge": step_number * 1e-10, "balance_lithium": 0.0, "balance_force": 1e-12}
        row |= {"contact_fraction": 1 + (contact - 1) * time / TIMES[-1], "carrying_fraction": contact / 2}
        writer.write(row)
        rows.append(row)
    writer.close()
    summary = summarise(rows, [], End("done", TIMES[-1]), half_pressure_MPa=0.02, wall_s=1.0, version="0.1.0")
    write_summary(folder / "summary.json", summary)
    series = Series(folder, "cellfem")
    for time in TIMES:
        blocks = solid_blocks() if solid else section(0.0)
        there = blocks["interface"]
        there.point_data.update({name: np.full(len(there.points), time) for name in ON_GAMMA if name not in there.point_data})
        series.write(Snapshot(time, blocks))
    return folder


def solid_blocks() -> dict[str, Block]:
    """A tetrahedron on each side of a square face of two triangles."""
    corners = np.array([[0.0, 0, 0], [25, 0, 0], [25, 25, 0], [0, 25, 0]])
    body = np.array([[0, 1, 2, 4]])
    top, bottom = (np.vstack([corners, [12.5, 12.5, height]]) for height in (20.0, -20.0))
    empty = Block(np.zeros((0, 3)), np.zeros((0, 4), dtype=np.int64), 10, {"gap_um": np.zeros(0)})
    return {
        "lithium": Block(top, body, 10, {"creep_rate_1_s": np.logspace(-8, -4, 5)}),
        "void": empty,
        "LLZO": Block(bottom, body, 10, {"current_density_mA_cm2": np.tile([0.0, 0.0, 0.5], (5, 1))}),
        "interface": Block(corners, np.array([[0, 1, 2], [0, 2, 3]]), 5, {}),
    }


def write_map(folder: Path) -> Path:
    """A sweep of four points, the runs of two of which are there."""
    folder.mkdir(parents=True)
    with (folder / "map.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(MAP_ROWS[0]))
        writer.writeheader()
        writer.writerows(MAP_ROWS)
    for row in MAP_ROWS[:2]:
        write_run(folder / row["folder"], float(row["contact_fraction"]), pressure=f"{row['pressure_MPa']} MPa")
    return folder
