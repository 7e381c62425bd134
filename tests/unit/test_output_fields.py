"""ParaView files and pictures from made-up snapshots of a stack with a lens, a thin gap and a
resistive patch."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import Normalize
from matplotlib.image import imread
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataAssembly, vtkPartitionedDataSet, vtkPartitionedDataSetCollection
from vtkmodules.vtkIOXML import vtkXMLPUnstructuredGridReader

from cellfem.observe.arrays import Array, Block, Profile, Snapshot, merge_snapshots
from cellfem.output import rendering, stack_picture
from cellfem.output.paraview import Series
from cellfem.output.pictures import Scene, draw_history, draw_interface, draw_stack
from cellfem.output.rendering import Layer, Window, off_screen_backend, render
from cellfem.output.stack_panels import patch_spans
from cellfem.output.vtkhdf import part_names

WIDTH, HEIGHT = 25.0, 20.0


def gap_at(x: Array, time_s: float) -> Array:
    """A lens that is swallowed within an hour, and a thin gap beside the patch at 15–20 µm that
    opens meanwhile."""
    done = time_s / 3600
    lens = np.maximum((1 - done) * (1 - (x / 5.0) ** 2), 0.0)
    thin = 0.08 * done * np.exp(-(((x - 13.0) / 1.2) ** 2)) + 0.05 * done * np.exp(-(((x - 21.5) / 1.0) ** 2))
    return 0.005 + lens + thin


def profile_at(time_s: float) -> Profile:
    x = np.linspace(0.0, WIDTH, 126)
    gap = gap_at(x, time_s)
    asr = np.where(np.abs(x - 17.5) < 2.5, 1000.0, 10.0)
    contact = np.where(gap < 0.03, 0.95, 0.0)
    porosity = 0.18 * time_s / 3600 * (1 - 0.5 * np.cos(x / 3))
    carrying = contact * np.maximum(1 - porosity / 0.2, 0.05)
    current = carrying / asr
    weight = np.full_like(x, x[1])
    weight[[0, -1]] /= 2
    current *= 0.5 * WIDTH / np.sum(weight * current)
    return Profile(x, weight, gap, contact, carrying, current, 1e3 * current * 0.01, contact * 0.4, porosity, asr)


def grid(nx: int, ny: int, bottom: Array, top: Array) -> tuple[Array, NDArray[np.int64]]:
    """Quadratic triangles (nx*ny squares, two each) between two heights over x: points and
    cells."""
    x = np.linspace(0.0, WIDTH, 2 * nx + 1)
    s = np.linspace(0.0, 1.0, 2 * ny + 1) ** 1.5
    low, high = np.interp(x, x, bottom), np.interp(x, x, top)
    points = np.array([[x[i], low[i] + s[j] * (high[i] - low[i]), 0.0] for j in range(2 * ny + 1) for i in range(2 * nx + 1)])

    def node(i: int, j: int) -> int:
        return j * (2 * nx + 1) + i

    cells = []
    for j in range(0, 2 * ny, 2):
        for i in range(0, 2 * nx, 2):
            cells.append([node(i + a, j + b) for a, b in ((0, 0), (2, 0), (2, 2), (1, 0), (2, 1), (1, 1))])
            cells.append([node(i + a, j + b) for a, b in ((0, 0), (2, 2), (0, 2), (1, 1), (1, 2), (0, 1))])
    return points, np.array(cells, dtype=np.int64)


def snapshot_at(time_s: float, nx: int = 40, ny: int = 16) -> Snapshot:
    x = np.linspace(0.0, WIDTH, 2 * nx + 1)
    gap, profile = gap_at(x, time_s), profile_at(time_s)
    lithium, triangles = grid(nx, ny, gap, np.full_like(x, HEIGHT - time_s / 3600 * 2.4))
    near = np.interp(lithium[:, 0], profile.x_um, profile.contact) * np.exp(-lithium[:, 1] / 4)
    creep = 1e-9 + 1e-4 * near**6 * (1.1 + np.sin(lithium[:, 0]))
    ceramic, below = grid(nx, ny, np.zeros_like(x), np.full_like(x, -HEIGHT))
    below = below[:, [0, 2, 1, 5, 4, 3]]  # downwards: turn the cells so that they stay counter-clockwise
    share = np.exp(ceramic[:, 1] / 5)
    down = -0.5 * (1 - share) - share * np.interp(ceramic[:, 0], profile.x_um, profile.current_mA_cm2)
    face = np.column_stack((x, np.zeros((len(x), 2))))
    lines = np.array([[i, i + 2, i + 1] for i in range(0, 2 * nx, 2)], dtype=np.int64)
    columns = np.flatnonzero((gap[:-1] > 0.03) & (gap[1:] > 0.03))
    hollow = np.concatenate((face, np.column_stack((x, gap, 0 * x))))
    quads = np.column_stack((columns, columns + 1, columns + 1 + len(x), columns + len(x))).astype(np.int64)
    on_face = {name: np.interp(x, profile.x_um, getattr(profile, name)) for name in ("contact", "carrying", "current_mA_cm2")}
    return Snapshot(
        time_s,
        {
            "lithium": Block(
                lithium,
                triangles,
                22,
                {"velocity_um_s": np.zeros_like(lithium), "pressure_MPa": near, "creep_rate_1_s": creep},
            ),
            "void": Block(hollow, quads, 9, {"gap_um": np.concatenate((gap, gap))}),
            "LLZO": Block(
                ceramic,
                below,
                22,
                {"potential_mV": ceramic[:, 1], "current_density_mA_cm2": np.column_stack((0 * down, down, 0 * down))},
            ),
            "interface": Block(face, lines, 21, {"gap_um": gap, **on_face}),
        },
    )


def nothing_of(snapshot: Snapshot) -> Snapshot:
    """The piece of a rank that owns no cells."""
    return Snapshot(
        snapshot.time_s,
        {
            part: Block(block.points[:0], block.cells[:0], block.cell_type, {k: v[:0] for k, v in block.point_data.items()})
            for part, block in snapshot.blocks.items()
        },
    )


def read(path: Path) -> Any:
    reader = vtkXMLPUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def test_series_reads_back(tmp_path: Path) -> None:
    series = Series(tmp_path, "strip")
    for time_s in (0.0, 1800.0):
        series.write(snapshot_at(time_s))
    text = series.path.read_text()
    assert text.count("<DataSet") == 8
    assert 'timestep="1800.0" part="2" name="LLZO" file="fields/LLZO_00001.pvtu"' in text
    block = snapshot_at(1800.0).blocks["LLZO"]
    back = read(tmp_path / "fields" / "LLZO_00001.pvtu")
    assert (back.GetNumberOfPoints(), back.GetNumberOfCells()) == (len(block.points), len(block.cells))
    assert back.GetCellType(0) == 22
    np.testing.assert_array_equal(vtk_to_numpy(back.GetPoints().GetData()), block.points)
    current = vtk_to_numpy(back.GetPointData().GetArray("current_density_mA_cm2"))
    np.testing.assert_allclose(current, block.point_data["current_density_mA_cm2"], rtol=1e-6)


def test_pieces_hold_no_appended_data(tmp_path: Path) -> None:
    """ParaView 5.11 cannot read it beside a new expat."""
    Series(tmp_path, "strip").write(snapshot_at(0.0))
    pieces = list((tmp_path / "fields").glob("*.vtu"))
    assert len(pieces) == 4
    for piece in pieces:
        text = piece.read_text(encoding="ascii")
        assert "AppendedData" not in text
        assert 'format="binary"' in text


def test_pieces_of_ranks_one_of_them_empty(tmp_path: Path) -> None:
    whole = snapshot_at(900.0)
    Series(tmp_path, "strip", rank=1, size=2, allgather=lambda value: [None, value]).write(nothing_of(whole))
    series = Series(tmp_path, "strip", rank=0, size=2, allgather=lambda value: [value, None])
    series.write(whole)
    for part, block in whole.blocks.items():
        back = read(tmp_path / "fields" / f"{part}_00000.pvtu")
        assert back.GetNumberOfCells() == len(block.cells)
        fields = back.GetPointData()
        assert {fields.GetArrayName(k) for k in range(fields.GetNumberOfArrays())} == set(block.point_data)
    merged = merge_snapshots([nothing_of(whole), whole])
    np.testing.assert_array_equal(merged.blocks["lithium"].cells, whole.blocks["lithium"].cells)


def test_merged_pieces_keep_their_own_nodes() -> None:
    piece = snapshot_at(0.0)
    block, both = piece.blocks["lithium"], merge_snapshots([piece, piece]).blocks["lithium"]
    np.testing.assert_array_equal(both.points[both.cells[len(block.cells) :]], block.points[block.cells])
    assert both.cells.max() == 2 * len(block.points) - 1


def test_failure_on_another_rank_is_raised_here_and_leaves_the_list_alone(tmp_path: Path) -> None:
    series = Series(tmp_path, "strip", rank=0, size=2, allgather=lambda value: [value, "disk full"])
    with pytest.raises(OSError, match="disk full"):
        series.write(snapshot_at(0.0))
    assert not series.path.exists()


def test_writing_is_cheap(tmp_path: Path) -> None:
    series, snapshot = Series(tmp_path, "strip"), snapshot_at(900.0)
    seconds = []
    for _ in range(4):
        start = time.process_time()
        series.write(snapshot)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.1
    assert sum(len(block.cells) for block in snapshot.blocks.values()) > 2500


def scene(time_s: float) -> Scene:
    return Scene(snapshot_at(time_s), profile_at(time_s))


def assert_picture(path: Path, width_in: float) -> None:
    image = imread(path)
    assert image.shape[1] == round(200 * width_in)
    assert path.stat().st_size < 1_000_000
    assert len(np.unique(image[..., 0])) > 50, "the picture is empty"


@pytest.mark.skipif(off_screen_backend() is None, reason="no off-screen OpenGL")
def test_rendered_stack_has_its_blocks_and_an_empty_void_in_the_right_places() -> None:
    snapshot = snapshot_at(0.0)
    window = Window((0.0, WIDTH), (-2.0, 2.0))
    parts = [snapshot.blocks["lithium"], snapshot.blocks["LLZO"]]
    layers = [
        Layer(part, np.full(len(part.points), value), Normalize(0, 1), matplotlib.colormaps["viridis"])
        for part, value in zip(parts, (0.0, 1.0), strict=True)
    ]
    image = render(layers, window, (500, 400))  # stretched: 20 and 100 pixels per µm
    assert image.shape == (400, 500, 3)

    def colour(x: float, y: float) -> tuple[int, ...]:
        return tuple(int(c) for c in image[round((2.0 - y) * 100), round(x * 20)])

    assert colour(2.0, 0.3) == (255, 255, 255), "the lens is 0.84 µm deep here"
    assert np.abs(np.subtract(colour(2.0, 1.0), (68, 1, 84))).max() <= 2, "lithium above the lens"
    assert np.abs(np.subtract(colour(10.0, 0.3), (68, 1, 84))).max() <= 2, "lithium on the flat face"
    assert np.abs(np.subtract(colour(2.0, -0.3), (253, 231, 37))).max() <= 2, "LLZO"


def test_stack_picture_by_matplotlib_where_vtk_cannot_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_picture, "off_screen_backend", lambda: None)
    notes: list[str] = []
    draw_stack(tmp_path / "stack.png", scene(0.0), scene(3600.0), delta_um=0.01, title="made up", note=notes.append)
    assert_picture(tmp_path / "stack.png", 7.2)
    assert len(notes) == 1
    assert "matplotlib" in notes[0]


@pytest.mark.skipif(off_screen_backend() is None, reason="no off-screen OpenGL")
def test_stack_picture_by_pyvista(tmp_path: Path) -> None:
    notes: list[str] = []
    draw_stack(tmp_path / "stack.png", scene(0.0), scene(3600.0), delta_um=0.01, title="made up", note=notes.append)
    assert_picture(tmp_path / "stack.png", 7.2)
    assert notes == []


def test_probe_survives_the_crash_of_what_it_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert off_screen_backend.__wrapped__() is None


def test_curves(tmp_path: Path) -> None:
    rows = [
        {
            "time_s": t,
            "pressure_MPa": 0.4,
            "current_mA_cm2": 0.5,
            "contact_fraction": 0.9,
            "carrying_fraction": 0.5,
            "voltage_mV": t,
            "void_area_um2": 1.0,
            "gap_max_um": 0.3,
        }
        for t in (0.0, 100.0, 200.0)
    ]
    draw_history(tmp_path / "history.png", rows, half_pressure_MPa=0.02, title="made up", end="stop.voltage at 200 s")
    draw_history(tmp_path / "single.png", rows[:1], half_pressure_MPa=0.02)
    resistances = ("asr_small_signal_ohm_cm2", "asr_charge_transfer_ohm_cm2", "asr_constriction_ohm_cm2")
    pressed = [row | dict.fromkeys(resistances, 10.0) | {"current_mA_cm2": 0.0} for row in rows]
    draw_history(tmp_path / "pressed.png", pressed, half_pressure_MPa=0.02)
    draw_interface(tmp_path / "interface.png", scene(0.0), scene(3600.0), delta_um=0.01)
    for name in ("history", "single", "pressed", "interface"):
        assert_picture(tmp_path / f"{name}.png", 4.6)


def test_patches_and_contact_are_read_off_the_profile() -> None:
    (span,) = patch_spans(profile_at(0.0))
    assert span == pytest.approx((15.0, 20.0), abs=0.11)
    assert scene(0.0).contact_fraction == pytest.approx(0.95 * (1 - 4.94 / 25), abs=0.005)


@pytest.mark.parametrize("asr", [20.0, 1000.0, 1e5])
def test_patch_with_soft_edges_is_drawn_at_its_nominal_ones(asr: float) -> None:
    line = profile_at(0.0)
    x = line.x_um
    inside = [0.5 * (np.tanh((x - a) / 0.5) - np.tanh((x - b) / 0.5)) for a, b in ((-3.0, 3.0), (15.0, 20.0))]
    spans = patch_spans(replace(line, asr_ohm_cm2=10.0 + (asr - 10.0) * (inside[0] + 0.1 * inside[1])))
    assert np.array(spans) == pytest.approx(np.array([(0.0, 3.0), (15.0, 20.0)][: len(spans)]), abs=0.02)
    assert len(spans) == (1 if asr < 21 else 2), "a rise by less than a fifth is no patch"
    assert patch_spans(replace(line, asr_ohm_cm2=np.full_like(x, 10.0))) == []


def test_names_of_parts_are_read_off_the_tree_of_a_vtkhdf_file() -> None:
    """vtk 9.4.2 to 9.6.0 give the parts of a file that 9.7 wrote no names of their own."""
    parts, tree = vtkPartitionedDataSetCollection(), vtkDataAssembly()
    for k, name in enumerate(("lithium", "LLZO")):
        parts.SetPartitionedDataSet(k, vtkPartitionedDataSet())
        tree.AddDataSetIndex(tree.AddNode(name), k)
    assert part_names(parts) == {}
    parts.SetDataAssembly(tree)
    assert part_names(parts) == {"lithium": 0, "LLZO": 1}
