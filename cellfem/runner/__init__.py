"""One run, from a checked case to a folder of results: the order in which the packages are
called."""

from cellfem.runner.execute import Pace, Result, resume_run, run_case, run_steps
from cellfem.runner.prepare import segments_of, source_of, stack_of

__all__ = ["Pace", "Result", "resume_run", "run_case", "run_steps", "segments_of", "source_of", "stack_of"]
