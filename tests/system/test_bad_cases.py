"""One bad case of each kind by the command line: a message with key, value and remedy, exit code 2,
nothing meshed or written."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from cellfem.cli import app
from cellfem.geometry import VoidShape, build_stack, write_msh
from cellfem.geometry.periodic import joined
from tests.system.small import TEXT, cellfem

BAD = {
    "misspelt key": (
        'near = "0.7 um"',
        'naer = "0.7 um"',
        'mesh.naer: unknown key; did you mean "near"?',
    ),
    "misspelt table": ("[numerics]", "[numeric]", 'numeric: unknown key; did you mean "numerics"?'),
    "misspelt choice": (
        'mode = "strip"',
        'mode = "stripe"',
        'protocol.0.mode: "stripe" is not one of "strip", "plate", "rest", "press", "hold-voltage"; did you mean "strip"?',
    ),
    "wrong unit": (
        '"0.8 MPa"',
        '"5 kg"',
        'protocol.0.pressure: "5 kg" is a mass, not a pressure; write for example "0.4 MPa"',
    ),
    "no unit": ('"0.8 MPa"', "5", 'protocol.0.pressure: 5 has no unit; write for example "0.4 MPa", in quotes'),
    "a current of nothing": (
        '"0.5 mA/cm^2"',
        '"1e-30 mA/cm^2"',
        (
            'protocol.0.current: "1e-30 mA/cm^2" is out of range: it must be at least 1e-09 mA/cm^2 and at most 10000 mA/cm^2 '
            '(what a smaller one moves is round-off beside the creep of lithium); write for example "0.5 mA/cm^2"'
        ),
    ),
    "asperities below an atom": (
        "[[void]]",
        '[interface]\nroughness = "1e-30 um"\nstiffness = "1e8 MPa/um"\n[[void]]',
        'interface.roughness: "1e-30 um" is out of range: it must be at least 1e-05 um and at most 100000 um (an atom of lithium',
    ),
    "out of range": (
        'pressure = "0.8 MPa"',
        'pressure = "0.8 MPa"\ntemperature = "300 degC"',
        (
            'protocol.0.temperature: "300 degC" is out of range: it must be at least -50 degC and at most 170 degC; '
            'write for example "25 degC"'
        ),
    ),
    "nan": ('"0.8 MPa"', '"nan MPa"', 'protocol.0.pressure: "nan MPa" is not a finite number; write for example "0.4 MPa"'),
    "inf": (
        '"0.5 mA/cm^2"',
        '"inf mA/cm^2"',
        'protocol.0.current: "inf mA/cm^2" is not a finite number; write for example "0.5 mA/cm^2"',
    ),
    "bare nan": ("[numerics]", "[numerics]\ntolerance = nan", "numerics.tolerance: nan is not a finite number"),
    "pressure too low for any contact": (
        '"0.8 MPa"',
        '"2 kPa"',
        (
            'protocol.0.pressure: "0.002 MPa" leaves no contact: asperities begin to touch at 0.00247569 times stiffness times '
            "roughness, 0.00248 MPa; give a higher pressure or make interface.stiffness smaller"
        ),
    ),
    "negative duration": (
        '"20 s"',
        '"-20 s"',
        'protocol.0.duration: "-20 s" is out of range: it must be above 0 s and at most 1000000000 s; write for example "1 h"',
    ),
    "void wider than the stack": (
        'half_width = "2.5 um"',
        'half_width = "12 um"',
        (
            "void.0: reaches from 0 um to 12 um, outside the stack from 0 um to 10 um; "
            "move it, make half_width smaller or stack.width larger"
        ),
    ),
    "patch wider than the stack": (
        'half_width = "1.5 um"',
        'half_width = "4 um"',
        (
            "patch.0: reaches from 3 um to 11 um, outside the stack from 0 um to 10 um; "
            "move it, make half_width smaller or stack.width larger"
        ),
    ),
    "voids that overlap": (
        "[[patch]]",
        '[[void]]\ncenter = "4 um"\nhalf_width = "2 um"\ndepth = "0.1 um"\n[[patch]]',
        "void.1: from 2 um to 6 um overlaps void.0 from 0 um to 2.5 um; move one of them or make it narrower",
    ),
    "patches that overlap": (
        "[[protocol]]",
        '[[patch]]\ncenter = "9 um"\nhalf_width = "1 um"\nasr = "5 ohm*cm^2"\n[[protocol]]',
        "patch.1: from 8 um to 10 um overlaps patch.0 from 5.5 um to 8.5 um; move one of them or make it narrower",
    ),
    "missing key": (
        'current = "0.5 mA/cm^2"',
        "",
        'protocol.0.current: is missing, a step with mode = "strip" needs it; write for example current = "0.5 mA/cm^2"',
    ),
    "no protocol": (TEXT[TEXT.index("[[protocol]]") : TEXT.index("[mesh]")], "", "protocol: is missing; write for example"),
    "mesh that is not there": (
        "[numerics]",
        'file = "no.msh"\n[numerics]',
        'no.msh"; give its path from the folder of the case',
    ),
    "measured face between periodic sides": (
        'width = "10 um"',
        'width = "10 um"\nsides = "periodic"\n[roughness]\nkind = "file"\nfile = "face.txt"\ncut_off = "3 um"',
        'roughness.kind: "file", a measured face, is not periodic, as stack.sides = "periodic" requires',
    ),
    "no TOML": ('"10 um"', "10 um", "is not valid TOML"),
}


@pytest.mark.parametrize("verb", ["run", "mesh", "check"])
@pytest.mark.parametrize("kind", BAD)
def test_bad_case(kind: str, verb: str, tmp_path: Path) -> None:
    old, new, message = BAD[kind]
    assert old in TEXT
    path, out = tmp_path / "case.toml", tmp_path / "out"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    done = CliRunner().invoke(app, [verb, str(path), *(["--out", str(out)] if verb != "check" else [])])
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, "one error, one line"
    assert list(tmp_path.iterdir()) == [path], "nothing meshed, no folder made"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("protocol.0.pressur=2 MPa", 'protocol.0.pressur: unknown key; did you mean "pressure"?'),
        ("protocol.1.pressure=2 MPa", "there is no protocol.1; protocol has length 1, counted from 0"),
        ("protocol.0.pressure", 'is not an override; write for example --set protocol.0.pressure="2 MPa"'),
        ("protocol.0.pressure=2 bara", 'cellfem does not know the unit "bara"'),
    ],
)
def test_bad_override(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(TEXT, encoding="utf-8")
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "out"), "--set", override])
    assert done.exit_code == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == [path]


def test_all_errors_at_once_and_once_only_on_two_ranks(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(TEXT, encoding="utf-8")
    three = ("--set", "mesh.naer=1 um", "--set", "protocol.0.pressure=5 kg", "--set", "void.0.half_width=12 um")
    one, two = (cellfem("run", path, "--out", tmp_path / "out", *three, *n, code=2).stderr for n in ((), ("-n", 2)))
    assert [line.split(":")[0] for line in one.splitlines()] == ["protocol.0.pressure", "mesh.naer", "void.0"]
    assert two == one
    assert list(tmp_path.iterdir()) == [path]


def test_case_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["run", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
    assert "there is no such case file; give a case.toml or the folder that holds it" in done.stderr


@pytest.mark.parametrize("verb", ["run", "mesh"])
def test_ready_mesh_that_cannot_be_joined(verb: str, tmp_path: Path) -> None:
    """Sides that are one need their nodes at the same heights, and the period of the case: told
    with the file, nothing solved."""
    text = TEXT.replace('width = "10 um"', 'width = "10 um"\nsides = "periodic"').replace("[mesh]", '[mesh]\nfile = "one.msh"')
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    mesh = build_stack(10.0, 6.0, 10.0, 0.7, 2.5, [VoidShape(0.0, 2.5, 0.4)], periodic=True)
    points = mesh.points.copy()
    right = np.flatnonzero((points[:, 0] == 10.0) & (points[:, 1] > 1.0) & (points[:, 1] < 5.0))
    points[right[0], 1] += 0.05
    write_msh(replace(mesh, points=points), tmp_path / "one.msh")
    words = [verb, str(path), "--out", str(tmp_path / "out")]
    for all_words, message in (
        (words, f"{tmp_path / 'one.msh'}: the nodes of the left side"),
        ([*words, "--set", "stack.width=11 um"], 'stack.width: the case says 11 um, but the mesh is 10 um wide; write "10 um"'),
    ):
        done = CliRunner().invoke(app, all_words)
        assert done.exit_code == 2
        assert done.stderr.splitlines()[-1].startswith(message)


def test_ready_mesh_is_joined(tmp_path: Path) -> None:
    """One that cellfem wrote itself, whose sides are no groups."""
    text = TEXT.replace('width = "10 um"', 'width = "10 um"\nsides = "periodic"').replace("[mesh]", '[mesh]\nfile = "one.msh"')
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    write_msh(joined(build_stack(10.0, 6.0, 10.0, 0.7, 2.5, [VoidShape(0.0, 2.5, 0.4)], periodic=True)), tmp_path / "one.msh")
    done = CliRunner().invoke(app, ["mesh", str(tmp_path), "--out", str(tmp_path / "out.msh")])
    assert done.exit_code == 0
    assert "replaces the void" not in done.stderr, "the void that is drawn is that of the case"


TWO = '"Ewe/V", "Ece/V"'


def test_messages_name_the_option_that_was_used(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "curve.txt").write_text("time/s\tEwe/V\tEce/V\tcapacity\n0\t1\t2\t0\n1\t1\t2\t3\n", encoding="utf-8")
    run = ["run", str(tmp_path), "--out", str(tmp_path / "out")]
    overlay = ["overlay", str(tmp_path), str(tmp_path / "curve.txt")]
    for words, begins in (
        ([*run, "--checkpoint", "5"], '--checkpoint: 5 has no unit; write for example "1 h", in quotes or "off"'),
        ([*run, "--max-time", "1,5 h"], '--max-time: "1,5 h" has a decimal comma; write a point: "1.5 h"'),
        (overlay, f"{tmp_path}/curve.txt has 2 columns that may be the voltage of the cell: {TWO}; choose one with --voltage"),
        ([*overlay, "--voltage", "Ewe"], f"{tmp_path}: "),
        ([*overlay, "--x", "capacity"], f'{tmp_path}/curve.txt does not say the unit of "capacity": give it with --x-unit'),
    ):  # fmt: skip
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1].startswith(begins), result.stderr
    assert not (tmp_path / "out").exists()
