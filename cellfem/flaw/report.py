"""Output of `cellfem flaw`: tables, pictures, ParaView blocks, and a verdict as text."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import cellfem
from cellfem.case import Case, resolved_toml
from cellfem.flaw.analysis import FlawModel, FlawProblem, FlawState
from cellfem.flaw.growth import Growth
from cellfem.flaw.pictures import draw_critical, draw_growth, draw_state, draw_varied
from cellfem.observe.arrays import Block, Snapshot
from cellfem.output.paraview import Series
from cellfem.output.records import write_atomic
from cellfem.physics import fracture
from cellfem.provenance import commit
from cellfem.units import MA_CM2
from dolfinx import fem, plot

ROOT_M = 1e-3  # MPa·m^½ per MPa·µm^½
QUADRATIC_TRIANGLE = 22


class Report:
    """Collects the results and writes each at once into a folder; `close` writes the summary."""

    def __init__(self, folder: Path, case: Case, problem: FlawProblem) -> None:
        self.folder, self.case, self.problem = folder, case, problem
        header = f"cellfem {cellfem.__version__}, commit {commit()}"
        write_atomic(folder / "case.resolved.toml", resolved_toml(case, header))
        self.summary: dict[str, Any] = {"version": cellfem.__version__}
        self.text: list[str] = []
        self.files: dict[str, Path] = {}

    def state(self, state: FlawState, model: FlawModel) -> None:
        """The flaw at the current of the case."""
        w, flaw = state.walls, self.problem.flaw
        rows = zip(w.x, w.y, w.pressure, MA_CM2 * w.current, strict=True)
        self._csv("walls.csv", ("x_um", "y_um", "pressure_MPa", "current_mA_cm2"), rows)
        self.summary |= numbers(state, self.problem)
        limits = "the overpotential" if state.thin > state.drive else "creep out of the flaw"
        self.text.append(
            f"At {MA_CM2 * state.current:.3g} mA/cm² the lithium in a {flaw.shape} of {flaw.filled:.3g} µm is under a "
            f"pressure of up to {state.pressure:.3g} MPa ({limits} limits it: {state.drive:.3g} MPa of overpotential at the "
            f"end, {state.thin:.3g} MPa of creep by the formula of a slender slit); current at mouth and end "
            f"{-MA_CM2 * state.mouth_current:.3g} and {-MA_CM2 * state.tip_current:.3g} mA/cm²{self._opened(state)}. "
            f"K_I is {ROOT_M * state.cracking.intensity:.3g} MPa·m^½, {100 * state.index:.3g} % of K_Ic: "
            f"the crack {'grows' if state.index >= 1 else 'does not grow'}."
        )
        path = self.folder / "flaw.png"
        draw_state(path, state, model, self.case.title)
        self.files["picture of the flaw"] = path
        self._paraview(model)

    def _opened(self, state: FlawState) -> str:
        cut = self.problem.flaw.half_opening
        return f"; it has opened the mouth from {2e3 * cut:.3g} to {2e3 * state.mouth:.3g} nm" if self.problem.opens else ""

    def critical(self, limit: float, asked: Sequence[FlawState]) -> None:
        """The current at which the crack grows, and the states computed on the way."""
        ordered = sorted(asked, key=lambda s: s.current)
        rows = ((MA_CM2 * s.current, s.index, s.pressure, s.drive, s.thin, s.focusing) for s in ordered)
        names = ("current_mA_cm2", "index", "pressure_MPa", "overpotential_MPa", "slender_slit_MPa", "focusing")
        self._csv("currents.csv", names, rows)
        self.summary["critical_current_mA_cm2"] = MA_CM2 * limit
        if math.isinf(limit):
            self.text.append("No current up to 1e4 mA/cm² makes it grow: the lithium is extruded from the mouth.")
        elif limit == 0.0:
            self.text.append("It grows at any current: the stack pressure alone is sufficient.")
        else:
            self.text.append(f"It grows from {MA_CM2 * limit:.3g} mA/cm².")
        path = self.folder / "critical.png"
        draw_critical(path, ordered, limit, self.case.title)
        self.files["picture of K_I over the current"] = path

    def growth(self, growth: Growth) -> None:
        """Growth at the current of the case, step by step."""
        rows = (
            (g.depth, g.time, g.state.index, g.state.pressure, MA_CM2 * g.state.mouth_current, MA_CM2 * g.state.tip_current)
            for g in growth.steps
        )
        self._csv("growth.csv", ("filled_um", "time_s", "index", "pressure_MPa", "mouth_mA_cm2", "tip_mA_cm2"), rows)
        time = growth.steps[-1].time
        self.summary["growth"] = {"end": growth.end, "depth_um": growth.depth, "steps": len(growth.steps), "time_s": time}
        after = f"after about {time:.3g} s if each step fills by plating on its own walls"
        said = {
            "short circuit": f"short circuit: the crack crosses the electrolyte of {growth.depth:.3g} µm, {after}.",
            "arrest": f"the crack stops at {growth.depth:.3g} µm, where K_I falls below K_Ic.",
            "no growth": "the crack does not start.",
            "plating ended": f"the crack has reached {growth.depth:.3g} µm when plating ends.",
        }
        self.text.append(f"Growth at {MA_CM2 * growth.steps[0].state.current:.3g} mA/cm²: {said[growth.end]}")
        path = self.folder / "growth.png"
        draw_growth(path, growth, self.problem.flaw.thickness, self.case.title)
        self.files["picture of the growth"] = path

    def varied(self, key: str, rows: Sequence[tuple[str, float, FlawState]]) -> None:
        """Critical currents for the values of one key: value, current, last state."""
        name = key.split(".")[-1]
        table = [(value, MA_CM2 * limit, s.pressure, s.drive, s.thin) for value, limit, s in rows]
        self._csv(
            f"critical-{name}.csv", (key, "critical_mA_cm2", "pressure_MPa", "overpotential_MPa", "slender_slit_MPa"), table
        )
        self.summary.setdefault("varied", {})[key] = {value: MA_CM2 * limit for value, limit, _ in rows}
        path = self.folder / f"critical-{name}.png"
        draw_varied(path, key, [value for value, _, _ in rows], [MA_CM2 * limit for _, limit, _ in rows], self.case.title)
        self.files[f"critical current over {name}"] = path

    def close(self) -> None:
        """Write summary.json."""
        self.summary["text"] = " ".join(self.text)
        write_atomic(self.folder / "summary.json", json.dumps(_plain(self.summary), indent=2, ensure_ascii=False) + "\n")
        self.files["summary"] = self.folder / "summary.json"

    def _csv(self, name: str, columns: Sequence[str], rows: Any) -> None:
        lines = [",".join(columns)]
        lines += [",".join(str(v) if isinstance(v, str) else repr(float(v)) for v in row) for row in rows]
        write_atomic(self.folder / name, "\n".join(lines) + "\n")
        self.files[name] = self.folder / name

    def _paraview(self, model: FlawModel) -> None:
        series = Series(self.folder, "flaw")
        series.write(Snapshot(0.0, blocks_of(model)))
        self.files["ParaView"] = series.path


def numbers(state: FlawState, problem: FlawProblem) -> dict[str, float]:
    """The state as numbers for summary.json."""
    flaw = problem.flaw
    return {
        "current_mA_cm2": MA_CM2 * state.current,
        "filled_um": flaw.filled,
        "crack_um": flaw.tip,
        "pressure_MPa": state.pressure,
        "stack_pressure_MPa": problem.pressure,
        "overpotential_MPa": state.drive,
        "slender_slit_MPa": state.thin,
        "mouth_mA_cm2": MA_CM2 * state.mouth_current,
        "tip_mA_cm2": MA_CM2 * state.tip_current,
        "focusing": state.focusing,
        "opening_at_mouth_um": 2 * state.mouth,
        "K_I_MPa_m0_5": ROOT_M * state.cracking.intensity,
        "energy_release_J_m2": state.cracking.energy,
        "K_from_energy_MPa_m0_5": ROOT_M * state.cracking.by_energy,
        "K_spread": state.cracking.spread,
        "K_Ic_MPa_m0_5": ROOT_M * problem.ceramics.toughness,
        "K_full_edge_crack_MPa_m0_5": ROOT_M * float(fracture.edge_crack(state.pressure, flaw.tip)),
        "index": state.index,
        "tension_MPa": state.cracking.tension_MPa,
        "balance": state.imbalance,
    }


def blocks_of(model: FlawModel) -> dict[str, Block]:
    """Lithium and LLZO at the state computed last, half of the flaw."""
    system, body = model.system, model.ceramic.body
    velocity, pressure = system.flow.sub(0).collapse(), system.flow.sub(1).collapse()
    space = fem.functionspace(system.lithium, ("Lagrange", 2))
    at_nodes = fem.Function(space)
    at_nodes.interpolate(pressure)
    moved, potential = body.displacement.x.array.reshape(-1, 2), system.potential
    on_body = fem.functionspace(body.mesh, ("Lagrange", 2))
    phi = fem.Function(on_body)
    phi.interpolate(potential)
    v = velocity.x.array.reshape(-1, 2)
    zero = np.zeros(len(v))
    return {
        "lithium": _block(
            space,
            {"velocity_um_s": np.column_stack([v, zero]), "pressure_MPa": at_nodes.x.array.copy()},
        ),
        "LLZO": _block(
            on_body,
            {
                "displacement_um": np.column_stack([moved, np.zeros(len(moved))]),
                "principal_tension_MPa": model.ceramic.principal,
                "potential_mV": 1e3 * (phi.x.array + float(system.far.x.array[0])),
            },
        ),
    }


def _block(space: fem.FunctionSpace, data: dict[str, np.ndarray]) -> Block:
    topology, _, points = plot.vtk_mesh(space)
    cells = topology.reshape(-1, topology[0] + 1)[:, 1:].astype(np.int64)
    return Block(points.astype(np.float64), cells, QUADRATIC_TRIANGLE, data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value
