"""Scenes from made-up fields: the look, the script, pictures by pyvista and, where it is installed,
by ParaView."""

import ast
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from cellfem.case import parse_case, resolved_toml
from cellfem.cli import app
from cellfem.observe.arrays import Block, Snapshot
from cellfem.output.paraview import Series
from cellfem.output.rendering import off_screen_backend
from cellfem.output.vtkhdf import HdfSeries, read_file
from cellfem.scene.files import SceneError, field_files
from cellfem.scene.scene import paraview_command
from cellfem.scene.scene_spec import Kind, read_scene_spec
from tests.support.scene_grids import WIDTH, section

needs_graphics = pytest.mark.skipif(off_screen_backend() is None, reason="no off-screen OpenGL on this machine")
needs_paraview = pytest.mark.skipif(paraview_command() is None, reason="no pvbatch on the PATH")
KINDS: tuple[Kind, ...] = ("plane", "axisymmetric", "3d")


def swept(block: Block) -> Block:
    """A body from a section: height becomes z, swept along y into one layer of prisms, hexahedra or
    quadrilaterals."""
    n = len(block.points)
    front = block.points[:, [0, 2, 1]]
    back = front + np.array([0.0, 10.0, 0.0])
    order = block.cells[:, ::-1] if block.cell_type == 3 else block.cells
    cells = np.concatenate([block.cells, order + n], axis=1)
    body = {3: 9, 5: 13, 9: 12}[block.cell_type]
    data = {
        name: np.concatenate([v, v]) if v.ndim == 1 else np.concatenate([v, v])[:, [0, 2, 1]]
        for name, v in block.point_data.items()
    }
    return Block(np.concatenate([front, back]), cells, body, data)


def write_run(folder: Path, kind: Kind, series_type: type[Series] = Series) -> Path:
    """Two times of a run: stripping, then plating with an index of 0.6."""
    folder.mkdir(parents=True, exist_ok=True)
    step = {"mode": "plate", "current": "0.5 mA/cm^2", "duration": "1 h", "pressure": "0.4 MPa"}
    symmetry = "axisymmetric" if kind == "axisymmetric" else "plane"
    case = parse_case({"title": "A made-up run", "stack": {"symmetry": symmetry}, "protocol": [step]})
    (folder / "case.resolved.toml").write_text(resolved_toml(case), encoding="utf-8")
    series = series_type(folder, "cellfem")
    for time, index in ((0.0, 0.0), (60.0, 0.6)):
        blocks = section(index)
        series.write(Snapshot(time, {name: swept(block) for name, block in blocks.items()} if kind == "3d" else blocks))
    return folder


@pytest.mark.parametrize("series_type", [Series, HdfSeries])
@pytest.mark.parametrize("kind", KINDS)
def test_look(tmp_path: Path, kind: Kind, series_type: type[Series]) -> None:
    look = read_scene_spec(write_run(tmp_path, kind, series_type))
    assert (look.kind, look.title, look.times, look.shown) == (kind, "A made-up run", (0.0, 60.0), 60.0)
    assert look.series == ("cellfem.pvd" if series_type is Series else "cellfem.vtkhdf.series")
    assert look.high[0] == WIDTH
    assert look.creep == (1e-8, 1e-4)
    assert look.current_top == 1.0
    assert look.index_top == pytest.approx(0.7)
    assert look.open_gap == pytest.approx(0.03)
    if kind != "3d":  # 0.45 · 25/3.2 µm over the thin gap, 44: the shallower void is meant to be seen
        assert look.exaggeration == 20.0
        assert look.strip[1] - look.strip[0] == pytest.approx(WIDTH / 3.2 / 20)


def test_scale_bars_and_the_worst_place(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "plane")
    plated, stripped = read_scene_spec(folder), read_scene_spec(folder, 0.0)
    assert (plated.bar, plated.bar_up) == (5.0, 0.1)  # a quarter of 25 µm, two fifths of 0.39 µm, rounded down
    assert plated.worst == ((5.0, 0.0, 0.0), "largest dendrite index")
    assert stripped.worst == ((0.0, 0.0, 0.0), "deepest void")


def test_time_that_is_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "plane")
    (folder / "summary.json").write_text(json.dumps({"verdict": {"dendrite": {"time_s": 2.0}}}), encoding="utf-8")
    assert read_scene_spec(folder).shown == 60.0  # the first output from then on
    assert read_scene_spec(folder, 2.0).shown == 0.0
    assert read_scene_spec(folder, 50.0).shown == 60.0


@pytest.mark.parametrize(
    ("series_type", "share"), [(Series, 0.0), (Series, 0.4), (Series, 0.95), (Series, "flip"), (HdfSeries, 0.0), (HdfSeries, 0.4)]
)
def test_fields_that_were_cut_short_are_told_in_a_sentence(
    series_type: type[Series], share: float | str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path, "plane", series_type)
    path = folder / "fields" / ("lithium_00001_0.vtu" if series_type is Series else "cellfem_00001.vtkhdf")
    data = path.read_bytes()
    if isinstance(share, str):
        place = data.index(b"creep_rate_1_s") + 300
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    else:
        path.write_bytes(data[: int(share * len(data))])
    capfd.readouterr()
    with pytest.raises(SceneError, match=r"lithium_00001.pvtu: cannot be read|cellfem_00001.vtkhdf: cannot be read"):
        read_scene_spec(folder)
    assert "ERR" not in capfd.readouterr().err, "VTK's own words are not shown"
    done = CliRunner().invoke(app, ["render", str(folder)])
    assert done.exit_code == 2


