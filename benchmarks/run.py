"""Speed and memory of cellfem beside those of the prototype script, alternating in one run, one
rank each.

    python benchmarks/run.py [PROTOTYPE] [--pressures 0.4 0.2] [--repeats 3]

Prints the tables and writes them to benchmarks/results.md. Without the prototype's script only
cellfem is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTOTYPE = ROOT.parent / "shared" / "trial" / "strip_trial.py"
DURATION_S = 3600.0
EQUIVALENT, DEFAULT, TRIAL = "trial-equivalent", "strip-void", "prototype"
FASTER = {EQUIVALENT: 0.5, DEFAULT: 0.7}  # largest allowed share of the prototype's solve time
CONTACT, STOP_TIME, MEMORY_MB = 0.02, 0.03, 600.0  # allowed: difference of contact, relative difference of stop time, peak memory


@dataclass(frozen=True)
class Sample:
    """One run to its end. steps: accepted ones. iterations: those of refused steps count for the
    prototype only."""

    solve_s: float
    process_s: float
    contact: float
    end_s: float
    steps: int
    iterations: int
    memory_MB: float


@dataclass(frozen=True)
class Process:
    """What a finished process said (stdout and stderr), how long it took and its largest resident
    memory."""

    output: str
    wall_s: float
    memory_MB: float


def run_process(command: Sequence[str | Path]) -> Process:
    """Run to the end, one thread. Raises RuntimeError with the last lines if it fails."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        begin = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, env=environment)
        _, status, usage = os.wait4(process.pid, 0)  # the memory of this child alone
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        last = "\n".join(text.splitlines()[-5:])
        raise RuntimeError(f"{' '.join(map(str, command))} ended with code {process.returncode}:\n{last}")
    return Process(text, wall, usage.ru_maxrss / 1024)


def run_trial(script: Path, pressure: float, hours: float = 1.0) -> Sample:
    """The prototype; its own wall time begins after its start solve and leaves out meshing and
    forms."""
    done = run_process([sys.executable, script, "--pressure", str(pressure), "--current", "5", "--hours", str(hours)])
    totals = re.search(r"^(\d+) steps, (\d+) Newton iterations, ([\d.]+) s", done.output, re.MULTILINE)
    contacts = re.findall(r"contact ([\d.]+)", done.output)
    if totals is None or not contacts:
        raise RuntimeError(f"the prototype's output is not understood:\n{done.output[-500:]}")
    limit = re.search(r"^voltage limit at ([\d.]+) s", done.output, re.MULTILINE)
    return Sample(
        solve_s=float(totals[3]),
        process_s=done.wall_s,
        contact=float(contacts[-1]),
        end_s=float(limit[1]) if limit else 3600 * hours,
        steps=int(totals[1]),
        iterations=int(totals[2]),
        memory_MB=done.memory_MB,
    )


