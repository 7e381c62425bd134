"""Tables of numbers written by instruments and spreadsheets: read correctly, or refused with the
reason."""

from cellfem.tables.errors import TableError

__all__ = ["TableError"]
