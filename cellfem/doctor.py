"""Checks that this machine has what cellfem needs; each finding is one sentence, with a remedy if
something is missing.

Libraries are tried in separate processes: a missing system library may end the process instead of
raising an error.
"""

import ctypes
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cellfem.launch import LaunchError, launcher_environment, mpiexec

Severity = Literal["error", "warning"]

MINIMUM_PYTHON = (3, 12)
TIME_LIMIT = 120.0
"""Time limit of one probe, in seconds."""

GMSH_LIBRARIES = {
    "libGLU.so.1": "libglu1-mesa",
    "libGL.so.1": "libgl1",
    "libXcursor.so.1": "libxcursor1",
    "libXft.so.2": "libxft2",
    "libXinerama.so.1": "libxinerama1",
    "libXfixes.so.3": "libxfixes3",
    "libXrender.so.1": "libxrender1",
    "libfontconfig.so.1": "libfontconfig1",
    "libgomp.so.1": "libgomp1",
}
"""System libraries that gmsh is linked to, even without a screen, and the packages of Debian 12 and
13 that contain them."""

RANKS_PROBE = """
import numpy
from mpi4py import MPI
comm = MPI.COMM_WORLD
got = numpy.zeros(200_000)
right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
comm.Sendrecv(numpy.ones(200_000), dest=right, recvbuf=got, source=left)
assert comm.size == 2, f"{comm.size} ranks instead of 2"
"""

PICTURE_PROBE = """
import pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
plotter.add_mesh(pyvista.Sphere(), color="red")
assert plotter.screenshot(None, return_img=True).std() > 1
"""


@dataclass(frozen=True)
class Finding:
    """Result of one check. `severity` applies if not `ok`: "error" means that cellfem cannot
    run."""

    subject: str
    ok: bool
    severity: Severity
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = "ok" if self.ok else self.severity
        return f"{mark:8}{self.subject}: {self.text}" + (f" {self.remedy}" if not self.ok else "")


def check() -> list[Finding]:
    """All findings, in order of dependence. Takes a few seconds and starts processes, so it is not
    collective: call it on one rank."""
    checks = (_python, _compiler, _headers, _gmsh, _dolfinx, _mpiexec, _pictures, _cache)
    with ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda probe: probe(), checks))


