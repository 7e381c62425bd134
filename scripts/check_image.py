"""Run a case natively and in the container image, with prescribed steps, and hold the records
against each other.

    python scripts/check_image.py [--case cases/strip-void] [--image cellfem] [--ranks 1]
    python scripts/check_image.py --engine apptainer --image cellfem.sif
    python scripts/check_image.py --with "ch-run -w ./image --"

The image is run as batch systems run it: a read-only root, no network, no capabilities; by docker
as an unknown user,
by Apptainer as oneself without one's home. Exit code 1 where a number differs by more than 1e-8 of
its size.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from cellfem.output.records import read_records

STEPS = ("numerics.dt=['0.1 s', '0.2 s', '0.4 s', '0.8 s', '1 s']", "numerics.dt_initial=0.1 s", "output.pictures=false")
AGREEMENT = 1e-8
NOISE = ("balance_", "newton_")
"""Columns that are round-off, or effort."""
SMALLEST = 1e-6
"""Numbers below it, in their units, are compared by their difference."""


def container(engine: str, image: str, out: Path) -> list[str]:
    """The command in front of the program: docker or Apptainer, hardened."""
    if engine == "apptainer":
        alone = ["--containall", "--no-home", "--network", "none", "--pwd", "/results"]
        return ["apptainer", "exec", *alone, "--bind", f"{out}:/results", image]
    hard = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=none", "--user", "12345:12345"]
    return ["docker", "run", "--rm", *hard, "-v", f"{out}:/results", image]


def worst(one: list[dict[str, float]], other: list[dict[str, float]]) -> tuple[float, str]:
    """Largest difference over the size of the number, and where. Raises SystemExit where the tables
    differ in length."""
    if len(one) != len(other):
        raise SystemExit(f"{len(one)} rows natively, {len(other)} in the image")
    found = (0.0, "nowhere")
    for row, same in zip(one, other, strict=True):
        for name, value in row.items():
            if value == value and not name.startswith(NOISE):
                found = max(found, (abs(same[name] - value) / max(abs(value), SMALLEST), f"{name} at step {row['step']:g}"))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", type=Path, default=Path("cases/strip-void"))
    parser.add_argument("--duration", default="20 s")
    parser.add_argument("--engine", choices=["docker", "apptainer"], default="docker")
    parser.add_argument("--image", default="cellfem", help="a tag of docker's, or a .sif")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument(
        "--with", dest="prefix", help="what runs a program in the image, in place of an engine; sees the results' folder as it is"
    )
    chosen = parser.parse_args()
    overrides = [word for step in (*STEPS, f"protocol.0.duration={chosen.duration}") for word in ("--set", step)]
    overrides += ["-n", str(chosen.ranks), "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        out.chmod(0o777)
        subprocess.run(
            [sys.executable, "-m", "cellfem.cli", "run", str(chosen.case), "--out", str(out / "native"), *overrides], check=True
        )
        if chosen.prefix:
            before, there = shlex.split(chosen.prefix), out / "image"
        else:
            before, there = container(chosen.engine, chosen.image, out), Path("/results/image")
        case = f"/cases/{chosen.case.name}"
        subprocess.run([*before, "cellfem", "run", case, "--out", str(there), *overrides], check=True, env=os.environ)
        found = [read_records(out / name / "records.csv") for name in ("native", "image")]
    size, where = worst(found[0], found[1])
    print(f"{len(found[0])} rows, largest difference {size:.1e} ({where})")
    return int(size > AGREEMENT)


if __name__ == "__main__":
    sys.exit(main())
