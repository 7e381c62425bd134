"""Folders that hold more than results: nothing of the user's is lost, by whichever command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem.campaign.grid import Grid, grid_points, parse_axis
from cellfem.campaign.sweep_points import only_sweep, run_points
from cellfem.case import load_case
from cellfem.cli import app
from cellfem.cluster.status import is_run
from cellfem.geometry import MeshError, read_mesh
from cellfem.output.records import read_records
from cellfem.results import FolderError, adding
from cellfem.results.lock import locked
from cellfem.results.manifest import MARK, listed
from cellfem.runner import run_case
from tests.system.small import TEXT, settings, write_case

SHORT = ("protocol.0.duration=1 s", "numerics.dt_initial=1 s")


def call(*words: object, code: int) -> str:
    """What a command says, in this process."""
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run, in `out` beside its case."""
    folder = tmp_path_factory.mktemp("ran")
    assert run_case(load_case(write_case(folder), SHORT), folder / "out", quiet=True).end.kind == "done"
    return folder


@pytest.fixture
def results(ran: Path, tmp_path: Path) -> Path:
    """A copy of it, with files of the user's."""
    shutil.copytree(ran / "out", tmp_path / "out")
    write_case(tmp_path)
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "out" / "checkpoint").mkdir()
    (tmp_path / "out" / "checkpoint" / "model_epoch_10.pt").write_text("w", encoding="utf-8")
    (tmp_path / "out" / "fields" / "of_mine_00001_0.vtu").write_text("v", encoding="utf-8")
    return tmp_path / "out"


FOREIGN = {"notes.txt", "checkpoint/model_epoch_10.pt", "fields/of_mine_00001_0.vtu"}


def test_list_is_that_of_the_files(ran: Path) -> None:
    assert listed(ran / "out") >= set(bytes_of(ran / "out")) - {MARK}
    left = listed(ran / "out") - set(bytes_of(ran / "out"))
    assert {name for name in left if not name.startswith("checkpoint/")} <= {"progress.json"}


