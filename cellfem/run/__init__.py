"""One run from a checked case to a folder of results: the order in which the rooms are called."""

from cellfem.run.execute import Pace, Result, resume_run, run_case
from cellfem.run.prepare import segments_of, source_of, stack_of

__all__ = ["Pace", "Result", "resume_run", "run_case", "segments_of", "source_of", "stack_of"]
