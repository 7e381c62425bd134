"""How cellfem ends: the exit codes, and the base of all errors that end a command in a sentence."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Of every command."""

    DONE = 0
    BAD_CASE = 2  # of what a user gave: a case, a file, a folder, an option
    GAVE_UP = 3  # no solution, or not all that was asked for
    STOPPED = 4  # from outside; the same command goes on


class CellfemError(Exception):
    """Its text is for the user: what is wrong, why, and what to do."""

    exit_code = ExitCode.BAD_CASE


class StoppedError(CellfemError):
    """Stopped from outside."""

    exit_code = ExitCode.STOPPED


class MissingExtraError(CellfemError, ImportError):
    """A library that cellfem does without is not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(f"{what} needs {library}, which is not installed: pip install 'cellfem[{extra}]'")
