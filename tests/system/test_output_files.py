"""Files for ParaView from several ranks: few writers, or one VTKHDF file, hold what every rank
would have written."""

from pathlib import Path

import numpy as np
import pytest

from cellfem.quantities import WRITTEN
from cellfem.scene.files import field_files
from tests.system.small import cellfem, run_here, settings, write_case

SHORT = ('protocol.0.duration="2 s"', 'output.interval="2 s"', "flaw.seed=1", 'flaw.density="1e5 1/cm^2"')


@pytest.mark.parametrize(
    ("ranks", "chosen", "per_output"),
    [pytest.param(3, ("output.writers=2",), 5 * 3, marks=pytest.mark.slow), (2, ('output.format="vtkhdf"',), 1)],
)
def test_files_of_several_ranks(tmp_path: Path, ranks: int, chosen: tuple[str, ...], per_output: int) -> None:
    """Five parts, flaws among them: a .vtu per writer and a .pvtu each, or one file."""
    case = write_case(tmp_path)
    one, several = tmp_path / "one", tmp_path / "several"
    cellfem("run", case, "--out", one, "--quiet", *settings(*SHORT))
    cellfem("run", case, "--out", several, "--quiet", "-n", ranks, *settings(*SHORT, *chosen))
    alone, together = field_files(one), field_files(several)
    assert len(list((several / "fields").iterdir())) == per_output * len(together.times)
    assert together.times == pytest.approx(alone.times)
    last, same = alone.read(alone.times[-1]), together.read(together.times[-1])
    assert same.keys() == last.keys() == {"lithium", "void", "LLZO", "interface", "flaws"}
    for part, grid in last.items():
        assert same[part].n_cells == grid.n_cells, part
        for name in grid.point_data:
            extremes = [(np.min(g.point_data[name]), np.max(g.point_data[name])) for g in (grid, same[part])]
            assert extremes[1] == pytest.approx(extremes[0], rel=1e-4, abs=1e-5, nan_ok=True), (part, name)


def test_outputs_are_at_their_times_and_marked_in_the_records(tmp_path: Path) -> None:
    """Steps end on 3, 6, … s and on the end; no step is smaller than half of what error control
    wants."""
    run = run_here(tmp_path, "output.interval=3 s", "numerics.dt_max=1 s", "numerics.dt_initial=0.5 s")
    times = [0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 20.0]
    assert field_files(run.folder).times == pytest.approx(times, rel=1e-12)
    assert [row["time_s"] for row in run.rows if row[WRITTEN]] == pytest.approx(times, rel=1e-12)
    assert min(row["dt_s"] for row in run.rows[2:]) >= 0.499
    assert run.worst_balance() <= 1e-8


def test_the_fields_of_a_stop_are_marked_too(tmp_path: Path) -> None:
    """They are written when the row is on disk already."""
    run = run_here(tmp_path, "output.interval=20 s", "protocol.0.stop.voltage=30 mV", "protocol.0.pressure=0.2 MPa")
    assert run.end == "stop"
    assert [row[WRITTEN] for row in run.rows] == [1, *[0] * (len(run.rows) - 2), 1]
    assert field_files(run.folder).times == pytest.approx([0.0, run.rows[-1]["time_s"]])
