"""Runs as children of a sweep: forked from a process that holds no MPI, each on its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import importlib, json, os, signal, sys, time, threading
from pathlib import Path
from cellfem.campaign import child_runs
from cellfem.campaign.child_runs import STARTED, Forked, preload, start_run

folder, found = Path(sys.argv[1]), {}
lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
sys.modules["cffi"] = None  # cannot be imported: left to the runs
preload()
del sys.modules["cffi"]
commands = ("commands.sweep", "commands.sensitivity", "commands.press")
for name in (*commands, "campaign.find_sensitivity", "campaign.target", "campaign.find_windows"):
    importlib.import_module(f"cellfem.{name}")
importlib.import_module("cellfem.model.from_case")
found["started"] = [name for name in STARTED if name in sys.modules]
found["threads"] = len(os.listdir("/proc/self/task"))
import cellfem.cli

def start(name, main=None):
    if main is not None:
        cellfem.cli.main = main
    with (folder / name).open("wb") as console:
        return start_run(["run", str(folder / "none"), "--quiet"], console, lock)

def end(how):
    def main():
        print("said before", flush=True)
        how()
    return main

def tell():
    from cellfem import signals
    os.kill(os.getpid(), signal.SIGTERM)
    print(json.dumps({
        "argv": sys.argv, "stdin": sys.stdin.read(), "leader": os.getsid(0) == os.getpid(), "lock": os.fstat(lock).st_ino,
        "remembered": signals.end_requested(), "OMP": os.environ["OMP_NUM_THREADS"],
    }))

real = cellfem.cli.main
found["refused"] = start("refused", real).wait(60)
long = start("long", lambda: time.sleep(600))
for name, how in {
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV), "memory": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "traceback": lambda: 1 / 0, "gave up": lambda: sys.exit(3), "told": tell,
}.items():
    run = start(name, end(how))
    assert isinstance(run, Forked)
    found[name] = run.wait(60)
found["others go on"] = long.poll() is None
long.kill()
found["long"] = long.wait(60)
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
run = start("anew")
found["forked beside a thread"] = isinstance(run, Forked)
found["anew"] = run.wait(60)
stop.set()
found["lock"] = os.fstat(lock).st_ino
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a process that starts such children sees of them. Tests alone may load dolfinx in
    theirs."""
    folder = tmp_path_factory.mktemp("children")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, folder],
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told | {"consoles": {path.name: path.read_text() for path in folder.iterdir()}}


def test_nothing_is_preloaded_that_starts_mpi_or_a_thread(found: dict[str, Any]) -> None:
    """Nor by any of the commands that make many runs."""
    assert (found["started"], found["threads"]) == ([], 1)


def test_a_bad_case_ends_as_on_the_command_line(found: dict[str, Any]) -> None:
    assert (found["refused"], found["anew"]) == (2, 2)
    assert found["consoles"]["refused"] == found["consoles"]["anew"]
    assert "none" in found["consoles"]["refused"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("crash", -signal.SIGSEGV), ("memory", -signal.SIGKILL), ("traceback", 1), ("gave up", 3), ("told", 0)],
)
def test_however_a_child_ends_it_is_told_and_the_others_go_on(found: dict[str, Any], name: str, code: int) -> None:
    assert found[name] == code
    assert found["consoles"][name].startswith("said before\n")
    assert found["others go on"]
    assert found["long"] == -signal.SIGKILL


def test_a_traceback_is_in_the_console(found: dict[str, Any]) -> None:
    assert found["consoles"]["traceback"].endswith("ZeroDivisionError: division by zero\n")


def test_a_child_stands_as_a_new_process_would(found: dict[str, Any]) -> None:
    told = json.loads(found["consoles"]["told"].splitlines()[-1])
    assert told.pop("argv")[:2] == ["cellfem", "run"]
    assert told == {"stdin": "", "leader": True, "lock": found["lock"], "remembered": True, "OMP": "1"}


def test_beside_a_thread_runs_are_new_processes(found: dict[str, Any]) -> None:
    assert not found["forked beside a thread"]
