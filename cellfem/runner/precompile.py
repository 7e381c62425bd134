"""Compile the forms of cases into a folder, for a container image: python -m
cellfem.runner.precompile FOLDER CASE…

Each case is begun and stopped before its first step, so that every form needed by its structure has
been compiled. Cases with other numbers, but the same switches, dimension and symmetry, then start
without a compiler.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from cellfem.backend import form_cache_folder
from cellfem.case import CaseError, load_case
from cellfem.form_cache import CODE
from cellfem.runner.execute import Pace, run_case

AT_ONCE = Pace(max_time_s=1e-9)
COARSE = ("mesh.near=3 um", "mesh.far=6 um")
"""For 3-D stacks, which take minutes to begin; forms do not depend on the mesh size."""


def bake(folder: Path, cases: list[Path]) -> int:
    """Begin each case; returns the number of forms in the folder."""
    for path in cases:
        with tempfile.TemporaryDirectory() as out:
            plain = ("output.pictures=false", "output.checkpoint=off")
            case = load_case(path, plain)
            if case.stack.dimension == 3 and case.mesh.file is None:
                with suppress(CaseError):  # a face that is too rough for it
                    case = load_case(path, (*plain, *COARSE))
            end = run_case(case, Path(out), True, pace=AT_ONCE).end
        print(f"{path.name}: {end}", flush=True)
    cache = form_cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for made in cache.glob("libffcx_*"):
        if made.suffix != ".o":
            shutil.copy(made, folder / made.name)
    return len(list(folder.glob(CODE)))


if __name__ == "__main__":
    print(f"{bake(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])} forms in {sys.argv[1]}")
