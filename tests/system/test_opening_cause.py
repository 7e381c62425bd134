"""Where contact is lost first in a run, and why: a pillar, a void, a place that strips more than
the rest."""

import csv
import math
from pathlib import Path

import pytest

from tests.system.small import Ran, run_here

LONG = ('protocol.0.pressure="0.4 MPa"', 'protocol.0.duration="400 s"', 'numerics.dt_max="30 s"', 'mesh.near="0.5 um"')


def opened(ran: Ran) -> list[dict[str, str]]:
    with (ran.folder / "opening.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("settings", "cause", "between"),
    [
        # A patch takes nothing at first: it bears the stack, and what strips around it opens.
        (("void=[]",), "pillar", ((0.0, 5.5), (8.5, 10.0))),
        # The edge of a void is the first to go where nothing else is uneven.
        (("patch=[]",), "void edge", ((2.0, 4.5),)),
        # A good spot strips two to three times the mean: the rest bears its load, hardly more than
        # before.
        (("void=[]", 'patch.0.asr="1 ohm*cm^2"', 'patch.0.half_width="1 um"'), "vacancy saturation", ((6.0, 8.0),)),
    ],
    ids=["pillar", "void-edge", "hot-spot"],
)
def test_cause_of_the_first_loss(
    tmp_path: Path, settings: tuple[str, ...], cause: str, between: tuple[tuple[float, float], ...]
) -> None:
    ran = run_here(tmp_path, *LONG, *settings)
    first = ran.summary["verdict"]["opening"]["first"]
    assert first is not None
    assert first["cause"] == cause
    assert any(left <= first["x_um"] <= right for left, right in between)
    rows = opened(ran)
    times = [float(row["time_s"]) for row in rows if row["cause"] not in ("", "start")]
    assert min(times) == first["time_s"]
    assert all(math.isnan(float(row["time_s"])) for row in rows if row["cause"] == "")
