"""Signals that come while libraries are loaded are heard."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, signal, sys
from cellfem.signals import end_requested, listen

class Sender:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGTERM)

listen(["cellfem", "run"])
sys.meta_path.insert(0, Sender())
import cellfem.backend
assert end_requested()
"""


@pytest.mark.parametrize("module", ["petsc4py.PETSc", "dolfinx.cpp", "dolfinx.fem", "cellfem.form_cache"])
def test_a_signal_while_libraries_are_loaded_is_remembered(module: str) -> None:
    """PETSc ends the process by any signal from its loading on, unless they are taken back."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, module],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
