"""Errors of files of measurements that cannot be read unambiguously."""

from cellfem.errors import CellfemError


class TableError(CellfemError, ValueError):
    """The file contains no table of numbers, or an ambiguous one; str() continues a sentence that
    begins with the file's name."""


class NoTable(TableError):
    """The file contains no rows of numbers: another reader may recognise it."""