def run_cellfem(case: Path, pressure: float, duration_s: float = DURATION_S) -> Sample:
    """A case without pictures; the solve time is that of its log: start solve, steps, records and
    ParaView files."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [f"protocol.0.pressure={pressure} MPa", f"protocol.0.duration={duration_s} s", "output.pictures=false"]
        options = [word for override in overrides for word in ("--set", override)]
        done = run_process([sys.executable, "-m", "cellfem.cli", "run", case, "--out", folder, "--quiet", *options])
        summary = json.loads(Path(folder, "summary.json").read_text(encoding="utf-8"))
        log = Path(folder, "log.txt").read_text(encoding="utf-8")
    solve = re.search(r"solve ([\d.]+) s$", log, re.MULTILINE)
    if solve is None:
        raise RuntimeError(f"no solve time in the log of {case}:\n{log[-500:]}")
    return Sample(
        solve_s=float(solve[1]),
        process_s=done.wall_s,
        contact=summary["final"]["contact_fraction"],
        end_s=summary["end_time_s"],
        steps=summary["steps"],
        iterations=summary["newton_iterations"],
        memory_MB=done.memory_MB,
    )


def measure(script: Path | None, pressures: Sequence[float], repeats: int) -> dict[float, dict[str, list[Sample]]]:
    """Samples by pressure and program, the programs taking turns; one short run of each before, to
    compile the forms."""
    programs: dict[str, Callable[[float, float], Sample]] = {}
    if script is not None:
        programs[TRIAL] = lambda pressure, seconds: run_trial(script, pressure, seconds / 3600)
    programs[EQUIVALENT] = lambda pressure, seconds: run_cellfem(ROOT / "benchmarks" / EQUIVALENT, pressure, seconds)
    programs[DEFAULT] = lambda pressure, seconds: run_cellfem(ROOT / "cases" / DEFAULT, pressure, seconds)
    for name, program in programs.items():
        print(f"warming up: {name}", file=sys.stderr, flush=True)
        program(pressures[0], 1.0)
    found: dict[float, dict[str, list[Sample]]] = {p: {name: [] for name in programs} for p in pressures}
    for turn in range(repeats):
        for pressure, samples in found.items():
            for name, program in programs.items():
                sample = program(pressure, DURATION_S)
                samples[name].append(sample)
                text = f"{turn + 1}/{repeats} {pressure:g} MPa {name}: solve {sample.solve_s:.1f} s"
                print(text, file=sys.stderr, flush=True)
    return found


def middle(samples: Sequence[Sample], name: str) -> float:
    """Median of one quantity."""
    return float(statistics.median(getattr(sample, name) for sample in samples))


def spread(samples: Sequence[Sample], name: str) -> str:
    """Median, with the range where there is more than one sample."""
    values = [getattr(sample, name) for sample in samples]
    text = f"{statistics.median(values):.1f}"
    return text if len(values) == 1 else f"{text} ({min(values):.1f}–{max(values):.1f})"


def table(found: dict[float, dict[str, list[Sample]]]) -> list[str]:
    """One row for each pressure and program."""
    lines = [
        "| MPa | program | solve s | of the prototype | process s | steps | iterations | ends at s | contact | peak memory MB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for pressure, samples in found.items():
        base = middle(samples[TRIAL], "solve_s") if TRIAL in samples else None
        for name, many in samples.items():
            share = f"{middle(many, 'solve_s') / base:.2f}" if base else "–"
            lines.append(
                f"| {pressure:g} | {name} | {spread(many, 'solve_s')} | {share} | {spread(many, 'process_s')} "
                f"| {middle(many, 'steps'):.0f} | {middle(many, 'iterations'):.0f} | {middle(many, 'end_s'):.1f} "
                f"| {middle(many, 'contact'):.4f} | {middle(many, 'memory_MB'):.0f} |"
            )
    return lines


def verdicts(found: dict[float, dict[str, list[Sample]]]) -> list[str]:
    """What is asked of cellfem against what was found."""
    lines = ["| MPa | asked | found | met |", "|---|---|---|---|"]

    def line(pressure: float, asked: str, value: float, limit: float, digits: int) -> None:
        lines.append(f"| {pressure:g} | {asked} | {value:.{digits}f} | {'yes' if value <= limit else 'no'} |")

    for pressure, samples in found.items():
        if TRIAL in samples:
            trial, same = samples[TRIAL], samples[EQUIVALENT]
            for name, share in FASTER.items():
                ratio = middle(samples[name], "solve_s") / middle(trial, "solve_s")
                line(pressure, f"{name}: solve at most {share} of the prototype's", ratio, share, 2)
            contact = abs(middle(same, "contact") - middle(trial, "contact"))
            line(pressure, f"{EQUIVALENT}: contact at the end within {CONTACT}", contact, CONTACT, 4)
            late = abs(middle(same, "end_s") / middle(trial, "end_s") - 1)
            line(pressure, f"{EQUIVALENT}: stop time within {100 * STOP_TIME:.0f} % (share)", late, STOP_TIME, 4)
        for name in FASTER:
            line(pressure, f"{name}: peak memory at most {MEMORY_MB:.0f} MB", middle(samples[name], "memory_MB"), MEMORY_MB, 0)
    return lines


def machine() -> str:
    """Cores and processor in one sentence."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.is_file() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return f"{os.cpu_count()} cores, {model[1].strip() if model else platform.machine()}, Python {platform.python_version()}"


def report(found: dict[float, dict[str, list[Sample]]], repeats: int) -> str:
    """The whole of results.md."""
    lines = [
        "# Results of `benchmarks/run.py`",
        "",
        f"{machine()}; one rank and one thread each, forms compiled before, no pictures; median of {repeats}, range in brackets.",
        "What is counted is told in README.md.",
        "",
        *table(found),
        "",
        *verdicts(found),
    ]
    if not any(TRIAL in samples for samples in found.values()):
        lines += ["", "The prototype's script was not there: cellfem alone was timed."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prototype", nargs="?", type=Path, default=PROTOTYPE, help="the prototype's script")
    parser.add_argument("--pressures", nargs="+", type=float, default=[0.4, 0.2], help="MPa")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.md")
    options = parser.parse_args()
    script: Path | None = options.prototype
    if script is None or not script.is_file():
        print(f"there is no prototype at {script}: cellfem alone is timed", file=sys.stderr)
        script = None
    text = report(measure(script, options.pressures, options.repeats), options.repeats)
    options.out.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
