"""A scene of a run: the script for ParaView, run at once if ParaView is installed, or pictures
without ParaView."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from cellfem.output.records import write_atomic
from cellfem.results import adding
from cellfem.results.manifest import list_files
from cellfem.scene.files import SceneError
from cellfem.scene.scene_spec import read_scene_spec

OUTPUTS = SCRIPT, STATE, PICTURE = "scene.py", "scene.pvsm", "scene.png"
FRAMES = "scene_frames"
RENDERED = PICTURE_WITHOUT, MOVING = "render.png", "render.gif"
PARAVIEW_S = 600.0
ATTEMPTS, NO_DISPLAY = 3, ("vtkXOpenGLRenderWindow::CreateAWindow", "Xvfb failed to start")
"""Error messages of ParaView or xvfb-run if two xvfb-run take the same display at the same time,
and one of them loses it."""
FIRST_DISPLAY, DISPLAYS = 100, 5000
"""First display number that a process tries, by its process number."""


@dataclass(frozen=True)
class ParaViewScene:
    """A script for ParaView in the folder of a run, and the files that it writes."""

    script: Path
    state: Path
    picture: Path
    frames: Path  # folder of the pictures of all times


@dataclass(frozen=True)
class Rendered:
    """Pictures that were drawn without ParaView. count: times in the animation."""

    picture: Path
    animation: Path | None = None
    count: int = 0


def write_scene(run: Path, time_s: float | None = None) -> ParaViewScene:
    """Write the script for ParaView 5.11 or later into the folder of a run.

    time_s: as in `read_scene_spec`. Raises SceneError, FolderError and OSError.
    """
    spec = read_scene_spec(run, time_s)
    template = files("cellfem.scene").joinpath("paraview_template.py").read_text(encoding="utf-8")
    frames = [f"{FRAMES}/scene_{number:05d}.png" for number in range(len(spec.times))]
    with adding(run, "run", (*OUTPUTS, *frames), anywhere=True):
        write_atomic(run / SCRIPT, template.replace("@LOOK@", spec.as_json()))
        list_files(run / name for name in (*OUTPUTS, *frames))  # files that the script will write
    return ParaViewScene(run / SCRIPT, run / STATE, run / PICTURE, run / FRAMES)


def paraview_command() -> list[str] | None:
    """The command that starts pvbatch here without a display; None if there is none."""
    pvbatch, xvfb = shutil.which("pvbatch"), shutil.which("xvfb-run")
    if pvbatch is None:
        return None
    return [xvfb, "-a", "-n", str(FIRST_DISPLAY + os.getpid() % DISPLAYS), pvbatch] if xvfb else [pvbatch]


def run_paraview(scene: ParaViewScene, animation: bool = False) -> None:
    """Run the script with pvbatch: picture and state, and pictures of all times. Raises SceneError
    if there is no pvbatch or it fails."""
    command = paraview_command()
    if command is None:
        raise SceneError("--run: no pvbatch was found on the PATH; install ParaView 5.11 or later, or draw by cellfem render")
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            [*command, str(scene.script), *(["--animation"] if animation else [])],
            capture_output=True, text=True, timeout=PARAVIEW_S, check=False,
        )  # fmt: skip
        if not any(words in done.stderr for words in NO_DISPLAY):
            break
    if done.returncode != 0 or not scene.picture.exists():
        raise SceneError(f"pvbatch ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def render_run(run: Path, time_s: float | None = None, animation: bool = False) -> Rendered:
    """Draw the scene of a run without ParaView: render.png, and render.gif of all times.

    time_s: as in `read_scene_spec`. Raises SceneError, FolderError and OSError.
    """
    from cellfem.scene.render import render_animation, render_scene

    spec = read_scene_spec(run, time_s)
    picture, moving = run / PICTURE_WITHOUT, run / MOVING
    with adding(run, "run", RENDERED[: 2 if animation else 1], anywhere=True):
        render_scene(spec, picture)
        if not animation:
            return Rendered(picture)
        return Rendered(picture, moving, render_animation(spec, moving))
