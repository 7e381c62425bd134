"""What a run must write, and what happens on all ranks alike where it cannot."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mpi4py import MPI

from cellfem.errors import CellfemError, ExitCode
from cellfem.formatting import not_written

PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOMEM, errno.ENFILE, errno.EMFILE}
"""Errors that may be gone another time: a full disk or quota, a file server that was away."""


class CannotWriteError(CellfemError, OSError):
    """A file could not be written; raised on every rank. again: the same command, or cellfem
    resume, may find room."""

    def __init__(self, text: str, again: bool = True) -> None:
        super().__init__(text)
        self.again = again
        self.exit_code = ExitCode.GAVE_UP if again else ExitCode.BAD_CASE

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.again)  # passed on between ranks


def may_pass(error: OSError) -> bool:
    """Whether trying again may help."""
    return error.errno in PASSING


@dataclass
class Writing:
    """Keeps what goes wrong in writing on one rank until all ranks are there to end alike."""

    comm: MPI.Intracomm
    remedy: str
    close: Callable[[str], None]  # on every rank, before the end, with the sentence
    problem: str = ""
    again: bool = True

    @contextmanager
    def trying(self) -> Iterator[None]:
        """An OSError in here is kept for `agree`; the first one counts."""
        try:
            yield
        except OSError as error:
            if not self.problem:
                self.problem, self.again = not_written(error), error.errno is None or may_pass(error)

    def agree(self) -> None:
        """Raises CannotWriteError on every rank where anything went wrong on any (collective)."""
        found = [(text, again) for text, again in self.comm.allgather((self.problem, self.again)) if text]
        if found:
            text = f"{found[0][0]}; {self.remedy}"
            self.close(text)
            raise CannotWriteError(text, found[0][1])
