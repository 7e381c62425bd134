"""Failing commands: the one place that prints an error and exits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from cellfem.errors import CellfemError, ExitCode
from cellfem.formatting import cannot_write

RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""Environment variables set by launchers: the rank is known before MPI starts, so that messages are
printed once."""


@contextmanager
def ending() -> Iterator[None]:
    """Errors for the user end the command with their text and exit code; so does a file that cannot
    be read or written. Any other error is a fault of the program and is passed on."""
    try:
        yield
    except CellfemError as error:
        fail(str(error), error.exit_code)
    except OSError as error:
        fail(cannot_write(error))


def fail(text: str, code: ExitCode = ExitCode.BAD_CASE) -> NoReturn:
    """End the command with a message."""
    if first_rank():
        typer.echo(text, err=True)
    raise typer.Exit(code)


def first_rank() -> bool:
    """Whether this process prints messages: rank 0."""
    return all(os.environ.get(name, "0") == "0" for name in RANK_VARIABLES)
