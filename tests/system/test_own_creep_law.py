"""A user-defined creep law: the one of docs/laws.md, from Python and from the command line."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellfem.case import CaseError, load_case, parse_case, resolved_toml
from cellfem.physics.creep import law as laws
from cellfem.runner import resume_run
from tests.support.restarts import signal_after
from tests.system.small import ROOT, WAIT_S, cellfem, command, environment, read_run, run_here, settings, write_case

CODE = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "laws.md").read_text(encoding="utf-8"), re.DOTALL)[1]  # type: ignore[index]
# The second mechanism so slow that what is left is the power law of Masias.
OWN = {"A": "7.7e-3 1/s", "n": 6.56, "A2": "1e-30 1/s", "n2": 1.0, "Q": "37 kJ/mol"}
SHORT = ("protocol.0.duration=3 s",)
STRIP = {"mode": "strip", "current": "0.5 mA/cm^2", "duration": "1 s", "pressure": "1 MPa"}


def table(**parameters: Any) -> str:
    inner = ", ".join(f"{key} = {value if isinstance(value, float) else f'"{value}"'}" for key, value in parameters.items())
    return f'lithium.own_law={{ name = "two-mechanisms", parameters = {{ {inner} }} }}'


@pytest.fixture
def registered() -> Iterator[None]:
    names: dict[str, Any] = {"__name__": "laws_of_the_docs"}
    exec(compile(CODE, "docs/laws.md", "exec"), names)
    names["register_laws"]()
    yield
    laws._OWN.clear()
    laws.CreepLaw.kinds.pop("TwoMechanisms")


@pytest.mark.usefixtures("registered")
def test_an_own_law_runs_as_the_one_that_it_repeats(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "power").mkdir()
    own = run_here(tmp_path / "own", *SHORT, table(**OWN))
    power = run_here(tmp_path / "power", *SHORT)
    for name in ("contact_fraction", "gap_max_um", "voltage_mV", "porosity_max"):
        assert own.rows[-1][name] == pytest.approx(power.rows[-1][name], rel=1e-8), name
    again = load_case(tmp_path / "own" / "out" / "case.resolved.toml")
    assert again.lithium.own_law is not None
    assert again.lithium.own_law.parameters == OWN
    assert "creep: the law 'two-mechanisms' registered by the user" in resolved_toml(again)


@pytest.mark.usefixtures("registered")
def test_a_run_with_an_own_law_is_stopped_and_resumed_to_the_same_end(tmp_path: Path) -> None:
    """The checkpoint holds the law that its factors were made with."""
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = run_here(tmp_path / "whole", table(**OWN))
    with signal_after(3):
        stopped = run_here(tmp_path / "parts", table(**OWN))
    assert stopped.end == "interrupted"
    assert resume_run(tmp_path / "parts" / "out", quiet=True).end.kind == "done"
    parts = read_run(tmp_path / "parts" / "out")
    assert len(parts.rows) == len(whole.rows) > 3
    assert parts.rows[-1]["gap_max_um"] == whole.rows[-1]["gap_max_um"]


@pytest.mark.usefixtures("registered")
def test_what_is_wrong_with_an_own_law_is_told() -> None:
    def errors(**lithium: Any) -> tuple[str, ...]:
        with pytest.raises(CaseError) as caught:
            parse_case({"protocol": [STRIP], "lithium": lithium})
        return caught.value.errors

    own = {"name": "two-mechanisms", "parameters": OWN}
    assert errors(own_law={**own, "name": "three"})[0].startswith(
        "lithium.own_law.name: no creep law 'three' is registered (registered: two-mechanisms)"
    )
    few = {key: value for key, value in OWN.items() if key != "Q"}
    assert errors(own_law={**own, "parameters": few}) == ('lithium.own_law.parameters: lacks Q, in a unit like "J/mol"',)
    assert "takes A, n, A2, n2, Q; remove this key" in errors(own_law={**own, "parameters": OWN | {"B": 1.0}})[0]
    assert "lithium.own_law.parameters" in errors(own_law={**own, "parameters": OWN | {"A": "1 MPa"}})[0]
    assert errors(own_law=own, diffusional="1e-3 1/s") == (
        "lithium.diffusional: lithium.own_law is a law of its own; leave one of them out",
    )
    assert "which is not at all" in errors(own_law={**own, "parameters": OWN | {"A": "1e-40 1/s", "A2": "1e-40 1/s"}})[0]


@pytest.mark.usefixtures("registered")
def test_a_name_is_taken_once_and_units_are_known() -> None:
    with pytest.raises(ValueError, match="is registered already"):
        laws.register("two-mechanisms", {}, lambda: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="units furlong"):
        laws.register("other", {"A": "furlong"}, lambda: None)  # type: ignore[arg-type, return-value]


def test_the_command_line_finds_a_law_by_its_entry_point(tmp_path: Path) -> None:
    """A package of its own, as pip would install it, and a case that names its law; without the
    package the case is refused."""
    site = tmp_path / "site"
    about = site / "my_laws-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "my_laws.py").write_text(CODE, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-laws\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[cellfem.creep_laws]\nany = my_laws:register_laws\n", encoding="utf-8")
    paths = os.pathsep.join([str(ROOT), str(site)])

    def started(*words: object, code: int) -> None:
        world = environment() | {"PYTHONPATH": paths}
        done = subprocess.run(command(*words), env=world, capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert done.returncode == code, done.stdout + done.stderr

    case, out = write_case(tmp_path), tmp_path / "out"
    overrides = settings(*SHORT, table(**OWN))
    started("run", case, "--out", out, "--quiet", *overrides, code=0)
    (tmp_path / "power").mkdir()
    power = run_here(tmp_path / "power", *SHORT)
    own = read_run(out)
    assert own.rows[-1]["gap_max_um"] == pytest.approx(power.rows[-1]["gap_max_um"], rel=1e-8)
    without = cellfem("check", out / "case.resolved.toml", code=2)
    assert "no creep law 'two-mechanisms' is registered" in without.stderr.replace("\n", " ")
    assert np.isfinite(own.summary["wall_s"])
