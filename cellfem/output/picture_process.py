"""Pictures drawn in a separate process: a crash of a drawing library does not affect the run.

python -m cellfem.output.picture_process DIR draws the pictures of DIR/pictures.npz and prints the
result as JSON. A user's matplotlibrc is ignored: pictures look the same everywhere, and need no
latex.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cellfem.output.drawing import FILE, DrawResult
from cellfem.process import configure
from cellfem.results.manifest import begin_listing, read_manifest

BY = "run"
COMMAND = (sys.executable, "-m", "cellfem.output.picture_process")
UNTRIED = "CELLFEM_OPENGL_UNTRIED"  # of `rendering`, which loads matplotlib
POLL_S = 0.2
TAIL = 300  # characters of a process's last output that are reported


def draw_in_own_process(folder: Path, stop: Callable[[], bool] = lambda: False) -> DrawResult:
    """Draw into the folder and wait for completion; `stop()` ends it early. The result lists the
    pictures that could not be drawn, with reasons.

    If the process crashes, a second one first probes the available OpenGL.
    """
    code, shown, said = 0, b"", b""
    for more in ({UNTRIED: "1"}, {}):
        try:
            code, shown, said = _wait([*COMMAND, str(folder)], more, stop)
        except OSError as error:
            return DrawResult(failed=[f"no process for them could be started ({error.strerror or error})"])
        except _Stopped:
            return DrawResult(failed=["told to stop while they were drawn"])
        if code == 0 and (answer := _answer(shown, folder)) is not None:
            return answer
        if code >= 0:
            break
    last = said.decode("utf-8", errors="replace").strip().splitlines()[-1:]
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return DrawResult(failed=[": ".join([how, *(line[-TAIL:] for line in last)])])


class _Stopped(Exception):
    """The process that waits for the pictures was stopped."""


def _wait(words: list[str], more: dict[str, str], stop: Callable[[], bool]) -> tuple[int, bytes, bytes]:
    """Exit code and output of a process with an extended environment. Raises OSError and
    _Stopped."""
    with subprocess.Popen(
        words,
        env=os.environ | more,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the run alone
    ) as process:
        while True:
            try:
                shown, said = process.communicate(timeout=POLL_S)
            except subprocess.TimeoutExpired:
                if stop():
                    process.kill()
                    raise _Stopped from None
            else:
                return process.returncode, shown, said


def main(folder: Path) -> None:
    """Draw in this process."""
    configure()
    plain_matplotlib()
    from cellfem.output.drawing import draw, read_drawing

    manifest = read_manifest(folder)
    if manifest is not None:
        begin_listing(manifest, BY)
    drawn = draw(read_drawing(folder / FILE), folder)
    found = {shows: path.name for shows, path in drawn.files.items()}
    print(json.dumps({"files": found, "notes": drawn.notes, "failed": drawn.failed, "full": drawn.full}))


def plain_matplotlib() -> None:
    """Use matplotlib's own matplotlibrc instead of the user's and that of the working directory;
    call it before matplotlib is imported."""
    found = find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    data = Path(found.origin).parent / "mpl-data"
    os.environ["MATPLOTLIBRC"] = str(data / "matplotlibrc")
    os.chdir(data)


def _answer(shown: bytes, folder: Path) -> DrawResult | None:
    """The output of `main`, in the last line: libraries may print too."""
    try:
        data: dict[str, Any] = json.loads(shown.decode("utf-8").strip().splitlines()[-1])
        files = {shows: folder / name for shows, name in data["files"].items()}
        return DrawResult(files, data["notes"], data["failed"], data["full"])
    except (ValueError, KeyError, IndexError, TypeError):
        return None


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
