"""Standard streams that survive their reader: `cellfem run CASE 2>&1 | head -1` computes on, and
unread output is dropped.

Imports nothing slow.
"""

import codecs
import io
import os
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import subprocess

PIECE = 65536  # bytes forwarded at a time


class Lasting(io.TextIOWrapper):
    """A text stream that discards its output after its pipe is closed."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()
            super().flush()  # remaining data in the buffers

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def outlive_readers() -> None:
    """Replace standard output and error by such streams."""
    sys.stdout, sys.stderr = (_lasting(stream) for stream in (sys.stdout, sys.stderr))


def hand_on(started: "subprocess.Popen[bytes]") -> None:
    """Forward both output pipes of a process to ours until it closes them: a launcher whose own
    output is closed would end its ranks."""
    pairs = [(source, target) for source, target in ((started.stdout, sys.stdout), (started.stderr, sys.stderr)) if source]
    threads = [threading.Thread(target=_copy, args=pair, daemon=True) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _copy(source: IO[bytes], target: TextIO) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while piece := os.read(source.fileno(), PIECE):
        target.write(decoder.decode(piece))
        target.flush()


def _lasting(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):  # closed, or replaced by a test
        return stream
    with suppress(ValueError, OSError):
        stream.flush()
    made = Lasting(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    _KEPT.append(stream)  # keep a reference: a collected stream would close the shared file descriptor
    return made


_KEPT: list[TextIO] = []
