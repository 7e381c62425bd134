"""Tables of numbers as instruments and spreadsheets write them: read as they are meant, or refused
with the reason."""

from cellfem.tables.errors import TableError

__all__ = ["TableError"]
