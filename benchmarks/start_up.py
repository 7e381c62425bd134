"""Start of the command line, side by side with another checkout of cellfem.

python benchmarks/start_up.py OTHER prints the user time of commands that compute nothing, here and
in the checkout OTHER, each with its own .venv: medians of RUNS, in turn, with bytecode written
before.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 9
HERE = Path(__file__).resolve().parents[1]
SUMMARY = (
    '{"final": {}, "max": {}, "verdict": {}, "end_time_s": 1.0, "wall_s": 1.0, "end": "done", "end_kind": "done",'
    ' "condition": ""}'
)


def user_seconds(checkout: Path, words: list[str]) -> float:
    """User time of one command."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [checkout / ".venv" / "bin" / "cellfem", *words],
        cwd=checkout,
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{checkout}: cellfem {' '.join(words)} ended with {process.returncode}")
    return used.ru_utime


def main(other: Path) -> None:
    """The table."""
    with tempfile.TemporaryDirectory() as name:
        ended = Path(name)
        (ended / "case.resolved.toml").write_text("")
        (ended / "records.csv").write_text("time_s,step,contact_fraction\n1.0,2,0.5\n")
        (ended / "summary.json").write_text(SUMMARY)
        print("| command | there, s | here, s | here over there |\n| -- | -- | -- | -- |")
        for words in (["--help"], ["check", "cases/strip-void"], ["status", name], ["run", "--help"], ["version"]):
            for checkout in (other, HERE):
                user_seconds(checkout, words)  # writes the bytecode
            times = [(user_seconds(other, words), user_seconds(HERE, words)) for _ in range(RUNS)]
            there, here = (statistics.median(column) for column in zip(*times))
            shown = "status DIR" if words[0] == "status" else " ".join(words)
            print(f"| `cellfem {shown}` | {there:.2f} | {here:.2f} | {here / there:.2f} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
