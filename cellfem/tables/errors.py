"""What a file of measurements that cannot be read as meant is told with."""

from cellfem.errors import CellfemError


class TableError(CellfemError, ValueError):
    """The file holds no table of numbers, or one that may mean two things; str() goes on a sentence
    that begins with its name."""


class NoTable(TableError):
    """There are no rows of numbers in the file at all: another reader may know it."""
