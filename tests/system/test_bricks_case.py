"""Stacks of bricks, of which each rank makes its own part: one run whatever the ranks, the mesh's
way to them, and restarts."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cellfem.case import load_case
from cellfem.cluster.size import unknowns
from cellfem.geometry import solid
from cellfem.output.records import read_records
from cellfem.runner import execute, prepare, resume_run, run_case
from cellfem.runner.prepare import source_of, stack_of
from tests.support.restarts import assert_alike, signal_after
from tests.system.small import cellfem, settings, write_case

STEPS = 8
BRICKS = (
    *("stack.dimension=3", "stack.width=6 um", "stack.depth=5 um", "lithium.thickness=4 um", "electrolyte.thickness=5 um"),
    *("void.0.center_y=1.5 um", "patch=[]", "mesh.near=1.2 um", "mesh.cells=bricks", "protocol.0.duration=4 s"),
    *('numerics.dt=["0.5 s"]', "numerics.dt_initial=0.5 s", "numerics.newton_tolerance=1e-9"),
)
"""Newton's tolerance is set tight: what an iteration leaves of a correction is then below 1e-8."""
SIDES = {"mirror": (*BRICKS, "void.0.half_width_y=1.2 um"), "periodic": (*BRICKS, "stack.sides=periodic")}
BOTH = ["mirror", pytest.param("periodic", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of runs on one rank, by the kind of sides, as far as they have been asked for."""
    return {"": tmp_path_factory.mktemp("bricks")}


def whole(sides: str, wholes: dict[str, Path]) -> list[dict[str, float]]:
    if sides not in wholes:
        wholes[sides] = wholes[""] / sides
        assert run_case(load_case(write_case(wholes[""]), SIDES[sides]), wholes[sides], quiet=True).end.kind == "done"
    return read_records(wholes[sides] / "records.csv")


@pytest.fixture
def from_rank_0(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs have the whole mesh made by rank 0, as those of simplices have."""
    with monkeypatch.context() as patch:
        patch.setattr(execute, "source_of", stack_of)
        yield


@pytest.mark.parametrize("sides", BOTH)
def test_part_by_part_gives_what_the_whole_mesh_gives(
    sides: str, wholes: dict[str, Path], from_rank_0: None, tmp_path: Path
) -> None:
    case = load_case(write_case(tmp_path), SIDES[sides])
    assert run_case(case, tmp_path / "out", quiet=True).end.kind == "done"
    rows = read_records(tmp_path / "out" / "records.csv")
    assert_alike(whole(sides, wholes), rows, least=STEPS)
    assert max(row[name] for row in rows for name in ("balance_charge", "balance_lithium", "balance_force")) <= 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("sides", list(SIDES))
def test_ranks_agree(sides: str, ranks: int, wholes: dict[str, Path], tmp_path: Path) -> None:
    cellfem("run", write_case(tmp_path), "--out", tmp_path / "out", "-n", ranks, "--quiet", *settings(*SIDES[sides]))
    assert_alike(whole(sides, wholes), read_records(tmp_path / "out" / "records.csv"), least=STEPS)


@pytest.mark.parametrize("sides", BOTH)
def test_resumed_on_two_ranks_from_the_description(sides: str, wholes: dict[str, Path], tmp_path: Path) -> None:
    with signal_after(5):
        ended = run_case(load_case(write_case(tmp_path), SIDES[sides]), tmp_path / "out", quiet=True)
    assert ended.end.kind == "interrupted"
    with zipfile.ZipFile(tmp_path / "out" / "checkpoint" / "mesh.npz") as file:
        assert {"values/bricks.x.npy", "values/bricks.z.npy"} < set(file.namelist())
    cellfem("resume", tmp_path / "out", "-n", 2, "--quiet")
    assert_alike(whole(sides, wholes), read_records(tmp_path / "out" / "records.csv"), least=STEPS)


@pytest.mark.slow
def test_checkpoints_with_the_whole_mesh_are_still_taken_up(
    wholes: dict[str, Path], from_rank_0: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Numbers of nodes and cells are the same, so that states of either way fit the other's mesh
    too."""
    with signal_after(5):
        ended = run_case(load_case(write_case(tmp_path), SIDES["mirror"]), tmp_path / "out", quiet=True)
    assert ended.end.kind == "interrupted"
    with zipfile.ZipFile(tmp_path / "out" / "checkpoint" / "mesh.npz") as file:
        assert "points.npy" in file.namelist()
    with signal_after(7):
        assert resume_run(tmp_path / "out", quiet=True).end.kind == "interrupted"
    monkeypatch.setattr(execute, "mesh_of", lambda folder, point: source_of(load_case(folder / "case.resolved.toml")))
    assert resume_run(tmp_path / "out", quiet=True).end.kind == "done"
    assert_alike(whole("mirror", wholes), read_records(tmp_path / "out" / "records.csv"), least=STEPS)


def test_many_bricks_are_never_in_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the run nor its checkpoint makes the whole mesh, and the run says that it writes no
    file of it."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the whole mesh was made")

    case = load_case(write_case(tmp_path), (*SIDES["mirror"], "protocol.0.duration=0.5 s"))
    run_case(case, tmp_path / "out", quiet=True)
    assert (tmp_path / "out" / "mesh.msh").exists()  # of an earlier run
    monkeypatch.setattr(prepare, "WHOLE", 100)
    monkeypatch.setattr(solid, "assemble_with", never)
    assert run_case(case, tmp_path / "out", quiet=True).end.kind == "done"
    assert not (tmp_path / "out" / "mesh.msh").exists()
    assert "no mesh.msh" in (tmp_path / "out" / "log.txt").read_text(encoding="utf-8")


def test_a_thousand_million_unknowns_are_counted_at_once(tmp_path: Path) -> None:
    case = load_case(write_case(tmp_path), (*SIDES["mirror"], "mesh.near=0.0125 um", "mesh.far=0.025 um"))
    source = source_of(case)
    assert unknowns(source, False) > 1e9
