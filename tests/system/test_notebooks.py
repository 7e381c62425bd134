"""The notebooks of docs/notebooks run from the first cell to the last, in a folder of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.small import environment

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.py"))


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"first_case", "map_and_band"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_as_cells(path: Path) -> None:
    """Without `extension` in its head jupytext takes blank lines for the ends of cells."""
    text = path.read_text(encoding="utf-8")
    assert "#       extension: .py\n#       format_name: percent\n" in text
    jupytext = pytest.importorskip("jupytext", reason="jupytext (cellfem[notebook]) is not installed")
    assert len(jupytext.reads(text).cells) == text.count("\n# %%")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    """The percent format is a program: a cell that fails ends it."""
    done = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment() | {"MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Contact was" in done.stdout
