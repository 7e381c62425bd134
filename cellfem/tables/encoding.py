"""Detection of the encoding of a text file."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path

from cellfem.tables.errors import NoTable, TableError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HIGH = re.compile(rb"[\x80-\xff]+")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
SAMPLE = 4096
"""Bytes at the beginning of a file that distinguish binary from text."""


def read_lines(path: Path) -> tuple[list[str], str]:
    """The lines of a file without their ends, and the encoding. Raises TableError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"cannot be read: {error.strerror}") from error
    encoding = encoding_of(data)
    if encoding is None:
        raise NoTable("is not text but binary: export it as text (csv) from the program that wrote it")
    text = data.decode(encoding, errors="replace")
    return io.StringIO(text, newline=None).read().split("\n"), encoding.removesuffix("-sig")


def encoding_of(data: bytes) -> str | None:
    """The encoding of a text; None if it is not text.

    By its byte order mark; UTF-16 without one by its zeros; UTF-8 if it is valid. Otherwise:
    Chinese characters (GB 18030) take two bytes above 127 each, while µ, ², °, Ω in Western tables
    (Windows-1252) are single ones.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    start = data[:SAMPLE]
    if start.count(0) > len(start) // 4:
        if _BINARY.search(start[1::2].replace(b"\0", b"")) is None and start[1::2].count(0) > start[0::2].count(0):
            return "utf-16-le"
        if _BINARY.search(start[0::2].replace(b"\0", b"")) is None and start[0::2].count(0) > start[1::2].count(0):
            return "utf-16-be"
    if _BINARY.search(start) is not None:
        return None
    candidates = ["utf-8", "cp1252", "latin-1"]
    if all(len(run) % 2 == 0 for run in _HIGH.findall(data)):
        candidates.insert(1, "gb18030")
    return next(name for name in candidates if _decodes(data, name))


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
