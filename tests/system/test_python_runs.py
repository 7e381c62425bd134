"""Runs from Python: what they hand out, step by step, on ranks, and as a sweep."""

import os
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cellfem
from cellfem.output.records import read_records
from cellfem.physics.creep import CreepLaw
from tests.system.small import ROOT, write_case

FIELDS = {"interval": "10 s", "exact": True}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> cellfem.Case:
    return cellfem.Case.load(write_case(tmp_path_factory.mktemp("case"))).replace(output=FIELDS)


@pytest.fixture(scope="module")
def result(case: cellfem.Case, tmp_path_factory: pytest.TempPathFactory) -> cellfem.Result:
    return cellfem.run(case, tmp_path_factory.mktemp("ran") / "out")


def test_records_are_those_of_the_file(result: cellfem.Result) -> None:
    records, rows = result.records, read_records(result.folder / "records.csv")
    assert list(records.columns) == list(rows[0])
    assert records["voltage_mV"].tolist() == [row["voltage_mV"] for row in rows]
    assert records.attrs["units"]["voltage_mV"] == "mV"
    assert records.attrs["units"]["contact_fraction"] == ""


def test_profile_integrates_to_the_records(result: cellfem.Result) -> None:
    """Fields have the digits of Float32."""
    profile, records = result.profile, result.records
    assert profile.sizes["time_s"] == 3
    assert profile["gap_um"].attrs["units"] == "µm"
    assert float(profile["weight"].sum()) == pytest.approx(10.0, rel=1e-6)
    at = records.set_index("time_s").loc[profile["time_s"].values]
    contact = (profile["contact"] * profile["weight"]).sum("x_um") / profile["weight"].sum()
    np.testing.assert_allclose(contact, at["contact_fraction"], rtol=1e-5)
    current = (profile["current_mA_cm2"] * profile["weight"]).sum("x_um") / profile["weight"].sum()
    np.testing.assert_allclose(current, at["current_mA_cm2"], rtol=1e-5)


def test_voids_verdict_and_status(result: cellfem.Result) -> None:
    voids, verdict = result.voids, result.verdict
    assert set(voids["event"]) <= {"open", "birth", "closed", "merged", "reopened", "trapped"}
    assert voids.attrs["units"]["depth_um"] == "µm"
    assert verdict.contact in ("kept", "reduced")
    assert verdict.end == result.status.state == "done"
    assert verdict.text == str(verdict) == result.summary["verdict"]["text"]
    assert len(verdict.voids) == voids["id"].nunique()


def test_mesh_of_a_time(result: cellfem.Result) -> None:
    mesh = result.mesh("11 s")
    assert set(mesh.keys()) >= {"lithium", "LLZO", "interface"}
    assert result.nearest("11 s") == pytest.approx(10.0)
    assert mesh["lithium"].bounds[3] > 5.0
    with pytest.raises(cellfem.CellfemError, match="time: 11 has no unit"):
        result.mesh(11)


def test_pictures_are_figures(result: cellfem.Result) -> None:
    before = sorted(os.listdir(result.folder))
    for figure, panels in ((result.plot.history(), 4), (result.plot.interface("10 s"), 4), (result.plot.stack(), 4)):
        assert len(figure.axes) >= panels
        assert figure.axes[0].get_xlim() != (0.0, 1.0)
        assert figure._repr_png_().startswith(b"\x89PNG"), "what a notebook shows"
    assert sorted(os.listdir(result.folder)) == before


def test_case_of_a_result_is_the_case(result: cellfem.Result, case: cellfem.Case) -> None:
    assert cellfem.open(result.folder).case == case


def test_steps_are_those_of_a_run_and_can_be_gone_on_with(
    result: cellfem.Result, case: cellfem.Case, tmp_path: Path
) -> None:
    rows = result.rows
    with cellfem.Simulation(case.replace(output={"pictures": True}), tmp_path / "out") as simulation:
        for step in simulation:
            assert cellfem.open(simulation.folder).status.state == "running"
            if step.number == 2:
                break
    assert step.time_s == rows[2]["time_s"]
    assert float(step.profile["weight"].sum()) == pytest.approx(10.0)
    stopped = simulation.result
    assert stopped.verdict.end_kind == "interrupted"
    assert (tmp_path / "out" / "stack.png").exists(), "no signal came: pictures are drawn"
    assert [row["voltage_mV"] for row in stopped.rows] == [row["voltage_mV"] for row in rows[:3]]
    whole = cellfem.resume(tmp_path / "out")
    assert whole.verdict.end == "done"
    assert [row["voltage_mV"] for row in whole.rows] == [row["voltage_mV"] for row in rows]


def test_progress_is_called_with_each_step(case: cellfem.Case, tmp_path: Path) -> None:
    shares: list[float] = []
    cellfem.run(case, tmp_path / "out", progress=lambda step: shares.append(step.share))
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)
    assert shares == sorted(shares)


