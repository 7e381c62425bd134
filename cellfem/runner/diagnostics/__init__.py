"""What a run reads off its states: one object per thing, all alike to the `Recorder`.

A diagnostic has its columns (`cellfem.quantities`), takes up accepted steps, declares what a
checkpoint must hold of it, and adds to the summary's verdict, the tables and the pictures.
"""

from cellfem.runner.diagnostics.base import Accepted, Diagnostic, Ended, Moment

__all__ = ["Accepted", "Diagnostic", "Ended", "Moment"]
