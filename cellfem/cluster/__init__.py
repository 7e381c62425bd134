"""Batch systems: scripts that resubmit themselves until a run is done, estimates of the resources a
job needs, and the progress of jobs."""
