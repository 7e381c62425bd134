"""A rough face is too steep when the case is checked, or not at all: the mesh finds what the check
has found."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem.case import CaseError, parse_case
from cellfem.cli import app
from cellfem.runner.prepare import stack_of

PROTOCOL = [{"mode": "press", "pressure": "5 MPa", "duration": "1 min"}]
ROUGH = {"kind": "self-affine", "rms": "1 um"}
"""1 µm rms with default wavelengths, as a pellet has it."""


def data(stack: dict[str, object], rough: dict[str, object], **more: object) -> dict[str, object]:
    return {
        "stack": stack,
        "lithium": {"thickness": "6 um"},
        "electrolyte": {"thickness": "8 um"},
        "roughness": rough,
        "mesh": {"near": "0.4 um", "far": "2.5 um"},
        "protocol": PROTOCOL,
    } | more


def told(case: dict[str, object]) -> str:
    with pytest.raises(CaseError) as caught:
        parse_case(case)
    assert len(caught.value.errors) == 1
    return caught.value.errors[0]


def test_a_micrometre_of_roughness_at_default_wavelengths_is_told_with_its_keys() -> None:
    text = told(data({"width": "25 um"}, ROUGH))
    assert text.startswith(
        "roughness.rms: rms 1 um, roll_off 10 um and cut_off 2 um (hurst 0.8, seed 1) give the face slopes up to "
    )
    found = re.search(
        r"make rms at most (\S+) um, or the waves longer, for example cut_off (\S+) um with roll_off (\S+) um", text
    )
    assert found, text
    rms, cut_off, roll_off = found.groups()
    parse_case(data({"width": "25 um"}, ROUGH | {"rms": f"{rms} um"}))
    parse_case(data({"width": "25 um"}, ROUGH | {"cut_off": f"{cut_off} um", "roll_off": f"{roll_off} um"}))


BRICKS = {"mesh": {"near": "0.5 um", "far": "2.5 um", "cells": "bricks"}}


@pytest.mark.parametrize(
    ("stack", "rough", "more"),
    [
        ({"width": "25 um"}, ROUGH, {}),
        ({"width": "25 um", "sides": "periodic"}, ROUGH | {"seed": 3}, {}),
        ({"width": "12 um"}, {"kind": "grooves", "period": "6 um", "depth": "2.6 um"}, {}),
        ({"width": "12 um"}, {"kind": "pores", "size": "5 um", "depth": "2.6 um"}, {}),
        ({"width": "25 um"}, ROUGH, {"void": [{"center": "0 um", "half_width": "5 um", "depth": "1 um"}]}),
        ({"dimension": 3, "width": "6 um"}, ROUGH, BRICKS),
        ({"dimension": 3, "width": "8 um", "sides": "periodic"}, ROUGH | {"seed": 2}, BRICKS),
    ],
    ids=["mirror", "periodic", "grooves", "pores", "void", "3-D", "periodic 3-D"],
)
def test_check_and_mesh_agree(stack: dict[str, object], rough: dict[str, object], more: dict[str, object]) -> None:
    """At 5 % above the largest slope the check refuses, at 5 % below it the mesh is made: heights
    and slopes go together."""
    text = told(data(stack, rough, **more))
    found = re.search(r"slopes up to (\S+);", text)
    assert found, text
    key = "rms" if rough["kind"] == "self-affine" else "depth"
    slope, height = float(found[1]), float(str(rough[key]).split()[0])
    if "void" in more:  # whose slope does not go with rms
        return
    assert "slopes up to 1.05" in told(data(stack, rough | {key: f"{1.05 * height / slope:.6g} um"}, **more))
    stack_of(parse_case(data(stack, rough | {key: f"{0.95 * height / slope:.6g} um"}, **more)))


@pytest.mark.parametrize(
    "words", [["check"], ["run", "--out"], ["mesh", "--out"], ["sweep", "--grid", "pressure=1,2,4 MPa", "--out"]]
)
def test_it_is_told_once_before_anything_is_begun(words: list[str], tmp_path: Path) -> None:
    path, out = tmp_path / "case.toml", tmp_path / "out"
    path.write_text(
        '[roughness]\nkind = "self-affine"\nrms = "1 um"\n[[protocol]]\nmode = "press"\npressure = "5 MPa"\nduration = "1 s"\n'
    )
    done = CliRunner().invoke(app, [words[0], str(path), *words[1:], *([str(out)] if words[-1] == "--out" else [])])
    assert done.exit_code == 2
    assert done.stderr.count("give the face slopes up to") == 1
    assert not out.exists()
