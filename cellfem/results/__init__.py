"""Folders of results: what cellfem wrote into them is listed there, and nothing else is ever
overwritten, moved or deleted."""

from cellfem.results.folder import FolderError, adding, claim, examine, made, new_file, replacing

__all__ = ["FolderError", "adding", "claim", "examine", "made", "new_file", "replacing"]
