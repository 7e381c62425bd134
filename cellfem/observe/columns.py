"""Names of what each electrode has of its own in a row of records.csv."""

DENDRITE = (
    *("dendrite_index_max", "dendrite_likelihood", "dendrite_place_um", "dendrite_overpotential_mV"),
    *("dendrite_drive_overpotential_MPa", "dendrite_drive_extrusion_MPa", "dendrite_pressure_MPa"),
    *("dendrite_compression_MPa", "dendrite_K_MPa_m0_5"),
)
"""Of dendrites: all but the likelihood at the place of the largest index."""
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