def form_cache() -> Path:
    """Folder of the forms compiled by FFCx: $XDG_CACHE_HOME/fenics, by default ~/.cache/fenics.
    Raises RuntimeError without a home."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fenics"


def main() -> int:
    """Print all problems, or one line if there are none; returns 1 if there is an error."""
    findings = check()
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        print(finding)
    if not wrong:
        print(f"All {len(findings)} checks of this machine passed.")
    return int(any(finding.severity == "error" for finding in wrong))


# --- the checks


def _python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    have = ".".join(map(str, version))
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    if version[:2] >= MINIMUM_PYTHON:
        return Finding("Python", True, "error", f"this is Python {have}.")
    return Finding(
        "Python", False, "error", f"this is Python {have}, and dolfinx needs {wanted}.", "Run 'make setup', which fetches one."
    )


def _compiler() -> Finding:
    command = _compiler_command()
    source = "#include <math.h>\ndouble f(double x) { return sin(x); }\n"
    if (trouble := _compile(command, source)) is None:
        return Finding("C compiler", True, "error", f"'{command[0]}' compiles.")
    return Finding(
        "C compiler",
        False,
        "error",
        f"'{command[0]}' does not compile a small file ({trouble}); FFCx compiles the equations with it.",
        "On Debian or Ubuntu: apt install gcc libc6-dev; or set CC to another compiler.",
    )


def _headers() -> Finding:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    include = sysconfig.get_path("include")
    if Path(include, "Python.h").is_file():
        return Finding("Python headers", True, "error", f"{include} has Python.h.")
    return Finding(
        "Python headers",
        False,
        "error",
        f"Python.h is not in {include}; FFCx compiles the equations against it.",
        f"On Debian or Ubuntu: apt install libpython{version}-dev; "
        f"or let uv fetch a Python that has it: uv python install {version}, then make clean setup.",
    )


def _gmsh() -> Finding:
    trouble = _run("import gmsh; gmsh.initialize(readConfigFiles=False, interruptible=False); gmsh.finalize()")
    if trouble is None:
        return Finding("gmsh", True, "error", "it loads.")
    packages = [package for library, package in GMSH_LIBRARIES.items() if not _loads(library)]
    if packages:
        remedy = f"Install the system libraries it is linked to; on Debian or Ubuntu: apt install {' '.join(packages)}."
    else:
        remedy = "Run 'make setup', or pip install gmsh."
    return Finding("gmsh", False, "error", f"it does not load ({trouble}); it is needed for meshes.", remedy)


def _dolfinx() -> Finding:
    trouble = _run("import cellfem.backend")
    if trouble is None:
        return Finding("dolfinx", True, "error", "it loads.")
    return Finding(
        "dolfinx",
        False,
        "error",
        f"it does not load ({trouble}).",
        "Run 'make setup' for an environment of its own; "
        "the wheel needs Linux on x86_64 with glibc 2.34 (Debian 12, Ubuntu 22.04) or newer.",
    )


def _mpiexec() -> Finding:
    launcher = mpiexec()
    if launcher is None:
        text, remedy = "there is none, so runs have one rank only.", "Run 'make setup', or pip install mpich."
        return Finding("mpiexec", False, "warning", text, remedy)
    trouble = _run(RANKS_PROBE, launcher=[str(launcher), "-n", "2"])
    if trouble is None:
        return Finding("mpiexec", True, "warning", f"{launcher} runs two ranks.")
    return Finding(
        "mpiexec",
        False,
        "warning",
        f"{launcher} does not run two communicating ranks ({trouble}).",
        "Use the mpiexec of the same MPI as mpi4py's; in a container set MPIR_CVAR_CH4_CMA_ENABLE=0.",
    )


def _pictures() -> Finding:
    trouble = _run(PICTURE_PROBE)
    if trouble is None:
        return Finding("pictures", True, "warning", "pyvista draws off screen.")
    return Finding(
        "pictures",
        False,
        "warning",
        f"pyvista cannot draw off screen ({trouble}), so runs make no pictures of the stack.",
        "On Debian or Ubuntu: apt install libegl1 (or libosmesa6).",
    )


def _cache() -> Finding:
    try:
        cache = form_cache()
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return Finding("form cache", True, "error", f"{cache} is writable.")
    except (OSError, RuntimeError) as error:
        text = f"compiled equations cannot be cached ({error})."
        return Finding("form cache", False, "error", text, "Set XDG_CACHE_HOME to a folder that you may write to.")


# --- probes


def _compiler_command() -> list[str]:
    """The compiler that setuptools, and so FFCx, uses."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def _compile(command: list[str], source: str) -> str | None:
    """The error of compiling this source to a shared library, or None."""
    try:
        with tempfile.TemporaryDirectory(dir=_usable_cache()) as folder:
            Path(folder, "probe.c").write_text(source)
            return _trouble([*command, "-fPIC", "-shared", "probe.c", "-o", "probe.so", "-lm"], folder)
    except OSError as error:
        return f"there is no folder to try it in: {error}"


def _usable_cache() -> Path | None:
    """The form cache in which FFCx compiles, if there is one; containers may have no other writable
    folder."""
    try:
        form_cache().mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return form_cache() if os.access(form_cache(), os.W_OK) else None


def _run(code: str, launcher: list[str] | None = None) -> str | None:
    """The error of running this Python code in a separate process, or None."""
    return _trouble([*(launcher or []), sys.executable, "-c", code], os.sep)


def _trouble(command: list[str], folder: str) -> str | None:
    """The last line printed by a failing command, or how it ended; None if it succeeds."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PMI", "HYDRA_", "MPI_"))}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    with suppress(LaunchError):
        environment = launcher_environment(environment)
    environment.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except FileNotFoundError:
        return f"there is no '{command[0]}'"
    except subprocess.TimeoutExpired:
        return f"no answer within {TIME_LIMIT:.0f} s"
    except OSError as error:
        return str(error)
    if done.returncode == 0:
        return None
    if done.returncode < 0:
        return f"killed by signal {-done.returncode}"
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line]
    return (told or lines or [f"exit code {done.returncode}"])[-1]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
