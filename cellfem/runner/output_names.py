"""Names of all files that a run may write into its folder, with * and ? as in a shell."""

from cellfem.output.drawing import FILE as DRAWING
from cellfem.output.drawing import PICTURES
from cellfem.output.progress import STATUS
from cellfem.runner.checkpoints import FOLDER, MESH, NUMBERED, START
from cellfem.runner.spectrum import SURFACE, TABLE

RESOLVED, MESH_FILE = "case.resolved.toml", "mesh.msh"
_TIME = "[0-9]" * 5
RUN_OUTPUTS = (
    *(RESOLVED, MESH_FILE, SURFACE, TABLE, DRAWING, "opening.csv", "measured.json"),
    *("records.csv", "voids.csv", "log.txt", STATUS, "cellfem.pvd", "cellfem.vtkhdf.series", "summary.json"),
    *(f"fields/*_{_TIME}{end}" for end in ("_*.vtu", ".pvtu", ".vtkhdf")),
    *(f"{FOLDER}/{name}" for name in (MESH, START, NUMBERED)),
    *(f"{name}.png" for name in PICTURES),
)
