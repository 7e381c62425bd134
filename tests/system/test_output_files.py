"""Files for ParaView from several ranks: few writers, or one VTKHDF file, hold what every rank would have written."""

from pathlib import Path

import numpy as np
import pytest

from cellfem.scene.files import field_files
from tests.system.small import cellfem, settings, write_case

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
