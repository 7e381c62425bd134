"""`import cellfem` and cases in Python: no side effects, units as text or of pint, errors with the
texts of the command line."""

import json
import os
import pydoc
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pint
import pytest

import cellfem
from cellfem.case import load_case
from cellfem.commands.lazy import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
STRIP = ROOT / "cases" / "strip-void"
SIDE_EFFECTS = """
import json, os, signal, sys
before = dict(os.environ), set(sys.modules), [signal.getsignal(n) for n in (2, 10, 15)]
import cellfem
new = sorted(name for name in set(sys.modules) - before[1] if name.split(".")[0] not in sys.stdlib_module_names)
print(json.dumps({"environment": os.environ == before[0], "modules": new,
                  "signals": [signal.getsignal(n) for n in (2, 10, 15)] == before[2]}))
"""
PROBED = ("OMP_NUM_THREADS", "CELLFEM_FORMS")


def in_a_process(code: str, **environment: str) -> Any:
    """What a program prints as JSON, in an environment without what cellfem sets."""
    clean = {key: value for key, value in os.environ.items() if key not in PROBED}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_has_no_side_effects() -> None:
    found = in_a_process(SIDE_EFFECTS)
    assert found["environment"]
    assert found["signals"]
    assert found["modules"] == ["cellfem"]


def test_a_case_needs_no_solver_and_sets_nothing() -> None:
    code = (
        "import json, os, sys, cellfem\n"
        f"case = cellfem.Case.load({str(STRIP)!r}).replace(pressure='2 MPa')\n"
        "print(json.dumps([case['protocol.0.pressure'], os.environ.get('OMP_NUM_THREADS'),"
        " [n for n in ('numpy', 'dolfinx', 'pandas') if n in sys.modules]]))"
    )
    assert in_a_process(code) == ["2 MPa", None, []]


def test_configure_settles_the_process_and_keeps_what_was_chosen() -> None:
    code = "import json, os, cellfem; cellfem.configure({}); print(json.dumps(os.environ['OMP_NUM_THREADS']))"
    assert in_a_process(code.format("")) == "1"
    assert in_a_process(code.format(""), OMP_NUM_THREADS="3") == "3"
    assert in_a_process(code.format("threads=2"), OMP_NUM_THREADS="3") == "2"


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"forms": "/nowhere"}])
def test_configure_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(cellfem.CellfemError, match=f"^{next(iter(wrong))}: "):
        cellfem.configure(**wrong)


@pytest.mark.parametrize("name", cellfem.EXPORTS)
def test_all_names_are_there_and_documented(name: str) -> None:
    assert (getattr(cellfem, name).__doc__ or "").strip()
    assert name in dir(cellfem)
    assert f"`{name}" in (ROOT / "docs" / "python.md").read_text(encoding="utf-8").replace("cellfem.", "")


