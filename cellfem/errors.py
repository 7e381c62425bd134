"""The exit codes, and the base class of all errors that end a command with a message."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    BAD_CASE = 2  # of user input: a case, a file, a folder, an option
    GAVE_UP = 3  # no solution, or not all requested results
    STOPPED = 4  # from outside; the same command continues


class CellfemError(Exception):
    """The text is for the user: what is wrong, why, and what to do."""

    exit_code = ExitCode.BAD_CASE


class StoppedError(CellfemError):
    """Stopped from outside."""

    exit_code = ExitCode.STOPPED


class MissingExtraError(CellfemError, ImportError):
    """A library that cellfem does without is not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(f"{what} needs {library}, which is not installed: pip install '.[{extra}]' in the clone of cellfem")
