"""One run from a checked case to a folder of results: the order in which the rooms are called."""

from cellfem.run.execute import Result, run_case
from cellfem.run.prepare import segments_of, stack_of

__all__ = ["Result", "run_case", "segments_of", "stack_of"]