def test_each_command_is_a_documented_function_first() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8").partition("## What each command does")[2]
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `")]
    told = {name for commands, _ in rows for name in re.findall(r"`([\w-]+)`", commands)}
    assert {"run", "sweep", "need", "press"} <= told <= set(COMMANDS)
    for name in (name for _, functions in rows for name in re.findall(r"`([\w.]+)`", functions)):
        assert (pydoc.locate(name).__doc__ or "").strip(), name


def test_names_are_written_once() -> None:
    """A star import leaves Python's own `open`."""
    assert {*cellfem.__all__, "open"} == {*cellfem.EXPORTS, "__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'kase'"):
        cellfem.kase  # noqa: B018


def test_a_case_is_that_of_the_command_line() -> None:
    changed = cellfem.Case.load(STRIP).replace(protocol={0: {"pressure": "2 MPa"}}, mesh={"near": "0.5 um"})
    assert changed.checked == load_case(STRIP, ["protocol.0.pressure=2 MPa", "mesh.near=0.5 um"])
    assert changed != cellfem.Case.load(STRIP)
    assert changed.path is None
    by_path = cellfem.Case.load(STRIP).replace({"protocol.0.pressure": "2 MPa", "mesh.near": "0.5 um"})
    assert by_path == changed


def test_defaults_that_follow_from_others_follow_the_change() -> None:
    """What is written is changed, not the resolved case: mesh.far grows with the stack."""
    case = cellfem.Case({"protocol": [{"mode": "rest", "duration": "1 s", "pressure": "1 MPa"}]})
    thick = case.replace(electrolyte={"thickness": "500 um"}, stack={"width": "400 um"})
    assert case["mesh.far"] == "3 um"
    assert thick["mesh.far"] == "40 um"
    assert thick.replace(stack={"width": None}) == case.replace(electrolyte={"thickness": "500 um"})


def test_lists_and_loops() -> None:
    case = cellfem.Case.load(STRIP)
    cycled = case.replace(
        protocol=[{"repeat": 2, "step": [{"mode": "strip", "current": "1 mA/cm^2", "duration": "1 h", "pressure": "1 MPa"}]}]
    )
    assert len(cycled.checked.sequence) == 2
    assert cycled.replace(current="2 mA/cm^2")["protocol.0.step.0.current"] == "2 mA/cm^2"
    assert case.replace(void=[])["void"] == []
    assert "void" in case.written


def test_quantities_of_pint_and_numbers_of_numpy() -> None:
    unit = pint.UnitRegistry()
    case = cellfem.Case.load(STRIP).replace(
        pressure=5 * unit.bar,
        current=0.25 * unit.mA / unit.cm**2,
        temperature=unit.Quantity(60, unit.degC),
        stack={"width": np.float64(30) * unit.micrometer},
        roughness={"seed": np.int64(3)},
        numerics={"tolerance": unit.Quantity(0.01)},
    )
    step = case.checked.steps[0].step
    assert step.pressure == pytest.approx(0.5, rel=1e-12)
    assert step.current == pytest.approx(2.5, rel=1e-12)
    assert step.temperature == pytest.approx(333.15, rel=1e-12)
    assert case.checked.stack.width == 30.0
    assert case.checked.roughness.seed == 3
    assert case.checked.numerics.tolerance == 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": {0: {"pressure": 2}}}, 'protocol.0.pressure: 2 has no unit; write for example "0.4 MPa", in quotes'),
        ({"stack": {"width": 3 * pint.UnitRegistry().kg}}, "stack.width: "),
        ({"protocol": {7: {"pressure": "2 MPa"}}}, "protocol.7: is not there; protocol has length 1, counted from 0"),
        ({"protocol": {"pressure": "2 MPa"}}, "protocol: is a list; write {0: {...}}"),
        ({"stak": {}}, 'stak: unknown key; did you mean "stack"?'),
        ({"roughness": {"kind": "file", "file": "lost.npy"}}, "roughness.file: there is no file"),
    ],
)
def test_errors_have_the_texts_of_the_command_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(cellfem.CaseError) as caught:
        cellfem.Case.load(STRIP).replace(change)
    assert str(caught.value).startswith(said)


def test_a_case_is_written_and_read_back(tmp_path: Path) -> None:
    case = cellfem.Case.load(STRIP).replace(pressure="2 MPa")
    assert cellfem.Case.load(case.save(tmp_path / "case.toml")) == case
    with pytest.raises(cellfem.CellfemError, match="is there already"):
        case.save(tmp_path / "case.toml")
    case.save(tmp_path / "case.toml", replace=True)
    (tmp_path / "all.toml").write_text(case.to_toml(defaults=True), encoding="utf-8")
    assert cellfem.Case.load(tmp_path / "all.toml") == case


def test_heights_from_an_array(tmp_path: Path) -> None:
    x = np.arange(0, 60, 0.05)
    table = cellfem.save_heights(tmp_path / "face.npy", 200 * np.sin(x), unit="nm", spacing="50 nm")
    case = cellfem.Case.load(STRIP).replace(roughness=table)
    assert case["roughness.spacing"] == "0.05 um"
    with pytest.raises(cellfem.CaseError, match="is there already"):
        cellfem.save_heights(tmp_path / "face.npy", x, unit="nm", spacing="50 nm")
    with pytest.raises(cellfem.CaseError, match="spacing: 50 has no unit"):
        cellfem.save_heights(tmp_path / "other.npy", x, unit="nm", spacing=50)
    with pytest.raises(cellfem.CaseError, match="finite"):
        cellfem.save_heights(tmp_path / "other.npy", [1.0, np.nan], unit="nm", spacing="50 nm")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cellfem.CellfemError, match="holds no run"):
        cellfem.open(tmp_path)


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from cellfem.api import frames

    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(cellfem.MissingExtraError, match=r"needs xarray, .* pip install '\.\[notebook\]' in the clone"):
        frames.library("xarray", "Result.profile")


@pytest.mark.parametrize("axes", [{}, {"pressure": [1.0, 2.0]}, {"interface.asr": [{"a": 1}]}])
def test_a_sweep_refuses_what_it_cannot_run(axes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(cellfem.CaseError, match=r"has nothing to vary|has no unit|is not a value for an axis"):
        cellfem.sweep(cellfem.Case.load(STRIP), tmp_path / "map", axes=axes)
    assert not (tmp_path / "map").exists()
