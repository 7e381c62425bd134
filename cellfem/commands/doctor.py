"""cellfem doctor and cellfem version."""

import typer

import cellfem
from cellfem import doctor as diagnosis


def doctor() -> None:
    """Check compiler, Python, system libraries, MPI, graphics and caches; each finding in one sentence, with the remedy."""
    raise typer.Exit(diagnosis.main())


def version() -> None:
    """Print the version."""
    print(cellfem.__version__)
