"""The commands by name: module and one line of help. A module is imported when its command is
called or its help is shown.

`cellfem --help` took one and a half seconds when all were imported. A test compares the lines with
the docstrings of the commands.
"""

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

HELP = {"help_option_names": ["-h", "--help"]}
COMMANDS = {
    "new": (
        "cellfem.commands.new",
        "Write a commented case from a menu of templates: stripping, pressing, cycling, plating, holding, 3-D.",
    ),
    "check": (
        "cellfem.commands.check",
        "Check a case and print it with all defaults; nothing is meshed.",
    ),
    "mesh": (
        "cellfem.commands.mesh",
        "Make the mesh of a case alone: lithium, void and LLZO in true geometry, for gmsh, ParaView or another run.",
    ),
    "surface": (
        "cellfem.commands.mesh",
        "Show a rough face: rms, slopes, spectrum, picture; a file as the table roughness reads it, with --set roughness.unit=nm.",  # noqa: E501
    ),
    "run": (
        "cellfem.commands.run",
        "Run a case: records, ParaView files, pictures and a verdict in one folder.",
    ),
    "resume": (
        "cellfem.commands.run",
        "Go on with a run from its newest checkpoint, on any number of ranks; records and fields are appended to.",
    ),
    "sweep": (
        "cellfem.commands.sweep",
        "Run a grid over the keys of a case: map.csv, map.json, maps, and the critical current against pressure with its slope.",
    ),
    "sensitivity": (
        "cellfem.commands.sensitivity",
        "Vary what is not known well, and show what contact, carrying fraction, time to failure and voltage owe to each.",
    ),
    "impedance": (
        "cellfem.commands.impedance",
        "Impedance spectrum at the end of a run: spectrum.csv (frequency, Z', Z''; impedance.py reads it) and a Nyquist plot.",
    ),
    "need": (
        "cellfem.commands.need",
        "Find what an interface needs to keep contact: bisection over pressure for each creep set, the answer in one sentence.",
    ),
    "press": (
        "cellfem.commands.press",
        "Find the stack pressure that reaches a resistance, by bisection: a folder for each run, the answer on the last line.",
    ),
    "fit-creep": (
        "cellfem.commands.fit_creep",
        "Fit power-law creep to rows of stress, rate and temperature: the line for a case, with the errors of the fit.",
    ),
    "overlay": (
        "cellfem.commands.overlay",
        "Lay a measured voltage curve over a run: measured.png and measured.json in its folder, with the rms difference.",
    ),
    "flaw": (
        "cellfem.commands.flaw",
        "A resolved flaw full of lithium while plating: pressure, current and K_I in it, critical current, growth.",
    ),
    "penetration": (
        "cellfem.commands.penetration",
        "Pressure without current: flaws that it opens and times to creep through them, over measured times to a short.",
    ),
    "window": (
        "cellfem.commands.window",
        "Both limits of stack pressure on one picture: contact lost from below, dendrites from above, and what is safe between.",
    ),
    "report": (
        "cellfem.commands.report",
        "Write report.html into the (first) folder: verdict, curves, pictures, parameters with sources; one file, offline.",
    ),
    "compare": (
        "cellfem.commands.compare",
        "Print what differs between runs: keys of their cases, verdicts and final values.",
    ),
    "view": (
        "cellfem.commands.view",
        "Show a run in a window that turns and zooms, with a slider of time; without a screen, say what to do.",
    ),
    "scene": (
        "cellfem.commands.scene",
        "Write a script and state for ParaView 5.11 or later that shows voids, crowding, creep and dendrite index of a run.",
    ),
    "render": (
        "cellfem.commands.scene",
        "Draw the scene of a run without ParaView: render.png, and with --animation render.gif.",
    ),
    "submit": (
        "cellfem.commands.batch",
        "Write a batch script and submit it: it runs the case, resumes it after each time limit, and ends when the run is done.",
    ),
    "collect": (
        "cellfem.commands.batch",
        "Gather what the tasks of a submitted sweep have found so far: map.csv, map.json and maps, at any time.",
    ),
    "status": (
        "cellfem.commands.status",
        "Show how far a run is, or every run of a sweep as a table; nothing is written.",
    ),
    "estimate": (
        "cellfem.commands.batch",
        "Say how many unknowns a case has, and what memory and wall time it will take on 1 to N ranks.",
    ),
    "doctor": (
        "cellfem.commands.doctor",
        "Check compiler, Python, system libraries, MPI, graphics and caches; each finding in one sentence, with the remedy.",
    ),
    "version": (
        "cellfem.commands.doctor",
        "Print the version.",
    ),
}
"""Maps each name, which is that of the function (with - for _), to its module and the first
paragraph of its help."""


class LazyCommand(TyperCommand):
    """Placeholder for a command until it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the command and make its context."""
        assert self.name is not None
        return load_command(self.name).make_context(info_name, args, parent, **extra)


class LazyGroup(TyperGroup):
    """All commands, without importing them."""

    def __init__(self, *, commands: Any = None, **attributes: Any) -> None:
        super().__init__(commands={name: LazyCommand(name, help=text) for name, (_, text) in COMMANDS.items()}, **attributes)


def load_command(name: str) -> Any:
    """Import and return a command."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, context_settings=HELP)
    function = getattr(import_module(COMMANDS[name][0]), name.replace("-", "_"))
    alone.command(name, help=_reflowed(getdoc(function) or ""))(function)
    return get_command(alone)


def _reflowed(text: str) -> str:
    """Paragraphs as lines of their own, which the terminal wraps at its own width."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
