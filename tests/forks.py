"""Commands of cellfem as forks of one process that has imported what they need.

For tests of what a command does; how its process starts is tested with new ones.
`python -m tests.forks` is that process: it reads a job a line, and answers with its exit code.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def run_forked(words: list[str], environment: dict[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """`cellfem` with these words, in this folder and environment; what it said, and its exit
    code."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder, name) for name in ("out", "err"))
        job = {"words": words, "environment": environment, "cwd": os.getcwd(), "timeout": timeout}
        job |= {"out": str(out), "err": str(err)}
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(job) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(words, code, out.read_text("utf-8"), err.read_text("utf-8"))


@cache
def _server() -> subprocess.Popen[str]:
    """It ends with the pipe to it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.forks"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def serve() -> None:
    """Do jobs, one after the other. A fork has the job's folder and environment."""
    from cellfem.campaign.child_runs import fork, preload

    preload()
    for line in sys.stdin:
        job: dict[str, Any] = json.loads(line)
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["environment"])
        with Path(job["out"]).open("wb") as out, Path(job["err"]).open("wb") as err:
            run = fork(job["words"], out, err)
        try:
            code = run.wait(job["timeout"])
        except subprocess.TimeoutExpired:
            run.kill()
            code = run.wait()
        print(code, flush=True)


if __name__ == "__main__":
    serve()
