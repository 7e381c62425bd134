"""Failed writes of a run, which must end all ranks in the same way."""

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
"""Errors that may not recur: a full disk or quota, an unavailable file server."""


class CannotWriteError(CellfemError, OSError):
    """A file could not be written; raised on every rank. again: the same command, or cellfem
    resume, may succeed later."""

    def __init__(self, text: str, again: bool = True) -> None:
        super().__init__(text)
        self.again = again
        self.exit_code = ExitCode.GAVE_UP if again else ExitCode.BAD_CASE

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.again)  # sent between ranks


def may_pass(error: OSError) -> bool:
    """Whether a retry may succeed."""
    return error.errno in PASSING


@dataclass
class Writing:
    """Stores write errors of one rank until all ranks can end together."""

    comm: MPI.Intracomm
    remedy: str
    close: Callable[[str], None]  # called on every rank before the end, with the message
    problem: str = ""
    again: bool = True

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Store an OSError of the block for `agree`; the first one counts."""
        try:
            yield
        except OSError as error:
            if not self.problem:
                self.problem, self.again = not_written(error), error.errno is None or may_pass(error)

    def agree(self) -> None:
        """Raises CannotWriteError on every rank if an error occurred on any (collective)."""
        found = [(text, again) for text, again in self.comm.allgather((self.problem, self.again)) if text]
        if found:
            text = f"{found[0][0]}; {self.remedy}"
            self.close(text)
            raise CannotWriteError(text, found[0][1])
