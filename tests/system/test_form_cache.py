"""Processes that start at the same time from an empty cache of forms, and after one that was killed
while compiling."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cellfem.backend  # noqa: F401  # before dolfinx
from cellfem.form_cache import CODE, LOCK, READY, fill, reason
from tests.system.small import ROOT, WAIT_S, command, environment, settings, write_case

TINY = """
from cellfem import backend
import ufl
from mpi4py import MPI
from dolfinx import fem, mesh
grid = mesh.create_unit_square(MPI.COMM_SELF, 1, 1)
x = ufl.SpatialCoordinate(grid)
assert abs(fem.assemble_scalar(fem.form(x[0] ** 2 * ufl.dx(grid))) - 1 / 3) < 1e-12
"""


def start(cache: Path, words: list[str] | None = None, **more: str) -> subprocess.Popen[str]:
    chosen = words or [sys.executable, "-c", TINY]
    return subprocess.Popen(
        chosen,
        env=environment() | {"XDG_CACHE_HOME": str(cache)} | more,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, said = process.communicate(timeout=WAIT_S)
        assert process.returncode == 0, said


def test_starting_together_from_nothing(tmp_path: Path) -> None:
    finish([start(tmp_path) for _ in range(3)])
    forms = list((tmp_path / "fenics").glob(CODE))
    assert len(forms) == 1
    assert forms[0].with_suffix(READY).exists()
    left = forms[0].with_suffix(READY)
    left.unlink()  # as a process leaves it that is killed while it compiles
    begin = time.monotonic()
    finish([start(tmp_path) for _ in range(2)])
    assert left.exists()
    assert time.monotonic() - begin < WAIT_S / 2


def test_forms_of_an_image(tmp_path: Path) -> None:
    """Copied into a cache that lacks them, used where they are if no cache can be written; and none
    at all is no error."""
    finish([start(tmp_path / "image")])
    image = tmp_path / "image" / "fenics"
    cache = tmp_path / "cache"
    cache.mkdir()
    fill(cache, image)
    assert {path.name for path in cache.glob("libffcx*")} >= {path.name for path in image.glob("libffcx*") if path.suffix != ".o"}
    no_compiler = {"CC": "/bin/false", "CELLFEM_FORMS": str(image)}
    finish([start(Path("/proc/none"), **no_compiler), start(tmp_path / "fresh", **no_compiler)])
    assert (tmp_path / "fresh" / "fenics" / LOCK).exists()
    finish([start(Path("/proc/none"))])


def test_flags_of_the_environment_do_not_get_into_a_shared_cache(tmp_path: Path) -> None:
    """A compiler that writes down how it is called; the flags would change what the forms
    compute."""
    said, compiler = tmp_path / "called.txt", tmp_path / "cc"
    compiler.write_text(f'#!/bin/sh\necho "$*" >>{said}\nexec cc "$@"\n', encoding="utf-8")
    compiler.chmod(0o755)
    flags = dict.fromkeys(("CFLAGS", "CPPFLAGS", "LDFLAGS"), "-ffast-math")
    finish([start(tmp_path, CC=f"{compiler} -march=native --sysroot=/", **flags)])
    called = said.read_text(encoding="utf-8")
    assert "libffcx_forms_" in called
    assert "-ffast-math" not in called
    assert "-march=native" not in called
    assert "--sysroot=/" in called, "what says where it finds its files stays"
    finish([start(tmp_path, CC="/bin/false", CFLAGS="-O0")])  # the same form, found in the cache


NO_LOCKS = """
import errno, fcntl
def refuse(*_):
    raise OSError(errno.ENOLCK, "no locks")
fcntl.flock = refuse
"""


def test_starting_together_where_there_are_no_locks(tmp_path: Path) -> None:
    """Each compiles apart and hands over; what one that died has left is no obstacle."""
    words = [sys.executable, "-c", NO_LOCKS + TINY]
    finish([start(tmp_path, words) for _ in range(3)])
    (form,) = (tmp_path / "fenics").glob(CODE)
    form.with_suffix(READY).unlink()
    finish([start(tmp_path, words)])
    assert form.with_suffix(READY).exists()
    finish([start(tmp_path, words, CC="/bin/false")])


def stopped(tmp_path: Path, compiler: str, *, interrupt: bool = False) -> tuple[int, str]:
    """Exit code and last line of a run whose compiler is this script."""
    script = tmp_path / "compiler"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n{compiler}\n", encoding="utf-8")
    script.chmod(0o755)
    run = command("run", write_case(tmp_path), "--out", tmp_path / "out", "--quiet")
    process = subprocess.Popen(
        run,
        env=environment() | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CC": str(script)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    late = time.monotonic() + WAIT_S
    while interrupt and not (tmp_path / "called").exists() and time.monotonic() < late:
        time.sleep(0.05)
    if interrupt:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: the compiler gets it too
    _, said = process.communicate(timeout=WAIT_S)
    assert "Traceback" not in said
    return process.returncode, said.strip().splitlines()[-1]


def test_compiler_that_fails_is_a_sentence(tmp_path: Path) -> None:
    code, line = stopped(tmp_path, "exit 1")
    assert code == 3
    assert line.startswith("the equations were not compiled")
    assert line.endswith("cellfem doctor tells what is missing")
    assert len(line) < 250


def test_ctrl_c_while_the_first_form_is_compiled(tmp_path: Path) -> None:
    code, line = stopped(tmp_path, "exec sleep 60", interrupt=True)
    assert (code, line) == (4, "stopped before the first checkpoint: start it again")


def test_full_cache_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    line = reason(OSError(errno.ENOSPC, "full"), tmp_path)
    assert line == (
        f"{tmp_path}: no room to compile the equations (No space left on device); make room there, "
        "or set XDG_CACHE_HOME to a folder elsewhere"
    )


@pytest.mark.slow
def test_whole_runs_from_nothing_while_some_are_killed(tmp_path: Path) -> None:
    """Four runs at once; two more are killed (kill -9) while they compile. The four give the same
    records."""
    case = write_case(tmp_path)
    quick = settings("protocol.0.duration=2 s", "numerics.dt_max=2 s")

    def run(name: str) -> subprocess.Popen[str]:
        return start(tmp_path / "cache", command("run", case, "--out", tmp_path / name, "--quiet", *quick))

    doomed = [run("doomed0"), run("doomed1")]
    late = time.monotonic() + WAIT_S
    while not list((tmp_path / "cache").glob(f"fenics/{CODE}")) and time.monotonic() < late:
        time.sleep(0.05)
    living = [run(f"run{k}") for k in range(4)]
    time.sleep(2.0)
    for process in doomed:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    finish(living)
    records = {(tmp_path / f"run{k}" / "records.csv").read_bytes() for k in range(4)}
    assert len(records) == 1
