"""cellfem mesh and cellfem surface: what a case would be computed on, alone."""

from pathlib import Path
from typing import Annotated

import typer

from cellfem.case import CaseError
from cellfem.case.identity import files_read
from cellfem.commands.shared import CasePath, Overrides, ReplaceFile, fail, load, note
from cellfem.results import FolderError, new_file


def mesh(
    case: CasePath,
    out: Annotated[Path, typer.Option("--out", help="The mesh file to write.")] = Path("mesh.msh"),
    overrides: Overrides = None,
    replace: ReplaceFile = False,
) -> None:
    """Make the mesh of a case alone: lithium, void and LLZO in true geometry, for gmsh, ParaView or another run."""
    checked = load(case, overrides)
    note(checked)
    from cellfem.geometry import MeshError, write_msh
    from cellfem.geometry.files import is_ours
    from cellfem.output.formatting import cannot_write
    from cellfem.run.prepare import stack_of

    try:
        new_file(out, files_read(checked, case), is_ours(out), replace)
        stack = stack_of(checked)
        write_msh(stack, out)
    except (MeshError, FolderError) as error:
        fail(str(error))
    except OSError as error:
        fail(cannot_write(error))
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
    from cellfem.geometry import MeshError
    from cellfem.output.style import is_ours
    from cellfem.run.surface import draw, files_of, read_surface, report

    try:
        new_file(out, files_of(path, overrides or []), is_ours(out), replace)
        reading = read_surface(path, overrides or [])
        draw(reading, out)
    except (CaseError, MeshError, FolderError, OSError) as error:
        fail(str(error))
    print("\n".join([*report(reading), f"picture: {out}"]))
