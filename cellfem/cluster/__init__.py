"""Batch systems: scripts that submit themselves again until a run is done, what a job will need,
and how far it is."""
