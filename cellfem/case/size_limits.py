"""Limits of size, nesting and text beyond which a file is refused before it is checked key by
key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from cellfem.units import as_written, shortened

MOST_BYTES = 10_000_000
"""Largest case file: a hundred thousand steps written out."""
DEEPEST = 12
"""Deepest nesting of tables and lists; a stop condition of a step in a loop is 6 deep."""
MOST_ENTRIES = 100_000
"""Of one list."""
LONGEST_TEXT = 10_000
"""Longest text, in characters."""
LARGEST_INTEGER = 2**63 - 1
"""Range of integers that TOML requires of every reader."""
MOST_ERRORS, LONGEST_ERROR = 40, 1200
"""Most errors that are reported one by one, and the longest of them in characters."""
_BARE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}){{{DEEPEST + 4},}}")
"""A key of very many parts: the time of Python's reader grows with the square of their number."""


class UnfitError(ValueError):
    """A text that is not read; str() gives reason and remedy."""


def parse_toml(text: str) -> dict[str, Any]:
    """The data of a TOML text. Raises tomllib.TOMLDecodeError for invalid TOML, UnfitError for
    texts beyond the limits."""
    if _LONG_KEY.search(text):
        raise UnfitError(f"has a key of more than {DEEPEST + 4} parts, a.b.c and so on; no key of a case has so many")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise UnfitError(f"has lists or tables nested far more than {DEEPEST} deep; no case needs that") from error
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise UnfitError("has a whole number of thousands of digits; write it shorter") from error


def unfit(data: dict[str, Any]) -> Iterator[str]:
    """Reasons why the data of a case cannot be checked, each as `key: what is wrong; remedy`."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and (wrong := wrong_text(value)):
            yield f"{key_text(path)}: {wrong}"
        elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            yield f"{key_text(path)}: is a whole number beyond 64 bits; write it smaller"
        elif isinstance(value, list | tuple | dict):
            if len(path) >= DEEPEST:
                yield f"{key_text(path[:1])}: has lists or tables nested more than {DEEPEST} deep; no key of a case needs that"
                continue
            if len(value) > MOST_ENTRIES:
                yield f"{key_text(path)}: has {len(value)} entries, more than {MOST_ENTRIES}; make it shorter"
                continue
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += reversed([((*path, key), item) for key, item in inner])
            if isinstance(value, dict):
                yield from (f"{key_text((*path, key))}: {wrong}" for key in value if (wrong := wrong_text(str(key))))


def wrong_text(text: str) -> str:
    """Error of a text in the case; "" if it is valid."""
    if len(text) > LONGEST_TEXT:
        return f"is a text of {len(text)} characters, more than {LONGEST_TEXT}; make it shorter"
    return "is not UTF-8 text; save or type it as UTF-8" if printable(text) != text else ""


def printable(text: str) -> str:
    """The text with invalid UTF-8 bytes, which Python keeps as lone surrogates, written as
    escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def key_text(path: tuple[str | int, ...] | list[str | int]) -> str:
    """A key as it is written in TOML, counted from 0 in lists, of bounded length."""
    parts = [str(part) for part in path[: DEEPEST + 4]]
    return ".".join(part if _BARE.fullmatch(part) else as_written(printable(shortened(part, 60))) for part in parts)


def bounded(lines: list[str], more: int = 0) -> list[str]:
    """The first of many lines, each of bounded length, and the number of the others, including
    `more` that are not among `lines`."""
    told = [shortened(printable(line), LONGEST_ERROR) for line in lines[:MOST_ERRORS]]
    left = len(lines) - len(told) + more
    return [*told, f"and {f'{left:,}'.replace(',', ' ')} more"] if left else told
