"""What the mesh of `cases/strip-void` changes: contact and cost for several sizes far from Γ.

    python benchmarks/gradings.py [--pressure "0.4 MPa"]

The growth rate is a constant of `cellfem/geometry/build.py`; here it is set to other values too, to
show that the result does not depend on it. Prints a table in Markdown. Times mean something only
within one table, on a quiet machine.
"""

import argparse
import tempfile
import time
from pathlib import Path

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.case import load_case
from cellfem.cluster.size import unknowns
from cellfem.geometry import build
from cellfem.model import from_case
from cellfem.runner import run_case, source_of

CASE = Path(__file__).resolve().parents[1] / "cases" / "strip-void"
GRADINGS = ((0.1, "2 um"), (0.2, "2 um"), (0.4, "2 um"), (0.4, "3 um"), (0.4, "4 um"), (0.6, "3 um"))
"""Growth rate, size far from Γ."""


def row(growth: float, far: str, pressure: str) -> str:
    """One line of the table: a whole run."""
    build.GROWTH = growth
    case = load_case(CASE, [f'mesh.far="{far}"', f'protocol.0.pressure="{pressure}"', "output.pictures=false"])
    count = unknowns(source_of(case), from_case.structure(case).quadratic_porosity)
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        summary = run_case(case, Path(folder) / "out", quiet=True).summary
    seconds = time.process_time() - begin
    return (
        f"| {growth:g} | {far} | {count} | {summary['steps']} | {summary['newton_iterations']} | {seconds:.1f} "
        f"| {summary['end_time_s']:.1f} | {summary['final']['contact_fraction']:.5f} |"
    )


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pressure", default="0.4 MPa")
    pressure = parser.parse_args().pressure
    print("| growth rate | far | unknowns | steps | corrections | CPU s | ends at s | contact |")
    print("| -- | -- | -- | -- | -- | -- | -- | -- |")
    for growth, far in GRADINGS:
        print(row(growth, far, pressure), flush=True)


if __name__ == "__main__":
    main()
