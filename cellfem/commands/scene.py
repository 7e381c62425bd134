"""cellfem scene and cellfem render: pictures of a run with and without ParaView."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellfem.commands.shared import quantity
from cellfem.ending import ending

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.", show_default=False)]
Time = Annotated[
    str | None,
    typer.Option("--time", metavar="TIME", help="Time to show; default: that of the largest dendrite index, or the end."),
]


def scene(
    folder: Folder,
    time: Time = None,
    run: Annotated[bool, typer.Option("--run", help="Run the script with pvbatch: picture and state.")] = False,
    animation: Annotated[bool, typer.Option("--animation", help="With --run: also a picture of every time.")] = False,
) -> None:
    """Write a script and state for ParaView 5.11 or later that shows voids, crowding, creep and dendrite index of a run."""
    from cellfem.scene.scene import run_paraview, write_scene

    with ending():
        made = write_scene(folder, _seconds(time))
        typer.echo(f"script and state: {made.script}")
        typer.echo(f"interactively:   paraview --script={made.script}   or File > Load State")
        typer.echo(f"without window:  pvbatch {made.script} [--animation]   writes {made.picture.name} and {made.state.name}")
        if run:
            run_paraview(made, animation)
            typer.echo(f"picture: {made.picture}")
            typer.echo(f"state: {made.state}")
            if animation:
                typer.echo(f"pictures of all times: {made.frames}")


def render(
    folder: Folder,
    time: Time = None,
    animation: Annotated[bool, typer.Option("--animation", help="Also an animated GIF of all times.")] = False,
) -> None:
    """Draw the scene of a run without ParaView: render.png, and with --animation render.gif."""
    from cellfem.scene.scene import render_run

    with ending():
        made = render_run(folder, _seconds(time), animation)
    typer.echo(f"picture: {made.picture}")
    if made.animation is not None:
        typer.echo(f"animation of {made.count} times: {made.animation}")


def _seconds(time: str | None) -> float | None:
    return None if time is None else quantity("--time", time, "s", 0.0)
