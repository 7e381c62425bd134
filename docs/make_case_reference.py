"""Writes docs/case-files.md from the models in cellfem/case: every key with unit, range, choices
and default.

    python docs/make_case_reference.py

A unit test holds the file against the models.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cellfem import materials
from cellfem.case.errors import choices, item_of, quoted, section_of
from cellfem.case.fields import Section, meanings
from cellfem.case.models import LISTS, Case
from cellfem.case.protocol import Loop
from cellfem.units import KINDS, QuantityType, as_written

TARGET = Path(__file__).with_name("case-files.md")

BOUNDS: tuple[tuple[type, str, str], ...] = (
    (annotated_types.Gt, "gt", "above"),
    (annotated_types.Ge, "ge", "at least"),
    (annotated_types.Lt, "lt", "below"),
    (annotated_types.Le, "le", "at most"),
)

INTRODUCTION = """\
# Case files

Made by `docs/make_case_reference.py` from the models in `cellfem/case`: change those, then run it again.

A case is a folder with a file `case.toml` (`cases/NAME/case.toml`), in [TOML](https://toml.io). Everything has a default but
`[[protocol]]`, so that this is a complete case:

```toml
[[protocol]]
mode = "strip"
current = "0.5 mA/cm^2"
duration = "1 h"
pressure = "0.4 MPa"
```

- **Quantities** are text with a unit: `"5 MPa"`, `"0.5 mA/cm^2"`, `"25 degC"`, `"10 ohm*cm^2"`. Any unit of the right
  dimension will do, as people write it: `"4 bar"` is a pressure,
  `"0.5 mA cm-2"` and `"0.5 mA/cm2"` are currents.
  The decimal mark is a point. Numbers without a unit (`f_c = 0.2`) are written bare.
- **Errors**: a key that is not in these tables, a wrong unit or a value out of range ends the program with exit code 2
  before anything is meshed. All errors of a file are told at once, one line each: key, value, remedy; of more than 40 the
  first, and how many more there are.
- **Limits**: 10 MB for a file, 100 000 entries for a list, a million steps for a protocol with its loops, 12 tables or lists
  within each other.
- **Look before running**: `cellfem check CASE` prints the case with all its defaults, `cellfem run CASE` writes the same
  into `case.resolved.toml` beside the results, with versions and the source of every material parameter.
- **Overrides**: `--set protocol.0.pressure="2 MPa"`, repeatable, for `run`, `mesh` and `check`; lists are counted
  from 0. `--set pressure="2 MPa"` (also `current`, `temperature`) is put into every step.
  The value is TOML if it can be read as such, else text. `--set "void=[]"` removes all voids.
- **Editors**: `cellfem check --schema > case.schema.json` gives a JSON schema, with which an editor completes keys and marks
  errors.

In the tables *default* "–" means that there is none: the key is optional, and what happens without it is said beside it.
"""

ENDING = """\
## Rules across keys

These are errors:

- a void or patch that reaches out of the stack, or overlaps another of its kind (one whose `center` is on a side is cut
  there in half); voids that leave nothing in contact, a void deeper than half the lithium, a void whose slope exceeds 1;
- `strip` or `plate` without a current, `rest`, `press` or `hold-voltage` with one; `hold-voltage` without a voltage, or with
  `far_side = "flux"`; a step of which neither duration nor capacity tells the end;
- `spring` without a platen that travels; `pressure_end` with `top = "fixed"`; either with `contact = "bonded"`;
- a pressure of zero with `interface.contact = "asperity"`; voids with `"bonded"`; `vacancies` and `removal` both off;
- both `A0` and `A298` of a creep table, or neither;
- `flaw.half_opening` that is not below `flaw.length`; `flaw.sites = "grain boundaries"` without `flaw.seed`; more than a million
  flaws to draw;
- `[heterogeneity]` about an axis; a correlation length, grain boundary or impurity with fewer than two mesh sizes; grain
  boundaries with neither `asr` nor `D`, or that leave no grains; a varying roughness with `"bonded"`;
- a rough face whose shortest wave has fewer than four nodes, or whose slope exceeds 1; grooves of which no whole number of halves
  fits into the width; `roughness.kind = "file"` without a file; a rough face with `"bonded"`;
- `mesh.near` above `mesh.far` or above a quarter of the width; `dt_min` above `dt_initial`, `dt_initial` above `dt_max`.

`cellfem run` notes, and goes on, where the mesh is too coarse for `lithium.length`, for the vacancies' layer or for a void;
where the pressure is above 3 `stiffness` × `roughness`; where the protocol strips more than half of the lithium; where the
electrolyte is thinner than the stack is wide under an equipotential far side.
"""


def tables() -> list[tuple[str, type[Section]]]:
    """(heading, model) of every table of a case file, in the order of the file."""
    found: list[tuple[str, type[Section]]] = [("Top of the file", Case)]
    for name, field in Case.model_fields.items():
        many = name in LISTS
        section = section_of(item_of(field.annotation) if many else field.annotation)
        if section is not None:
            found.append((f"`[[{name}]]`" if many else f"`[{name}]`", section))
            found += [(f"`{name}.{key}`", inner) for key, inner in _inner_tables(section)]
        if name == "protocol":
            found.append(("`protocol.repeat`", Loop))
    return found


def _inner_tables(section: type[Section]) -> list[tuple[str, type[Section]]]:
    inner = {key: section_of(field.annotation) for key, field in section.model_fields.items()}
    return [(key, model) for key, model in inner.items() if model is not None]


def value_type(annotation: Any, metadata: list[Any]) -> str:
    """What may be written, in words."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return value_type(inner, [*metadata, *more])
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        quantity = next((item for item in metadata if isinstance(item, QuantityType)), None)
        if quantity is not None:
            return f"{quoted(quantity.words)}, or {_quantity(quantity)}"
        return " or ".join(value_type(member, metadata if len(members) == 1 else []) for member in members)
    if (quantity := next((item for item in metadata if isinstance(item, QuantityType)), None)) is not None:
        return _quantity(quantity)
    if get_origin(annotation) is Literal:
        return quoted(choices(annotation))
    if get_origin(annotation) is tuple:
        return f"list of: {value_type(get_args(annotation)[0], [])}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "table, below"
    if annotation == dict[str, str | float]:
        return "table of numbers and quantities"
    return {bool: "true, false", str: "text", int: "whole number", float: "number"}[annotation] + _bounds(metadata)


def _quantity(item: QuantityType) -> str:
    limits = item.range_text()
    limits = re.sub(r"\b1(0{4,})\b", lambda zeros: f"1e{len(zeros[1])}", limits)
    return KINDS[item.unit].name.removeprefix("a ").removeprefix("an ") + (f", {limits}" if limits else "")


def _bounds(metadata: list[Any]) -> str:
    flat = [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
    limits = [f"{word} {getattr(part, name):g}" for kind, name, word in BOUNDS for part in flat if isinstance(part, kind)]
    return f", {' and '.join(limits)}" if limits else ""


def default_text(field: FieldInfo) -> str:
    """The default as it would be written."""
    if field.is_required():
        return "**required**"
    if field.default_factory_takes_validated_data:
        return "the material's"
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined:
        return "–"
    if isinstance(value, Section):
        return ""
    if isinstance(value, tuple):
        return "none" if not value else "all"
    return f"`{as_written(value)}`"


def table(heading: str, section: type[Section]) -> list[str]:
    """One table of a case file in Markdown."""
    lines = [f"## {heading}", "", *_about(section), "| key | value | default | meaning |", "|---|---|---|---|"]
    for name, field in section.model_fields.items():
        if section is Case and section_of(field.annotation) is not None:
            continue
        cells = (f"`{name}`", _kind(name, field), default_text(field), _sentence(meanings(section).get(name, "")))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return [*lines, ""]


def _kind(name: str, field: FieldInfo) -> str:
    if name in LISTS:
        return "list of tables, below"
    if name == "creep":
        return f"{quoted(materials.creep_names())}, or a table, below"
    if name == "material":
        return quoted(materials.electrolyte_names())
    return value_type(field.annotation, list(field.metadata))


def _about(section: type[Section]) -> list[str]:
    return [_sentence(section.__doc__ or ""), ""] if section is not Case else []


def _sentence(text: str) -> str:
    """One line that ends with a full stop."""
    line = " ".join(text.split())
    return line if line.endswith(".") else f"{line}."


def render() -> str:
    """The whole of case-files.md."""
    lines = [INTRODUCTION]
    for heading, section in tables():
        lines += table(heading, section)
    return "\n".join(lines) + "\n" + ENDING


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
