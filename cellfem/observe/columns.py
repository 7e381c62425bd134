"""Names of what each electrode has of its own in a row of records.csv."""

from cellfem.observe.dendrite import COLUMNS as DENDRITE

OWN = (
    "contact_fraction",
    "carrying_fraction",
    "closed_fraction",
    "focusing_max",
    "void_count",
    "gap_max_um",
    "porosity_max",
    "platen_um",
    *DENDRITE,
    "lithium_um",
    "lithium_least_um",
)
"""Besides the size of its voids."""
SECOND = "_2"
"""Ends the names of the columns of the second electrode."""
