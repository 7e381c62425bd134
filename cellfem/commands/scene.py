"""cellfem scene and cellfem render: pictures of a run for and without ParaView."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from cellfem.ending import ending, fail
from cellfem.results import adding
from cellfem.results.manifest import list_files

OUTPUTS = SCRIPT, STATE, PICTURE = "scene.py", "scene.pvsm", "scene.png"
FRAMES = "scene_frames"
PARAVIEW_S = 600.0
ATTEMPTS, NO_DISPLAY = 3, ("vtkXOpenGLRenderWindow::CreateAWindow", "Xvfb failed to start")
"""Two of xvfb-run at a time may take the same display, and one of them loses it: what ParaView or xvfb-run then says."""
FIRST_DISPLAY, DISPLAYS = 100, 5000
"""Where each process begins to look for a free one, by its number."""

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.", show_default=False)]
Time = Annotated[
    float | None,
    typer.Option("--time", metavar="SECONDS", help="What to show; else the largest dendrite index, or the end."),
]


def scene(
    folder: Folder,
    time: Time = None,
    run: Annotated[bool, typer.Option("--run", help="Run the script at once by pvbatch: picture and state.")] = False,
    animation: Annotated[bool, typer.Option("--animation", help="With --run: a picture of every time, too.")] = False,
) -> None:
    """Write a script and state for ParaView 5.11 or later that shows voids, crowding, creep and dendrite index of a run."""
    from cellfem.output.records import write_atomic
    from cellfem.scene.scene_spec import read_scene_spec

    with ending():
        look = read_scene_spec(folder, time)
        template = files("cellfem.scene").joinpath("paraview_template.py").read_text(encoding="utf-8")
        frames = [f"{FRAMES}/scene_{number:05d}.png" for number in range(len(look.times))]
        with adding(folder, "run", (*OUTPUTS, *frames), anywhere=True):
            write_atomic(folder / SCRIPT, template.replace("@LOOK@", look.as_json()))
            list_files(folder / name for name in (*OUTPUTS, *frames))  # what the script will write
    typer.echo(f"script and state: {folder / SCRIPT}")
    typer.echo(f"  in the window:   paraview --script={folder / SCRIPT}   or File > Load State")
    typer.echo(f"  without one:     pvbatch {folder / SCRIPT} [--animation]   writes {PICTURE} and {STATE}")
    if run:
        _run(folder, animation)


def render(
    folder: Folder,
    time: Time = None,
    animation: Annotated[bool, typer.Option("--animation", help="An animated GIF of all times, too.")] = False,
) -> None:
    """Draw the scene of a run without ParaView: render.png, and with --animation render.gif."""
    from cellfem.scene.render import render_animation, render_scene
    from cellfem.scene.scene_spec import read_scene_spec

    with ending():
        look = read_scene_spec(folder, time)
        picture, moving = folder / "render.png", folder / "render.gif"
        with adding(folder, "run", [path.name for path in (picture, moving)[: 2 if animation else 1]], anywhere=True):
            render_scene(look, picture)
            typer.echo(f"picture: {picture}")
            if animation:
                count = render_animation(look, moving)
                typer.echo(f"animation of {count} times: {moving}")


def paraview_command() -> list[str] | None:
    """How pvbatch is started here without a display; None where there is none."""
    pvbatch, xvfb = shutil.which("pvbatch"), shutil.which("xvfb-run")
    if pvbatch is None:
        return None
    return [xvfb, "-a", "-n", str(FIRST_DISPLAY + os.getpid() % DISPLAYS), pvbatch] if xvfb else [pvbatch]


def _run(folder: Path, animation: bool) -> None:
    command = paraview_command()
    if command is None:
        fail("--run: no pvbatch was found on the PATH; install ParaView 5.11 or later, or draw by cellfem render")
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            [*command, str(folder / SCRIPT), *(["--animation"] if animation else [])],
            capture_output=True, text=True, timeout=PARAVIEW_S, check=False,
        )  # fmt: skip
        if not any(words in done.stderr for words in NO_DISPLAY):
            break
    if done.returncode != 0 or not (folder / PICTURE).exists():
        fail(f"pvbatch ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    typer.echo(f"picture: {folder / PICTURE}")
    typer.echo(f"state: {folder / STATE}")
    if animation:
        typer.echo(f"pictures of all times: {folder / FRAMES}")
