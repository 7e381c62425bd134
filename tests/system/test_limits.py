"""A limit that the start exceeds ends a run at once, and is told apart from contact that is
lost."""

from pathlib import Path

import pytest

from tests.system.small import run_here

STRIP = '{ mode = "strip", current = "0.5 mA/cm^2", duration = "20 s", pressure = "0.8 MPa", stop = { voltage = "5 mV" } }'
REST = '{ mode = "rest", duration = "1 s", pressure = "0.8 MPa" }'


@pytest.mark.parametrize("protocol", [f"protocol=[{STRIP}]", f"protocol=[{REST}, {STRIP}]"])
def test_a_limit_exceeded_by_the_start_leaves_contact_untested(protocol: str, tmp_path: Path) -> None:
    run = run_here(tmp_path, protocol)
    assert run.summary["verdict"]["contact"] == "untested"
    assert run.summary["end"] == "stop.voltage at once"
    assert "before anything was stripped" in run.summary["verdict"]["text"]
    assert run.rows[-1]["voltage_mV"] > 5


def test_one_met_later_is_contact_lost(tmp_path: Path) -> None:
    run = run_here(tmp_path, "protocol.0.stop.voltage=25 mV")
    assert run.rows[0]["voltage_mV"] < 25 < 1.02 * run.rows[-1]["voltage_mV"]
    assert run.summary["verdict"]["contact"] == "lost"
