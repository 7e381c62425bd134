"""The runs of the study and the case of the benchmark are good cases; none is solved here."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cellfem.case import load_case

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "cases" / "strip-void" / "study.py"


@pytest.fixture(scope="module")
def study() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strip_void_study", STUDY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_run_of_the_study_is_a_good_case_of_its_own(study: ModuleType) -> None:
    runs = {run.name: run for group in study.groups().values() for run in group.runs}
    cases = {}
    for name, run in runs.items():
        case = load_case(STUDY.parent, [f'protocol.0.pressure="{run.pressure:g} MPa"', *study.ALWAYS, *run.settings])
        assert case.steps[0].step.pressure == run.pressure
        assert re.fullmatch(r"[\w.=+-]+", name), "a folder's name without blanks"
        cases[name] = case.model_dump_json()
    assert len(set(cases.values())) == len(runs) > 50


def test_without_and_halved_are_what_they_say(study: ModuleType) -> None:
    cases = {label: load_case(STUDY.parent, settings) for label, settings in study.mechanisms()}
    assert cases["without the patch"].patch == cases["without the void"].void == ()
    automatic = 10 * cases["the case"].s_max / (0.1 * 0.2)
    assert cases["k_n halved"].lithium.removal_rate == pytest.approx(automatic / 2, rel=1e-3)
    assert cases["k_n doubled"].lithium.removal_rate == pytest.approx(automatic * 2, rel=1e-3)


def test_missing_and_stopped_runs_are_told(study: ModuleType, tmp_path: Path) -> None:
    run = study.Run("0.4 MPa", 0.4)
    assert study.row(run, None).count("|") == len(study.COLUMNS) + 2
    folder = tmp_path / run.name
    folder.mkdir()
    (folder / "summary.json").write_text('{"end": "stopped from outside at 12 s", "end_kind": "interrupted"}', encoding="utf-8")
    assert not study._is_finished(folder)
    (folder / "summary.json").write_text('{"end": "stop.voltage at 266 s", "end_kind": "stop"}', encoding="utf-8")
    assert study._is_finished(folder)


def test_benchmark_is_the_prototype_problem() -> None:
    case = load_case(ROOT / "benchmarks" / "trial-equivalent")
    (step,) = (placed.step for placed in case.steps)
    assert (step.top, case.electrolyte.far_side, step.stop.voltage) == ("uniform", "flux", 0.2)
    assert (step.pressure, step.signed_current, step.duration, step.temperature) == (0.4, 5.0, 3600.0, 298.15)
    assert (case.lithium.creep_set.n, case.lithium.creep_set.A(298.15)) == (6.56, pytest.approx(7.7e-3))
    assert (case.lithium.D, case.lithium.f_c, case.lithium.length, case.lithium.surface_tension) == (8e-3, 0.2, 1.0, 0.5)
    assert (case.interface.asr, case.interface.stiffness, case.interface.half_pressure) == (1e-3, 100.0, 0.02)
    assert (case.interface.roughness, case.electrolyte.conductivity, case.numerics.strain_rate_floor) == (0.01, 4e4, 1e-6)
    assert (case.mesh.near, case.mesh.far, case.output.pictures) == (0.4, 2.0, False)
