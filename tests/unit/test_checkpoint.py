"""Checkpoint files: what is put in comes out bit for bit, and nothing else is ever taken for a
checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import basix.ufl
import numpy as np
import pytest
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.checkpoint import CheckpointError
from cellfem.checkpoint.files import ArrayFile, read_about
from cellfem.checkpoint.numbering import leaves
from cellfem.checkpoint.registry import Registry, owned
from cellfem.checkpoint.serialization import from_plain, to_plain
from cellfem.checkpoint.store import Store
from dolfinx import fem, mesh

CELLS = {
    "triangle": lambda: mesh.create_unit_square(MPI.COMM_SELF, 5, 4),
    "quadrilateral": lambda: mesh.create_unit_square(MPI.COMM_SELF, 5, 4, mesh.CellType.quadrilateral),
    "tetrahedron": lambda: mesh.create_unit_cube(MPI.COMM_SELF, 3, 2, 2),
    "hexahedron": lambda: mesh.create_unit_cube(MPI.COMM_SELF, 3, 2, 2, mesh.CellType.hexahedron),
}


class AsPutIn:
    """Numbers of a mesh that was handed to dolfinx as it is."""

    def original_cells(self, grid: Any) -> Any:
        return np.asarray(grid.topology.original_cell_index, dtype=np.int64)

    def original_corners(self, grid: Any) -> Any:
        return np.asarray(grid.geometry.input_global_indices, dtype=np.int64)[grid.geometry.dofmaps[0]]


original = AsPutIn()


def taylor_hood(grid: Any) -> fem.FunctionSpace:
    cell, dim = grid.basix_cell(), grid.geometry.dim
    v = basix.ufl.element("Lagrange", cell, 2, shape=(dim,))
    p = basix.ufl.element("Lagrange", cell, 1)
    return fem.functionspace(grid, basix.ufl.mixed_element([v, p, p]))


def quadrature(grid: Any) -> fem.FunctionSpace:
    return fem.functionspace(grid, basix.ufl.quadrature_element(grid.basix_cell(), (3,), degree=4))


SPACES: dict[str, Callable[[Any], fem.FunctionSpace]] = {
    "P2-P1-P1": taylor_hood,
    "vector P1": lambda grid: fem.functionspace(grid, ("Lagrange", 1, (3,))),
    "P2": lambda grid: fem.functionspace(grid, ("Lagrange", 2)),
    "DG2": lambda grid: fem.functionspace(grid, ("DG", 2)),
    "quadrature": quadrature,
    "global": lambda grid: fem.functionspace(grid, basix.ufl.real_element(grid.basix_cell(), (2,))),
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_unknown_has_a_key_of_its_own(cell: str, space: str) -> None:
    chosen = SPACES[space](CELLS[cell]())
    parts = leaves(chosen, original)
    size = chosen.dofmap.index_map.size_local * chosen.dofmap.index_map_bs
    assert sorted(np.concatenate([part.places.ravel() for part in parts])) == list(range(size))
    for part in parts:
        assert len(np.unique(part.keys)) == len(part.keys)


def test_elements_that_keys_do_not_cover_are_refused() -> None:
    with pytest.raises(ValueError, match="several nodes on an edge"):
        leaves(fem.functionspace(CELLS["triangle"](), ("Lagrange", 3)), original)


@dataclass(frozen=True)
class Inner:
    name: str
    values: np.ndarray


@dataclass(frozen=True)
class Outer:
    inner: Inner | None
    pairs: tuple[tuple[str, float], ...]
    table: dict[str, float]
    more: tuple[Inner, ...] = ()
    known: frozenset[int] = frozenset()


def test_dataclasses_come_back_by_their_annotations() -> None:
    value = Outer(
        None, (("a", 0.1), ("b", float("nan"))), {"c": np.float64(1e-300)}, (Inner("x", np.arange(3.0)),), frozenset({3, 1})
    )
    back = from_plain(Outer, to_plain(value))
    assert (back.inner, back.table, back.pairs[0]) == (None, {"c": 1e-300}, ("a", 0.1))
    assert np.isnan(back.pairs[1][1])
    assert back.known == {1, 3}
    assert (back.more[0].name, back.more[0].values.tolist()) == ("x", [0.0, 1.0, 2.0])
    with pytest.raises(TypeError, match="cannot be written to a checkpoint"):
        to_plain({"a": object()})


def filled(grid: Any, seed: int) -> tuple[Registry, list[fem.Function], dict[str, Any]]:
    """A registry over two functions, a varying number of arrays, and plain values."""
    random = np.random.default_rng(seed)
    flow, points = taylor_hood(grid), quadrature(grid)
    functions = [fem.Function(flow), fem.Function(points), fem.Function(points)]
    for function in functions:
        function.x.array[:] = random.standard_normal(len(function.x.array))
    held: dict[str, Any] = {"rows": [random.standard_normal(len(owned(functions[0]))) for _ in range(seed)], "plain": seed / 3}
    registry = Registry()
    registry.declare_functions("functions", functions)
    registry.declare_field("rows", [functions[0].function_space], lambda: held["rows"], lambda rows: held.update(rows=rows))
    registry.declare_value("plain", lambda: {"x": held["plain"], "a": np.arange(4)}, lambda value: held.update(plain=value["x"]))
    return registry, functions, held


@pytest.mark.parametrize("count", [0, 3])
def test_what_is_written_is_read_bit_for_bit(count: int, tmp_path: Path) -> None:
    grid = CELLS["triangle"]()
    registry, functions, held = filled(grid, count)
    path = tmp_path / "one.npz"
    assert Store(registry, original, MPI.COMM_SELF).write(path, {"step": 7}) == ""
    assert read_about(path)["step"] == 7
    other, copies, got = filled(grid, count + 1)
    Store(other, original, MPI.COMM_SELF).read(path)
    assert all(np.array_equal(a.x.array, b.x.array) for a, b in zip(functions, copies))
    assert len(got["rows"]) == count
    assert all(np.array_equal(a, b) for a, b in zip(held["rows"], got["rows"]))
    assert got["plain"] == held["plain"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["one.npz"]
    assert np.load(path)["spaces/0.0"].dtype == np.int64, "numpy opens it"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "sound.npz"
    registry, _, _ = filled(CELLS["triangle"](), 1)
    Store(registry, original, MPI.COMM_SELF).write(path, {"step": 7})
    return path


def test_a_flipped_byte_anywhere_is_found_or_harmless(sound: Path, tmp_path: Path) -> None:
    """Of what a zip holds only dates, versions and attributes of its members are free to differ."""
    data, path = sound.read_bytes(), tmp_path / "flipped.npz"
    good = {name: array.tobytes() for name, array in np.load(sound).items() if hasattr(array, "tobytes")}
    places = np.random.default_rng(1).integers(0, len(data), 300)
    found = 0
    for place in (*places, *range(len(data) - 200, len(data))):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
        try:
            assert read_about(path)["step"] == 7
        except CheckpointError:
            found += 1
            continue
        assert {name: array.tobytes() for name, array in np.load(path).items() if hasattr(array, "tobytes")} == good
    assert found > 300


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_file_cut_short_is_refused(sound: Path, tmp_path: Path, share: float) -> None:
    path = tmp_path / "short.npz"
    path.write_bytes(sound.read_bytes()[: int(share * sound.stat().st_size)])
    with pytest.raises(CheckpointError, match="is damaged, cut short or no checkpoint"):
        read_about(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", a=np.arange(3))
    with pytest.raises(CheckpointError, match="no checkpoint of cellfem"):
        read_about(tmp_path / "other.npz")
    later = ArrayFile(tmp_path / "later.npz")
    later.json("about.json", {"format": "cellfem checkpoint 99"})
    assert later.finish() == ""
    with pytest.raises(CheckpointError, match="has the format 'cellfem checkpoint 99'"):
        read_about(tmp_path / "later.npz")
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        read_about(tmp_path / "none.npz")


def test_another_mesh_and_other_state_are_refused(sound: Path) -> None:
    registry, _, _ = filled(mesh.create_unit_square(MPI.COMM_SELF, 6, 4), 1)
    with pytest.raises(CheckpointError, match="was written on another mesh"):
        Store(registry, original, MPI.COMM_SELF).read(sound)
    registry, _, _ = filled(CELLS["triangle"](), 1)
    registry.declare_value("new", lambda: 1, lambda _: None)
    with pytest.raises(CheckpointError, match=r"missing values \['new'\]"):
        Store(registry, original, MPI.COMM_SELF).read(sound)


def test_a_disk_that_fails_leaves_the_file_that_was_there(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.npz"
    path.write_bytes(sound.read_bytes())
    registry, _, _ = filled(CELLS["triangle"](), 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "No space left on device" in Store(registry, original, MPI.COMM_SELF).write(path, {"step": 8})
    assert path.read_bytes() == sound.read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.npz"]


def test_a_name_is_declared_once() -> None:
    registry = Registry()
    registry.declare_value("a", lambda: 1, lambda _: None)
    with pytest.raises(ValueError, match="'a' is declared twice"):
        registry.declare_value("a", lambda: 2, lambda _: None)
