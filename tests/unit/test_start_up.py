"""What a command imports before it does anything: numpy, scipy, pint, the models of cases and the
finite element libraries take up to a second."""

import os
import subprocess
import sys
from inspect import getdoc
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cellfem.cli import app
from cellfem.commands.lazy import COMMANDS, load_command

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
sys.argv = ["cellfem", *sys.argv[1:]]
from cellfem import cli
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code, ended.code
known = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names
print("imported:", *sorted(name for name in known if not name.startswith(("_", "cellfem-"))), file=sys.stderr)
print("rooms:", *sorted(name for name in sys.modules if name.startswith("cellfem.")), file=sys.stderr)
"""
PRINTING = {"annotated_doc", "attr", "cellfem", "markdown_it", "mdurl", "pygments", "rich", "shellingham", "typer"}
CALLING = PRINTING | {"annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"}
"""typer checks the words of a command by pydantic."""
HELP_ROOMS = {"cellfem.errors",
    *("cellfem.cli", "cellfem.commands", "cellfem.commands.lazy", "cellfem.commands.shared", "cellfem.fonts"),
    *("cellfem.output", "cellfem.formatting", "cellfem.pipes", "cellfem.process", "cellfem.signals"),
}


def imported(*words: str) -> tuple[set[str], set[str]]:
    """Third-party packages, and modules of cellfem, that a command has imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    packages, rooms = (set(line.split()[1:]) for line in done.stderr.splitlines()[-2:])
    return {name for name in packages if "editable" not in name}, rooms


def test_help_imports_what_prints_it() -> None:
    packages, rooms = imported("--help")
    assert packages <= PRINTING
    assert rooms <= HELP_ROOMS


def test_check_imports_what_reads_a_case() -> None:
    """No pint for the usual units, no numpy where there is neither a rough face nor a ready
    mesh."""
    packages, rooms = imported("check", "cases/strip-void")
    assert packages <= CALLING | {"tomli_w"}
    assert not any(name.startswith(("cellfem.geometry", "cellfem.model", "cellfem.physics", "cellfem.runner")) for name in rooms)


def test_status_imports_what_prints_a_table(tmp_path: Path) -> None:
    (tmp_path / "case.resolved.toml").write_text("")
    (tmp_path / "records.csv").write_text("time_s,step,contact_fraction\n1.0,2,0.5\n")
    (tmp_path / "summary.json").write_text(
        '{"final": {}, "max": {}, "verdict": {}, "end_time_s": 1.0, "wall_s": 1.0, "end": "done", "end_kind": "done",'
        ' "condition": ""}'
    )
    packages, rooms = imported("status", str(tmp_path))
    assert packages <= CALLING
    assert "cellfem.case" not in rooms


@pytest.mark.parametrize("name", COMMANDS)
def test_one_line_of_help_is_the_commands_own(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert COMMANDS[name][1] == (getdoc(command.callback) or "").split("\n\n")[0]
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"cellfem {name}" in shown.stdout or f"{name} [OPTIONS]" in shown.stdout
    assert COMMANDS[name][1] in " ".join(shown.stdout.split())


def test_help_lists_all_commands() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    for name, (_, text) in COMMANDS.items():
        assert any(name in line and text in line for line in shown.splitlines())


def test_a_misspelt_command_is_told() -> None:
    said = CliRunner().invoke(app, ["chek"])
    assert said.exit_code == 2
    assert "check" in said.stderr
