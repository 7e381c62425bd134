"""The one table of columns and fields: units, an unknown value is an error, a column in one
place."""

from types import SimpleNamespace

import numpy as np
import pytest

import cellfem.quantities as table
from cellfem.observe.arrays import Block, Snapshot, chosen_fields
from cellfem.quantities import (
    COLUMNS,
    FIELDS,
    SECOND,
    VOID_COLUMNS,
    WRITTEN,
    Column,
    UnknownQuantityError,
    ordered,
    record_columns,
    unit_of,
    values_of,
)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("current_density_mA_cm2", "mA/cm²"),
        ("stress_intensity_MPa_m0_5", "MPa √m"),
        ("cell_resistance_ohm", "Ω"),
        ("carrying_fraction", ""),
        ("step", ""),
    ],
)
def test_unit_is_that_at_the_end_of_the_name(name: str, unit: str) -> None:
    assert unit_of(name) == unit


def test_names_are_there_once_and_mean_something() -> None:
    for entries in (COLUMNS, VOID_COLUMNS, FIELDS):
        names = [entry.name for entry in entries]
        assert len(names) == len(set(names))
        assert all(entry.meaning.endswith(".") or entry.name == WRITTEN for entry in entries)


def test_a_row_with_a_value_that_the_table_does_not_know_is_an_error() -> None:
    row = dict.fromkeys(reversed(record_columns()), 0.0)
    assert tuple(ordered(row, record_columns())) == record_columns()
    with pytest.raises(UnknownQuantityError, match=r"has unknown \['wetting_angle'\]"):
        ordered(row | {"wetting_angle": 1.0}, record_columns())
    del row["dt_s"]
    with pytest.raises(UnknownQuantityError, match=r"lacks \['dt_s'\]"):
        ordered(row, record_columns())


def test_an_array_that_the_table_does_not_know_is_an_error() -> None:
    def snapshot(name: str) -> Snapshot:
        return Snapshot(0.0, {"LLZO": Block(np.zeros((1, 3)), np.zeros((0, 2), dtype=np.int64), 3, {name: np.zeros(1)})})

    assert chosen_fields(snapshot("potential_mV"), ["potential_mV"]).blocks["LLZO"].point_data
    for name in ("wetting_angle", "gap_um"):  # unknown; known, but of another block
        with pytest.raises(UnknownQuantityError, match=f"LLZO: the table knows no field {name}"):
            chosen_fields(snapshot(name), [name])


def test_a_column_is_added_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reads it, writes it and has it a second time for the second electrode is the table."""
    new = Column("stripped_um", "Lithium that is gone.", "electrode", lambda reading: 20.0 - reading.least_thickness)
    monkeypatch.setattr(table, "COLUMNS", (*COLUMNS[:-1], new, COLUMNS[-1]))
    assert record_columns(symmetric=True)[-2:] == (f"stripped_um{SECOND}", WRITTEN)
    monkeypatch.setattr(table, "COLUMNS", (new, COLUMNS[-1]))
    assert values_of("electrode", SimpleNamespace(least_thickness=18.0)) == {"stripped_um": 2.0}


def test_every_field_of_the_interface_says_how_it_is_read() -> None:
    assert all(field.read is not None for field in FIELDS if "interface" in field.parts)
    assert all(field.read is None for field in FIELDS if "interface" not in field.parts)