def test_no_initial_state_is_an_error_with_its_reason(
    case: cellfem.Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellfem.solver.engine.START_MOST", 1)
    with pytest.raises(cellfem.GaveUpError, match=r"no equilibrium at t = 0 s .*begin with a step at rest"):
        cellfem.run(case.replace(numerics={"newton_max": 1}), tmp_path / "out")
    with pytest.raises(cellfem.CellfemError, match="has no verdict: no equilibrium"):
        _ = cellfem.open(tmp_path / "out").verdict


def test_a_foreign_folder_is_refused(case: cellfem.Case, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(cellfem.CellfemError, match="holds files that cellfem did not write"):
        cellfem.run(case, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_ranks_give_the_same(result: cellfem.Result, case: cellfem.Case, tmp_path: Path) -> None:
    ran = cellfem.run(case, tmp_path / "out", ranks=2)
    assert ran.rows[-1]["voltage_mV"] == pytest.approx(result.rows[-1]["voltage_mV"], rel=1e-6)
    assert ran.profile["gap_um"].shape == result.profile["gap_um"].shape
    with pytest.raises(cellfem.CaseError, match="one rank only"):
        cellfem.run(case, tmp_path / "out", ranks=2, progress=print)


def test_a_sweep_is_a_dataset(case: cellfem.Case, tmp_path: Path) -> None:
    swept = cellfem.sweep(case, tmp_path / "map", pressure=["0.8 MPa", "2 MPa"], current=["0.5 mA/cm^2"])
    found = swept.to_xarray()
    assert found["pressure"].values.tolist() == [0.8, 2.0]
    assert found["pressure"].attrs["units"] == "MPa"
    assert found["contact_fraction"].shape == (2, 1)
    assert found["contact_fraction"][1, 0] > found["contact_fraction"][0, 0]
    assert swept.records["verdict"].isin(["kept", "reduced"]).all()
    assert [run.verdict.end for run in swept] == ["done", "done"]
    again = cellfem.sweep(case, tmp_path / "map", pressure=["0.8 MPa", "2 MPa"], current=["0.5 mA/cm^2"])
    assert again.to_xarray().equals(found)


VARIANTS = {
    "two electrodes": {"stack": {"cell": "symmetric"}},
    "axisymmetric": {"stack": {"symmetry": "axisymmetric"}, "patch": []},
    "vtkhdf": {"output": {"format": "vtkhdf"}},
    "periodic": {"stack": {"sides": "periodic"}, "void": [{"center": "4 um", "half_width": "2 um", "depth": "0.3 um"}]},
    "3-D": {
        "stack": {"dimension": 3, "width": "5 um"},
        "mesh": {"cells": "bricks", "near": "1.25 um"},
        "void": [],
        "patch": [],
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_all_kinds_of_stacks_are_handed_out(name: str, case: cellfem.Case, tmp_path: Path) -> None:
    """A 3-D face without voids has no gap above zero; its pictures must bear that."""
    ran = cellfem.run(case.replace(VARIANTS[name]), tmp_path / "out")
    profile, records = ran.profile, ran.records
    places = [name for name in profile["contact"].dims if name not in ("time_s", "electrode")]
    mean = ((profile["contact"] * profile["weight"]).sum(places) / profile["weight"].sum(places)).isel(time_s=-1)
    told = [records[column].iloc[-1] for column in ("contact_fraction", "contact_fraction_2") if column in records]
    np.testing.assert_allclose(np.atleast_1d(mean.values), told, rtol=1e-5)
    for figure in (ran.plot.history(), ran.plot.interface(), ran.plot.stack()):
        figure.savefig(tmp_path / "picture.png", dpi=40)
    assert len(ran.mesh()["interface"].points) == profile.sizes.get("electrode", 1) * profile["weight"].size


@pytest.mark.slow
def test_own_law_face_and_protocol(case: cellfem.Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law of docs/laws.md, whose second mechanism is next to nothing, on a face from an array,
    through a loop: as the power law that it repeats."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "laws.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    module = ModuleType("laws_of_the_docs")  # known by name, as that of a notebook is: ranks hand laws on
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code[1], "docs/laws.md", "exec"), vars(module))
    monkeypatch.setattr("cellfem.physics.creep.law._OWN", {})
    monkeypatch.setattr(CreepLaw, "kinds", dict(CreepLaw.kinds))
    units = {"A": "1/s", "n": "", "A2": "1/s", "n2": "", "Q": "J/mol"}
    cellfem.register_creep_law("two-mechanisms", units, module.build)
    x = np.arange(0.0, 15.0, 0.05)
    face = cellfem.save_heights(tmp_path / "face.npy", 30 * np.cos(2 * np.pi * x / 10), unit="nm", spacing="50 nm")
    step = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "4 s", "pressure": "1 MPa"}
    plated = cellfem.Case(case.written).replace(
        roughness=face | {"tilt": "mean", "cut_off": "4 um"},
        void=[],
        protocol=[{"repeat": 2, "step": [step, step | {"mode": "plate"}]}],
    )
    numbers = {"A": "7.7e-3 1/s", "n": 6.56, "A2": "1e-30 1/s", "n2": 1.0, "Q": "37 kJ/mol"}
    own = plated.replace(lithium={"own_law": {"name": "two-mechanisms", "parameters": numbers}})
    ends = [cellfem.run(each, tmp_path / name).rows[-1] for name, each in (("own", own), ("power", plated))]
    assert ends[0]["cycle"] == 2
    for name in ("contact_fraction", "gap_max_um", "voltage_mV"):
        assert ends[0][name] == pytest.approx(ends[1][name], rel=1e-6), name
