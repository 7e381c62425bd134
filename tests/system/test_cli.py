"""What each command does, and what a run leaves behind."""

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cellfem as package
from cellfem.case import load_case
from cellfem.cli import app
from cellfem.geometry import read_mesh
from cellfem.output.records import read_records
from cellfem.quantities import record_columns
from cellfem.results.manifest import Manifest
from cellfem.runner import stack_of
from tests.system.small import Ran, cellfem, read_run, run_here, settings, write_case

OVERRIDES = ("output.pictures=true", "output.interval=5 s", "title=Started by a test")
PARTS = ("lithium", "void", "LLZO", "interface")
FIELDS = {
    "lithium": {"velocity_um_s", "pressure_MPa", "von_mises_MPa", "creep_rate_1_s", "porosity"},
    "void": {"gap_um"},
    "LLZO": {"potential_mV", "current_density_mA_cm2"},
    "interface": {
        "gap_um", "contact", "carrying", "current_mA_cm2", "overpotential_mV", "contact_pressure_MPa", "porosity",
    },
}  # fmt: skip


STALE = ("summary.json", "fields/lithium_00099_0.vtu", "fields/lithium_00099.pvtu")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A whole run by the command line, pictures included, into a folder that holds another run's
    results already."""
    folder = tmp_path_factory.mktemp("run")
    out = folder / "out"
    (out / "fields").mkdir(parents=True)
    for stale in STALE:
        (out / stale).write_text("of an earlier run")
    Manifest(out, dict.fromkeys(STALE, "run")).write()
    (out / "notes.md").write_text("the user's own")
    done = cellfem("run", write_case(folder), "--out", out, *settings(*OVERRIDES))
    (folder / "stdout.txt").write_text(done.stdout)
    (folder / "stderr.txt").write_text(done.stderr)
    return read_run(out)


def test_folder_holds_exactly_the_results(ran: Ran) -> None:
    outputs = len(ran_times(ran.folder))
    names = {str(path.relative_to(ran.folder)) for path in ran.folder.rglob("*") if path.is_file()}
    assert {name for name in names if not name.startswith("fields/")} == {
        "case.resolved.toml", "cellfem.manifest", "cellfem.pvd", "cracks.png", "history.png", "interface.png", "log.txt",
        "mesh.msh", "notes.md",
        "opening.csv", "opening.png", "records.csv", "stack.png", "summary.json", "surface.npz", "voids.csv",
    }  # fmt: skip
    assert {name for name in names if name.startswith("fields/")} == {
        f"fields/{part}_{k:05d}{end}" for part in PARTS for k in range(outputs) for end in (".pvtu", "_0.vtu")
    }
    for picture in ("stack", "interface", "history", "opening", "cracks"):
        assert (ran.folder / f"{picture}.png").stat().st_size > 20_000


def ran_times(folder: Path) -> list[float]:
    root = ElementTree.parse(folder / "cellfem.pvd").getroot()
    return sorted({float(part.get("timestep", "nan")) for part in root.iter("DataSet")})


def test_resolved_case_is_the_case_with_versions_commit_and_sources(ran: Ran) -> None:
    path = ran.folder / "case.resolved.toml"
    assert load_case(path) == load_case(write_case(ran.folder.parent), OVERRIDES)
    head = "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("#"))
    assert re.search(rf"# cellfem {re.escape(package.__version__)}, commit \S+\n", head)
    for words in ("dolfinx 0.", "petsc ", "mpi ", "creep masias: n 6.56", "doi 10.1007/s10853-018-2971-3", "LLZO conductivity: "):
        assert words in head


def test_records_have_a_row_for_every_step(ran: Ran) -> None:
    with (ran.folder / "records.csv").open(encoding="utf-8") as file:
        first, *rows = list(csv.reader(file))
    assert tuple(first) == record_columns()
    assert first[:20] == [
        "time_s", "step", "pressure_MPa", "current_mA_cm2", "voltage_mV", "capacity_mAh_cm2", "contact_fraction",
        "carrying_fraction", "asr_ohm_cm2", "focusing_max", "void_count", "void_area_um2", "gap_max_um", "porosity_max",
        "platen_um", "balance_charge", "balance_lithium", "balance_force", "dt_s", "newton_iterations",
    ]  # fmt: skip
    assert [row[1] for row in rows] == [str(k) for k in range(len(rows))]
    times = [row["time_s"] for row in ran.rows]
    assert (times[0], times[-1]) == (0.0, pytest.approx(20.0))
    assert np.diff(times) == pytest.approx([row["dt_s"] for row in ran.rows[1:]])
    assert ran.worst_balance() <= 1e-8


def test_summary(ran: Ran) -> None:
    assert {
        "final", "min", "max", "verdict", "end", "end_kind", "condition", "wall_s", "steps", "newton_iterations", "version",
    } <= set(ran.summary)  # fmt: skip
    for key in ("final", "min", "max"):
        assert tuple(ran.summary[key]) == record_columns()
    last = {name: None if np.isnan(value) else value for name, value in ran.rows[-1].items()}  # JSON knows no nan
    assert ran.summary["final"] == last
    assert ran.summary["max"]["voltage_mV"] == max(row["voltage_mV"] for row in ran.rows)
    assert ran.summary["min"]["void_area_um2"] == min(row["void_area_um2"] for row in ran.rows)
    assert (ran.summary["end"], ran.summary["version"]) == ("done", package.__version__)
    assert ran.summary["steps"] == len(ran.rows) - 1
    assert ran.summary["newton_iterations"] == sum(row["newton_iterations"] for row in ran.rows)
    verdict = ran.summary["verdict"]
    assert (verdict["contact"], verdict["voids"][0]["change"]) == ("reduced", "shrank")
    assert verdict["text"].count(". ") == 1
    assert verdict["text"].startswith("Contact was reduced: the protocol ended after 20 s")


def test_voids_at_every_output(ran: Ran) -> None:
    with (ran.folder / "voids.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "time_s", "electrode", "id", "event", "place_um", "width_um", "depth_um", "area_um2", "cause", "birth_time_s",
        "birth_place_um", "death", "death_time_s",
    ]  # fmt: skip
    born, *rows = rows
    assert (born["event"], born["time_s"], born["id"]) == ("birth", "0.0", "1")
    assert {row["event"] for row in rows} == {"open"}
    assert [float(row["time_s"]) for row in rows] == ran_times(ran.folder)
    areas = {row["time_s"]: row["void_area_um2"] for row in ran.rows}
    assert [float(row["area_um2"]) for row in rows] == [areas[float(row["time_s"])] for row in rows]
    assert {(row["id"], row["place_um"], row["cause"]) for row in rows} == {("1", "0.0", "start")}


def test_fields_open_with_their_times_parts_and_geometry(ran: Ran) -> None:
    import pyvista

    times = ran_times(ran.folder)
    steps = [float(row["time_s"]) for row in ran.rows]
    due = {next(time for time in steps if time > after * (1 - 1e-9)) for after in (5.0, 10.0, 15.0, 20.0)}
    assert times == pytest.approx([0.0, *sorted(due)]), "the start, and the first step after every 5 s"
    reader = pyvista.get_reader(str(ran.folder / "cellfem.pvd"))
    reader.set_active_time_value(times[-1])
    blocks = dict(zip(PARTS, reader.read(), strict=True))
    for name, block in blocks.items():
        assert set(block.point_data) >= FIELDS[name]
        finite = {key: np.isfinite(values) for key, values in block.point_data.items()}
        never = finite.pop("opening_time_s", None)  # nan where Γ has not opened: in the void it has been open from the start
        assert all(found.all() for found in finite.values())
    assert never is not None
    assert never.any()
    assert not never.all()
    depth, platen = ran.rows[-1]["gap_max_um"], ran.rows[-1]["platen_um"]
    bounds = {name: np.array(block.bounds) for name, block in blocks.items()}
    assert bounds["LLZO"][:4] == pytest.approx([0, 10, -10, 0])
    assert bounds["lithium"][3] == pytest.approx(6 + platen, abs=1e-12)
    assert bounds["void"][:4] == pytest.approx([0, 2.5, 0, depth], abs=1e-3)
    heights = blocks["lithium"].points[np.abs(blocks["lithium"].points[:, 0]) < 1e-9, 1]
    assert heights.min() == pytest.approx(depth, rel=1e-9), "the roof of the void is lithium's surface"


def test_terminal_shows_a_table_and_where_the_files_are(ran: Ran) -> None:
    shown, said = ((ran.folder.parent / f"{name}.txt").read_text() for name in ("stdout", "stderr"))
    for words in ("contact", "carrying current", "interface resistance", "verdict"):
        assert f"\n{words} " in f"\n{shown}"
    for file in ("cellfem.pvd", "records.csv", "summary.json", "log.txt", "stack.png", "interface.png", "history.png"):
        assert f": {ran.folder / file}\n" in shown
    assert "note: mesh.near: 0.7 um is more than half of lithium.length" in said
    log = (ran.folder / "log.txt").read_text(encoding="utf-8")
    assert log.count("\nstep ") == ran.summary["steps"]


def test_chosen_fields_alone_are_written_and_pictures_drawn_all_the_same(tmp_path: Path) -> None:
    import pyvista

    chosen = ('output.fields=["porosity", "gap_um"]', "output.pictures=true", "protocol.0.duration=1 s")
    ran = run_here(tmp_path, *chosen)
    blocks = dict(zip(PARTS, pyvista.get_reader(str(ran.folder / "cellfem.pvd")).read(), strict=True))
    assert {part: set(block.point_data) for part, block in blocks.items()} == {
        "lithium": {"porosity"},
        "void": {"gap_um"},
        "LLZO": set(),
        "interface": {"porosity", "gap_um"},
    }
    assert (ran.folder / "stack.png").exists()


@pytest.mark.parametrize(
    ("overrides", "verdict"),
    [
        (("void=[]", "patch=[]", "protocol.0.pressure=2 MPa"), "kept"),
        ((), "reduced"),
        (("protocol.0.stop.voltage=30 mV",), "lost"),
    ],
)
def test_verdict(overrides: tuple[str, ...], verdict: str, tmp_path: Path) -> None:
    summary = run_here(tmp_path, *overrides).summary
    assert summary["verdict"]["contact"] == verdict
    assert summary["verdict"]["text"].startswith(f"Contact was {verdict}: ")
    assert summary["verdict"]["capacity_mAh_cm2"] == summary["final"]["capacity_mAh_cm2"]


def test_two_ranks_give_the_same_on_prescribed_steps(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    chosen = settings('numerics.dt=["1 s", "3 s"]')
    for ranks in (1, 2):
        cellfem("run", case, "--out", tmp_path / str(ranks), "-n", ranks, "--quiet", *chosen)
    one, two = (read_run(tmp_path / str(ranks)) for ranks in (1, 2))
    assert len(one.rows) == len(two.rows) == 9
    for a, b in zip(one.rows, two.rows, strict=True):
        for key in (key for key in a if not key.startswith("balance")):
            assert a[key] == pytest.approx(b[key], rel=1e-8, abs=1e-12, nan_ok=True), key
    assert two.worst_balance() <= 1e-8
    assert ran_times(tmp_path / "1") == ran_times(tmp_path / "2")
    assert (tmp_path / "2" / "fields" / "lithium_00000_1.vtu").exists()


def test_own_mesh_gives_the_same_as_the_generated_one(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    assert CliRunner().invoke(app, ["mesh", str(case), "--out", str(tmp_path / "own.msh")]).exit_code == 0
    generated, own = stack_of(load_case(case)), read_mesh(tmp_path / "own.msh")
    assert len(own.cells) == len(generated.cells)
    assert own.gap.max() == pytest.approx(0.4)
    steps = 'numerics.dt=["1 s", "3 s"]'
    first = run_here(tmp_path, steps)
    for voids in ((), ("void=[]",)):  # the mesh has the void in its geometry: the case may name it or not
        second = run_here(tmp_path, steps, "mesh.file=own.msh", *voids)
        for a, b in zip(first.rows, second.rows, strict=True):
            for key in ("contact_fraction", "carrying_fraction", "voltage_mV", "void_area_um2", "gap_max_um", "platen_um"):
                assert a[key] == pytest.approx(b[key], rel=1e-6, abs=1e-9)


def test_mesh_alone(tmp_path: Path) -> None:
    path = tmp_path / "alone.msh"
    done = CliRunner().invoke(app, ["mesh", str(write_case(tmp_path)), "--out", str(path), "--set", "mesh.near=1 um"])
    text = path.read_text()
    assert re.search(r"alone\.msh: \d+ nodes, \d+ triangles", done.stdout)
    for name in ("lithium", "void", "LLZO", "interface", "top", "bottom", "left", "right"):
        assert f'"{name}"' in text


def test_check_prints_the_case_with_all_defaults(tmp_path: Path) -> None:
    case = write_case(tmp_path)
    printed = CliRunner().invoke(app, ["check", str(case), "--set", "protocol.0.pressure=2 MPa"]).stdout
    (tmp_path / "printed.toml").write_text(printed, encoding="utf-8")
    assert load_case(tmp_path / "printed.toml") == load_case(case, ["protocol.0.pressure=2 MPa"])
    assert 'half_pressure = "0.02 MPa"' in printed


def test_schema_for_editors() -> None:
    schema = json.loads(CliRunner().invoke(app, ["check", "--schema"]).stdout)
    assert {"stack", "lithium", "electrolyte", "interface", "void", "patch", "protocol", "mesh"} <= set(schema["properties"])
    assert schema["required"] == ["protocol"]
    assert schema["additionalProperties"] is False


def test_check_without_a_case_says_what_to_write() -> None:
    done = CliRunner().invoke(app, ["check"])
    assert (done.exit_code, done.stderr) == (2, "check needs a case: write cellfem check CASE, or cellfem check --schema\n")


def test_run_without_out_goes_to_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    short = settings("protocol.0.duration=1 s")
    assert CliRunner().invoke(app, ["run", str(write_case(tmp_path)), "--quiet", *short]).exit_code == 0
    assert len(read_records(tmp_path / "results" / "small" / "records.csv")) >= 2


def test_version_and_doctor() -> None:
    assert CliRunner().invoke(app, ["version"]).stdout == f"{package.__version__}\n"
    done = CliRunner().invoke(app, ["doctor"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.strip()