def test_next_run_replaces_the_last_one_alone(results: Path) -> None:
    """What is in the way of its own names is refused first."""
    refused = call("run", results.parent / "small.toml", "--out", results, *settings(*SHORT), code=2)
    assert "of_mine_00001_0.vtu: would be overwritten by cellfem run" in refused
    (results / "fields" / "of_mine_00001_0.vtu").rename(results / "fields" / "of_mine.vtu")
    stale = results / "opening.csv"
    before = stale.stat().st_ino
    case = load_case(results.parent / "small.toml", (*SHORT, "protocol.0.pressure=1 MPa"))
    assert run_case(case, results, quiet=True).end.kind == "done"
    assert read_records(results / "records.csv")[-1]["pressure_MPa"] == pytest.approx(1.0)
    assert stale.stat().st_ino != before
    assert (results / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (results / "checkpoint" / "model_epoch_10.pt").read_text(encoding="utf-8") == "w"
    assert (results / "fields" / "of_mine.vtu").read_text(encoding="utf-8") == "v"
    assert not list(results.glob(".*")), "nothing is left aside"


def test_refused_run_relabels_nothing(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another case with a mesh that cannot be read, into old results and into a new folder."""
    (results / "fields" / "of_mine_00001_0.vtu").unlink()
    before, case = bytes_of(results), results.parent / "bad.toml"
    (results.parent / "bad.msh").write_text("junk", encoding="utf-8")
    case.write_text(TEXT.replace("[mesh]", '[mesh]\nfile = "bad.msh"'), encoding="utf-8")
    for out in (results, results.parent / "new" / "out"):
        assert "bad.msh: cannot be read" in call("run", case, "--out", out, code=2)

    def fails(*_: object) -> None:
        raise MeshError("gmsh has made no mesh")

    monkeypatch.setattr("cellfem.runner.execute.source_of", fails)
    for out in (results, results.parent / "new" / "out"):
        assert "no mesh" in call("run", results.parent / "small.toml", "--out", out, code=2)
    assert bytes_of(results) == before
    assert not (results.parent / "new").exists()
    (results.parent / "left").mkdir()
    shutil.copy(results / "case.resolved.toml", results.parent / "left")
    assert is_run(results)
    assert not is_run(results.parent / "left"), "what an older cellfem left of a refused run"
    assert "contains no run and no sweep" in call("status", results.parent / "left", code=2)


def test_start_that_fails_brings_old_results_back(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (results / "fields" / "of_mine_00001_0.vtu").unlink()
    before = bytes_of(results)

    def fails(*_: object) -> None:
        assert not (results / "summary.json").exists(), "the old summary must not stand beside the new case"
        raise MemoryError

    monkeypatch.setattr("cellfem.solver.engine.Engine.start", fails)
    with pytest.raises(MemoryError):
        run_case(load_case(results.parent / "small.toml", SHORT), results, quiet=True)
    after = bytes_of(results)
    assert before.pop(MARK) != after.pop(MARK), "only names that were never written have gone from the list"
    assert after == before
    assert listed(results) >= set(after) - FOREIGN


@pytest.mark.parametrize(
    ("key", "name"), [("measured", "records.csv"), ("mesh", "mesh.msh"), ("roughness", "case.resolved.toml"), ("", "")]
)
def test_no_output_is_an_input(key: str, name: str, results: Path) -> None:
    """By its name in the folder of the results, by a link, and where the folder of the results is
    that of the input."""
    (results / "fields" / "of_mine_00001_0.vtu").unlink()
    case, what = results.parent / "small.toml", f"{key}.file" if key else "the case"
    if not key:
        case = results / "case.resolved.toml"
    elif key == "measured":
        (results / name).write_text("time (s),voltage (mV)\n0,1\n1,2\n", encoding="utf-8")
    before, kind = bytes_of(results), 'kind = "file"\n' if key == "roughness" else ""
    if key == "mesh":
        case.write_text(TEXT.replace("[mesh]\n", f'[mesh]\nfile = "out/{name}"\n'), encoding="utf-8")
    elif key:
        text = TEXT.replace("0.7 um", "0.3 um")
        case.write_text(f'{text}\n[{key}]\n{kind}file = "out/{name}"\n', encoding="utf-8")
    for more in ((), ("--replace",)):
        said = call("run", case, "--out", results, *more, code=2)
        assert f"{what}: " in said
        assert "is read, and would be overwritten by the results in" in said
    assert bytes_of(results) == before


def test_single_files(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    heights, mine = tmp_path / "heights.txt", tmp_path / "mine.png"
    heights.write_text("".join(f"{k} {0.05 * (k % 3)}\n" for k in range(40)), encoding="utf-8")
    mine.write_text("mine", encoding="utf-8")
    unit = settings("roughness.unit=um")
    assert "the case: " in call("mesh", case, "--out", case, code=2)
    assert "the file of heights: " in call("surface", heights, "--out", heights, *unit, code=2)
    for words in (("mesh", case), ("surface", heights, *unit)):
        assert "cellfem did not write it; give another --out, or --replace" in call(*words, "--out", mine, code=2)
        assert mine.read_text(encoding="utf-8") == "mine"
        for _ in range(2):  # its own is overwritten
            call(*words, "--out", tmp_path / f"{words[0]}.msh", code=0)
    call("surface", heights, "--out", mine, "--replace", *unit, code=0)
    assert mine.read_bytes().startswith(b"\x89PNG")
    assert case.read_text(encoding="utf-8") == TEXT
    assert read_mesh(tmp_path / "mesh.msh").width == pytest.approx(10.0), "the sign at its end disturbs no reader"


def test_sweep_leaves_a_run_at_work_alone(results: Path) -> None:
    """The folder of a point is locked: neither records nor summary are touched, and nothing is
    started."""
    (results / "fields" / "of_mine_00001_0.vtu").unlink()
    out = results.parent / "map"
    plan = Grid(results.parent / "small.toml", SHORT, (parse_axis("pressure=0.8 MPa"),))
    (point,) = grid_points(plan)
    shutil.copytree(results, out / point.name)
    before = bytes_of(out / point.name)
    with locked(out / point.name), adding(out, "sweep", [".lock"], anywhere=True), only_sweep(out) as lock:
        (outcome,) = run_points(plan, [point], out, 1, lock, lambda: False)
        assert outcome.verdict == "failed"
        assert "another run is using this folder" in outcome.end
    assert bytes_of(out / point.name) == before


def test_sweep_refuses_folders_of_others(results: Path) -> None:
    case, grid = results.parent / "small.toml", ("--grid", "pressure=0.4,0.8 MPa")
    (results.parent / "mine").mkdir()
    (results.parent / "mine" / "map.csv").write_text("mine", encoding="utf-8")
    said = call("sweep", case, "--out", results.parent / "mine", *grid, code=2)
    assert "holds files that cellfem did not write (map.csv)" in said
    out = results.parent / "map"
    (out / "pressure=0.8MPa").mkdir(parents=True)
    (out / "pressure=0.8MPa" / "thesis.tex").write_text("mine", encoding="utf-8")
    with adding(out, "sweep", [], anywhere=True):
        pass
    assert "thesis.tex" in call("sweep", case, "--out", out, *grid, code=2)
    assert not (out / "pressure=0.4MPa").exists(), "all folders are looked at before anything is run"


def test_results_without_a_list_are_resumed_and_replaced_on_request(ran: Path, tmp_path: Path) -> None:
    """Those of a cellfem that kept none."""
    out = tmp_path / "out"
    shutil.copytree(ran / "out", out)
    (out / MARK).unlink()
    case = load_case(write_case(tmp_path), SHORT)
    with pytest.raises(FolderError, match=r"holds results of an older cellfem.*--replace"):
        run_case(case, out, quiet=True)
    assert run_case(case, out, quiet=True, replace=True).end.kind == "done"
    assert listed(out) >= set(bytes_of(out)) - {MARK}


def test_overlay_adds_to_the_list_or_is_refused(results: Path) -> None:
    curve = results.parent / "curve.csv"
    curve.write_text("time (s),voltage (mV)\n0,20\n1,21\n", encoding="utf-8")
    call("overlay", results, curve, code=0)
    assert {"measured.png", "measured.json"} <= listed(results)
    call("overlay", results, curve, code=0)
    own = results / "measured.json"
    own.write_text(curve.read_text(encoding="utf-8"), encoding="utf-8")
    assert "the curve: " in call("overlay", results, own, code=2)
    assert own.read_text(encoding="utf-8") == curve.read_text(encoding="utf-8")


def test_submit_holds_a_folder_to_its_case(tmp_path: Path) -> None:
    words = ("submit", write_case(tmp_path), "--out", tmp_path / "job", "--time", "10 min", "--dry")
    for _ in range(2):
        call(*words, code=0)
    other = settings("protocol.0.pressure=1 MPa")
    said = call(*words, *other, code=2)
    assert "holds a job or results of another case (protocol.0.pressure: was '0.8 MPa', is '1 MPa')" in said
    script = (tmp_path / "job" / "job.sh").read_text(encoding="utf-8")
    call(*words, *other, "--replace", code=0)
    assert (tmp_path / "job" / "job.sh").read_text(encoding="utf-8") != script
    assert load_case(tmp_path / "job" / "job.case.toml").steps[0].step.pressure == pytest.approx(1.0)
    with locked(tmp_path / "job"):
        assert "a run is using this folder" in call(*words, *other, "--replace", code=2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "job.sh").write_text("mine", encoding="utf-8")
    mine = ("submit", tmp_path / "small.toml", "--out", tmp_path / "mine", "--time", "10 min", "--dry")
    assert "holds files that cellfem did not write" in call(*mine, code=2)
    assert "job.sh: would be overwritten" in call(*mine, "--replace", code=2)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--out", "job\ntouch PWNED"), "--out: holds the control character"),
        (("--image", "x\n.sif"), "--image: holds the control character"),
        (("--setup", "module load a\ntouch PWNED"), "--setup: holds the control character"),
        (("--account", "a b"), "--account a b: may contain only letters"),
        (("--partition", "a#b"), "--partition a#b: may contain only letters"),
        (("--option", "touch PWNED"), '--option touch PWNED: is not an option of slurm; it begins with "#SBATCH "'),
        (("--option", "#SBATCH --mem=8G\ntouch PWNED"), "--option: holds the control character"),
        (("--out", "a:b", "--image", "x.sif"), "apptainer --bind interprets : and ,"),
        (("--out", "a\\b"), "interprets a backslash in the name of a log"),
    ],
)
def test_submit_refuses_what_would_be_more_than_a_name(
    words: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = () if "--out" in words else ("--out", "job")
    assert why in call("submit", write_case(tmp_path), *out, "--time", "10 min", "--dry", *words, code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["small.toml"]
