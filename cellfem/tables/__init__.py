"""Tables of numbers as instruments and spreadsheets write them: read as they are meant, or refused
with the reason."""

from cellfem.tables.errors import TableError
from cellfem.tables.text import Table, read_table

__all__ = ["Table", "TableError", "read_table"]
