"""Run Python on several ranks from within a test."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_ranks(ranks: int, program: str | os.PathLike[str], *arguments: object, timeout: float = 300.0) -> str:
    """What `program` printed on `ranks` ranks, all lines together. Raises AssertionError with its
    output if it failed.

    `program` is a Python file, or the dotted name of a module. It runs with this interpreter and
    the mpiexec beside it, one thread a rank, the project's folder first on the path.
    """
    launcher = Path(sys.executable).parent / "mpiexec"
    what = [os.fspath(program)] if os.fspath(program).endswith(".py") else ["-m", os.fspath(program)]
    command = [str(launcher), "-n", str(ranks), sys.executable, *what, *map(str, arguments)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # pytest's own process may have started MPI: its ranks are not those of the program.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PMI", "HYDRA_"))}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{' '.join(command)} did not end within {timeout:g} s\n{late.stdout}\n{late.stderr}") from late
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout
