"""The one table of all output quantities: columns of records.csv and voids.csv, fields for
ParaView.

Each entry has a name that ends in its unit, its meaning, and how the value is read. Everything else
is derived from it: the rows, docs/output-columns.md, the choices of `output.fields`. A value or an
array without an entry is an error. To add a column, add a `Column`: its `read` gets the reading of
the accepted step, which has the model. To add a field of the interface, add a `Field` with `read`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cellfem.units import MA_CM2, OHM_CM2, SECONDS_PER_HOUR, ZERO_CELSIUS

SECOND = "_2"
"""Suffix of the columns of the second electrode."""
WRITTEN = "fields_written"
"""The last column of records.csv, one digit. It may be changed after the row is written."""

type Source = Literal["cell", "electrode", "protocol", "electrolyte stress", "output"]
"""Object from which a column is read: `observe.StepRecord`; `observe.ElectrodeReading`, of each
electrode; `case.Placed` with its number in the protocol; `observe.CrackReading`, None if the stress
was not solved; whether the fields of this time are written."""
type Value = float | int | str
UNITS = {
    "s": "s", "um": "µm", "um2": "µm²", "um3": "µm³", "MPa": "MPa", "mV": "mV", "ohm": "Ω", "C": "°C",
    "mA_cm2": "mA/cm²", "mAh_cm2": "mAh/cm²", "ohm_cm2": "Ω cm²", "um_s": "µm/s", "1_s": "1/s", "1_um2": "1/µm²",
    "MPa_m0_5": "MPa √m",
}  # fmt: skip
"""Units by the end of a name."""


class UnknownQuantityError(ValueError):
    """A run has a value or an array without an entry in the table."""


def unit_of(name: str) -> str:
    """The unit that the name ends in, by the longest end that is a unit; "" for a plain number."""
    words = name.split("_")
    ends = ("_".join(words[k:]) for k in range(1, len(words)))
    return next((UNITS[end] for end in ends if end in UNITS), "")


@dataclass(frozen=True)
class Column:
    """A column of records.csv. read: its value, from an object of `source`. volume: True: only in
    runs in which voids have a volume (axisymmetric, 3-D), False: only in others, None: in all."""

    name: str
    meaning: str
    source: Source
    read: Callable[[Any], float]
    volume: bool | None = None


@dataclass(frozen=True)
class VoidColumn:
    """A column of voids.csv. read: its value, from a `VoidEvent`. volume: as in `Column`. solid: in
    3-D only; gas: only if voids contain gas."""

    name: str
    meaning: str
    read: Callable[[Any], Value]
    volume: bool | None = None
    solid: bool = False
    gas: bool = False


@dataclass(frozen=True)
class Field:
    """An array for ParaView. parts: the blocks that have it. read: for fields of the interface,
    the values at its nodes from `observe.snapshot.InterfaceNodes`; None if this run has none."""

    name: str
    meaning: str
    parts: tuple[str, ...]
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class VoidEvent:
    """Input of a row of voids.csv. void: an `observe.voids.TrackedVoid`."""

    time_s: float
    electrode: int
    event: str
    void: Any


def _cell(name: str, meaning: str, read: Callable[[Any], float]) -> Column:
    return Column(name, meaning, "cell", read)


def _own(name: str, meaning: str, read: Callable[[Any], float], volume: bool | None = None) -> Column:
    return Column(name, meaning, "electrode", read, volume)


def _plated(name: str, meaning: str, read: Callable[[Any], float], otherwise: float = 0.0) -> Column:
    """A column of dendrites; `otherwise` if nothing is plated."""
    return _own(name, meaning, lambda r: otherwise if r.dendrite is None else read(r.dendrite))


def _face(name: str, meaning: str, read: Callable[[Any], Any]) -> Field:
    """A field of the interface alone."""
    return Field(name, meaning, ("interface",), read)


def _drive(name: str, meaning: str, parts: tuple[str, ...] = ("interface",)) -> Field:
    """A field of `observe.dendrite.DendriteFields`."""
    return Field(name, meaning, parts, lambda n: getattr(n.dendrites, name))


def _stress(name: str, meaning: str, read: Callable[[Any], float]) -> Column:
    return Column(name, meaning, "electrolyte stress", lambda r: math.nan if r is None else read(r))


COLUMNS = (
    _cell("time_s", "Time since the start.", lambda r: r.time),
    _cell("step", "Number of the accepted time step; 0 is the start.", lambda r: r.step),
    _cell("pressure_MPa", "Stack pressure.", lambda r: r.pressure),
    _cell(
        "current_mA_cm2",
        "Mean current density, > 0 while the first electrode is stripped.",
        lambda r: MA_CM2 * r.current,
    ),
    _cell(
        "voltage_mV",
        "Voltage between the lithium and LLZO's far face (second lithium in a symmetric cell), < 0 while plating.",
        lambda r: 1e3 * r.voltage,
    ),
    _cell(
        "capacity_mAh_cm2",
        "Net areal charge: stripped minus plated.",
        lambda r: MA_CM2 * r.charge / SECONDS_PER_HOUR,
    ),
    _own("contact_fraction", "Share of the interface that touches, ∫θ_g dA over the area of Γ.", lambda r: r.contact),
    _own(
        "carrying_fraction",
        "Share that touches and is not taken up by vacancies, ∫θ dA over the area of Γ.",
        lambda r: r.carrying,
    ),
    _cell(
        "asr_ohm_cm2",
        "Area-specific resistance of the interface to the current, without the drop in LLZO; nan without current.",
        lambda r: OHM_CM2 * (r.overvoltage - r.ohmic) / r.current if r.current else math.nan,
    ),
    _own("focusing_max", "Largest local over mean current density; nan without current.", lambda r: r.focusing),
    _own("void_count", "Number of voids: connected places with a gap above 3δ.", lambda r: r.void_count),
    _own("void_area_um2", "Their area in the cross-section (plane strain).", lambda r: r.void_size, volume=False),
    _own("void_volume_um3", "Their volume (axisymmetric, 3-D).", lambda r: r.void_size, volume=True),
    _own(
        "gap_max_um",
        "Largest gap between the two faces; below zero the asperities are pressed into each other everywhere.",
        lambda r: r.largest_gap,
    ),
    _own("porosity_max", "Largest vacancy fraction f at the nodes.", lambda r: r.largest_porosity),
    _own("platen_um", "Travel of the platen away from the electrolyte.", lambda r: r.travel),
    _cell("balance_charge", "Relative error of the charge balance.", lambda r: r.charge_error),
    _cell(
        "balance_lithium",
        "Error of the lithium balance of the step, relative to the lithium moved.",
        lambda r: r.lithium_error,
    ),
    _cell("balance_force", "Relative difference of contact force and load.", lambda r: r.force_error),
    _cell("dt_s", "Length of the time step.", lambda r: r.dt),
    _cell("newton_iterations", "Newton corrections of the step.", lambda r: r.iterations),
    _plated(
        "dendrite_index_max",
        "Largest K_I/K_Ic of a flaw along the interface; 0 unless the electrode is plated.",
        lambda d: d.index,
    ),
    _plated("dendrite_likelihood", "Likelihood that a flaw of the modelled interface grows.", lambda d: d.likelihood),
    _plated(
        "dendrite_place_um",
        "Where the index is largest; nan where it is uniform or nothing is plated.",
        lambda d: math.nan if d.uniform else d.place_um,
        otherwise=math.nan,
    ),
    _plated("dendrite_overpotential_mV", "Overpotential there.", lambda d: d.overpotential_mV),
    _plated(
        "dendrite_drive_overpotential_MPa",
        "Largest pressure that the overpotential can sustain there.",
        lambda d: d.drive_overpotential_MPa,
    ),
    _plated(
        "dendrite_drive_extrusion_MPa",
        "Pressure at which creep extrudes the plated lithium from the flaw there.",
        lambda d: d.drive_extrusion_MPa,
    ),
    _plated("dendrite_pressure_MPa", "Pressure of the lithium in the flaw there.", lambda d: d.pressure_MPa),
    _plated("dendrite_compression_MPa", "Compression of LLZO normal to the flaw there.", lambda d: d.flaw_compression_MPa),
    _plated("dendrite_K_MPa_m0_5", "Stress intensity there.", lambda d: d.intensity_MPa_m0_5),
    _cell("temperature_C", "Temperature.", lambda r: r.temperature - ZERO_CELSIUS),
    _own(
        "lithium_um",
        "Lithium per area as if it were dense: its volume less vacancies, over the area. It can be below the least "
        "thickness, which counts vacancies in.",
        lambda r: r.content / r.area,
    ),
    _own(
        "lithium_least_um",
        "Thickness of the lithium at its thinnest place, from its surface to the platen, vacancies included.",
        lambda r: r.least_thickness,
    ),
    Column("protocol_step", "Step of the protocol, counted from 0 with loops unrolled.", "protocol", lambda r: r.number),
    Column("cycle", "Cycle of the loop, from 1; 0 outside loops.", "protocol", lambda r: r.placed.cycle),
    _stress(
        "crack_tension_MPa",
        "Largest principal stress in LLZO; nan in rows for which it was not solved.",
        lambda r: r.tension_MPa,
    ),
    _stress(
        "crack_index",
        "That stress over the strength of LLZO with a flaw of `crack.flaw` (else `flaw.length`); nan as above.",
        lambda r: r.index,
    ),
    _stress("crack_likelihood", "Weibull likelihood that LLZO breaks; nan as above.", lambda r: r.likelihood),
    _own(
        "closed_fraction",
        "Share of the interface with a gap of at most 6δ, where lithium may touch at all.",
        lambda r: r.closed,
    ),
    _cell(
        "asr_small_signal_ohm_cm2",
        "Area-specific resistance of the interface to a small signal, defined at rest too.",
        lambda r: OHM_CM2 * r.resistance.total,
    ),
    _cell(
        "asr_charge_transfer_ohm_cm2",
        "Its part from charge transfer.",
        lambda r: OHM_CM2 * r.resistance.charge_transfer,
    ),
    _cell(
        "asr_constriction_ohm_cm2",
        "Its part from constriction of the current in LLZO towards the contacts.",
        lambda r: OHM_CM2 * r.resistance.constriction,
    ),
    _cell(
        "cell_resistance_ohm",
        "Resistance of the whole cell, with its area and separator (`cell`).",
        lambda r: r.cell_resistance,
    ),
    _cell(
        "throughput_mAh_cm2",
        "Areal charge that has passed either way, stripped and plated added up.",
        lambda r: MA_CM2 * r.throughput / SECONDS_PER_HOUR,
    ),
    Column(
        WRITTEN,
        "1 where the fields of this time were written for ParaView (output.interval), else 0.",
        "output",
        int,
    ),
)
"""records.csv in its order. Those of a second electrode come before the last one."""

VOID_COLUMNS = (
    VoidColumn("time_s", "Time of the event.", lambda e: e.time_s),
    VoidColumn("electrode", "1, or 2 for the second electrode of a symmetric cell.", lambda e: e.electrode),
    VoidColumn("id", "Number of the void; it stays the same.", lambda e: e.void.id),
    VoidColumn("event", "Type of the event; open: it is open at an output time.", lambda e: e.event),
    VoidColumn(
        "place_um",
        "Centre of its mouth; for a void on a mirror plane the position of the plane.",
        lambda e: e.void.last.place_um,
    ),
    VoidColumn("place_y_um", "The same along y (3-D).", lambda e: e.void.last.place_y_um or 0.0, solid=True),
    VoidColumn("width_um", "Width of its mouth, on a mirror plane of the modelled half.", lambda e: e.void.last.width_um),
    VoidColumn("depth_um", "Largest gap in it.", lambda e: e.void.last.depth_um),
    VoidColumn("area_um2", "Its area in the cross-section (plane strain).", lambda e: e.void.last.area, volume=False),
    VoidColumn("volume_um3", "Its volume (axisymmetric, 3-D).", lambda e: e.void.last.area, volume=True),
    VoidColumn("cause", "Why it opened; start: it was there at the start.", lambda e: e.void.cause),
    VoidColumn("birth_time_s", "When it opened.", lambda e: e.void.birth_time_s),
    VoidColumn("birth_place_um", "Where it opened.", lambda e: e.void.birth.place_um),
    VoidColumn("birth_place_y_um", "The same along y (3-D).", lambda e: e.void.birth.place_y_um or 0.0, solid=True),
    VoidColumn(
        "death",
        "How it ended: closed by creep, levelled by stripping, or merged into another; empty while it is open.",
        lambda e: f"merged into {e.void.merged_into}" if e.void.death == "merged" else e.void.death,
    ),
    VoidColumn("death_time_s", "When it ended.", lambda e: "" if e.void.death_time_s is None else e.void.death_time_s),
    VoidColumn("gas_pressure_MPa", "Pressure of the gas in it.", lambda e: e.void.last.gas_MPa, gas=True),
)
"""voids.csv in its order. A void that has just closed has the place and size that it was last seen
voids.csv in its order. A void that has just closed has its last open position and size."""

FIELDS = (
    Field("velocity_um_s", "Velocity of the lithium, as seen from the electrolyte.", ("lithium",)),
    Field("pressure_MPa", "Pressure in the lithium.", ("lithium",)),
    Field("von_mises_MPa", "Von Mises stress.", ("lithium", "LLZO")),
    Field("creep_rate_1_s", "Equivalent creep rate.", ("lithium",)),
    Field("porosity", "Vacancy fraction f.", ("lithium", "interface"), lambda n: n.gamma.column("porosity")),
    Field("resistance_MPa", "Resistance S of Anand's law.", ("lithium",)),
    Field("potential_mV", "Electric potential.", ("LLZO",)),
    Field("current_density_mA_cm2", "Current density (vector).", ("LLZO",)),
    Field("gap_um", "Gap between the two faces.", ("interface", "void"), lambda n: n.gamma.gap),
    _face("contact", "Share that touches, θ_g.", lambda n: n.gamma.column("contact")),
    _face("carrying", "Share that touches and is not taken up by vacancies, θ.", lambda n: n.gamma.column("carrying")),
    _face("current_mA_cm2", "Current density across the interface, > 0 strips.", lambda n: n.current),
    _face("current_focusing", "Current density over its mean; 0 without current.", lambda n: n.focusing),
    _face("overpotential_mV", "Overpotential of charge transfer.", lambda n: n.overpotential),
    _face("contact_pressure_MPa", "Contact pressure.", lambda n: n.gamma.column("pressure")),
    _face("asr_ohm_cm2", "Area-specific resistance of the bare face.", lambda n: OHM_CM2 * n.gamma.column("resistance")),
    _face("opening_time_s", "When the place opened first; nan where it never has.", lambda n: n.opened),
    _face("gas_pressure_MPa", "Pressure of gas in a void; 0 outside.", lambda n: n.gas),
    _drive("dendrite_index", "K_I/K_Ic of a flaw at the place; 0 where nothing is plated.", ("interface", "flaws")),
    _drive("drive_overpotential_MPa", "Driving pressure of the overpotential, minus the contact pressure."),
    _drive("drive_extrusion_MPa", "Pressure at which creep extrudes lithium, minus the contact pressure."),
    _drive("driving_pressure_MPa", "Pressure of the lithium in a flaw at the place."),
    _drive("flaw_compression_MPa", "Compression of LLZO normal to the flaw."),
    _drive("stress_intensity_MPa_m0_5", "Stress intensity K_I of the flaw."),
    _drive("likelihood_density_1_um2", "Expected number of growing flaws per area."),
    Field("flaw_length_um", "Length of a sampled flaw.", ("flaws",)),
    Field("displacement_um", "Displacement of LLZO (vector).", ("LLZO",)),
    Field("principal_tension_MPa", "Largest principal stress.", ("LLZO",)),
)
"""Fields for ParaView. The order is that of `output.fields`."""

_PARTS = {field.name: field.parts for field in FIELDS}
DENDRITE = tuple(column.name for column in COLUMNS if column.name.startswith("dendrite_"))
"""Columns of dendrites: all except the likelihood are at the place of the largest index."""


def record_columns(volume: bool = False, symmetric: bool = False) -> tuple[str, ...]:
    """Columns of records.csv in order; the size of the voids is an area in plane strain, a volume
    in axisymmetry and 3-D.

    symmetric: including those of a second electrode, whose names end in _2.
    """
    here = [column for column in COLUMNS if column.volume in (None, volume)]
    second = [f"{column.name}{SECOND}" for column in here if symmetric and column.source == "electrode"]
    *names, last = [column.name for column in here]
    return (*names, *second, last)


def values_of(source: Source, reading: Any, volume: bool = False) -> dict[str, float]:
    """The columns of one source, from its reading."""
    here = (column for column in COLUMNS if column.source == source and column.volume in (None, volume))
    return {column.name: column.read(reading) for column in here}


def ordered(row: Mapping[str, float], columns: Iterable[str]) -> dict[str, float]:
    """The row in the order of the columns. Raises UnknownQuantityError unless it has exactly
    these."""
    names = tuple(columns)
    if row.keys() != set(names):
        lacking, unknown = sorted(set(names) - row.keys()), sorted(row.keys() - set(names))
        raise UnknownQuantityError(f"records: the row lacks {lacking}, has unknown {unknown} (cellfem/quantities.py)")
    return {name: row[name] for name in names}


def void_columns(volume: bool = False, solid: bool = False, gas: bool = False) -> tuple[str, ...]:
    """Columns of voids.csv in order."""
    return tuple(column.name for column in _void_columns(volume, solid, gas))


def void_row(event: VoidEvent, volume: bool = False, solid: bool = False, gas: bool = False) -> dict[str, Value]:
    """A row of voids.csv."""
    return {column.name: column.read(event) for column in _void_columns(volume, solid, gas)}


def _void_columns(volume: bool, solid: bool, gas: bool) -> list[VoidColumn]:
    here = (column for column in VOID_COLUMNS if column.volume in (None, volume))
    return [column for column in here if (solid or not column.solid) and (gas or not column.gas)]


def interface_fields(nodes: Any) -> dict[str, Any]:
    """Values at the nodes of the interface by field, from `observe.snapshot.InterfaceNodes`."""
    read = {field.name: field.read(nodes) for field in FIELDS if field.read is not None}
    return {name: values for name, values in read.items() if values is not None}


def check_fields(part: str, names: Iterable[str]) -> None:
    """Raises UnknownQuantityError for an array of this part without an entry in the table."""
    if unknown := [name for name in names if part not in _PARTS.get(name, ())]:
        raise UnknownQuantityError(f"{part}: the table knows no field {', '.join(unknown)} (cellfem/quantities.py)")
