"""Diagnostics of a run: one object for each kind of evaluation, with a common interface for the
`Recorder`.

A diagnostic has its columns (`cellfem.quantities`), evaluates accepted steps, declares its state
for checkpoints, and contributes to the summary's verdict, the tables and the pictures.
"""

from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended, Moment

__all__ = ["Accepted", "Diagnostic", "Ended", "Moment"]
