"""Heights from files: text, arrays and files of instruments, read as they are meant or refused with
the reason."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellfem.geometry.heights import read_measured
from cellfem.geometry.measured_face import MeasuredHeights, levelled, line_of, statistics_of
from cellfem.geometry.roughness import RoughnessError
from cellfem.geometry.scattered_points import gridded
from cellfem.runner.prepare import MUCH_MISSING
from cellfem.runner.surface import read_surface, report
from tests.support.rough_maps import rough_map

Floats = NDArray[np.float64]
LIBRARY = "SurfaceTopography (cellfem[surface]) is not installed"


def test_plain_numbers_round_trip(tmp_path: Path) -> None:
    surface = rough_map()
    np.save(tmp_path / "map.npy", surface.heights * 1e3)
    np.savetxt(tmp_path / "map.txt", surface.heights.T * 1e3, header="nm")
    line = line_of(surface, 3.2)
    np.savetxt(tmp_path / "line.csv", np.column_stack([line.x, line.heights])[::-1] * 1e3, delimiter=",")
    np.savetxt(tmp_path / "heights.dat", line.heights * 1e3)
    for name in ("map.npy", "map.txt"):
        found = read_measured(tmp_path / name, "nm", 0.5)
        assert found.heights == pytest.approx(surface.heights, abs=1e-12)
        assert (found.x == surface.x).all()
        assert (found.y == surface.y).all()
    for name, spacing in (("line.csv", None), ("heights.dat", 0.5)):
        found = read_measured(tmp_path / name, "nm", spacing)
        assert not found.is_map
        assert found.x == pytest.approx(line.x, abs=1e-12)
        assert found.heights == pytest.approx(line.heights, abs=1e-12)


def test_missing_points_are_interpolated_along_x(tmp_path: Path) -> None:
    heights = 0.1 * np.arange(20.0)
    heights[[4, 5, 11]] = np.nan
    np.save(tmp_path / "line.npy", heights)
    found = read_measured(tmp_path / "line.npy", "um", 1.0)
    assert found.heights == pytest.approx(0.1 * np.arange(20.0))
    assert found.undefined == pytest.approx(0.15)


def test_files_of_instruments_by_the_library(tmp_path: Path) -> None:
    library = pytest.importorskip("SurfaceTopography", reason=LIBRARY)
    surface = rough_map()
    whole = library.Topography(surface.heights * 1e3, (20e3, 15e3), unit="nm")
    whole.to_netcdf(str(tmp_path / "map.nc"))
    found = read_measured(tmp_path / "map.nc")
    assert found.heights == pytest.approx(surface.heights, abs=1e-6)
    assert found.x == pytest.approx(surface.x, abs=1e-6)
    assert found.y == pytest.approx(surface.y, abs=1e-6)
    np.savetxt(tmp_path / "line.txt", np.column_stack([surface.x, surface.heights[:, 0]]))
    with pytest.raises(RoughnessError, match=r"roughness\.unit"):
        read_measured(tmp_path / "line.txt")
    for unit, spacing in (("um", None), (None, 1.0)):
        with pytest.raises(RoughnessError, match=f"roughness.{'unit' if unit else 'spacing'}"):
            read_measured(tmp_path / "map.nc", unit, spacing)
    (tmp_path / "note.txt").write_text("no heights at all")
    with pytest.raises(RoughnessError, match="SurfaceTopography cannot read it"):
        read_measured(tmp_path / "note.txt")


def test_without_the_library_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "scan.sur").write_bytes(b"0")
    with pytest.raises(RoughnessError, match=r'pip install "\.\[surface\]" in the clone'):
        read_measured(tmp_path / "scan.sur")


@pytest.mark.parametrize(
    ("text", "unit", "spacing", "message"),
    [
        ("1 2\n3 x\n", "um", None, '"x" in the column "column 2" is not a number'),
        ("1\n2\n3\n", "um", None, r"roughness\.spacing"),
        ("", "um", None, "empty"),
        ("0 1\n1 2\n1 3\n", "um", None, "with increasing coordinates"),
        ("1\n2\n3\n", None, 1.0, r"give roughness\.unit"),
        ("0 1\n1 2\n2 3\n", "um", 3.0, r"1 µm apart by its own coordinates, and roughness\.spacing is 3 µm"),
        ("x (um),z (nm)\n0,1\n1,2\n2,3\n", "um", None, r"gives the unit nm itself, and roughness\.unit is um"),
        ("x (um),z (nm),height (nm)\n0,1,1\n1,2,1\n2,3,1\n", None, None, 'columns that may be z: "z .nm.", "height .nm."'),
        ("0 1 2 3\n0 1 2 3\n", "um", 1.0, "are they x and height"),
        ("0 1 2 3\n0 1 2 3\n0 1 2 3\n0 1 2\n", "um", 1.0, "line 4 has 3 cells"),
        ("0 1 2 3\n0 1 2 3\n0 1 2\n0 1 2 3\n0 1 2 3\n", "um", 1.0, "A blank between numbers is no empty cell"),
        ("# Channel: Phase\n# Value units: deg\n0 1 2 3\n", "um", 1.0, "values in deg, not heights"),
        (
            "# Width: 4 um\n# Value units: nm\n" + 4 * "0 1 2 3\n",
            None,
            2.0,
            r"a point spacing of 1 µm, and roughness\.spacing is 2 µm",
        ),
        ("0,05\n0,10\n0,20\n", "um", None, "may separate columns or be decimal marks"),
    ],
)
def test_bad_tables_are_told(tmp_path: Path, text: str, unit: str, spacing: float | None, message: str) -> None:
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(RoughnessError, match=message):
        read_measured(tmp_path / "bad.txt", unit, spacing)


# --- tables of heights


def test_empty_cells_are_missing_points_at_their_own_place(tmp_path: Path) -> None:
    heights = np.add.outer(0.1 * np.arange(12.0), 0.2 * np.arange(10.0))
    holes = heights.copy()
    holes[3, :4] = holes[8, 7] = holes[0, 2] = np.nan
    for separator in (",", ";", "\t"):
        lines = [separator.join("" if np.isnan(z) else f"{z:.3f}" for z in row) for row in holes.T]
        (tmp_path / "map.csv").write_text("\n".join(lines))
        found = read_measured(tmp_path / "map.csv", "um", 1.0)
        assert found.heights[1:] == pytest.approx(heights[1:])
        assert found.known is not None
        assert (found.known == np.isfinite(holes)).all()
        assert found.undefined == pytest.approx(6 / 120)


def points(count_x: int, count_y: int, step: float = 0.5) -> tuple[Floats, Floats]:
    """(N, 3) points and the heights (nx, ny) that they make."""
    x, y = step * np.arange(count_x), 0.3 + step * np.arange(count_y)
    heights = 0.1 * np.cos(x[:, None]) + 0.02 * np.sin(2 * y)
    return np.stack([*(axis.ravel() for axis in np.meshgrid(x, y, indexing="ij")), heights.ravel()], axis=1), heights


@pytest.mark.parametrize("how", ["by x", "by y", "shuffled", "jitter", "header", "npy", "commas"])
def test_points_on_a_grid_become_a_map(how: str, tmp_path: Path) -> None:
    """x, y and z columns are never taken for a map of three lines."""
    table, heights = points(30, 10)
    random = np.random.default_rng(4)
    if how != "by x":
        table = table[np.lexsort((table[:, 0], table[:, 1]))] if how == "by y" else random.permutation(table)
    if how == "jitter":
        table[:, :2] += random.uniform(-0.01, 0.01, (300, 2))
    path = tmp_path / ("points.npy" if how == "npy" else "points.xyz")
    if how == "npy":
        np.save(path, table)
    else:
        np.savetxt(path, table, header="z (nm)  x (um)  y (um)" if how == "header" else "", fmt="%.8f")
    if how == "header":
        np.savetxt(path, table[:, [2, 0, 1]] * [1e3, 1, 1], header="z (nm)  x (um)  y (um)")
    if how == "commas":
        path.write_text(path.read_text().replace(".", ",").replace(" ", ";"))
    found = read_measured(path, None if how == "header" else "um")
    assert found.heights == pytest.approx(heights, abs=1e-7)
    assert found.x == pytest.approx(0.5 * np.arange(30), abs=0.02)
    assert found.y == pytest.approx(0.5 * np.arange(10), abs=0.02)


def test_points_with_holes_and_points_on_no_grid() -> None:
    table, heights = points(30, 10)
    kept = np.ones(300, dtype=bool)
    kept[[0, 17, 155, 299]] = False
    kept[40:50] = False  # all of one x: the grid has a step of twice the size there
    _, _, found = gridded(*table[kept].T)
    assert (np.isnan(found.ravel()) == ~kept).all()
    assert found.ravel()[kept] == pytest.approx(heights.ravel()[kept])
    random = np.random.default_rng(1)
    with pytest.raises(RoughnessError, match="not on a grid"):
        gridded(*random.uniform(0, 10, (3, 400)))
    angle = 0.3
    turned = table[:, :2] @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    with pytest.raises(RoughnessError, match="not on a grid"):
        gridded(*turned.T, table[:, 2])
    with pytest.raises(RoughnessError, match="more than one point"):
        gridded(*np.concatenate([table, table[:1]]).T)
    x, y, z = gridded(np.array([2.0, 0.0, 1.0]), np.full(3, 7.0), np.array([3.0, 1.0, 2.0]))
    assert (x.tolist(), y.tolist(), z.tolist()) == ([0.0, 1.0, 2.0], [], [1.0, 2.0, 3.0])


def test_more_columns_beside_points_are_no_map(tmp_path: Path) -> None:
    table, _ = points(30, 10)
    np.savetxt(tmp_path / "points.txt", np.column_stack([table, np.full(300, 99.0)]))
    with pytest.raises(RoughnessError, match="looks like columns x, y, z with 1 more"):
        read_measured(tmp_path / "points.txt", "um", 1.0)
    np.save(tmp_path / "lying.npy", table.T)
    with pytest.raises(RoughnessError, match="transposed"):
        read_measured(tmp_path / "lying.npy", "um", 1.0)
    np.savetxt(tmp_path / "random.txt", np.random.default_rng(2).normal(size=(200, 6)))
    assert read_measured(tmp_path / "random.txt", "um", 1.0).heights.shape == (6, 200)


def test_a_line_is_a_line_however_it_lies(tmp_path: Path) -> None:
    heights = np.sin(np.arange(60.0))
    np.save(tmp_path / "column.npy", heights[:, None])
    np.save(tmp_path / "row.npy", heights[None])
    np.savetxt(tmp_path / "row.txt", heights[None])
    for name in ("column.npy", "row.npy", "row.txt"):
        found = read_measured(tmp_path / name, "um", 0.4)
        assert not found.is_map
        assert found.heights == pytest.approx(heights)


def test_the_head_of_gwyddions_export_tells_sizes_and_units(tmp_path: Path) -> None:
    heights = 1e-7 * np.cos(np.arange(20.0))[:, None] + 1e-8 * np.arange(10.0)
    head = "Channel: Height\nWidth: 10.0 µm\nHeight: 4.0 µm\nValue units: m"
    np.savetxt(tmp_path / "map.txt", heights.T, header=head, encoding="utf-8")
    found = read_measured(tmp_path / "map.txt")
    assert found.heights == pytest.approx(heights * 1e6)
    assert (found.x[1], found.y[1]) == (pytest.approx(0.5), pytest.approx(0.4))
    assert 'channel "Height"' in found.about
    with pytest.raises(RoughnessError, match=r"gives the unit m itself, and roughness\.unit is um"):
        read_measured(tmp_path / "map.txt", "um")


# --- what is not measured


def test_missing_points_have_no_say_in_plane_and_rms(tmp_path: Path) -> None:
    """A fifth of a rough map is missing: its numbers are those of the points there are, and a note
    says so."""
    random = np.random.default_rng(5)
    x, y = 0.5 * np.arange(60), 0.5 * np.arange(40)
    heights = 0.1 * random.normal(size=(60, 40)) + 0.05 * x[:, None]
    holes = heights.copy()
    holes[15:27] = np.nan
    np.save(tmp_path / "map.npy", holes)
    found = levelled(read_measured(tmp_path / "map.npy", "um", 0.5), "plane")
    there = np.r_[0:15, 27:60]
    alone = levelled(MeasuredHeights(x[there], y, heights[there]), "plane")
    assert found.heights[there] == pytest.approx(alone.heights, abs=1e-12)
    numbers = statistics_of(found, 0.0, found.length)
    assert numbers.rms == pytest.approx(float(np.std(alone.heights)), rel=1e-12)
    assert float(np.std(found.heights)) < 0.97 * numbers.rms
    reading = read_surface(tmp_path / "map.npy", ["roughness.unit=um", "roughness.spacing=0.5 um"])
    assert found.undefined == pytest.approx(0.2)
    assert found.undefined > MUCH_MISSING
    assert any("20.0 % of the points were not measured and are interpolated along x" in line for line in report(reading))


def test_the_rms_of_a_map_is_that_of_the_map(tmp_path: Path) -> None:
    """Lines of a map differ: one of them has 0.05, the whole 0.16 µm."""
    x, y = np.arange(64.0), np.arange(32.0)
    across = 0.05 + 0.2 * np.abs(y - 15.5) / 15.5
    heights = np.sqrt(2) * across * np.cos(2 * np.pi * x[:, None] / 8)
    np.save(tmp_path / "map.npy", heights)
    reading = read_surface(tmp_path / "map.npy", ["roughness.unit=um", "roughness.spacing=1 um"])
    assert reading.whole is not None
    assert reading.before is not None
    assert reading.whole.rms == pytest.approx(np.sqrt(np.mean(across**2)), rel=0.01)
    assert reading.before.rms < 0.4 * reading.whole.rms
    rows = {line[:16].strip(): line[16:].split() for line in report(reading)}
    assert rows["rms height"][0] == f"{reading.whole.rms:.4g}"


def test_a_flat_file_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "flat.npy", np.full(60, 1.234))
    with pytest.raises(RoughnessError, match="the face is flat"):
        read_surface(tmp_path / "flat.npy", ["roughness.unit=um", "roughness.spacing=1 um"])


# --- files of instruments


def gwyddion(path: Path, channels: dict[str, Floats], mask: Floats | None = None) -> None:
    """A .gwy file: "GWYP" and a container of data fields, maps (nx, ny) in m, 1 µm a point."""

    def item(name: str, kind: str, data: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + data

    def thing(name: str, data: bytes) -> bytes:
        return name.encode() + b"\0" + struct.pack("<I", len(data)) + data

    def field(values: Floats) -> bytes:
        nx, ny = values.shape
        unit = thing("GwySIUnit", item("unitstr", "s", b"m\0"))
        return thing(
            "GwyDataField",
            item("xres", "i", struct.pack("<i", nx))
            + item("yres", "i", struct.pack("<i", ny))
            + item("xreal", "d", struct.pack("<d", nx * 1e-6))
            + item("yreal", "d", struct.pack("<d", ny * 1e-6))
            + item("si_unit_xy", "o", unit)
            + item("si_unit_z", "o", unit)
            + item("data", "D", struct.pack("<I", nx * ny) + values.T.astype("<f8").tobytes()),
        )

    body = b""
    for k, (name, values) in enumerate(channels.items()):
        body += item(f"/{k}/data", "o", field(values)) + item(f"/{k}/data/title", "s", name.encode() + b"\0")
    if mask is not None:
        body += item("/0/mask", "o", field(mask))
    path.write_bytes(b"GWYP" + thing("GwyContainer", body))


def test_channels_and_masks_of_an_afm_file(tmp_path: Path) -> None:
    pytest.importorskip("SurfaceTopography", reason=LIBRARY)
    random = np.random.default_rng(7)
    forward, backward = 1e-7 * random.normal(size=(2, 20, 16))
    mask = np.zeros((20, 16))
    mask[5:9, :12] = 1.0
    gwyddion(tmp_path / "scan.gwy", {"Height": forward, "Height (Backward)": backward}, mask)
    first = read_measured(tmp_path / "scan.gwy")
    assert first.undefined == pytest.approx(48 / 320)
    assert first.heights[mask == 0] == pytest.approx(1e6 * forward[mask == 0])
    assert 'channel 0 "Height" (others: 1 "Height (Backward)")' in first.about
    for channel in ("Height (Backward)", "1"):
        second = read_measured(tmp_path / "scan.gwy", channel=channel)
        assert second.heights == pytest.approx(1e6 * backward)
    with pytest.raises(RoughnessError, match=r'has no channel Phase; it has 0 "Height", 1 "Height .Backward."'):
        read_measured(tmp_path / "scan.gwy", channel="Phase")
    reading = read_surface(tmp_path / "scan.gwy", ["roughness.channel=1"])
    assert any('channel 1 "Height (Backward)"' in line for line in report(reading))


def test_a_file_that_no_reader_knows_is_no_terrain(tmp_path: Path) -> None:
    """The library takes any file of 2 n² bytes for a map of the shuttle's radar mission."""
    pytest.importorskip("SurfaceTopography", reason=LIBRARY)
    np.arange(256.0).tofile(tmp_path / "heights.raw")
    with pytest.raises(RoughnessError, match="no reader of SurfaceTopography recognises it"):
        read_measured(tmp_path / "heights.raw", "um", 1.0)


def test_units_that_the_library_does_not_know_are_told_or_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As surfalize writes µm into .sur files: two bytes where the format has one."""
    pytest.importorskip("SurfaceTopography", reason=LIBRARY)
    from SurfaceTopography.IO.Reader import ChannelInfo

    gwyddion(tmp_path / "scan.gwy", {"Height": 0.1 * np.add.outer(np.arange(20.0), np.arange(16.0))})
    for unit, length in (("Âµm", 19.0), ("stones", None)):
        monkeypatch.setattr(ChannelInfo, "unit", property(lambda _, unit=unit: unit))
        if length is None:
            with pytest.raises(RoughnessError, match=r"is in stones, which is not a length|cannot read it"):
                read_measured(tmp_path / "scan.gwy")
        else:
            assert read_measured(tmp_path / "scan.gwy").length == pytest.approx(length * 1e-6)
