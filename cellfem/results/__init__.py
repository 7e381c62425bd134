"""Folders of results: files written by cellfem are listed there, and no other file is ever
overwritten, moved or deleted."""

from cellfem.results.folder import FolderError, adding, claim, examine, made, new_file, replacing

__all__ = ["FolderError", "adding", "claim", "examine", "made", "new_file", "replacing"]
