"""What the doctor says on a sound machine, and about each thing that may be missing."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cellfem import doctor, fonts
from tests.mpi import run_ranks


def test_this_machine_can_run_cellfem() -> None:
    errors = [str(finding) for finding in doctor.check() if not finding.ok and finding.severity == "error"]
    assert errors == []


def test_old_python_is_told() -> None:
    finding = doctor._python((3, 11, 7))
    assert not finding.ok
    assert str(finding) == "error   Python: this is Python 3.11.7, and dolfinx needs 3.12. Run 'make setup', which fetches one."


def test_missing_compiler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    finding = doctor._compiler()
    assert not finding.ok
    assert finding.severity == "error"
    assert "there is no 'no-such-compiler'" in finding.text
    assert "apt install gcc libc6-dev" in finding.remedy


def test_compiler_that_fails_is_told_with_its_reason() -> None:
    trouble = doctor._compile(doctor._compiler_command(), "#include <no_such_header.h>\n")
    assert trouble is not None
    assert "no_such_header.h" in trouble


def test_missing_headers_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.sysconfig, "get_path", lambda name: str(tmp_path))
    finding = doctor._headers()
    assert not finding.ok
    assert f"apt install libpython3.{sys.version_info.minor}-dev" in finding.remedy


def test_library_missing_for_gmsh_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    load = ctypes.CDLL

    def without_glu(name: str) -> ctypes.CDLL:
        if name == "libGLU.so.1":
            raise OSError("libGLU.so.1: cannot open shared object file")
        return load(None)

    monkeypatch.setattr(doctor, "_run", lambda code: "OSError: libGLU.so.1: cannot open shared object file")
    monkeypatch.setattr(ctypes, "CDLL", without_glu)
    finding = doctor._gmsh()
    assert not finding.ok
    assert finding.remedy.endswith("apt install libglu1-mesa.")


def test_crash_in_drawing_is_a_warning_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PICTURE_PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    finding = doctor._pictures()
    assert (finding.ok, finding.severity) == (False, "warning")
    assert "killed by signal 11" in finding.text
    assert "libegl1" in finding.remedy


def test_mpiexec_of_another_mpi_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It starts two programs that each believe to be alone."""
    script = tmp_path / "mpiexec"
    script.write_text('#!/bin/sh\nshift 2\n"$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(doctor, "mpiexec", lambda: script)
    finding = doctor._mpiexec()
    assert (finding.ok, finding.severity) == (False, "warning")
    assert "1 ranks instead of 2" in finding.text


def test_unwritable_form_cache_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    finding = doctor._cache()
    assert not finding.ok
    assert "Set XDG_CACHE_HOME" in finding.remedy
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert doctor._cache().ok
    assert (tmp_path / "fenics").is_dir()


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 0)])
def test_only_errors_fail_the_set_up(
    severity: doctor.Severity, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = [
        doctor.Finding("one", True, "error", "it works."),
        doctor.Finding("two", False, severity, "it is gone.", "Get it."),
    ]
    monkeypatch.setattr(doctor, "check", lambda: findings)
    assert doctor.main() == code
    assert capsys.readouterr().out == f"{severity:8}two: it is gone. Get it.\n"


def test_backend_sets_one_thread_and_keeps_a_choice() -> None:
    code = "from cellfem import backend; import os; print(os.environ['OMP_NUM_THREADS'], sorted(backend.versions()))"
    for given, seen in ((None, "1"), ("2", "2")):
        environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
        environment |= {"OMP_NUM_THREADS": given} if given else {}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == f"{seen} ['dolfinx', 'mpi', 'petsc']\n"


def test_run_ranks_starts_that_many_and_raises_what_they_said(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\nfrom cellfem.backend import MPI\n"
        "size = MPI.COMM_WORLD.allreduce(1)\n"
        "if MPI.COMM_WORLD.rank == 0: print(size, sys.argv[1])\n"
        "if sys.argv[1] == 'fail': raise SystemExit('went wrong')\n"
    )
    assert run_ranks(2, program, "well") == "2 well\n"
    with pytest.raises(AssertionError, match="went wrong"):
        run_ranks(2, program, "fail")


def test_list_of_fonts_is_copied_where_its_folder_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in an image with a read-only root file system: matplotlib would warn, and list all fonts
    again in each process."""
    (tmp_path / "fontlist-v390.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv(fonts.FOLDER, str(tmp_path))
    fonts.settle()
    assert os.environ[fonts.FOLDER] == str(tmp_path), "it may be written"
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and access(path, mode))
    fonts.settle()
    copy = Path(os.environ[fonts.FOLDER])
    assert copy != tmp_path
    assert [path.name for path in copy.iterdir()] == ["fontlist-v390.json"]
    monkeypatch.setenv(fonts.FOLDER, str(tmp_path / "missing"))
    fonts.settle()
    assert os.environ[fonts.FOLDER] == str(tmp_path / "missing")