def test_script_is_python_and_holds_the_look(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "plane")
    done = CliRunner().invoke(app, ["scene", str(folder)])
    assert done.exit_code == 0, done.output
    script = (folder / "scene.py").read_text(encoding="utf-8")
    tree = ast.parse(script)
    assert "@LOOK@" not in script
    imports = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imports == {"json", "os", "paraview", "sys"}  # ParaView's Python has no more


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["scene", str(tmp_path)])
    assert done.exit_code == 2
    assert "contains no readable fields" in done.output
    folder = write_run(tmp_path / "run", "plane")
    next((folder / "fields").glob("lithium_00001.pvtu")).unlink()
    with pytest.raises(SceneError, match="cannot be read"):
        read_scene_spec(folder)


def test_hdf_holds_one_file_per_output_and_all_parts(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "plane", HdfSeries)
    files = sorted(path.name for path in (folder / "fields").iterdir())
    assert files == ["cellfem_00000.vtkhdf", "cellfem_00001.vtkhdf"]
    grids = read_file(folder / "fields" / files[1])
    assert list(grids) == ["lithium", "void", "LLZO", "interface"]
    read = field_files(folder).read(60.0)["interface"]
    assert read.point_data["dendrite_index"].max() == pytest.approx(0.6)
    assert (folder / "fields" / files[1]).stat().st_size < 400_000


def test_few_writers_join_the_pieces_of_many_ranks(tmp_path: Path) -> None:
    """Two of four ranks write: half the files, all of the points."""
    halves = [Snapshot(0.0, section(0.1)), Snapshot(0.0, section(0.3))]
    for rank in (3, 2, 1, 0):  # the first lists, and so comes last
        leads = rank % 2 == 0
        gather = (lambda _: halves) if leads else (lambda _: None)
        Series(tmp_path, "cellfem", rank, 2, gather=gather, piece=rank // 2).write(halves[0])
    assert len(list((tmp_path / "fields").glob("*.vtu"))) == 2 * 4
    assert field_files(tmp_path).read(0.0)["interface"].n_points == 4 * 26


@needs_graphics
@pytest.mark.parametrize("kind", KINDS)
def test_pictures_by_pyvista(tmp_path: Path, kind: Kind) -> None:
    folder = write_run(tmp_path, kind)
    done = CliRunner().invoke(app, ["render", str(folder), *(["--animation"] if kind == "plane" else [])])
    assert done.exit_code == 0, done.output
    check_picture(folder / "render.png", kind)
    assert (folder / "render.gif").exists() == (kind == "plane")


@needs_paraview
@pytest.mark.parametrize(
    "kind", ["plane", pytest.param("axisymmetric", marks=pytest.mark.slow), pytest.param("3d", marks=pytest.mark.slow)]
)
def test_pictures_and_state_by_paraview(tmp_path: Path, kind: Kind) -> None:
    folder = write_run(tmp_path / "written", kind)
    done = CliRunner().invoke(app, ["scene", str(folder), "--run", "--animation"])
    assert done.exit_code == 0, done.output
    check_picture(folder / "scene.png", kind)
    assert [path.name for path in sorted((folder / "scene_frames").iterdir())] == ["scene_00000.png", "scene_00001.png"]
    assert "cellfem.pvd" in (folder / "scene.pvsm").read_text(encoding="utf-8")
    moved = Path(shutil.move(folder, tmp_path / "moved"))  # the script goes where the run goes
    (moved / "scene.png").unlink()
    assert CliRunner().invoke(app, ["scene", str(moved), "--run"]).exit_code == 0
    check_picture(moved / "scene.png", kind)
    if kind == "3d":  # an empty picture must not pass for one of the run
        next((moved / "fields").glob("lithium_00001_*.vtu")).write_text("damaged", encoding="ascii")
        done = subprocess.run([*(paraview_command() or []), moved / "scene.py"], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "ParaView could not read lithium of" in done.stderr


def check_picture(path: Path, kind: Kind) -> None:
    """Blue lithium above, yellow to red LLZO below it, a warm spot of the index, white around."""
    picture = imread(path)[..., :3]
    red, blue = picture[..., 0], picture[..., 2]
    upper = slice(0, int(0.6 * len(picture)))
    lithium, llzo = (blue > red + 0.15)[upper], (red > blue + 0.25)[upper]
    assert lithium.mean() > 0.03
    assert llzo.mean() > 0.03
    assert (picture.min(axis=2) > 0.99).mean() > 0.2
    if kind == "plane":
        rows = np.arange(upper.stop)[:, None]
        assert (rows * lithium).sum() / lithium.sum() < (rows * llzo).sum() / llzo.sum()
