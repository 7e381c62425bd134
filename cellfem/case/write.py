"""Write the resolved case as a file, and the JSON schema with which editors check case files."""

from collections.abc import Mapping
from typing import Any

import tomli_w

from cellfem import materials
from cellfem.case.electrolyte import OWN, SAME
from cellfem.case.models import LISTS, Case
from cellfem.materials.parameters import Parameter
from cellfem.units import format_quantity


def resolved_toml(case: Case, header: str = "") -> str:
    """The complete case with all defaults and units, as TOML that `load_case` reads back to an
    equal Case.

    `header` (versions, commit) and the sources of the material parameters precede it as comments.
    """
    text = "".join(f"# {line}".rstrip() + "\n" for line in [*header.splitlines(), *_sources(case)])
    for key, value in case.model_dump(mode="json", exclude_none=True).items():
        if isinstance(value, dict):
            text += f"\n[{key}]\n{_lines(value)}"
        elif key in LISTS:
            text += _tables(key, value)
        else:
            text += _lines({key: value})
    return text


def _tables(key: str, rows: list[dict[str, Any]]) -> str:
    """Rows as [[key]], lists of tables inside them as [[key.inner]]."""
    text = ""
    for row in rows:
        inner = {name: value for name, value in row.items() if isinstance(value, list) and isinstance(value[0], dict)}
        text += f"\n[[{key}]]\n{_lines({name: value for name, value in row.items() if name not in inner})}"
        text += "".join(_tables(f"{key}.{name}", value) for name, value in inner.items())
    return text


def _lines(table: dict[str, Any], prefix: str = "") -> str:
    return "".join(
        _lines(value, f"{prefix}{key}.") if isinstance(value, dict) else prefix + tomli_w.dumps({key: value})
        for key, value in table.items()
    )


def _sources(case: Case) -> list[str]:
    """A line for each material parameter with its source: the library, or this case if it gives
    another value."""
    small = {} if case.lithium.size is None else materials.pillars().parameters
    return [
        _creep(case),
        *_listing(case, "lithium", materials.lithium().parameters, LITHIUM_KEYS),
        *_listing(case, "small lithium", small, {}),
        *_listing(case, case.electrolyte.material, case.electrolyte.properties.parameters, ELECTROLYTE_KEYS),
    ]


LITHIUM_KEYS = {name: (f"lithium.{name}",) for name in ("D", "D_activation", "f_c", "length", "breakdown", "surface_tension")}
ELECTROLYTE_KEYS = {
    "conductivity": ("electrolyte.conductivity",),
    **{name: (f"electrolyte.{key}", *SAME.get(key, ())) for key, name in OWN.items()},
}
"""Keys of a case that replace a material's parameter; None: no such key."""
FOR_COMPARISON = ("asr_clean", "adhesion_energy_clean")
"""Parameters of a clean face: given for information, not used by any run."""


def _creep(case: Case) -> str:
    if case.lithium.anand is not None:
        return "creep: the numbers of lithium.anand; defaults of Anand & Narayan 2019 doi 10.1149/2.0861906jes"
    if case.lithium.own_law is not None:
        return f"creep: the law {case.lithium.own_law.name!r} registered by the user"
    creep = case.lithium.creep_set
    law = f"n {creep.n}, Q {format_quantity(creep.Q, 'J/mol')}, A298 {creep.A298!r} 1/s/MPa^n"
    return f"creep {creep.name}: {law} ({creep.quality}); {creep.source}"


def _listing(case: Case, name: str, parameters: Mapping[str, Parameter], keys: Mapping[str, tuple[str, ...]]) -> list[str]:
    lines = []
    for parameter, item in parameters.items():
        if parameter in FOR_COMPARISON:
            continue
        given = {key: value for key in keys.get(parameter, ()) if (value := _value(case, key)) is not None}
        key, own = next(iter(given.items()), ("", None))
        if own == "off":
            lines.append(f"{name} {parameter}: off (this case, {key})")
        elif isinstance(own, float) and own != item.value:
            value = repr(own) if item.unit is None else format_quantity(own, item.unit)
            lines.append(f"{name} {parameter}: {value} (this case, {key})")
        else:
            lines.append(f"{name} {parameter}: {item.text} ({item.quality}); {item.source}")
    return lines


def _value(case: Case, key: str) -> object:
    section, name = key.split(".")
    return getattr(getattr(case, section), name)


def json_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a case file: for checking and completion in editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
