"""Checkpoints: the state of a run in one file, by nodes and cells of the mesh, so that any number
of ranks can read it.

This package knows nothing of the model: the owner of a state declares it by name in a `Registry`.
"""

from cellfem.checkpoint.files import CheckpointError

__all__ = ["CheckpointError"]
