"""What all tests share."""

import os

import pytest

# Before numpy is loaded by any test: one thread, so that times and sums are alike everywhere.
os.environ.setdefault("OMP_NUM_THREADS", "1")

LONGEST_FIRST = (
    *("restart", "first_steps", "parallel", "faults", "dendrite_case", "end_of_run", "symmetric", "runs", "own_creep_law"),
    *("full_disk", "form_cache", "solid_case", "cli", "cycles", "sweep", "output_files", "bricks_case", "press_command"),
    *("no_start", "elastic", "scene", "opening_cause", "rough_case", "orders_coupled", "orders_single", "solid", "periodic"),
    *("gas", "realisations_command", "sensitivity_command", "flaw_opening", "flat", "column", "cluster", "case_hostile"),
)
"""Files whose tests take longest, as measured: two processes that begin with them end together. The
others take some seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order files, not the tests of a file."""
    place = {f"test_{name}.py": number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))
