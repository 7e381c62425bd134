"""cellfem mesh and cellfem surface: the mesh or the rough face of a case, without a run."""

from pathlib import Path
from typing import Annotated

import typer

from cellfem.case.identity import files_read
from cellfem.commands.shared import CasePath, Overrides, ReplaceFile, load, note
from cellfem.ending import ending
from cellfem.results import new_file


def mesh(
    case: CasePath,
    out: Annotated[Path, typer.Option("--out", help="The mesh file to write.")] = Path("mesh.msh"),
    overrides: Overrides = None,
    replace: ReplaceFile = False,
) -> None:
    """Make the mesh of a case alone: lithium, void and LLZO in true geometry, for gmsh, ParaView or another run."""
    checked = load(case, overrides)
    note(checked)
    from cellfem.geometry import write_msh
    from cellfem.geometry.files import is_ours
    from cellfem.runner.prepare import stack_of

    with ending():
        new_file(out, files_read(checked, case), is_ours(out), replace)
        stack = stack_of(checked)
        write_msh(stack, out)
    print(f"{out}: {len(stack.points)} nodes, {len(stack.cells)} {stack.cell_name}")


def surface(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|CASE", help="A file of heights, or a case with a rough face.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The picture to write (PNG).")] = Path("surface.png"),
    overrides: Overrides = None,
    replace: ReplaceFile = False,
) -> None:
    """Show a rough face: rms, slopes, spectrum, picture; a file as the table roughness reads it, with --set roughness.unit=nm."""
    from cellfem.output.style import is_ours
    from cellfem.runner.surface import draw, files_of, read_surface, report

    with ending():
        new_file(out, files_of(path, overrides or []), is_ours(out), replace)
        reading = read_surface(path, overrides or [])
        draw(reading, out)
    print("\n".join([*report(reading), f"picture: {out}"]))
